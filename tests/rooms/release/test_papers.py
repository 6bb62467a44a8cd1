"""Scanned papers, reports on paper, and the answer that an exam is not kept here."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast
from rooms.release.helping import free, in_review, later
from scanward.access.actions import AccessRefused
from scanward.audit.models import Entry
from scanward.law.errors import Unlawful
from scanward.people.models import Account
from scanward.release import actions, house, housekeeping, letters, papers
from scanward.release.kinds import State
from scanward.release.models import Custody, Paper, PaperKind, ReleaseRequest
from scanward.release.ways import Arrival, Channel, Medium

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
SCAN = b"%PDF-1.4 signed by Alice Rivera"
ON_PAPER: dict[str, Any] = {"medium": Medium.PAPER, "images": False, "delivery": Arrival.PICKUP}


def test_a_scanned_form_is_kept_sealed_and_each_look_is_written(cast: Cast, ask: Ask) -> None:
    """Requirements B10, B11, L1: a wet signature, encrypted at rest, seen by who works on requests."""
    request = ask(by=cast.hal, channel=Channel.LETTER)
    kept = papers.attach(request, PaperKind.FORM, SCAN, by=cast.hal, now=NOW, place=PLACE)
    assert b"Rivera" not in bytes(Paper.objects.get().content or b"")
    assert papers.open_paper(kept, by=cast.hal, now=NOW, place=PLACE) == SCAN
    assert Entry.objects.filter(kind="identity_evidence_viewed").count() == 1


@pytest.mark.parametrize("who", ["alice", "charlie", "dana", "bo", "ravi", "sam"])
def test_nobody_else_opens_or_adds_a_paper(cast: Cast, ask: Ask, who: str) -> None:
    """Requirement C7; fault C1."""
    request, by = ask(), cast.everybody()[who]
    kept = papers.attach(request, PaperKind.IDENTITY, SCAN, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused):
        papers.open_paper(kept, by=by, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused):
        papers.attach(request, PaperKind.FORM, SCAN, by=by, now=NOW, place=PLACE)


@pytest.mark.parametrize("content", [b"", b"<html>", b"MZ\x90\x00", b"%PDF-" + bytes(8 * 1024 * 1024)])
def test_only_pictures_and_pdfs_of_a_sane_size_are_kept(cast: Cast, ask: Ask, content: bytes) -> None:
    """Faults B2, B17."""
    with pytest.raises(Unlawful, match="JPEG, PNG or PDF"):
        papers.attach(ask(), PaperKind.FORM, content, by=cast.hal, now=NOW, place=PLACE)
    assert not Paper.objects.exists()


def test_a_proof_of_identity_goes_soon_and_a_signed_form_after_six_years(cast: Cast, ask: Ask) -> None:
    """Requirements C7, O3; 45 CFR 164.508(b)(6), 164.530(j)(2)."""
    request = ask()
    for kind in (PaperKind.IDENTITY, PaperKind.FORM):
        papers.attach(request, kind, SCAN, by=cast.hal, now=NOW, place=PLACE)
    actions.cancel(request, by=cast.hal, reason="entered twice", now=NOW, place=PLACE)
    for days, left in ((29, 2), (31, 1), (6 * 365, 1), (6 * 366 + 2, 0)):
        housekeeping.tidy(now=later(days=days))
        assert Paper.objects.filter(purged_at=None).count() == left
    with pytest.raises(Unlawful, match="destroyed"):
        papers.open_paper(Paper.objects.all()[0], by=cast.hal, now=later(days=2200), place=PLACE)


def test_the_desk_adds_a_paper_on_the_page_and_opens_it_inert(cast: Cast, ask: Ask) -> None:
    """Requirement B11; fault B17: a paper is a file to keep, never a page of ours."""
    request, client = ask(by=cast.hal, channel=Channel.LETTER), Client()
    client.force_login(cast.hal)
    sent = {"kind": "form", "paper": SimpleUploadedFile("alice rivera.pdf", SCAN)}
    assert client.post(f"/desk/requests/{request.pk}/papers/", sent).status_code == 302
    page = client.get(f"/desk/requests/{request.pk}/papers/{Paper.objects.get().pk}")
    assert page.content == SCAN
    assert "attachment" in page["Content-Disposition"]
    assert "sandbox" in page["Content-Security-Policy"]
    assert "rivera" not in page["Content-Disposition"].lower()


def test_a_report_is_printed_handed_over_and_proven(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements F5, G11, G19, E4: checked by a second person, printed with an entry, no passphrase, no medium."""
    request = ask(**ON_PAPER)
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="checked"):
        actions.print_report(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="all pages", now=NOW, place=PLACE)
    assert actions.print_report(request, by=cast.hal, now=NOW, place=PLACE).startswith(b"%PDF")
    over = actions.HandOver(identified_by="driver's licence", signature="Alice Rivera")
    done = actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    assert done.delivery.receipt_signature == "Alice Rivera"
    assert (done.passphrase, Custody.objects.count()) == ("", 0)
    assert request.letters.get(template="delivery").values["delivery"] == "paper"
    assert [entry.kind for entry in Entry.objects.filter(kind__in=["printed", "delivered"])] == ["printed", "delivered"]


