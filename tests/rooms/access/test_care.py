"""Who treats a patient, her death, and a special watch: written down at the desk, and in force at once."""

from datetime import timedelta

import pytest

from cast import BY, NOW, PLACE, actor, person
from crowd import patient
from scanward.access.actions import AccessRefused
from scanward.access.care import bring_in, let_go, treating
from scanward.access.decide import decide
from scanward.access.kinds import Action, Context, Grant, RecordFacts
from scanward.access.living import emancipate, enter_death, watch
from scanward.access.standing import today
from scanward.archive.visible import worklist
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse
from scanward.people import actions
from scanward.people.actions import NotAllowed
from scanward.people.kinds import CareKind, Role
from scanward.people.models import Account, CareRelation

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def kim():
    """A clinician who treats nobody yet."""
    account = person("kim")
    actions.assign_role(account, Role.REFERRING_CLINICIAN, by=None, actor=BY, place=PLACE, now=NOW)
    return account


def bring(cast, kim, *, kind=CareKind.CARE_TEAM, until=None, by="hal", now=NOW):
    return bring_in(kim, cast.alices, kind=kind, until=until, by=getattr(cast, by), place=PLACE, now=now)


def sees(account, study, *, purpose=PurposeOfUse.TREATMENT, now=NOW):
    facts = RecordFacts(study.patient_id, study.id)
    return isinstance(decide(actor(account, now=now), Action.VIEW_IMAGES, facts, purpose, Context(), now=now), Grant)


def test_a_clinician_who_is_brought_in_sees_the_record_and_has_it_on_her_list(cast, kim):
    """A4."""
    assert not sees(kim, cast.chest)
    bring(cast, kim)
    assert sees(kim, cast.chest)
    assert cast.chest in worklist(kim, now=NOW)
    entry = Entry.objects.filter(kind=EventKind.PATIENT_CHANGED).latest("seq")
    assert entry.detail == {"care": "care_team", "account": str(kim.id)}


def test_a_referral_has_a_last_minute(cast, kim):
    """A4, fault C14."""
    bring(cast, kim, kind=CareKind.REFERRAL, until=NOW + DAY)
    assert sees(kim, cast.chest, now=NOW + DAY - timedelta(seconds=1))
    assert not sees(kim, cast.chest, now=NOW + DAY)
    assert list(treating(cast.alices, now=NOW + DAY).values_list("account__full_name", flat=True)) == ["Dana"]


def test_who_is_let_go_sees_nothing_from_then_on(cast, kim):
    relation = bring(cast, kim)
    let_go(relation, by=cast.hal, place=PLACE, now=NOW + DAY)
    assert not sees(kim, cast.chest, now=NOW + DAY)
    seq = Entry.objects.latest("seq").seq
    let_go(relation, by=cast.hal, place=PLACE, now=NOW + 2 * DAY)
    assert Entry.objects.latest("seq").seq == seq
    assert CareRelation.objects.get(pk=relation.pk).valid_until == NOW + DAY


def test_her_doctor_may_bring_in_a_colleague_and_no_other_doctor_may(cast, kim):
    bring(cast, kim, by="dana")
    with pytest.raises(AccessRefused):
        bring_in(kim, cast.charlies, kind=CareKind.CARE_TEAM, until=None, by=cast.dana, place=PLACE, now=NOW)


@pytest.mark.parametrize("name", ["bo", "sam", "ravi", "alice", "ruth"])
def test_others_bring_in_nobody(cast, kim, name):
    with pytest.raises(AccessRefused):
        bring(cast, kim, by=name)


def test_what_is_no_relation_of_care_is_not_written_down(cast, kim):
    cases = [
        (cast.bo, {}, "no clinician"),
        (kim, {"kind": CareKind.REFERRAL}, "last day"),
        (kim, {"until": NOW}, "over already"),
        (cast.dana, {"by": "dana"}, "themselves"),
        (cast.dana, {"kind": CareKind.ORDERING}, "already"),
    ]
    for account, more, said in cases:
        with pytest.raises(NotAllowed, match=said):
            bring(cast, account, **more)
    Account.objects.filter(pk=kim.pk).update(is_active=False)
    kim.refresh_from_db()
    with pytest.raises(NotAllowed, match="no clinician"):
        bring(cast, kim)


def test_a_death_closes_the_record_to_her_account_and_to_who_acted_for_her(cast):
    """164.502(f), fault C14; and it can be taken back."""
    enter_death(cast.alices, today(NOW), evidence="death certificate", by=cast.hal, place=PLACE, now=NOW)
    ask = {"purpose": PurposeOfUse.PATIENT_REQUEST}
    assert not sees(cast.alice, cast.chest, **ask)
    assert not sees(cast.ruth, cast.chest, **ask)
    enter_death(cast.alices, None, evidence="another Alice", by=cast.priya, place=PLACE, now=NOW)
    assert sees(cast.alice, cast.chest, **ask)
    assert sees(cast.ruth, cast.chest, **ask)


def test_a_death_needs_a_paper_a_day_that_can_be_and_the_right_person(cast):
    day = today(NOW)
    for died_on, paper in ((day, " "), (day + DAY, "letter"), (cast.alices.birth_date - DAY, "letter")):
        with pytest.raises(NotAllowed):
            enter_death(cast.alices, died_on, evidence=paper, by=cast.hal, place=PLACE, now=NOW)
    for name in ("dana", "sam", "ruth", "alice"):
        with pytest.raises(AccessRefused):
            enter_death(cast.alices, day, evidence="letter", by=getattr(cast, name), place=PLACE, now=NOW)


def test_a_court_makes_a_minor_of_age(cast):
    child = patient("Mia", "Rivera", born=today(NOW) - timedelta(days=15 * 365))
    emancipate(child, yes=True, evidence="court order", by=cast.hal, place=PLACE, now=NOW)
    child.refresh_from_db()
    assert child.emancipated
    with pytest.raises(NotAllowed):
        emancipate(child, yes=False, evidence="", by=cast.hal, place=PLACE, now=NOW)


def test_only_the_privacy_officer_puts_a_record_under_watch_and_the_entry_does_not_say_which_way(cast):
    """K10."""
    watch(cast.alices, yes=True, by=cast.priya, place=PLACE, now=NOW)
    cast.alices.refresh_from_db()
    assert cast.alices.watched
    assert Entry.objects.latest("seq").detail == {"watch": "changed"}
    with pytest.raises(AccessRefused):
        watch(cast.alices, yes=False, by=cast.hal, place=PLACE, now=NOW)
