"""In a small house one person has several roles: each deed is for the work that it belongs to (K1, L1)."""

import pytest
from django.test import Client
from django.urls import reverse

from cast import BY, NOW, PLACE
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse
from scanward.people import actions
from scanward.people.kinds import Role

# What each of them alone opens, which treating Alice does not.
PAGES = {
    Role.PRIVACY_OFFICER: ("reviews", "who-saw-what", "explain-access", "access-reviews", "contracts", "safeguards"),
    Role.ADMINISTRATOR: ("people", "invite"),
    Role.HIM_LEAD: ("desk-requests", "cases", "contracts"),
    Role.SECURITY_OFFICER: ("reviews", "who-saw-what", "people", "safeguards"),
}


@pytest.fixture
def dana(cast):
    """The doctor who treats Alice, in a browser."""
    client = Client()
    client.force_login(cast.dana, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role.value)
def test_a_doctor_with_a_second_role_does_both(cast, dana, role):
    """K1: before she has it, each of its pages is closed; her patients stay hers."""
    assert {dana.get(reverse(page)).status_code for page in PAGES[role]} == {404}
    actions.assign_role(cast.dana, role, by=None, actor=BY, place=PLACE, now=NOW)
    assert {page: dana.get(reverse(page)).status_code for page in PAGES[role]} == dict.fromkeys(PAGES[role], 200)
    assert dana.get(reverse("desk-study", args=[cast.chest.id])).status_code == 200


def test_the_ledger_says_for_which_work_it_was(cast, dana):
    """L1: the same person, the same patient: care on the page of the scan, oversight where she reads who looked."""
    actions.assign_role(cast.dana, Role.PRIVACY_OFFICER, by=None, actor=BY, place=PLACE, now=NOW)
    for deed, purpose in (
        (lambda: dana.get(reverse("desk-study", args=[cast.chest.id])), PurposeOfUse.TREATMENT),
        (lambda: dana.post(reverse("who-saw-what"), {"patient": "LH-100482"}), PurposeOfUse.COMPLIANCE),
    ):
        last = Entry.objects.latest("seq").seq
        assert deed().status_code == 200
        hers = Entry.objects.filter(seq__gt=last, actor_id=str(cast.dana.id))
        assert {entry.purpose for entry in hers} == {purpose}


def test_a_second_role_opens_no_record(cast, dana):
    """K1, K5: whoever treats Alice and keeps the books sees Charlie's bill and not his scan."""
    actions.assign_role(cast.dana, Role.BILLING, by=None, actor=BY, place=PLACE, now=NOW)
    page = dana.get(reverse("desk-patient", args=[cast.charlies.id]))
    assert page.status_code == 200
    assert "abdomen" not in page.content.decode().lower()
    assert dana.get(reverse("desk-study", args=[cast.abdomen.id])).status_code == 404
    assert dana.get(reverse("viewer-data", args=[cast.abdomen.id])).status_code == 404
