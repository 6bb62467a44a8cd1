"""How a package is laid out for people: images, report, two read-me files, and the signed manifest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanward.bundles.labels import plain_label
from scanward.bundles.language import Language
from scanward.bundles.manifest import signed
from scanward.bundles.members import Member
from scanward.bundles.readme import Notes, readme


@dataclass(frozen=True, slots=True)
class Series:
    """The DICOM files of one series, in the order in which they are numbered; names of the members are not
    used.
    """

    images: Sequence[Member]
    number: int | None = None
    description: str = ""
    """As it stands in the file: only known words of it reach the folder's name."""


@dataclass(frozen=True, slots=True)
class Study:
    """One exam."""

    series: Sequence[Series]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who answers questions about the package. `check_at` is the address of the page that verifies it."""

    facility: str
    department: str
    phone: str
    email: str = ""
    check_at: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that goes into one package. `reports` are PDF files, oldest first; `statement` is a PDF, too."""

    release: str
    created: datetime
    product: str
    sender: Sender
    studies: Sequence[Study] = ()
    reports: Sequence[Member] = ()
    statement: Member | None = None
    encrypted: bool = False
    viewer: bool = False


def package_layout(contents: Contents, *, key: Ed25519PrivateKey) -> list[Member]:
    """Name every file, write the read-me files, sign the manifest; the members are ready for `ZipStream` in
    this order.

    No name holds anything about the person: series number, known words of the description, running numbers.
    """
    images, reports = list(_images(contents.studies)), list(_reports(contents.reports))
    if contents.statement:
        reports.append(replace(contents.statement, name="report/statement.pdf"))
    files = [*_readmes(contents, len(images)), *reports, *images]
    seal = signed(
        files,
        key=key,
        release=contents.release,
        created=contents.created,
        product=contents.product,
    )
    return [*files[:2], *seal, *files[2:]]


def _images(studies: Sequence[Study]) -> Iterator[Member]:
    for number, study in enumerate(studies, 1):
        exam = f"study-{number}-{plain_label(study.description, otherwise='ct')}"
        above = f"images/{exam}" if len(studies) > 1 else "images"
        taken: set[str] = set()
        for order, series in enumerate(study.series, 1):
            folder = _free(_folder(series, order), taken)
            width = max(4, len(str(len(series.images))))
            for position, image in enumerate(series.images, 1):
                yield replace(image, name=f"{above}/{folder}/IM{position:0{width}}.dcm")


def _folder(series: Series, order: int) -> str:
    known = series.number is not None and 0 <= series.number <= 9999  # a longer one may be somebody's number
    return f"{series.number if known else order}-{plain_label(series.description)}"


def _free(name: str, taken: set[str]) -> str:
    candidate, again = name, 1
    while candidate in taken:
        again += 1
        candidate = f"{name}-{again}"
    taken.add(candidate)
    return candidate


def _reports(reports: Sequence[Member]) -> Iterator[Member]:
    for number, report in enumerate(reports, 1):
        yield replace(report, name=f"report/report{'' if len(reports) == 1 else f'-{number}'}.pdf")


def _readmes(contents: Contents, images: int) -> Iterator[Member]:
    sender = contents.sender
    notes = Notes(
        facility=sender.facility,
        department=sender.department,
        phone=sender.phone,
        email=sender.email,
        check_at=sender.check_at,
        release=contents.release,
        made_on=contents.created.date(),
        images=images,
        reports=len(contents.reports),
        encrypted=contents.encrypted,
        viewer=contents.viewer,
    )
    yield Member.of("READ ME FIRST.txt", readme(notes, Language.EN))
    yield Member.of("LEEME.txt", readme(notes, Language.ES))
