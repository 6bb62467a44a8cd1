"""A request's clock, made again at any time from what was stored at its receipt."""

from dataclasses import replace
from datetime import date, datetime

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from scanward.law import clock
from scanward.law.facility import expected
from scanward.law.rows import ROWS
from scanward.law.rules import Duty
from scanward.release import house
from scanward.release.kinds import ANSWERED, State
from scanward.release.models import ReleaseRequest

_BY_CODE = {row.code: row for row in ROWS}


def begin(request: ReleaseRequest, *, received_at: datetime, duty: Duty = Duty.ACCESS_COPY) -> None:
    """Write the legal and the expected dates down: once, at receipt, whatever is still missing (F1, trap T1)."""
    running = clock.start(duty, at=received_at, facility=house.facility())
    request.received_at, request.due_on = received_at, running.due_on
    request.rules = [[deadline.rule.code, deadline.due_on.isoformat()] for deadline in running.deadlines]
    span = expected(
        received_at,
        house.facility(),
        expedited=request.expedited,
        legal_due=running.due_on,
        promise=house.promise(),
    )
    request.expected_soonest, request.expected_latest = span.soonest, span.latest


def clock_of(request: ReleaseRequest) -> clock.Clock:
    """The clock that was started at receipt, with its extension."""
    assert request.received_at
    deadlines = tuple(
        clock.Deadline(_BY_CODE[code], date.fromisoformat(day)) for code, day in request.rules if code in _BY_CODE
    )
    state = house.facility().state
    running = clock.Clock(started_at=request.received_at, zone=house.zone(), state=state, deadlines=deadlines)
    if request.extended_to is None or request.extension_sent_at is None:
        return running
    used = clock.Extension(
        sent_at=request.extension_sent_at, reason=request.extension_reason, new_date=request.extended_to
    )
    return replace(running, extension=used)


def read(request: ReleaseRequest, *, now: datetime) -> clock.Reading:
    """How much of the time is gone."""
    return clock.read(clock_of(request), now=now)


def unanswered() -> QuerySet[ReleaseRequest]:
    """Everything that waits for its answer, in the order in which it should be done: urgent first, then by its date."""
    found = ReleaseRequest.objects.exclude(state__in=[state.value for state in ANSWERED | {State.DRAFT}])
    return found.order_by("-expedited", Coalesce(F("extended_to"), F("due_on")), "received_at")


def overdue(*, now: datetime) -> QuerySet[ReleaseRequest]:
    """What should have been answered, by law, and was not (F6)."""
    today = house.today(now)
    return unanswered().filter(Q(extended_to__lt=today) | Q(extended_to=None, due_on__lt=today))
