"""The legal clock, case by case."""

import inspect
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scanward.law import clock as clock_module
from scanward.law.clock import Clock, Level, extend, extendable_until, kept, read, start, warnings
from scanward.law.errors import Unlawful
from scanward.law.facility import Facility
from scanward.law.rows import ROWS
from scanward.law.rules import Duty, Rule, Trigger, Unit

NEVADA = Facility(zone=ZoneInfo("America/Los_Angeles"), state="NV")
TEXAS = Facility(zone=ZoneInfo("America/Chicago"), state="TX")
CALIFORNIA = Facility(zone=ZoneInfo("America/Los_Angeles"), state="CA")


def received(facility: Facility, *day: int, hour: int = 10) -> datetime:
    return datetime(*day, hour, tzinfo=facility.zone)  # type: ignore[arg-type, misc]  # day is year, month, day


def access(facility: Facility, *day: int, hour: int = 10) -> Clock:
    return start(Duty.ACCESS_COPY, at=received(facility, *day, hour=hour), facility=facility)


def test_access_is_due_thirty_calendar_days_after_receipt() -> None:
    """F1."""
    assert access(NEVADA, 2026, 3, 2).due_on == date(2026, 4, 1)


def test_february_of_a_leap_year_has_its_day() -> None:
    """F1."""
    assert access(NEVADA, 2028, 2, 1).due_on == date(2028, 3, 2)
    assert access(NEVADA, 2027, 2, 1).due_on == date(2027, 3, 3)


def test_a_request_of_the_last_minute_counts_from_the_same_day() -> None:
    """F1."""
    assert access(NEVADA, 2026, 3, 2, hour=23).due_on == access(NEVADA, 2026, 3, 2, hour=0).due_on


def test_the_last_day_is_in_time_to_its_last_second_across_the_change_to_dst() -> None:
    """F1."""
    running = access(NEVADA, 2026, 2, 20)
    assert running.late_at == datetime(2026, 3, 23, 7, 0, tzinfo=UTC)
    assert kept(running, done_at=running.late_at - timedelta(seconds=1))
    assert not kept(running, done_at=running.late_at)


def test_in_texas_fifteen_business_days_are_sooner() -> None:
    """A16."""
    running = access(TEXAS, 2026, 3, 2)
    assert running.due_on == date(2026, 3, 23)
    assert running.governing.rule.code == "TX-ACCESS-COPY"


def test_in_california_copies_take_fifteen_days_and_inspection_five_working_days() -> None:
    """A16."""
    inspection = start(Duty.ACCESS_INSPECTION, at=received(CALIFORNIA, 2026, 3, 6), facility=CALIFORNIA)
    assert access(CALIFORNIA, 2026, 3, 6).due_on == date(2026, 3, 21)
    assert inspection.due_on == date(2026, 3, 13)


def test_a_rule_that_starts_tomorrow_does_not_shorten_today_s_clock() -> None:
    """A16."""
    assert access(TEXAS, 2012, 8, 31).governing.rule.code == "US-ACCESS-COPY"
    assert access(TEXAS, 2012, 9, 1).governing.rule.code == "TX-ACCESS-COPY"


def test_a_facility_s_own_row_takes_effect_when_it_is_sooner_and_never_when_later() -> None:
    """A16."""
    own = Rule(
        code="COUNTY",
        duty=Duty.ACCESS_COPY,
        amount=10,
        unit=Unit.CALENDAR_DAYS,
        trigger=Trigger.RECEIPT,
        citation="County ordinance 1",
        effective_from=date(2020, 1, 1),
        jurisdiction="NV",
    )
    at = received(NEVADA, 2026, 3, 2)
    sooner = start(Duty.ACCESS_COPY, at=at, facility=NEVADA, rules=(*ROWS, own))
    later = start(Duty.ACCESS_COPY, at=at, facility=NEVADA, rules=(*ROWS, replace(own, amount=45)))
    assert sooner.due_on == date(2026, 3, 12)
    assert later.due_on == date(2026, 4, 1)


def test_a_promise_of_the_house_never_moves_a_legal_date() -> None:
    """T7."""
    promise = replace(ROWS[0], code="PROMISE", amount=3, binding=False)
    running = start(Duty.ACCESS_COPY, at=received(NEVADA, 2026, 3, 2), facility=NEVADA, rules=(*ROWS, promise))
    assert running.due_on == date(2026, 4, 1)


@pytest.mark.parametrize("duty", [Duty.ACCOUNTING, Duty.AMENDMENT])
def test_accounting_and_amendment_take_sixty_days_and_thirty_more(duty: Duty) -> None:
    running = start(duty, at=received(TEXAS, 2026, 1, 5), facility=TEXAS)
    assert running.due_on == date(2026, 3, 6)
    longer = extend(running, sent_at=running.started_at, reason="archive moves", new_date=date(2026, 4, 5))
    assert longer.due_on == date(2026, 4, 5)


