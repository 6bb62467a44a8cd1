"""Who may read what of the ledger, and that reading it leaves a trace."""

from datetime import timedelta

import pytest
from django.db import transaction

from rooms.audit.ledger import NOW
from scanward.audit.actions import record_many
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.audit.models import Entry
from scanward.audit.queries import Filter, by_actor, export, for_patient, search
from scanward.law.purpose import PurposeOfUse

PRIYA = ActorRef("account-priya", "Priya", "privacy officer")


@pytest.fixture
def some(db, make_event):
    refused = make_event(3, EventKind.DECISION_REFUSED, outcome=Outcome.MINOR_FAILURE)
    bob = make_event(4, subject=SubjectRef(SubjectKind.STUDY, "study-b", "patient-bob"))
    signed_in = make_event(5, EventKind.SIGNED_IN, actor=ActorRef("account-hal", "Hal", "records"))
    with transaction.atomic():
        return record_many([make_event(1), make_event(2, EventKind.DOWNLOADED), refused, bob, signed_in])


def ask(wanted, **more):
    return search(wanted, reader=PRIYA, purpose=PurposeOfUse.COMPLIANCE, now=NOW, place=Place("192.0.2.1"), **more)


def test_a_patient_sees_who_saw_her_scans_the_newest_first(some):
    """L5."""
    assert [entry.event_kind for entry in for_patient("patient-alice")] == [
        EventKind.DOWNLOADED,
        EventKind.REPORT_VIEWED,
    ]


def test_a_patient_does_not_see_anothers(some):
    assert {entry.patient_id for entry in for_patient("patient-alice")} == {"patient-alice"}
    assert not for_patient("").exists()


def test_a_persons_deeds_are_listed(some):
    assert [entry.event_kind for entry in by_actor("account-hal")] == [EventKind.SIGNED_IN]
    assert not by_actor("").exists()


def test_a_search_is_recorded_with_its_reader(some):
    """Fault E5: 'Audit Log Used', 110101."""
    found = ask(Filter(patient="patient-alice"))
    trace = Entry.objects.latest("seq")
    assert (trace.event_kind, trace.meaning.dicom.value, trace.actor_id) == (EventKind.LEDGER_USED, "110101", PRIYA.id)
    assert trace.detail == {"found": len(found), "by": "patient"}


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 5),
        (Filter(actor="account-hal"), 1),
        (Filter(subject="study-b"), 1),
        (Filter(kinds=(EventKind.DOWNLOADED, EventKind.SIGNED_IN)), 2),
        (Filter(outcome_at_least=Outcome.MINOR_FAILURE), 1),
        (Filter(since=NOW + timedelta(seconds=4)), 2),
        (Filter(until=NOW + timedelta(seconds=4)), 3),
        (Filter(patient="patient-bob", actor="account-hal"), 0),
    ],
)
def test_a_search_finds_what_fits(some, wanted, count):
    assert len(ask(wanted)) == count


@pytest.mark.parametrize(("limit", "count"), [(2, 2), (-1, 1), (10**9, 5)])
def test_a_search_is_bounded(some, limit, count):
    """Fault C3."""
    assert len(ask(Filter(), limit=limit)) == count


def test_a_search_goes_on_from_page_to_page(some):
    first = ask(Filter(), limit=2)
    assert [entry.seq for entry in ask(Filter(before_seq=first[-1].seq), limit=2)] == [
        first[-1].seq - 1,
        first[-1].seq - 2,
    ]


def test_an_export_is_recorded_before_it_is_read_and_does_not_hold_itself(some):
    """L4."""
    count, entries = export(Filter(), reader=PRIYA, purpose=PurposeOfUse.COMPLIANCE, now=NOW, place=Place(""))
    assert Entry.objects.latest("seq").event_kind is EventKind.LEDGER_EXPORTED
    assert count == len(list(entries)) == 5
