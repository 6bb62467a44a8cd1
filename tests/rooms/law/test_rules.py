"""Rules are dated rows of data with their citation."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from scanward.law.errors import Unlawful
from scanward.law.rows import ROWS
from scanward.law.rules import FEDERAL, Duty, Rule, Trigger, Unit, applicable

TEXAS = next(row for row in ROWS if row.code == "TX-ACCESS-COPY")


def test_every_row_has_a_code_of_its_own_and_a_citation() -> None:
    assert len({row.code for row in ROWS}) == len(ROWS)
    assert all(row.citation for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_a_row_applies_from_its_first_day_on_and_not_the_day_before(row: Rule) -> None:
    assert row.in_force(row.effective_from)
    assert not row.in_force(row.effective_from - timedelta(days=1))


def test_a_row_applies_on_its_last_day_and_not_after() -> None:
    ended = replace(TEXAS, effective_to=date(2030, 6, 30))
    assert ended.in_force(date(2030, 6, 30))
    assert not ended.in_force(date(2030, 7, 1))


def test_a_state_rule_stands_beside_the_federal_one_in_its_state_only() -> None:
    """A16."""
    texas = applicable(ROWS, Duty.ACCESS_COPY, on=date(2026, 3, 2), state="TX")
    nevada = applicable(ROWS, Duty.ACCESS_COPY, on=date(2026, 3, 2), state="NV")
    assert {row.code for row in texas} == {"US-ACCESS-COPY", "TX-ACCESS-COPY"}
    assert {row.jurisdiction for row in nevada} == {FEDERAL}


def test_before_the_privacy_rule_no_date_can_be_promised() -> None:
    with pytest.raises(Unlawful, match="No rule is in force"):
        applicable(ROWS, Duty.ACCESS_COPY, on=date(2003, 4, 13), state="TX")


@pytest.mark.parametrize(
    "wrong",
    [{"amount": -1}, {"extension_days": -1}, {"citation": " "}, {"effective_to": date(2000, 1, 1)}],
)
def test_a_row_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Rule TX-ACCESS-COPY"):
        replace(TEXAS, **wrong)


def test_no_row_keeps_the_sixty_days_for_records_off_site_that_ended_in_2013() -> None:
    access = [row for row in ROWS if row.duty in (Duty.ACCESS_COPY, Duty.ACCESS_INSPECTION)]
    assert max(row.amount for row in access) == 30


def test_a_pending_proposal_is_only_a_row_away() -> None:
    fifteen = Rule(
        code="US-2027",
        duty=Duty.ACCESS_COPY,
        amount=15,
        unit=Unit.CALENDAR_DAYS,
        trigger=Trigger.RECEIPT,
        citation="45 CFR 164.524(b)(2)(i) as it may be amended",
        effective_from=date(2027, 1, 1),
        extension_days=15,
        extension_citation="the same",
    )
    rows = applicable((*ROWS, fifteen), Duty.ACCESS_COPY, on=date(2027, 1, 1), state="NV")
    assert min(row.amount for row in rows) == 15
