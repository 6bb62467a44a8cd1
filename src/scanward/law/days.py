"""Days as the law counts them: in the facility's zone, calendar or business, leap years and DST included."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from .rules import Unit

# Every postal code for which the library knows holidays: the states, the District and the territories.
STATES = frozenset(holidays.list_supported_countries()["US"])


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day on the wall of the facility when something happened.

    Raises:
        ValueError: for a naive time, which names no instant.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    if instant.tzinfo is None:
        raise ValueError("A time without a zone names no instant: give an aware datetime.")
    return instant.astimezone(zone).date()


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, in UTC; also where DST skips or repeats midnight.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@cache
def _days_off(state: str, year: int) -> frozenset[date]:
    """Days that are themselves a holiday both of the nation and of the state; no day "observed" in lieu."""
    federal = frozenset(holidays.country_holidays("US", years=year, observed=False))
    return federal & frozenset(holidays.country_holidays("US", subdiv=state, years=year, observed=False))


def is_business_day(day: date, state: str) -> bool:
    """Whether a day counts as a business day: not a weekend, not a holiday of both the nation and the state.

    A day that only one of the two keeps free counts, and so does a day kept in lieu of a weekend holiday:
    states differ on both, and this way the deadline comes sooner, never later.

    Law: 5 USC 6103(a); 45 CFR 160.203(b)
    """
    if state not in STATES:
        raise ValueError("The state must be one of the two-letter postal codes.")
    return day.weekday() < 5 and day not in _days_off(state, day.year)


def add_business_days(day: date, amount: int, state: str) -> date:
    """The amount-th business day after a day, which itself is day 0; for amount 0, the day itself.

    Law: Tex. Health & Safety Code 181.102(a); Cal. Health & Safety Code 123110(a)
    """
    while amount > 0:
        day += timedelta(days=1)
        amount -= is_business_day(day, state)
    return day


def add_years(day: date, years: int) -> date:
    """The same day some years on; 29 February becomes 1 March, so nothing is a day short.

    Law: 45 CFR 164.316(b)(2)(i)
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def years_before(day: date, years: int) -> date:
    """The same day some years back; from 29 February it is 28 February, so a look-back is never short.

    Law: 45 CFR 164.528(a)(1)
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def count_from(day: date, amount: int, unit: Unit, state: str) -> date:
    """The day that lies an amount of a unit after day 0.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    if unit is Unit.BUSINESS_DAYS:
        return add_business_days(day, amount, state)
    if unit is Unit.YEARS:
        return add_years(day, amount)
    return day + timedelta(days=amount)


def known_zone(key: str, available: Collection[str]) -> ZoneInfo:
    """The zone of a facility by its IANA name, refused when it is not one.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    if key not in available:
        raise ValueError("The time zone must be an IANA name, such as America/Chicago.")
    return ZoneInfo(key)
