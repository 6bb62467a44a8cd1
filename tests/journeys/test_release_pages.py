"""The pages of a release, as people use them: a patient, a clerk, a second person, a doctor with a link."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast
from rooms.release.helping import likely_cancer, staff
from scanward.law.identity import How, Proof
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.release import actions, holds, house, reports, sharing
from scanward.release.models import Disclosure, ReleaseRequest, ReportLabel

pytestmark = pytest.mark.django_db
LAST_DAY = (NOW + timedelta(days=14)).date().isoformat()


def page_of(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def ask_in_portal(client: Client, cast: Cast, **changes: Any) -> ReleaseRequest:
    form = {
        "for": "me",
        "study": str(cast.chest.pk),
        "images": "1",
        "report": "1",
        "delivery": "portal",
        "medium": "dicom",
        "signature": "Alice Rivera",
        **changes,
    }
    answer = client.post(reverse("request-new"), form)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return ReleaseRequest.objects.latest("received_at")


def step(client: Client, request: ReleaseRequest, do: str, **fields: str) -> str:
    """Take a step at the desk and return the page that follows."""
    answer = client.post(reverse("desk-request-act", args=[request.pk]), {"do": do, **fields}, follow=True)
    assert answer.status_code == 200
    request.refresh_from_db()
    return answer.content.decode()


def lead(name: str = "lena") -> Account:
    return staff(name, Role.HIM_LEAD)


def test_a_patient_asks_and_the_desk_fulfils(cast: Cast) -> None:
    """Requirements B5, B7, B10, B17, B18, B19, F6, G6, I2: from the form to the download, both sides' pages."""
    alice, hal = page_of(cast.alice), page_of(cast.hal)
    assert "Who should get the copy" in alice.get(reverse("request-new")).content.decode()
    assert "CT of the chest" in alice.get(reverse("request-new") + "?for=me").content.decode()
    request = ask_in_portal(alice, cast)
    assert request.number in hal.get(reverse("desk-requests")).content.decode()
    for do, fields in (("claim", {}), ("verify", {}), ("approve", {"basis": "access"}), ("build", {}), ("deliver", {})):
        step(hal, request, do, **fields)
    assert request.state == "delivered"
    shown = alice.get(reverse("request", args=[request.pk])).content.decode()
    assert "Download" in shown
    letter = alice.get(re.findall(r"/letters/[^\"]+", shown)[0])
    assert b"".join(letter.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]


def test_the_scans_went_page_lists_it_and_makes_the_accounting(cast: Cast) -> None:
    """Requirements D12, L5: where my scans went, and the list that the law gives."""
    alice = page_of(cast.alice)
    alice.post(reverse("download", args=[cast.chest.pk]))
    assert "CT images and report" in alice.get(reverse("sent")).content.decode()
    answer = alice.post(reverse("accounting"))
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]


def test_others_find_none_of_these_pages(cast: Cast) -> None:
    """Fault C1: request, letter, act: as if they did not exist."""
    request = ask_in_portal(page_of(cast.alice), cast)
    letter = request.letters.get()
    charlie, bo = page_of(cast.charlie), page_of(cast.bo)
    pages = [("request", request.pk), ("letter", letter.pk), ("desk-request", request.pk), ("desk-letter", letter.pk)]
    for name, key in pages:
        assert charlie.get(reverse(name, args=[key])).status_code == 404
    for name in ("desk-requests", "desk-request-new", "backlog"):
        assert bo.get(reverse(name)).status_code == 404
        assert charlie.get(reverse(name)).status_code == 404
    assert charlie.post(reverse("request-act", args=[request.pk]), {"do": "withdraw"}).status_code == 404


def test_a_letter_from_outside_is_entered_matched_and_mailed(cast: Cast) -> None:
    """Requirements B1, B2, B3, B4, C4, G9, G13: nobody has to come, nobody needs an account."""
    hal, second = page_of(cast.hal), page_of(lead())
    form = {
        "channel": "letter",
        "received": (house.today(NOW) - timedelta(days=3)).isoformat(),
        "track": "mine, or of someone I represent",
        "number": "LH-100482",
        "name": "Alice Rivera",
        "contact": "1 Main Street, Austin",
        "images": "1",
        "report": "1",
        "medium": "dicom",
        "delivery": "mail",
        "language": "es",
    }
    assert hal.post(reverse("desk-request-new"), form).status_code == 302
    request = ReleaseRequest.objects.get()
    for do, fields in (
        ("claim", {}),
        ("verify", {"proof": Proof.SIGNATURE.value, "how": How.POST.value}),
        ("match", {"study": str(cast.chest.pk)}),
        ("quote", {}),
        ("waive", {"text": "first copy"}),
        ("approve", {"basis": "access"}),
        ("build", {}),
    ):
        step(hal, request, do, **fields)
    assert request.state == "quality_check"
    step(second, request, "check_passed", text="right patient, all pages")
    shown = step(hal, request, "deliver", tracking="1Z999", passphrase_by="phone")
    assert re.search(r"\d{5}-\d{5}-\d{5}-\d{5}-\d{5}", shown)
    assert {kept.language for kept in request.letters.all()} == {"es"}


