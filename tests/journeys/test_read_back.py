"""Who asks for herself by word has her address read back to her before anything leaves for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast
from journeys.test_release_pages import page_of
from rooms.release.conftest import ask as ask  # noqa: PLC0414  a fixture
from rooms.release.conftest import lena as lena  # noqa: PLC0414  a fixture
from rooms.release.helping import free, in_review
from rooms.release.test_papers import ENTERED
from scanward.people.models import Account
from scanward.release import actions, rights
from scanward.release.machine import NotNow
from scanward.release.models import ReleaseRequest
from scanward.release.ways import Arrival, Channel

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
BY_PHONE: dict[str, Any] = {
    "channel": Channel.PHONE, "requester_name": "Alice Rivera", "contact": "1 Main Street", "delivery": Arrival.MAIL,
}  # fmt: skip
BACK = {"name": "Alice Rivera", "address": "1 Main Street"}


def step(hal: Client, request: ReleaseRequest, do: str, **fields: str) -> str:
    """Press one button of the request's page, and return what it says then."""
    at = reverse("desk-request-act", args=[request.pk])
    answer = hal.post(at, {"do": do, **fields}, follow=True)
    request.refresh_from_db()
    return answer.content.decode()


def test_what_was_heard_on_the_telephone_is_read_back_before_it_is_approved(cast: Cast) -> None:
    """Requirement C6: a wrong house number is found by its field, and its value stands nowhere."""
    hal = page_of(cast.hal)
    hal.post(reverse("desk-request-new"), {**ENTERED, "channel": "phone"})
    request = ReleaseRequest.objects.get()
    request.studies.set([cast.chest])
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    said = step(hal, request, "approve", basis="access", images="1", report="1")
    assert "not been read back" in said
    assert 'name="back_address"' in said
    wrong = step(hal, request, "confirm_recipient", back_name="Alice Rivera", back_address="11 Main Street")
    assert "Read back differently: address" in wrong
    assert "11 Main Street" not in wrong
    step(hal, request, "confirm_recipient", back_name="alice rivera", back_address="1  main street")
    assert 'name="back_address"' not in step(hal, request, "approve", basis="access", images="1", report="1")
    assert request.state == "approved"


def test_another_address_is_read_back_once_more(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirement C6; 45 CFR 164.522(b): she says afterwards where else she wants to be reached."""
    request = ask(by=cast.hal, **BY_PHONE)
    in_review(request, cast.hal)
    actions.confirm_recipient(request, BACK, by=cast.hal, now=NOW, place=PLACE)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    rights.set_address(cast.alices, address="7 Elm Road", email="", phone="", by=cast.alice, now=NOW, place=PLACE)
    over = actions.HandOver(tracking="1Z9", passphrase_by="message")
    with pytest.raises(NotNow, match="read back"):
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    actions.confirm_recipient(request, {**BACK, "address": "7 Elm Road"}, by=cast.hal, now=NOW, place=PLACE)
    actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    assert request.deliveries.get().address == "7 Elm Road"


def test_an_address_that_changes_after_the_approval_is_no_dead_end(cast: Cast, ask: Ask) -> None:
    """Requirement C6: before the copy is made; what the desk's page asks for can be done there."""
    request, hal = ask(by=cast.hal, **BY_PHONE), page_of(cast.hal)
    in_review(request, cast.hal)
    actions.confirm_recipient(request, BACK, by=cast.hal, now=NOW, place=PLACE)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    rights.set_address(cast.alices, address="7 Elm Road", email="", phone="", by=cast.alice, now=NOW, place=PLACE)
    assert 'name="back_address"' in step(hal, request, "build")
    step(hal, request, "confirm_recipient", back_name="Alice Rivera", back_address="7 Elm Road")
    step(hal, request, "build")
    assert request.state == "quality_check"


def test_a_confidential_address_that_the_desk_typed_is_read_back_in_any_event(cast: Cast, ask: Ask) -> None:
    """Requirement C6; 45 CFR 164.522(b): she asks in the portal, and tells the desk where else she is reached."""
    request, hal = ask(delivery=Arrival.MAIL, contact="1 Main Street"), page_of(cast.hal)
    in_review(request, cast.hal)
    page = reverse("desk-request", args=[request.pk])
    assert 'name="back_address"' not in hal.get(page).content.decode()
    form = {"system": "post", "value": "7 Elm Road", "confidential": "1"}
    hal.post(reverse("patient-address", args=[cast.alices.pk]), form)
    assert 'name="back_address"' in hal.get(page).content.decode()
    step(hal, request, "confirm_recipient", back_name="Alice", back_address="7 Elm Road")
    assert 'name="back_address"' not in hal.get(page).content.decode()


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param({**BY_PHONE, "delivery": Arrival.PICKUP}, id="she picks it up"),
        pytest.param({**BY_PHONE, "channel": Channel.LETTER}, id="she wrote it herself"),
    ],
)
def test_nothing_is_read_back_where_no_address_was_only_heard(cast: Cast, ask: Ask, wish: dict[str, Any]) -> None:
    """Requirements B14, C6: no step more than what guards the copy."""
    request = ask(by=cast.hal, **wish)
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    page = page_of(cast.hal).get(reverse("desk-request", args=[request.pk])).content.decode()
    assert 'value="confirm_recipient"' not in page
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == "approved"
