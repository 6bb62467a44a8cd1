"""A sender's mark says something only where a dated row of the state reads it, or the site has agreed on it."""

from datetime import date

import pytest

from scanward.law.holds import Sensitivity
from scanward.law.marks import MARKS, MarkRule, read_mark, site_marks

MALIGNANCY, GENETIC, ORDINARY = Sensitivity.MALIGNANCY, Sensitivity.GENETIC_MARKER, Sensitivity.ORDINARY
DAY = date(2026, 3, 6)


@pytest.mark.parametrize("mark", ["R", "V", "r"])
def test_texas_reads_the_two_words_for_restricted(mark: str) -> None:
    """T8, A16."""
    assert read_mark(mark, on=DAY, state="TX", site={}) is MALIGNANCY


@pytest.mark.parametrize("mark", ["", "U", "N", "VIP", "HIV", "PSY", "RR", " R"])
def test_every_other_mark_says_nothing_that_the_law_is_about(mark: str) -> None:
    """F8: employment, fame or another illness keeps no result from a patient."""
    assert read_mark(mark, on=DAY, state="TX", site={}) is None


@pytest.mark.parametrize(("state", "day"), [("NV", DAY), ("DC", DAY), ("TX", date(2025, 8, 31))])
def test_no_mark_says_anything_where_no_law_asks(state: str, day: date) -> None:
    """F8, T8."""
    assert read_mark("R", on=day, state=state, site={}) is None


def test_a_row_ends_on_its_last_day() -> None:
    """A16."""
    row = MARKS[0]
    until = MarkRule(
        mark="R",
        says=row.says,
        jurisdiction="TX",
        citation=row.citation,
        effective_from=row.effective_from,
        effective_to=DAY,
    )
    read = [read_mark("R", on=day, state="TX", site={}, rules=(until,)) for day in (DAY, date(2026, 3, 7))]
    assert read == [MALIGNANCY, None]


def test_what_a_site_has_agreed_with_its_sender_goes_before_the_rows() -> None:
    """A16."""
    site = site_marks(["gen=genetic marker", " R = ordinary"])
    assert [read_mark(mark, on=DAY, state="TX", site=site) for mark in ("GEN", "R", "V")] == [
        GENETIC,
        ORDINARY,
        MALIGNANCY,
    ]


@pytest.mark.parametrize("pair", ["R", "R=", "=malignancy", "R=cancer", "R=malignancy=x"])
def test_a_setting_that_says_nothing_clear_is_refused(pair: str) -> None:
    with pytest.raises(ValueError, match="CODE=what it says"):
        site_marks([pair])
