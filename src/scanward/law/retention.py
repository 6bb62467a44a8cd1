"""How long things are kept: every row that applies runs, the longest wins, a legal hold stops disposal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .days import add_years, count_from
from .errors import Unlawful
from .rows import ROWS
from .rules import Duty, Rule, applicable


class Kind(StrEnum):
    """Kinds of record with a schedule."""

    IMAGES = "images and reports"
    PORTABLE_XRAY = "portable X-ray records"
    DOCUMENTATION = "policies, authorizations, letters, accounts, audit"


_DUTIES = {
    Kind.IMAGES: Duty.KEEP_IMAGES,
    Kind.PORTABLE_XRAY: Duty.KEEP_PORTABLE,
    Kind.DOCUMENTATION: Duty.KEEP_DOCUMENTATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorRow:
    """A record of a minor is kept at least until an age."""

    jurisdiction: str
    until_age: int
    citation: str


# Of age at 18, and one year (CA) or two (TX) on top.
MINORS: tuple[MinorRow, ...] = (
    MinorRow(jurisdiction="TX", until_age=20, citation="Tex. Health & Safety Code 241.103(b)"),
    MinorRow(jurisdiction="CA", until_age=19, citation="22 CCR 70751(c)"),
)


@dataclass(frozen=True, slots=True)
class Keep:
    """The last day of keeping and every clause that was counted."""

    until: date
    citations: tuple[str, ...]


def keep_until(kind: Kind, *, since: date, state: str, born: date | None = None, rules: Iterable[Rule] = ROWS) -> Keep:
    """Until which day a record is kept: the longest of the federal and the state rows (O3).

    `since` is the exam or last treatment, or for documents the creation or last day in effect, if later. For
    schedules the rows of the day of that event count; `born` prolongs what was made of a minor.

    Law: 42 CFR 482.26(d)(2); 42 CFR 486.106; 45 CFR 164.316(b)(2)(i); 45 CFR 164.530(j)(2);
        45 CFR 164.508(b)(6); 45 CFR 164.528(d); Tex. Health & Safety Code 241.103(b); 22 CCR 70751(c)
    """
    rows = applicable(rules, _DUTIES[kind], on=since, state=state)
    ends = {row.citation: count_from(since, row.amount, row.unit, state) for row in rows}
    if kind is Kind.IMAGES and born is not None and since < add_years(born, 18):
        for minor in MINORS:
            if minor.jurisdiction == state:
                ends[f"{minor.citation} (minors)"] = add_years(born, minor.until_age)
    return Keep(max(ends.values()), tuple(ends))


def check_disposal(keep: Keep, *, on: date, legal_hold: bool) -> None:
    """Refuse to dispose of what must still be kept.

    Raises:
        Unlawful: under a legal hold, or until the last day has passed.

    Law: 42 CFR 482.26(d)(2); 45 CFR 164.530(j)(2)
    """
    if legal_hold:
        raise Unlawful("A legal hold keeps this record whatever the schedule says.", "legal hold")
    if on <= keep.until:
        raise Unlawful(f"This record is kept until {keep.until:%Y-%m-%d}.", "; ".join(keep.citations))
