"""What comes before anybody has said who he is: bounded, on time, and the good senders are served meanwhile."""

import contextlib
import os
import select
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from rooms.dicom.making import CT, EXPLICIT, ct
from rooms.intake.listening import Listening, associate, pdu, program, rest_of
from rooms.intake.raw import c_store, data_set, fragments
from rooms.intake.senders import association, echo, send, slice_of
from scanward.intake.dimse.server import CAPS, TIMING

ABORT_UNKNOWN = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 1))
ABORT_UNEXPECTED = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 2))
MEGABYTE = 1 << 20


def push(sock: socket.socket, data: bytes) -> None:
    """Send for as long as the other side takes it."""
    sock.settimeout(5)
    with contextlib.suppress(ConnectionError, TimeoutError):
        sock.sendall(data)


def is_served(listener: Listening) -> bool:
    """A good sender gets through."""
    return echo(listener.port) == 0


def test_ten_megabytes_of_noise_are_cut_off(listener, good_caller):
    """Fault A1."""
    for _ in range(3):
        with listener.connect() as sock:
            push(sock, os.urandom(10 * MEGABYTE))
            rest_of(sock)


def test_a_browser_learns_nothing(listener, good_caller):
    """Fault A2."""
    with listener.connect() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert rest_of(sock) == b""
    assert listener.told("connection_refused", "not DICOM")


@pytest.mark.parametrize("kind", [1, 4])
def test_a_header_that_claims_four_gigabytes_ends_it(listener, good_caller, kind):
    """Fault A3."""
    with listener.connect() as sock:
        if kind == 4:
            sock.sendall(associate())
            assert sock.recv(65536)[0] == 2
        sock.sendall(struct.pack(">BBI", kind, 0, 0xFFFFFFF0))
        push(sock, bytes(8 * MEGABYTE))
        assert rest_of(sock)[:1] in (b"", b"\x07")


def test_an_association_request_of_more_than_64_kilobytes_is_refused_at_its_header(listener, good_caller):
    """Fault A3."""
    with listener.connect() as sock:
        sock.sendall(struct.pack(">BBI", 1, 0, 64 * 1024 + 1))
        assert rest_of(sock)[0] == 7


def test_an_unknown_pdu_is_answered_with_its_reason(listener, good_caller):
    """Fault A6."""
    with listener.connect() as sock:
        sock.sendall(pdu(0x99, bytes(10)))
        assert rest_of(sock) == ABORT_UNKNOWN


@pytest.mark.parametrize("kind", [2, 3, 4, 5, 6])
def test_what_comes_before_an_association_is_unexpected(listener, good_caller, kind):
    """Fault A6."""
    with listener.connect() as sock:
        sock.sendall(pdu(kind, bytes(10)))
        assert rest_of(sock) == ABORT_UNEXPECTED


def test_a_second_request_in_an_association_is_unexpected(listener, good_caller):
    """Fault A6."""
    with listener.connect() as sock:
        sock.sendall(associate())
        assert sock.recv(65536)[0] == 2
        sock.sendall(associate())
        assert rest_of(sock) == ABORT_UNEXPECTED


def drip(sock: socket.socket, data: bytes) -> int:
    """Send a byte each second until the other side has enough of it; how many it took."""
    for count, byte in enumerate(data):
        sock.sendall(bytes([byte]))
        if select.select([sock], [], [], 1)[0]:
            return count
    return len(data)


def test_idle_and_dripping_connections_are_cut_and_nobody_waits_for_them(listener):
    """Faults A4, A5: 300 silent connections from the good sender's own address, and one that drips."""
    assert 10 <= TIMING.associate <= 30
    assert CAPS.pending_of_address < 300
    memory, idle = listener.memory(), [listener.connect() for _ in range(300)]
    dripping = listener.connect()
    assert is_served(listener)
    dripped = drip(dripping, associate())
    assert dripped < len(associate())
    assert is_served(listener)
    assert rest_of(dripping) == b""
    assert listener.memory() - memory < 64 * MEGABYTE
    assert all(rest_of(sock) == b"" for sock in idle)
    for sock in (*idle, dripping):
        sock.close()
    assert listener.told("connection_refused", "too slow")


def test_a_thousand_aborts_in_the_middle_of_an_object_leave_nothing(listener):
    """Fault A12: after the command and a part of the data set; some are large and wait in the spool."""
    memory = listener.memory()
    wanted, content = associate(context=CT, syntax=EXPLICIT), data_set(ct())
    message, part = c_store(content), b"".join(fragments(content, command=False))
    command = message[: -len(part)]
    small, large = (pdu(4, struct.pack(">IBB", size + 2, 1, 0) + bytes(size)) for size in (100, 100_000))
    abort = pdu(7, bytes(4))
    halves = [command + small, command + small + abort, command + part[:-9], command + large * 90 + abort]

    def send_some(number: int) -> None:
        with listener.connect() as sock, contextlib.suppress(ConnectionError):
            sock.sendall(wanted + (halves[3] if number % 100 == 0 else halves[number % 3]))

    def files() -> list[Path]:
        return [path for path in sorted(listener.place.rglob("*")) if not path.name.startswith("scanward.db")]

    assert send(listener.port, slice_of()) == [0]
    # One that is read to its end, because its sender stays: from then on there is the folder in which it waited.
    with listener.connect() as sock:
        sock.sendall(wanted + halves[3])
        rest_of(sock)
    assert (listener.place / "spool").is_dir()
    assert is_served(listener)
    (before, _), there, kept = listener.handles(), files(), listener.ask("SELECT count(*) FROM archive_instance")
    for number in range(1000):
        send_some(number)
        assert number % 50 or is_served(listener)
    until = time.monotonic() + 240
    while (now := listener.handles())[0] > before and time.monotonic() < until:
        time.sleep(0.05)
    assert now[0] <= before
    assert now[1] < 50  # one a sender would be a thousand
    assert files() == there
    assert listener.ask("SELECT count(*) FROM archive_instance") == kept
    assert listener.memory() - memory < 64 * MEGABYTE


def test_an_abort_after_an_object_was_kept_takes_nothing_back(listener):
    """Fault A12: what was acknowledged stays."""
    one = slice_of()
    with association(listener.port) as found:
        assert found.send_c_store(one).Status == 0
        found.abort()
    assert listener.count("instance", one.SOPInstanceUID) == 1
    assert is_served(listener)


@pytest.mark.dcmtk
def test_dcmtk_echoes(listener):
    assert program("echoscu")
    subprocess.run(["echoscu", "127.0.0.1", str(listener.port)], check=True, timeout=240)


def test_good_senders_work_side_by_side(listener):
    from concurrent.futures import ThreadPoolExecutor

    made = [[slice_of(study=f"1.2.9.{number}") for _ in range(8)] for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = pool.map(lambda objects: send(listener.port, *objects), made)
    assert {status for found in statuses for status in found} == {0}
    assert all(listener.count("instance", one.SOPInstanceUID) == 1 for objects in made for one in objects)
