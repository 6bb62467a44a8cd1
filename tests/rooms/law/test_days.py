"""Days as the law counts them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.law.days import (
    STATES,
    add_business_days,
    add_years,
    count_from,
    first_instant,
    is_business_day,
    known_zone,
    local_day,
    years_before,
)
from scanward.law.rules import Unit

CHICAGO = ZoneInfo("America/Chicago")
DAYS = st.dates(date(2004, 1, 1), date(2090, 12, 31))
ZONES = st.sampled_from(sorted(z for z in available_timezones() if z.startswith(("America/", "Pacific/"))))


def test_the_day_of_receipt_is_the_day_on_the_facility_s_wall() -> None:
    """F1."""
    received = datetime(2026, 3, 1, 5, 59, tzinfo=UTC)
    assert local_day(received, CHICAGO) == date(2026, 2, 28)
    assert local_day(received + timedelta(minutes=1), CHICAGO) == date(2026, 3, 1)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="names no instant"):
        local_day(datetime(2026, 3, 1), CHICAGO)


@given(day=DAYS, zone=ZONES)
def test_the_first_instant_of_a_day_is_on_it_and_the_second_before_is_not(day: date, zone: str) -> None:
    first = first_instant(day, ZoneInfo(zone))
    assert local_day(first, ZoneInfo(zone)) == day
    assert local_day(first - timedelta(seconds=1), ZoneInfo(zone)) < day


def test_a_day_whose_midnight_dst_skips_starts_at_one_o_clock() -> None:
    havana = ZoneInfo("America/Havana")
    assert first_instant(date(2024, 3, 10), havana).astimezone(havana).hour == 1


@given(day=DAYS, amount=st.integers(0, 40), state=st.sampled_from(sorted(STATES)))
def test_as_many_business_days_lie_between_as_were_added(day: date, amount: int, state: str) -> None:
    end = add_business_days(day, amount, state)
    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert sum(is_business_day(d, state) for d in between) == amount
    assert amount == 0 or is_business_day(end, state)


@pytest.mark.parametrize("day", ["2026-01-01", "2026-01-19", "2026-05-25", "2026-06-19", "2026-11-26", "2026-12-25"])
def test_holidays_of_nation_and_state_are_no_business_days(day: str) -> None:
    assert not is_business_day(date.fromisoformat(day), "TX")


@pytest.mark.parametrize(
    ("day", "why"),
    [("2026-10-12", "only the nation keeps it"), ("2026-04-21", "only Texas"), ("2026-07-03", "in lieu")],
)
def test_a_day_that_somebody_works_counts_so_that_nothing_is_late(day: str, why: str) -> None:
    assert is_business_day(date.fromisoformat(day), "TX"), why


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="postal codes"):
        is_business_day(date(2026, 1, 5), "XX")


def test_a_leap_day_keeps_its_years_whole_in_both_directions() -> None:
    assert add_years(date(2024, 2, 29), 6) == date(2030, 3, 1)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert years_before(date(2028, 2, 29), 6) == date(2022, 2, 28)
    assert years_before(date(2030, 3, 1), 6) == date(2024, 3, 1)


def test_each_unit_is_counted_its_own_way() -> None:
    friday = date(2026, 2, 27)
    assert count_from(friday, 3, Unit.CALENDAR_DAYS, "TX") == date(2026, 3, 2)
    assert count_from(friday, 3, Unit.BUSINESS_DAYS, "TX") == date(2026, 3, 4)
    assert count_from(friday, 3, Unit.YEARS, "TX") == date(2029, 2, 27)


def test_a_zone_must_be_a_known_one() -> None:
    assert known_zone("America/Chicago", available_timezones()) == CHICAGO
    with pytest.raises(ValueError, match="IANA"):
        known_zone("Central", available_timezones())