def test_images_are_not_printed(cast: Cast, ask: Ask) -> None:
    """Requirements G1, G3: said at once, instead of a copy that lacks what was asked."""
    with pytest.raises(Unlawful, match="can't be printed"):
        ask(**{**ON_PAPER, "images": True})


def test_an_exam_of_another_house_is_answered_with_where_it_is(cast: Cast, ask: Ask) -> None:
    """Requirement B20; 164.524(d)(3): in writing, and the request's time is kept."""
    wish: dict[str, Any] = {"patient": None, "studies": [], "name": "Ann Noone", "birth_date": date(1950, 1, 1)}
    request = ask(by=cast.hal, channel=Channel.PHONE, contact="5 Low Road", exam="CT of 2019", **wish)
    in_review(request, cast.hal)
    actions.not_here(request, by=cast.hal, elsewhere="Riverside Hospital", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert (request.state, request.answered_at) == (State.CLOSED, NOW)
    letter = request.letters.get(template="not_here")
    assert letter.values["elsewhere"] == "Riverside Hospital"
    assert letters.pdf(letter).startswith(b"%PDF")


def test_what_is_here_is_not_said_to_be_elsewhere(cast: Cast, ask: Ask) -> None:
    """Requirement A12: scans that were matched are given or denied, never answered away."""
    request = ask()
    in_review(request, cast.hal)
    with pytest.raises(Unlawful, match="matched"):
        actions.not_here(request, by=cast.hal, elsewhere="", now=NOW, place=PLACE)


ENTERED = {
    "channel": "letter", "received": house.today(NOW).isoformat(), "track": "mine, or of someone I represent",
    "number": "LH-100482", "name": "Alice Rivera", "contact": "1 Main Street", "images": "1", "report": "1",
    "medium": "dicom", "delivery": "mail", "language": "en",
}  # fmt: skip


def at_the_desk(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.hal, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_paper_request_is_entered_together_with_its_scan(cast: Cast) -> None:
    """Requirements B1, B10, B11: one form takes both; the scan is sealed, and opens from the request's page."""
    hal = at_the_desk(cast)
    sent = {**ENTERED, "paper": SimpleUploadedFile("form.pdf", SCAN, "application/pdf")}
    page = hal.post(reverse("desk-request-new"), sent, follow=True)
    kept = Paper.objects.get()
    assert (kept.kind, kept.request) == (PaperKind.FORM, ReleaseRequest.objects.get())
    assert b"Rivera" not in bytes(kept.content or b"")
    address = reverse("desk-paper", args=[kept.request.pk, kept.pk])
    assert address in page.content.decode()
    assert hal.get(address).content == SCAN


def test_a_scan_that_can_not_be_kept_leaves_no_request_behind(cast: Cast) -> None:
    """Requirement B11: the clerk is told what is wrong with the file, and nothing is half-done."""
    sent = {**ENTERED, "paper": SimpleUploadedFile("form.exe", b"MZ\x90", "application/pdf")}
    answer = at_the_desk(cast).post(reverse("desk-request-new"), sent)
    assert answer.status_code == 422
    assert "JPEG, PNG or PDF" in answer.content.decode()
    assert not ReleaseRequest.objects.exists()
    assert not Paper.objects.exists()


@pytest.mark.parametrize("channel", ["phone", "in_person", "letter", "form"])
def test_a_request_comes_in_by_every_way_and_may_be_urgent(cast: Cast, channel: str) -> None:
    """Requirements B1, B2, B16: entered at the desk, with the reason why it goes first; without one it is not taken."""
    hal, urgent = at_the_desk(cast), {**ENTERED, "channel": channel, "expedited": "1"}
    assert hal.post(reverse("desk-request-new"), urgent).status_code == 422
    urgent["expedited_reason"] = "Surgery on Friday."
    assert hal.post(reverse("desk-request-new"), urgent).status_code == 302
    request = ReleaseRequest.objects.get()
    assert (request.channel, request.expedited, request.expedited_reason) == (channel, True, "Surgery on Friday.")
    assert "Surgery on Friday." in hal.get(reverse("desk-request", args=[request.pk])).content.decode()
