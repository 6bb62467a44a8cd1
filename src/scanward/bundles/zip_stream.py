"""A ZIP file that is never whole anywhere: its exact length is known at once and any range of it can be
made on demand.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from scanward.bundles.members import CHUNK, Member
from scanward.bundles.names import check_names
from scanward.bundles.zip_records import Coding, Entry, end_of_archive

_SMALL = 1 << 16  # pieces below this are joined before they are sent
_JOINED = 1 << 18


def _always() -> None:
    """Let the stream run on: nobody can revoke this one."""


class Body(Protocol):
    """How the bytes of a member stand in the archive."""

    coding: Coding

    def packed(self, size: int) -> int:
        """Length in the archive of a file of `size` bytes."""

    def crc32(self, member: Member) -> int:
        """The checksum that the headers state."""

    def reading(self, members: Sequence[Member]) -> "Reading":
        """Begin to read the members from the archive's first to its last, or any run of them."""

    def tag(self) -> bytes:
        """What else the archive's bytes depend on."""


class Reading(Protocol):
    """One pass over an archive."""

    def stream(self, index: int, start: int, stop: int) -> Iterator[bytes]:
        """The bytes `start` to `stop` of member `index` as they stand in the archive, at most 1 MiB at a
        time.
        """

    def close(self) -> None:
        """Stop what still works ahead."""


class Stored:
    """The bytes as they are: CT does not deflate enough to be worth the time."""

    coding = Coding()

    def packed(self, size: int) -> int:
        """As long as the file itself."""
        return size

    def crc32(self, member: Member) -> int:
        """Computed once, at intake."""
        return member.crc32

    def reading(self, members: Sequence[Member]) -> Reading:
        """Nothing to prepare."""
        return _StoredReading(members)

    def tag(self) -> bytes:
        """Nothing but the members."""
        return b"stored"


class _StoredReading:
    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members

    def stream(self, index: int, start: int, stop: int) -> Iterator[bytes]:
        return self._members[index].chunks(start, stop)

    def close(self) -> None:
        pass


class ZipStream:
    """A ZIP of `members` in their order, all dated `at`: same members, same bytes.

    `check` is called before each piece of at most 1 MiB is sent; what it raises cuts the stream (a revocation
    does).
    Raises: NameRefused when a name is not safe on every system, or two are one.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        at: datetime,
        check: Callable[[], None] = _always,
        body: Body | None = None,
    ) -> None:
        check_names(member.name for member in members)
        self._members, self._at, self._check, self._body = members, at, check, body or Stored()
        self._starts, self._central = array("Q"), array("Q")
        here = 0
        for entry in map(self._entry, members):
            self._starts.append(here)
            here += entry.local_length() + entry.packed
        for start, entry in zip(self._starts, map(self._entry, members), strict=True):
            self._central.append(here)
            here += entry.central_length(start)
        directory = self._central[0] if members else 0
        self._end = end_of_archive(count=len(members), start=directory, length=here - directory)
        self._end_start = here
        self.size: int = here + len(self._end)
        """The archive's exact length in bytes: the Content-Length."""

    def iterate(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Make the bytes from `start` up to but not including `stop`, without reading members that lie
        outside.

        Raises: ValueError at once when the range is not inside the archive; MemberBroken, or what `check`
        raises, on the way.
        """
        stop = self.size if stop is None else stop
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"This range is not inside the archive of {self.size} bytes.")
        return self._checked(start, stop)

    @property
    def tag(self) -> str:
        """Name these very bytes (a strong ETag, RFC 9110 section 8.8.3), so that a download resumes only
        where nothing changed.
        """
        digest = sha256(self._body.tag() + self._at.isoformat().encode())
        for member in self._members:
            digest.update(f"{len(member.name)} {member.name} {member.size} {member.sha256}".encode())
        return digest.hexdigest()[:32]

    def _entry(self, member: Member) -> Entry:
        body = self._body
        packed, crc = body.packed(member.size), body.crc32(member)
        return Entry(member.name.encode(), member.size, packed, crc, self._at, body.coding)

    def _checked(self, start: int, stop: int) -> Iterator[bytes]:
        self._check()
        for piece in _joined(self._pieces(start, stop)):
            self._check()
            yield piece

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        first = bisect_right(self._starts, start) - 1
        with closing(self._body.reading(self._members)) as reading:
            for index in range(max(first, 0), len(self._members)):
                if self._starts[index] >= stop:
                    return
                yield from self._file(reading, index, start, stop)
        yield from self._directory(start, stop)

    def _file(self, reading: Reading, index: int, start: int, stop: int) -> Iterator[bytes]:
        entry, here = self._entry(self._members[index]), self._starts[index]
        body = here + entry.local_length()
        if start < body:
            yield entry.local()[max(start - here, 0) : stop - here]
        low, high = max(start - body, 0), min(stop - body, entry.packed)
        if low < high:
            yield from reading.stream(index, low, high)

    def _directory(self, start: int, stop: int) -> Iterator[bytes]:
        first = bisect_right(self._central, start) - 1
        for index in range(max(first, 0), len(self._members)):
            here = self._central[index]
            if here >= stop:
                return
            line = self._entry(self._members[index]).central(self._starts[index])
            yield line[max(start - here, 0) : stop - here]
        yield self._end[max(start - self._end_start, 0) : max(stop - self._end_start, 0)]


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join the small pieces, so that a thousand headers are not a thousand writes; large ones pass
    uncopied.
    """
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        if length and (len(piece) >= _SMALL or length >= _JOINED):
            yield b"".join(waiting)
            waiting, length = [], 0
        if len(piece) >= _SMALL:
            yield piece
        elif piece:
            waiting.append(piece)
            length += len(piece)
    if length:
        yield b"".join(waiting)


assert _JOINED + _SMALL <= CHUNK
