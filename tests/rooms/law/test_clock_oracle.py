"""The clock against an oracle of its own: day numbers, holidays by hand, another library of zones."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from dateutil.zoneinfo import get_zonefile_instance

from scanward.law.clock import Clock, extend, start
from scanward.law.errors import Unlawful
from scanward.law.facility import Facility
from scanward.law.holds import Sensitivity, report_hold
from scanward.law.rules import Duty

# Zones with midnight DST, half-hour DST, a skipped day and no DST stand beside those of the states.
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/Havana",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Beirut",
)
STATES = ("TX", "CA", "NY", "IL", "AZ")
DUTIES = (
    Duty.ACCESS_COPY,
    Duty.ACCESS_INSPECTION,
    Duty.ACCOUNTING,
    Duty.AMENDMENT,
    Duty.DENIAL_REVIEW,
)
ROUNDS = 12_000


def number(year: int, month: int, day: int) -> int:
    """The Julian day number by the formula of Fliegel and Van Flandern."""
    a = (month - 14) // 12 if month >= 14 else -((14 - month) // 12)
    return (
        (1461 * (year + 4800 + a)) // 4
        + (367 * (month - 2 - 12 * a)) // 12
        - (3 * ((year + 4900 + a) // 100)) // 4
        + day
        - 32075
    )


def civil(n: int) -> tuple[int, int, int]:
    """The inverse of `number`."""
    f = n + 1401 + (((4 * n + 274277) // 146097) * 3) // 4 - 38
    e = 4 * f + 3
    h = 5 * ((e % 1461) // 4) + 2
    month = (h // 153 + 2) % 12 + 1
    return e // 1461 - 4716 + (12 + 2 - month) // 12, month, (h % 153) // 5 + 1


def nth(year: int, month: int, weekday: int, n: int) -> int:
    """The n-th weekday (Monday 0) of a month; n = -1 the last one."""
    if n > 0:
        first = number(year, month, 1)
        return first + (weekday - first) % 7 + 7 * (n - 1)
    last = number(year, month + 1, 1) - 1
    return last - (last - weekday) % 7


@cache
def free_days(year: int, state: str) -> frozenset[int]:
    """Federal holidays on their own day that the state keeps too."""
    days = {
        number(year, 1, 1),
        nth(year, 1, 0, 3),
        nth(year, 2, 0, 3),
        nth(year, 5, 0, -1),
        number(year, 7, 4),
        nth(year, 9, 0, 1),
        number(year, 11, 11),
        nth(year, 11, 3, 4),
        number(year, 12, 25),
    }
    if year >= 2021:
        days.add(number(year, 6, 19))
    if state in ("NY", "IL", "AZ") or (state == "CA" and year < 2009):
        days.add(nth(year, 10, 0, 2))
    return frozenset(days)


def business(n: int, amount: int, state: str) -> int:
    while amount:
        n += 1
        if n % 7 < 5 and n not in free_days(civil(n)[0], state):
            amount -= 1
    return n


def wall(instant: datetime, zone: str) -> int:
    """The day number on the wall, by dateutil's own zones."""
    there = instant.astimezone(get_zonefile_instance().get(zone))
    return number(there.year, there.month, there.day)


def deadlines(duty: Duty, received: int, state: str) -> list[tuple[int, int]]:
    """Every deadline (its day, the days it can be extended by), straight from the text of the law."""
    thirty = duty in (Duty.ACCESS_COPY, Duty.ACCESS_INSPECTION)
    if duty is Duty.DENIAL_REVIEW:
        return [(business(received, 10, state), 0)]
    found = [(received + (30 if thirty else 60), 30)]
    if state == "TX" and duty is Duty.ACCESS_COPY and received >= number(2012, 9, 1):
        found.append((business(received, 15, state), 0))
    if state == "CA" and duty is Duty.ACCESS_COPY:
        found.append((received + 15, 0))
    if state == "CA" and duty is Duty.ACCESS_INSPECTION:
        found.append((business(received, 5, state), 0))
    return found


