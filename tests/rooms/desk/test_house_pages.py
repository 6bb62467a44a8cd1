"""What the house keeps about itself: contracts with companies, its rooms and devices; and what a patient left open."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from cast import ALICE, NOW, PASSWORD, PLACE, person
from scanward.audit.kinds import EventKind, Outcome
from scanward.audit.models import Entry
from scanward.law.bases import RecipientKind
from scanward.law.documents import Document
from scanward.law.errors import Unlawful
from scanward.law.tracks import Track
from scanward.oversight.models import SafeguardCheck
from scanward.people import actions as people
from scanward.people.kinds import Role
from scanward.people.models import Contract
from scanward.release import actions, house, sharing
from scanward.release.actions.deciding import documents_of
from scanward.release.models import Share

COMPANY = "Northwind Teleradiology"


def inside(account):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page(answer):
    return answer.content.decode()


def paper(**changes):
    today = house.today(timezone.now())
    form = {
        "company": COMPANY,
        "services": "Reads scans at night",
        "kept_at": "Cabinet 4",
        "signed_on": (today - timedelta(days=400)).isoformat(),
        "ends_on": (today + timedelta(days=1)).isoformat(),
        "clauses": "yes",
    }
    return form | changes


def test_a_contract_is_put_on_file_and_ended_and_each_is_in_the_ledger(cast):
    """A7."""
    priya, address = inside(cast.priya), reverse("contracts")
    assert priya.post(address, paper()).status_code == 302
    row = Contract.objects.get()
    shown = page(priya.get(address))
    assert COMPANY in shown
    assert "In force" in shown
    assert priya.post(reverse("contract-end", args=[row.id])).status_code == 302
    assert "In force" not in page(priya.get(address))
    details = [entry.detail["contract"] for entry in Entry.objects.filter(kind=EventKind.CONTRACT_CHANGED)]
    assert sorted(details) == ["ended", "entered"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"company": " "},
        {"kept_at": ""},
        {"signed_on": "soon"},
        {"signed_on": "2999-01-01", "ends_on": ""},
        {"ends_on": "2001-01-01"},
        {"ends_on": "never"},
        {"clauses": ""},
    ],
)
def test_a_paper_that_lacks_something_is_no_contract(cast, wrong):
    """A7: signed, in time, and read."""
    assert inside(cast.priya).post(reverse("contracts"), paper(**wrong)).status_code == 422
    assert not Contract.objects.exists()


@pytest.fixture
def for_the_company(cast):
    """A request of the house itself: a company is to get Alice's scan, for work that it does for the house."""
    lena = person("lena", password=PASSWORD)
    people.assign_role(lena, Role.HIM_LEAD, by=None, actor=people.ActorRef.system("t"), place=PLACE, now=NOW)
    asked = actions.Asked(
        patient=cast.alices,
        studies=[cast.chest],
        track=Track.OPERATIONS,
        requester_name="Quality office",
        images=False,
        recipient=actions.RecipientDetails(
            kind=RecipientKind.BUSINESS_ASSOCIATE,
            name="P. Lind",
            organization=COMPANY,
            address="1 Sea Street",
            state="DC",
        ),
    )
    return actions.receive(asked, by=lena, now=NOW, place=PLACE)


def lacks_contract(request):
    return Document.CONTRACT not in documents_of(request, now=timezone.now())


def test_nothing_goes_to_a_company_without_a_contract_in_force(cast, for_the_company):
    """A7: what counts is the list, from the first to the last day; a note that there is a contract does not."""
    priya = inside(cast.priya)
    assert lacks_contract(for_the_company)
    with pytest.raises(Unlawful, match="list of contracts"):
        actions.file_evidence(
            for_the_company, Document.CONTRACT, note="There is one.", by=cast.hal, now=NOW, place=PLACE
        )
    priya.post(reverse("contracts"), paper(company="Somebody Else"))
    assert lacks_contract(for_the_company)
    priya.post(reverse("contracts"), paper(company="  northwind   TELERADIOLOGY "))
    assert not lacks_contract(for_the_company)
    Contract.objects.update(ends_on=house.today(timezone.now()) - timedelta(days=1))
    assert lacks_contract(for_the_company)


def test_each_safeguard_is_looked_at_and_what_was_found_stays(cast):
    """O6: rooms, computers, screens, discs: who looked, when, and what is wrong; due again after a year."""
    priya, address = inside(cast.priya), reverse("safeguards")
    assert page(priya.get(address)).count("To be looked at") == 6
    assert priya.post(address, {"safeguard": "server_room", "fine": "yes"}).status_code == 302
    assert priya.post(address, {"safeguard": "screens", "fine": "no"}).status_code == 422
    assert priya.post(address, {"safeguard": "moat", "fine": "yes"}).status_code == 422
    wrong = {"safeguard": "screens", "fine": "no", "words": "The front desk faces the door; a filter is ordered."}
    assert priya.post(address, wrong).status_code == 302
    shown = page(priya.get(address))
    assert (shown.count("To be looked at"), shown.count("In order")) == (5, 1)
    assert "a filter is ordered" in shown
    outcomes = [entry.outcome for entry in Entry.objects.filter(kind=EventKind.SAFEGUARD_CHECKED).order_by("seq")]
    assert outcomes == [Outcome.SUCCESS, Outcome.MINOR_FAILURE]
    SafeguardCheck.objects.update(at=timezone.now() - timedelta(days=366))
    assert page(priya.get(address)).count("To be looked at") == 6


@pytest.fixture
def app(cast):
    """Alice has given her scan to a health app, four months ago."""
    wish = sharing.Wish(
        recipient_name="My health app", studies=[cast.chest], expires_at=timezone.now() + timedelta(days=60)
    )
    made = sharing.create(wish, by=cast.alice, now=NOW, place=PLACE).share
    Share.objects.filter(pk=made.pk).update(health_link=True, created_at=timezone.now() - timedelta(days=120))
    return made


def test_apps_are_listed_with_what_they_open_and_when_they_last_did(cast, app):
    """I11: scopes, last use, and a button that ends one."""
    alice, address = inside(cast.alice), reverse("shares")
    shown = page(alice.get(address))
    for words in ("For a health app", "My health app", "images, report", "never"):
        assert words in shown, words
    Share.objects.filter(pk=app.id).update(token_hash=sharing.hashed("s" * 43))
    sharing.redeem("s" * 43, visitor="My health app", passcode="", now=timezone.now(), place=PLACE)
    used = page(alice.get(address))
    assert "never" not in used
    assert date_format(timezone.localtime(), "DATE_FORMAT") in used
    assert alice.post(reverse("share-revoke", args=[app.id])).status_code == 302
    app.refresh_from_db()
    assert app.revoked_at
    assert ALICE.patient_id not in shown


def test_whoever_left_an_app_open_for_long_is_asked_from_time_to_time(cast, app):
    """I11: a prompt after three months, again three months later, and none when nothing is open."""
    alice, address, asks = inside(cast.alice), reverse("shares"), "Should all of these stay open?"
    assert asks in page(alice.get(address))
    assert alice.post(reverse("shares-looked-through")).status_code == 302
    assert asks not in page(alice.get(address))
    assert Entry.objects.filter(kind=EventKind.ACCOUNT_CHANGED, actor_id=str(cast.alice.id)).exists()
    type(cast.alice).objects.update(links_reviewed_at=timezone.now() - timedelta(days=91))
    assert asks in page(alice.get(address))
    Share.objects.update(revoked_at=timezone.now())
    assert asks not in page(alice.get(address))
