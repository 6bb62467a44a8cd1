"""The pool of decoder children: kept warm, killed when a frame harms them, safe to use from threads."""

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from typing import Final

from scanward.dicom import decoder
from scanward.dicom.codestream import PIXEL_DATA
from scanward.dicom.decoder import REPLY, Decoded, Request
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT, Limits

_START_SECONDS: Final = 60.0  # a cold disk and a busy machine; not part of a frame's own time
_FRAMES_OF_A_LIFE: Final = 5_000  # then a child is replaced, whatever its codecs leaked
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
_CONTAINERS: Final = (1, 2, 4)


def _undecodable(detail: str) -> Refused:
    return Refused(RefusalReason.UNDECODABLE, PIXEL_DATA, detail)


class _Child:
    """One decoder process and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        with theirs:
            # The arguments are our own; nothing of a file gets there.
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "scanward.dicom.decoder"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        self.channel, self.frames, self.ready = ours, 0, False

    def ask(self, request: Request, seconds: float) -> Decoded:
        """One frame, within a deadline.

        Raises: OSError or EOFError when the child dies or is late, Refused when it can't decode.
        """
        if not self.ready:
            self._receive(1, time.monotonic() + _START_SECONDS)
            self.ready = True
        deadline = time.monotonic() + seconds
        for part in (request.head(), request.encoded):
            self.channel.settimeout(max(deadline - time.monotonic(), 0.001))
            self.channel.sendall(part)
        status, container, planar, length = REPLY.unpack(self._receive(REPLY.size, deadline))
        if status != decoder.DONE:
            raise _undecodable("its codestream is broken")
        expected = request.rows * request.columns * request.samples * container
        if container not in _CONTAINERS or length != expected:
            raise _undecodable("it has another size than declared")
        self.frames += 1
        return Decoded(container, bool(planar), self._receive(length, deadline))

    def _receive(self, size: int, deadline: float) -> bytearray:
        buffer = bytearray(size)
        view, at = memoryview(buffer), 0
        while at < size:
            self.channel.settimeout(max(deadline - time.monotonic(), 0.001))
            got = self.channel.recv_into(view[at:])
            if got == 0:
                raise EOFError
            at += got
        return buffer

    @property
    def fit(self) -> bool:
        """True while it may be asked again."""
        return self.frames < _FRAMES_OF_A_LIFE and self.process.poll() is None

    def end(self) -> None:
        """Kill it and collect it."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


class Pool:
    """As many children as may decode at once; each frame gets one to itself."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._idle: list[_Child] = []
        self._turns = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()

    def decode(self, request: Request, limits: Limits) -> Decoded:
        """Decode one frame in a child; a child that fails in any way is killed and replaced.

        Raises: Refused as undecodable.
        """
        if not self._turns.acquire(timeout=_START_SECONDS):
            raise Refused(RefusalReason.TOO_SLOW, PIXEL_DATA)
        try:
            return self._decode(request, limits)
        finally:
            self._turns.release()

    def _decode(self, request: Request, limits: Limits) -> Decoded:
        child = self._take()
        try:
            found = child.ask(request, limits.decode_seconds)
        except BaseException as fault:
            child.end()
            if isinstance(fault, (OSError, EOFError)):
                raise _undecodable("its decoder had to be stopped") from fault
            raise
        self._give_back(child)
        return found

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.fit:
                    return child
                child.end()
        return _Child()

    def _give_back(self, child: _Child) -> None:
        if not child.fit:
            child.end()
            return
        with self._lock:
            self._idle.append(child)

    def close(self) -> None:
        """End all idle children."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def forget(self) -> None:
        """After a fork the children belong to the parent: only our copies of the sockets are closed."""
        forgotten, self._idle = self._idle, []
        self._turns, self._lock = threading.BoundedSemaphore(self.size), threading.Lock()
        for child in forgotten:
            child.process.returncode = 0  # not ours to wait for
            with contextlib.suppress(OSError):
                child.channel.close()


POOL: Final = Pool(size=max(1, min(4, os.cpu_count() or 1)))
atexit.register(POOL.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=POOL.forget)


def decode(request: Request, limits: Limits = DEFAULT) -> Decoded:
    """Decode one compressed frame in a warm child process.

    Raises: Refused as undecodable when the codestream is broken, too slow or too greedy.
    """
    return POOL.decode(request, limits)
