"""At the door: no work without a strong second factor, tries are limited, devices are noticed, sessions end at once."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from cast import BY, NOW, PASSWORD, PLACE, person
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people import actions
from scanward.people.devices import network_of, notice
from scanward.people.factors import lacks_factor
from scanward.people.kinds import Role
from scanward.people.models import Representation
from scanward.people.representing import end_representation, refuse_representation
from scanward.people.sessions import is_open
from scanward.release import contents
from scanward.release.packages import PackageEnded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def member(name="hal", role=Role.HIM_CLERK):
    account = person(name, password=PASSWORD)
    actions.assign_role(account, role, by=None, actor=BY, place=PLACE, now=NOW)
    return account


def inside(account, **more):
    client = Client(**more)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(reverse("security"))
    return client


def knock(client, email, password=PASSWORD, **more):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **more)


@pytest.fixture
def strict(settings):
    """As everywhere but in the demo."""
    settings.STAFF_EMAIL_CODES = False


def test_staff_without_a_second_factor_get_nowhere_but_to_setting_one_up(strict):
    """K3: whatever is asked for, also by a form."""
    client = inside(member())
    for name in ("desk", "cases", "find-patient", "scans", "security"):
        for answer in (client.get(reverse(name)), client.post(reverse(name))):
            assert answer["Location"] == reverse("second-factor")
    assert client.get("/no-such-page/")["Location"] == reverse("second-factor")
    page = client.get(reverse("second-factor")).content.decode()
    assert reverse("mfa_add_webauthn") in page
    assert client.post(reverse("account_logout")).status_code == 302


def test_with_one_they_work(strict):
    hal = member()
    TOTP.activate(hal, "JBSWY3DPEHPK3PXP")
    assert not lacks_factor(hal, hal.roles_at(NOW))
    assert inside(hal).get(reverse("desk")).status_code == 200


def test_patients_may_choose(strict):
    alice = person("alice", password=PASSWORD)
    assert inside(alice).get(reverse("scans")).status_code == 200


def test_the_secret_of_an_app_is_sealed_in_the_table(strict):
    """M3."""
    TOTP.activate(member(), "JBSWY3DPEHPK3PXP")
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        assert "JBSWY3DPEHPK3PXP" not in str(cursor.fetchone())


def code_now(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_the_second_step_can_not_be_skipped_nor_its_code_used_twice(strict):
    """Fault C13: MFA bypass, TOTP replay."""
    hal, secret = member(), "JBSWY3DPEHPK3PXP"
    TOTP.activate(hal, secret)
    client, code = Client(), code_now(secret)
    assert knock(client, hal.email)["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("desk")).status_code == 302
    assert "/account/login" in client.get(reverse("desk"))["Location"]
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert client.get(reverse("desk")).status_code == 200
    again = Client()
    knock(again, hal.email)
    assert again.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200
    assert "/account/login" in again.get(reverse("desk"))["Location"]


def test_a_password_alone_is_never_enough(strict):
    """I8: patients get a code by mail."""
    alice = person("alice", password=PASSWORD)
    client = Client()
    assert knock(client, alice.email).status_code == 302
    assert client.get(reverse("scans")).status_code == 302


def test_many_tries_are_stopped_and_lock_out_nobody_elsewhere(db):
    """Fault C13: the limit counts account and network; the owner at home still gets in."""
    cache.clear()
    alice = person("alice", password=PASSWORD)
    answers = [knock(Client(REMOTE_ADDR="203.0.113.9"), alice.email, "wrong") for _n in range(6)]
    assert b"Too many" in answers[-1].content
    assert knock(Client(REMOTE_ADDR="203.0.113.9"), alice.email).status_code == 200
    assert knock(Client(REMOTE_ADDR="198.51.100.4"), alice.email).status_code == 302


def text_of(answer, email):
    """The page without what differs from page to page."""
    page = answer.content.decode().replace(email, "")
    return re.sub(r'(csrfmiddlewaretoken" value="[^"]*"|"challenge": "[^"]*")', "", page)


def test_who_has_an_account_is_not_told(db):
    """Fault C13: sign-in and forgotten password answer alike."""
    cache.clear()
    person("alice", password=PASSWORD)
    known, unknown = "alice@example.org", "nobody@example.org"
    assert text_of(knock(Client(), known, "wrong"), known) == text_of(knock(Client(), unknown, "wrong"), unknown)
    reset = reverse("account_reset_password")
    one, two = Client().post(reset, {"email": known}), Client().post(reset, {"email": unknown})
    assert (one.status_code, one["Location"]) == (two.status_code, two["Location"])


def test_a_password_is_hashed_also_for_who_does_not_exist(db, monkeypatch):
    """Fault C13, by time: the same work is done, which a clock on a busy machine could not show."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    cache.clear()
    person("alice", password=PASSWORD)
    hashed = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda *a, **k: hashed.append("encode") or encode(*a, **k))
    monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *a, **k: hashed.append("verify") or verify(*a, **k))
    knock(Client(), "alice@example.org", "wrong")
    known, hashed[:] = len(hashed), []
    knock(Client(), "nobody@example.org", "wrong")
    assert (known, len(hashed)) == (1, 1)


