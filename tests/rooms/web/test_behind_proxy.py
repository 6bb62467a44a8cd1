"""Behind the house's own proxy people are known by their own address, and by what nobody can make up (fault C13)."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from cast import PASSWORD, person
from scanward.audit.models import Entry
from scanward.web.middleware import client_address

PROXY, PATIENT, ATTACKER = "10.0.0.5", "198.51.100.4", "203.0.113.9"


@pytest.fixture(autouse=True)
def house(settings):
    """A house with a proxy in front, and a second one on its own machine."""
    settings.TRUSTED_PROXIES = ["10.0.0.0/24", "127.0.0.1"]


@pytest.mark.parametrize(
    ("peer", "told", "is_taken_for"),
    [
        (PROXY, PATIENT, PATIENT),
        ("127.0.0.1", f"{PATIENT}, {PROXY}", PATIENT),
        # What the visitor herself wrote stands in front of what our proxy adds.
        (PROXY, f"192.0.2.1, {PATIENT}", PATIENT),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        # From anybody else the header is a claim.
        (ATTACKER, PATIENT, ATTACKER),
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, f"10.0.0.7, {PROXY}", PROXY),
        ("", PATIENT, ""),
    ],
)
def test_the_address_is_that_of_whoever_spoke_to_our_first_proxy(peer, told, is_taken_for):
    """Fault C13, L1."""
    assert client_address(peer, told) == is_taken_for


@pytest.mark.django_db
def test_an_attacker_behind_the_same_proxy_locks_nobody_out():
    """Fault C13: Alice signs in while somebody else guesses; the ledger has both addresses."""
    cache.clear()
    alice = person("alice", password=PASSWORD)

    def knock(address, password):
        client = Client(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": f"192.0.2.77, {address}"})
        return client.post(reverse("account_login"), {"login": alice.email, "password": password})

    answers = [knock(ATTACKER, "wrong") for _n in range(7)]
    assert b"Too many" in answers[-1].content
    assert knock(PATIENT, PASSWORD).status_code == 302
    assert {entry.place.address for entry in Entry.objects.filter(kind="sign_in_failed")} == {ATTACKER}
