"""What somebody on the inside, or with an old right, would try; each way is closed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from cast import ALICE, NOW, PLACE, Cast, bring, chest_of, sender
from rooms.release.helping import TODAY, free, in_review, later
from scanward.access.actions import AccessRefused
from scanward.archive.models import ReportStatus, Series
from scanward.archive.reports import store_report
from scanward.audit.models import Entry
from scanward.law.authorization import Statement
from scanward.law.bases import Basis, RecipientKind
from scanward.law.denials import Ground
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.tracks import Track
from scanward.people.models import Account, PatientLink, Representation
from scanward.release import actions, housekeeping, rights, sharing
from scanward.release.machine import NotNow
from scanward.release.models import Authorization, Denial, Recipient, ReleasePackage, ReleaseRequest, Share
from scanward.release.ways import Arrival, Channel

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
OKOYE = actions.RecipientDetails(
    kind=RecipientKind.PROVIDER, name="Dr. Okoye", organization="Riverside Clinic", address="1 River Road", state="DC"
)
TO_OKOYE: dict[str, Any] = {
    "track": Track.DIRECTIVE,
    "delivery": Arrival.LINK,
    "signature": "Alice Rivera",
    "recipient": OKOYE,
}
READ_BACK = {"name": "Dr. Okoye", "organization": "Riverside Clinic", "address": "1 River Road"}


def checked(request: ReleaseRequest, cast: Cast, lena: Account, **approval: Any) -> ReleaseRequest:
    """Bring a request to the point at which it may leave."""
    in_review(request, cast.hal)
    if request.recipient:
        actions.confirm_recipient(request, READ_BACK, by=cast.hal, now=NOW, place=PLACE)
    if request.delivery == Arrival.MAIL:
        actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, now=NOW, place=PLACE, **approval)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    request.refresh_from_db()
    return request


def by_link(request: ReleaseRequest, cast: Cast) -> Share:
    """Deliver by a link, and return it."""
    actions.deliver(request, actions.HandOver(expires_at=later(days=9)), by=cast.hal, now=NOW, place=PLACE)
    return Share.objects.get(request=request)


def test_a_link_shows_what_was_granted_and_not_what_was_asked(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirement D10: the report was asked for and denied."""
    request = ask(**TO_OKOYE)
    Denial.objects.create(
        request=request, ground=Ground.LEGAL_PROCEEDING, withheld=[Item.REPORT], decided_by=lena, decided_at=NOW
    )
    request = checked(request, cast, lena, basis=Basis.DIRECTIVE)
    share = by_link(request, cast)
    assert (share.images, share.report) == (True, False)


