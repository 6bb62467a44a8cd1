"""Lines of the catalogue about asking, as the person meets them: days, defaults, signature, forms, dates, letters."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import escape

from cast import ALICE, BY_PHOTO_ID, NOW, Cast, abdomen_of, bring
from journeys.test_asking import base
from journeys.test_bases import AUTHORITY
from journeys.test_release_pages import ask_in_portal, lead, page_of, step
from rooms.release.helping import TODAY, staff
from rooms.release.test_corrections import words_of
from scanward.archive.models import Study
from scanward.people.kinds import Role
from scanward.portal.views import forms
from scanward.portal.words import STATE_WORDS
from scanward.release import house
from scanward.release.kinds import State
from scanward.release.models import ReleaseRequest

pytestmark = pytest.mark.django_db
DESK_ASKED = {
    **{key: AUTHORITY[key] for key in ("number", "name", "contact", "images", "report", "medium")},
    "channel": "letter", "received": TODAY.isoformat(), "track": "mine, or of someone I represent", "delivery": "mail",
}  # fmt: skip


@pytest.fixture
def later_scan(cast: Cast) -> Study:
    """A second scan of Alice, made on another day."""
    made = bring(abdomen_of(ALICE, seed=41))
    Study.objects.filter(pk=made.pk).update(performed_at=cast.chest.performed_at + timedelta(days=40))
    made.refresh_from_db()
    return made


def day_of(study: Study) -> str:
    assert study.performed_at
    return house.today(study.performed_at).isoformat()


def test_one_day_a_list_and_a_range_of_days_are_asked_for(cast: Cast, later_scan: Study) -> None:
    """Requirement B6: a single day, several scans that are ticked, and from one day until another."""
    alice, asked = page_of(cast.alice), []
    one, both = day_of(cast.chest), [str(cast.chest.pk), str(later_scan.pk)]
    for days in (
        {"study": "", "first": one, "last": one},
        {"study": both},
        {"study": "", "first": one, "last": day_of(later_scan)},
    ):
        alice.post(reverse("request-new"), base(cast, "me", delivery="portal", **days))
        asked.append({str(row.pk) for row in ReleaseRequest.objects.latest("received_at", "number").studies.all()})
        ReleaseRequest.objects.update(received_at=NOW - timedelta(days=1))
    assert asked == [{str(cast.chest.pk)}, set(both), set(both)]


def test_images_and_report_are_both_ticked_until_somebody_says_otherwise(cast: Cast) -> None:
    """Requirement B7: in the portal and on the desk's form; each can be left out."""
    portal = page_of(cast.alice).get(reverse("request-new") + "?for=me").content.decode()
    desk = page_of(cast.hal).get(reverse("desk-request-new")).content.decode()
    for page in (portal, desk):
        for item in ("images", "report"):
            assert re.search(rf'<input type="checkbox" name="{item}" value="1" checked>', page)
    request = ask_in_portal(page_of(cast.alice), cast, report="")
    assert (request.wants_images, request.wants_report) == (True, False)


def test_what_is_signed_in_the_portal_has_its_day(cast: Cast) -> None:
    """Requirement B10: name and date of the electronic signature; what is not signed has no date of it (trap T2)."""
    unsigned = ask_in_portal(page_of(cast.alice), cast, signature=" ")
    assert (unsigned.signature, unsigned.signed_on) == ("", None)
    request = ask_in_portal(page_of(cast.alice), cast)
    assert (request.signature, request.signed_on) == ("Alice Rivera", house.today(request.received_at or NOW))


@pytest.fixture
def typeset_anew() -> Iterator[None]:
    """A form is typeset once a day: neither another test's stays for this one, nor this one's for another."""
    forms._made.cache_clear()
    yield
    forms._made.cache_clear()


@pytest.mark.usefixtures("typeset_anew")
def test_every_form_says_where_to_send_it_and_whom_to_ask(cast: Cast, settings: Any) -> None:
    """Requirement B15: department, address, telephone and the portal's address, on each of the eight papers."""
    settings.FACILITY_DEPARTMENT, settings.FACILITY_ADDRESS = "Medical Records", ("9 Hospital Road", "Austin, TX 78701")
    settings.FACILITY_PHONE, settings.PUBLIC_ADDRESS = "512-555-0199", "https://scans.example.org"
    visitor = Client()
    files = re.findall(r"/forms/[\w-]+\.pdf", visitor.get(reverse("forms")).content.decode())
    for file in files:
        said = words_of(b"".join(visitor.get(file).streaming_content))  # type: ignore[attr-defined]
        for words in ("Medical Records", "9 Hospital Road", "512-555-0199", "https://scans.example.org"):
            assert words in said, (file, words)
    assert len(files) == 8