def test_an_attorneys_defective_authorization_goes_back_with_every_defect(cast: Cast) -> None:
    """Requirements A8, D1 to D7: all defects at once, each with its clause."""
    hal = page_of(cast.hal)
    form = {
        "channel": "letter",
        "received": house.today(NOW).isoformat(),
        "track": "somebody else asks, with an authorization",
        "number": "LH-100482",
        "name": "Alice Rivera",
        "requester": "Lawson & Partners",
        "contact": "9 Court Street",
        "images": "1",
        "report": "1",
        "delivery": "mail",
        "medium": "dicom",
        "recipient_kind": "an attorney",
        "recipient_name": "Lawson & Partners",
        "recipient_address": "9 Court Street",
        "recipient_state": "IL",
    }
    hal.post(reverse("desk-request-new"), form)
    request = ReleaseRequest.objects.get()
    step(hal, request, "claim")
    step(hal, request, "verify", proof=Proof.OFFICE.value, how=How.POST.value)
    step(hal, request, "match", study=str(cast.chest.pk))
    shown = step(hal, request, "authorization", description="All my CT images", signature="Alice Rivera")
    assert "It does not state the purpose." in shown
    assert "It has no expiration date or event." in shown
    refused = step(hal, request, "approve", basis="authorization")
    assert request.state == "in_review", refused
    step(hal, request, "return_defective")
    assert request.state == "returned_defective"
    [letter] = request.letters.filter(template="returned")
    assert len(letter.values["defects"]) >= 7


def test_a_texas_report_is_held_while_the_images_go_out(cast: Cast, settings: Any) -> None:
    """Requirements A16; trap T8: the page says until when and why, the copy has the images and no report."""
    settings.FACILITY_STATE = "TX"
    likely_cancer(cast.chest)
    alice = page_of(cast.alice)
    shown = alice.get(reverse("study", args=[cast.chest.pk])).content.decode()
    assert "A law of this state keeps it back" in shown
    alice.post(reverse("download", args=[cast.chest.pk]))
    assert Disclosure.objects.get().description.startswith("CT images of")
    assert holds.withheld_report(cast.chest, now=NOW + timedelta(days=4)) is None
    assert ReportLabel.objects.count() == 1


def made_link(client: Client, cast: Cast, **changes: str) -> str:
    form = {
        "name": "Dr. Okoye",
        "organization": "Riverside Clinic",
        "images": "1",
        "report": "1",
        "download": "1",
        "last_day": LAST_DAY,
        "uses": "1",
        "passcode": "blue-heron-7",
        **changes,
    }
    shown = client.post(reverse("share-new", args=[cast.chest.pk]), form).content.decode()
    return re.search(r"/shared/#([\w-]+)", shown)[1]  # type: ignore[index]


def test_a_doctor_opens_the_link_and_the_patient_ends_it(cast: Cast) -> None:
    """Requirements I4, J1 to J7, G5: opened with the passcode, seen by the patient, ended at once."""
    alice, doctor = page_of(cast.alice), Client()
    secret = made_link(alice, cast)
    assert doctor.get(reverse("shared")).status_code == 200
    assert doctor.post(reverse("shared"), {"code": secret, "visitor": "Dr. Okoye", "passcode": "x"}).status_code == 403
    form = {"code": secret, "visitor": "Dr. Okoye", "passcode": "blue-heron-7"}
    assert doctor.post(reverse("shared"), form).status_code == 302
    assert "CT of the chest" in doctor.get(reverse("shared-scans")).content.decode()
    assert "radiologist" in doctor.get(reverse("shared-study", args=[cast.chest.pk])).content.decode()
    assert doctor.get(reverse("shared-viewer", args=[cast.chest.pk])).json()["series"]
    assert "Dr. Okoye" in alice.get(reverse("shares")).content.decode()
    alice.post(reverse("share-revoke", args=[sharing.Share.objects.get().pk]))
    assert doctor.get(reverse("shared-study", args=[cast.chest.pk])).status_code == 410
    assert doctor.get(reverse("shared-viewer", args=[cast.chest.pk])).status_code == 410


def test_a_mail_scanners_look_burns_nothing(cast: Cast) -> None:
    """Fault C6: GET and HEAD of the address use nothing up, and the secret is in no request line."""
    secret = made_link(page_of(cast.alice), cast, passcode="")
    scanner = Client()
    scanner.get(f"/shared/?code={secret}")
    scanner.head("/shared/")
    assert Client().post(reverse("shared"), {"code": secret, "visitor": "Dr. Okoye"}).status_code == 302


