"""Roles by two persons, invitations, and the end of everything at once."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from cast import BY, NOW, PASSWORD, PLACE, person
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people import actions, staff
from scanward.people.actions import NotAllowed
from scanward.people.kinds import Role
from scanward.people.models import Account, Proposal

pytestmark = pytest.mark.django_db
NEW = "nina@example.org"


@pytest.fixture
def admins():
    """Two administrators."""
    both = [person("sam"), person("sue")]
    for one in both:
        actions.assign_role(one, Role.ADMINISTRATOR, by=None, actor=BY, place=PLACE, now=NOW)
    return both


def asked(by, *, email=NEW, role=Role.HIM_CLERK):
    return staff.propose_role(email=email, full_name="Nina", role=role, by=by, reason="new", place=PLACE, now=NOW)


def decided(proposal, by, *, approve=True):
    return staff.decide_proposal(proposal.id, by=by, approve=approve, place=PLACE, now=NOW)


def signed_in(account):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(reverse("security")).status_code == 200
    return client


def test_nothing_happens_before_a_second_administrator_approves(admins):
    """K1: one asks, another one approves."""
    proposal = asked(admins[0])
    assert not Account.objects.filter(email=NEW).exists()
    decided(proposal, admins[1])
    assert Account.objects.get(email=NEW).roles_at(NOW) == {Role.HIM_CLERK}


def test_nothing_is_approved_that_somebody_asked_for_who_has_left_since(admins):
    """K1, K7: a proposal does not outlive the work of who made it; it can still be refused."""
    role, reset = asked(admins[0]), staff.propose_factor_reset(admins[1], by=admins[0], reason="", place=PLACE, now=NOW)
    third = person("third")
    actions.assign_role(third, Role.SECURITY_OFFICER, by=None, actor=BY, place=PLACE, now=NOW)
    staff.close_account(admins[0], by=admins[1], place=PLACE, now=NOW)
    for proposal in (role, reset):
        with pytest.raises(NotAllowed, match="does not work here"):
            decided(proposal, third)
    assert not Account.objects.filter(email=NEW).exists()
    decided(role, third, approve=False)


def test_a_role_is_not_given_to_an_account_that_was_closed_meanwhile(admins):
    """K1, K7: whoever was let go does not come back by what was asked for before."""
    gone = person("nina")
    proposal = asked(admins[0])
    staff.close_account(gone, by=admins[1], place=PLACE, now=NOW)
    with pytest.raises(NotAllowed, match="closed"):
        decided(proposal, admins[1])
    assert gone.roles_at(NOW) == frozenset()


def test_nobody_approves_a_role_for_herself_under_another_address(admins):
    """K1, K2: the address that was invited is hers by the time at which she approves."""
    proposal = asked(admins[0])
    Account.objects.filter(pk=admins[1].pk).update(email=NEW)
    with pytest.raises(NotAllowed, match="takes two"):
        decided(proposal, admins[1])
    assert admins[1].roles_at(NOW) == {Role.ADMINISTRATOR}


def test_a_role_that_somebody_got_meanwhile_is_not_given_twice(admins):
    nina = person("nina")
    proposal = asked(admins[0])
    actions.assign_role(nina, Role.HIM_CLERK, by=None, actor=BY, place=PLACE, now=NOW)
    with pytest.raises(NotAllowed, match="already"):
        decided(proposal, admins[1])


def test_who_asks_does_not_approve(admins):
    proposal = asked(admins[0])
    with pytest.raises(NotAllowed):
        decided(proposal, admins[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(decided_by=admins[0])


def test_nobody_approves_what_is_about_themselves(admins):
    proposal = asked(admins[0], email=admins[1].email, role=Role.SECURITY_OFFICER)
    with pytest.raises(NotAllowed):
        decided(proposal, admins[1])


def test_what_is_refused_stays_undone_and_is_decided_once(admins):
    proposal = asked(admins[0])
    decided(proposal, admins[1], approve=False)
    assert not Account.objects.filter(email=NEW).exists()
    with pytest.raises(NotAllowed):
        decided(proposal, admins[1])


@pytest.mark.parametrize("email", ["sam@example.org", "SAM@example.org "])
def test_nobody_asks_for_themselves(admins, email):
    with pytest.raises(NotAllowed):
        asked(admins[0], email=email, role=Role.PRIVACY_OFFICER)


def test_the_same_thing_is_asked_once(admins):
    asked(admins[0])
    with pytest.raises(NotAllowed):
        asked(admins[1])
    with pytest.raises(NotAllowed):
        asked(admins[0], email=admins[1].email, role=Role.ADMINISTRATOR)


def test_the_invited_person_sets_a_password_with_a_code_and_no_link_has_a_secret(
    admins, django_capture_on_commit_callbacks, settings
):
    """The invitation has nothing to steal (fault C7); an account without a password can get one by a code."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with django_capture_on_commit_callbacks(execute=True):
        decided(asked(admins[0]), admins[1])
    assert not re.search(r"https?://|\d{4,}", mail.outbox[0].body)
    client = Client()
    assert client.post(reverse("account_reset_password"), {"email": NEW}).status_code == 302
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{2,})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]
    assert client.post(reverse("account_confirm_password_reset_code"), {"code": code}).status_code == 302
    new = {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("account_complete_password_reset"), new).status_code == 302
    assert Account.objects.get(email=NEW).check_password(PASSWORD)


def test_a_closed_account_is_signed_out_everywhere_at_its_next_request(admins):
    """45 CFR 164.308(a)(3)(ii)(C): roles, sessions and the account end in one moment."""
    hal = person("hal")
    actions.assign_role(hal, Role.HIM_CLERK, by=None, actor=BY, place=PLACE, now=NOW)
    phone, desk = signed_in(hal), signed_in(hal)
    staff.close_account(hal, by=admins[0], place=PLACE, now=NOW + timedelta(minutes=1))
    for client in (phone, desk):
        assert client.get(reverse("security")).status_code == 302
    assert hal.roles_at(NOW + timedelta(minutes=1)) == frozenset()
    assert Entry.objects.filter(kind=EventKind.ACCOUNT_CLOSED).count() == 1


def test_nobody_closes_their_own_account_here(admins):
    with pytest.raises(NotAllowed):
        staff.close_account(admins[0], by=admins[0], place=PLACE, now=NOW)


def test_a_role_ends_by_one_person_and_at_once(admins):
    staff.end_role(admins[1].assignments.get(), by=admins[0], place=PLACE, now=NOW + timedelta(seconds=1))
    assert admins[1].roles_at(NOW + timedelta(seconds=1)) == frozenset()
    assert Entry.objects.filter(kind=EventKind.ROLE_ENDED).count() == 1


def test_a_lost_second_factor_is_reset_by_two_persons(admins):
    """K3."""
    hal = person("hal")
    Authenticator.objects.create(user=hal, type="totp", data={"secret": "x"})
    client = signed_in(hal)
    proposal = staff.propose_factor_reset(hal, by=admins[0], reason="called back", place=PLACE, now=NOW)
    with pytest.raises(NotAllowed):
        staff.propose_factor_reset(hal, by=admins[1], reason="", place=PLACE, now=NOW)
    assert Authenticator.objects.filter(user=hal).exists()
    decided(proposal, admins[1])
    assert not Authenticator.objects.filter(user=hal).exists()
    assert client.get(reverse("security")).status_code == 302


def test_nobody_asks_for_a_reset_of_their_own_factor(admins):
    with pytest.raises(NotAllowed):
        staff.propose_factor_reset(admins[0], by=admins[0], reason="", place=PLACE, now=NOW)
