"""How the house keeps its dates (F10): open requests, their age, the share in time, the median of days."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from scanward.law.days import first_instant
from scanward.release import house
from scanward.release.kinds import ANSWERED, State
from scanward.release.models import ReleaseRequest
from scanward.release.ways import ARRIVAL_NAMES, Arrival

AGES = ((0, 7), (8, 14), (15, 21), (22, 30), (31, 10_000))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: what, how many, and its share of the longest in percent."""

    label: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """The report."""

    open: int
    overdue: int
    answered: int
    in_time_percent: int | None
    median_days: float | None
    ages: list[Bar]
    by_delivery: list[tuple[str, int, float]]


def backlog(*, now: datetime) -> Backlog:
    """Count what is open now, and how what was answered in the last 90 days kept its date."""
    answered_states = [state.value for state in ANSWERED | {State.DRAFT}]
    open_rows = list(ReleaseRequest.objects.exclude(state__in=answered_states))
    answered = list(ReleaseRequest.objects.filter(answered_at__gte=now - timedelta(days=90)))
    today = house.today(now)
    kept = [row for row in answered if row.answered_at and house.today(row.answered_at) <= _due(row)]
    days = [_days(row) for row in answered]
    return Backlog(
        open=len(open_rows),
        overdue=sum(1 for row in open_rows if _due(row) < today),
        answered=len(answered),
        in_time_percent=round(100 * len(kept) / len(answered)) if answered else None,
        median_days=median(days) if days else None,
        ages=_ages([(today - house.today(row.received_at)).days for row in open_rows if row.received_at]),
        by_delivery=_by_delivery(answered),
    )


def start_of(day: date) -> datetime:
    """The first moment of a day on the facility's wall."""
    return first_instant(day, house.zone())


def end_of(day: date) -> datetime:
    """The last second of a day on the facility's wall."""
    return datetime.combine(day, time(23, 59, 59), house.zone()).astimezone(UTC)


def _due(row: ReleaseRequest) -> date:
    return row.extended_to or row.due_on or date.max


def _days(row: ReleaseRequest) -> int:
    assert row.answered_at
    assert row.received_at
    return (house.today(row.answered_at) - house.today(row.received_at)).days


def _ages(days: list[int]) -> list[Bar]:
    """How old the open ones are."""
    counts = Counter(next(span for span in AGES if span[0] <= max(age, 0) <= span[1]) for age in days)
    longest = max(counts.values(), default=1)
    return [
        Bar(
            f"{first}–{last}" if last < 10_000 else f"> {first - 1}",
            counts[first, last],
            100 * counts[first, last] // longest,
        )
        for first, last in AGES
    ]


def _by_delivery(answered: list[ReleaseRequest]) -> list[tuple[str, int, float]]:
    """How many, and the median of days, for each way of delivery."""
    found: dict[str, list[int]] = {}
    for row in answered:
        found.setdefault(row.delivery, []).append(_days(row))
    return [(str(ARRIVAL_NAMES[Arrival(way)]), len(days), median(days)) for way, days in sorted(found.items())]