def first_moment_after(day: int, zone: str) -> datetime:
    """Bisect for the first second at which the wall shows a later day."""
    low = int(datetime(*civil(day), tzinfo=UTC).timestamp()) - 86_400
    high = low + 5 * 86_400
    while high - low > 1:
        middle = (low + high) // 2
        if wall(datetime.fromtimestamp(middle, UTC), zone) > day:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def some_receipt(dice: random.Random) -> datetime:
    """A random second of 2004 to 2036; every third one close to a leap day, a holiday or a DST change."""
    corner = dice.choice([(2, 28), (2, 29), (3, 10), (11, 1), (11, 5), (12, 31), (6, 19), (10, 12)])
    year = dice.randrange(2004, 2037)
    if dice.randrange(3):
        return datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(365 * 86_400))
    day = date(year, corner[0], 28 if corner == (2, 29) and year % 4 else corner[1])
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=dice.randrange(2 * 86_400))


def some_case(dice: random.Random) -> tuple[Duty, datetime, Facility, str]:
    zone, state = dice.choice(ZONES), dice.choice(STATES)
    return dice.choice(DUTIES), some_receipt(dice), Facility(zone=ZoneInfo(zone), state=state), zone


def as_number(day: date) -> int:
    return number(day.year, day.month, day.day)


def test_the_oracle_s_own_arithmetic_holds() -> None:
    for n in range(number(1999, 1, 1), number(2041, 1, 1)):
        assert number(*civil(n)) == n
    assert date(*civil(number(2024, 2, 29) + 1)) == date(2024, 3, 1)


def test_twelve_thousand_random_receipts_are_due_when_the_oracle_says() -> None:
    """F1, A16: 0 differences."""
    dice = random.Random(1)
    for _ in range(ROUNDS):
        duty, at, facility, zone = some_case(dice)
        due = min(day for day, _ in deadlines(duty, wall(at, zone), facility.state))
        assert as_number(start(duty, at=at, facility=facility).due_on) == due, (
            duty,
            at,
            zone,
            facility.state,
        )


@pytest.mark.parametrize("seed", range(2))
def test_the_first_late_moment_is_the_oracle_s_in_every_zone(seed: int) -> None:
    """F1."""
    dice = random.Random(seed)
    for _ in range(1_000):
        duty, at, facility, zone = some_case(dice)
        running = start(duty, at=at, facility=facility)
        assert running.late_at == first_moment_after(as_number(running.due_on), zone), (at, zone)


def attempt(running: Clock, sent_at: datetime, reason: str, new_date: date) -> Clock | None:
    try:
        return extend(running, sent_at=sent_at, reason=reason, new_date=new_date)
    except Unlawful:
        return None


def test_ten_thousand_random_extensions_are_judged_as_the_oracle_judges_them() -> None:
    """F2, F3."""
    dice = random.Random(2)
    verdicts = set()
    for _ in range(10_000):
        duty, at, facility, zone = some_case(dice)
        running = start(duty, at=at, facility=facility)
        found = deadlines(duty, wall(at, zone), facility.state)
        due = min(day for day, _ in found)
        new = due + dice.randrange(-2, 35)
        sent_at = at + timedelta(days=dice.randrange(-1, 62), seconds=dice.randrange(86_400))
        reason = dice.choice(["moving", "films are off site", " "])
        lawful = (
            bool(reason.strip())
            and sent_at >= at
            and wall(sent_at, zone) <= due
            and new > due
            and all(new <= day + more for day, more in found)
        )
        longer = attempt(running, sent_at, reason, date(*civil(new)))
        assert (longer is not None) == lawful, (duty, at, zone, facility.state, new - due)
        if longer is not None:
            assert as_number(longer.due_on) == new
            assert attempt(longer, at, "again", date(*civil(new + 1))) is None
        verdicts.add(lawful)
    assert verdicts == {True, False}


def test_ten_thousand_sensitive_reports_are_held_to_the_third_day_in_texas_only() -> None:
    """T8, A16."""
    dice = random.Random(3)
    for _ in range(10_000):
        _, at, facility, zone = some_case(dice)
        hold = report_hold(sensitivity=Sensitivity.MALIGNANCY, finalized_at=at, facility=facility)
        day = wall(at, zone)
        if facility.state != "TX" or day < number(2025, 9, 1):
            assert hold is None
        else:
            assert hold is not None
            assert wall(hold.ends_at, zone) == day + 3
            assert wall(hold.ends_at - timedelta(seconds=1), zone) == day + 2
