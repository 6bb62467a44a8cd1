"""Hostile codestreams end the child that decodes them, and nothing else (fault B13)."""

import os
import signal
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms.dicom import jpegs, making
from rooms.dicom.making import JPEG_2000_LOSSLESS, JPEG_LOSSLESS, JPEG_LS, RLE, fragments
from rooms.dicom.test_frames import compressed, grey, noise
from rooms.dicom.test_pixels import jpeg, jpeg_2000
from scanward.dicom import codestream, decoding, pixels
from scanward.dicom.codestream import Kind
from scanward.dicom.decoder import Decoded, Request
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.frames import frame
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.read import inspect

GOOD = noise("u2", (40, 56))
STREAM = jpegs.lossless(GOOD, 16)


def request(**change: object) -> Request:
    good = Request(Kind.JPEG, 40, 56, 1, 16, 16, "MONOCHROME2", 5, 64 << 20, STREAM)
    return good._replace(**change)


def undecodable(data: bytes, limits: Limits = DEFAULT) -> bool:
    with pytest.raises(Refused) as refused:
        frame(data, limits=limits)
    return refused.value.reason is RefusalReason.UNDECODABLE


def still_works() -> bool:
    return bytes(decoding.decode(request()).samples) == GOOD.tobytes()


def sized(syntax: str, stream: bytes, rows: int = 40, columns: int = 56, bits: int = 16) -> bytes:
    return making.ct(grey(np.zeros((rows, columns), f"u{bits // 8}")), syntax=syntax, pixels=fragments(stream))


