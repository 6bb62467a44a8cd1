"""A patient says where her scan goes, and it is there: from her wish to the doctor's screen."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast
from rooms.release.helping import later
from rooms.release.test_hostile import OKOYE, TO_OKOYE, checked
from scanward.access.actions import AccessRefused
from scanward.archive.models import Instance
from scanward.law.bases import Basis, RecipientKind, open_to
from scanward.law.errors import Unlawful
from scanward.people.models import Account
from scanward.release import actions
from scanward.release.actions.deciding import prompts
from scanward.release.models import Disclosure, ReleaseRequest

pytestmark = pytest.mark.django_db
NAMED = [kind for kind in RecipientKind if Basis.DIRECTIVE in open_to(kind)]


def inside(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("who", ["alice", "ruth"])
def test_the_doctor_whom_she_names_has_the_scan_and_she_reads_that_he_got_it(
    cast: Cast, lena: Account, ask: Callable[..., ReleaseRequest], who: str
) -> None:
    """A2, A3: the patient or who acts for her directs it; images and report open there, and nothing else does."""
    asked = ask(cast.everybody()[who], **TO_OKOYE)
    request = checked(asked, cast, lena, basis=Basis.DIRECTIVE)
    handed = actions.deliver(request, actions.HandOver(expires_at=later(days=9)), by=cast.hal, now=NOW, place=PLACE)
    doctor = Client()
    opened = doctor.post(reverse("shared"), {"code": handed.secret, "visitor": "Dr. Okoye"})
    assert opened["Location"] == reverse("shared-scans")
    assert doctor.get(reverse("shared-study", args=[cast.chest.id])).status_code == 200
    image = Instance.objects.filter(series__study=cast.chest, frames__gt=0).first()
    assert image is not None
    assert doctor.get(reverse("shared-frame", args=[cast.chest.id, image.id, 0])).status_code == 200
    assert doctor.get(reverse("shared-study", args=[cast.abdomen.id])).status_code == 404
    told = Disclosure.objects.filter(patient=cast.alices)
    assert told.exists()
    assert all("Okoye" in row.recipient for row in told)
    assert "Dr. Okoye" in inside(cast.alice).get(reverse("sent")).content.decode()


def test_nobody_else_says_where_her_scan_goes(cast: Cast, ask: Callable[..., ReleaseRequest]) -> None:
    """A2, fault C1: another patient, and those of the staff who take no requests."""
    for name in ("charlie", "bo", "ravi", "sam"):
        with pytest.raises(AccessRefused):
            ask(cast.everybody()[name], **TO_OKOYE)
    assert not ReleaseRequest.objects.exists()


@pytest.mark.parametrize("kind", NAMED)
def test_she_may_name_anybody(
    cast: Cast, lena: Account, ask: Callable[..., ReleaseRequest], kind: RecipientKind
) -> None:
    """Requirements D6, D14, trap T4: a school, a court or a friend gets it on her signed word, like a doctor."""
    asked = ask(cast.alice, **TO_OKOYE | {"recipient": replace(OKOYE, kind=kind)})
    if prompts(asked):
        actions.note_local_rules(asked, note="nothing more is asked", by=cast.hal, now=NOW, place=PLACE)
    request = checked(asked, cast, lena, basis=Basis.DIRECTIVE)
    handed = actions.deliver(request, actions.HandOver(expires_at=later(days=9)), by=cast.hal, now=NOW, place=PLACE)
    opened = Client().post(reverse("shared"), {"code": handed.secret, "visitor": "Dr. Okoye"})
    assert opened["Location"] == reverse("shared-scans")
    assert Disclosure.objects.filter(patient=cast.alices, basis=Basis.DIRECTIVE.value).exists()


@pytest.mark.parametrize("kind", [RecipientKind.MEDIA, RecipientKind.BUSINESS_ASSOCIATE])
def test_film_and_our_own_companies_get_nothing_on_it(
    cast: Cast, lena: Account, ask: Callable[..., ReleaseRequest], kind: RecipientKind
) -> None:
    """Requirement Q4: the press takes a signed permission with all of its elements, a company its contract."""
    asked = ask(cast.alice, **TO_OKOYE | {"recipient": replace(OKOYE, kind=kind)})
    actions.note_local_rules(asked, note="nothing more is asked", by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="can't rest on"):
        checked(asked, cast, lena, basis=Basis.DIRECTIVE)
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize(
    "lacking", [{"signature": " "}, {"recipient": replace(OKOYE, organization="", address="", email="")}]
)
def test_what_is_unsigned_or_says_no_place_goes_nowhere(
    cast: Cast, ask: Callable[..., ReleaseRequest], kind: RecipientKind, lacking: dict[str, Any]
) -> None:
    """Requirement D6: clear, signed, and where to; whoever it is for."""
    wish = TO_OKOYE | lacking
    wish["recipient"] = replace(wish["recipient"], kind=kind)
    with pytest.raises(Unlawful) as refused:
        ask(cast.alice, **wish)
    assert refused.value.citation == "45 CFR 164.524(c)(3)(ii)"
    assert not ReleaseRequest.objects.exists()
