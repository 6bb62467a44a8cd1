"""A report goes from the hospital's wires to the patient's page: by HL7, and as an SR document."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from io import BytesIO

import pydicom
import pytest
from playwright.sync_api import expect

from cast import CHARLIE
from rooms.dicom.making import CT, EXPLICIT
from rooms.intake.senders import association, send
from rooms.reporting.messages import oru
from rooms.reporting.objects import FINDINGS, IMPRESSION, RECOMMENDATION, STORAGE, section, sr, words
from scanward.dicom.synthetic import study

pytestmark = pytest.mark.browser

TEXT = """CLINICAL HISTORY: Headache.
FINDINGS: No hemorrhage. Small chronic lacune. <script>document.title = "ran"</script> \u202egnorw
IMPRESSION:
1. Nothing acute.
2. Small lacune.
RECOMMENDATION:
1. Talk about blood pressure with your doctor.
2. MRI in 6 months."""


@contextmanager
def listening(hospital, **more):
    """Start a hospital's listeners, and give the ports for DICOM and for HL7."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("SCANWARD_", "DJANGO_"))}
    settings = {"DATA": str(hospital.folder), "DEMO": "1", "DICOM_PORT": "0", "HL7_PORT": "0"} | more
    command = [sys.executable, "-m", "scanward.cli", "listen"]
    env = clean | {f"SCANWARD_{name}": value for name, value in settings.items()}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield [int(process.stdout.readline().rsplit(" ", 1)[1]) for _ in range(2)]
        process.terminate()


@pytest.fixture
def wires(hospital):
    """The hospital's listeners; the ports for DICOM and for HL7."""
    with listening(hospital) as ports:
        yield ports


def images(made):
    found = [pydicom.dcmread(BytesIO(file.data)) for file in made.files]
    return [each for each in found if each.SOPClassUID == CT][:3]


def tell(port: int, message: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=600) as sock:
        sock.sendall(b"\x0b" + message + b"\x1c\r")
        said = b""
        while not said.endswith(b"\x1c\r"):
            said += sock.recv(4096)
        return said


def test_reports_by_hl7_and_as_sr_reach_their_patient(visit, sign_in, picture, no_barriers, wires):
    """F8, H1, H3, H4, H11, fault B19."""
    head, chest = (study(kind, seed=5, patient=CHARLIE, matrix=64, slices=5) for kind in ("head", "chest"))
    for made in (head, chest):
        assert set(send(wires[0], *images(made))) == {0}
    who = {"number": CHARLIE.patient_id, "name": "Novak^Charlie", "born": CHARLIE.birth_date}
    message = oru(TEXT, accession=head.accession_number, **who).replace(b"19741102|F", b"19741102|M")
    assert b"MSA|AA" in tell(wires[1], message)
    document = sr(
        section(FINDINGS, words("Solid nodule of 4 mm.")),
        section(IMPRESSION, words("Small nodule.")),
        section(RECOMMENDATION, words("Chest CT in 12 months.")),
        of=chest,
    )
    with association(wires[0], (f"{STORAGE}88.33", [EXPLICIT])) as found:
        assert found.send_c_store(pydicom.dcmread(BytesIO(document))).Status == 0
    page = visit(small=True)
    sign_in(page, "charlie")
    page.get_by_role("link", name="CT of the head").click()
    expect(page.get_by_text("MRI in 6 months.")).to_be_visible()
    expect(page.get_by_text("gnorw")).to_be_visible()
    assert page.title() != "ran"
    assert "\u202e" not in page.content()
    page.get_by_text("Words in this report").click()
    expect(page.get_by_text("Bleeding.")).to_be_visible()
    no_barriers(page)
    picture(page, "report-by-hl7-phone")
    page.goto("/scans/")
    page.get_by_role("link", name="CT of the chest").click()
    expect(page.get_by_text("Chest CT in 12 months.")).to_be_visible()
    no_barriers(page)
    picture(page, "report-as-sr")
