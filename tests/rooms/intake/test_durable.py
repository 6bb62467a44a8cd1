"""What was acknowledged is there after kill -9, and a full disk says so and is no end."""

import contextlib
import itertools
import random
import re
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from pydicom.uid import generate_uid as unique

import kill_runner
from rooms.intake.house import body, command, file_of, house, new_key, stow, until_answers
from rooms.intake.listening import Listening, listen, program
from rooms.intake.nursery import Nursery, nursery
from rooms.intake.real_pacs import free_port
from rooms.intake.senders import association, send, slice_of

# How many more objects than were acknowledged may be kept for each kill: what was under way.
UNDER_WAY = 3
# What any fault may cost the running process (faults.md, the bounds of every row).
MOST_MEMORY = 64 << 20


def send_until_killed(port: int, acknowledged: list[str]) -> None:
    """Send slices for as long as somebody answers; note which were acknowledged."""
    # Who is killed between a look at the association and the next object gets this error.
    with association(port) as found, contextlib.suppress(RuntimeError):
        while found.is_established:
            one = slice_of(uid=unique())
            if getattr(found.send_c_store(one), "Status", None) != 0:
                return
            acknowledged.append(one.SOPInstanceUID)


def stow_until_killed(address: str, key: str, acknowledged: list[str]) -> None:
    """The same over the web, a few in each body."""
    with contextlib.suppress(requests.RequestException):
        while True:
            made = [slice_of(uid=unique()) for _ in range(UNDER_WAY)]
            if stow(address, key, body(*map(file_of, made))).status_code != 200:
                return
            acknowledged += [one.SOPInstanceUID for one in made]


def kill(*processes: psutil.Process) -> None:
    """All at once, as the power goes."""
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


def kill_listener(own: Nursery, after: float, acknowledged: list[str]) -> None:
    """Send over DICOM, and kill the listener while it works."""
    process = own.start("listen")
    port = int(own.printed(1)[0].rsplit(" ", 1)[1])
    judge(Listening(own.place, process, [port]), acknowledged)
    killer = threading.Timer(after, kill, [process])
    killer.start()
    send_until_killed(port, acknowledged)
    assert own.ended() == -signal.SIGKILL


def kill_server(own: Nursery, key: str, after: float, acknowledged: list[str]) -> None:
    """Store over the web, and kill the server and its workers."""
    port = free_port()
    server = own.start("serve", port)
    until_answers(f"http://127.0.0.1:{port}/account/login/", server)
    killer = threading.Timer(after, lambda: kill(server, *server.children(recursive=True)))
    killer.start()
    stow_until_killed(f"http://127.0.0.1:{port}", key, acknowledged)
    assert own.ended() == -signal.SIGKILL


def indexed(running: Listening) -> set[str]:
    return {uid for (uid,) in running.ask("SELECT sop_instance_uid FROM archive_instance")}


def judge(running: Listening, acknowledged: list[str]) -> set[str]:
    """After the restart: everything that was acknowledged is there, and nothing half done lies about."""
    kept = indexed(running)
    assert set(acknowledged) <= kept
    spool = running.place / "spool"
    assert not spool.exists() or not list(spool.iterdir())
    assert not list((running.place / "vault" / "tmp").glob("*"))
    return kept


@pytest.mark.parametrize("points", [2, pytest.param(500, marks=[pytest.mark.long, pytest.mark.timeout(7200)])])
def test_nothing_acknowledged_is_lost_by_kill_9(own_place, points):
    """M4. Fault D1: both wires, at seeded moments; each start finds what the one before was killed with.

    A part of the long run: SCANWARD_TEST_KILL_POINTS=100 SCANWARD_TEST_KILL_SEED=301 for the points 301 to 400.
    """
    acknowledged, key = [], new_key(own_place)
    first, points = kill_runner.first_seed(), kill_runner.points(points)
    # A busy machine may be killed a few times before it has acknowledged anything.
    seeds = itertools.takewhile(lambda seed: seed < first + points or not acknowledged, itertools.count(first))
    with nursery(own_place) as own:
        for seed in seeds:
            after = random.Random(seed).uniform(0.05, 1.0)
            if seed % 2:
                kill_listener(own, after, acknowledged)
            else:
                kill_server(own, key, after, acknowledged)
    again = listen(own_place)
    kept = judge(again, acknowledged)
    assert acknowledged
    assert len(kept) <= len(acknowledged) + (seed - first + 1) * UNDER_WAY
    assert send(again.port, slice_of(uid=unique())) == [0]
    assert again.stop() == 0
    assert "0 found damaged" in command(own_place, "vault", "scrub").stdout


@pytest.mark.skipif(program("strace") is None, reason="needs strace")
def test_an_answer_leaves_only_after_the_sync(own_place):
    """Fault D2: in the order of the system calls, no success is sent while anything of the vault is unsynced."""
    trace = own_place / "trace"
    calls = "trace=fsync,fdatasync,pwrite64,pwritev,pwritev2,write,rename,sendto"
    under = [
        "strace",
        "-D",
        "-f",
        "-yy",
        "--seccomp-bpf",
        "-e",
        calls,
        "-e",
        "signal=none",
        "-s",
        "8",
        "-o",
        str(trace),
    ]
    running = listen(own_place, under=under)
    assert send(running.port, *[slice_of(study=f"1.2.3.90.{number}") for number in (1, 1, 2, 2, 2)]) == [0] * 5
    assert running.stop() == 0
    answers, unsynced, synced = 0, set(), 0
    for line in trace.read_text().splitlines():
        found = re.match(r"\d+ +(\w+)\((?:\"([^\"]*)\"|\d+<([^>]*)>)", line)
        if not found:
            continue
        call, path = found[1], found[2] or found[3]
        if call == "sendto" and '"\\4\\0' in line:
            answers += 1
            assert not unsynced, line
            assert synced, line
            synced = 0
        elif "/vault/" in path and call in ("pwrite64", "pwritev", "pwritev2", "write"):
            unsynced.add(path)
        elif "/vault/" in path and call in ("fsync", "fdatasync"):
            unsynced.discard(path)
            synced += 1
    assert answers == 5


