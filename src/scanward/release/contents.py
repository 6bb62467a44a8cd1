"""What is in a copy: images, reports and the signed manifest of one or more studies, opened by grants only."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import BinaryIO
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from scanward import __version__
from scanward.access.kinds import Grant
from scanward.archive import reading
from scanward.archive.models import Instance, Report, Series, Study
from scanward.archive.reports import SectionKind, current, read_document, read_report
from scanward.bundles import layout
from scanward.bundles.language import Language
from scanward.bundles.members import Member, with_head
from scanward.bundles.pdf import PdfRefused, encrypt_pdf
from scanward.bundles.report import Moment, ReportPage, Section, Status, report_pdf
from scanward.dicom.preamble import PreambleKind
from scanward.law.errors import Unlawful
from scanward.release import house
from scanward.release.corrections import statement_document
from scanward.reporting.kinds import Document

# How long a download may run on before it is asked again whether it still may (revocation cuts it).
ASK_AGAIN_SECONDS = 2.0
HARMLESS = frozenset({PreambleKind.EMPTY, PreambleKind.ABSENT})


@dataclass(frozen=True, slots=True)
class Download:
    """A package that is being sent: its exact size, its tag, and its bytes from anywhere."""

    size: int
    tag: str
    iterate: Callable[[int, int | None], Iterator[bytes]]


class Moved(Exception):
    """A study was given to another patient while a copy of it was on its way; the copy ends here."""


class Permit:
    """The grants behind a copy, one for each study, asked for anew every few seconds while bytes flow.

    `ask` decides with the facts of that moment; what it raises cuts the stream.
    """

    def __init__(self, ask: Callable[[Study, datetime], Grant]) -> None:
        self._ask = ask
        self._grants: dict[UUID, tuple[Study, Grant]] = {}
        self._asked = 0.0

    def renew(self, study: Study, *, now: datetime) -> Grant:
        """Decide about one study."""
        grant = self._ask(study, now)
        self._grants[study.pk] = (study, grant)
        self._asked = self._asked or time.monotonic()
        return grant

    def check(self) -> None:
        """Ask again about every study if the last time was too long ago."""
        if time.monotonic() - self._asked > ASK_AGAIN_SECONDS:
            now, owners = timezone.now(), Study.objects.in_bulk(list(self._grants))
            for study, _grant in list(self._grants.values()):
                if study.pk not in owners or owners[study.pk].patient_id != study.patient_id:
                    raise Moved("The record was given to another patient. Nothing more is sent.")
                self.renew(study, now=now)
            self._asked = time.monotonic()

    def open(self, wanted: Instance) -> BinaryIO:
        """Open an image with the grant of the moment."""
        now = timezone.now()
        return reading.open(self._grant(wanted.series.study, now), wanted, now=now)

    def sections(self, report: Report) -> dict[SectionKind, str]:
        """Read a report with the grant of the moment."""
        now = timezone.now()
        found = read_report(self._grant(report.study, now), report, now=now)
        return {section.kind: section.text for section in found}

    def document(self, report: Report) -> Document | None:
        """Read the document of a report with the grant of the moment."""
        now = timezone.now()
        return read_document(self._grant(report.study, now), report, now=now)

    def _grant(self, study: Study, now: datetime) -> Grant:
        held = self._grants.get(study.pk)
        return held[1] if held else self.renew(study, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which copy: these studies and series as of a moment, with or without images, and these reports."""

    release: str
    studies: Sequence[Study]
    as_of: datetime
    language: str
    reports: Sequence[Report] = ()
    images: bool = True
    series_ids: Sequence[str] = ()
    encrypted: bool = False


