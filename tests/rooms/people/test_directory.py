"""Staff sign in by the house's directory: a real OpenID provider on a port of its own, and every way to be refused."""

import json
import re
import threading
import time
from html import unescape
from urllib.parse import urlsplit

import pytest
import requests
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.urls import reverse
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from oidc_provider_mock import User, run_server_in_thread

from cast import BY, NOW, PLACE, person
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people import actions
from scanward.people.directory import Claims, NotMatched, claims_of
from scanward.people.kinds import Role
from scanward.people.models import Account

pytestmark = pytest.mark.django_db
BACK = "http://testserver/account/staff/back/"


def user(sub, email, *, verified=True, **more):
    return User(sub=sub, claims={"email": email, "email_verified": verified, **more})


PEOPLE = [
    user("hal-1", "hal@example.org"),
    user("hal-2", "hal@example.org"),
    user("hal-sure", "hal@example.org", amr=["pwd", "mfa"]),
    user("hal-unverified", "hal@example.org", verified=False),
    user("hal-word", "hal@example.org", verified="true"),
    user("alice-1", "alice@example.org"),
    user("nobody-1", "nobody@example.org"),
]


@pytest.fixture(scope="module")
def directory():
    """The provider, and what it gave us when we registered."""
    session = requests.Session()
    session.trust_env = False
    with run_server_in_thread(require_client_registration=True, user_claims=PEOPLE) as server:
        issuer = f"http://localhost:{server.server_port}"
        asked = {"redirect_uris": [BACK], "token_endpoint_auth_method": "client_secret_post"}
        yield issuer, session.post(f"{issuer}/oauth2/clients", json=asked).json(), session


@pytest.fixture(autouse=True)
def house(settings, directory, monkeypatch):
    """A house with the directory, outside the demo."""
    issuer, client, _session = directory
    monkeypatch.setenv("NO_PROXY", "*")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.STAFF_EMAIL_CODES = False
    settings.OIDC_ISSUER = issuer
    app = {"provider_id": "staff", "name": "Lakeside", "client_id": client["client_id"]}
    app |= {"secret": client["client_secret"], "settings": {"server_url": issuer}}
    settings.SOCIALACCOUNT_PROVIDERS = {"staff": {"APPS": [app]}}


@pytest.fixture
def hal():
    account = person("hal")
    actions.assign_role(account, Role.HIM_CLERK, by=None, actor=BY, place=PLACE, now=NOW)
    return account


def sign_in(directory, sub, client=None, **sent):
    """Go there, say who one is, and come back."""
    client, session = client or Client(), directory[2]
    page = client.post(reverse("staff-sign-in"), sent).content.decode()
    there = unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)[1])
    back = session.post(there, data={"sub": sub}, allow_redirects=False).headers["Location"]
    address = urlsplit(back)
    return client, client.get(f"{address.path}?{address.query}")


def failures():
    return [row.detail["directory"] for row in Entry.objects.filter(kind=EventKind.SIGN_IN_FAILED)]


def test_who_was_invited_comes_in_with_the_second_factor_of_this_house(directory, hal):
    """K2, K3: the directory's password is no second factor."""
    TOTP.activate(hal, "JBSWY3DPEHPK3PXP")
    client, answer = sign_in(directory, "hal-1")
    assert answer["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("desk")).status_code == 302


def test_without_one_a_code_is_mailed_and_then_one_is_set_up(directory, hal):
    client, answer = sign_in(directory, "hal-1")
    assert answer["Location"] == reverse("account_confirm_login_code")
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail.outbox[-1].body)[0]
    client.post(answer["Location"], {"code": code})
    assert client.get(reverse("desk"))["Location"] == reverse("second-factor")


def test_a_second_factor_that_the_directory_asked_for_is_accepted(directory, hal):
    """K3, RFC 8176: `amr` says mfa, in the signed token."""
    client, answer = sign_in(directory, "hal-sure")
    assert answer.status_code == 302
    assert client.get(reverse("desk")).status_code == 200
    entry = Entry.objects.filter(kind=EventKind.SIGNED_IN).latest("seq")
    assert entry.actor_id == str(hal.id)


