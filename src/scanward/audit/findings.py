"""What `verify` found, in the words of someone who has to act on it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MAX_FINDINGS = 1000


class Touched(StrEnum):
    """What was done to the ledger."""

    CHANGED = "changed"
    HASH_CHANGED = "hash_changed"
    COLUMN_CHANGED = "column_changed"
    DELETED = "deleted"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    MISNUMBERED = "misnumbered"
    SOMEWHERE = "somewhere"
    HEAD = "head"
    GUARD = "guard"
    CHECKPOINT = "checkpoint"
    HASHES_OUTSIDE = "hashes_outside"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be; `first` and `last` are numbers of entries, or None."""

    kind: Touched
    first: int | None = None
    last: int | None = None
    detail: str = ""

    def __str__(self) -> str:
        return _SENTENCES[self.kind].format(where=self._where(), first=self.first, last=self.last, detail=self.detail)

    def _where(self) -> str:
        return f"Entry {self.first}" if self.first == self.last else f"Entries {self.first} to {self.last}"


_SENTENCES = {
    Touched.CHANGED: "{where}: the content was changed.",
    Touched.HASH_CHANGED: "{where}: the stored hash was changed; the content is the original.",
    Touched.COLUMN_CHANGED: "{where}: the column {detail} was changed; the content is the original.",
    Touched.DELETED: "{where}: deleted.",
    Touched.INSERTED: "{where}: inserted afterwards.",
    Touched.SWAPPED: "Entries {first} and {last} were swapped.",
    Touched.MISNUMBERED: "{where}: the number is used twice.",
    Touched.SOMEWHERE: "{where}: something here was changed, {detail}.",
    Touched.HEAD: "The head of the ledger does not fit the entries: {detail}.",
    Touched.GUARD: "The guard {detail} of the database was taken away or changed.",
    Touched.CHECKPOINT: "The checkpoint {detail}",
    Touched.HASHES_OUTSIDE: "The hashes beside the checkpoints are damaged: {detail}",
    Touched.UNSIGNED: "There is no checkpoint, so nothing is proven. Run `scanward audit checkpoint`.",
}

_RANGES = {Touched.CHANGED, Touched.HASH_CHANGED, Touched.COLUMN_CHANGED, Touched.DELETED, Touched.INSERTED}


@dataclass
class Report:
    """The result of a verification."""

    entries: int = 0
    signed: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing was touched."""
        return not self.findings

    @property
    def touched(self) -> set[int]:
        """The numbers of all entries that a finding names."""
        numbers: set[int] = set()
        for finding in self.findings:
            if finding.first is None or finding.last is None:
                continue
            pair = finding.kind is Touched.SWAPPED
            numbers |= {finding.first, finding.last} if pair else set(range(finding.first, finding.last + 1))
        return numbers

    def add(self, finding: Finding) -> None:
        """Add a finding; neighbours of one kind become one range, so that the list stays short."""
        last = self.findings[-1] if self.findings else None
        if last and finding.first is not None and _continues(last, finding):
            self.findings[-1] = Finding(last.kind, last.first, finding.last, last.detail)
        elif len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.more += 1

    def add_all(self, findings: Iterable[Finding]) -> None:
        """Add several findings."""
        for finding in findings:
            self.add(finding)

    def settle(self) -> None:
        """Put the findings in the order of the ledger."""
        found, self.findings = self.findings, []
        self.add_all(sorted(found, key=lambda finding: -1 if finding.first is None else finding.first))

    def lines(self) -> list[str]:
        """Return the report as sentences."""
        if self.ok:
            return [
                f"The ledger is intact: {self.entries} entries, {self.signed} of them proven by "
                f"{self.checkpoints} checkpoint{'' if self.checkpoints == 1 else 's'} kept outside."
            ]
        more = [f"... and {self.more} more."] if self.more else []
        return [f"THE LEDGER WAS TOUCHED ({self.entries} entries read).", *map(str, self.findings), *more]


def _continues(last: Finding, new: Finding) -> bool:
    same = last.kind is new.kind and last.detail == new.detail and new.kind in _RANGES
    return same and last.last is not None and last.last + 1 == new.first
