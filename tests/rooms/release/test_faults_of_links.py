"""Faults around links, forms and addresses: what ended stays ended, what is typed in besides changes nothing."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast
from rooms.release.helping import in_review, later
from scanward.access.labels import label_study
from scanward.audit.models import Entry
from scanward.law.representatives import Care
from scanward.people.kinds import Authority
from scanward.people.logs import WithoutValues
from scanward.people.models import Account, Patient, Representation
from scanward.release import sharing
from scanward.release.models import FeeQuote, ReleaseRequest, Share, ShareVisit
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db


def browser(account: Account) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def shared(cast: Cast, by: Account, **changes: Any) -> sharing.Made:
    wish = {"recipient_name": "Dr. Okoye", "studies": [cast.chest], "expires_at": later(days=7), "max_uses": 5}
    return sharing.create(sharing.Wish(**{**wish, **changes}), by=by, now=NOW, place=PLACE)


def opens(secret: str, *, now: Any = NOW, passcode: str = "") -> ShareVisit:
    return sharing.redeem(secret, visitor="Dr. Okoye", passcode=passcode, now=now, place=PLACE)


def ended(cast: Cast) -> None:
    Representation.objects.update(ended_at=NOW)


def died(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.alices.pk).update(died_on=(NOW - timedelta(days=3)).date())


def of_age(cast: Cast) -> None:
    Representation.objects.update(authority=Authority.PARENT.value)


def endangers(cast: Cast) -> None:
    Representation.objects.update(refused_at=NOW)


def closed(cast: Cast) -> None:
    Account.objects.filter(pk=cast.ruth.pk).update(is_active=False)


@pytest.mark.parametrize("how", [ended, died, of_age, endangers, closed])
def test_a_link_and_the_visit_that_runs_end_with_the_authority(cast: Cast, how: Callable[[Cast], None]) -> None:
    """Fault C14: ended, patient dead, grown up, refused for danger, account closed: links given away before, too."""
    made = shared(cast, cast.ruth)
    visit = opens(made.secret)
    assert sharing.holder(visit, now=NOW).shares
    how(cast)
    visit = ShareVisit.objects.select_related("share__created_by").get(pk=visit.pk)
    assert not sharing.holder(visit, now=NOW).shares
    with pytest.raises(sharing.LinkRefused):
        opens(made.secret)


def test_a_link_ends_when_its_scan_is_marked_as_care_of_her_own(cast: Cast, settings: Any) -> None:
    """Fault C14; 45 CFR 164.502(g)(3): what a minor alone consented to leaves her parent's links at once."""
    settings.FACILITY_STATE = "CA"
    born = NOW.date().replace(year=NOW.year - 15, day=1)
    Patient.objects.filter(pk=cast.alices.pk).update(birth_date=born)
    Representation.objects.update(authority=Authority.PARENT.value)
    made = shared(cast, cast.ruth)
    visit = opens(made.secret)
    label_study(
        cast.chest.pk, cast.alices, care=Care.PREGNANCY, consented_alone=True, by=cast.priya, now=NOW, place=PLACE,
    )  # fmt: skip
    visit = ShareVisit.objects.select_related("share__created_by").get(pk=visit.pk)
    assert not sharing.holder(visit, now=NOW).shares
    with pytest.raises(sharing.LinkRefused):
        opens(made.secret)


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)])
def test_a_clock_that_is_set_back_revives_nothing(cast: Cast, back: timedelta) -> None:
    """Fault D10: a link that was ended or used up stays so."""
    revoked, used = shared(cast, cast.alice), shared(cast, cast.alice, max_uses=1)
    visit = opens(revoked.secret)
    sharing.revoke(revoked.share, by=cast.alice, now=NOW, place=PLACE)
    opens(used.secret)
    for made in (revoked, used):
        with pytest.raises(sharing.LinkRefused):
            opens(made.secret, now=NOW - back)
    visit = ShareVisit.objects.select_related("share__created_by").get(pk=visit.pk)
    assert not sharing.holder(visit, now=NOW - back).shares


FORGED = {
    "state": "delivered", "due_on": "2020-01-01", "extended_to": "2031-01-01", "received_at": "2020-01-01",
    "granted": "images", "basis": "access", "verified_at": "2026-01-01", "verified_how": "x", "identity": "1",
    "requester": "1", "claimed_by": "1", "number": "R-1", "rules": "[]", "by_representative": "1", "checker": "x",
    "authority_checked": "1", "fee_settled": "1", "is_active": "1", "pk": "1", "id": "1",
}  # fmt: skip


