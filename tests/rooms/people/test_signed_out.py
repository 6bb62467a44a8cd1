"""A session that has ended: the sign-in page says why in one sentence, and nothing about whose it was."""

import re
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import BY, NOW, PASSWORD, PLACE, person
from scanward.people import actions
from scanward.people.kinds import Role
from scanward.people.middleware import BEGAN, LAST
from scanward.people.sessions import is_open
from scanward.people.staff import close_account, decide_proposal, end_role, propose_factor_reset

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0"
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"


@pytest.fixture(autouse=True)
def fresh(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    yield
    cache.clear()


def member(name, role=Role.HIM_CLERK):
    account = person(name, password=PASSWORD)
    actions.assign_role(account, role, by=None, actor=BY, place=PLACE, now=NOW)
    return account


def inside(account, **more):
    client = Client(**more)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(reverse("security"))
    return client


def said(client, **more):
    """What the door says to who comes back, once led there from a page."""
    answer = client.get(reverse("scans"), **more)
    assert (answer.status_code, "/account/login/" in answer["Location"]) == (302, True)
    page = client.get(answer["Location"], **more).content.decode()
    # As words: three letters can also stand in a random token of the page.
    assert not re.search(r"\b(Alice|Hal)\b|alice@|hal@", page)
    return page


def moved(client, name, by):
    session = client.session
    session[name] = (datetime.fromisoformat(session[name]) - by).isoformat()
    session.save()


def test_a_phone_that_was_signed_out_from_elsewhere_is_told_so_and_no_name():
    """I10: one device, and everywhere; a browser that never was here is told nothing."""
    alice = person("alice", password=PASSWORD)
    here, phone, tablet = inside(alice), inside(alice, HTTP_USER_AGENT=PHONE), inside(alice)
    words = "You were signed out here from another of your devices."
    here.post(reverse("sign-out-elsewhere"), {"session": UserSession.objects.get(user_agent=PHONE).pk})
    assert words in said(phone)
    # Also when the page that was open asks first by itself, and in Spanish.
    here.post(reverse("sign-out-elsewhere"))
    assert tablet.get(reverse("session-left")).json() == {"seconds": 0}
    assert "desde otro de sus dispositivos" in said(tablet, headers={"Accept-Language": "es"})
    assert "signed out" not in said(Client())


def test_the_words_are_gone_once_somebody_has_signed_in_again():
    """I10: whoever signs out by herself afterwards meets a plain door."""
    alice = person("alice", password=PASSWORD)
    EmailAddress.objects.update_or_create(user=alice, email=alice.email, defaults={"verified": True, "primary": True})
    here, phone = inside(alice), inside(alice, HTTP_USER_AGENT=PHONE)
    here.post(reverse("sign-out-elsewhere"))
    assert "another of your devices" in said(phone)
    phone.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert phone.get(reverse("security")).status_code == 200
    phone.post(reverse("account_logout"))
    assert "another of your devices" not in said(phone)


@pytest.mark.parametrize(
    ("name", "by", "words"),
    [
        (LAST, timedelta(minutes=16), "this device was not used for 15 minutes"),
        (BEGAN, timedelta(hours=12, minutes=1), "you had been signed in for 12 hours"),
    ],
)
def test_the_clock_is_named_with_its_limit(settings, name, by, words):
    """K4: which of the two limits it was."""
    settings.IDLE_MINUTES_STAFF = 15
    client = inside(member("hal"))
    moved(client, name, by)
    assert words in said(client)


def test_a_patient_has_her_own_limit(settings):
    """K4: thirty minutes, and the page that only asks does not make it longer."""
    settings.IDLE_MINUTES_PATIENT = 30
    client = inside(person("alice", password=PASSWORD))
    moved(client, LAST, timedelta(minutes=16))
    assert client.get(reverse("session-left")).json()["seconds"] < 15 * 60
    moved(client, LAST, timedelta(minutes=15))
    assert "not used for 30 minutes" in said(client)


def test_who_is_not_a_member_of_the_staff_any_more_is_signed_out_and_told():
    """K1, K7, 45 CFR 164.308(a)(3)(ii)(C): the last role, and the account; one role of two leaves the session alone."""
    sam, hal, dana = member("sam", Role.ADMINISTRATOR), member("hal"), member("dana", Role.TREATING_CLINICIAN)
    actions.assign_role(dana, Role.HIM_LEAD, by=None, actor=BY, place=PLACE, now=NOW)
    at_desk, closed, two = inside(hal), inside(member("bo", Role.BILLING)), inside(dana)
    now = timezone.now()
    end_role(dana.assignments.get(role=Role.HIM_LEAD), by=sam, place=PLACE, now=now)
    assert two.get(reverse("desk")).status_code == 200
    end_role(hal.assignments.get(), by=sam, place=PLACE, now=now)
    close_account(closed.get(reverse("desk")).wsgi_request.user, by=sam, place=PLACE, now=now)
    for client in (at_desk, closed):
        assert "the hospital ended your access" in said(client)


def test_a_new_second_step_by_two_persons_signs_out_and_says_so():
    """K3."""
    sam, sue, hal = member("sam", Role.ADMINISTRATOR), member("sue", Role.ADMINISTRATOR), member("hal")
    client, now = inside(hal), timezone.now()
    asked = propose_factor_reset(hal, by=sam, reason="lost it", place=PLACE, now=now)
    decide_proposal(asked.id, by=sue, approve=True, place=PLACE, now=now)
    assert not Authenticator.objects.filter(user=hal).exists()
    assert "your second step was reset" in said(client)


def test_a_changed_password_signs_out_all_other_devices_at_once():
    """I10, I14: also a download that runs there asks for its session, and finds none."""
    alice = person("alice", password=PASSWORD)
    here, phone = inside(alice), inside(alice, HTTP_USER_AGENT=PHONE)
    key, new = phone.session.session_key, "another-long-password-of-hers"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), sent).status_code == 302
    assert not is_open(key)
    assert here.get(reverse("scans")).status_code == 200
    assert "the password was changed" in said(phone)
    assert [one.to for one in mail.outbox] == [[alice.email]]


