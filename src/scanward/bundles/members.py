"""A member: one file of a package, with what intake already knows of it, and a way to open its bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256 as new_sha256
from io import BytesIO
from typing import BinaryIO
from zlib import crc32 as crc32_of

from scanward.bundles.crc import crc32_with_head

CHUNK = 1 << 20
"""The most that is read, or sent, between two looks at `check`: 1 MiB."""
PREAMBLE = bytes(128)
"""The neutral DICOM preamble (PS3.10 section 7.1): 128 zeros, which no program runs and no viewer mistakes
for a TIFF.
"""


class MemberBroken(Exception):
    """A member did not give the bytes that were promised; the stream ends here, short of its length, so the
    receiver notices.
    """

    def __init__(self, how: str) -> None:
        super().__init__(f"A file of this package is {how} than its record says. Nothing more is sent.")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a package.

    `size`, `crc32` and `sha256` (hex) are those of the bytes that are sent, `patch` included.
    """

    name: str
    size: int
    crc32: int
    sha256: str
    open: Callable[[], BinaryIO]
    patch: bytes = b""
    """Stands in place of the first `len(patch)` bytes of what `open` gives (see `with_head`)."""

    @classmethod
    def of(cls, name: str, data: bytes) -> "Member":
        """Make a member of bytes in memory, for the small files that are written for the package."""
        return cls(name, len(data), crc32_of(data), new_sha256(data).hexdigest(), lambda: BytesIO(data))

    def chunks(self, start: int = 0, stop: int | None = None, *, size: int = CHUNK) -> Iterator[bytes]:
        """Give the bytes `start` to `stop`, at most `size` at a time, without reading what comes before.

        Raises: MemberBroken when the source is shorter or longer than `self.size`.
        """
        stop = self.size if stop is None else stop
        with self.open() as source:
            if start:
                source.seek(start)
            while start < stop:
                data = source.read(min(size, stop - start))
                if not data:
                    raise MemberBroken("shorter")
                yield self._patched(data, start)
                start += len(data)
            if stop == self.size and source.read(1):
                raise MemberBroken("longer")

    def _patched(self, data: bytes, at: int) -> bytes:
        if at >= len(self.patch):
            return data
        here = self.patch[at : at + len(data)]
        return here + data[len(here) :]


def with_head(member: Member, head: bytes = PREAMBLE, *, sha256: str | None = None) -> Member:
    """Make a member that is sent with `head` as its first bytes; the size stays, CRC-32 follows by
    arithmetic.

    SHA-256 can't be computed from the old one: give it where it was stored at intake, else the member is read
    once.
    Raises: ValueError when the file is shorter than `head`, MemberBroken when the source is not what its
    record says.
    """
    if member.size < len(head):
        raise ValueError("This file is shorter than the head that should replace its own.")
    old = b"".join(member.chunks(0, len(head)))
    if old == head:
        return member
    crc = crc32_with_head(member.crc32, member.size, old, head)
    patch = head + member.patch[len(head) :]
    changed = replace(member, crc32=crc, patch=patch, sha256=sha256 or "")
    return changed if sha256 else replace(changed, sha256=_sha256(changed))


def _sha256(member: Member) -> str:
    digest = new_sha256()
    for chunk in member.chunks():
        digest.update(chunk)
    return digest.hexdigest()
