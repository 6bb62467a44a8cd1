"""What pages must not do: take forms from elsewhere, stand in frames, or tell anything sideways."""

import io
import json
import logging
import zipfile
from dataclasses import replace
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import get_resolver, reverse

from cast import ALICE, NOW, PASSWORD, link, patient, person, sender, take_in
from scanward.archive.models import Instance, ReportStatus, Study
from scanward.archive.reports import Section, SectionKind, store_report
from scanward.dicom.synthetic import study as synthetic
from scanward.people.logs import WithoutValues

pytestmark = pytest.mark.django_db

CHANGING = ("post", "put", "patch", "delete")
# Machines sign in here with a token of their own; a browser's session opens nothing.
WITHOUT_FORMS = {"stow", "stow-study"}
# A health app of another site opens these with what stands in the link and nothing else (SMART Health Links).
FOR_APPS = {"health-link", "health-link-file"}
# These stream: who may not send at all is told so before the body, in which the token is the first part, is read.
STREAMED = {"bring", "desk-bring"}
FILLINGS = {"IntConverter": 1, "UUIDConverter": uuid4(), "StringConverter": "1.2.3"}


def client_of(account, **kwargs):
    client = Client(raise_request_exception=False, **kwargs)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def ours() -> dict[str, str]:
    """Every address of the list, the libraries' own included, filled with ids of nothing."""
    found = {}
    table = get_resolver().reverse_dict
    for name in (name for name in table if isinstance(name, str)):
        for ways, _regex, _defaults, converters in table.getlist(name):
            text, parameters = ways[0]
            fill = {key: FILLINGS.get(type(converters.get(key)).__name__, "1") for key in parameters}
            found[name] = "/" + text % fill
    return found


def test_the_list_of_addresses_is_whole():
    assert {"home", "study", "frame", "account_login", "mfa_remove_webauthn", "set_language"} <= ours().keys()
    assert len(ours()) > 60


# C12 -------------------------------------------------------------------------------------------------------------


def test_no_address_takes_a_form_without_its_token(cast):
    """fault C12: every address of the list x every changing method, signed in; nothing is looked up before."""
    client = client_of(cast.alice, enforce_csrf_checks=True)
    wrong = []
    for name, address in ours().items():
        for method in CHANGING:
            status = getattr(client, method)(address).status_code
            allowed = {401, 403, 404, 405} if name in WITHOUT_FORMS else {403}
            if name in FOR_APPS:
                allowed = {400, 404, 405}
            if name in STREAMED:
                allowed = {403, 404, 405}
            if status not in allowed:
                wrong.append((name, method, status))
    assert wrong == []


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"origin": "http://testserver"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "null", "sec-fetch-site": "same-site"}, False),
        ({"origin": "null", "sec-fetch-site": "none"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://testserver.evil.example"}, False),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, False),
    ],
)
def test_a_form_with_a_token_passes_only_from_our_own_pages(cast, headers, passes):
    """fault C12: also under `Referrer-Policy: no-referrer`, where browsers say `Origin: null`."""
    client = client_of(cast.alice, enforce_csrf_checks=True)
    address = reverse("download", args=[cast.chest.id])
    client.get(address)
    answer = client.post(address, {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}, headers=headers)
    assert answer.status_code == (302 if passes else 403)


def test_another_persons_token_is_no_token(cast):
    """fault C12."""
    alice, charlie = (client_of(who, enforce_csrf_checks=True) for who in (cast.alice, cast.charlie))
    address = reverse("download", args=[cast.chest.id])
    alice.get(address)
    charlie.get(reverse("download", args=[cast.abdomen.id]))
    stolen = charlie.cookies["csrftoken"].value
    assert alice.post(address, {"csrfmiddlewaretoken": stolen}).status_code == 403


def test_no_answer_may_be_framed_or_read_by_another_site(cast):
    """fault C12: clickjacking and CORS, on every address, for every method, also when it is refused."""
    client = client_of(cast.alice)
    cross = {"origin": "https://evil.example", "access-control-request-method": "GET"}
    for name, address in ours().items():
        for method in ("get", "options", "post"):
            answer = getattr(client, method)(address, headers=cross)
            assert answer["X-Frame-Options"] == "DENY", name
            assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], name
            cross_site = {header.lower() for header in answer.headers if header.lower().startswith("access-control-")}
            assert "access-control-allow-credentials" not in cross_site, name
            assert not cross_site or name in FOR_APPS, name


def test_cookies_are_not_for_scripts_and_not_for_other_sites(cast):
    client = client_of(cast.alice)
    client.get(reverse("scans"))
    session = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")


# C7, C23 ---------------------------------------------------------------------------------------------------------

CANARY = replace(ALICE, name="Zyxcanary^Qvortha", patient_id="CANARYMRN7731")
SECRETS = ("Zyxcanary", "Qvortha", "CANARYMRN7731", "canarytumour", "CANARYACC9944")


