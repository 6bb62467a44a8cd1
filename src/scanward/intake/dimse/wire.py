"""A connection with total deadlines: however slowly the bytes come, it ends when its time is over."""

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

BUFFER: Final = 256 * 1024
QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)
LINGER_SECONDS: Final = 0.3
LINGER_BYTES: Final = 1 << 20


class Closed(Exception):
    """The other side has gone."""


class Late(Exception):
    """The time is over."""


class Wire:
    """Reads exact numbers of bytes into one buffer that never grows."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        # Small answers leave at once, and are not held back until more is there (Nagle).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Never blocking: each call that may wait lets other threads run, which costs more than what is read.
        sock.setblocking(False)
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._deadline = time.monotonic()

    def within(self, seconds: float) -> None:
        """Let everything that follows be over in so many seconds, in total."""
        self._deadline = time.monotonic() + seconds

    def more_time(self, seconds: float) -> None:
        """Move the deadline by what the bytes have earned."""
        self._deadline += seconds

    def wrap(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Put TLS around the socket; the handshake is still to be done.

        Raises:
            Closed: the other side has gone.
        """
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        except OSError:
            raise Closed from None
        return self.sock

    def handshake(self) -> None:
        """Agree on keys, and on who the other side is.

        Raises:
            ssl.SSLError: no agreement. Late, Closed
        """
        assert isinstance(self.sock, ssl.SSLSocket)
        self.sock.settimeout(self._left())
        try:
            self.sock.do_handshake()
            self.sock.setblocking(False)
        except TimeoutError:
            raise Late from None
        except ssl.SSLError:
            raise
        except OSError:
            raise Closed from None

    def fingerprint(self) -> bytes:
        """Return the peer's certificate (DER), or b"" without one."""
        return (self.sock.getpeercert(binary_form=True) or b"") if isinstance(self.sock, ssl.SSLSocket) else b""

    def read(self, count: int) -> memoryview:
        """Return the next `count` bytes (at most the buffer's size); they are good until the next read.

        Raises:
            Closed: the other side has gone before. Late: the deadline is over.
        """
        if self._start + count > BUFFER:
            rest = self._end - self._start
            self._view[:rest] = bytes(self._view[self._start : self._end])
            self._start, self._end = 0, rest
        while self._end - self._start < count:
            self._end += self._receive()
        found = self._view[self._start : self._start + count]
        self._start += count
        if self._start == self._end:
            self._start = self._end = 0
        return found

    def some(self) -> memoryview:
        """Return what has come, at least a byte of it; good until the next read.

        Raises:
            Closed: the other side has gone. Late: the deadline is over.
        """
        if self._start == self._end:
            self._end = self._receive()
        found = self._view[self._start : self._end]
        self._start = self._end = 0
        return found

    def send(self, *parts: bytes) -> None:
        """Send everything.

        Raises:
            Closed: the other side has gone. Late: it does not take the bytes.
        """
        left = memoryview(b"".join(parts))
        try:
            while left:
                left = left[self._patiently(self.sock.send, left, select.POLLOUT) :]
        except OSError:
            raise Closed from None

    def close(self, last: bytes = b"") -> None:
        """Say the last word and close; what still comes is thrown away for a moment, so that the word arrives."""
        with contextlib.suppress(OSError, ValueError):
            if last:
                self.sock.settimeout(LINGER_SECONDS)
                self.sock.sendall(last)
                self.sock.shutdown(socket.SHUT_WR)
                self._throw_away()
        with contextlib.suppress(OSError):
            self.sock.close()

    def cut(self) -> None:
        """Wake whoever reads, from another thread: the connection is over."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def _receive(self) -> int:
        try:
            got = self._patiently(self.sock.recv_into, self._view[self._end :], select.POLLIN)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            raise Closed from None
        except ssl.SSLError:
            raise
        except OSError:
            raise Closed from None
        if got == 0:
            raise Closed
        return got

    def _patiently(self, call: Callable[[memoryview], int], view: memoryview, event: int) -> int:
        """Read or write at once; wait for the event only where the kernel has nothing to give or no room."""
        while True:
            left = self._left()
            try:
                return call(view)
            except BlockingIOError:
                wanted = event
            except ssl.SSLWantReadError:
                wanted = select.POLLIN
            except ssl.SSLWantWriteError:
                wanted = select.POLLOUT
            self._wait(wanted, left)

    def _wait(self, event: int, seconds: float) -> None:
        """Wait until something can be read or written, or until the time is over."""
        if event == select.POLLIN and QUICKACK is not None:
            # A sender with Nagle on waits for this acknowledgement; the kernel forgets the wish after a while.
            self.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
        ready = select.poll()
        ready.register(self.sock, event)
        ready.poll(seconds * 1000)

    def _throw_away(self) -> None:
        until, seen = time.monotonic() + LINGER_SECONDS, 0
        while time.monotonic() < until and seen < LINGER_BYTES:
            got = self.sock.recv_into(self._view)
            if got == 0:
                return
            seen += got

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Late
        return left