@pytest.mark.parametrize("weak", ["short-one", "password1234", "123456789012", "alice-example-org"])
def test_a_weak_password_is_not_taken(weak):
    """I7: too short, known to everybody, only numbers that all try, or the person's own address."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    alice = person("alice")
    with pytest.raises(ValidationError):
        validate_password("alice@example.org" if weak.startswith("alice") else weak, alice)
    validate_password(PASSWORD, alice)


def test_the_session_key_changes_at_sign_in(strict):
    """Fault C13: session fixation."""
    hal, secret = member(), "JBSWY3DPEHPK3PXP"
    TOTP.activate(hal, secret)
    client = Client()
    knock(client, hal.email)
    before = client.session.session_key
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert client.session.session_key != before
    assert client.get(reverse("desk")).status_code == 200
    # Whoever knew the key from before has nothing of it.
    thief = Client()
    thief.cookies["sessionid"] = before
    assert "/account/login" in thief.get(reverse("desk"))["Location"]


def test_a_recovery_code_works_once(strict):
    """Fault C13."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    hal = member()
    TOTP.activate(hal, "JBSWY3DPEHPK3PXP")
    code = RecoveryCodes.activate(hal).get_unused_codes()[0]
    first, second = Client(), Client()
    for client, inside_after in ((first, 200), (second, 302)):
        knock(client, hal.email)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert client.get(reverse("desk")).status_code == inside_after


def test_a_new_device_is_told_once_and_the_first_one_is_not(django_capture_on_commit_callbacks):
    """I9."""
    alice = person("alice", password=PASSWORD)

    def seen(agent, address):
        with django_capture_on_commit_callbacks(execute=True):
            return notice(alice, place=Place(address, agent), now=NOW)

    assert [seen("Firefox", "192.0.2.1"), seen("Firefox", "192.0.2.99")] == [False, False]
    assert mail.outbox == []
    assert [seen("Lost phone", "203.0.113.5"), seen("Lost phone", "203.0.113.5")] == [True, False]
    assert [one.to for one in mail.outbox] == [[alice.email]]
    assert Entry.objects.filter(kind=EventKind.NEW_DEVICE).count() == 1


def test_the_history_of_the_door_has_each_sign_in_with_its_place_and_nobody_elses():
    """I9: newest first, and what somebody else does at the door is not in it."""
    alice, charlie = person("alice", password=PASSWORD), person("charlie", password=PASSWORD)
    home, away = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="203.0.113.5")
    for client, account in ((home, alice), (Client(REMOTE_ADDR="198.51.100.9"), charlie), (away, alice)):
        mail.outbox.clear()
        knock(client, account.email)
        code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail.outbox[-1].body)
        assert code
        client.post(reverse("account_confirm_login_code"), {"code": code.group()})
    page = away.get(reverse("security")).content.decode()
    history = page[page.index('id="history"') :]
    assert history.index("203.0.113.5") < history.index("192.0.2.1")
    assert "198.51.100.9" not in page


