"""Reading an object: seekable, each 1 MiB segment verified before a byte of it is given out."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass

from scanward.vault.errors import Reason, VaultError
from scanward.vault.locator import Locator
from scanward.vault.record import HEADER, OBJECT, SEGMENT, TAG, UNKNOWN, Header, RecordCipher
from scanward.vault.storage import Buffer, Part, Storage

GetKey = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class _Span:
    number: int
    start: int
    length: int
    last: bool


class SealedReader(io.RawIOBase):
    """Random access to one sealed object; holds at most one segment in memory.

    Opening verifies the first segment, so that a damaged, swapped or erased object is refused before anything
    is sent.
    """

    def __init__(self, storage: Storage, locator: Locator, key: bytes, key_id: str, identity: str) -> None:
        super().__init__()
        self._storage, self._size, self._at = storage, locator.size, 0
        self._part = Part(locator.place.stream, locator.place.part)
        self._offset = locator.place.offset
        self._segment = bytearray()
        self._number = -1
        first = storage.read(self._part, self._offset, HEADER + min(self._size, SEGMENT) + TAG)
        header = Header.unpack(first)
        if header is None or not _matches(header, key_id, locator.size):
            raise VaultError(
                Reason.DAMAGED, "No such object lies at this place of the vault; it is damaged or was moved."
            )
        self._cipher = RecordCipher(key, key_id, header.salt, identity)
        self._keep(self._span(0), memoryview(first)[HEADER:])

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Return the position in the plain data."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move in the plain data."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._at = base + offset
        return self._at

    def readinto(self, target: Buffer, /) -> int:  # type: ignore[override]  # typeshed: WriteableBuffer
        """Fill a buffer; a whole segment is opened straight into it. Raises: VaultError (DAMAGED)."""
        view = memoryview(target).cast("B")
        if self._at >= self._size or not len(view):
            return 0
        number, skip = divmod(self._at, SEGMENT)
        span = self._span(number)
        if not skip and len(view) >= span.length and number != self._number:
            self._cipher.open_into(number, span.last, self._sealed(span), view[: span.length])
            self._at += span.length
            return span.length
        if number != self._number:
            self._keep(span, self._sealed(span))
        count = min(len(view), span.length - skip)
        view[:count] = memoryview(self._segment)[skip : skip + count]
        self._at += count
        return count

    def _span(self, number: int) -> _Span:
        start = number * SEGMENT
        length = min(SEGMENT, self._size - start)
        return _Span(number, self._offset + HEADER + number * (SEGMENT + TAG), length, start + length == self._size)

    def _sealed(self, span: _Span) -> Buffer:
        return self._storage.read(self._part, span.start, span.length + TAG)

    def _keep(self, span: _Span, sealed: Buffer) -> None:
        self._number = -1  # nothing is kept if the tag does not fit
        if len(self._segment) != span.length:
            self._segment = bytearray(span.length)
        self._cipher.open_into(span.number, span.last, sealed, self._segment)
        self._number = span.number


def _matches(header: Header, key_id: str, size: int) -> bool:
    return header.kind == OBJECT and header.key_id == key_id and header.size in {size, UNKNOWN}
