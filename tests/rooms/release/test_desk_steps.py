"""Every button of a request's page, also where what it needs is not there: the clerk reads what is missing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast, represent
from rooms.release.helping import TODAY, later
from scanward.desk.steps import DEEDS
from scanward.people.models import Account
from scanward.release import actions, house
from scanward.release.kinds import Event, State
from scanward.release.machine import events
from scanward.release.models import ReleaseRequest
from scanward.release.ways import Arrival, Channel

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
# The buttons that are shown along with another one's event.
BESIDE = {
    "authorization": Event.CHECK_AUTHORIZATION, "file": Event.MATCH, "find": Event.MATCH, "local_rules": Event.MATCH,
    "waive": Event.ACCEPT_FEE, "send": Event.DELIVER, "warn_plain_email": Event.DELIVER,
}  # fmt: skip
NO_ONES: dict[str, Any] = {
    "patient": None, "studies": [], "name": "Alice Rivera", "requester_name": "Alice", "contact": "1 Main Street",
    "channel": Channel.LETTER, "delivery": Arrival.MAIL,
}  # fmt: skip
WITHOUT_SCANS = NO_ONES | {"name": ""}
GONE = frozenset({State.READY, State.DELIVERED, State.RETURNED_MAIL})
MATCH_FIRST = "match the scans first"
NOT_YOURS = "This step is not yours. Ask one of these: "
# Who, which request, where it stands, which button with what: what the person reads.
READS: list[tuple[str, str, State, str, dict[str, str], str]] = [
    ("hal", "no one's", State.IN_REVIEW, "approve", {"basis": "access"}, MATCH_FIRST),
    ("hal", "no one's", State.IN_REVIEW, "quote", {}, "not known yet whose record"),
    ("lena", "no one's", State.IN_REVIEW, "deny", {"text": "Because."}, "not known yet whose record"),
    ("hal", "no one's", State.READY, "deliver", {}, "not known yet whose record"),
    ("hal", "no scans", State.IN_REVIEW, "approve", {"basis": "access"}, MATCH_FIRST),
    ("lena", "no scans", State.IN_REVIEW, "approve", {"basis": "access"}, MATCH_FIRST),
    ("hal", "no scans", State.IN_REVIEW, "match", {}, "Choose at least one scan."),
    ("hal", "no scans", State.CLOSED, "approve", {}, "It has ended."),
    ("hal", "matched", State.IN_REVIEW, "approve", {}, "no legal basis"),
    ("hal", "matched", State.IN_REVIEW, "deny", {"text": "Because."}, NOT_YOURS + "Medical records lead."),
    ("lena", "matched", State.IN_REVIEW, "deny", {}, "ground"),
    ("lena", "matched", State.REVIEW_REQUESTED, "decide_review", {}, "Nobody has asked for a review."),
    ("hal", "matched", State.IN_REVIEW, "file", {}, "Choose which document it is."),
    ("hal", "matched", State.IN_REVIEW, "extend", {"text": "Stored elsewhere"}, "Give the new date."),
    ("hal", "matched", State.IN_REVIEW, "return_defective", {}, "has no defect"),
    ("hal", "matched", State.FEE_QUOTED, "accept_fee", {}, "There is no fee to accept."),
    ("hal", "matched", State.FEE_QUOTED, "waive", {"text": "Hardship"}, "There is no fee to waive."),
    ("hal", "matched", State.APPROVED, "build", {}, "no legal basis yet"),
    ("hal", "matched", State.QUALITY_CHECK, "check_passed", {}, "There is no package to check."),
    ("hal", "matched", State.QUALITY_CHECK, "check_failed", {}, "Say what is wrong with the package."),
    ("hal", "matched", State.READY, "deliver", {}, "There is no package to deliver."),
    ("hal", "matched", State.READY, "send", {}, "not connected"),
    ("hal", "matched", State.RETURNED_MAIL, "readdress", {}, "Give the new address."),
    ("hal", "matched", State.IN_REVIEW, "cancel", {}, "Say why the request is cancelled."),
    ("hal", "matched", State.RECEIVED, "ask_info", {}, "Say what is missing."),
    ("hal", "matched", State.IN_REVIEW, "not_here", {}, "Scans of this house are matched"),
]


def of(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def read(client: Client, request: ReleaseRequest, do: str, **fields: str) -> str:
    """What the person reads who presses a button, and nothing of what was said before."""
    client.cookies.pop("messages", None)
    answer = client.post(reverse("desk-request-act", args=[request.pk]), {"do": do, **fields})
    assert answer.status_code == 302, f"{do} of a request that is {request.state}: {answer.status_code}"
    return " ".join(str(told) for told in get_messages(answer.wsgi_request))


@pytest.fixture
def asked(cast: Cast, ask: Ask) -> dict[str, ReleaseRequest]:
    """A letter of nobody in particular, one of Alice without scans, and one with hers."""
    written = {"requester_name": "Alice", "contact": "1 Main Street", "channel": Channel.LETTER}
    return {
        "no one's": ask(cast.hal, **NO_ONES),
        "no scans": ask(cast.hal, **{**WITHOUT_SCANS, "patient": cast.alices}),
        "matched": ask(cast.hal, **written),
    }


def at(request: ReleaseRequest, state: State) -> ReleaseRequest:
    """The request as if it stood there, with no more of what the steps before bring than the database insists on."""
    left = ("access", "one", "another") if state in GONE else ("", "", "")
    brought = dict(zip(("basis", "builder", "checker"), left, strict=True))
    ReleaseRequest.objects.filter(pk=request.pk).update(state=state.value, **brought)
    request.refresh_from_db()
    return request


def test_every_button_says_what_is_missing(cast: Cast, lena: Account, asked: dict[str, ReleaseRequest]) -> None:
    """Requirements A10, C1, D7, E5, G19: a step that lacks something names it, and what to do about it."""
    clients = {"hal": of(cast.hal), "lena": of(lena)}
    heard = [
        (who, which, state, do, words, read(clients[who], at(asked[which], state), do, **fields))
        for who, which, state, do, fields, words in READS
    ]
    assert [row for row in heard if row[4] not in row[5]] == []


def test_no_button_of_any_state_leads_a_clerk_to_nothing(cast: Cast, asked: dict[str, ReleaseRequest]) -> None:
    """Pressed with an empty form, on one of which nothing is known yet: a sentence, never an empty page."""
    hal, request = of(cast.hal), asked["no one's"]
    for state in State:
        for do in DEEDS:
            if BESIDE.get(do, do) in events(state):
                assert read(hal, at(request, state), do), (state, do)


def test_who_built_it_reads_that_another_person_checks(cast: Cast, approved: Ask) -> None:
    request = approved(delivery=Arrival.LINK)
    hal = of(cast.hal)
    read(hal, request, "build")
    assert "Another person has to do this" in read(hal, request, "check_passed")


def test_what_is_missing_is_said_in_spanish_too(cast: Cast, asked: dict[str, ReleaseRequest]) -> None:
    """Each of several sentences is translated."""
    hal = of(cast.hal)
    hal.cookies["django_language"] = "es"
    said = read(hal, at(asked["no scans"], State.IN_REVIEW), "approve", basis="access")
    assert "Nobody" not in said
    assert "scan" not in said
    assert said.count(".") >= 2


def test_a_record_under_another_name_is_found_by_its_number(cast: Cast, ask: Ask) -> None:
    """Requirement B20: a maiden name fits nobody; the number does, and the date of birth is compared."""
    hal = of(cast.hal)
    born = cast.alices.birth_date
    request = at(ask(cast.hal, **NO_ONES | {"name": "Alice Maiden", "birth_date": born}), State.IN_REVIEW)
    assert "No patient has this number" in read(hal, request, "find", number="LH-0")
    assert "date of birth" in read(hal, request, "find", number="LH-100733")
    read(hal, request, "find", number="LH-100482")
    assert "CT of the chest" in hal.get(reverse("desk-request", args=[request.pk])).content.decode()
    request.refresh_from_db()
    assert request.patient == cast.alices


def test_time_can_be_extended_before_the_record_is_found(cast: Cast, asked: dict[str, ReleaseRequest]) -> None:
    """Requirement F2: the record that is still looked for is the reason for it."""
    request = asked["no one's"]
    new = later(days=45)
    said = read(of(cast.hal), request, "extend", text="Stored elsewhere", new_date=house.today(new).isoformat())
    request.refresh_from_db()
    assert "Extended" in said
    assert request.extended_to is not None
    assert request.extended_to > TODAY


def test_more_time_is_offered_only_where_a_law_gives_it(cast: Cast, ask: Ask, settings: Any) -> None:
    """Requirement F2, F5: the fifteen business days of Texas have no extension, thirty days have one."""
    shown = {}
    for state in ("TX", ""):
        settings.FACILITY_STATE = state
        request = at(ask(cast.hal, **NO_ONES), State.IN_REVIEW)
        shown[state] = "Extend once" in of(cast.hal).get(reverse("desk-request", args=[request.pk])).content.decode()
    assert shown == {"TX": False, "": True}


def test_a_page_of_a_colleagues_own_request_stays_empty_to_her(cast: Cast, ask: Ask) -> None:
    """Fault C1: who may not look at a request at all learns nothing of its steps."""
    represent(cast.hal, cast.charlies, until=None)
    hers = ask(cast.ruth, patient=cast.alices)
    answer = of(cast.bo).post(reverse("desk-request-act", args=[hers.pk]), {"do": "deny"})
    own = actions.receive(
        actions.Asked(patient=cast.charlies, studies=[cast.abdomen]), by=cast.charlie, now=NOW, place=PLACE
    )
    assert answer.status_code == 404
    assert of(cast.hal).post(reverse("desk-request-act", args=[own.pk]), {"do": "approve"}).status_code == 404


def test_a_paper_that_was_not_chosen_is_asked_for(cast: Cast, asked: dict[str, ReleaseRequest]) -> None:
    answer = of(cast.hal).post(reverse("desk-papers", args=[asked["matched"].pk]), {"kind": "form"})
    assert "Choose the scanned paper" in str(next(iter(get_messages(answer.wsgi_request))))
