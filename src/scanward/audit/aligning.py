"""Lays the stored rows beside the leaf hashes kept outside, and names what differs.

Somebody with all rights can change an entry, insert or take one away, renumber all that follow and compute
every hash anew: the result is consistent in itself. But a leaf hash is over the number and the body, so
each hash outside still picks out its body, also when that now stands under another number. The comparison
looks ahead on both sides to find where they agree again.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from scanward.audit.event import leaf_of
from scanward.audit.findings import Finding, Touched
from scanward.audit.reading import Row

NEAR = 32
FAR = 2048
MAX_SUSPECTS = 200
T = TypeVar("T")


class Ahead(Generic[T]):
    """An iterator of which one can see what comes."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._seen: deque[T] = deque()

    def peek(self, offset: int) -> T | None:
        """Return the item that comes after `offset` others, or None after the end."""
        while len(self._seen) <= offset:
            try:
                self._seen.append(next(self._items))
            except StopIteration:
                return None
        return self._seen[offset]

    def drop(self, count: int) -> None:
        """Pass over some items."""
        for _ in range(count):
            if self.peek(0) is not None:
                self._seen.popleft()


class Alignment:
    """Compares rows with proven hashes: iterate `findings()`, then ask for `suspects()` and the `rest`."""

    def __init__(self, rows: Iterable[Row], hashes: Iterable[bytes]) -> None:
        self.rest = Ahead(rows)
        self._hashes = Ahead(hashes)
        self._number = 0  # of the next hash, which is that of the original entry
        self.next_seq = 0  # that the next row should have, after the one before it
        self._blind = 0
        self._blind_next = NEAR
        self._suspects: list[tuple[int, str, bytes]] = []

    @property
    def shift(self) -> int:
        """How much lower the rows are numbered now than the originals were."""
        return self._number - self.next_seq

    def findings(self) -> Iterator[Finding]:
        """Yield what differs, up to the last proven hash; `suspects` has the first changed entries."""
        while (original := self._hashes.peek(0)) is not None:
            row = self.rest.peek(0)
            if row is not None and row.leaf_at(self._number) == original:
                yield from _beside_the_content(row, original)
                self._blind, self._blind_next = 0, NEAR
                self._step(1, 1)
            else:
                yield from self._difference(row)

    def suspects(self) -> Iterator[Finding]:
        """Yield the entries that were changed, and of those the pairs that were swapped."""
        hashes = {number: leaf for number, _, leaf in self._suspects}
        source = {number: self._origin(body, hashes) for number, body, _ in self._suspects}
        for number, other in source.items():
            if other is None or source.get(other) != number or other == number:
                yield Finding(Touched.CHANGED, number, number)
            elif number < other:
                yield Finding(Touched.SWAPPED, number, other)

    @staticmethod
    def _origin(body: str, hashes: dict[int, bytes]) -> int | None:
        """Return the number under which this body was written, if it is one of these."""
        return next((number for number, leaf in hashes.items() if leaf_of(number, body) == leaf), None)

    def _difference(self, row: Row | None) -> Iterator[Finding]:
        gone, new = (1, 0) if row is None else self._how_far(row)
        both = min(gone, new)
        for offset in range(both):
            yield from self._changed(offset)
        for number in range(self._number + both, self._number + gone):
            if self._hashes.peek(number - self._number) is not None:
                yield Finding(Touched.DELETED, number, number)
        inserted = (self.rest.peek(offset) for offset in range(both, new))
        yield from (Finding(Touched.INSERTED, extra.seq, extra.seq) for extra in inserted if extra)
        self._step(gone, new)

    def _changed(self, offset: int) -> Iterator[Finding]:
        number, row, original = self._number + offset, self.rest.peek(offset), self._hashes.peek(offset)
        if row is not None and original is not None and len(self._suspects) < MAX_SUSPECTS:
            self._suspects.append((number, row.body, original))
        else:
            yield Finding(Touched.CHANGED, number, number)

    def _how_far(self, row: Row) -> tuple[int, int]:
        """Return how many hashes and how many rows to pass until both may agree again."""
        if row.seq > self.next_seq:
            return row.seq - self.next_seq, 0
        if self._blind:
            self._blind -= 1
            return 1, 1
        if self._fits(0, 1) and self._fits(1, 0):
            return 2, 2  # swapped neighbours
        for gone, new in _distances():
            if self._fits(new, gone):
                return gone, new
        # They do not agree anywhere near: a long rewrite. Look again after a while, then after a longer one.
        self._blind, self._blind_next = self._blind_next, self._blind_next * 2
        return 1, 1

    def _fits(self, row_offset: int, hash_offset: int) -> bool:
        """Return whether that row's body was written under that hash's number."""
        original, row = self._hashes.peek(hash_offset), self.rest.peek(row_offset)
        if original is None or row is None:
            return False
        return row.leaf_at(self._number + hash_offset) == original

    def _step(self, hashes: int, rows: int) -> None:
        last = self.rest.peek(rows - 1) if rows else None
        if last is not None:
            self.next_seq = last.seq + 1
        elif not rows:
            row = self.rest.peek(0)
            self.next_seq = self.next_seq if row is None else row.seq
        self._hashes.drop(hashes)
        self.rest.drop(rows)
        self._number += hashes


def _distances() -> Iterator[tuple[int, int]]:
    """Yield (hashes, rows) to pass, the likeliest first: few of both, then long runs of one of them."""
    for distance in range(1, 2 * NEAR):
        for gone in range(max(0, distance - NEAR), min(distance, NEAR) + 1):
            yield gone, distance - gone
    for distance in range(NEAR + 1, FAR):
        yield distance, 0
        yield 0, distance


def _beside_the_content(row: Row, original: bytes) -> Iterator[Finding]:
    """Yield what was changed in a row whose body is the original; if it was only renumbered, that is told elsewhere."""
    if row.leaf not in (original, row.actual):
        yield Finding(Touched.HASH_CHANGED, row.seq, row.seq)
    for column in row.wrong_columns():
        yield Finding(Touched.COLUMN_CHANGED, row.seq, row.seq, column)
