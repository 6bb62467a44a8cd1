"""Files that are made to do harm, brought in by `scanward import` as it is typed."""

import hashlib
import io
import zipfile

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from cast import NOW, link, person, sender
from rooms.dicom.making import INSTANCE, STUDY, ct, element, file, meta
from scanward.archive.models import HeldObject, HeldReason, Instance, Study
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.cli.import_ import command
from scanward.intake.receive import Item, Outcome, receive

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_vault")]

WHO = {0x00100020: ("LO", "LH-1"), 0x00100030: ("DA", "19610417"), 0x00100040: ("CS", "F")}
PREAMBLES = {
    "executable": b"MZ\x90\x00" + bytes(range(120)),
    "elf": b"\x7fELF\x02\x01\x01" + bytes(100),
    "shell": b"#!/bin/sh\nrm -rf /\n",
    "html": b"\n <html><script>alert(1)</script>",
    "zip": b"PK\x03\x04" + bytes(60),
    "pdf": b"%PDF-1.7\n1 0 obj",
}
KINDS = {"elf": "executable", "shell": "executable"}
EVIL = [
    "../../../../tmp/evil",
    "/etc/passwd",
    "1." + "2" * 78,
    "",
    "1.2'3",
    '1.2"3',
    "1.2\x00.3",
    "1.2\n.3",
    "<script>",
    "1.2\\3",
    "1..2",
    "1.2.",
    "C:\\1.2",
]


def slice_of(change=None, preamble=b"", **kwargs):
    """A small slice of somebody, with a preamble of any kind, and a header that fits."""
    dataset = ct({**WHO, **(change or {})}, **kwargs)[132 + len(meta()) :]
    _vr, uid = (change or {}).get(0x00080018, ("UI", INSTANCE))
    return file(dataset, preamble=preamble.ljust(128, b"\0")[:128], instance=uid)


def typed(tmp_path, *files):
    """Write the files, type the command, and return what it says."""
    (tmp_path / "in").mkdir(exist_ok=True)
    for number, data in enumerate(files):
        (tmp_path / "in" / f"{number}.dcm").write_bytes(data)
    result = CliRunner().invoke(command, [str(tmp_path / "in"), "--issuer", "LAKESIDE"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def browser(account):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def copy_of(client, study):
    """What the patient gets."""
    answer = client.get(client.post(reverse("download", args=[study.id]))["Location"])
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


@pytest.mark.parametrize("name", PREAMBLES)
def test_a_file_that_would_run_is_kept_as_it_came_and_given_out_harmless(tmp_path, name):
    """fault B8: an alert, the hash of the original, and zeros in the copy; the pixels are the same."""
    raw = slice_of(preamble=PREAMBLES[name])
    assert "1 kept" in typed(tmp_path, raw)
    kept = Instance.objects.get()
    [alert] = Entry.objects.filter(kind=EventKind.SECURITY_ALERT)
    assert (kept.preamble, kept.sha256) == (KINDS.get(name, name), hashlib.sha256(raw).hexdigest())
    assert kept.sha256 in alert.body
    assert alert.subject_id == str(kept.id)
    account = person("alice")
    link(account, kept.series.study.patient)
    with copy_of(browser(account), kept.series.study) as package:
        [given] = [package.read(name) for name in package.namelist() if name.endswith(".dcm")]
    assert given == bytes(128) + raw[128:]


def test_an_empty_preamble_raises_no_alarm(tmp_path):
    typed(tmp_path, slice_of())
    assert not Entry.objects.filter(kind=EventKind.SECURITY_ALERT).exists()


def test_a_case_with_a_preamble_that_would_run_is_told_too(tmp_path):
    """fault B8, B10."""
    typed(tmp_path, slice_of(), slice_of(preamble=PREAMBLES["executable"], pixels=pixels(7)))
    [alert] = Entry.objects.filter(kind=EventKind.SECURITY_ALERT)
    assert alert.subject_id == str(HeldObject.objects.get().id)


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E], ids=["instance", "study", "series"])
def test_what_is_no_uid_is_refused_and_never_part_of_a_path(tmp_path, tag, evil):
    """fault B9: the element is named, its value is not; nothing was made of it anywhere."""
    good = slice_of({0x00080018: ("UI", "1.2.3.4.77")})
    said = typed(tmp_path, slice_of({tag: ("UI", evil)}), good)
    assert "1 kept" in said
    assert "1 refused" in said
    assert f"({tag >> 16:04X},{tag & 0xFFFF:04X})" in said
    assert Instance.objects.get().sop_instance_uid == "1.2.3.4.77"
    assert Entry.objects.filter(kind=EventKind.OBJECT_REFUSED).count() == 1
    if len(evil) > 4:
        assert evil not in said
        assert not [path for path in tmp_path.rglob("*") if "evil" in path.name or "passwd" in path.name]


