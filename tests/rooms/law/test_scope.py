"""A release never goes beyond what it rests on."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.law.purpose import PurposeOfUse
from scanward.law.scope import Excess, Outgoing, Scope, beyond

SCOPE = Scope(
    studies=frozenset({"chest", "head"}),
    series=frozenset({"chest-1", "head-1"}),
    images=True,
    report=True,
    first=date(2026, 1, 1),
    last=date(2026, 3, 31),
    recipients=frozenset({"charlie"}),
    purposes=frozenset({PurposeOfUse.TREATMENT}),
)
RELEASE = Outgoing(
    studies=frozenset({"chest"}),
    series=frozenset({"chest-1"}),
    images=True,
    report=True,
    exam_dates=frozenset({date(2026, 2, 1)}),
    recipient="charlie",
    purpose=PurposeOfUse.TREATMENT,
)


def test_a_release_inside_its_scope_is_fine() -> None:
    """D10."""
    assert beyond(SCOPE, RELEASE) == ()


@pytest.mark.parametrize(
    ("release", "excess"),
    [
        (replace(RELEASE, studies=frozenset({"chest", "knee"})), Excess.STUDIES),
        (replace(RELEASE, series=frozenset({"chest-2"})), Excess.SERIES),
        (replace(RELEASE, exam_dates=frozenset({date(2025, 12, 31)})), Excess.DATES),
        (replace(RELEASE, exam_dates=frozenset({date(2026, 4, 1)})), Excess.DATES),
        (replace(RELEASE, recipient="stranger"), Excess.RECIPIENT),
        (replace(RELEASE, purpose=PurposeOfUse.LEGAL), Excess.PURPOSE),
    ],
)
def test_each_way_to_exceed_it_is_named(release: Outgoing, excess: Excess) -> None:
    """D10, B13."""
    assert beyond(SCOPE, release) == (excess,)


def test_its_first_and_last_day_belong_to_it() -> None:
    """D10."""
    ends = frozenset({date(2026, 1, 1), date(2026, 3, 31)})
    assert beyond(SCOPE, replace(RELEASE, exam_dates=ends)) == ()


def test_images_and_report_are_separate() -> None:
    """D10, B7."""
    assert beyond(replace(SCOPE, report=False), RELEASE) == (Excess.REPORT,)
    assert beyond(replace(SCOPE, images=False), RELEASE) == (Excess.IMAGES,)


def test_what_is_not_narrowed_covers_everything() -> None:
    assert beyond(Scope(), RELEASE) == ()


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_studies_stay_inside_exactly_when_they_are_a_subset(allowed: set[str], sent: set[str]) -> None:
    """D10."""
    found = beyond(Scope(studies=frozenset(allowed)), replace(RELEASE, studies=frozenset(sent)))
    assert (found == ()) == (sent <= allowed)
