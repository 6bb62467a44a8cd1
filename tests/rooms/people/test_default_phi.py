"""Everything that the house has of a person is PHI until it was de-identified (A18).

Nothing of it lies beside the vault, the encrypted database and the page of who may see it: not in the name of a row, a
cache, a session, a cookie or a log.
"""

import json
import logging

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from scanward.people.logs import WithoutValues

pytestmark = pytest.mark.django_db
CANARY = "Rivera"
OURS = [model for model in apps.get_models() if model.__module__.startswith("scanward.")]
# Everything about Alice that could be met; of the scan itself what her study has.
ABOUT_ALICE = ("Rivera", "LH-100482", "1961", "nodule", "chest")


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_no_row_says_more_than_its_id(model):
    """A18: what an error message, a log or a debugger shows of a row; a new table is asked by itself."""
    texts = (models.CharField, models.TextField)
    # What kind of entry it is, comes from a list.
    names = [part.name for part in model._meta.concrete_fields if isinstance(part, texts) and part.name != "kind"]
    row = model(**dict.fromkeys(names, CANARY))
    assert CANARY not in f"{row} {row!r}" or row.pk == CANARY


def test_no_cache_no_session_and_no_cookie_has_anything_of_a_patient(cast):
    """A18: after everybody has looked at what they may see."""
    for account, pages in (
        (cast.alice, [reverse("scans"), reverse("study", args=[cast.chest.id]), reverse("access-log")]),
        (cast.dana, [reverse("my-patients"), reverse("desk-study", args=[cast.chest.id])]),
        (cast.hal, [reverse("find-patient"), reverse("patient-people", args=[cast.alices.id])]),
    ):
        client = Client()
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        for page in pages:
            assert client.get(page).status_code == 200, page
        found = client.post(reverse("find-patient"), {"family": "Rivera", "given": "", "number": "LH-100482"})
        assert found.status_code in (200, 404)
        kept = json.dumps([session.get_decoded() for session in Session.objects.all()], default=str)
        kept += " ".join(cookie.OutputString() for cookie in client.cookies.values())
        assert not [word for word in ABOUT_ALICE if word.lower() in kept.lower()]
    cache.set("table-is-there", True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM shared_cache")
        rows = str(cursor.fetchall())
    assert not [word for word in ABOUT_ALICE if word.lower() in rows.lower()]


def test_what_a_library_says_of_a_patient_reaches_no_log():
    """A18: neither its words, nor its values, nor the text of its error."""
    wrong = ValueError("Rivera^Alice")
    told = logging.LogRecord(
        "some.library", logging.ERROR, "x", 1, "can't read %s", ("LH-100482",), (ValueError, wrong, None)
    )
    assert WithoutValues().filter(told)
    assert logging.Formatter("%(name)s %(message)s").format(told) == "some.library details withheld (ValueError)"
