"""What was acknowledged is there after kill -9, and a full disk says so and is no end."""

import os
import random
import resource
import signal
import threading
import time

import pytest

from rooms.intake.listening import copy_of, listen
from rooms.intake.senders import association, send, slice_of

POINTS = int(os.environ.get("SCANWARD_TEST_KILL_POINTS", "3"))


def send_until_killed(port: int, acknowledged: list[str]) -> None:
    """Send slices for as long as somebody answers; note which were acknowledged."""
    with association(port) as found:
        while found.is_established:
            one = slice_of()
            if getattr(found.send_c_store(one), "Status", None) != 0:
                return
            acknowledged.append(one.SOPInstanceUID)


@pytest.mark.parametrize("seed", range(1, POINTS + 1))
def test_nothing_acknowledged_is_lost_by_kill_9(template, tmp_path, seed):
    """Fault D1; more points with SCANWARD_TEST_KILL_POINTS=500."""
    place, chance = copy_of(template, tmp_path / "place"), random.Random(seed)
    running, acknowledged = listen(place), []
    killer = threading.Timer(chance.uniform(0.1, 1.5), lambda: os.kill(running.process.pid, signal.SIGKILL))
    killer.start()
    send_until_killed(running.port, acknowledged)
    assert running.process.wait(30) == -signal.SIGKILL
    again = listen(place)
    kept = {uid for (uid,) in again.ask("SELECT sop_instance_uid FROM archive_instance")}
    assert acknowledged
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + 1
    assert not list((place / "spool").glob("*")) if (place / "spool").exists() else True
    assert send(again.port, slice_of()) == [0]
    assert again.stop() == 0


def test_a_full_disk_is_told_and_is_no_end(own_place):
    """Fault D3: 0xA700 while there is no room, success afterwards without a restart."""
    running = listen(own_place)
    assert send(running.port, slice_of()) == [0]
    limit = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (1, limit[1]))
    full = slice_of()
    assert send(running.port, full) == [0xA700]
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, limit)
    later = slice_of()
    for _ in range(20):
        [status] = send(running.port, later)
        if status == 0:
            break
    assert status == 0
    assert running.count("instance", later.SOPInstanceUID) == 1
    assert running.count("instance", full.SOPInstanceUID) == 0
    assert running.stop() == 0


def test_a_disk_that_fills_at_any_write_is_told_and_loses_nothing(own_place):
    """Faults D3, D4: no file may grow beyond a limit that lies lower and higher: pack, key, index and its journal."""
    running, acknowledged = listen(own_place), []
    before = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    for kilobytes in (1, 4, 9, 17, 33, 70, 150, 400, 900):
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (kilobytes << 10, before[1]))
        for number in range(4):
            one = slice_of(study=f"1.2.3.66.{kilobytes}.{number}")
            [status] = send(running.port, one)
            assert status in (0, 0xA700)
            acknowledged += [one.SOPInstanceUID] if status == 0 else []
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)
        until = time.monotonic() + 60
        while send(running.port, slice_of()) != [0]:
            assert time.monotonic() < until
            time.sleep(0.1)
    kept = {uid for (uid,) in running.ask("SELECT sop_instance_uid FROM archive_instance")}
    assert set(acknowledged) <= kept
    assert running.stop() == 0


def test_no_more_descriptors_is_told_and_is_no_end(own_place):
    """Fault D4, EMFILE: connections wait or are closed; afterwards everything goes on."""
    running = listen(own_place)
    assert send(running.port, slice_of()) == [0]
    limit = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (running.descriptors() + 1, limit[1]))
    many = [running.connect() for _ in range(5)]
    for sock in many:
        sock.close()
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, limit)
    assert send(running.port, slice_of()) == [0]
    assert running.stop() == 0
