"""The automatic log-off: a page may ask how long is left without making it longer (K4, 45 CFR 164.312(a)(2)(iii))."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import PASSWORD, person
from scanward.people.middleware import BEGAN, LAST

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    client = Client()
    client.force_login(
        person("alice", password=PASSWORD), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    client.get(reverse("security"))
    return client


def seen(client, *, ago, began=None):
    """Pretend that the person was last here some time ago."""
    session = client.session
    session[LAST] = (timezone.now() - ago).isoformat()
    session[BEGAN] = (timezone.now() - (began or ago)).isoformat()
    session.save()


def left(client, method="get"):
    return getattr(client, method)(reverse("session-left")).json()


def test_asking_how_long_is_left_does_not_make_it_longer(alice):
    seen(alice, ago=timedelta(minutes=20))
    before = alice.session[LAST]
    assert 590 <= left(alice)["seconds"] <= 600
    assert left(alice)["seconds"] <= 600
    assert alice.session[LAST] == before


def test_saying_that_one_is_still_here_does(alice):
    seen(alice, ago=timedelta(minutes=20))
    assert left(alice, "post")["seconds"] > 1790
    assert left(alice)["seconds"] > 1790


def test_also_a_moment_after_the_last_page(alice):
    """Else the warning of a short session could not be answered."""
    seen(alice, ago=timedelta(seconds=20))
    assert left(alice, "post")["seconds"] > 1790


def test_after_the_end_it_says_zero_and_the_person_is_out(alice):
    seen(alice, ago=timedelta(minutes=31))
    assert left(alice, "post") == {"seconds": 0}
    assert alice.get(reverse("scans")).status_code == 302


def test_twelve_hours_are_the_end_whoever_is_still_here(alice):
    seen(alice, ago=timedelta(), began=timedelta(hours=12) - timedelta(minutes=1))
    assert left(alice, "post")["seconds"] <= 60


def test_a_page_knows_its_own_person_again_and_nobody_elses(alice):
    other = Client()
    other.force_login(
        person("charlie", password=PASSWORD), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    page = alice.get(reverse("scans")).content.decode()
    assert left(alice)["who"] in page
    assert left(other)["who"] not in page
    assert left(Client()) == {"seconds": 0}


def test_a_session_that_only_asks_ends_all_the_same(alice):
    """Nobody keeps a session open by asking for nothing else."""
    session = alice.session
    del session[LAST]
    session.save()
    left(alice)
    first = datetime.fromisoformat(alice.session[LAST])
    left(alice)
    assert datetime.fromisoformat(alice.session[LAST]) == first <= datetime.now(UTC)
