"""Containers and documents that are made to do harm, over both wires: DICOM and STOW-RS.

Each is refused, or kept inert; it costs at most 64 MB, and good senders are served on both wires meanwhile.
"""

import gzip
import io
import struct
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from django.test import Client

from cast import BY, ISSUER, PLACE
from rooms.dicom.making import EXPLICIT, INSTANCE, by_pydicom, ct, file
from rooms.intake.house import BOUNDARY, RELATED, House, body, file_of, house
from rooms.intake.listening import copy_of
from rooms.intake.raw import data_set, store
from rooms.intake.senders import association, send, slice_of
from rooms.reporting.objects import IMPRESSION, cda, cda_section, encapsulated, section, sr, words
from scanward.intake.dimse.server import Server
from scanward.intake.keys import make_key

MEGABYTES = 1 << 20
CANNOT_UNDERSTAND = 0xC000
STORAGE = "1.2.840.10008.5.1.4.1.1."
TEXT = cda_section("18782-3", "Findings", "<paragraph>A nodule.</paragraph>")
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
WITH_SCRIPT = (
    b"%PDF-1.7 /OpenAction << /S /JavaScript /JS (app.alert(1)) >> /Launch /EmbeddedFile /MediaBox [0 0 1e9 1e9]"
)
EVIL = "\x1b[31m=cmd|' /C calc'!A0 \u202egnorw <script>document.title='ran'</script>"


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return made.getvalue()


def linked() -> zipfile.ZipInfo:
    found = zipfile.ZipInfo("link")
    found.external_attr = 0o120777 << 16
    return found


def layered(depth: int = 5) -> bytes:
    """A ZIP of ZIPs, like 42.zip."""
    found = zipped(*[(f"{number}.dcm", bytes(8 * MEGABYTES)) for number in range(4)])
    for _ in range(depth):
        found = zipped(*[(f"{number}.zip", found) for number in range(16)])
    return found


def bomb() -> bytes:
    """200 MB of zeros as gzip."""
    return gzip.compress(bytes(200 * MEGABYTES), compresslevel=1)


def directory(name: str) -> bytes:
    """A DICOMDIR whose record names a file outside the disc."""
    said = name.encode()
    record = struct.pack("<HH2sH", 0x0004, 0x1500, b"CS", len(said) + len(said) % 2) + said.ljust(
        len(said) + len(said) % 2
    )
    items = struct.pack("<HHI", 0xFFFE, 0xE000, len(record)) + record
    sequence = struct.pack("<HH2sHI", 0x0004, 0x1220, b"SQ", 0, len(items)) + items
    return file(sequence, sop_class="1.2.840.10008.1.3.10", instance=INSTANCE)


CONTAINERS = {
    "B14 names that point outside": zipped(("../../../tmp/evil", ct()), ("/etc/evil", ct())),
    "B14 a link": zipped((linked(), b"/etc/passwd")),
    "B14 ZIPs in ZIPs": layered(),
    "B14 a member of 64 MB zeros": zipped(("a.dcm", bytes(64 * MEGABYTES))),
    "B14 a cut ZIP": zipped(("a.dcm", ct()))[:-30],
    "B15 gzip": gzip.compress(ct()),
    "B15 a gzip bomb": bomb(),
    "B16 outside": directory("..\\..\\ETC\\PASSWD"),
    "B16 absolute": directory("/etc/passwd"),
    "B16 a drive": directory("C:\\WINDOWS\\SYSTEM32"),
    "B16 other case": directory("images\\IM1"),
}
DOCUMENTS = {
    "B18 a DTD": cda(TEXT, head="<!DOCTYPE x>"),
    "B18 a file as an entity": cda(
        TEXT.replace("A nodule", "&x;"), head='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ),
    "B18 an address as a DTD": cda(TEXT, head='<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "B18 a billion laughs": cda(TEXT.replace("A nodule", "&l9;"), head=f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'),
    "B18 60,000 deep": cda("<a>" * 60_000),
    "B18 cut": cda(TEXT)[:-20],
}


@pytest.fixture(scope="module")
def open_house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(copy_of(template, tmp_path_factory.mktemp("house") / "place")) as found:
        assert send(found.listener.port, slice_of()) == [0]
        assert found.stow(body(file_of(slice_of()))).status_code == 200
        yield found


@pytest.fixture
def good_senders(open_house: House) -> Iterator[None]:
    """On each wire somebody sends good slices all the while; all of them are taken, and the bad ones cost little."""
    stop, answers = threading.Event(), []

    def go() -> None:
        while not stop.is_set() or not answers:
            answers.extend(send(open_house.listener.port, slice_of()))
            answers.append(open_house.stow(body(file_of(slice_of()))).status_code - 200)

    sender, before = threading.Thread(target=go), open_house.memory()
    sender.start()
    yield
    stop.set()
    sender.join(120)
    assert set(answers) == {0}
    assert open_house.memory() - before < 64 * MEGABYTES


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_no_object(open_house, good_senders, name):
    """Faults B14, B15, B16: neither wire opens what is packed, or follows what a directory names."""
    content, before = CONTAINERS[name], sorted(open_house.listener.place.rglob("*evil*"))
    inner = data_set(content) if content[128:132] == b"DICM" else content
    assert store(open_house.listener.port, inner) == CANNOT_UNDERSTAND
    answer = open_house.stow(body(content))
    assert answer.status_code == 409
    assert [row["00081197"]["Value"] for row in answer.json()["0008119A"]["Value"]] == [[CANNOT_UNDERSTAND]]
    assert open_house.stow(body(content, kind="application/zip")).status_code == 409
    assert open_house.stow(content, kind="application/zip").status_code == 415
    assert sorted(open_house.listener.place.rglob("*evil*")) == before
    assert open_house.listener.told("object_refused")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "zstd"])
