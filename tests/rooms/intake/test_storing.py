"""Storing, storage commitment, and the refusal of questions, with pynetdicom and dcmtk as the senders."""

import socket
import subprocess
import time

import psutil
import pydicom
import pytest

from rooms.dicom.making import BIG, CT, EXPLICIT, IMPLICIT
from rooms.intake.listening import associate, pdu
from rooms.intake.senders import FIND, association, commit, new_uid, send, slice_of, store_bytes


def test_what_is_stored_is_seen_as_soon_as_the_association_is_released(listener):
    """L2: the ledger has the device by its name, and that it came over DICOM."""
    one = slice_of()
    assert send(listener.port, one) == [0]
    assert listener.count("instance", one.SOPInstanceUID) == 1
    assert listener.told("objects_stored", "device:TESTS")
    assert listener.told("objects_stored", '"channel":"dicom"')


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_every_plain_transfer_syntax_is_taken(listener, syntax):
    one = slice_of(syntax=syntax)
    with association(listener.port, (CT, [syntax])) as found:
        assert found.send_c_store(one).Status == 0
    kept = listener.ask(
        "SELECT transfer_syntax_uid FROM archive_instance WHERE sop_instance_uid = ?", one.SOPInstanceUID
    )
    assert kept == [(syntax,)]


def test_the_same_object_again_is_success_and_kept_once(listener, good_sender):
    """Fault B11."""
    one = slice_of()
    assert send(listener.port, one, one) == [0, 0]
    assert send(listener.port, one, title="OTHER") == [0]
    assert listener.count("instance", one.SOPInstanceUID) == 1
    assert listener.count("heldobject", one.SOPInstanceUID) == 0
    assert listener.told("object_duplicate")


@pytest.mark.parametrize("together", [True, False])
def test_other_pixels_under_the_same_uid_are_kept_apart_and_the_first_stays(listener, good_sender, together):
    """Fault B10: the sender is told success, for both are safe; the case is for people."""
    first = slice_of()
    second = slice_of(uid=first.SOPInstanceUID)
    second.PixelData = bytes(48)
    if together:
        assert send(listener.port, first, second) == [0, 0]
    else:
        assert send(listener.port, first) + send(listener.port, second) == [0, 0]
    assert listener.count("instance", first.SOPInstanceUID) == 1
    assert listener.count("heldobject", first.SOPInstanceUID) == 1
    assert listener.told("conflict_opened")


@pytest.mark.parametrize("number", ["LH-1", "NEVER-SEEN"])
def test_another_patient_in_a_known_study_is_kept_apart(listener, good_sender, number):
    """Fault B10: the other patient is known here, or is somebody new."""
    study = new_uid()
    send(listener.port, slice_of("LH-1"), slice_of("LH-2", study=study))
    stray = slice_of(number, study=study)
    assert send(listener.port, stray) == [0]
    assert listener.count("instance", stray.SOPInstanceUID) == 0
    assert listener.count("heldobject", stray.SOPInstanceUID) == 1


def test_a_command_that_names_another_object_than_comes_is_refused(listener, good_sender):
    """Fault A13."""
    one, other = slice_of(), slice_of()
    with association(listener.port) as found:
        assert store_bytes(found, one, uid=other.SOPInstanceUID) == 0xA900
    assert listener.count("instance", one.SOPInstanceUID) == listener.count("instance", other.SOPInstanceUID) == 0
    assert listener.told("object_refused", "command and object differ")


@pytest.mark.parametrize(("agreed", "sent"), [(EXPLICIT, IMPLICIT), (IMPLICIT, EXPLICIT), (EXPLICIT, BIG)])
def test_bytes_in_another_syntax_than_agreed_are_refused(listener, good_sender, agreed, sent):
    """Fault A14."""
    one = slice_of(syntax=sent)
    with association(listener.port, (CT, [agreed])) as found:
        assert store_bytes(found, one, syntax=sent) == 0xC000
    assert listener.count("instance", one.SOPInstanceUID) == 0


def test_a_truncated_image_is_refused_with_the_element_and_without_its_value(listener, good_sender):
    """Fault B1."""
    one = slice_of()
    one.PixelData = one.PixelData[:-10]
    with association(listener.port) as found:
        status = found.send_c_store(one)
    assert status.Status == 0xC000
    assert "7FE0,0010" in status.ErrorComment
    assert "LH-1" not in status.ErrorComment
    assert listener.told("object_refused", "pixels-short")


def test_each_refused_object_has_an_entry_of_its_own_however_many_come(listener):
    """A disc with many bad files: afterwards the ledger says how many, for it is what a clerk asks."""
    send(listener.port, slice_of())  # with this one's entry stand those of the tests before
    before = listener.ask("SELECT count(*) FROM audit_entry WHERE kind = 'object_refused'")[0][0]
    bad = [slice_of() for _ in range(12)]
    with association(listener.port) as found:
        for one in bad:
            one.PixelData = one.PixelData[:-10]
            assert found.send_c_store(one).Status == 0xC000
    until = time.monotonic() + 240
    while (told := listener.ask("SELECT count(*) FROM audit_entry WHERE kind = 'object_refused'")[0][0]) < before + 12:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert told == before + 12


