"""How the house keeps its dates (F10): open requests, their age, the share in time, the median of days."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from django.conf import settings

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
class Line:
    """One line of a table with its bar: what, how many, their median of days, and its share of the longest."""

    label: str
    count: int
    median: float
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
    by_delivery: list["Line"]
    by_facility: list["Line"]


def backlog(*, now: datetime) -> Backlog:
    """Count what is open now, and how what was answered in the last 90 days kept its date."""
    answered_states = [state.value for state in ANSWERED | {State.DRAFT}]
    open_rows = list(ReleaseRequest.objects.exclude(state__in=answered_states))
    since = ReleaseRequest.objects.filter(answered_at__gte=now - timedelta(days=90))
    answered = list(since.select_related("patient").prefetch_related("patient__identifiers"))
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
        by_delivery=_lines((str(ARRIVAL_NAMES[Arrival(row.delivery)]), _days(row)) for row in answered),
        by_facility=_lines((_facility(row), _days(row)) for row in answered),
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


def _lines(days: Iterable[tuple[str, int]]) -> list[Line]:
    """How many there were of each, the median of their days, and a bar for it."""
    found: dict[str, list[int]] = {}
    for label, number in days:
        found.setdefault(label, []).append(number)
    medians = {label: median(numbers) for label, numbers in found.items()}
    longest = max(medians.values(), default=0) or 1
    return [
        Line(label, len(numbers), medians[label], round(100 * medians[label] / longest))
        for label, numbers in sorted(found.items())
    ]


def _facility(row: ReleaseRequest) -> str:
    """Whose patient it is: the house that gave the number; ours where none did."""
    numbers = row.patient.identifiers.all() if row.patient else []
    issuer = next((number.issuer for number in numbers), settings.FACILITY_ISSUER)
    return settings.FACILITY_NAME if issuer == settings.FACILITY_ISSUER else issuer
