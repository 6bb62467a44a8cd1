"""What ends with a permission, at once: approvals, packages, links, running downloads; and what stays."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cast import NOW, PLACE, Cast
from rooms.release.helping import TODAY, in_review, later
from scanward.law.authorization import RevocationForm, Statement
from scanward.law.bases import Basis, RecipientKind
from scanward.law.errors import Unlawful
from scanward.law.tracks import Track
from scanward.people.models import Account
from scanward.release import actions, rights, sharing
from scanward.release.machine import NotNow
from scanward.release.models import Authorization, Disclosure, ReleaseRequest
from scanward.release.moving import verdict
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
ATTORNEY = actions.RecipientDetails(
    kind=RecipientKind.ATTORNEY, name="Lawson & Partners", address="9 Court Street", state="DC"
)


def paper(cast: Cast, **changes: Any) -> Authorization:
    """An authorization without a defect, until something is changed."""
    return Authorization(
        **{
            "patient": cast.alices,
            "description": "CT images and report of the chest",
            "discloser": "Lakeside Hospital",
            "recipient": "Lawson & Partners",
            "purpose": "Legal advice",
            "expires_on": TODAY + timedelta(days=90),
            "signature": "Alice Rivera",
            "signed_on": TODAY,
            "statements": [statement.value for statement in Statement],
            "created_at": NOW,
            **changes,
        }
    )


@pytest.fixture
def by_attorney(cast: Cast, ask: Ask) -> Callable[..., tuple[ReleaseRequest, Authorization]]:
    """A request of an attorney, reviewed as far as the authorization."""

    def made(**changes: Any) -> tuple[ReleaseRequest, Authorization]:
        request = ask(
            by=cast.hal, track=Track.AUTHORIZATION, recipient=ATTORNEY, requester_name="Lawson & Partners",
            contact="9 Court Street", delivery=Arrival.LINK,
        )  # fmt: skip
        in_review(request, cast.hal)
        signed = paper(cast, **changes)
        actions.check_authorization(request, signed, by=cast.hal, now=NOW, place=PLACE)
        back = {"name": "lawson & partners", "address": "9 court street"}
        actions.confirm_recipient(request, back, by=cast.hal, now=NOW, place=PLACE)
        actions.note_local_rules(request, note="Nothing stricter.", by=cast.hal, now=NOW, place=PLACE)
        return request, signed

    return made


def fulfil(request: ReleaseRequest, cast: Cast, lena: Account) -> str:
    """Approve, build, check and deliver by link."""
    actions.approve(request, by=cast.hal, basis="authorization", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    over = actions.HandOver(expires_at=later(days=10))
    return actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE).secret


def test_a_valid_authorization_releases_to_whom_it_names(cast: Cast, lena: Account, by_attorney: Any) -> None:
    """Requirements A8, A10, D10: with the read-back, the local rules, and a row that needs no accounting."""
    request, _signed = by_attorney()
    assert fulfil(request, cast, lena)
    row = Disclosure.objects.get(request=request)
    assert (row.basis, row.accountable) == ("authorization", False)


@pytest.mark.parametrize(
    "left_out",
    [{"description": ""}, {"purpose": "n/a"}, {"expires_on": None}, {"signature": ""}, {"statements": []}],
)
def test_any_defect_blocks(cast: Cast, by_attorney: Any, left_out: dict[str, Any]) -> None:
    """Requirements D1 to D7: whatever is missing, nothing is approved."""
    request, _signed = by_attorney(**left_out)
    with pytest.raises((NotNow, Unlawful)):
        actions.approve(request, by=cast.hal, basis="authorization", now=NOW, place=PLACE)


def test_a_read_back_that_differs_confirms_nobody(cast: Cast, ask: Ask) -> None:
    """Requirement C6: the field is named, its value is not."""
    request = ask(by=cast.hal, recipient=ATTORNEY, track=Track.AUTHORIZATION)
    in_review(request, cast.hal)
    with pytest.raises(Unlawful, match="address") as refused:
        actions.confirm_recipient(
            request, {"name": "Lawson & Partners", "address": "8 Court Street"}, by=cast.hal, now=NOW, place=PLACE
        )
    assert "Court Street" not in str(refused.value)


def test_more_than_the_authorization_names_is_refused(cast: Cast, by_attorney: Any) -> None:
    """Requirement D10: a report that it leaves out is not released."""
    request, signed = by_attorney()
    Authorization.objects.filter(pk=signed.pk).update(report=False)
    with pytest.raises(Unlawful, match="report"):
        actions.approve(request, by=cast.hal, basis="authorization", now=NOW, place=PLACE)


def test_a_revocation_stops_the_approval(cast: Cast, by_attorney: Any) -> None:
    """Requirements D8, D9; fault C14."""
    request, signed = by_attorney()
    actions.revoke(signed, by=cast.alice, form=RevocationForm.PORTAL, now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == "blocked"
    with pytest.raises((NotNow, Unlawful)):
        actions.approve(request, by=cast.hal, basis="authorization", now=NOW, place=PLACE)


def test_a_revocation_stops_the_package_that_waits(cast: Cast, lena: Account, by_attorney: Any) -> None:
    """Requirement D9: also what was built and checked does not leave."""
    request, signed = by_attorney()
    actions.approve(request, by=cast.hal, basis="authorization", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.revoke(signed, by=cast.alice, form=RevocationForm.LETTER, now=NOW, place=PLACE)
    with pytest.raises((NotNow, Unlawful)):
        actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE)
    assert not request.packages.filter(ended_at=None).exists()


def test_a_revocation_ends_the_link_and_keeps_the_record(cast: Cast, lena: Account, by_attorney: Any) -> None:
    """Requirements D8, D9: the link is dead, the disclosure stays written, the letter confirms it."""
    request, signed = by_attorney()
    secret = fulfil(request, cast, lena)
    actions.revoke(signed, by=cast.alice, form=RevocationForm.PORTAL, now=NOW, place=PLACE)
    with pytest.raises(sharing.LinkRefused):
        sharing.redeem(secret, visitor="x", passcode="", now=NOW, place=PLACE)
    assert Disclosure.objects.filter(request=request).count() == 1
    assert request.letters.filter(template="revocation").exists()


def test_an_expired_authorization_stops_by_itself(cast: Cast, by_attorney: Any) -> None:
    """Requirement D11: nobody has to do anything; the housekeeping writes it down."""
    request, _signed = by_attorney()
    late = later(days=92)
    with pytest.raises((NotNow, Unlawful)):
        actions.approve(request, by=cast.hal, basis="authorization", now=late, place=PLACE)
    assert actions.end_expired(now=late) == 1
    request.refresh_from_db()
    assert request.state == "blocked"


def test_a_link_of_an_expired_authorization_opens_no_more(cast: Cast, lena: Account, by_attorney: Any) -> None:
    """Requirement D11; fault C14: also before the housekeeping has come by."""
    request, _signed = by_attorney(expires_on=TODAY + timedelta(days=2))
    secret = fulfil(request, cast, lena)
    with pytest.raises(sharing.LinkRefused):
        sharing.redeem(secret, visitor="x", passcode="", now=later(days=4), place=PLACE)


def test_a_stranger_revokes_nothing(cast: Cast, by_attorney: Any) -> None:
    """Fault C16."""
    from scanward.access.actions import AccessRefused

    _request, signed = by_attorney()
    with pytest.raises(AccessRefused):
        actions.revoke(signed, by=cast.charlie, form=RevocationForm.PORTAL, now=NOW, place=PLACE)


def test_what_was_paid_for_in_full_stays_from_the_health_plan(cast: Cast, ask: Ask) -> None:
    """45 CFR 164.522(a)(1)(vi): agreed to at once, and in force when somebody decides."""
    rights.ask_restriction(
        cast.alices, recipients=[RecipientKind.HEALTH_PLAN], bases=[Basis.PAYMENT], paid_in_full=True,
        by=cast.alice, now=NOW, place=PLACE,
    )  # fmt: skip
    plan = actions.RecipientDetails(kind=RecipientKind.HEALTH_PLAN, name="Blue Plan", address="Box 1", state="DC")
    request = ask(by=cast.hal, track=Track.OPERATIONS, recipient=plan, images=False, delivery=Arrival.LINK)
    in_review(request, cast.hal)
    actions.confirm_recipient(request, {"name": "Blue Plan", "address": "Box 1"}, by=cast.hal, now=NOW, place=PLACE)
    from scanward.law.documents import Document

    actions.file_evidence(request, Document.PAYMENT_PURPOSE, note="claim 7", by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(NotNow, match="restriction"):
        actions.approve(request, by=cast.hal, basis="payment", now=NOW, place=PLACE)


def test_another_address_is_used_without_a_reason(cast: Cast, approved: Ask, lena: Account) -> None:
    """45 CFR 164.522(b): letters and deliveries go where she asked to be reached."""
    rights.set_address(
        cast.alices, address="Box 9, Springfield", email="", phone="", by=cast.alice, now=NOW, place=PLACE
    )
    request = approved(delivery=Arrival.MAIL, contact="1 Main Street")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    over = actions.HandOver(tracking="1Z", passphrase_by="phone")
    assert actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE).delivery.address == "Box 9, Springfield"


def test_a_correction_has_sixty_days_and_a_denied_one_its_statement(cast: Cast, lena: Account) -> None:
    """Requirement H7: the disagreement goes along with every later copy."""
    from scanward.law.wishes import AmendmentGround

    asked = rights.ask_amendment(
        cast.alices, text="It was the left lung.", study=cast.chest, by=cast.alice, now=NOW, place=PLACE
    )
    assert asked.due_on == TODAY + timedelta(days=60)
    with pytest.raises(Unlawful, match="four grounds"):
        rights.decide_amendment(asked, accepted=False, answer="No.", by=lena, now=NOW, place=PLACE)
    rights.decide_amendment(
        asked, accepted=False, ground=AmendmentGround.ACCURATE, answer="It is right.", by=lena, now=NOW, place=PLACE
    )
    rights.disagree(asked, text="I still say left.", by=cast.alice, now=NOW, place=PLACE)
    assert asked.disagreement


def test_the_accounting_leaves_out_what_the_law_leaves_out(cast: Cast, by_attorney: Any, lena: Account) -> None:
    """Requirements L5, L6: her own copy and the authorization are in the register, and not in the accounting."""
    from scanward.release.disclosures import account_for, disclose

    request, _signed = by_attorney()
    fulfil(request, cast, lena)
    for basis in (Basis.ACCESS, Basis.PUBLIC_HEALTH, Basis.PUBLIC_HEALTH):
        from django.db import transaction

        with transaction.atomic():
            disclose(
                [cast.chest], recipient="County Health", address="3 Court Street", description="report", basis=basis,
                channel="mail", by=sharing.ActorRef.system("tests"), now=NOW, place=PLACE,
            )  # fmt: skip
    [entry] = account_for(cast.alices, now=later(days=1))
    assert (entry.first.recipient, entry.times) == ("County Health", 2)
    assert Disclosure.objects.count() == 4


def test_a_clock_that_is_set_back_revives_no_permission(cast: Cast, lena: Account, by_attorney: Any) -> None:
    """Fault D10, requirement D8: what was revoked stays revoked, whatever day the server believes it is."""
    request, signed = by_attorney()
    secret = fulfil(request, cast, lena)
    actions.revoke(signed, by=cast.alice, form=RevocationForm.PORTAL, now=later(hours=1), place=PLACE)
    for moment in (later(days=-1), later(minutes=30)):
        assert not verdict(signed, now=moment).valid
        with pytest.raises(sharing.LinkRefused):
            sharing.redeem(secret, visitor="x", passcode="", now=moment, place=PLACE)
