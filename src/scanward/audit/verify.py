"""Replays the ledger against what is kept outside, and says exactly which entry was touched (L3, fault E1).

Up to the last signed size every entry is compared with its hash outside. Behind it there is only what the
database itself says: hashes, numbers and the head; somebody with all rights could rewrite those, so sign
often.
"""

from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from scanward.audit import actions
from scanward.audit.aligning import Alignment
from scanward.audit.findings import Finding, Report, Touched
from scanward.audit.guards import missing_guards
from scanward.audit.merkle import CompactRange
from scanward.audit.outside import Outside, read_outside
from scanward.audit.reading import Row, rows


def verify(checkpoints: Path, vkey: str) -> Report:
    """Compare the ledger with the checkpoints in a folder; `vkey` has one public key or more, one in a line.

    Raises:
        BadNote: the verifier key is not one.
    """
    outside = read_outside(checkpoints, vkey)
    report = Report(signed=outside.proven, checkpoints=len(outside.checkpoints))
    report.add_all(outside.findings)
    report.add_all(Finding(Touched.GUARD, detail=name) for name in missing_guards(connection))
    replay = Replay(outside)
    alignment = Alignment(replay.rows(), outside.leaves())
    report.add_all(alignment.findings())
    report.add_all(alignment.suspects())
    report.add_all(_unproven(alignment))
    report.entries = replay.entries
    located = min((f.first for f in report.findings if f.first is not None), default=None)
    report.add_all(replay.roots(located))
    report.settle()
    return report


class Replay:
    """Reads the rows once, and computes the root at each signed size on the way."""

    def __init__(self, outside: Outside) -> None:
        self.entries = 0
        self._checkpoints = outside.checkpoints
        self._tree = CompactRange()
        self._agreed = 0
        self._differs: int | None = None
        self._pending = [c for c in outside.checkpoints if c.size > 0]

    def rows(self) -> Iterator[Row]:
        """Yield the rows."""
        for row in rows():
            self.entries += 1
            self._tree.append(row.actual)
            self._compare()
            yield row

    def roots(self, located: int | None) -> Iterator[Finding]:
        """Yield what the roots say beyond the entries that are named already, `located` being the first."""
        if self._pending and self._differs is None:
            self._differs = self._pending[0].size
        if self._differs is not None and (located is None or located >= self._differs):
            between = f"after the checkpoint of {self._agreed} entries and before that of {self._differs}"
            if not self._agreed:
                between = f"before the first checkpoint, of {self._differs} entries"
            yield Finding(Touched.SOMEWHERE, self._agreed, self._differs - 1, between)
        yield from self._head(explained=located is not None or self._differs is not None)

    def _compare(self) -> None:
        if not self._pending or self._pending[0].size != self._tree.size:
            return
        checkpoint = self._pending.pop(0)
        if self._tree.root() == checkpoint.root and self._differs is None:
            self._agreed = checkpoint.size
        elif self._differs is None:
            self._differs = checkpoint.size

    def _head(self, *, explained: bool) -> Iterator[Finding]:
        """The head must be that of the rows; a difference that the entries explain is not told twice."""
        try:
            head = actions.read_head()
        except actions.LedgerDamaged as error:
            yield Finding(Touched.HEAD, detail=str(error).rstrip("."))
            return
        if head.size != self._tree.size:
            yield Finding(Touched.HEAD, detail=f"it counts {head.size}, and there are {self._tree.size}")
        elif head.root() != self._tree.root() and not explained:
            yield Finding(Touched.HEAD, detail=f"its hash is wrong, or an entry from {self._agreed} on was changed")


def _unproven(alignment: Alignment) -> Iterator[Finding]:
    """Judge the rows behind the last proven hash by what the database says of them."""
    expected, shift = alignment.next_seq, alignment.shift
    while (row := alignment.rest.peek(0)) is not None:
        alignment.rest.drop(1)
        if row.seq < expected:
            yield Finding(Touched.MISNUMBERED, row.seq, row.seq)
        elif row.seq > expected:
            yield Finding(Touched.DELETED, expected, row.seq - 1)
        if row.leaf not in (row.actual, row.leaf_at(row.seq + shift)):
            yield Finding(Touched.CHANGED, row.seq, row.seq)
        else:
            for column in row.wrong_columns():
                yield Finding(Touched.COLUMN_CHANGED, row.seq, row.seq, column)
        expected = max(expected, row.seq) + 1