@pytest.fixture
def log():
    """What the server's log holds: its own filter and format, everything from INFO on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(WithoutValues())
    handler.setFormatter(logging.Formatter("{asctime} {levelname} {name} {message}", style="{"))
    root = logging.getLogger()
    before, _ = root.level, root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def canary(own_vault):
    """A patient whose every word would be noticed, with an account."""
    made = synthetic("chest", seed=91, patient=CANARY, matrix=32, slices=2)
    take_in(made)
    Study.objects.update(accession_number="CANARYACC9944")
    kept = Study.objects.get()
    sections = [Section(SectionKind.IMPRESSION, "A canarytumour of 3 cm.")]
    store_report(kept, sections, status=ReportStatus.FINAL, finalized_at=NOW, sender=sender(), now=NOW)
    account = person("patient", password=PASSWORD)
    link(account, patient(CANARY))
    return account, kept


def told(text: str | bytes) -> list[str]:
    """Return which secrets a text holds."""
    whole = text.decode("latin-1") if isinstance(text, bytes) else text
    return [secret for secret in SECRETS if secret.lower() in whole.lower()]


def head(answer) -> str:
    """Everything of an answer but its body."""
    return f"{answer.status_code} {answer.reason_phrase} {answer.headers} {answer.cookies}"


def their_addresses(kept):
    image = Instance.objects.filter(series__study=kept, frames__gt=0).first()
    return [
        reverse("scans"),
        reverse("study", args=[kept.id]),
        reverse("report-pdf", args=[kept.id]),
        reverse("download", args=[kept.id]),
        reverse("viewer-data", args=[kept.id]),
        reverse("frame", args=[kept.id, image.id, 0]),
        reverse("access-log"),
    ]


def test_nothing_of_a_record_is_in_addresses_headers_logs_or_mails(canary, log):
    """faults C7, C23: the whole way, by the patient: sign-in with a code, every page, the copy."""
    account, kept = canary
    client = Client(raise_request_exception=False)
    client.post(reverse("account_login"), {"login": account.email, "password": PASSWORD})
    assert mail.outbox
    client = client_of(account)
    for address in their_addresses(kept):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert told(address) + told(head(answer)) == [], address
    answer = client.post(reverse("download", args=[kept.id]))
    assert told(answer["Location"]) == []
    copy = client.get(answer["Location"])
    package = zipfile.ZipFile(io.BytesIO(b"".join(copy.streaming_content)))
    assert told(head(copy)) + told("".join(package.namelist())) == []
    assert told(json.dumps([[letter.subject, letter.body, letter.to] for letter in mail.outbox])) == []
    assert told(log.getvalue()) == []


def test_the_log_has_lines_and_would_have_shown_it(canary, log):
    """The test above proves something: a line of ours arrives, and what a library says is cut."""
    logging.getLogger("scanward.tests").error("A line of ours.")
    logging.getLogger("django.request").error("Zyxcanary %s", "Qvortha")
    assert "A line of ours." in log.getvalue()
    assert "details withheld" in log.getvalue()
    assert told(log.getvalue()) == []


@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_error_pages_say_nothing_of_what_was_asked_for(canary, log, who):
    """fault C23: 302, 404, 403, 405, 400 for somebody else; not a word of the record."""
    _account, kept = canary
    client = Client(raise_request_exception=False) if who == "nobody" else client_of(person("stranger"))
    checking = Client(enforce_csrf_checks=True, raise_request_exception=False)
    for address in their_addresses(kept)[1:-1]:
        answers = [client.get(address), client.delete(address), checking.post(address), client.get(address + "/x")]
        answers.append(client.get(address, headers={"host": "evil.example"}))
        assert {answer.status_code for answer in answers} <= {302, 400, 403, 404, 405}
        for answer in answers:
            assert told(answer.content) + told(head(answer)) == [], address
    assert told(log.getvalue()) == []


@pytest.mark.parametrize("where", ["scanward.web.showing.records_of", "scanward.portal.views.scans.read_report"])
def test_an_error_of_ours_tells_nobody_whose_record_it_was(canary, log, monkeypatch, where):
    """fault C23: an exception whose text, arguments and local variables are full of it."""

    def broken(*args, **kwargs):
        name, number = CANARY.name, CANARY.patient_id
        raise ValueError(f"can't show {name} {number} canarytumour")

    monkeypatch.setattr(where, broken)
    account, kept = canary
    client = client_of(account)
    for address in (reverse("scans"), reverse("study", args=[kept.id])):
        answer = client.get(address)
        if answer.status_code == 500:
            assert told(answer.content) + told(head(answer)) == []
    assert "details withheld" in log.getvalue()
    assert told(log.getvalue()) == []


def test_nothing_of_a_record_is_readable_on_the_disk(prepared):
    """faults C23, D14: the raw bytes of database, write-ahead log, vault, checkpoints, spool and keys."""
    words = [b"Rivera", b"Alice", b"LH-100482", b"Novak", b"LH-100733", b"Nothing new", b"19610417", b"Siemens"]
    wanted = [form for word in words for form in (word, word.upper(), word.decode().encode("utf-16-le"))]
    looked = 0
    for path in (path for path in (prepared / "timed").rglob("*") if path.is_file()):
        raw = path.read_bytes()
        looked += len(raw)
        assert [word for word in wanted if word in raw] == [], path.name
    assert looked > 200_000
