"""The legal clock: a pure function of the receipt, the facility and the rows in force that day.

It starts at receipt whatever is missing (trap T1) and nothing stops it: there is no pause, because no clause
grants one for missing information, identity checks or unpaid fees. Receipt is day 0; a deadline runs to the
end of its day on the facility's wall. Federal and state rows run side by side and the sooner one is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from .days import count_from, first_instant, local_day
from .errors import Unlawful
from .facility import Facility
from .rows import ROWS
from .rules import Duty, Rule, Trigger, applicable


class Level(StrEnum):
    """How much of the time is gone; each level is a warning of its own."""

    CALM = "less than half of the time is gone"
    HALF = "half of the time is gone"
    THREE_QUARTERS = "three quarters of the time are gone"
    NINE_TENTHS = "nine tenths of the time are gone"
    OVERDUE = "the date has passed"


_WARN_PERCENT = ((90, Level.NINE_TENTHS), (75, Level.THREE_QUARTERS), (50, Level.HALF))


@dataclass(frozen=True, slots=True)
class Deadline:
    """One row's last day."""

    rule: Rule
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """The one written extension: when the statement was sent, why, and the date it promises."""

    sent_at: datetime
    reason: str
    new_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A running clock: day 0, every row that runs, and the extension if it was used."""

    started_at: datetime
    zone: ZoneInfo
    state: str
    deadlines: tuple[Deadline, ...]
    extension: Extension | None = None

    @property
    def governing(self) -> Deadline:
        """The deadline that comes first, with the extension counted in (45 CFR 160.203(b))."""
        return min((self._extended(deadline) for deadline in self.deadlines), key=_due)

    @property
    def due_on(self) -> date:
        """The last day on which the duty is done in time."""
        return self.governing.due_on

    @property
    def late_at(self) -> datetime:
        """The first moment that is too late, in UTC."""
        return first_instant(self.due_on + timedelta(days=1), self.zone)

    def _extended(self, deadline: Deadline) -> Deadline:
        if self.extension is None or deadline.rule.extension_days == 0:
            return deadline
        return replace(deadline, due_on=self.extension.new_date)


def _due(deadline: Deadline) -> date:
    return deadline.due_on


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock says at a moment."""

    level: Level
    days_left: int

    @property
    def overdue(self) -> bool:
        """Whether the legal date has passed."""
        return self.level is Level.OVERDUE


def _day_zero(rule: Rule, day: date) -> date:
    return date(day.year, 12, 31) if rule.trigger is Trigger.END_OF_YEAR else day


def _governing_rows(rows: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """A house's promise governs only where the law names no time."""
    return tuple(row for row in rows if row.binding) or rows


def start(duty: Duty, *, at: datetime, facility: Facility, rules: Iterable[Rule] = ROWS) -> Clock:
    """Start the clock of a duty at its trigger; the rows in force on that local day govern it for good.

    `at` is aware; days are counted in the facility's zone, business days by its state's holidays.

    Raises:
        Unlawful: when no row is in force.

    Law: 45 CFR 164.524(b)(2)(i); 45 CFR 164.526(b)(2)(i); 45 CFR 164.528(c)(1)(i); 45 CFR 160.203(b);
        Tex. Health & Safety Code 181.102(a); Cal. Health & Safety Code 123110(a);
        Cal. Health & Safety Code 123110(b); 45 CFR 171.204(b); 45 CFR 164.524(d)(4)
    """
    day = local_day(at, facility.zone)
    rows = _governing_rows(applicable(rules, duty, on=day, state=facility.state))
    deadlines = tuple(
        Deadline(row, count_from(_day_zero(row, day), row.amount, row.unit, facility.state)) for row in rows
    )
    return Clock(started_at=at, zone=facility.zone, state=facility.state, deadlines=deadlines)


def extend(clock: Clock, *, sent_at: datetime, reason: str, new_date: date) -> Clock:
    """Extend once, by a written statement with reason and new date that was sent before the date passed.

    A state deadline that has no extension of its own stays; where it comes first, nothing can be extended.

    Raises:
        Unlawful: with the clause, for a second extension, one without reason, sent too late (or before the
            request), reaching too far, not moving the date, or against a state deadline.

    Law: 45 CFR 164.524(b)(2)(ii); 45 CFR 164.526(b)(2)(ii); 45 CFR 164.528(c)(1)(ii); 45 CFR 160.203(b)
    """
    clause = _extension_clause(clock)
    _check_statement(clock, sent_at, reason, clause)
    if new_date <= clock.due_on:
        raise Unlawful("The new date must lie after the date it replaces.", clause)
    for deadline in clock.deadlines:
        _check_reach(deadline, new_date)
    return replace(clock, extension=Extension(sent_at=sent_at, reason=reason.strip(), new_date=new_date))


def _extension_clause(clock: Clock) -> str:
    """The clause that grants an extension, or a refusal when no row has one."""
    clauses = [d.rule.extension_citation for d in clock.deadlines if d.rule.extension_days]
    if not clauses:
        raise Unlawful("No extension exists for this duty.", clock.governing.rule.citation)
    return clauses[0]


def _check_statement(clock: Clock, sent_at: datetime, reason: str, clause: str) -> None:
    """The written statement: the only one, with a reason, sent inside the first period."""
    if clock.extension is not None:
        raise Unlawful("The one extension has been used; there is never a second.", clause)
    if not reason.strip():
        raise Unlawful("An extension needs its reason in writing.", clause)
    if sent_at < clock.started_at:
        raise Unlawful("The statement can't be older than the request.", clause)
    if sent_at >= clock.late_at:
        raise Unlawful("The statement was sent after the date had passed.", clause)


def _check_reach(deadline: Deadline, new_date: date) -> None:
    """How far one row lets the new date lie."""
    days = deadline.rule.extension_days
    if new_date <= deadline.due_on + timedelta(days=days):
        return
    if days:
        raise Unlawful(f"An extension is at most {days} days.", deadline.rule.extension_citation)
    raise Unlawful("This deadline has no extension.", deadline.rule.citation)


def extendable_until(clock: Clock) -> date | None:
    """The latest date that an extension could promise, or None where none is possible any more.

    Law: 45 CFR 164.524(b)(2)(ii); 45 CFR 164.526(b)(2)(ii); 45 CFR 164.528(c)(1)(ii)
    """
    latest = min(d.due_on + timedelta(days=d.rule.extension_days) for d in clock.deadlines)
    return latest if clock.extension is None and latest > clock.due_on else None


def warnings(clock: Clock) -> dict[Level, datetime]:
    """The moment of each warning, in UTC: 50, 75 and 90 % of the time from the start, then the passed date.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    span = clock.late_at - clock.started_at
    marks = {level: clock.late_at - span * (100 - percent) / 100 for percent, level in reversed(_WARN_PERCENT)}
    return {**marks, Level.OVERDUE: clock.late_at}


def read(clock: Clock, *, now: datetime) -> Reading:
    """What the clock says now: the warning reached and the days left (0 on the last day, then negative).

    Law: 45 CFR 164.524(b)(2)(i)
    """
    reached = [level for level, moment in warnings(clock).items() if now >= moment]
    return Reading(reached[-1] if reached else Level.CALM, (clock.due_on - local_day(now, clock.zone)).days)


def kept(clock: Clock, *, done_at: datetime) -> bool:
    """Whether the duty was done in time.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    return done_at < clock.late_at