def pixels(value):
    return element(0x7FE00010, "OW", bytes([value, 0]) * 24)


def test_other_pixels_and_another_patient_under_one_uid_are_kept_apart(tmp_path):
    """fault B10: the first one stands; each of the others is a case, also when all is brought in again."""
    first, second = slice_of(), slice_of(pixels=pixels(3))
    third = slice_of({0x00100020: ("LO", "LH-2"), 0x00100010: ("PN", "Novak^Charlie"), 0x00100040: ("CS", "M")})
    for said in (typed(tmp_path, first, second, third), typed(tmp_path, first, second, third)):
        assert "2 kept apart, waiting for a decision" in said
    assert Instance.objects.get().sha256 == hashlib.sha256(first).hexdigest()
    assert set(HeldObject.objects.values_list("reason", flat=True)) == {HeldReason.CONTENT_DIFFERS}
    assert Entry.objects.filter(kind=EventKind.CONFLICT_OPENED).count() == 2


def test_another_patient_in_a_known_study_is_a_case(tmp_path):
    """fault B10: a new image under Alice's study UID, with a number that is not hers."""
    other = {0x00080018: ("UI", "1.2.3.4.8"), 0x00100020: ("LO", "LH-2"), 0x00100010: ("PN", "Novak^Charlie")}
    assert "1 kept apart" in typed(tmp_path, slice_of(), slice_of(other))
    assert HeldObject.objects.get().reason == HeldReason.STUDY_OF_OTHER_PATIENT
    assert Study.objects.get(study_instance_uid=STUDY).series.get().instances.count() == 1


def test_the_same_again_is_told_and_changes_nothing(tmp_path):
    """fault B11."""
    typed(tmp_path, slice_of())
    assert "1 here already" in typed(tmp_path, slice_of())
    assert Instance.objects.get().sop_instance_uid == INSTANCE
    assert Entry.objects.filter(kind=EventKind.OBJECT_DUPLICATE).count() == 1


JUNK = {
    "empty": b"",
    "text": b"This was renamed to .dcm.\n" * 40,
    "random": bytes(hashlib.shake_256(b"junk").digest(10_000_000)),
    "cut in the header": slice_of()[:300],
    "cut in the pixels": slice_of()[:-20],
    "10 bytes short": slice_of()[:-10],
    "a length of 4 GB": slice_of()[:132] + b"\x08\x00\x05\x00UN\0\0\xf0\xff\xff\xff",
    "65535 x 65535": slice_of({0x00280010: ("US", 65535), 0x00280011: ("US", 65535)}),
    "2^31 frames": slice_of({0x00280008: ("IS", str(2**31))}),
    "another UID inside": file(slice_of()[132 + len(meta()) :], instance="1.2.3.4.5"),
}


@pytest.mark.parametrize("name", JUNK)
def test_what_is_no_good_file_is_refused_with_a_reason_and_an_entry(tmp_path, name):
    """faults B1, B2, B5, B6: the good file beside it is kept."""
    said = typed(tmp_path, JUNK[name], slice_of())
    assert "1 kept" in said
    assert "1 refused" in said
    assert "0.dcm" in said
    [entry] = Entry.objects.filter(kind=EventKind.OBJECT_REFUSED)
    assert '"files":1' in entry.body.replace(" ", "")


def test_many_refusals_are_few_entries():
    """A disc with a thousand files that are no scans writes no thousand entries."""
    answers = list(receive([Item(str(n), b"no scan" * 50) for n in range(100)], sender=sender(), now=NOW))
    assert {answer.outcome for answer in answers} == {Outcome.REFUSED}
    assert 1 <= Entry.objects.filter(kind=EventKind.OBJECT_REFUSED).count() <= 2