def test_a_link_shows_the_series_that_were_asked_for(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements B13, D10, J4."""
    series = [str(Series.objects.filter(study=cast.chest).values_list("pk", flat=True)[0])]
    share = by_link(checked(ask(**TO_OKOYE, series_ids=series), cast, lena, basis=Basis.DIRECTIVE), cast)
    assert share.series_ids == series


def test_an_authorization_for_one_lawyer_releases_nothing_to_another(cast: Cast, ask: Ask) -> None:
    """Requirements A8, D1, D10: the paper is without a defect, and names somebody else."""
    to = actions.RecipientDetails(kind=RecipientKind.ATTORNEY, name="Vogel LLP", address="9 Court Street", state="DC")
    request = ask(
        by=cast.hal, track=Track.AUTHORIZATION, recipient=to, requester_name="Vogel LLP", delivery=Arrival.LINK
    )
    in_review(request, cast.hal)
    actions.confirm_recipient(
        request, {"name": "Vogel LLP", "address": "9 Court Street"}, by=cast.hal, now=NOW, place=PLACE
    )
    actions.note_local_rules(request, note="none", by=cast.hal, now=NOW, place=PLACE)
    paper = Authorization(
        patient=cast.alices, description="CT of the chest", discloser="Lakeside Hospital",
        recipient="Lawson & Partners", purpose="my claim", expires_on=date(2099, 1, 1), signature="Alice Rivera",
        signed_on=TODAY, statements=[statement.value for statement in Statement], created_at=NOW,
    )  # fmt: skip
    assert actions.check_authorization(request, paper, by=cast.hal, now=NOW, place=PLACE) == ()
    with pytest.raises(Unlawful, match="recipient that it does not name"):
        actions.approve(request, by=cast.hal, basis=Basis.AUTHORIZATION, now=NOW, place=PLACE)


def test_an_authority_that_ended_after_the_approval_lets_nothing_leave(cast: Cast, approved: Ask) -> None:
    """Fault C14; requirement C5: between the approval and the door."""
    request = approved(by=cast.ruth, basis="access by a personal representative")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    Representation.objects.update(ended_at=NOW)
    with pytest.raises(NotNow, match="authority"):
        actions.deliver(request, actions.HandOver(), by=cast.hal, now=later(minutes=1), place=PLACE)


def test_an_account_that_was_disconnected_gets_nothing_more(cast: Cast, approved: Ask) -> None:
    """Requirement C1: somebody had been connected by mistake, and it was noticed."""
    request = approved()
    PatientLink.objects.filter(account=cast.alice).update(ended_at=NOW)
    with pytest.raises(NotNow, match="verified"):
        actions.build(request, by=cast.hal, now=NOW, place=PLACE)


def test_who_acted_for_her_once_sees_neither_request_nor_letters(cast: Cast, ask: Ask) -> None:
    """Faults C1, C14: the page, the list and the letters are gone together with the authority."""
    request, client = ask(by=cast.ruth), Client()
    client.force_login(cast.ruth)
    pages = [f"/requests/{request.pk}/", f"/letters/{request.letters.get().pk}/letter.pdf"]
    assert [client.get(page).status_code for page in pages] == [200, 200]
    Representation.objects.update(ended_at=NOW)
    assert [client.get(page).status_code for page in pages] == [404, 404]
    assert request.number not in client.get("/requests/").content.decode()


def test_a_package_that_is_too_old_is_built_and_checked_anew(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirement C6: and its passphrase is forgotten by then."""
    request = checked(ask(delivery=Arrival.MAIL, contact="1 Main Street"), cast, lena, basis="access")
    over = actions.HandOver(tracking="1Z9", passphrase_by="phone")
    with pytest.raises(Unlawful, match="too old"):
        actions.deliver(request, over, by=cast.hal, now=later(days=31), place=PLACE)
    housekeeping.tidy(now=later(days=31))
    assert ReleasePackage.objects.get().passphrase == ""
    actions.build(request, by=cast.hal, now=later(days=31), place=PLACE)
    with pytest.raises(NotNow):
        actions.deliver(request, over, by=cast.hal, now=later(days=31), place=PLACE)


def test_what_was_checked_is_what_leaves(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements A14, H7; fault D15: a disagreement that was filed since goes along, so it is built again."""
    request = checked(ask(delivery=Arrival.MAIL, contact="1 Main Street"), cast, lena, basis="access")
    asked = rights.ask_amendment(
        cast.alices, text="It was the left lung.", by=cast.alice, now=NOW, place=PLACE, study=cast.chest
    )
    rights.decide_amendment(
        asked, accepted=False, answer="It was looked at again.", by=cast.hal, now=NOW, place=PLACE,
        ground=next(iter(rights.wishes.AmendmentGround)),
    )  # fmt: skip
    rights.disagree(asked, text="I know my lungs.", by=cast.alice, now=NOW, place=PLACE)
    over = actions.HandOver(tracking="1Z9", passphrase_by="phone")
    with pytest.raises(Unlawful, match="changed since"):
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)


def test_a_report_that_was_taken_back_leaves_in_no_package(cast: Cast, lena: Account, ask: Ask) -> None:
    """Fault D15; F8: the package was sealed with it, so it is built again, without it."""
    request = checked(ask(delivery=Arrival.MAIL, contact="1 Main Street"), cast, lena, basis="access")
    assert ReleasePackage.objects.get().report_ids
    store_report(cast.chest, [], status=ReportStatus.WITHDRAWN, finalized_at=NOW, sender=sender(), now=NOW)
    over = actions.HandOver(tracking="1Z9", passphrase_by="phone")
    with pytest.raises(Unlawful, match="changed since"):
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)


def test_a_new_address_of_a_recipient_is_read_back_again(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirement C6: neither the old confirmation nor the old check holds for another address."""
    request = checked(ask(**{**TO_OKOYE, "delivery": Arrival.MAIL}), cast, lena, basis=Basis.DIRECTIVE)
    over = actions.HandOver(tracking="1Z9", passphrase_by="phone")
    actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    actions.mail_returned(request, by=cast.hal, note="moved", now=NOW, place=PLACE)
    actions.readdress(request, by=cast.hal, address="13 Dark Alley", now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    with pytest.raises(NotNow, match="read back"):
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    Recipient.objects.update(peer="")
    actions.confirm_recipient(request, {**READ_BACK, "address": "13 Dark Alley"}, by=cast.hal, now=NOW, place=PLACE)
    assert actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE).delivery.address == "13 Dark Alley"


def test_a_request_is_not_matched_to_somebody_with_another_birthday(cast: Cast, ask: Ask) -> None:
    """Requirements B4, C1: a namesake's scans, by mistake or not."""
    request = ask(
        by=cast.hal, patient=None, studies=[], name="Alice Rivera", birth_date=date(1990, 1, 1), channel=Channel.LETTER
    )
    in_review(request, cast.hal)
    with pytest.raises(Unlawful, match="date of birth"):
        actions.match(request, [cast.chest], patient=cast.alices, by=cast.hal, now=NOW, place=PLACE)


def test_nothing_is_added_to_what_was_approved(cast: Cast, approved: Ask) -> None:
    """Requirement D10; fault C16: neither another scan nor another address, format or basis."""
    request, other = approved(), bring(chest_of(ALICE, seed=77))
    with pytest.raises(NotNow):
        actions.match(request, [cast.chest, other], patient=cast.alices, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(NotNow):
        actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    with pytest.raises(NotNow):
        actions.readdress(request, by=cast.hal, address="x", now=NOW, place=PLACE)


def test_what_is_taken_back_leaves_no_passphrase_behind(cast: Cast, ask: Ask) -> None:
    """Fault C21: a package that will never leave can't be opened either."""
    request = ask(delivery=Arrival.PICKUP)
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    package = actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.withdraw(request, by=cast.alice, reason="", now=NOW, place=PLACE)
    package.refresh_from_db()
    assert (package.passphrase, bytes(package.seed)) == ("", b"")


def test_every_look_of_the_desk_at_a_request_is_in_the_ledger(cast: Cast, ask: Ask) -> None:
    """Requirement L1: the page and the letter; a clinician without the office finds neither."""
    request, client = ask(), Client()
    pages = [f"/desk/requests/{request.pk}/", f"/desk/letters/{request.letters.get().pk}/letter.pdf"]
    client.force_login(cast.hal)
    before = Entry.objects.filter(kind="record_opened").count()
    assert [client.get(page).status_code for page in pages] == [200, 200]
    assert Entry.objects.filter(kind="record_opened").count() == before + 2
    client.force_login(cast.dana)
    assert [client.get(page).status_code for page in pages] == [404, 404]


@pytest.mark.parametrize("who", ["charlie", "bo", "ravi", "sam", "dana"])
def test_nobody_without_the_office_takes_a_step(cast: Cast, approved: Ask, who: str) -> None:
    """Faults C1, C21: by the verbs themselves, whatever page is in front of them."""
    request, by = approved(), cast.everybody()[who]
    for step in (actions.build, actions.close, actions.claim):
        with pytest.raises(AccessRefused):
            step(request, by=by, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused):
        actions.deliver(request, actions.HandOver(), by=by, now=NOW, place=PLACE)


def test_a_link_made_by_a_clerk_who_left_is_dead(cast: Cast, lena: Account, ask: Ask) -> None:
    """Fault C14: a delivery by link does not outlive what it rests on."""
    request = checked(ask(**TO_OKOYE), cast, lena, basis=Basis.DIRECTIVE)
    share = by_link(request, cast)
    assert sharing.alive(share, now=NOW)
    Account.objects.filter(pk=cast.hal.pk).update(is_active=False)
    assert not sharing.alive(Share.objects.select_related("created_by").get(pk=share.pk), now=NOW)
