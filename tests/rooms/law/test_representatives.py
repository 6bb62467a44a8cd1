"""Who stands in for a person: by which document, for what, and from when to when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from scanward.law.errors import Unlawful
from scanward.law.representatives import (
    AGES,
    Authority,
    Care,
    Representation,
    Represented,
    age_on,
    decides_alone_from,
    proxy_ends_on,
    standing,
    still_protected,
)

TODAY = date(2026, 6, 15)
RUTH = Representation(authority=Authority.PARENT, document_verified=True, valid_from=date(2020, 1, 1))
CHILD = Represented(born=date(2012, 3, 1), state="TX", study="chest")
ADULT = replace(CHILD, born=date(1980, 3, 1))


@pytest.mark.parametrize("authority", [Authority.GUARDIAN, Authority.COURT_ORDER, Authority.POWER_OF_ATTORNEY])
def test_a_verified_document_in_force_carries(authority: Authority) -> None:
    """A3, C5."""
    standing(replace(RUTH, authority=authority), ADULT, on=TODAY)


def test_a_parent_stands_in_for_a_child_and_not_for_a_grown_up() -> None:
    """A3."""
    standing(RUTH, CHILD, on=TODAY)
    with pytest.raises(Unlawful, match="of age"):
        standing(RUTH, ADULT, on=TODAY)
    with pytest.raises(Unlawful, match="of age"):
        standing(RUTH, replace(CHILD, emancipated=True), on=TODAY)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (replace(RUTH, document_verified=False), "not been verified"),
        (replace(RUTH, valid_to=TODAY - timedelta(days=1)), "not in force"),
        (replace(RUTH, valid_from=TODAY + timedelta(days=1)), "not in force"),
        (replace(RUTH, studies=frozenset({"knee"})), "does not reach this study"),
        (replace(RUTH, authority=Authority.EXECUTOR), "Only an executor"),
    ],
)
def test_a_document_that_does_not_carry_is_refused(held: Representation, why: str) -> None:
    """A3, C5."""
    with pytest.raises(Unlawful, match=why):
        standing(held, CHILD, on=TODAY)


def test_it_carries_on_its_first_and_last_day_and_for_its_studies() -> None:
    """A3."""
    standing(replace(RUTH, valid_from=TODAY, valid_to=TODAY, studies=frozenset({"chest"})), CHILD, on=TODAY)


@pytest.mark.parametrize(
    "change", [{"consented_alone": True}, {"other_consent": True}, {"parent_agreed_to_confidentiality": True}]
)
def test_the_three_exceptions_keep_a_minor_s_care_from_the_parent(change: dict[str, bool]) -> None:
    """A3, A16."""
    with pytest.raises(Unlawful):
        standing(RUTH, replace(CHILD, care=Care.INFECTION, **change), on=TODAY)


def test_consent_alone_counts_only_where_the_state_lets_a_minor_of_that_age_consent() -> None:
    """A16."""
    californian = replace(CHILD, state="CA", care=Care.MENTAL_HEALTH, consented_alone=True)
    with pytest.raises(Unlawful, match="124260"):
        standing(RUTH, californian, on=TODAY)
    standing(RUTH, replace(californian, born=date(2014, 6, 16)), on=TODAY)
    standing(RUTH, replace(californian, state="NV"), on=TODAY)


def test_a_professional_may_refuse_a_representative_who_endangers_the_person() -> None:
    with pytest.raises(Unlawful, match=r"164\.502\(g\)\(5\)"):
        standing(RUTH, replace(CHILD, endangered_by_representative=True), on=TODAY)


def test_after_death_only_the_executor_stands_in() -> None:
    dead = replace(ADULT, died_on=date(2026, 1, 1))
    standing(replace(RUTH, authority=Authority.EXECUTOR), dead, on=TODAY)
    with pytest.raises(Unlawful, match="Only an executor"):
        standing(replace(RUTH, authority=Authority.POWER_OF_ATTORNEY), dead, on=TODAY)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 6, 15), TODAY, 18),
        (date(2008, 6, 16), TODAY, 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_a_birthday_is_completed_on_its_day(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


def test_a_parent_s_access_ends_by_itself_at_eighteen_or_the_house_s_age() -> None:
    assert proxy_ends_on(CHILD.born, state="TX", on=TODAY) == date(2030, 3, 1)
    assert proxy_ends_on(CHILD.born, state="TX", on=TODAY, house_age=13) == date(2025, 3, 1)
    assert proxy_ends_on(CHILD.born, state="TX", on=TODAY, house_age=21) == date(2030, 3, 1)


def test_the_ages_are_dated_rows_with_citations() -> None:
    """A16."""
    assert all(row.citation for row in AGES)
    assert decides_alone_from(Care.MENTAL_HEALTH, state="CA", on=date(2010, 12, 31))[0] == 18
    assert decides_alone_from(Care.MENTAL_HEALTH, state="CA", on=date(2011, 1, 1))[0] == 12
    with pytest.raises(Unlawful, match="No age is in force"):
        decides_alone_from(Care.GENERAL, state="CA", on=date(1990, 1, 1))


def test_a_record_is_protected_for_fifty_years_after_death() -> None:
    assert still_protected(date(1976, 6, 15), on=TODAY)
    assert not still_protected(date(1976, 6, 14), on=TODAY)


def test_a_parent_s_standing_ends_on_the_eighteenth_birthday_itself() -> None:
    """A3."""
    grown = replace(CHILD, born=date(2008, 6, 15))
    standing(RUTH, grown, on=TODAY - timedelta(days=1))
    with pytest.raises(Unlawful, match="of age"):
        standing(RUTH, grown, on=TODAY)


def test_consent_alone_counts_from_the_birthday_that_the_state_names() -> None:
    """A16."""
    minor = replace(CHILD, state="CA", care=Care.MENTAL_HEALTH, consented_alone=True, born=date(2014, 6, 15))
    standing(RUTH, minor, on=TODAY - timedelta(days=1))
    with pytest.raises(Unlawful, match="124260"):
        standing(RUTH, minor, on=TODAY)
