"""Messages out of a stream of bytes (HL7 MLLP 1): <VT> message <FS> <CR>, each bounded before it is read."""

import threading
from typing import Final

from scanward.intake.dimse.wire import Wire

START: Final = 0x0B
END: Final = 0x1C
# A text report has some thousand bytes; with a PDF inside it may have some megabytes.
MESSAGE_MAX: Final = 8 << 20
# What all connections may hold together: whoever comes when it is full is told to come back later.
ALL_MAX: Final = 64 << 20
_BETWEEN: Final = b"\r\n"
_MOST_BETWEEN: Final = 16


class NotMllp(Exception):
    """What came is no MLLP block: there is nobody to be answered."""


class TooLong(Exception):
    """The message is longer than is taken, or there is no room for it now."""


class Room:
    """How much memory the messages of all connections may take."""

    def __init__(self, limit: int = ALL_MAX) -> None:
        self._left, self._lock = limit, threading.Lock()

    def claim(self, size: int) -> bool:
        """Take room, unless there is none."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def release(self, size: int) -> None:
        """Give room back."""
        with self._lock:
            self._left += size


class Blocks:
    """Reads the messages of one connection."""

    def __init__(self, wire: Wire, room: Room, *, least_bytes_per_second: int) -> None:
        self._wire, self._room, self._slowest = wire, room, least_bytes_per_second
        self._rest = b""
        self._claimed = 0

    def begin(self) -> None:
        """Wait for the beginning of a message.

        Raises:
            NotMllp: something else came. Closed, Late
        """
        seen = 0
        while True:
            data = self._rest or bytes(self._wire.some())
            rest = data.lstrip(_BETWEEN)
            seen += len(data) - len(rest)
            if seen > _MOST_BETWEEN or (rest and rest[0] != START):
                raise NotMllp
            if rest:
                self._rest = rest[1:]
                return
            self._rest = b""

    def message(self) -> bytes:
        """Return the message that has begun.

        Raises:
            TooLong: it is not taken, and the connection is of no further use. Closed, Late
        """
        found, piece = bytearray(), self._rest
        self._take(len(piece))
        while (end := piece.find(END)) < 0:
            found += piece
            piece = bytes(self._wire.some())
            self._take(len(piece))
        found += piece[:end]
        self._rest = piece[end + 1 :]
        return bytes(found)

    def done(self) -> None:
        """Give the room of the message back."""
        self._room.release(self._claimed)
        self._claimed = 0

    def _take(self, size: int) -> None:
        # Every byte earns a little time, so that a large message on a slow line arrives.
        self._wire.more_time(size / self._slowest)
        if self._claimed + size > MESSAGE_MAX or not self._room.claim(size):
            raise TooLong
        self._claimed += size


def block(message: bytes) -> bytes:
    """Return a message as it is sent."""
    return bytes((START,)) + message + bytes((END, 0x0D))