def test_ending_a_link_cuts_the_download_that_runs(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement D9; fault C6: the next piece is not sent once the link has ended (asked every 2 seconds)."""
    from scanward.access.actions import AccessRefused
    from scanward.release import contents

    secret = made_link(page_of(cast.alice), cast)
    visit = sharing.redeem(secret, visitor="Dr. Okoye", passcode="blue-heron-7", now=NOW, place=PLACE)
    from scanward.release.linked import open_shared

    monkeypatch.setattr(contents, "ASK_AGAIN_SECONDS", 0.0)
    stream = open_shared(visit, cast.chest, language="en", place=PLACE).iterate(0, None)
    next(stream)
    sharing.revoke(visit.share, by=cast.alice, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused):
        list(stream)


def test_an_overdue_request_is_on_every_page_of_the_desk(cast: Cast) -> None:
    """Requirement F6: it can't hide."""
    request = ask_in_portal(page_of(cast.alice), cast)
    ReleaseRequest.objects.filter(pk=request.pk).update(due_on=(NOW - timedelta(days=2)).date())
    for name in ("desk", "desk-requests", "find-patient"):
        assert "overdue by law" in page_of(cast.hal).get(reverse(name)).content.decode()


def test_the_backlog_counts_what_is_open_and_what_was_in_time(cast: Cast) -> None:
    """Requirement F10."""
    request = ask_in_portal(page_of(cast.alice), cast)
    hal = page_of(cast.hal)
    assert "<dd>1</dd>" in hal.get(reverse("backlog")).content.decode()
    for do, fields in (("claim", {}), ("verify", {}), ("approve", {"basis": "access"}), ("build", {}), ("deliver", {})):
        step(hal, request, do, **fields)
    assert "100 %" in hal.get(reverse("backlog")).content.decode()


def test_the_backlog_tells_the_median_of_days_by_delivery_and_by_facility(cast: Cast, settings: Any) -> None:
    """Requirement F10: each with a bar, whose words are beside it; who gave the number is the facility."""
    settings.FACILITY_ISSUER, settings.FACILITY_NAME = "LAKESIDE", "Lakeside Hospital"
    first, second = ask_in_portal(page_of(cast.alice), cast), ask_in_portal(page_of(cast.alice), cast, delivery="link")
    for request, days in ((first, 4), (second, 8)):
        rows = ReleaseRequest.objects.filter(pk=request.pk)
        rows.update(received_at=NOW - timedelta(days=days), answered_at=NOW, state="withdrawn")
    rows.update(patient=cast.charlies)
    cast.charlies.identifiers.update(issuer="RIVERSIDE")
    report = reports.backlog(now=NOW)
    assert [(line.label, line.count, line.median, line.percent) for line in report.by_facility] == [
        ("Lakeside Hospital", 1, 4, 50), ("RIVERSIDE", 1, 8, 100),
    ]  # fmt: skip
    assert [(line.median, line.percent) for line in report.by_delivery] == [(4, 50), (8, 100)]
    page = page_of(cast.hal).get(reverse("backlog")).content.decode()
    assert 'aria-label="RIVERSIDE: 8"' in page
    assert page.count("<progress") == 5 + 2 + 2


def test_an_emergency_code_says_whom_it_is_for_in_the_readers_language(cast: Cast) -> None:
    """Requirement H10: made in Spanish, read in English, and the other way round."""
    alice = page_of(cast.alice)
    alice.post(reverse("emergency-code"), {"patient": str(cast.alices.pk)}, headers={"accept-language": "es"})
    english, spanish = (
        alice.get(reverse("shares"), headers={"accept-language": language}).content.decode()
        for language in ("en", "es")
    )
    assert "Emergency room" in english
    assert "Sala de emergencias" not in english
    assert "Sala de emergencias" in spanish


def test_every_word_that_came_from_outside_is_escaped(cast: Cast) -> None:
    """Faults C11, C17: markup and SQL in names, contacts and messages stay words."""
    nasty = "<script>alert(1)</script>'; DROP TABLE release_releaserequest;--"
    alice, hal = page_of(cast.alice), page_of(cast.hal)
    request = ask_in_portal(alice, cast, signature=nasty, contact=nasty)
    alice.post(reverse("request-act", args=[request.pk]), {"do": "message", "text": nasty})
    for client, name in ((alice, "request"), (hal, "desk-request")):
        shown = client.get(reverse(name, args=[request.pk])).content.decode()
        assert "<script>alert" not in shown
    assert ReleaseRequest.objects.count() == 1


def test_a_patient_without_scans_is_told_so(cast: Cast) -> None:
    """Requirement B20."""
    cast.chest.series.all()
    client = page_of(cast.ravi)
    assert "no scans of you here" in client.get(reverse("request-new")).content.decode()


__all__ = ["actions"]
