"""A company that works for the house: whatever the way, nothing reaches it once its contract has ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cast import BY, NOW, PLACE, Cast
from rooms.release.helping import TODAY, free, in_review, later
from scanward.law.bases import RecipientKind
from scanward.law.tracks import Track
from scanward.people.contracts import Terms, end_contract, enter_contract
from scanward.people.models import Account, Contract
from scanward.release import actions, sharing
from scanward.release.actions import mailing
from scanward.release.kinds import Need
from scanward.release.machine import NotNow
from scanward.release.models import Delivery, ReleaseRequest, ShareVisit
from scanward.release.ways import Arrival

COMPANY = "Northwind Teleradiology"
LINK = actions.HandOver(expires_at=later(days=10))
Ready = Callable[[Arrival], ReleaseRequest]

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(cast: Cast) -> Contract:
    """The company reads scans at night, and has signed for it."""
    terms = Terms(
        company=COMPANY, services="Reads scans at night", kept_at="Cabinet 4",
        signed_on=TODAY - timedelta(days=30), ends_on=None, clauses_checked=True,
    )  # fmt: skip
    return enter_contract(terms, by=cast.priya, actor=BY, place=PLACE, today=TODAY, now=NOW)


@pytest.fixture
def ready(cast: Cast, lena: Account, contract: Contract) -> Ready:
    """The house gives the company Alice's report, and all is done but the handing over."""

    def made(way: Arrival) -> ReleaseRequest:
        to = {
            "name": "P. Lind", "organization": COMPANY, "address": "1 Sea Street", "email": "night@northwind.example"
        }  # fmt: skip
        asked = actions.Asked(
            patient=cast.alices, studies=[cast.chest], track=Track.OPERATIONS, requester_name="Night office",
            images=False, delivery=way, contact=to["address"],
            recipient=actions.RecipientDetails(kind=RecipientKind.BUSINESS_ASSOCIATE, state="DC", **to),
        )  # fmt: skip
        request = actions.receive(asked, by=cast.hal, now=NOW, place=PLACE)
        in_review(request, cast.hal)
        actions.confirm_recipient(request, to, by=cast.hal, now=NOW, place=PLACE)
        actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
        actions.approve(request, by=lena, basis="service of a business associate", now=NOW, place=PLACE)
        actions.build(request, by=cast.hal, now=NOW, place=PLACE)
        actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
        request.refresh_from_db()
        return request

    return made


def over(way: Arrival) -> actions.HandOver:
    if way is Arrival.LINK:
        return LINK
    return actions.HandOver(passphrase_by="phone", tracking="1Z", identified_by="photo ID", signature="P. Lind")


@pytest.mark.parametrize("way", [Arrival.LINK, Arrival.EMAIL, Arrival.MAIL, Arrival.PICKUP])
def test_what_is_ready_does_not_leave_once_the_contract_has_ended(
    cast: Cast, ready: Ready, contract: Contract, way: Arrival
) -> None:
    """A7: it was in force at the approval, and is not when the copy would leave."""
    request = ready(way)
    end_contract(contract, actor=BY, place=PLACE, now=later(hours=1))
    with pytest.raises(NotNow) as refused:
        actions.deliver(request, over(way), by=cast.hal, now=later(hours=1), place=PLACE)
    assert Need.CONTRACT in refused.value.needs
    assert not Delivery.objects.exists()


def test_a_link_ends_with_the_contract_of_the_company_that_holds_it(
    cast: Cast, ready: Ready, contract: Contract
) -> None:
    """A7: it can't be opened any more, and whoever has it open sees nothing from then on."""
    secret = actions.deliver(ready(Arrival.LINK), LINK, by=cast.hal, now=NOW, place=PLACE).secret
    sharing.redeem(secret, visitor="P. Lind", passcode="", now=later(hours=1), place=PLACE)
    visit = ShareVisit.objects.get()
    assert sharing.holder(visit, now=later(hours=1)).shares
    end_contract(contract, actor=BY, place=PLACE, now=later(hours=1))
    assert not sharing.holder(visit, now=later(hours=1)).shares
    with pytest.raises(sharing.LinkRefused):
        sharing.redeem(secret, visitor="P. Lind", passcode="", now=later(hours=1), place=PLACE)


def test_a_mail_whose_sender_died_is_not_sent_again_after_the_contract(
    cast: Cast, ready: Ready, contract: Contract, mailoutbox: list[Any]
) -> None:
    """A7, fault D8: the worker asks once more before it sends what was left behind."""
    actions.deliver(ready(Arrival.EMAIL), over(Arrival.EMAIL), by=cast.hal, now=NOW, place=PLACE)
    Delivery.objects.update(posted_at=None)
    end_contract(contract, actor=BY, place=PLACE, now=later(hours=1))
    before = len(mailoutbox)
    assert mailing.send_again(now=later(hours=2)) == 0
    assert len(mailoutbox) == before
    assert Delivery.objects.get().returned_at