def facts(request: ReleaseRequest) -> dict[str, Any]:
    """Everything of the row that no form of a requester may set."""
    names = ("state", "due_on", "extended_to", "received_at", "granted", "basis", "checker", "builder", "number")
    request.refresh_from_db()
    return {name: getattr(request, name) for name in names}


def test_more_fields_than_the_form_has_change_nothing(cast: Cast) -> None:
    """Fault C16: state, dates, basis and identity are nobody's to post, in the wizard or on the request's page."""
    alice = browser(cast.alice)
    form = {
        "for": "me", "study": str(cast.chest.pk), "images": "1", "report": "1", "delivery": "portal",
        "medium": "dicom", "signature": "Alice Rivera",
    }  # fmt: skip
    assert alice.post(reverse("request-new"), {**FORGED, **form}).status_code == 302
    forged = ReleaseRequest.objects.get()
    assert alice.post(reverse("request-new"), form).status_code == 302
    plain = ReleaseRequest.objects.exclude(pk=forged.pk).get()
    same = ("state", "due_on", "extended_to", "granted", "basis", "checker")
    assert {name: facts(forged)[name] for name in same} == {name: facts(plain)[name] for name in same}
    assert forged.requester == cast.alice
    before = facts(forged)
    alice.post(reverse("request-act", args=[forged.pk]), {**FORGED, "do": "message", "text": "Hello"})
    assert facts(forged) == before
    browser(cast.hal).post(reverse("desk-request-act", args=[forged.pk]), {**FORGED, "do": "claim"})
    forged.refresh_from_db()
    assert (forged.state, forged.claimed_by, forged.due_on) == ("verifying", cast.hal, before["due_on"])


def test_no_field_of_the_desk_makes_a_fee_or_a_second_extension(cast: Cast, lena: Account, ask: Any) -> None:
    """Fault C16, requirements E2, F3: amounts come from the schedule; the second extension says why not."""
    request = ask(delivery=Arrival.MAIL, contact="1 Main Street")
    in_review(request, cast.hal)
    at = browser(cast.hal)
    for amount in ("-5.00", "NaN", "1e9"):
        sent = {"do": "quote", "amount": amount, "total": amount, "minutes": amount, "rate": amount, "postage": amount}
        at.post(reverse("desk-request-act", args=[request.pk]), sent)
    totals = set(FeeQuote.objects.values_list("total", flat=True))
    assert len(totals) == 1
    assert 0 < totals.pop() < 20
    lead = browser(lena)
    first = {"do": "extend", "text": "The archive is being moved.", "new_date": (NOW + timedelta(days=50)).date()}
    lead.post(reverse("desk-request-act", args=[request.pk]), first)
    request.refresh_from_db()
    until = request.extended_to
    page = lead.post(reverse("desk-request-act", args=[request.pk]), {**first, "text": "Again."}, follow=True)
    request.refresh_from_db()
    assert until is not None
    assert request.extended_to == until
    assert "second" in page.content.decode()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server's log holds, everything of it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(WithoutValues())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.django_db(transaction=True)
def test_a_links_secret_and_passcode_are_nowhere_afterwards(cast: Cast, log: io.StringIO) -> None:
    """Fault C7: not in log, mails, ledger, rows, or the pages of an error; also after a wrong try and a revocation."""
    made = shared(cast, cast.alice, passcode="blue-heron-7")
    door, doctor, form = reverse("shared"), Client(raise_request_exception=False), {"visitor": "Dr. Okoye"}
    answers = [
        doctor.post(door, {**form, "code": made.secret, "passcode": "wrong-heron"}),
        doctor.post(door, {**form, "code": made.secret, "passcode": "blue-heron-7"}),
        doctor.get(reverse("shared-scans")),
        doctor.get(reverse("shared-study", args=[cast.chest.pk])),
        doctor.get(f"/nowhere/{made.share.pk}"),
    ]
    browser(cast.alice).post(reverse("share-revoke", args=[made.share.pk]))
    answers += [doctor.get(reverse("shared-scans")), doctor.post(door, {**form, "code": made.secret})]
    assert [answer.status_code for answer in answers] == [403, 302, 200, 200, 404, 410, 403]
    assert mail.outbox, "the owner is told of each use"
    kept = [
        log.getvalue(),
        json.dumps([[letter.subject, letter.body, letter.to] for letter in mail.outbox]),
        str(list(Entry.objects.values())),
        str([list(model.objects.values()) for model in (Share, ShareVisit)]),
        *(f"{answer.headers} {answer.content.decode()}" for answer in answers),
    ]
    for text in kept:
        assert made.secret not in text
        assert "blue-heron-7" not in text