def test_a_packed_body_is_not_unpacked(open_house, good_senders, encoding):
    """Fault B15 (CVE-2026-5438)."""
    answer = open_house.stow(CONTAINERS["B15 a gzip bomb"], **{"Content-Encoding": encoding})
    assert answer.status_code == 415
    inner = b"--%s\r\nContent-Type: application/dicom\r\nContent-Encoding: gzip\r\n\r\n" % BOUNDARY.encode()
    packed = inner + CONTAINERS["B15 a gzip bomb"] + b"\r\n--%s--\r\n" % BOUNDARY.encode()
    assert open_house.stow(packed, kind=RELATED).status_code == 409


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_asks_for_more_is_refused(open_house, good_senders, name):
    """Fault B18: there is no DTD, nothing is fetched, and the refusal shows nothing of a file."""
    made = encapsulated(DOCUMENTS[name], kind="104.2")
    uid = by_pydicom(made).SOPInstanceUID
    status = store(open_house.listener.port, data_set(made), uid=uid, sop_class=f"{STORAGE}104.2")
    assert status == CANNOT_UNDERSTAND
    answer = open_house.stow(body(made))
    assert answer.status_code == 409
    assert "root:" not in answer.text
    assert open_house.listener.count("instance", uid) == 0
    assert "root:" not in (open_house.listener.place / "log").read_text()


def test_a_pdf_that_would_act_is_kept_as_it_is(open_house, good_senders):
    """Fault B17: it is never opened here; a second time, on the other wire, it is the same object."""
    made = encapsulated(WITH_SCRIPT)
    uid = by_pydicom(made).SOPInstanceUID
    assert store(open_house.listener.port, data_set(made), uid=uid, sop_class=f"{STORAGE}104.1") == 0
    assert open_house.stow(body(made)).status_code == 200
    assert open_house.listener.count("instance", uid) + open_house.listener.count("heldobject", uid) == 1


def test_a_report_with_escapes_and_formulas_is_kept_as_it_is(open_house, good_senders):
    """Fault B19, at the doors; what a page and a CSV make of it is shown below and in the audit's tests."""
    made = sr(section(IMPRESSION, words(EVIL)))
    uid = by_pydicom(made).SOPInstanceUID
    assert store(open_house.listener.port, data_set(made), uid=uid, sop_class=f"{STORAGE}88.33") == 0
    assert open_house.stow(body(made)).status_code == 200
    assert open_house.listener.count("instance", uid) + open_house.listener.count("heldobject", uid) == 1


# What the patient gets of it -----------------------------------------------------------------------------------------


@pytest.fixture
def port(cast, tmp_path) -> Iterator[int]:
    """The listener inside this process, on the cast's own archive."""
    spool, clock = tmp_path / "spool", partial(datetime.now, UTC)
    server = Server(tmp_path / "dicom.toml", port=0, spool=spool, issuer=ISSUER, clock=clock)
    [(_listener, found)] = server.open()
    server.start()
    yield found
    server.stop()


def by_wire(port: int, made: bytes, kind: str) -> None:
    """Send it, and release the association: then it can be seen."""
    one, sop_class = by_pydicom(made), f"{STORAGE}{kind}"
    with association(port, (sop_class, [EXPLICIT])) as found:
        assert found.send_c_store(one).Status == 0


def by_web(made: bytes) -> None:
    _row, key = make_key("scanner", issuer=ISSUER, actor=BY, place=PLACE, now=datetime.now(UTC))
    told = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    answer = Client().generic("POST", "/dicom-web/studies", body(made), content_type=RELATED, **told)
    assert answer.status_code == 200


def page_of(account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["DICOM", "STOW"])
def test_a_pdf_that_would_act_is_given_to_be_saved(cast, port, way):
    """Fault B17: as an attachment, in a sandbox, byte for byte, to its patient only."""
    made = encapsulated(WITH_SCRIPT)
    by_wire(port, made, "104.1") if way == "DICOM" else by_web(made)
    address = f"/scans/{cast.chest.id}/report-document.pdf"
    answer = page_of(cast.alice).get(address)
    assert answer.content == WITH_SCRIPT + b"\0" * (len(WITH_SCRIPT) % 2)
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert page_of(cast.charlie).get(address).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["DICOM", "STOW"])
def test_escapes_overrides_and_formulas_of_a_report_do_nothing_on_the_page(cast, port, way):
    """Fault B19."""
    made = sr(section(IMPRESSION, words(EVIL)))
    by_wire(port, made, "88.33") if way == "DICOM" else by_web(made)
    page = page_of(cast.alice).get(f"/scans/{cast.chest.id}/").content.decode()
    assert "&lt;script&gt;" in page
    assert not any(each in page for each in ("\x1b", "\u202e", "<script>document"))
