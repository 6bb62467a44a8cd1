"""Several processes behind one port: they share the senders, know of each other's objects, and end together."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from pydicom.uid import generate_uid as unique

from rooms.intake.listening import Listening, listen
from rooms.intake.senders import association, commit, send, slice_of
from scanward.intake.dimse.server import CAPS

WORKERS = 3


@pytest.fixture
def family(own_place: Path) -> Listening:
    """A listener of three processes."""
    return listen(own_place, workers=WORKERS)


def gone(processes: list[psutil.Process]) -> bool:
    _gone, alive = psutil.wait_procs(processes, timeout=240)
    return not alive


def worked(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def test_many_senders_of_one_study_are_shared_among_the_processes_and_nothing_is_kept_twice(family):
    """M4: the same patient, study and series are made by whoever is first, and each slice is there once."""
    before = {each.pid: worked(each) for each in family.processes()}
    assert len(before) == WORKERS
    slices = [slice_of("FAMILY-1", study="1.2.3.95.1", uid=unique()) for _ in range(96)]
    with ThreadPoolExecutor(12) as senders:
        # The first eight slices are sent by everybody: the same objects at the same moment.
        shares = [[*slices[:8], *slices[start::12]] for start in range(12)]
        statuses = [status for found in senders.map(lambda some: send(family.port, *some), shares) for status in found]
    assert set(statuses) == {0}
    [(studies,)] = family.ask("SELECT count(*) FROM archive_study WHERE study_instance_uid = '1.2.3.95.1'")
    [(patients,)] = family.ask("SELECT count(*) FROM people_patientidentifier WHERE value = 'FAMILY-1'")
    assert (studies, patients) == (1, 1)
    until = time.monotonic() + 240
    while {family.count("instance", each.SOPInstanceUID) for each in slices} != {1} and time.monotonic() < until:
        time.sleep(0.1)
    assert {family.count("instance", each.SOPInstanceUID) for each in slices} == {1}
    assert family.ask("SELECT count(*) FROM archive_heldobject") == [(0,)]
    assert all(worked(each) > before[each.pid] for each in family.processes())
    assert family.stop() == 0


def test_what_one_process_has_taken_another_one_commits_to(family):
    """M5: the sender's association is still open, so the process that took it may not have indexed it yet."""
    with ExitStack() as stack:
        one = slice_of(uid=unique())
        sender = stack.enter_context(association(family.port))
        assert sender.send_c_store(one).Status == 0
        for _ in range(2 * WORKERS):
            [(event, said)] = commit(family.port, (one.SOPClassUID, one.SOPInstanceUID))
            assert (event, len(said.ReferencedSOPSequence)) == (1, 1)
            one = slice_of(uid=unique())
            assert sender.send_c_store(one).Status == 0
    assert family.stop() == 0


@pytest.mark.parametrize("which", [0, 1, 2])
def test_one_that_dies_takes_the_others_along_and_nothing_acknowledged_is_lost(family, own_place, which):
    """Fault D1: whichever is killed while they work; the next start has everything."""
    processes, acknowledged = family.processes(), []

    def go() -> None:
        while family.process.poll() is None:
            one = slice_of(uid=unique())
            try:
                if send(family.port, one) != [0]:
                    return
            except (AssertionError, RuntimeError, AttributeError):
                return
            acknowledged.append(one.SOPInstanceUID)

    senders = [threading.Thread(target=go) for _ in range(4)]
    for each in senders:
        each.start()
    until = time.monotonic() + 240
    while len(acknowledged) < 8 and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(processes[which].pid, signal.SIGKILL)
    assert family.process.wait(240) == (1 if which else -signal.SIGKILL)
    assert gone(processes)
    for each in senders:
        each.join(240)
    again = listen(own_place, workers=WORKERS)
    kept = {uid for (uid,) in again.ask("SELECT sop_instance_uid FROM archive_instance")}
    assert acknowledged
    assert set(acknowledged) <= kept
    assert again.stop() == 0


def test_who_stops_the_first_stops_all(family):
    processes = family.processes()
    # Long enough to see that none of them ends by itself.
    time.sleep(3)
    assert family.processes() == processes
    assert send(family.port, slice_of()) == [0]
    assert family.stop() == 0
    assert gone(processes)


def test_together_they_let_in_no_more_than_one_alone():
    """Fault A4."""
    for processes in range(1, 5):
        each = CAPS.among(processes)
        assert each.all * processes <= CAPS.all
        assert each.pending * processes <= CAPS.pending
        assert each.of_address * processes <= CAPS.of_address
        assert each.pending_of_address * processes <= CAPS.pending_of_address
