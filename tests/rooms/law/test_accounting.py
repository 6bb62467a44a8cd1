"""The accounting of disclosures equals an oracle over mixed bases."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scanward.law.accounting import (
    Disclosure,
    Exclusion,
    Period,
    Suspension,
    account,
    exclusion,
    free_of_charge,
    may_list_protocols,
    period,
    suspended,
)
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful

ZONE = ZoneInfo("America/Denver")
ASKED = date(2026, 6, 15)

# The nine exclusions read once more from the regulation, word by word, apart from the product's table.
COUNTS = {
    Basis.DIRECTIVE,
    Basis.REQUIRED_BY_LAW,
    Basis.PUBLIC_HEALTH,
    Basis.ABUSE,
    Basis.OVERSIGHT,
    Basis.COURT_ORDER,
    Basis.SUBPOENA,
    Basis.POLICE_PROCESS,
    Basis.POLICE_LOCATE,
    Basis.POLICE_VICTIM,
    Basis.POLICE_DEATH,
    Basis.POLICE_PREMISES,
    Basis.POLICE_EMERGENCY,
    Basis.CORONER,
    Basis.DONATION,
    Basis.RESEARCH_WAIVER,
    Basis.RESEARCH_DECEDENTS,
    Basis.THREAT,
    Basis.MILITARY,
    Basis.PROTECTIVE_SERVICES,
    Basis.BENEFIT_PROGRAMME,
    Basis.WORKERS_COMPENSATION,
    Basis.HHS,
    None,
}
ROW = Disclosure(
    at=datetime(2026, 1, 5, 12, tzinfo=UTC),
    recipient="state registry",
    address="1 Capitol Square",
    description="CT report of January 2026",
    purpose="cancer registry",
    basis=Basis.PUBLIC_HEALTH,
)


@pytest.mark.parametrize("basis", [*Basis, None])
def test_what_counts_is_what_the_nine_exclusions_leave(basis: Basis | None) -> None:
    """L5, L6."""
    assert (exclusion(replace(ROW, basis=basis), zone=ZONE) is None) == (basis in COUNTS)


def test_each_of_the_nine_exclusions_can_happen() -> None:
    """L6."""
    rows = [replace(ROW, basis=basis) for basis in Basis]
    rows += [replace(ROW, incidental=True), replace(ROW, at=datetime(2003, 4, 13, 12, tzinfo=UTC))]
    assert {exclusion(row, zone=ZONE) for row in rows} == {None, *Exclusion}


def test_an_impermissible_disclosure_always_counts() -> None:
    """L6."""
    assert exclusion(replace(ROW, basis=None, incidental=True), zone=ZONE) is None


def test_it_reaches_six_years_back_and_not_a_day_more() -> None:
    """L5."""
    assert period(ASKED) == Period(date(2020, 6, 15), ASKED)
    assert period(date(2028, 2, 29)).first == date(2022, 2, 28)
    wide = Period(date(2010, 1, 1), date(2030, 1, 1))
    assert period(ASKED, wanted=wide) == period(ASKED)
    assert period(ASKED, wanted=Period(date(2025, 1, 1), date(2025, 2, 1))).last == date(2025, 2, 1)


def test_several_disclosures_of_one_matter_are_one_entry_with_number_and_last_day() -> None:
    """L5."""
    rows = [replace(ROW, at=ROW.at + timedelta(days=n)) for n in (0, 30, 60)]
    (entry,) = account(rows[::-1], asked_on=ASKED, zone=ZONE)
    assert (entry.first, entry.times, entry.last_on) == (rows[0], 3, date(2026, 3, 6))
    assert len(account(rows, asked_on=ASKED, zone=ZONE, summarize=False)) == 3


def some_row(dice: random.Random) -> Disclosure:
    return replace(
        ROW,
        at=datetime(2018, 1, 1, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * 365 * 9)),
        recipient=f"recipient {dice.randrange(4)}",
        purpose=dice.choice(["registry", "audit", "claim"]),
        basis=dice.choice([*Basis, None]),
        incidental=dice.randrange(8) == 0,
    )


def test_the_accounting_equals_the_oracle_over_mixed_bases() -> None:
    """L5, L6: 0 differences over 20,000 disclosures."""
    dice = random.Random(1)
    for _ in range(200):
        register = [some_row(dice) for _ in range(100)]
        expected = sorted(
            (row.at, row.recipient)
            for row in register
            if date(2020, 6, 15) <= row.at.astimezone(ZONE).date() <= ASKED
            and row.basis in COUNTS
            and not (row.incidental and row.basis is not None)
        )
        each = account(register, asked_on=ASKED, zone=ZONE, summarize=False)
        assert sorted((entry.first.at, entry.first.recipient) for entry in each) == expected
        joined = account(register, asked_on=ASKED, zone=ZONE)
        assert sum(entry.times for entry in joined) == len(expected)
        assert [entry.first.at for entry in joined] == sorted(entry.first.at for entry in joined)


def test_an_official_s_statement_suspends_only_their_own_and_only_until_its_end() -> None:
    row = replace(ROW, basis=Basis.POLICE_PROCESS, recipient="sheriff")
    statement = Suspension(recipient="sheriff", stated_on=date(2026, 6, 1), until=ASKED, written=True)
    assert suspended(row, [statement], on=ASKED)
    assert not suspended(row, [statement], on=ASKED + timedelta(days=1))
    assert not suspended(replace(row, recipient="other"), [statement], on=ASKED)
    assert not suspended(replace(row, basis=Basis.PUBLIC_HEALTH), [statement], on=ASKED)
    assert account([row], asked_on=ASKED, zone=ZONE, suspensions=[statement]) == ()


def test_a_time_that_ends_before_its_statement_is_none() -> None:
    with pytest.raises(Unlawful, match="last day"):
        Suspension(recipient="s", stated_on=ASKED, until=ASKED - timedelta(days=1), written=True)


def test_a_spoken_statement_suspends_for_thirty_days_at_most() -> None:
    spoken = Suspension(recipient="s", stated_on=date(2026, 6, 1), until=date(2026, 7, 1), written=False)
    assert not spoken.written
    with pytest.raises(Unlawful, match="30 days"):
        replace(spoken, until=date(2026, 7, 2))


def test_the_first_accounting_in_twelve_months_is_free() -> None:
    assert free_of_charge(ASKED, [])
    assert free_of_charge(ASKED, [date(2025, 6, 15)])
    assert not free_of_charge(ASKED, [date(2025, 6, 16)])


def test_research_on_fifty_people_may_be_listed_by_protocol() -> None:
    assert may_list_protocols(50)
    assert not may_list_protocols(49)