def test_a_house_may_always_ask_itself(directory, hal, settings):
    settings.OIDC_SECOND_FACTOR = []
    assert sign_in(directory, "hal-sure")[1]["Location"] == reverse("account_confirm_login_code")


def test_what_was_vouched_for_one_account_is_worth_nothing_for_another(directory, hal):
    """Fault C13: no second step is skipped by signing in as somebody else in the same browser."""
    client, _answer = sign_in(directory, "hal-sure")
    other = person("sam", password="a-long-enough-password")
    actions.assign_role(other, Role.ADMINISTRATOR, by=None, actor=BY, place=PLACE, now=NOW)
    client.force_login(other, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("desk"))["Location"] == reverse("second-factor")


@pytest.mark.parametrize(
    ("sub", "why"),
    [
        ("nobody-1", "nobody was invited with this e-mail address"),
        ("alice-1", "the account has no role"),
        ("hal-unverified", "the directory has not verified the e-mail address"),
        ("hal-word", "the directory has not verified the e-mail address"),
    ],
)
def test_nobody_comes_in_by_being_in_the_directory(directory, hal, sub, why):
    """K1: no account is made, no role is given; the page tells a stranger nothing."""
    person("alice")
    accounts = Account.objects.count()
    client, answer = sign_in(directory, sub)
    assert answer.status_code == 403
    assert b"You are not let in here" in answer.content
    assert "/account/login" in client.get(reverse("desk"))["Location"]
    assert (Account.objects.count(), SocialAccount.objects.count(), failures()) == (accounts, 0, [why])


def test_a_closed_account_and_an_ended_role_stay_out(directory, hal):
    """164.308(a)(3)(ii)(C): whoever has left is still in the directory for a while."""
    sign_in(directory, "hal-sure")
    hal.assignments.update(ended_at=NOW)
    assert sign_in(directory, "hal-sure")[1].status_code == 403
    Account.objects.filter(pk=hal.pk).update(is_active=False)
    assert sign_in(directory, "hal-sure")[1].status_code == 403
    assert failures() == ["the account has no role", "the account is closed"]


def test_a_successor_with_the_same_address_is_not_the_same_person(directory, hal):
    """K2: from the first sign-in on the account belongs to one person of the directory."""
    sign_in(directory, "hal-sure")
    assert sign_in(directory, "hal-2")[1].status_code == 403
    assert failures() == ["the account belongs to somebody else in the directory"]
    bound = Entry.objects.filter(kind=EventKind.ACCOUNT_CHANGED).latest("seq")
    assert bound.detail == {"directory": "bound"}


def test_nothing_else_that_the_directory_says_is_kept(directory, hal):
    sign_in(directory, "hal-sure")
    sign_in(directory, "hal-sure")
    row = SocialAccount.objects.get()
    assert (row.user_id, row.extra_data, len(row.uid)) == (hal.id, {}, 64)


def test_an_answer_that_we_did_not_ask_for_is_refused(directory, hal):
    """A code of another browser, no code, and no state: login CSRF."""
    _client, session = Client(), directory[2]
    page = _client.post(reverse("staff-sign-in")).content.decode()
    there = unescape(re.search(r"url=([^\"]+)\"", page)[1])
    address = urlsplit(session.post(there, data={"sub": "hal-sure"}, allow_redirects=False).headers["Location"])
    stranger = Client()
    for query in (address.query, "", "code=x", "error=access_denied", "code=x&state=y"):
        assert stranger.get(f"{reverse('staff-sign-in-back')}?{query}").status_code == 403
    assert "/account/login" in stranger.get(reverse("desk"))["Location"]


def test_connecting_is_no_way_in(directory, hal):
    """What else allauth could do with an answer is not asked for, whatever a form says."""
    client, answer = sign_in(directory, "hal-1", process="connect")
    assert answer["Location"] == reverse("account_confirm_login_code")
    assert client.get(reverse("desk")).status_code == 302


