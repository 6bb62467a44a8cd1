"""A page that stands open learns within seconds that a right is gone by which something is on it (A3, I10, K1)."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import BY, PLACE, actor
from scanward.access.care import bring_in, let_go
from scanward.access.glass import break_glass, close_glass
from scanward.access.labels import label_study
from scanward.access.marks import marks
from scanward.law.representatives import Care
from scanward.people.actions import end_link
from scanward.people.kinds import CareKind, GlassReason
from scanward.people.models import Representation
from scanward.people.representing import end_representation
from scanward.people.staff import end_role

WORDS = "The patient is unconscious in the emergency room."


def of(account, *, now=None):
    now = now or timezone.now()
    return set(marks(account, actor(account, now=now), now=now))


def role(cast):
    end_role(cast.dana.assignments.get(), by=cast.sam, place=PLACE, now=timezone.now())


def relation(cast):
    let_go(cast.dana.care_relations.get(), by=cast.hal, place=PLACE, now=timezone.now())


def own(cast):
    end_link(cast.alice.patient_links.get(), actor=BY, place=PLACE, now=timezone.now())


def authority(cast):
    end_representation(cast.authority, actor=BY, place=PLACE, now=timezone.now())


def scope(cast):
    """Something of hers is hidden from the representative from now on."""
    Representation.objects.filter(pk=cast.authority.pk).update(without_sensitive=True)
    label_study(cast.chest.id, cast.alices, care=Care.SUBSTANCE_USE, by=cast.priya, place=PLACE, now=timezone.now())


def emergency(cast):
    glass = cast.dana.broken_glass.get()
    close_glass(glass, place=PLACE, now=timezone.now())


@pytest.mark.parametrize(
    ("who", "letter", "take_back"),
    [
        ("dana", "r", role),
        ("dana", "c", relation),
        ("alice", "o", own),
        ("ruth", "p", authority),
        ("ruth", "p", scope),
        ("dana", "e", emergency),
    ],
)
def test_an_open_page_misses_the_mark_of_what_was_taken_back(cast, who, letter, take_back):
    """A3, K1, K8, fault C14: and of nothing else, for the page asks with the marks that it was made with."""
    reason = GlassReason.LIFE_THREATENING
    break_glass(cast.dana, cast.charlies, reason=reason, words=WORDS, place=PLACE, now=timezone.now())
    account, client = cast.everybody()[who], Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("security")).content.decode()
    before = set(client.get(reverse("session-left")).json()["marks"])
    assert before == of(account)
    assert f'data-marks="{" ".join(sorted(before))}"' in page
    take_back(cast)
    gone = before - set(client.get(reverse("session-left")).json().get("marks", []))
    # With the last role everything goes that a role carries, and so does the session.
    assert gone == before if take_back is role else {mark[0] for mark in gone} == {letter}


def test_a_mark_goes_at_the_minute_at_which_a_right_ends_and_nobody_is_told_by_it(cast):
    """A3: nothing has to happen for it; C14. No mark names anybody, and no two people have one in common."""
    end = cast.authority.valid_until
    last, over = of(cast.ruth, now=end - timedelta(seconds=1)), of(cast.ruth, now=end)
    assert (len(last), over) == (1, set())
    known = [mark for account in cast.everybody().values() for mark in of(account)]
    assert len(set(known)) == len(known)
    assert not any(str(cast.alices.id)[:8] in mark for mark in known)


def test_what_begins_takes_no_mark_away(cast):
    """A page that somebody reads stays as it is when she is given more."""
    before = of(cast.dana)
    until = timezone.now() + timedelta(days=1)
    bring_in(
        cast.dana, cast.charlies, kind=CareKind.REFERRAL, until=until, by=cast.hal, place=PLACE, now=timezone.now()
    )
    assert before <= of(cast.dana)


@pytest.mark.parametrize("model", list(apps.get_app_config("access").get_models()), ids=lambda model: model.__name__)
def test_a_row_names_itself_by_its_id_only(model):
    """A18: an emergency, and a scan that needs more care than others."""
    row = model()
    assert str(row) == str(row.pk)