@pytest.fixture
def pool():
    made = decoding.Pool(1)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("syntax", "stream"),
    [
        (JPEG_LOSSLESS, jpeg(40, 56)),
        (JPEG_LOSSLESS, STREAM[: len(STREAM) // 4]),
        (JPEG_LS, jpeg(40, 56, sof=0xF7)),
        (JPEG_2000_LOSSLESS, jpeg_2000(40, 56, tile=(1 << 31, 1 << 31))),
        (JPEG_2000_LOSSLESS, jpeg_2000(40, 56, tile=(56, 40))),
        (JPEG_2000_LOSSLESS, jpeg_2000(40, 56, tile=(1, 1))),
        (RLE, struct.pack("<16I", 2, 64, 70, *[0] * 13) + b"\x81\0" * 8),
        (RLE, struct.pack("<16I", 15, *range(64, 79)) + bytes(64)),
        (RLE, struct.pack("<16I", 2, 0xFFFFFFF0, 3, *[0] * 13) + bytes(64)),
        (RLE, struct.pack("<16I", 0xFFFFFFFF, *[64] * 15) + bytes(64)),
    ],
)
def test_a_broken_codestream_is_refused_and_the_next_one_decoded(syntax, stream):
    """fault B13"""
    assert undecodable(sized(syntax, stream))
    assert still_works()


@pytest.mark.parametrize(
    "change", [{"memory": 1 << 20, "kind": Kind.JPEG_2000}, {"rows": 65535, "columns": 65535, "memory": 0}]
)
def test_a_frame_that_takes_too_much_memory_ends_its_child_only(change, pool):
    """fault B13, CVE-2026-5443"""
    stream = codestream_of(compressed(noise("u2", (1200, 1200)), JPEG_2000_LOSSLESS))
    with pytest.raises(Refused) as refused:
        pool.decode(request(**{"rows": 1200, "columns": 1200, "encoded": stream} | change), DEFAULT)
    assert refused.value.reason is RefusalReason.UNDECODABLE
    assert bytes(pool.decode(request(), DEFAULT).samples) == GOOD.tobytes()


def codestream_of(data: bytes) -> bytes:
    return pixels.gather(data, inspect(data).fragments[0])


def test_a_frame_that_takes_too_long_is_stopped(pool):
    """fault B13"""
    pool.decode(request(), DEFAULT)
    stream = codestream_of(compressed(noise("u2", (1200, 1200)), JPEG_2000_LOSSLESS))
    slow = request(kind=Kind.JPEG_2000, rows=1200, columns=1200, encoded=stream, memory=1 << 30)
    with pytest.raises(Refused):
        pool.decode(slow, Limits(decode_seconds=0.001))
    assert isinstance(pool.decode(request(), DEFAULT), Decoded)


def test_a_child_is_kept_warm_and_replaced_when_it_dies(pool):
    pool.decode(request(), DEFAULT)
    (first,) = pool._idle
    pool.decode(request(), DEFAULT)
    assert pool._idle == [first]
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    assert isinstance(pool.decode(request(), DEFAULT), Decoded)
    assert pool._idle != [first]


def test_a_child_that_failed_is_not_asked_again(pool):
    """What stumbled over one patient's frame must not touch another's."""
    pool.decode(request(), DEFAULT)
    (first,) = pool._idle
    with pytest.raises(Refused):
        pool.decode(request(encoded=bytes(100)), DEFAULT)
    assert pool._idle == []
    assert first.process.returncode is not None


@pytest.mark.skipif(not os.path.exists("/proc/self/limits"), reason="needs Linux's /proc")
def test_a_child_has_no_secrets_no_files_and_bounds_on_memory(pool, monkeypatch):
    monkeypatch.setenv("SCANWARD_CANARY", "secret")
    pool.decode(request(memory=100 << 20), DEFAULT)
    pid = pool._idle[0].process.pid
    with open(f"/proc/{pid}/environ") as told, open(f"/proc/{pid}/limits") as limits:
        environment, rows = told.read(), {line[:25].strip(): line[25:].split()[0] for line in limits}
    assert "CANARY" not in environment
    assert (rows["Max core file size"], rows["Max file size"]) == ("0", "0")
    assert int(rows["Max address space"]) < 1 << 30
    assert int(rows["Max cpu time"]) < 30


def test_threads_get_their_own_frames():
    streams = {n: jpegs.lossless(np.full((40, 56), n, "u2"), 16) for n in range(12)}
    seen: dict[int, set[int]] = {}

    def look(number: int) -> None:
        found = decoding.decode(request(encoded=streams[number]))
        seen[number] = set(np.frombuffer(found.samples, "<u2").tolist())

    threads = [threading.Thread(target=look, args=(number,)) for number in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {number: {number} for number in streams}
    assert len(decoding.POOL._idle) <= decoding.POOL.size


def test_a_forked_worker_starts_children_of_its_own():
    assert still_works()
    pid = os.fork()
    if pid == 0:
        works = decoding.POOL._idle == [] and still_works()
        decoding.POOL.close()
        os._exit(0 if works else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert still_works()


def test_children_end_with_their_parent():
    code = (
        "import os, sys; sys.path.insert(0, 'tests')\n"
        "from rooms.dicom.test_decoding import decoding, still_works\n"
        "assert still_works(); print(decoding.POOL._idle[0].process.pid, flush=True); os._exit(0)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    child = int(said.stdout)
    while _alive(child):  # The test's own time limit ends this.
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as told:
            return told.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("what", [b"", b"x" * 100, struct.pack("<4sBHHBBB16sHQQ", b"EVIL", *[0] * 6, b"", 0, 0, 0)])
def test_a_child_that_is_asked_nonsense_ends(what):
    import socket

    ours, theirs = socket.socketpair()
    with ours, theirs:
        started = [sys.executable, "-m", "scanward.dicom.decoder"]
        process = subprocess.Popen(started, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
        theirs.close()
        assert ours.recv(1) == b"R"
        ours.sendall(what)
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(timeout=240) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS, RLE]), st.data())
def test_a_mutated_codestream_is_decoded_or_refused(syntax, data):
    """fault B13: whatever happens, it happens in the child"""
    stream = bytearray(STREAM if syntax == JPEG_LOSSLESS else codestream_of(_encoded(syntax)))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    try:
        outcome = frame(sized(syntax, bytes(stream))).pixels.shape
    except Refused as refused:
        outcome = refused.reason
    assert outcome in ((40, 56), RefusalReason.UNDECODABLE, RefusalReason.MALFORMED)


_MADE: dict[str, bytes] = {}


def _encoded(syntax: str) -> bytes:
    if syntax not in _MADE:
        _MADE[syntax] = compressed(GOOD, syntax)
    return _MADE[syntax]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(codestream.KINDS)),
    st.binary(max_size=200),
    st.sampled_from([b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b""]),
)
def test_any_bytes_have_a_header_or_are_refused(syntax, data, start):
    try:
        codestream.header(start + data, syntax)
        outcome = None
    except Refused as refused:
        outcome = refused.reason
    assert outcome in (None, RefusalReason.UNDECODABLE)