@contextlib.contextmanager
def failing(processes: list[psutil.Process], number: int, error: str) -> Iterator[None]:
    """From the Nth call on, in every thread, the disk takes nothing: writes, syncs, renames, new files."""
    calls = "pwrite64,pwritev,pwritev2,fsync,fdatasync,rename,ftruncate,mkdir"
    whom = [word for each in processes for word in ("-p", str(each.pid))]
    line = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"]
    line += ["-e", f"inject={calls}:error={error}:when={number}+", *whom]
    with subprocess.Popen(line, stderr=subprocess.DEVNULL) as tracer:
        until = time.monotonic() + 240
        while not all(tracer_of(each) == tracer.pid for each in processes):
            assert tracer.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        yield
        tracer.terminate()


def tracer_of(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("TracerPid:")[1].split()[0])


@pytest.mark.skipif(program("strace") is None, reason="needs strace")
@pytest.mark.parametrize(
    "numbers", [(1, 4, 9), pytest.param(range(1, 41), marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_a_disk_that_is_full_at_any_call_is_told_and_is_no_end(own_place, numbers):
    """Faults D3, D4: 0xA700 and 507 from the Nth call on; with room again it is success, without a restart."""
    acknowledged = []
    with house(own_place) as found:
        before = [each.memory_info().rss for each in found.processes()]
        for number in numbers:
            error = ("ENOSPC", "EIO")[number % 2]
            made = [slice_of(uid=unique(), study=f"1.2.3.91.{number}.{which}") for which in range(2)]
            with failing(found.processes(), number, error):
                [status] = send(found.listener.port, made[0])
                answer = found.stow(body(file_of(made[1]))).status_code
            assert status in (0, 0xA700), number
            assert answer in (200, 507), number
            acknowledged += [
                one.SOPInstanceUID for one, ok in zip(made, (status == 0, answer == 200), strict=True) if ok
            ]
            until = time.monotonic() + 240
            while (
                send(found.listener.port, slice_of()) != [0] or found.stow(body(file_of(slice_of()))).status_code != 200
            ):
                assert time.monotonic() < until, number
                time.sleep(0.1)
        # Measured from a start that has served nobody yet, so that it counts what the first object takes, too.
        after = [each.memory_info().rss for each in found.processes()]
        assert all(now - then < MOST_MEMORY for then, now in zip(before, after, strict=True))
        # A sibling process that could not write the index tries again every half a second.
        wanted, until = set(acknowledged), time.monotonic() + 240
        while wanted - indexed(found.listener) and time.monotonic() < until:
            time.sleep(0.1)
        judge(found.listener, acknowledged)
    assert "0 found damaged" in command(own_place, "vault", "scrub").stdout


def test_a_full_disk_is_told_and_is_no_end(own_place):
    """Fault D3: 0xA700 while there is no room, success afterwards without a restart; one process, so one limit."""
    running = listen(own_place, workers=1)
    assert send(running.port, slice_of()) == [0]
    memory, limit = running.memory(), resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (1, limit[1]))
    full = slice_of()
    assert send(running.port, full) == [0xA700]
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, limit)
    later, until = slice_of(), time.monotonic() + 240
    while send(running.port, later) != [0]:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert running.count("instance", later.SOPInstanceUID) == 1
    assert running.count("instance", full.SOPInstanceUID) == 0
    assert running.memory() - memory < MOST_MEMORY
    assert running.stop() == 0


def test_a_disk_that_fills_at_any_write_is_told_and_loses_nothing(own_place):
    """Faults D3, D4: no file may grow beyond a limit that lies lower and higher: pack, key, index and its journal."""
    running, acknowledged = listen(own_place, workers=1), []
    assert send(running.port, slice_of()) == [0]
    memory, before = running.memory(), resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    for kilobytes in (1, 4, 9, 17, 33, 70, 150, 400, 900):
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (kilobytes << 10, before[1]))
        for number in range(4):
            one = slice_of(study=f"1.2.3.66.{kilobytes}.{number}")
            [status] = send(running.port, one)
            assert status in (0, 0xA700)
            acknowledged += [one.SOPInstanceUID] if status == 0 else []
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)
        until = time.monotonic() + 240
        while send(running.port, slice_of()) != [0]:
            assert time.monotonic() < until
            time.sleep(0.1)
    assert set(acknowledged) <= indexed(running)
    assert running.memory() - memory < MOST_MEMORY
    assert running.stop() == 0


def test_no_more_descriptors_is_told_and_is_no_end(own_place):
    """Fault D4, EMFILE: connections wait or are closed; afterwards everything goes on."""
    running = listen(own_place, workers=1)
    assert send(running.port, slice_of()) == [0]
    memory, limit = running.memory(), resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (running.descriptors() + 1, limit[1]))
    many = [running.connect() for _ in range(5)]
    for sock in many:
        sock.close()
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, limit)
    assert send(running.port, slice_of()) == [0]
    assert running.memory() - memory < MOST_MEMORY
    assert running.stop() == 0
