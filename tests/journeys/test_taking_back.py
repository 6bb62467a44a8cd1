"""A permission that ends at the desk: it was taken back by letter, or what it names has happened."""

from typing import Any

import pytest

from cast import NOW, Cast
from journeys.test_release_pages import page_of, step
from rooms.release.conftest import ask, lena  # noqa: F401  fixtures
from rooms.release.helping import TODAY
from rooms.release.test_revocation import by_attorney, fulfil  # noqa: F401  a fixture
from scanward.people.models import Account
from scanward.release.models import Share

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("form", ["letter", "signed form", "e-mail"])
def test_a_letter_that_takes_it_back_stops_everything(
    cast: Cast,
    lena: Account,  # noqa: F811
    by_attorney: Any,  # noqa: F811
    form: str,
) -> None:
    """Requirements D8, D9; 45 CFR 164.508(b)(5): who has no account writes; a clerk notes it, and the link is dead."""
    request, paper = by_attorney()
    fulfil(request, cast, lena)
    page = step(page_of(cast.hal), request, "revoke", form=form, received=TODAY.isoformat())
    paper.refresh_from_db()
    share = Share.objects.get(request=request)
    assert (paper.revocation_form, paper.revoked_by, share.revoked_at is not None) == (form, "Hal", True)
    assert paper.revoked_at <= NOW
    assert "Taken back on" in page
    assert request.letters.filter(template="revocation").exists()


@pytest.mark.parametrize("form", ["portal", "telephone", ""])
def test_what_is_only_said_takes_nothing_back(cast: Cast, by_attorney: Any, form: str) -> None:  # noqa: F811
    """Requirement D8: in writing; the page says so, and the permission holds."""
    request, paper = by_attorney()
    assert "in writing" in step(page_of(cast.hal), request, "revoke", form=form)
    paper.refresh_from_db()
    assert paper.revoked_at is None


def test_a_permission_that_ends_with_an_event_ends_when_it_has_happened(cast: Cast, by_attorney: Any) -> None:  # noqa: F811
    """Requirements D4, D11: nobody but a person knows that the lawsuit is over."""
    request, _paper = by_attorney(expires_on=None, expires_when="the end of the lawsuit")
    hal = page_of(cast.hal)
    assert "That has happened" in step(hal, request, "claim")
    step(hal, request, "event")
    assert request.state == "blocked"
    step(hal, request, "approve", basis="authorization")
    assert request.state == "blocked"
