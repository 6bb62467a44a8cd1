"""How long things are kept."""

from datetime import date

import pytest

from scanward.law.errors import Unlawful
from scanward.law.retention import Kind, check_disposal, keep_until

EXAM = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("kind", "state", "until", "clause"),
    [
        (Kind.IMAGES, "NV", date(2029, 3, 1), "42 CFR 482.26(d)(2)"),
        (Kind.IMAGES, "CA", date(2031, 3, 1), "22 CCR 70751(c)"),
        (Kind.IMAGES, "TX", date(2034, 3, 1), "Tex. Health & Safety Code 241.103(b)"),
        (Kind.PORTABLE_XRAY, "NV", date(2026, 3, 1), "42 CFR 486.106"),
        (Kind.DOCUMENTATION, "NV", date(2030, 3, 1), "45 CFR 164.530(j)(2)"),
    ],
)
def test_the_longest_row_decides(kind: Kind, state: str, until: date, clause: str) -> None:
    """O3."""
    keep = keep_until(kind, since=EXAM, state=state)
    assert keep.until == until
    assert clause in keep.citations


def test_what_was_made_of_a_minor_is_kept_longer_where_the_state_says_so() -> None:
    """O3."""
    assert keep_until(Kind.IMAGES, since=EXAM, state="TX", born=date(2020, 5, 1)).until == date(2040, 5, 1)
    assert keep_until(Kind.IMAGES, since=EXAM, state="CA", born=date(2020, 5, 1)).until == date(2039, 5, 1)
    assert keep_until(Kind.IMAGES, since=EXAM, state="NV", born=date(2020, 5, 1)).until == date(2029, 3, 1)
    assert keep_until(Kind.IMAGES, since=EXAM, state="TX", born=date(1970, 5, 1)).until == date(2034, 3, 1)


def test_nothing_is_disposed_of_before_its_day_or_under_a_legal_hold() -> None:
    """O3, O4."""
    keep = keep_until(Kind.IMAGES, since=EXAM, state="NV")
    check_disposal(keep, on=date(2029, 3, 2), legal_hold=False)
    with pytest.raises(Unlawful, match="kept until 2029-03-01"):
        check_disposal(keep, on=date(2029, 3, 1), legal_hold=False)
    with pytest.raises(Unlawful, match="legal hold"):
        check_disposal(keep, on=date(2099, 1, 1), legal_hold=True)
