"""What who acts for a patient can do beside asking for copies: see where they went, get the list, take a word back."""

from typing import Any

import pytest
from django.urls import reverse

from cast import NOW, PLACE, Cast
from journeys.test_release_pages import page_of
from rooms.release.helping import TODAY, later
from scanward.law.bases import RecipientKind
from scanward.law.tracks import Track
from scanward.people.models import Representation
from scanward.release import actions, packages, rights
from scanward.release.models import AccountingRequest, Authorization
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db


def permitted(cast: Cast, by: Any) -> Authorization:
    """A permission for a lawyer, signed in the portal."""
    lawyer = actions.RecipientDetails(kind=RecipientKind.ATTORNEY, name="Lawson & Partners", address="9 Court Street")
    asked = actions.Asked(
        track=Track.AUTHORIZATION, patient=cast.alices, studies=[cast.chest], recipient=lawyer, signature=by.full_name,
        signed_on=TODAY, delivery=Arrival.LINK,
    )  # fmt: skip
    permission = actions.Permission(
        description="CT images and report of the chest", purpose="Legal advice", expires_on=later(days=90).date(),
        authority="power of attorney" if by == cast.ruth else "",
    )  # fmt: skip
    request = actions.permit_disclosure(asked, permission, by=by, now=NOW, place=PLACE)
    return Authorization.objects.get(request=request)


def test_a_representative_takes_back_what_she_signed(cast: Cast) -> None:
    """Requirements A3, D8; 45 CFR 164.508(b)(5): on the same page as a patient; a stranger finds nothing there."""
    paper, ruth = permitted(cast, cast.ruth), page_of(cast.ruth)
    back = reverse("permission-revoke", args=[paper.pk])
    assert page_of(cast.charlie).post(back).status_code == 404
    assert back in ruth.get(reverse("sent")).content.decode()
    ruth.post(back)
    paper.refresh_from_db()
    assert paper.revoked_at is not None
    assert paper.request is not None
    assert paper.request.state == "blocked"


def test_she_sees_where_the_scans_went_and_gets_the_list(cast: Cast) -> None:
    """Requirements A3, D12, L5; 45 CFR 164.502(g)(1), 164.528: a child has no account, and its parent has the right."""
    ruth, form = page_of(cast.ruth), {"patient": str(cast.alices.pk)}
    page_of(cast.alice).post(reverse("download", args=[cast.chest.pk]))
    assert "CT images and report" in ruth.get(reverse("sent")).content.decode()
    answer = ruth.post(reverse("accounting"), form)
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    assert AccountingRequest.objects.get().asked_by == cast.ruth
    assert page_of(cast.charlie).post(reverse("accounting"), form).status_code == 404
    assert ruth.post(reverse("accounting"), {"patient": "x"}).status_code == 404


def test_where_the_patient_is_reached_is_not_on_her_page(cast: Cast) -> None:
    """45 CFR 164.522(b): that a copy went to the patient is told, and not to which address."""
    packages.prepare(
        cast.alice, cast.chest, purpose=packages.PurposeOfUse.PATIENT_REQUEST, language="en", now=NOW, place=PLACE
    )
    assert "alice@example.org" in page_of(cast.alice).get(reverse("sent")).content.decode()
    assert "alice@example.org" not in page_of(cast.ruth).get(reverse("sent")).content.decode()


@pytest.mark.parametrize("change", ["ended", "one other scan"])
def test_an_authority_that_does_not_reach_the_record_shows_nothing_of_it(cast: Cast, change: str) -> None:
    """Fault C14: over one scan, or not any more: neither line nor list nor permission."""
    paper = permitted(cast, cast.alice)
    rights.give_accounting(cast.alices, by=cast.alice, language="en", now=NOW, place=PLACE)
    values: dict[str, Any] = {"ended_at": NOW} if change == "ended" else {"study_ids": [str(cast.alices.pk)]}
    Representation.objects.update(**values)
    ruth = page_of(cast.ruth)
    assert "Lawson" not in ruth.get(reverse("sent")).content.decode()
    assert ruth.post(reverse("accounting"), {"patient": str(cast.alices.pk)}).status_code == 404
    assert ruth.post(reverse("permission-revoke", args=[paper.pk])).status_code == 404
