"""What facilities promise beside the law."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from scanward.law.facility import PROMISES, Expected, Facility, FacilityKind, Offer, Promise, expected, own_promise

ZONE = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 3, 2, 10, tzinfo=ZONE)
LEGAL = date(2026, 3, 23)


def promised(kind: FacilityKind, *, expedited: bool = False, legal: date = LEGAL) -> Expected:
    place = Facility(zone=ZONE, state="TX", kind=kind)
    return expected(MONDAY, place, expedited=expedited, legal_due=legal)


@pytest.mark.parametrize(
    ("kind", "soonest", "latest"),
    [
        (FacilityKind.HOSPITAL, date(2026, 3, 9), date(2026, 3, 16)),
        (FacilityKind.IMAGING_CENTRE, date(2026, 3, 5), date(2026, 3, 11)),
        (FacilityKind.URGENT_CARE, date(2026, 3, 2), date(2026, 3, 4)),
    ],
)
def test_each_kind_of_facility_has_its_target_in_business_days(kind: FacilityKind, soonest: date, latest: date) -> None:
    """F4, T7."""
    assert promised(kind) == Expected(soonest, latest)


def test_an_expedited_request_is_expected_at_the_soonest_day() -> None:
    """F4, B16."""
    assert promised(FacilityKind.HOSPITAL, expedited=True).latest == date(2026, 3, 9)


def test_no_promise_lies_after_the_legal_date() -> None:
    """F4, T7."""
    assert promised(FacilityKind.HOSPITAL, legal=date(2026, 3, 10)).latest == date(2026, 3, 10)


def test_targets_and_offers_are_data_that_a_facility_may_replace() -> None:
    """F4, F5."""
    place, usual = Facility(zone=ZONE, state="TX"), PROMISES[FacilityKind.HOSPITAL]
    own = own_promise(FacilityKind.HOSPITAL, "1-2")
    assert expected(MONDAY, place, legal_due=LEGAL, promise=own).latest == date(2026, 3, 4)
    assert (own.offers, own_promise(FacilityKind.HOSPITAL, "")) == (usual.offers, usual)
    assert PROMISES[FacilityKind.HOSPITAL].offers == (Offer.PORTAL, Offer.DISC, Offer.PAPER)
    assert PROMISES[FacilityKind.IMAGING_CENTRE].offers == (Offer.DISC, Offer.EMAIL, Offer.PRINT_ON_SITE)
    assert PROMISES[FacilityKind.URGENT_CARE].offers == (Offer.EMAIL, Offer.PRINT_ON_SITE)


@pytest.mark.parametrize("days", ["3", "3-", "-7", "three-seven", "7-3", "3-7-9"])
def test_a_target_that_is_no_span_of_days_is_refused(days: str) -> None:
    """F4: what is shown to patients is never a guess."""
    with pytest.raises(ValueError, match="service target"):
        own_promise(FacilityKind.IMAGING_CENTRE, days)


def test_a_target_that_ends_before_it_starts_and_an_unknown_state_are_refused() -> None:
    with pytest.raises(ValueError, match="soonest"):
        Promise(soonest=3, latest=2, offers=())
    with pytest.raises(ValueError, match="postal codes"):
        Facility(zone=ZONE, state="Texas")
