"""Brings a folder, a file or a ZIP in, and counts what became of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from scanward.archive.store import Sender
from scanward.intake.folder import files, items
from scanward.intake.receive import Item, Outcome, Received, note_refused, receive

NAMED = 1000


@dataclass(slots=True)
class Summary:
    """What became of everything, and the names of what was not kept."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    studies: set[UUID] = field(default_factory=set)
    left_out: list[Received] = field(default_factory=list)

    def add(self, received: Received) -> None:
        """Count one answer."""
        self.counts[received.outcome] += 1
        if received.study_id:
            self.studies.add(received.study_id)
        if received.outcome in (Outcome.REFUSED, Outcome.CONFLICT) and len(self.left_out) < NAMED:
            self.left_out.append(received)


def _silent(_done: int, _total: int) -> None:
    """Show no progress."""


def bring(
    root: Path,
    *,
    sender: Sender,
    now: datetime,
    progress: Callable[[int, int], None] = _silent,
) -> Summary:
    """Take in all files below a folder, or one file, or the members of a ZIP; the source is only read.

    Raises:
        VaultError: the vault could not keep more; what was counted before is safe, and running again goes on.
    """
    paths = files(root)

    def found() -> Iterator[Item | Received]:
        for number, path in enumerate(paths):
            progress(number, len(paths))
            yield from items(path, root=root)

    summary = Summary()
    take(found(), summary, sender=sender, now=now)
    progress(len(paths), len(paths))
    return summary


def take(found: Iterable[Item | Received], summary: Summary, *, sender: Sender, now: datetime) -> None:
    """Take in what was found, and count; what was refused before it was read is counted and told, too.

    Raises:
        VaultError: the vault could not keep more; what was counted before is safe.
    """
    # Links, and what a ZIP must not hold.
    refused: list[str] = []

    def readable() -> Iterator[Item]:
        for one in found:
            if isinstance(one, Item):
                yield one
            else:
                summary.add(one)
                refused.append(one.code)

    for received in receive(readable(), sender=sender, now=now):
        summary.add(received)
    note_refused(refused, sender=sender, now=now)