def members(wanted: Wanted, permit: Permit) -> list[Member]:
    """Lay the copy out; the same facts give the same members, byte for byte."""
    contents = layout.Contents(
        release=wanted.release,
        created=house.wall(wanted.as_of),
        product=f"Scanward {__version__}",
        sender=layout.Sender(settings.FACILITY_NAME, settings.FACILITY_DEPARTMENT, settings.FACILITY_PHONE),
        studies=[_study(study, wanted, permit) for study in wanted.studies] if wanted.images else [],
        # What was taken back since stays here; a package that was sealed with it then differs, and is built again.
        reports=[_report(report, wanted, permit) for report in wanted.reports if current(report.study)],
        statement=_statement(wanted),
        encrypted=wanted.encrypted,
    )
    return layout.package_layout(contents, key=manifest_key())


def instances(study: Study, *, as_of: datetime, series_ids: Sequence[str] = ()) -> QuerySet[Instance]:
    """The images that were there at a moment, of all series or of the named ones."""
    found = Instance.objects.filter(series__study=study, received_at__lte=as_of)
    return found.filter(series_id__in=series_ids) if series_ids else found


def _study(study: Study, wanted: Wanted, permit: Permit) -> layout.Study:
    """Lay out one study's images by series."""
    by_series: dict[Series, list[Member]] = {}
    found = instances(study, as_of=wanted.as_of, series_ids=wanted.series_ids)
    ordered = found.select_related("series").defer("dicom_json_deflated")
    for instance in ordered.order_by("series__number", "series_id", "number", "sop_instance_uid"):
        instance.series.study = study
        by_series.setdefault(instance.series, []).append(_member(instance, permit))
    images = [layout.Series(found, series.number, series.description) for series, found in by_series.items()]
    return layout.Study(images, study.description)


def _statement(wanted: Wanted) -> Member | None:
    """What goes along about corrections that were asked for, whatever else is in the copy (45 CFR 164.526(d)(5))."""
    day = house.today(wanted.as_of)
    document = statement_document(wanted.studies, language=wanted.language, day=day)
    return Member.of("statement.pdf", document) if document else None


def _member(instance: Instance, permit: Permit) -> Member:
    """Describe one image; a preamble that a computer might run is made harmless (fault B8)."""
    plain = Member("", instance.size, instance.crc32, instance.sha256, partial(permit.open, instance))
    return plain if instance.preamble in HARMLESS else with_head(plain)


def _report(report: Report, wanted: Wanted, permit: Permit) -> Member:
    """Make the report's PDF; the same report and day give the same bytes."""
    sections, day = permit.sections(report), house.today(wanted.as_of)
    if not sections and (document := permit.document(report)):
        return Member.of("report.pdf", document.data)
    return Member.of("report.pdf", report_document(report.study, report, sections, language=wanted.language, day=day))


def report_document(
    study: Study, report: Report, sections: dict[SectionKind, str], *, language: str, day: date
) -> bytes:
    """Return the report as a PDF for people."""
    times = {Moment.EXAMINED: study.performed_at, Moment.FINALIZED: report.finalized_at}
    page = ReportPage(
        facility=settings.FACILITY_NAME,
        patient=study.patient.full_name,
        born=study.patient.birth_date,
        exam=study.description,
        status=Status(report.status),
        sections={Section(kind.value): text for kind, text in sections.items()},
        times={what: house.wall(when) for what, when in times.items() if when},
    )
    return report_pdf(page, language=Language(language), made_on=day)


def locked_pdf(document: bytes, passphrase: str) -> bytes:
    """Return a PDF that opens with the passphrase only (AES-256).

    Raises:
        Unlawful: it has a lock of its own, or the passphrase is too short to be one.
    """
    try:
        return encrypt_pdf(document, passphrase)
    except PdfRefused:
        raise Unlawful(
            "This report has a lock of its own. Choose the ZIP file instead.", "45 CFR 164.524(c)(2)"
        ) from None
    except ValueError:
        raise Unlawful("A passphrase has at least 12 characters.", "45 CFR 164.312(e)(1)") from None


def manifest_key() -> Ed25519PrivateKey:
    """Return the key that signs manifests."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.MANIFEST_KEY_FILE.read_text("ascii").strip()))
