"""Finding a patient: what comes back depends on the role, and each search is in the ledger."""

import pytest

from cast import NOW, PLACE, actor
from scanward.access.actions import AccessRefused, NothingToTell, authorize, subject_of
from scanward.access.kinds import HOUSE, Action, Part, RecordFacts
from scanward.access.search import Wanted, find_patients
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse


def found(account, **typed):
    return find_patients(account, actor(account), Wanted(**typed), place=PLACE, now=NOW)


def test_a_clinician_finds_her_own_patient_by_a_part_of_the_name(cast):
    """A4."""
    assert [hit.patient for hit in found(cast.dana, family_name="Riv")] == [cast.alices]
    assert found(cast.dana, family_name="Riv", given_name="Al")[0].can_open


@pytest.mark.parametrize(
    "typed", [{"family_name": "Nov"}, {"family_name": "Novak"}, {"family_name": "Novak", "given_name": "Charlie"}]
)
def test_a_clinician_cannot_leaf_through_other_peoples_patients(cast, typed):
    assert found(cast.dana, **typed) == []


def test_a_clinician_learns_whether_exactly_this_person_is_a_patient_and_no_more(cast):
    born = cast.charlies.birth_date
    for typed in ({"number": "LH-100733"}, {"family_name": "novak", "birth_date": born}):
        (hit,) = found(cast.dana, **typed)
        assert not hit.can_open
        assert hit.shows == frozenset()


def test_billing_finds_by_name_and_sees_no_exam(cast):
    """K5."""
    (hit,) = found(cast.bo, family_name="Rivera")
    assert hit.can_open
    assert Part.EXAM not in hit.shows


def test_records_staff_find_everybody_they_name(cast):
    assert [hit.patient for hit in found(cast.hal, number="LH-100733")] == [cast.charlies]


@pytest.mark.parametrize("typed", [{}, {"family_name": "R"}, {"given_name": "Alice"}])
def test_too_little_finds_nobody(cast, typed):
    assert found(cast.hal, **typed) == []


@pytest.mark.parametrize("name", ["%", "_", "Ri%", "' OR 1=1 --", "Rivera\\"])
def test_wild_cards_and_quotes_are_letters(cast, name):
    """Fault C17."""
    assert found(cast.hal, family_name=name + "xx") == []


def test_each_search_is_in_the_ledger_without_what_was_typed(cast):
    """L1, fault C23."""
    found(cast.hal, family_name="Rivera")
    entry = Entry.objects.filter(kind=EventKind.RECORDS_SEARCHED).get()
    assert entry.detail == {"by": "family", "found": 1, "rule": "desk-finds"}
    assert "Rivera" not in entry.body


def test_others_do_not_search(cast):
    for name in ("alice", "sam", "ravi"):
        with pytest.raises(AccessRefused):
            found(cast.everybody()[name], family_name="Rivera")


def test_a_deed_without_an_entry_of_its_own_is_not_granted_silently(cast):
    """L1: whoever changes something writes it down."""
    facts, where = actor(cast.sam), {"now": NOW, "place": PLACE}
    with pytest.raises(NothingToTell):
        authorize(facts, Action.MANAGE_PEOPLE, HOUSE, PurposeOfUse.SYSTEM, **where)
    assert authorize(facts, Action.MANAGE_PEOPLE, HOUSE, PurposeOfUse.SYSTEM, told=True, **where).rule == "people"


def test_the_ledger_names_the_house_the_patient_or_the_study(cast):
    kinds = [
        subject_of(one).kind for one in (HOUSE, RecordFacts(cast.alices.id), RecordFacts(cast.alices.id, cast.chest.id))
    ]
    assert kinds == [SubjectKind.SYSTEM, SubjectKind.PATIENT, SubjectKind.STUDY]