def test_state_and_both_dates_are_there_at_every_step(cast: Cast) -> None:
    """Requirement B18: from receipt to the door the page names the state, the expected and the legal day."""
    alice, hal, lena = page_of(cast.alice), page_of(cast.hal), page_of(lead())
    request, seen = ask_in_portal(alice, cast, delivery="link"), []
    for who, do, fields in (
        (hal, "", {}),
        (hal, "claim", {}),
        (hal, "verify", {}),
        (hal, "approve", {"basis": "access"}),
        (hal, "build", {}),
        (lena, "check_passed", {"text": "all there"}),
    ):
        if do:
            step(who, request, do, **fields)
        page = alice.get(reverse("request", args=[request.pk])).content.decode()
        for words in (
            STATE_WORDS[State(request.state)][0],
            date_format(request.expected_latest),
            date_format(request.due),
        ):
            assert escape(str(words)) in page
        seen.append(request.state)
    assert seen == ["received", "verifying", "in_review", "approved", "quality_check", "ready"]


def test_every_letter_and_message_of_a_request_stays_with_it(cast: Cast) -> None:
    """Requirement B19: each is listed on her page, and each opens as a PDF, also when all is done."""
    alice, hal = page_of(cast.alice), page_of(cast.hal)
    request = ask_in_portal(alice, cast)
    step(hal, request, "claim")
    step(hal, request, "ask_info", text="Which of the two scans?")
    alice.post(reverse("request-act", args=[request.pk]), {"do": "message", "text": "The first one."})
    for do, fields in (("verify", {}), ("approve", {"basis": "access"}), ("build", {}), ("deliver", {})):
        step(hal, request, do, **fields)
    step(hal, request, "close")
    page = alice.get(reverse("request", args=[request.pk])).content.decode()
    listed = set(re.findall(r"/letters/[^\"]+", page))
    assert {kept.template for kept in request.letters.all()} == {"receipt", "more_information", "approval", "delivery"}
    assert len(listed) == request.letters.count()
    for address in listed:
        assert b"".join(alice.get(address).streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    assert "Which of the two scans?" in page
    assert "The first one." in page


def test_each_usual_purpose_is_a_quick_pick(cast: Cast) -> None:
    """Requirement B21: all seven, and each is kept as it was picked."""
    alice = page_of(cast.alice)
    page = alice.post(reverse("request-new"), base(cast, "me", go="how")).content.decode()
    picks = dict(
        re.findall(r'<option value="(\w+)">([^<]+)</option>', page.split('name="reason"')[1].split("</select>")[0])
    )
    assert set(picks) == {"own", "second_opinion", "transfer", "emergency", "insurance", "legal", "research"}
    for pick in picks:
        assert ask_in_portal(alice, cast, reason=pick).reason == pick


def test_both_departments_put_into_one_queue(cast: Cast) -> None:
    """Requirement B2: what the front desk of radiology enters, medical records finds beside its own."""
    fred, hal = page_of(staff("fred", Role.FRONT_DESK)), page_of(cast.hal)
    for who in (fred, hal):
        assert who.post(reverse("desk-request-new"), DESK_ASKED).status_code == 302
    numbers = list(ReleaseRequest.objects.values_list("number", flat=True))
    assert len(numbers) == 2
    for who in (fred, hal):
        queue = who.get(reverse("desk-requests")).content.decode()
        assert all(number in queue for number in numbers)


def test_the_paper_about_the_fee_names_each_line(cast: Cast) -> None:
    """Requirements E1, E6: what, how much, by which clause, and all together, in a PDF from her page."""
    alice, hal = page_of(cast.alice), page_of(cast.hal)
    hal.post(reverse("desk-request-new"), DESK_ASKED)
    request = ReleaseRequest.objects.get()
    for do, fields in (("claim", {}), ("verify", BY_PHOTO_ID), ("match", {"study": str(cast.chest.pk)})):
        step(hal, request, do, **fields)
    step(hal, request, "quote")
    quote, kept = request.quotes.get(), request.letters.get(template="fee_quote")
    said = words_of(b"".join(alice.get(reverse("letter", args=[kept.pk])).streaming_content))  # type: ignore[attr-defined]
    for line in kept.values["charges"]:
        assert line["label"] in said
        assert line["amount"] in said
        assert line["clause"] in said
    assert (str(quote.total) in said, len(kept.values["charges"]) > 1) == (True, True)


def test_where_else_the_exam_was_made_is_told_at_the_desk_and_in_the_letter(cast: Cast) -> None:
    """Requirement B20: by the button on the request's page, and printed for who wrote."""
    hal = page_of(cast.hal)
    hal.post(reverse("desk-request-new"), {**DESK_ASKED, "number": "", "name": "Ann Noone", "exam": "CT of 2019"})
    request = ReleaseRequest.objects.get()
    step(hal, request, "claim")
    step(hal, request, "verify", **BY_PHOTO_ID)
    step(hal, request, "not_here", text="Riverside Hospital")
    assert request.state == "closed"
    answer = hal.get(reverse("desk-letter", args=[request.letters.get(template="not_here").pk]))
    assert "Riverside Hospital" in words_of(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
