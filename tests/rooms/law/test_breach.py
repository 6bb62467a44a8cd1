"""Breach: the presumption stands unless four factors show otherwise, and every notice has its clock."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from scanward.law.breach import (
    Assessment,
    Content,
    Excepted,
    Factor,
    Incident,
    Risk,
    Substitute,
    associate_notice,
    delayed_until,
    is_breach,
    missing_content,
    notices,
    substitute,
)
from scanward.law.errors import Unlawful
from scanward.law.facility import Facility
from scanward.law.rules import Duty

NEVADA = Facility(zone=ZoneInfo("America/Los_Angeles"), state="NV")
FOUND = datetime(2026, 3, 2, 18, tzinfo=UTC)
LOW = Assessment(factors={factor: (Risk.LOW, "because") for factor in Factor}, overall=Risk.LOW)


def due(incident: Incident) -> dict[tuple[Duty, str], date]:
    return {(n.duty, n.state): n.clock.due_on for n in notices(incident, NEVADA)}


def affected(**people: int) -> Incident:
    return Incident(discovered_at=FOUND, affected=people)


def test_a_complete_assessment_of_low_probability_rebuts_the_presumption() -> None:
    """N9."""
    assert not is_breach(LOW)


@pytest.mark.parametrize("factor", Factor)
def test_an_assessment_without_one_factor_or_its_reason_rebuts_nothing(factor: Factor) -> None:
    """N9."""
    without = {f: finding for f, finding in LOW.factors.items() if f is not factor}
    assert is_breach(replace(LOW, factors=without))
    assert is_breach(replace(LOW, factors={**without, factor: (Risk.LOW, " ")}))


def test_a_probability_that_is_not_low_is_a_breach() -> None:
    """N9."""
    assert is_breach(replace(LOW, overall=Risk.NOT_LOW))


@pytest.mark.parametrize("excepted", Excepted)
def test_an_exception_with_its_reason_is_no_breach(excepted: Excepted) -> None:
    risky = replace(LOW, overall=Risk.NOT_LOW, exception=excepted)
    assert not is_breach(replace(risky, exception_reason="sealed letter came back"))
    assert is_breach(risky)


def test_what_was_encrypted_with_its_key_safe_is_no_breach() -> None:
    assert not is_breach(replace(LOW, overall=Risk.NOT_LOW, encrypted_and_key_safe=True))


def test_few_people_individuals_in_sixty_days_and_the_secretary_after_the_year() -> None:
    """N9."""
    assert due(affected(NV=3)) == {
        (Duty.BREACH_INDIVIDUALS, "NV"): date(2026, 5, 1),
        (Duty.BREACH_HHS_YEARLY, "NV"): date(2027, 3, 1),
    }


def test_five_hundred_altogether_bring_the_secretary_in_at_the_same_time() -> None:
    """N9."""
    assert due(affected(NV=300, AZ=200))[Duty.BREACH_HHS, "NV"] == date(2026, 5, 1)
    assert (Duty.BREACH_HHS_YEARLY, "NV") in due(affected(NV=300, AZ=199))


def test_more_than_five_hundred_in_one_state_bring_the_media_in() -> None:
    """N9."""
    assert (Duty.BREACH_MEDIA, "NV") not in due(affected(NV=500))
    assert due(affected(NV=501, AZ=2))[Duty.BREACH_MEDIA, "NV"] == date(2026, 5, 1)


def test_states_have_clocks_of_their_own() -> None:
    """N9, A16."""
    found = due(affected(CA=1, TX=250))
    assert found[Duty.BREACH_INDIVIDUALS, "CA"] == date(2026, 3, 23)
    assert found[Duty.BREACH_STATE, "CA"] == date(2026, 3, 23)
    assert found[Duty.BREACH_STATE, "TX"] == date(2026, 4, 1)
    assert (Duty.BREACH_STATE, "TX") not in due(affected(TX=249))


def test_a_breach_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        notices(affected(), NEVADA)


def test_a_business_associate_tells_the_covered_entity_in_sixty_days() -> None:
    """N10."""
    assert associate_notice(FOUND, NEVADA).due_on == date(2026, 5, 1)


@pytest.mark.parametrize(
    ("unreachable", "owed"),
    [(0, Substitute.NONE), (1, Substitute.ALTERNATIVE), (9, Substitute.ALTERNATIVE), (10, Substitute.POSTED)],
)
def test_who_can_t_be_reached_is_told_another_way(unreachable: int, owed: Substitute) -> None:
    assert substitute(unreachable) is owed


def test_a_notice_lacks_what_it_does_not_say() -> None:
    assert missing_content(Content) == frozenset()
    assert missing_content(set(Content) - {Content.CONTACT}) == {Content.CONTACT}


def test_law_enforcement_delays_as_written_or_thirty_days_when_spoken() -> None:
    stated = date(2026, 3, 2)
    assert delayed_until(stated_on=stated, until=date(2026, 9, 1), written=True) == date(2026, 9, 1)
    assert delayed_until(stated_on=stated, until=date(2026, 9, 1), written=False) == date(2026, 4, 1)
    assert delayed_until(stated_on=stated, until=None, written=False) == date(2026, 4, 1)
    with pytest.raises(Unlawful, match="how long"):
        delayed_until(stated_on=stated, until=None, written=True)
