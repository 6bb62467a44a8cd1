"""Holds cite their statute, reach no further than it, and end by themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scanward.law.errors import Unlawful
from scanward.law.facility import Facility
from scanward.law.holds import EXCEPTIONS, Hold, HoldKind, Item, Means, Sensitivity, report_hold, withheld

CHICAGO = ZoneInfo("America/Chicago")
TEXAS = Facility(zone=CHICAGO, state="TX")
NEVADA = Facility(zone=ZoneInfo("America/Los_Angeles"), state="NV")
FRIDAY_EVENING = datetime(2026, 3, 6, 23, 30, tzinfo=CHICAGO)


def held(sensitivity: Sensitivity = Sensitivity.MALIGNANCY, facility: Facility = TEXAS, **changes: Any) -> Hold | None:
    return report_hold(**{"sensitivity": sensitivity, "finalized_at": FRIDAY_EVENING, "facility": facility} | changes)


def test_a_sensitive_report_in_texas_waits_to_the_third_day_over_weekend_and_dst() -> None:
    """T8, A16."""
    hold = held()
    assert hold is not None
    assert hold.ends_at == datetime(2026, 3, 9, tzinfo=CHICAGO)
    assert "159.0062" in hold.citation
    assert hold.exception_code == "45 CFR 171.202(b)"


def test_it_ends_by_itself() -> None:
    """T8."""
    hold = held()
    assert hold is not None
    assert hold.holds(hold.ends_at - timedelta(microseconds=1))
    assert not hold.holds(hold.ends_at)
    assert not hold.holds(hold.starts_at - timedelta(microseconds=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"sensitivity": Sensitivity.ORDINARY},
        {"facility": NEVADA},
        {"finalized_at": datetime(2025, 8, 31, 23, 59, tzinfo=CHICAGO)},
    ],
)
def test_without_a_statute_results_appear_at_once(changes: dict[str, Any]) -> None:
    """F8, F9, A13, T8."""
    assert held(**changes) is None


def test_the_statute_starts_on_the_first_of_september_2025() -> None:
    """A16."""
    assert held(finalized_at=datetime(2025, 9, 1, 0, 0, tzinfo=CHICAGO)) is not None
    assert held(sensitivity=Sensitivity.GENETIC_MARKER) is not None


@pytest.mark.parametrize(
    ("item", "means", "back"),
    [
        (Item.REPORT, Means.ELECTRONIC, True),
        (Item.REPORT, Means.PHYSICAL, False),
        (Item.IMAGES, Means.ELECTRONIC, False),
        (Item.IMAGES, Means.PHYSICAL, False),
    ],
)
def test_the_report_is_held_by_electronic_means_and_the_images_go_out(item: Item, means: Means, back: bool) -> None:
    """T8, A12."""
    assert withheld(held(), item=item, means=means, now=FRIDAY_EVENING) is back


def test_nothing_is_held_without_a_hold_or_after_it() -> None:
    later = FRIDAY_EVENING + timedelta(days=3)
    assert not withheld(None, item=Item.REPORT, means=Means.ELECTRONIC, now=FRIDAY_EVENING)
    assert not withheld(held(), item=Item.REPORT, means=Means.ELECTRONIC, now=later)


GOOD: dict[str, Any] = {
    "kind": HoldKind.HARM,
    "citation": "45 CFR 164.524(a)(3)(i)",
    "rationale": "a professional's finding",
    "starts_at": datetime(2026, 3, 1, tzinfo=UTC),
    "ends_at": datetime(2026, 3, 2, tzinfo=UTC),
}


@pytest.mark.parametrize("kind", HoldKind)
def test_every_kind_of_hold_stands_under_an_information_blocking_exception(kind: HoldKind) -> None:
    """A16."""
    hold = Hold(**(GOOD | {"kind": kind}))
    assert hold.exception_code == EXCEPTIONS[kind]
    assert hold.exception_code.startswith("45 CFR 171.2")


@pytest.mark.parametrize(
    "change",
    [{"citation": ""}, {"rationale": " "}, {"ends_at": GOOD["starts_at"]}],
)
def test_a_hold_without_clause_reason_or_end_can_t_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(Unlawful):
        Hold(**(GOOD | change))


def test_a_hold_needs_aware_times() -> None:
    with pytest.raises(ValueError, match="aware"):
        Hold(**(GOOD | {"ends_at": datetime(2026, 3, 2)}))


def test_a_hold_for_harm_keeps_a_report_back_by_any_means() -> None:
    hold = Hold(**GOOD)
    assert withheld(hold, item=Item.REPORT, means=Means.PHYSICAL, now=GOOD["starts_at"])
