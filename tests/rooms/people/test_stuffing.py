"""Passwords stolen elsewhere are tried here by the thousand: hardly one is heard, and the owner notices nothing."""

import os
import re
import time

import numpy as np
import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from cast import PASSWORD, person
from scanward.audit.kinds import EventKind, Outcome
from scanward.audit.models import Entry

pytestmark = pytest.mark.django_db
TRIES = 10_000 if os.environ.get("SCANWARD_TEST_LONG") else 90
SEED = 20261126
ATTACKER, HOME = "203.0.113.9", "198.51.100.4"
# What the house hears of one network: ten failures in a minute.
HEARD_IN_A_MINUTE = 10
CODE = re.compile(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})\b")


@pytest.fixture(autouse=True)
def quiet_house(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def heard(monkeypatch):
    """Each password that was compared with one that is kept."""
    compared, verify = [], Argon2PasswordHasher.verify
    monkeypatch.setattr(
        Argon2PasswordHasher, "verify", lambda own, word, kept: compared.append(word) or verify(own, word, kept)
    )
    return compared


def account(name):
    made = person(name, password=PASSWORD)
    EmailAddress.objects.update_or_create(user=made, email=made.email, defaults={"verified": True, "primary": True})
    return made


def knock(email, password, address):
    client = Client(REMOTE_ADDR=address)
    return client, client.post(reverse("account_login"), {"login": email, "password": password})


def signs_in(owner, address):
    """Sign in as people do: the password, and the code from the mail."""
    already = len(mail.outbox)
    client, answer = knock(owner.email, PASSWORD, address)
    assert answer.status_code == 302, "the owner is locked out"
    code = next(found[1] for one in mail.outbox[already:] if (found := CODE.search(one.body)))
    client.post(answer["Location"], {"code": code})
    return client.get(reverse("scans")).status_code == 200


def test_ten_thousand_stolen_passwords_open_nothing_and_lock_nobody_out(heard):
    """Fault C13: the right one is among them, once the limit is reached; Alice is at home and signs in meanwhile."""
    alice = account("alice")
    others = [account(f"somebody{number}") for number in range(4)]
    dice = np.random.default_rng(SEED)
    begun, inside, signed_in = time.monotonic(), 0, []
    for number in range(TRIES):
        # Alice's address every second time, and otherwise a spray over everybody, known or not.
        target = alice.email if number % 2 else str(dice.choice([*(o.email for o in others), "nobody@example.org"]))
        right = number > 30 and target == alice.email and number % 7 == 0
        client, answer = knock(target, PASSWORD if right else f"stolen-{dice.integers(10**9)}", ATTACKER)
        assert answer.status_code in (200, 302, 429)
        inside += client.get(reverse("scans")).status_code == 200 if answer.status_code == 302 else 0
        if number in (TRIES // 3, TRIES - 1):
            signed_in.append(signs_in(alice, HOME))
    minutes = (time.monotonic() - begun) // 60 + 1
    assert inside == 0
    assert signed_in == [True, True]
    tried = [word for word in heard if word != PASSWORD]
    assert 0 < len(tried) <= HEARD_IN_A_MINUTE * (minutes + 1)
    stopped = Entry.objects.filter(kind=EventKind.SIGN_IN_FAILED, body__contains='"tries":"stopped"')
    assert 0 < stopped.count() <= minutes + 1
    assert all(entry.outcome == Outcome.SERIOUS_FAILURE for entry in stopped)
    assert all("stolen" not in entry.body and "@example" not in entry.body for entry in Entry.objects.all())


def test_tries_from_many_networks_do_not_lock_the_owner_out(heard):
    """Fault C13: a botnet has an address for each try; what it may not do is keep Alice from her record."""
    alice = account("alice")
    for number in range(12):
        _client, answer = knock(alice.email, f"stolen-{number}", f"203.0.{number}.9")
        assert answer.status_code == 200
    assert signs_in(alice, HOME)


def test_tries_from_hundreds_of_networks_do_not_make_the_house_forget_one(heard):
    """Fault C13: the counts of a network stay, however many others knock meanwhile."""
    alice = account("alice")
    for number in range(HEARD_IN_A_MINUTE + 2):
        knock(alice.email, f"stolen-{number}", ATTACKER)
    listened = len(heard)
    cache.set_many({f"of-another-network-{number}": number for number in range(900)}, 600)
    knock(alice.email, "stolen-again", ATTACKER)
    assert len(heard) == listened <= HEARD_IN_A_MINUTE


def test_nobody_keeps_the_owner_from_a_new_password():
    """Fault C13, I14: asking for a new password in her name, again and again, stops the asker and not Alice."""
    alice, reset = account("alice"), reverse("account_reset_password")
    codes = [Client(REMOTE_ADDR=ATTACKER).post(reset, {"email": alice.email}).status_code for _n in range(8)]
    assert (codes[0], codes[-1]) == (302, 429)
    already = len(mail.outbox)
    assert Client(REMOTE_ADDR=HOME).post(reset, {"email": alice.email}).status_code == 302
    assert [one.to for one in mail.outbox[already:]] == [[alice.email]]