def test_each_device_has_its_browser_its_system_and_its_last_use():
    """I9, I10: this one first and named as such; what has run out is not on the list."""
    alice = person("alice", password=PASSWORD)
    here = inside(alice, HTTP_USER_AGENT=FIREFOX)
    phone = inside(alice, HTTP_USER_AGENT=PHONE, REMOTE_ADDR="198.51.100.23")
    stale = inside(alice, HTTP_USER_AGENT="Safari")
    stale.session.flush()
    page = here.get(reverse("security")).content.decode()
    listed = page[page.index('id="places"') : page.index('id="history"')]
    assert listed.index("Firefox on Windows") < listed.index("This device") < listed.index("Chrome on Android")
    assert ("198.51.100.23" in listed, "Safari" in listed) == (True, False)
    assert "Last used" in listed
    here.post(reverse("sign-out-elsewhere"), {"session": UserSession.objects.get(ip="198.51.100.23").pk})
    alone = here.get(reverse("security")).content.decode()
    assert "You are signed in nowhere else." in alone
    assert "everywhere but here" not in alone
    assert phone.get(reverse("scans")).status_code == 302


def test_the_list_is_not_written_at_every_picture():
    """I9: when somebody was last here is kept to half a minute; an open page that only asks writes nothing."""
    client = inside(person("alice", password=PASSWORD))
    before = UserSession.objects.get().last_seen_at
    client.get(reverse("scans"))
    client.get(reverse("session-left"))
    assert UserSession.objects.get().last_seen_at == before
    moved(client, LAST, timedelta(minutes=2))
    client.get(reverse("scans"))
    assert UserSession.objects.get().last_seen_at > before