@pytest.mark.parametrize(
    ("address", "network"), [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::9", "2001:db8:1::/48"), ("?", "")]
)
def test_an_address_counts_with_its_neighbourhood(address, network):
    assert network_of(address) == network


def test_a_lost_phone_is_signed_out_at_once(cast):
    """I10."""
    here, phone = inside(cast.alice), inside(cast.alice, HTTP_USER_AGENT="Lost phone")
    key = phone.session.session_key
    row = UserSession.objects.get(user_agent="Lost phone")
    assert here.post(reverse("sign-out-elsewhere"), {"session": row.pk}).status_code == 302
    assert not is_open(key)
    assert phone.get(reverse("scans")).status_code == 302
    assert here.get(reverse("scans")).status_code == 200


def test_a_download_on_its_way_to_a_lost_phone_is_cut(cast, monkeypatch):
    """I10: the stream asks again while it runs, and ends with the session."""
    monkeypatch.setattr(contents, "ASK_AGAIN_SECONDS", 0.0)
    here, phone = inside(cast.alice), inside(cast.alice, HTTP_USER_AGENT="Lost phone")
    made = phone.post(reverse("download", args=[cast.chest.id]))["Location"]
    assert len(b"".join(phone.get(made).streaming_content)) > 1000
    running = iter(phone.get(made).streaming_content)
    row = UserSession.objects.get(user_agent="Lost phone")
    here.post(reverse("sign-out-elsewhere"), {"session": row.pk})
    with pytest.raises(PackageEnded):
        list(running)


def test_signing_out_everywhere_leaves_this_device(cast):
    """I10, fault C13: sign-out on all devices."""
    here, others = inside(cast.alice), [inside(cast.alice) for _n in range(2)]
    here.post(reverse("sign-out-elsewhere"))
    assert [one.get(reverse("scans")).status_code for one in (here, *others)] == [200, 302, 302]
    assert Entry.objects.filter(kind=EventKind.SIGNED_OUT_EVERYWHERE).count() == 1


def test_nobody_signs_out_somebody_else(cast):
    """Fault C1."""
    inside(cast.charlie)
    row = UserSession.objects.get(user=cast.charlie)
    assert inside(cast.alice).post(reverse("sign-out-elsewhere"), {"session": row.pk}).status_code == 404
    assert is_open(row.session_key)


def test_contact_details_are_asked_about_once_a_year(cast):
    """I12."""
    client = inside(cast.alice)
    assert "Is this still right?" in client.get(reverse("security")).content.decode()
    client.post(reverse("confirm-contact"))
    assert "Is this still right?" not in client.get(reverse("security")).content.decode()


def test_a_representative_is_refused_for_danger_by_somebody_else_with_a_reason(cast):
    """164.502(g)(5)."""
    held = cast.authority
    for by, reason in ((cast.ruth, "abuse"), (cast.dana, "  ")):
        with pytest.raises(actions.NotAllowed):
            refuse_representation(held, by=by, reason=reason, actor=BY, place=PLACE, now=NOW)
    client = inside(cast.ruth)
    assert client.get(reverse("study", args=[cast.chest.id])).status_code == 200
    refuse_representation(held, by=cast.dana, reason="signs of abuse", actor=BY, place=PLACE, now=NOW)
    assert client.get(reverse("study", args=[cast.chest.id])).status_code == 404
    assert "abuse" not in Entry.objects.filter(kind=EventKind.REPRESENTATIVE_ENDED).get().body
    with pytest.raises(actions.NotAllowed):
        refuse_representation(held, by=cast.dana, reason="again", actor=BY, place=PLACE, now=NOW)


def test_an_ended_representative_sees_nothing_at_the_next_request(cast):
    client = inside(cast.ruth)
    end_representation(cast.authority, actor=BY, place=PLACE, now=NOW)
    assert client.get(reverse("study", args=[cast.chest.id])).status_code == 404
    assert Representation.objects.get(pk=cast.authority.pk).ended_at == NOW


def test_a_changed_address_is_told_to_the_old_one(cast):
    """I12: allauth writes to the old address, and the ledger knows of it."""
    client = inside(cast.alice)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "email": cast.alice.email}]
    session.save()
    new = EmailAddress.objects.create(user=cast.alice, email="new@example.org", verified=True, primary=False)
    answer = client.post(reverse("account_email"), {"action_primary": "", "email": new.email})
    cast.alice.refresh_from_db()
    assert (answer.status_code, cast.alice.email) == (302, new.email)
    assert ["alice@example.org"] in [one.to for one in mail.outbox]
    assert Entry.objects.filter(kind=EventKind.CONTACT_CHANGED).count() == 1


def test_a_new_secret_key_loses_no_second_factor(strict, settings):
    """M3: the secret key signs sessions and nothing else, so that a site may change it after any suspicion."""
    hal, secret = member(), "JBSWY3DPEHPK3PXP"
    TOTP.activate(hal, secret)
    settings.SECRET_KEY = "another-secret-key-with-enough-different-letters-0123456789"
    client = Client()
    knock(client, hal.email)
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert client.get(reverse("desk")).status_code == 200
