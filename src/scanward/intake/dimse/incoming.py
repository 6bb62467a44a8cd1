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


class TooLarge(Exception):
    """More bytes came than are taken."""


class Incoming:
    """Collects bytes up to a limit. The file has no name (O_TMPFILE), so that nothing is left behind by a crash."""

    def __init__(self, limit: int, folder: Path | None = None, start: bytes = b"") -> None:
        self._limit, self._folder = limit, folder
        self._memory = bytearray(start)
        self._file: IO[bytes] | None = None
        self._map: mmap.mmap | None = None
        self._digest, self._digested = Digest(), 0
        self.size = len(start)

    def write(self, data: memoryview) -> None:
        """Add bytes.

        Raises:
            TooLarge: the limit is passed. OSError: the disk is full.
        """
        self.size += len(data)
        if self.size > self._limit:
            raise TooLarge
        if self._file is None and self.size > IN_MEMORY and self._folder:
            self._digest_memory()
            self._file = _nameless(self._folder)
            self._file.write(self._memory)
            self._memory = bytearray()
        if self._file:
            self._file.write(data)
            self._digest.update(data)
        else:
            self._memory += data
            if self.size - self._digested >= STEP:
                self._digest_memory()

    def bytes(self) -> memoryview:
        """Return everything that came, to be read only: so the vault need not copy it. Good until `close`."""
        if self._file:
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            return memoryview(self._map)
        return memoryview(self._memory).toreadonly()

    def digest(self) -> Digest:
        """Return the digest of everything that came."""
        self._digest_memory()
        return self._digest

    def close(self) -> None:
        """Let go of memory and file."""
        self._memory = bytearray()
        if self._file:
            self._file.close()
            self._file = None

    def _digest_memory(self) -> None:
        if self._file is None:
            with memoryview(self._memory) as view:
                self._digest.update(view[self._digested :])
                self._digested = len(view)

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
