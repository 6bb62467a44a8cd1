"""An object while it comes in: in memory while it is small, in a nameless file when it is not."""

import mmap
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from scanward.archive.store import Digest
from scanward.intake.dimse.pdu import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION

IN_MEMORY: Final = 8 * 1024 * 1024
# The digest is taken of so many bytes at once, while the sender sends the next.
STEP: Final = 128 * 1024
# So much memory stays with an association for its next object: the slices of a CT scan have half of it.
REUSED: Final = 1024 * 1024


class TooLarge(Exception):
    """More bytes came than are taken."""


class Room:
    """Memory for one object after the other: the same again is in the processor's cache, and needs no growing."""

    def __init__(self) -> None:
        self._memory = bytearray()

    def take(self) -> bytearray:
        """Return the memory, or new one if anybody still looks at the old."""
        try:
            # Python lets nobody resize what is looked at.
            self._memory.append(0)
            self._memory.pop()
        except BufferError:
            self._memory = bytearray()
        return self._memory

    def tidy(self) -> None:
        """Let go of more than is kept for the next object."""
        if len(self._memory) > REUSED:
            self._memory = bytearray()


class Incoming:
    """Collects bytes up to a limit. The file has no name (O_TMPFILE), so that nothing is left behind by a crash."""

    def __init__(self, limit: int, folder: Path | None = None, start: bytes = b"", room: Room | None = None) -> None:
        self._limit, self._folder, self._room = limit, folder, room or Room()
        # What lies in it behind `size` is of an earlier object.
        self._memory = self._room.take()
        self._memory[: len(start)] = start
        self._file: IO[bytes] | None = None
        self._map: mmap.mmap | None = None
        self._digest, self._digested = Digest(), 0
        self.size = len(start)

    def write(self, data: memoryview) -> None:
        """Add bytes.

        Raises:
            TooLarge: the limit is passed. OSError: the disk is full.
        """
        before, self.size = self.size, self.size + len(data)
        if self.size > self._limit:
            raise TooLarge
        if self._file is None and self.size > IN_MEMORY and self._folder:
            self._digest_memory(before)
            self._file = _nameless(self._folder)
            self._file.write(memoryview(self._memory)[:before])
            self._let_go()
        if self._file:
            self._file.write(data)
            self._digest.update(data)
        else:
            self._remember(data, before)
            if self.size - self._digested >= STEP:
                self._digest_memory(self.size)

    def bytes(self) -> memoryview:
        """Return everything that came, to be read only: so the vault need not copy it. Good until `close`."""
        if self._file:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            return memoryview(self._map)
        return memoryview(self._memory).toreadonly()[: self.size]

    def digest(self) -> Digest:
        """Return the digest of everything that came."""
        self._digest_memory(self.size)
        return self._digest

    def close(self) -> None:
        """Let go of memory and file."""
        self._let_go()
        if self._file:
            self._file.close()
            self._file = None

    def _remember(self, data: memoryview, at: int) -> None:
        if self.size > len(self._memory):
            del self._memory[at:]
            self._memory += data
        else:  # a bytearray's own assignment would copy twice
            with memoryview(self._memory) as view:
                view[at : self.size] = data

    def _let_go(self) -> None:
        self._memory = bytearray()
        self._room.tidy()

    def _digest_memory(self, end: int) -> None:
        if self._file is None:
            with memoryview(self._memory) as view, view[self._digested : end] as fresh:
                self._digest.update(fresh)
            self._digested = end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _nameless(folder: Path) -> IO[bytes]:
    """Open a file that is in no folder, readable by us only."""
    folder.mkdir(mode=0o700, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)


def part10_header(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Return the preamble and file meta information (PS3.10 7.1) that make a file of a data set from the wire.

    It says nothing about who sent it or when, so that the same object is the same file whoever brings it.
    """
    elements = (
        _meta(0x0001, b"OB", b"\0\1")
        + _meta(0x0002, b"UI", sop_class.encode())
        + _meta(0x0003, b"UI", sop_instance.encode())
        + _meta(0x0010, b"UI", transfer_syntax.encode())
        + _meta(0x0012, b"UI", IMPLEMENTATION_UID.encode())
        + _meta(0x0013, b"SH", IMPLEMENTATION_VERSION.encode())
    )
    return bytes(128) + b"DICM" + _meta(0x0000, b"UL", len(elements).to_bytes(4, "little")) + elements


def _meta(element: int, vr: bytes, value: bytes) -> bytes:
    value += b"" if len(value) % 2 == 0 else (b" " if vr == b"SH" else b"\0")
    length = bytes(2) + len(value).to_bytes(4, "little") if vr == b"OB" else len(value).to_bytes(2, "little")
    return b"\x02\x00" + element.to_bytes(2, "little") + vr + length + value
