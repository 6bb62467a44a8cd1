"""Every address x every method x everybody (fault C1), made from the list of addresses itself.

A new address needs a row in TABLE that names who may pass, by method. Everybody else gets the same 404 as for something
that does not exist, and not a word about whose it is.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from crowd import World, gather

# Names the database to pytest-django; the world below is made once, around all tests.
pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PAGE, FORM, POST = ("GET", "HEAD"), ("GET", "HEAD", "POST"), ("POST",)
# What a door says that lets somebody through: done, or "you may, but this is not how" (a form that lacks something).
THROUGH = {200, 206, 301, 302, 400, 410, 422}
# Never on a page of somebody who has no business there.
CANARIES = (b"Rivera", b"LH-100482", b"LH-Mia", b"Novak", b"nodule")

NOBODY: frozenset[str] = frozenset()
STAFF = frozenset(
    [
        "hal",
        "dana",
        "bo",
        "priya",
        "ravi",
        "sam",
        "fay",
        "lena",
        "seth",
        "sue",
        "gloria",
        "late",
        "rex",
    ]
)
PATIENTS = frozenset(
    [
        "alice",
        "ruth",
        "charlie",
        "ended",
        "early",
        "refused",
        "narrow",
        "pam",
        "grown",
        "guardian",
        "attorney",
        "executor",
        "dead",
        "unlinked",
        "former",
    ]
)
EVERYBODY = STAFF | PATIENTS
# The owner, who acts for her or treats her, records staff, and who watches over all (domain.md).
MAY_END_A_SHARE = frozenset({"alice", "ruth", "dana", "hal", "lena", "priya", "seth"})
CLINICIANS = frozenset(
    [
        "dana",
        "gloria",
        "late",
        "rex",
    ]
)
RECORDS = frozenset({"hal", "lena"})
OFFICERS = frozenset({"priya", "seth"})
WORKERS = RECORDS | {"fay", "priya"}
ADMINISTRATORS = frozenset({"sam", "sue", "seth"})
# Who may see the images of each study, and who may take a copy.
READERS = {
    "chest": frozenset({"alice", "ruth", "dana", "gloria"}),
    "abdomen": frozenset({"charlie"}),
    "prior": frozenset({"alice", "ruth", "dana", "gloria"}),
    "mias": frozenset({"pam", "guardian"}),
    "secret": NOBODY,
    "doras": frozenset({"executor"}),
}
IN_AN_EMERGENCY = frozenset({"gloria"})
# At doors that are about no record, one person of each kind is enough; and a method that is refused, is refused to all.
KINDS = frozenset(
    [
        "stranger",
        "closed",
        "alice",
        "ruth",
        "charlie",
        "ended",
        "former",
        "hal",
        "dana",
        "bo",
        "priya",
        "ravi",
        "sam",
        "fay",
        "lena",
        "seth",
        "rex",
        "unlinked",
    ]
)
# An app is told what its request lacks, and that it may call from another origin.
APPS = frozenset({204, 400})
FEW = frozenset({"stranger", "alice", "dana", "sam"})


@dataclass(frozen=True)
class Row:
    """One address with one filling: who passes, by method; `open_to_all` also without signing in."""

    methods: tuple[str, ...]
    who: frozenset[str]
    fill: dict[str, str] = field(default_factory=dict)
    send: dict[str, str] = field(default_factory=dict)
    open_to_all: bool = False
    # A page of a link: whoever has not opened one gets nothing, signed in or not.
    by_link: bool = False
    # An interface for machines.
    by_key: bool = False
    # Answers besides THROUGH that are right here.
    also: frozenset[int] = frozenset()


def of_studies(methods: tuple[str, ...], *, copy: bool = False) -> list[Row]:
    """One row for each study."""
    return [
        Row(methods, who - IN_AN_EMERGENCY if copy else who, {"study_id": f"study:{name}"})
        for name, who in READERS.items()
    ]


TABLE: dict[str, list[Row]] = {
    "home": [Row(PAGE, EVERYBODY, open_to_all=True)],
    "verify": [Row(PAGE, EVERYBODY, open_to_all=True)],
    "outbox": [Row(PAGE, EVERYBODY, open_to_all=True)],
    "set_language": [Row(POST, EVERYBODY, open_to_all=True)],
    "scans": [Row(PAGE, EVERYBODY)],
    "access-log": [Row(PAGE, EVERYBODY)],
    "security": [Row(PAGE, EVERYBODY)],
    "second-factor": [Row(PAGE, EVERYBODY)],
    "sign-out-elsewhere": [Row(POST, EVERYBODY), Row(POST, NOBODY, send={"session": "999999"})],
    "confirm-contact": [Row(POST, EVERYBODY)],
    "mails": [Row(POST, EVERYBODY)],
    # How long one's own session lasts; a stranger has none.
    "session-left": [Row(FORM, EVERYBODY, open_to_all=True)],
    "connect": [Row(FORM, EVERYBODY)],
    # This house has no directory; the doors of one that has: tests/rooms/people/test_directory.py.
    "staff-sign-in": [Row(POST, NOBODY, by_key=True)],
    "staff-sign-in-back": [Row(("GET",), NOBODY, by_key=True)],
    "study": of_studies(PAGE),
    "compare": [
        # One of the two is hidden from the parent.
        Row(PAGE, NOBODY, {"study_id": "study:mias", "other_id": "study:secret"}),
        # Another patient's scan, and the same one twice (fault C2).
        Row(PAGE, NOBODY, {"study_id": "study:chest", "other_id": "study:abdomen"}),
        Row(PAGE, NOBODY, {"study_id": "study:chest", "other_id": "study:chest"}),
        Row(PAGE, READERS["chest"], {"study_id": "study:chest", "other_id": "study:prior"}),
    ],
    "report-pdf": of_studies(PAGE),
    "report-locked": of_studies(POST),
    "report-document": of_studies(PAGE),
    "viewer-data": of_studies(PAGE),
    "study-still": of_studies(PAGE),
    "download": of_studies(FORM, copy=True),
    "frame": [
        Row(("GET",), READERS["chest"], {"study_id": "study:chest", "instance_id": "image:chest", "index": "0"}),
        # The instance of another patient's study (fault C2).
        Row(("GET",), NOBODY, {"study_id": "study:chest", "instance_id": "image:abdomen", "index": "0"}),
        Row(("GET",), NOBODY, {"study_id": "study:chest", "instance_id": "image:chest", "index": "7"}),
    ],
    "package": [Row(("GET",), frozenset({"alice"}), {"package_id": "package:alices"})],
    # Who has nobody to bring scans for, and a form that breaks off before it names somebody.
    "bring": [Row(FORM, EVERYBODY, also=frozenset({404}))],
    "brought": [Row(PAGE, frozenset({"alice"}), {"upload_id": "row:upload"})],
    "requests": [Row(PAGE, EVERYBODY)],
    # A form that names no patient, or not one of theirs, is answered as if there were none.
    "request-new": [Row(FORM, EVERYBODY, also=frozenset({404}))],
    # To whoever may not see the scan there is none; staff answer at the desk.
    "ask-doctor": [Row(FORM, NOBODY, {"study_id": "none"})],
    "emergency-code": [Row(PAGE, EVERYBODY), Row(POST, NOBODY)],
    "forms": [Row(PAGE, EVERYBODY, open_to_all=True)],
    "form-pdf": [Row(PAGE, EVERYBODY, {"name": "access-en"}, open_to_all=True)],
    "permission-reminder": [Row(PAGE, NOBODY, {"authorization_id": "none"})],
    "link-reminder": [Row(PAGE, frozenset({"alice"}), {"share_id": "row:share"})],
    "rights": [Row(PAGE, EVERYBODY)],
    # A form that says nothing asks for nothing.
    "rights-ask": [Row(POST, EVERYBODY, also=frozenset({404}))],
    "wishes": [Row(PAGE, RECORDS | {"priya"})],
    "wish-answer": [Row(POST, NOBODY, {"wish_id": "none"})],
    "request-help": [Row(PAGE, EVERYBODY, open_to_all=True)],
    "request": [Row(PAGE, frozenset({"alice"}), {"request_id": "row:request"})],
    "request-act": [Row(POST, NOBODY, {"request_id": "row:request"})],
    "letter": [Row(PAGE, NOBODY, {"letter_id": "none"})],
    "shares": [Row(PAGE, EVERYBODY)],
    "shares-looked-through": [Row(POST, EVERYBODY)],
    "share-new": [
        Row(FORM, frozenset({"alice", "ruth", "dana", "lena"}), {"study_id": "study:chest"}),
        Row(FORM, frozenset({"pam", "guardian", "lena"}), {"study_id": "study:mias"}),
        Row(FORM, frozenset({"lena"}), {"study_id": "study:secret"}),
        Row(FORM, frozenset({"executor", "lena"}), {"study_id": "study:doras"}),
    ],
    "share-revoke": [Row(POST, MAY_END_A_SHARE, {"share_id": "row:share"})],
    "shared": [Row(PAGE, EVERYBODY, open_to_all=True), Row(POST, NOBODY, by_key=True)],
    "shared-scans": [Row(PAGE, NOBODY, by_link=True)],
    "shared-study": [Row(PAGE, NOBODY, {"study_id": "study:chest"}, by_link=True)],
    "shared-viewer": [Row(PAGE, NOBODY, {"study_id": "study:chest"}, by_link=True)],
    "shared-copy": [Row(("GET",), NOBODY, {"study_id": "study:chest"}, by_link=True)],
    "shared-frame": [
        Row(("GET",), NOBODY, {"study_id": "study:chest", "instance_id": "image:chest", "index": "0"}, by_link=True)
    ],
    # Apps with a health link; without a secret that holds there is nothing here, for anybody.
    "health-link": [Row(("POST", "GET", "OPTIONS"), NOBODY, {"secret": "nothing"}, by_key=True, also=APPS)],
    "health-link-file": [Row(("GET", "OPTIONS"), NOBODY, {"ticket": "nothing"}, by_key=True, also=APPS)],
    "sent": [Row(PAGE, EVERYBODY)],
    "accounting": [Row(POST, frozenset({"alice", "charlie"}))],
    "permission-revoke": [Row(POST, NOBODY, {"authorization_id": "none"})],
    "desk-requests": [Row(PAGE, WORKERS)],
    "desk-request-new": [Row(FORM, WORKERS, also=frozenset({404}))],
    "backlog": [Row(PAGE, WORKERS)],
    "desk-request": [Row(PAGE, WORKERS, {"request_id": "row:request"})],
    "desk-request-act": [Row(POST, NOBODY, {"request_id": "row:request"})],
    # Who works on requests is told whose step it is, or what is missing; to all others there is no such request.
    "desk-papers": [Row(POST, WORKERS, {"request_id": "row:request"})],
    "desk-paper": [Row(PAGE, NOBODY, {"request_id": "row:request", "paper_id": "none"})],
    "desk-print": [Row(PAGE, WORKERS, {"request_id": "row:request"})],
    "desk-copy": [Row(("GET",), WORKERS, {"request_id": "row:request"})],
    "desk-questions": [Row(PAGE, CLINICIANS | RECORDS | {"priya"})],
    "desk-question": [Row(FORM, NOBODY, {"question_id": "none"})],
    "desk-letter": [Row(PAGE, NOBODY, {"letter_id": "none"})],
    "desk": [Row(PAGE, STAFF)],
    "cases": [Row(PAGE, RECORDS)],
    "case-decide": [Row(POST, NOBODY, {"case_id": "none"})],
    # Machines with a key of their own; a person's session opens nothing here.
    "stow": [Row(POST, NOBODY, by_key=True)],
    "stow-study": [Row(POST, NOBODY, {"study_uid": "2.25.1"}, by_key=True)],
    "find-patient": [Row(FORM, CLINICIANS | RECORDS | {"fay", "bo", "priya"})],
    "my-patients": [Row(PAGE, CLINICIANS)],
    "desk-patient": [
        Row(PAGE, READERS["chest"] & STAFF | RECORDS | {"bo"}, {"patient_id": "patient:alices"}),
        Row(PAGE, RECORDS | {"bo"}, {"patient_id": "patient:dora"}),
        # A sensitive study: the record as a whole is closed to the parent, or it would show that there is one.
        Row(PAGE, RECORDS | {"bo"}, {"patient_id": "patient:mia"}),
    ],
    "desk-bring": [
        Row(PAGE, RECORDS, {"patient_id": "patient:alices"}),
        Row(
            POST,
            RECORDS,
            {"patient_id": "patient:mia"},
            send={"csrfmiddlewaretoken": "t", "patient": "nobody"},
            also=frozenset({404}),
        ),
    ],
    "desk-pacs": [
        Row(PAGE, RECORDS, {"patient_id": "patient:alices"}),
        # No PACS may be asked here; and what a form names is none.
        Row(POST, RECORDS, {"patient_id": "patient:mia"}, send={"pacs": "x", "step": "look"}, also=frozenset({404})),
    ],
    "emergency": [Row(FORM, CLINICIANS | {"priya"}, {"patient_id": "patient:charlies"})],
    # Who checks identities or writes down representatives; and the clinician who may refuse one for danger.
    "patient-people": [
        Row(PAGE, WORKERS | {"dana"}, {"patient_id": "patient:alices"}),
        Row(PAGE, WORKERS, {"patient_id": "patient:mia"}),
    ],
    "patient-connect": [Row(FORM, WORKERS, {"patient_id": "patient:alices"})],
    "patient-disconnect": [Row(POST, NOBODY, {"patient_id": "patient:alices"})],
    "patient-address": [Row(POST, RECORDS, {"patient_id": "patient:alices"})],
    "proof-document": [
        Row(PAGE, WORKERS, {"patient_id": "patient:alices", "proof_id": "row:proof"}),
        # Another patient's paper under this patient's address (fault C2).
        Row(PAGE, NOBODY, {"patient_id": "patient:charlies", "proof_id": "row:proof"}),
    ],
    "representative-new": [Row(FORM, RECORDS | {"priya"}, {"patient_id": "patient:alices"})],
    "representative-change": [
        Row(POST, RECORDS | {"priya"}, {"representation_id": "row:authority"}),
        Row(
            POST,
            frozenset({"priya", "dana"}),
            {"representation_id": "row:authority"},
            send={"deed": "refuse", "reason": "I saw bruises."},
        ),
    ],
    "patient-care": [
        # The clinician who treats her may bring in a colleague.
        Row(POST, RECORDS | {"priya", "dana"}, {"patient_id": "patient:alices"}),
        Row(POST, RECORDS | {"priya"}, {"patient_id": "patient:mia"}),
        Row(POST, NOBODY, {"patient_id": "patient:charlies"}, send={"relation": "0"}),
    ],
    "patient-facts": [
        Row(POST, RECORDS | {"priya"}, {"patient_id": "patient:alices"}),
        # A special watch is the privacy officer's.
        Row(POST, frozenset({"priya"}), {"patient_id": "patient:alices"}, send={"deed": "watch", "yes": "yes"}),
    ],
    "patient-sensitive": [
        Row(PAGE, RECORDS | {"priya"}, {"patient_id": "patient:mia"}),
        Row(POST, NOBODY, {"patient_id": "patient:mia"}),
    ],
    "patient-wishes": [
        Row(PAGE, RECORDS | {"priya"}, {"patient_id": "patient:mia"}),
        Row(POST, NOBODY, {"patient_id": "patient:mia"}),
    ],
    "patient-links": [
        Row(PAGE, RECORDS | {"priya"}, {"patient_id": "patient:mia"}),
        Row(POST, NOBODY, {"patient_id": "patient:mia"}),
    ],
    "patient-held-results": [
        Row(PAGE, RECORDS | {"priya"}, {"patient_id": "patient:mia"}),
        Row(POST, NOBODY, {"patient_id": "patient:mia"}),
    ],
    "patient-accounting": [Row(FORM, RECORDS | {"priya"}, {"patient_id": "patient:mia"})],
    # What an official asks to keep from a patient is the privacy officer's alone.
    "accounting-suspend": [Row(POST, frozenset({"priya"}), {"patient_id": "patient:mia"})],
    "suspension-end": [Row(POST, NOBODY, {"suspension_id": "none"})],
    "close-emergency": [Row(POST, IN_AN_EMERGENCY, {"glass_id": "row:glass"})],
    "reviews": [Row(PAGE, OFFICERS)],
    "review-glass": [
        Row(PAGE, OFFICERS, {"glass_id": "row:glass"}),
        Row(POST, frozenset({"priya"}), {"glass_id": "row:glass"}, send={"justified": "yes", "words": "Seen."}),
    ],
    "review-task": [Row(FORM, OFFICERS, {"task_id": "row:task"})],
    "who-saw-what": [Row(FORM, OFFICERS)],
    "explain-access": [Row(FORM, OFFICERS)],
    "people": [Row(PAGE, ADMINISTRATORS)],
    "invite": [Row(FORM, ADMINISTRATORS)],
    "decide-proposal": [Row(POST, ADMINISTRATORS, {"proposal_id": "row:proposal"})],
    "person": [
        Row(PAGE, ADMINISTRATORS, {"account_id": "person:dana"}),
        # Patients are none of an administrator's business.
        Row(PAGE, NOBODY, {"account_id": "person:alice"}),
    ],
    "change-person": [Row(POST, ADMINISTRATORS, {"account_id": "person:dana"})],
    "contracts": [Row(FORM, frozenset({"priya", "lena"}))],
    "contract-end": [Row(POST, NOBODY, {"contract_id": "none"})],
    "safeguards": [Row(FORM, OFFICERS)],
    "access-reviews": [Row(FORM, frozenset({"priya"}))],
    "access-review": [Row(PAGE, frozenset({"priya"}), {"review_id": "row:review"})],
}
# At the desk the same pages open to who treats the patient; for oneself and whom one represents there is the portal.
PAGES_OF_A_SCAN = (
    "study",
    "compare",
    "report-pdf",
    "report-locked",
    "report-document",
    "study-still",
    "download",
    "share-new",
    "viewer-data",
    "frame",
)
TABLE |= {f"desk-{name}": [replace(row, who=row.who & STAFF) for row in TABLE[name]] for name in PAGES_OF_A_SCAN}
# The account pages of django-allauth show a person's own account and nothing else; they are tried all the same.
LIBRARY = ("account_", "mfa_")


def routes(patterns=None) -> Iterator[URLPattern]:
    """Every address that there is."""
    for one in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns)
        else:
            yield one


NAMES = sorted({route.name or str(route.pattern) for route in routes()})
OURS = [name for name in NAMES if not name.startswith(LIBRARY)]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """Everybody, once for all checks; each check is rolled back."""
    from django.conf import settings

    from scanward.archive.place import vault

    before = settings.STORAGE
    settings.STORAGE = str(tmp_path_factory.mktemp("doors"))
    vault.cache_clear()
    with django_db_blocker.unblock(), transaction.atomic():
        yield gather()
        transaction.set_rollback(True)
    vault().close()
    vault.cache_clear()
    settings.STORAGE = before


@pytest.fixture(scope="module")
def clients(world):
    """Everybody, signed in; and a stranger."""
    made = {"stranger": Client()}
    for name, account in world.people.items():
        made[name] = Client()
        made[name].force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return made


def filled(world: World, fill: dict[str, str]) -> dict[str, str]:
    """Replace `study:chest` and the like by ids."""
    return {name: _id(world, value) for name, value in fill.items()}


def _id(world: World, value: str):
    from scanward.archive.models import Instance
    from scanward.release.models import Package

    kind, _, name = value.partition(":")
    if kind == "image":
        return Instance.objects.filter(series__study=world.studies[name], frames__gt=0).first().id
    if kind == "package":
        return Package.objects.filter(account=world.people["alice"]).first().id
    known = {"study": world.studies, "patient": world.patients, "person": world.people}
    if kind in known:
        return known[kind][name].id
    if kind == "none":
        return uuid4()
    return world.rows[name] if kind == "row" else value


def knock(client: Client, method: str, address: str, send: dict[str, str]):
    """Try a door, and put everything back as it was."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    sign = transaction.savepoint()
    try:
        answer = getattr(client, method.lower())(address, send) if method == "POST" else client.generic(method, address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    finally:
        transaction.savepoint_rollback(sign)
        client.cookies.clear()
        client.cookies.load(cookies)
    return answer, body


def test_every_address_has_a_row():
    """Whoever adds an address says in TABLE who may pass."""
    assert [name for name in OURS if name not in TABLE] == []
    assert [name for name in TABLE if name not in NAMES] == []


@pytest.fixture
def plain_404(monkeypatch):
    """The page "not found" costs most of the time; what stands on it is looked at once, below."""
    from scanward.web import errors

    monkeypatch.setattr(
        errors, "render", lambda _request, _page, *_words, status: HttpResponse(b"nothing here", status=status)
    )


@pytest.mark.parametrize("who", sorted(KINDS))
def test_the_page_that_says_no_names_nobody(who, clients, world):
    answer, body = knock(clients[who], "GET", "/no-such-address/", {})
    assert answer.status_code == 404
    assert not any(canary in body for canary in CANARIES)


@pytest.fixture(scope="module")
def copies(world, clients):
    """A copy that Alice has asked for, so that somebody may try to take it."""
    clients["alice"].post(reverse("download", args=[world.studies["chest"].id]))


def callers(row: Row, method: str, clients) -> list[str]:
    """Who tries this door in this way."""
    if method not in row.methods or method == "HEAD":
        return sorted(FEW)
    return sorted(clients) if row.fill else sorted(KINDS)


def passes(row: Row, method: str, name: str) -> bool:
    return method in row.methods and name in row.who


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_door_opens_for_exactly_those_who_may(name, method, world, clients, copies, plain_404):
    """Fault C1, C14: own, other's, represented, ended, refused, narrow, minor, deceased, closed, and every role."""
    wrong = []
    methods = {one for row in TABLE[name] for one in row.methods}
    for row in TABLE[name]:
        if method in methods and method not in row.methods:
            continue
        address = reverse(name, kwargs=filled(world, row.fill))
        for who in callers(row, method, clients):
            answer, body = knock(clients[who], method, address, row.send)
            if fault := judge(row, method, who, answer, body):
                wrong.append(f"{method} {name} {row.fill} by {who}: {fault}")
    assert not wrong, "\n".join(wrong)


def judge(row: Row, method: str, who: str, answer, body: bytes) -> str:
    """Return what is wrong with the answer, or nothing."""
    code = answer.status_code
    if method not in row.methods:
        return "" if code in (405, 404, 302) else f"{code} for a method that there is not"
    known = who not in ("stranger", "closed")
    if row.by_key:
        return "" if code in {401, 403, 404} | row.also else f"{code} without a key"
    if row.by_link:
        return (
            ""
            if (code in (302, 404, 410) and b"Rivera" not in body) or who in IN_AN_EMERGENCY
            else f"{code} without a link"
        )
    if passes(row, method, who) or (row.open_to_all and not known):
        return "" if code in THROUGH | row.also else f"{code}, though they may"
    if not known:
        return "" if code == 302 and "/account/login" in answer["Location"] else f"{code}, though nobody is signed in"
    if code != 404:
        return f"{code}, though they may not"
    # Who has a record open in an emergency reads its name on top of every page, also on this one.
    told = [canary for canary in CANARIES if canary in body and not (who in IN_AN_EMERGENCY and canary == b"Rivera")]
    return f"it says {told}" if told else ""


@pytest.mark.parametrize("name", [name for name in TABLE if any(row.fill for row in TABLE[name])])
def test_what_does_not_exist_is_what_is_not_theirs(name, clients, plain_404):
    """The same answer for a foreign id and for one that was never given out, so that nobody can tell them apart."""
    row = next(row for row in TABLE[name] if row.fill)
    address = reverse(name, kwargs={key: "0" if key == "index" else uuid4() for key in row.fill})
    method = row.methods[0]
    codes = {who: knock(client, method, address, row.send)[0].status_code for who, client in clients.items()}
    signed_in = {code for who, code in codes.items() if who not in ("stranger", "closed")}
    assert signed_in <= ({401, 403, 404} | row.also if row.by_key else {404, 410} if row.by_link else {404})
    assert len(signed_in) == 1


def first_that_fits(name: str, fills: list[dict]) -> str:
    """Return the address, with the first of the fillings that it takes."""
    for fill in fills:
        with suppress(NoReverseMatch):
            return reverse(name, kwargs=fill)
    raise AssertionError(f"no filling fits {name}")


@pytest.mark.parametrize(
    "route", [one for one in routes() if (one.name or "").startswith(LIBRARY)], ids=lambda one: one.name
)
def test_account_pages_show_nobody_elses_data(route, clients):
    """allauth's own pages: never an error of ours, never a patient's name."""
    fill = {key: "1" for key in route.pattern.converters} or {
        key: "1" for key in (getattr(route.pattern, "regex", None) and route.pattern.regex.groupindex) or {}
    }
    address = first_that_fits(route.name, [fill, {"uidb36": "1", "key": "set-password"}, {"key": "x"}, {"pk": 1}])
    for who in ("stranger", "alice", "charlie", "dana", "sam", "closed"):
        for method in ("GET", "POST", "PUT"):
            answer, body = knock(clients[who], method, address, {})
            assert answer.status_code < 500, (who, method)
            assert not any(canary in body for canary in CANARIES), (who, method)


def test_billing_sees_the_bill_and_not_the_scan(world, clients):
    """K5, A5: the page of a patient holds date and number, and no link, no title, no report."""
    address = reverse("desk-patient", args=[world.patients["alices"].id])
    page = clients["bo"].get(address).content.decode()
    assert "Rivera" in page
    assert "chest" not in page.lower()
    assert str(world.studies["chest"].id) not in page


def test_administrators_see_no_patient_at_all(world, clients):
    """Administrators: no PHI on any page that they reach."""
    for name in ("people", "invite", "desk", "security"):
        body = clients["sam"].get(reverse(name)).content
        assert not any(canary in body for canary in CANARIES), name


def test_these_are_well_over_a_thousand(clients):
    """Counted from the table, so that it holds whichever of them are run."""
    generated = 0
    for rows in TABLE.values():
        methods = {one for row in rows for one in row.methods}
        tried = [(row, one) for row in rows for one in METHODS if one in row.methods or one not in methods]
        generated += sum(len(callers(row, method, clients)) for row, method in tried)
    assert generated > 4000
