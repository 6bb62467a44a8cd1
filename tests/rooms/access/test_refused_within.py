"""A refusal in the midst of a deed undoes the deed, and stays in the ledger itself (L1)."""

import pytest
from django.db import transaction

from cast import ALICE, NOW, PLACE, actor
from scanward.access.actions import AccessRefused, atomic, authorize
from scanward.access.kinds import Action, RecordFacts
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Patient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("depth", [1, 3])
def test_what_was_begun_is_undone_and_the_refusal_is_told_once(cast, depth):
    record = RecordFacts(cast.alices.id)
    with pytest.raises(AccessRefused):
        _deed(cast, record, depth)
    assert Patient.objects.get(pk=cast.alices.id).family_name == ALICE.name.split("^")[0]
    told = Entry.objects.filter(kind=EventKind.DECISION_REFUSED, patient_id=str(cast.alices.id))
    assert told.count() == 1


def _deed(cast, record: RecordFacts, depth: int) -> None:
    """Change something, then ask for what Charlie may not see, so many transactions deep."""
    with atomic():
        Patient.objects.filter(pk=cast.alices.id).update(family_name="Changed")
        if depth > 1:
            _deed(cast, record, depth - 1)
        purpose = PurposeOfUse.PATIENT_REQUEST
        authorize(actor(cast.charlie), Action.VIEW_STUDY, record, purpose, now=NOW, place=PLACE)


def test_a_transaction_without_a_refusal_is_like_any_other(cast):
    with atomic():
        Patient.objects.filter(pk=cast.alices.id).update(family_name="Changed")
    assert Patient.objects.get(pk=cast.alices.id).family_name == "Changed"
    assert not transaction.get_connection().needs_rollback
