"""The layout of a package: a person finds her way, and no name tells who she is."""

import io
import json
import re
import zipfile
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from scanward.bundles.labels import plain_label
from scanward.bundles.layout import Contents, Sender, Series, Study, package_layout
from scanward.bundles.members import Member
from scanward.bundles.verify import files_in_zip, verify
from scanward.bundles.zip_stream import ZipStream

SENDER = Sender("Lakeside Hospital", "Medical Records", "+1 512 555 0100", check_at="https://lakeside.example/verify")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def images(count: int) -> list[Member]:
    return [Member.of("", b"%d" % n) for n in range(count)]


def laid_out(at: datetime, *studies: Study, reports: int = 0) -> list[Member]:
    pdfs = [Member.of("", b"%%PDF-%d" % n) for n in range(reports)]
    contents = Contents("R-1", at, "Scanward 0.1.0", SENDER, studies, pdfs)
    return package_layout(contents, key=KEY)


def names(*args: object, **kwargs: int) -> list[str]:
    return [member.name for member in laid_out(*args, **kwargs)]  # type: ignore[arg-type]


def test_the_read_me_files_come_first_then_the_manifest_then_report_and_images(at: datetime) -> None:
    assert names(at, Study([Series(images(2), 2, "Chest 1.25mm")]), reports=1) == [
        "READ ME FIRST.txt",
        "LEEME.txt",
        "manifest.json",
        "manifest.json.sig",
        "report/report.pdf",
        "images/2-chest-1.25mm/IM0001.dcm",
        "images/2-chest-1.25mm/IM0002.dcm",
    ]


def test_two_series_of_one_number_and_label_are_kept_apart(at: datetime) -> None:
    twins = Study([Series(images(1), 3, "Lung"), Series(images(1), 3, "LUNG")])
    assert names(at, twins)[-2:] == ["images/3-lung/IM0001.dcm", "images/3-lung-2/IM0001.dcm"]


def test_several_exams_stand_in_folders_of_their_own(at: datetime) -> None:
    exams = [Study([Series(images(1), 1)], "CT Chest"), Study([Series(images(1), 1)], "Smith")]
    assert names(at, *exams, reports=2)[4:] == [
        "report/report-1.pdf",
        "report/report-2.pdf",
        "images/study-1-chest/1-series/IM0001.dcm",
        "images/study-2-ct/1-series/IM0001.dcm",
    ]


@pytest.mark.parametrize("number", [None, -1, 10_000, 123456789])
def test_a_series_number_that_may_be_somebodys_number_is_replaced(at: datetime, number: int | None) -> None:
    assert names(at, Study([Series(images(1), number)]))[-1] == "images/1-series/IM0001.dcm"


def test_ten_thousand_images_still_sort_by_name(at: datetime) -> None:
    found = names(at, Study([Series(images(10_000), 1)]))[4:]
    assert found == sorted(found)
    assert found[0] == "images/1-series/IM00001.dcm"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Chest 1.25 mm LUNG", "chest-1.25mm-lung"),
        ("LIDDELL ALICE MRN 4711 axial", "axial"),
        ("TÓRAX CON CONTRASTE", "torax-con-contraste"),
        ("AX 5mm SOFT TISSUE 5mm", "ax-5mm-soft-tissue"),
        ("2026-11-03 12:30 Dr. Smith", "series"),
        ("../../etc/passwd", "series"),
        ("", "series"),
    ],
)
def test_only_known_words_of_a_description_reach_a_name(text: str, label: str) -> None:
    """Requirement A18: everything is PHI until it is known not to be."""
    assert plain_label(text) == label


@given(st.text(max_size=200))
def test_any_description_becomes_a_name_that_every_system_takes(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,39}", plain_label(text))
    assert not plain_label(text).endswith(".")


def test_the_manifest_lists_all_but_itself_and_is_good(at: datetime) -> None:
    """Requirements A14, G19."""
    members = laid_out(at, Study([Series(images(3), 1)]), reports=1)
    content = {member.name: b"".join(member.chunks()) for member in members}
    with zipfile.ZipFile(io.BytesIO(b"".join(ZipStream(members, at=at).iterate()))) as archive:
        key = KEY.public_key()
        assert verify(content["manifest.json"], content["manifest.json.sig"], key, files_in_zip(archive)).intact
    assert len(json.loads(content["manifest.json"])["files"]) == 6


def test_the_same_contents_make_the_same_package(at: datetime) -> None:
    first, second = (ZipStream(laid_out(at, Study([Series(images(3), 1)])), at=at) for _ in range(2))
    assert b"".join(first.iterate()) == b"".join(second.iterate())
