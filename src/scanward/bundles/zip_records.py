"""The records of a ZIP file (PKWARE APPNOTE 6.3.10), ZIP64 where the old fields are too small.

Every length is known before the first byte, so there are no data descriptors, and a reader may trust the
local headers.
"""

from dataclasses import dataclass
from datetime import datetime
from struct import Struct

_LOCAL = Struct("<4s5H3L2H")  # 4.3.7
_CENTRAL = Struct("<4s6H3L5H2L")  # 4.3.12
_END64 = Struct("<4sQ2H2L4Q")  # 4.3.14
_LOCATOR64 = Struct("<4sLQL")  # 4.3.15
_END = Struct("<4s4H2LH")  # 4.3.16
_FIELD = Struct("<2H")  # 4.5.1: id and length of an extra field

MOST_16 = 0xFFFF
MOST_32 = 0xFFFFFFFF
UTF8_NAME = 1 << 11
ENCRYPTED = 1 << 0
_UNIX = 3 << 8
_PLAIN_FILE_0644 = 0o100644 << 16
_VERSION_PLAIN, _VERSION_64 = 20, 45


@dataclass(frozen=True, slots=True)
class Coding:
    """How a file's bytes are kept: compression method, flags, smallest version that reads it, its own extra
    field.
    """

    method: int = 0
    flags: int = 0
    version: int = _VERSION_PLAIN
    extra: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as its two headers describe it; `packed` is the length of its bytes in the archive."""

    name: bytes
    size: int
    packed: int
    crc32: int
    at: datetime
    coding: Coding

    @property
    def big(self) -> bool:
        """Whether a length needs ZIP64."""
        return max(self.size, self.packed) >= MOST_32

    def local(self) -> bytes:
        """Write the header in front of the file's bytes."""
        extra = (_zip64([self.size, self.packed]) if self.big else b"") + self.coding.extra
        fixed = _LOCAL.pack(b"PK\3\4", *self._common(self.big), len(self.name), len(extra))
        return fixed + self.name + extra

    def central(self, offset: int) -> bytes:
        """Write the file's line in the central directory; `offset` is where its local header begins."""
        far = offset >= MOST_32
        wide = [self.size, self.packed] * self.big + [offset] * far
        extra = (_zip64(wide) if wide else b"") + self.coding.extra
        fixed = _CENTRAL.pack(
            b"PK\1\2",
            _UNIX | self._version(self.big or far),
            *self._common(self.big or far),
            len(self.name),
            len(extra),
            0,  # comment
            0,  # disk
            0,  # internal attributes
            _PLAIN_FILE_0644,
            MOST_32 if far else offset,
        )
        return fixed + self.name + extra

    def local_length(self) -> int:
        """Length of `local()` without writing it."""
        return _LOCAL.size + len(self.name) + (20 if self.big else 0) + len(self.coding.extra)

    def central_length(self, offset: int) -> int:
        """Length of `central(offset)` without writing it."""
        wide = 8 * (2 * self.big + (offset >= MOST_32))
        return _CENTRAL.size + len(self.name) + (wide + 4 if wide else 0) + len(self.coding.extra)

    def _version(self, wide: bool) -> int:
        return max(self.coding.version, _VERSION_64 if wide else 0)

    def _common(self, wide: bool) -> tuple[int, ...]:
        time, date = dos_time(self.at)
        packed, size = (MOST_32, MOST_32) if self.big else (self.packed, self.size)
        flags = self.coding.flags | UTF8_NAME
        return self._version(wide), flags, self.coding.method, time, date, self.crc32, packed, size


def _zip64(values: list[int]) -> bytes:
    return _FIELD.pack(0x0001, 8 * len(values)) + Struct(f"<{len(values)}Q").pack(*values)


def end_of_archive(*, count: int, start: int, length: int) -> bytes:
    """Write what closes an archive of `count` files whose central directory begins at `start` and is
    `length` long.
    """
    old = min(count, MOST_16), min(count, MOST_16), min(length, MOST_32), min(start, MOST_32)
    end = _END.pack(b"PK\5\6", 0, 0, *old, 0)
    if count < MOST_16 and max(length, start) < MOST_32:
        return end
    wide = _END64.pack(b"PK\6\6", _END64.size - 12, _UNIX | _VERSION_64, _VERSION_64, 0, 0, count, count, length, start)
    return wide + _LOCATOR64.pack(b"PK\6\7", 0, start + length, 1) + end


def dos_time(at: datetime) -> tuple[int, int]:
    """Time and date as MS-DOS kept them: 2-second steps, 1980 to 2107, no zone (so pass the facility's
    local time).
    """
    if at.year < 1980:
        return 0, 1 << 5 | 1
    if at.year > 2107:
        return 23 << 11 | 59 << 5 | 29, 127 << 9 | 12 << 5 | 31
    return at.hour << 11 | at.minute << 5 | at.second // 2, (at.year - 1980) << 9 | at.month << 5 | at.day
