"""What came of the watched folder, day by day, for people who don't see the terminal in which it is watched."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from scanward.intake.bring import Summary
from scanward.intake.models import WatchedDay
from scanward.intake.receive import PUT_ASIDE, Outcome, Received
from scanward.law.days import local_day

# An empty look is noted this often, so that one sees that somebody looks.
PULSE: Final = timedelta(minutes=1)
SILENT_AFTER: Final = timedelta(minutes=5)
KEPT_FOR: Final = timedelta(days=30)
# Different reasons of one day; more than there are sentences would be a fault.
MOST_REASONS: Final = 50


def note(summary: Summary, *, now: datetime, problem: str = "") -> None:
    """Add one look to its day."""
    day = local_day(now, ZoneInfo(settings.FACILITY_TIME_ZONE))
    with transaction.atomic():
        row = WatchedDay.objects.select_for_update().filter(day=day).first()
        if row is None:
            row = WatchedDay(day=day)
            WatchedDay.objects.filter(day__lt=day - KEPT_FOR).delete()
        elif not summary.counts and row.problem == problem and now - row.looked_at < PULSE:
            return
        row.looked_at, row.problem = now, problem
        row.counts = _sum(row.counts, {outcome.value: n for outcome, n in summary.counts.items()})
        refused = Counter(_reason(one) for one in summary.left_out if one.outcome is Outcome.REFUSED)
        row.reasons = dict(Counter(_sum(row.reasons, refused)).most_common(MOST_REASONS))
        row.save()


def _reason(one: Received) -> str:
    """Return why it was refused; that it was put aside is seen among the cases."""
    return one.reason.removesuffix(f" {PUT_ASIDE}")


def _sum(before: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return dict(Counter(before) + Counter(more))


def is_silent(last: WatchedDay | None, *, now: datetime) -> bool:
    """Return whether nobody has looked into the folder for a while."""
    return last is None or now - last.looked_at > SILENT_AFTER
