"""Holds: why something may not leave yet, by which clause, and until when. Every hold ends by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .days import count_from, first_instant, local_day
from .errors import Unlawful
from .facility import Facility
from .rows import ROWS
from .rules import FEDERAL, Duty, Rule


class HoldKind(StrEnum):
    """The four kinds of hold; none is for an organization's own wish to look first."""

    STATUTE = "statute"
    HARM = "harm"
    LEGAL = "legal"
    RESTRICTION = "restriction"


class Sensitivity(StrEnum):
    """What a test result is reasonably likely to show, as its author marked it."""

    ORDINARY = "ordinary"
    MALIGNANCY = "malignancy"
    GENETIC_MARKER = "genetic marker"


class Item(StrEnum):
    """What can be released separately."""

    IMAGES = "images"
    REPORT = "report"


class Means(StrEnum):
    """How it would reach the person: SB 922 speaks of electronic means only."""

    ELECTRONIC = "electronic"
    PHYSICAL = "physical"


# The information blocking exception under which each kind of hold stands, so that it is never "interference".
EXCEPTIONS: dict[HoldKind, str] = {
    HoldKind.STATUTE: "45 CFR 171.202(b)",
    HoldKind.HARM: "45 CFR 171.201",
    HoldKind.LEGAL: "45 CFR 171.202(b)",
    HoldKind.RESTRICTION: "45 CFR 171.202(e)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold; it can't be made without its clause, its exception, its reason and its end."""

    kind: HoldKind
    citation: str
    rationale: str
    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if not self.citation.strip() or not self.rationale.strip():
            raise Unlawful("A hold needs the clause that allows it and the reason.", self.exception_code)
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("A hold starts and ends at aware times.")
        if self.ends_at <= self.starts_at:
            raise Unlawful("A hold must end after it starts.", self.exception_code)

    @property
    def exception_code(self) -> str:
        """The exception of 45 CFR 171 that covers the hold."""
        return EXCEPTIONS[self.kind]

    def holds(self, now: datetime) -> bool:
        """Whether it holds now; nobody has to lift it."""
        return self.starts_at <= now < self.ends_at


def report_hold(
    *,
    sensitivity: Sensitivity,
    finalized_at: datetime,
    facility: Facility,
    rules: Iterable[Rule] = ROWS,
) -> Hold | None:
    """The statutory hold on electronic release of a sensitive report, to the start of the third day after.

    Day 0 is the local day of finalization. None where no statute applies: then results appear at once (F8),
    for an organization's wish to delay them is information blocking.

    Law: Tex. Occ. Code 159.0062(b); 45 CFR 171.202(b)
    """
    if sensitivity is Sensitivity.ORDINARY:
        return None
    day = local_day(finalized_at, facility.zone)
    rows = [r for r in rules if _is_hold(r, facility.state) and r.in_force(day)]
    if not rows:
        return None
    ends = {row: count_from(day, row.amount, row.unit, facility.state) for row in rows}
    last = max(rows, key=lambda row: ends[row])
    return Hold(
        kind=HoldKind.STATUTE,
        citation=last.citation,
        rationale="State law keeps this result from electronic release until a clinician had time to call.",
        starts_at=finalized_at,
        ends_at=first_instant(ends[last], facility.zone),
    )


def _is_hold(rule: Rule, state: str) -> bool:
    return rule.duty is Duty.HOLD_SENSITIVE_REPORT and rule.jurisdiction in (FEDERAL, state)


def withheld(hold: Hold | None, *, item: Item, means: Means, now: datetime) -> bool:
    """Whether a statutory report hold keeps this item back: reports by electronic means only, images never.

    Law: Tex. Occ. Code 159.0062(b)
    """
    if hold is None or item is not Item.REPORT or not hold.holds(now):
        return False
    return hold.kind is not HoldKind.STATUTE or means is Means.ELECTRONIC