def test_who_may_only_store_learns_nothing_by_asking(listener, good_sender):
    """Fault A9."""
    send(listener.port, slice_of())
    asked = pydicom.Dataset()
    asked.QueryRetrieveLevel, asked.PatientName, asked.StudyInstanceUID = "STUDY", "*", ""
    with association(listener.port, (FIND, [IMPLICIT])) as found:
        answers = list(found.send_c_find(asked, FIND))
    assert [(status.Status & 0xF000, row) for status, row in answers] == [(0xA000, None)]
    assert listener.told("security_alert", "query by a peer")


@pytest.mark.parametrize("destination", ["NOBODY", "TESTS"])
def test_nothing_is_moved_to_anybody(listener, good_sender, destination):
    """Fault A11: an unknown destination, and the caller's own title; whoever waits there is not called."""
    asked = pydicom.Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", "1.2.3.77"
    move = "1.2.840.10008.5.1.4.1.2.2.2"
    with socket.create_server(("127.0.0.1", 0)) as attacker, association(listener.port, (move, [IMPLICIT])) as found:
        attacker.setblocking(False)
        assert [status.Status for status, _ in found.send_c_move(asked, destination, move)] == [0xA801]
        assert not [
            each for each in psutil.Process(listener.process.pid).net_connections() if each.status == "SYN_SENT"
        ]
        with pytest.raises(BlockingIOError):
            attacker.accept()
    assert listener.told("security_alert", "query by a peer")


@pytest.mark.dcmtk
@pytest.mark.parametrize("words", [["findscu"], ["movescu", "-aem", "EVIL"], ["getscu"]], ids=["find", "move", "get"])
def test_dcmtks_questions_are_refused(listener, words, tmp_path):
    """Faults A9, A11: dcmtk's own programs are told so, and get no row and no file."""
    send(listener.port, slice_of())
    command = [words[0], "-v", "-S", *words[1:], "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.77"]
    done = subprocess.run(
        [*command, "127.0.0.1", str(listener.port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        cwd=tmp_path,
    )
    said = done.stdout + done.stderr
    assert "Refused" in said or "0xa700" in said, said
    assert "Liddell" not in said
    assert not list(tmp_path.iterdir())


def test_commitment_is_given_for_what_is_kept(listener):
    one, two = slice_of(), slice_of()
    send(listener.port, one, two)
    [(event, told)] = commit(listener.port, (CT, one.SOPInstanceUID), (CT, two.SOPInstanceUID))
    assert event == 1
    assert {row.ReferencedSOPInstanceUID for row in told.ReferencedSOPSequence} == {
        one.SOPInstanceUID,
        two.SOPInstanceUID,
    }


def test_commitment_names_each_object_that_is_not_here(listener, good_sender):
    """Fault A17."""
    one = slice_of()
    send(listener.port, one)
    wrong = "1.2.840.10008.5.1.4.1.1.4"
    [(event, told)] = commit(listener.port, (CT, one.SOPInstanceUID), (CT, "1.2.3.4.404"), (wrong, one.SOPInstanceUID))
    assert event == 2
    reasons = [(row.ReferencedSOPInstanceUID, row.FailureReason) for row in told.FailedSOPSequence]
    assert reasons == [("1.2.3.4.404", 0x0112), (one.SOPInstanceUID, 0x0119)]
    assert [row.ReferencedSOPInstanceUID for row in told.ReferencedSOPSequence] == [one.SOPInstanceUID]


def test_an_object_that_waits_for_a_decision_is_not_committed(listener):
    first = slice_of()
    second = slice_of("LH-3", uid=new_uid(), study="1.2.3.77")
    send(listener.port, first, second)
    [(event, told)] = commit(listener.port, (CT, second.SOPInstanceUID))
    assert (event, told.FailedSOPSequence[0].FailureReason) == (2, 0x0112)


def test_other_services_are_not_agreed(listener):
    with listener.connect() as sock:
        sock.sendall(associate(context="1.2.840.10008.5.1.4.1.1.4"))
        answer = sock.recv(65536)
        assert answer[0] == 2
        assert answer[answer.index(b"\x21\x00") + 6] == 3
        sock.sendall(pdu(5, bytes(4)))
        assert sock.recv(100)[0] == 6


@pytest.mark.dcmtk
@pytest.mark.real
def test_real_scans_go_in_and_are_kept_bit_for_bit(listener, real_data, tmp_path):
    """A14, with dcmtk's sender: the data set that is kept is the one that was in the file."""
    files = sorted(path for path in (real_data / "ct" / "philips-phantom").rglob("*") if path.is_file())[:12]
    images = [path for path in files if path.read_bytes()[128:132] == b"DICM" and path.name != "DIRFILE"]
    subprocess.run(["storescu", "127.0.0.1", str(listener.port), *map(str, images)], check=True, timeout=240)
    for path in images:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        [(size,)] = listener.ask("SELECT size FROM archive_instance WHERE sop_instance_uid = ?", header.SOPInstanceUID)
        meta = 144 + header.file_meta.FileMetaInformationGroupLength
        assert abs(size - (path.stat().st_size - meta)) < 512
