"""What the vault asks of a place that keeps bytes: small named objects, and append-only streams made of
parts.

A stream has one writer at a time and consists of numbered parts. In a folder a part is a file that grows; on
S3 a part is one object per commit. Nothing here knows about encryption.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, order=True, slots=True)
class Part:
    """One part of a stream, and how many of its bytes may be read."""

    stream: str
    number: int
    length: int = 0


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where a record begins."""

    stream: str
    part: int
    offset: int


class Tail(Protocol):
    """The end of a stream, held exclusively; not thread-safe (see commit.GroupCommit)."""

    stream: str
    part: int
    length: int
    """Bytes written to this part."""
    durable: int
    """Bytes of this part that survive a power loss."""
    previous: int | None
    """Number of the part before this one."""
    broken: bool
    """What is not durable is lost, and the next `room` mends the rest."""

    @property
    def full(self) -> bool:
        """Tell whether another part should be begun."""

    def room(self, length: int) -> None:
        """Get ready for a record of this many bytes: begin another part when this one is full."""

    def write(self, buffers: Sequence[Buffer]) -> None:
        """Add bytes at `length`. Raises: VaultError, and then nothing was added."""

    def amend(self, offset: int, header: bytes) -> None:
        """Rewrite a header that is not durable yet; on S3, where parts tell their length, do nothing."""

    def seal(self) -> Callable[[], None]:
        """Take all that was written so far and return the call that makes it durable (run without a lock)."""

    def abandon(self) -> None:
        """Forget all that is not durable, after a failure; may be tried again by the next `room`."""

    def resume(self, length: int, *, fresh: bool) -> None:
        """Keep the first `length` bytes of a part found at start, durably; `fresh` begins another part."""

    def close(self, marker: bytes = b"") -> None:
        """Give the stream back, with a marker (where parts grow) that vouches for all bytes before it."""


class Storage(Protocol):
    """A folder or a bucket. Every method raises only VaultError."""

    whole_parts: bool
    """True where a part appears complete or not at all (S3)."""
    key_seconds: float
    """How long a key may be used without looking whether it still exists; 0 where looking is cheap."""

    def put(self, name: str, data: bytes) -> None:
        """Write or replace a small object, atomically and durably."""

    def get(self, name: str) -> bytes:
        """Return a small object. Raises: VaultError (NOT_FOUND)."""

    def has(self, name: str) -> bool:
        """Tell whether a small object exists."""

    def delete(self, name: str) -> None:
        """Destroy a small object durably; one that is not there is no error."""

    def names(self, prefix: str) -> Iterator[str]:
        """List the small objects below a prefix such as `keys/`."""

    def parts(self) -> list[Part]:
        """List all parts with their readable lengths, ordered by stream and number."""

    def read(self, part: Part, offset: int, length: int) -> Buffer:
        """Return up to `length` bytes of a part; fewer only at its end."""

    def settle(self, part: Part) -> None:
        """Make durable what a reader is about to rely on, whoever wrote it."""

    def claim(self, *, bulk: bool = False) -> Tail:
        """Take an idle stream, or begin one; `bulk` for one large object that is not to be held in memory."""

    def idle(self) -> Iterator[Tail]:
        """Take each stream that nobody holds, in turn, for the sweep."""

    def held(self, stream: str) -> bool:
        """Tell whether a writer, here or elsewhere, holds the stream."""

    def sweep(self) -> int:
        """Remove half-written small objects whose writers are gone; return how many."""

    def forget(self) -> None:
        """Drop what a parent process held (called in the child after a fork)."""
