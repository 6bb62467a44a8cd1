"""Breaking the glass: at once, with a reason, for a time, and looked at by a second person."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from cast import NOW, PLACE, actor, person
from scanward.access.actions import AccessRefused, authorize
from scanward.access.glass import break_glass, close_glass, escalate_overdue, open_for, review_glass
from scanward.access.kinds import Action, RecordFacts
from scanward.access.models import BrokenGlass
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.audit.queries import for_patient
from scanward.law.purpose import PurposeOfUse
from scanward.people import actions
from scanward.people.actions import NotAllowed
from scanward.people.kinds import GlassReason, Role
from scanward.people.models import CareRelation

WORDS = "He is unconscious in the emergency room."
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def dana(cast):
    """A clinician who does not treat Charlie."""
    return cast.dana


def broken(dana, cast, *, words=WORDS, now=NOW):
    return break_glass(dana, cast.charlies, reason=GlassReason.LIFE_THREATENING, words=words, place=PLACE, now=now)


def may_see(account, cast, *, now):
    try:
        wanted, why = RecordFacts(cast.charlies.id, cast.abdomen.id), PurposeOfUse.BREAK_GLASS
        authorize(actor(account, now=now), Action.VIEW_IMAGES, wanted, why, now=now, place=PLACE)
    except AccessRefused:
        return False
    return True


def test_the_record_opens_at_once_and_closes_after_an_hour(dana, cast):
    """K8, fault C15."""
    assert not may_see(dana, cast, now=NOW)
    glass = broken(dana, cast)
    assert may_see(dana, cast, now=NOW)
    assert glass.ends_at == NOW + timedelta(minutes=60)
    assert may_see(dana, cast, now=glass.ends_at - timedelta(seconds=1))
    assert not may_see(dana, cast, now=glass.ends_at)
    late = Entry.objects.latest("seq")
    assert (late.kind, late.actor_id) == (EventKind.DECISION_REFUSED, str(dana.id))


@pytest.mark.parametrize("words", ["", "   ", "urgent", "x \n y  "])
def test_without_a_reason_it_stays_closed(dana, cast, words):
    """Fault C15."""
    with pytest.raises(NotAllowed):
        broken(dana, cast, words=words)
    assert not may_see(dana, cast, now=NOW)


def test_an_extension_needs_a_new_reason_and_a_review_of_its_own(dana, cast):
    first = broken(dana, cast)
    second = broken(dana, cast, now=NOW + timedelta(minutes=50))
    assert second.extends == first
    assert second.ends_at == NOW + timedelta(minutes=110)
    assert BrokenGlass.objects.filter(reviewed_at=None).count() == 2


def test_only_clinicians_and_the_privacy_officer_can(cast):
    for name in ("hal", "bo", "ravi", "sam", "charlie", "ruth"):
        with pytest.raises(AccessRefused):
            broken(cast.everybody()[name], cast)
    assert broken(cast.priya, cast)


def test_the_patient_sees_that_it_happened_and_nobody_reads_the_words_there(dana, cast):
    """K9, L1: the reason code is in the ledger, the free words are not: they may name a person."""
    broken(dana, cast)
    entry = for_patient(str(cast.charlies.id)).filter(kind=EventKind.GLASS_BROKEN).get()
    assert entry.detail["reason"] == "life_threatening"
    assert WORDS not in entry.body


def test_it_can_be_closed_before_its_time(dana, cast):
    glass = broken(dana, cast)
    close_glass(glass, place=PLACE, now=LATER)
    assert not may_see(dana, cast, now=LATER)
    assert not open_for(dana, now=LATER).exists()


def test_a_second_person_reviews_it_once(dana, cast):
    """K9."""
    glass = broken(dana, cast)
    reviewed = review_glass(glass.id, by=cast.priya, justified=True, words="Right.", place=PLACE, now=LATER)
    assert (reviewed.justified, reviewed.reviewed_by) == (True, cast.priya)
    with pytest.raises(NotAllowed):
        review_glass(glass.id, by=cast.priya, justified=False, words="Again.", place=PLACE, now=LATER)


def test_nobody_reviews_their_own(cast):
    """Separation of duty, in the decision and in the table."""
    glass = broken(cast.priya, cast)
    with pytest.raises(AccessRefused) as refused:
        review_glass(glass.id, by=cast.priya, justified=True, words="Fine.", place=PLACE, now=LATER)
    assert refused.value.refusal.rule == "separation-of-duty"
    with pytest.raises(IntegrityError), transaction.atomic():
        BrokenGlass.objects.filter(pk=glass.pk).update(reviewed_by=cast.priya)


def test_a_review_says_something_and_is_made_by_the_privacy_officer(dana, cast):
    glass = broken(dana, cast)
    with pytest.raises(NotAllowed):
        review_glass(glass.id, by=cast.priya, justified=True, words=" ", place=PLACE, now=LATER)
    with pytest.raises(AccessRefused):
        review_glass(glass.id, by=cast.hal, justified=True, words="Fine.", place=PLACE, now=LATER)


def test_an_overdue_review_escalates_once(dana, cast):
    glass = broken(dana, cast)
    assert escalate_overdue(place=PLACE, now=glass.review_due_at - timedelta(seconds=1)) == 0
    assert escalate_overdue(place=PLACE, now=glass.review_due_at) == 1
    assert escalate_overdue(place=PLACE, now=glass.review_due_at) == 0
    assert Entry.objects.filter(kind=EventKind.SECURITY_ALERT).count() == 1


def test_a_role_that_ends_closes_the_open_glass(dana, cast):
    broken(dana, cast)
    dana.assignments.update(ended_at=LATER)
    assert not may_see(dana, cast, now=LATER)


def test_a_worklist_of_thousands_is_asked_and_not_read(cast, django_assert_max_num_queries):
    """A decision about one patient costs the same with one relation or with many."""
    rex = person("rex")
    actions.assign_role(
        rex, Role.REFERRING_CLINICIAN, by=None, actor=actions.ActorRef.system("t"), place=PLACE, now=NOW
    )
    CareRelation.objects.bulk_create(
        CareRelation(account=rex, patient=cast.alices, kind="care_team", valid_from=NOW) for _n in range(500)
    )
    with django_assert_max_num_queries(6):
        facts = actor(rex)
        assert cast.alices.id in facts.assigned_patients
        assert cast.alices.id in facts.assigned_patients
        assert cast.charlies.id not in facts.assigned_patients
        assert "somebody" not in facts.assigned_patients
