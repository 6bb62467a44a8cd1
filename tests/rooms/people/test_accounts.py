"""Accounts: one for each person, opened by the house, with a password that is worth one; and the invitation to one."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from cast import BY, NOW, PASSWORD, PLACE, person
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people.invitations import account_for
from scanward.people.models import Account

pytestmark = pytest.mark.django_db
WEAK = ["short-one", "password1234", "123456789012", "alice-example-org"]
CODE = re.compile(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})\b")


@pytest.fixture(autouse=True)
def fresh(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()
    yield
    cache.clear()


def unchanged(account, password=PASSWORD):
    return Account.objects.get(pk=account.pk).check_password(password)


@pytest.mark.parametrize("weak", WEAK)
def test_no_page_takes_a_weak_password(weak):
    """I7: neither where one changes it nor where one makes a new one with a code; the page says what is wrong."""
    alice = person("alice", password=PASSWORD)
    client = Client()
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    sent = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    answer = client.post(reverse("account_change_password"), sent)
    assert (answer.status_code, b"errorlist" in answer.content, unchanged(alice)) == (200, True, True)
    forgot = Client()
    where = forgot.post(reverse("account_reset_password"), {"email": alice.email})["Location"]
    code = CODE.search(mail.outbox[-1].body)[1]
    where = forgot.post(where, {"code": code})["Location"]
    answer = forgot.post(where, {"password1": weak, "password2": weak})
    assert (answer.status_code, b"errorlist" in answer.content, unchanged(alice)) == (200, True, True)
    # A good one is taken at the same place, so that what was refused was the password.
    assert forgot.post(where, {"password1": "a-new-and-long-password", "password2": "a-new-and-long-password"})
    assert unchanged(alice, "a-new-and-long-password")


def test_one_address_is_one_person():
    """K2: also in other letters; who is invited again is the same person, and a name may be two people's."""
    alice = person("alice", password=PASSWORD)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create_user("ALICE@example.org", None, full_name="Another")
    assert account_for(" Alice@Example.org ", "Somebody", actor=BY, place=PLACE, now=NOW) == alice
    other = Account.objects.create_user("a.rivera@example.org", None, full_name=alice.full_name)
    assert other.pk != alice.pk


def test_the_ledger_tells_two_people_of_one_name_apart():
    """K2: what an entry keeps of a person is an id that is nobody else's."""
    ids = []
    for address in ("one@example.org", "two@example.org"):
        account = Account.objects.create_user(address, PASSWORD, full_name="Sam Park")
        client = Client()
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        ids.append(str(account.id))
    entries = Entry.objects.filter(kind=EventKind.SIGNED_IN).order_by("seq")
    assert [entry.actor_id for entry in entries] == ids


@pytest.mark.parametrize(
    ("language", "invites", "open_now"),
    [("en", "No account yet?", "by day and by night"), ("es", "¿Todavía no tiene cuenta?", "de día y de noche")],
)
def test_who_has_no_account_is_told_of_the_site_and_how_to_get_one(language, invites, open_now):
    """I20: at the door, beside the forms on paper, and on the form itself, which names it as the fastest way."""
    headers = {"Accept-Language": language}
    door = Client().get(reverse("account_login"), headers=headers).content.decode()
    forms = Client().get(reverse("forms"), headers=headers).content.decode()
    assert invites in door
    assert invites in forms
    assert open_now in forms