def test_an_infeasible_request_is_answered_in_ten_business_days() -> None:
    running = start(Duty.INFEASIBILITY, at=received(TEXAS, 2026, 3, 2), facility=TEXAS)
    assert running.due_on == date(2026, 3, 16)


def test_one_extension_of_thirty_days_sent_on_the_last_day_is_lawful() -> None:
    """F2."""
    running = access(NEVADA, 2026, 3, 2)
    last_moment = running.late_at - timedelta(seconds=1)
    longer = extend(running, sent_at=last_moment, reason="films are off site", new_date=date(2026, 5, 1))
    assert longer.due_on == date(2026, 5, 1)
    assert longer.extension is not None
    assert longer.extension.reason == "films are off site"


def test_a_second_extension_is_impossible() -> None:
    """F3."""
    running = access(NEVADA, 2026, 3, 2)
    once = extend(running, sent_at=running.started_at, reason="moving", new_date=date(2026, 4, 2))
    with pytest.raises(Unlawful, match="never a second"):
        extend(once, sent_at=running.started_at, reason="moving still", new_date=date(2026, 4, 3))
    assert extendable_until(once) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": "  "}, "reason in writing"),
        ({"new_date": date(2026, 5, 2)}, "at most 30 days"),
        ({"new_date": date(2026, 4, 1)}, "must lie after"),
        ({"sent_at": datetime(2026, 4, 2, 7, 0, tzinfo=UTC)}, "after the date had passed"),
        ({"sent_at": datetime(2026, 3, 1, tzinfo=UTC)}, "older than the request"),
    ],
)
def test_an_extension_without_what_it_needs_is_refused(change: dict[str, object], why: str) -> None:
    """F2."""
    running = access(NEVADA, 2026, 3, 2)
    lawful = {"sent_at": running.started_at, "reason": "moving", "new_date": date(2026, 5, 1)}
    with pytest.raises(Unlawful, match=why) as refusal:
        extend(running, **(lawful | change))  # type: ignore[arg-type]  # one of them is wrong on purpose
    assert refusal.value.citation == "45 CFR 164.524(b)(2)(ii)"


def test_a_state_deadline_without_extension_stays() -> None:
    """F2, A16."""
    running = access(TEXAS, 2026, 3, 2)
    assert extendable_until(running) is None
    with pytest.raises(Unlawful, match="no extension") as refusal:
        extend(running, sent_at=running.started_at, reason="moving", new_date=date(2026, 4, 1))
    assert "Tex." in refusal.value.citation


def test_what_has_no_extension_at_all_says_so() -> None:
    running = start(Duty.INFEASIBILITY, at=received(TEXAS, 2026, 3, 2), facility=TEXAS)
    with pytest.raises(Unlawful, match="No extension exists"):
        extend(running, sent_at=running.started_at, reason="moving", new_date=date(2026, 4, 1))


def test_nothing_stops_the_clock() -> None:
    """T1: no argument, field or function could hold it for missing papers, identity checks or fees."""
    words = ("pause", "stop", "toll", "suspend", "resume", "fee", "identity", "paid", "form")
    names = [name for name, _ in inspect.getmembers(clock_module, inspect.isfunction)]
    names += list(inspect.signature(start).parameters) + list(inspect.signature(extend).parameters)
    names += list(Clock.__dataclass_fields__)
    assert not [name for name in names if any(word in name for word in words)]


def test_warnings_come_at_half_three_quarters_and_nine_tenths() -> None:
    """F6."""
    running = start(Duty.ACCESS_COPY, at=received(NEVADA, 2026, 6, 1, hour=0), facility=NEVADA)
    shares = {
        level: (moment - running.started_at) / (running.late_at - running.started_at)
        for level, moment in warnings(running).items()
    }
    assert shares == pytest.approx(
        {Level.HALF: 0.5, Level.THREE_QUARTERS: 0.75, Level.NINE_TENTHS: 0.9, Level.OVERDUE: 1.0}
    )


def test_the_reading_rises_from_calm_to_overdue() -> None:
    """F6."""
    running = access(NEVADA, 2026, 6, 1)
    days = [0, 14, 16, 24, 28, 30, 31]
    readings = [read(running, now=running.started_at + timedelta(days=day)) for day in days]
    assert [reading.level.name for reading in readings] == [
        "CALM",
        "CALM",
        "HALF",
        "THREE_QUARTERS",
        "NINE_TENTHS",
        "NINE_TENTHS",
        "OVERDUE",
    ]
    assert [reading.days_left for reading in readings] == [30, 16, 14, 6, 2, 0, -1]
    assert [reading.overdue for reading in readings] == [False] * 6 + [True]


def test_a_reading_before_the_start_is_calm() -> None:
    running = access(NEVADA, 2026, 6, 1)
    assert read(running, now=running.started_at - timedelta(minutes=5)).level is Level.CALM