KEY = RSAKey.generate_key(2048, parameters={"kid": "ours", "use": "sig"})
OTHER = RSAKey.generate_key(2048, parameters={"kid": "other"})


def token(directory, *, alg="RS256", key=KEY, kid="ours", **changed):
    issuer, client, _session = directory
    now = int(time.time())
    claims = {"iss": issuer, "aud": client["client_id"], "sub": "hal-1", "exp": now + 60, "iat": now, **changed}
    header = {"alg": alg} | ({"kid": kid} if kid else {})
    return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, key)


def decoded(directory, keys, text):
    from allauth.socialaccount.adapter import get_adapter
    from django.test import RequestFactory

    from scanward.people.provider import DirectoryProtocol

    request = RequestFactory().get("/")
    protocol = DirectoryProtocol(request, "staff")
    protocol._openid_config = {"issuer": directory[0], "jwks_uri": keys}
    return protocol._decode_id_token(get_adapter(request).get_app(request, "staff"), text)


@pytest.fixture
def keys():
    """The directory's keys, as it publishes them: one of ours, and the one that it encrypts with."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    published = [KEY.as_dict(private=False), OTHER.as_dict(private=False) | {"use": "enc"}]

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": published}).encode())

        def log_message(self, *_words):
            pass

    server = HTTPServer(("localhost", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_token_of_the_directory_is_read(directory, keys):
    assert decoded(directory, keys, token(directory))["sub"] == "hal-1"
    assert decoded(directory, keys, token(directory, kid=None))["sub"] == "hal-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": 1},
        {"exp": None},
        {"aud": "another-client"},
        {"iss": "http://elsewhere"},
        {"sub": None},
        {"kid": "unknown"},
        {"kid": "other", "key": OTHER},
        {"key": OTHER},
        {"alg": "HS256", "key": OctKey.import_key(b"a secret that is shared with many")},
    ],
    ids=[
        "over",
        "endless",
        "for another",
        "by another",
        "nobody",
        "unknown key",
        "wrong use",
        "forged",
        "shared secret",
    ],
)
def test_any_other_token_is_not(directory, keys, changed):
    """As in fault C5: run out, for or by another, without a person, by another key or another kind of key."""
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error

    with pytest.raises(OAuth2Error):
        decoded(directory, keys, token(directory, **changed))


def test_a_token_without_a_signature_is_not_read(directory, keys):
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error

    head, body, _signature = token(directory).split(".")
    for text in (f"eyJhbGciOiJub25lIiwia2lkIjoib3VycyJ9.{body}.", f"{head}.{body}.", "nonsense", ""):
        with pytest.raises(OAuth2Error):
            decoded(directory, keys, text)


def test_two_answers_about_two_people_are_refused():
    """OpenID Connect Core 5.3.2."""
    token = {"iss": "https://one", "sub": "a", "acr": "gold"}
    with pytest.raises(NotMatched):
        claims_of(token, {"sub": "b", "email": "hal@example.org", "email_verified": True})
    told = claims_of(token, {"sub": "a", "email": "Hal@Example.org ", "email_verified": True, "amr": ["mfa"]})
    assert told == Claims("https://one", "a", "hal@example.org", True, frozenset({"gold"}))
    assert told.name != claims_of(token | {"iss": "https://two"}, {}).name


def test_a_directory_that_is_silent_is_said_so(hal, settings):
    settings.SOCIALACCOUNT_PROVIDERS["staff"]["APPS"][0]["settings"] = {"server_url": "http://localhost:9"}
    answer = Client().post(reverse("staff-sign-in"))
    assert (answer.status_code, b"does not answer" in answer.content) == (503, True)


def test_a_house_without_a_directory_has_no_such_door(settings):
    settings.OIDC_ISSUER = ""
    assert Client().post(reverse("staff-sign-in")).status_code == 404
    assert Client().get(reverse("staff-sign-in-back")).status_code == 404
    assert b"You work here?" not in Client().get(reverse("account_login")).content
