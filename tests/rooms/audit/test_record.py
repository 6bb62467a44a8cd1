"""One way into the ledger, in the transaction of the deed."""

import threading

import pytest
from django.db import close_old_connections, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanward.audit.actions import LedgerDamaged, NotInTransaction, read_head, record, record_many
from scanward.audit.event import ActorRef, Event, NotAnEvent, Place, SubjectRef, canonical, leaf_of
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.audit.merkle import CompactRange
from scanward.audit.models import Entry, LedgerIsAppendOnly
from scanward.law.purpose import PurposeOfUse


def parts(event: Event) -> dict:
    return {name: getattr(event, name) for name in Event.__slots__ if name != "kind"}


def test_an_entry_says_who_did_what_to_whom_when_where_and_why(ledger, make_event):
    """L1."""
    event = make_event(7)
    with transaction.atomic():
        record(event.kind, **parts(event))
    entry = Entry.objects.get()
    assert (entry.actor, entry.subject, entry.place) == (event.actor, event.subject, event.place)
    assert (entry.at, entry.event_kind, entry.result) == (event.at, event.kind, event.outcome)
    assert entry.purpose is PurposeOfUse.TREATMENT
    assert entry.detail == {"number": 7}
    assert entry.sentence == "Read the report."


def test_without_a_transaction_nothing_is_recorded(ledger, make_event):
    with pytest.raises(NotInTransaction):
        record_many([make_event()])
    assert not Entry.objects.exists()


def test_an_entry_goes_when_its_deed_is_undone(ledger, make_event):
    with transaction.atomic():
        record_many([make_event()])
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
    assert read_head().size == 0


def test_numbers_have_no_gaps_even_after_a_deed_was_undone(fill, make_event):
    fill(3)
    with transaction.atomic():
        record_many([make_event(9)])
        transaction.set_rollback(True)
    fill(2, start=3)
    assert list(Entry.objects.values_list("seq", flat=True)) == [0, 1, 2, 3, 4]


def test_the_head_is_the_merkle_tree_of_all_entries(fill):
    fill(300, per_commit=7)
    tree = CompactRange()
    tree.extend(leaf_of(entry.seq, entry.body) for entry in Entry.objects.all())
    assert read_head() == tree
    assert all(bytes(entry.leaf) == leaf_of(entry.seq, entry.body) for entry in Entry.objects.all())


def test_people_at_the_same_time_get_numbers_without_gaps(ledger, make_event):
    def work(person: int) -> None:
        try:
            for number in range(10):
                with transaction.atomic():
                    record_many([make_event(100 * person + number)])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    assert list(Entry.objects.values_list("seq", flat=True)) == list(range(40))
    assert read_head().size == 40


def test_the_same_event_twice_has_two_leaf_hashes(ledger, make_event):
    """The random bits: a hash kept outside tells nothing, not even that two entries are alike."""
    with transaction.atomic():
        first, second = record_many([make_event(1), make_event(1)])
    assert first.body != second.body


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "naive"},
        {"detail": {"share": 0.5}},
        {"detail": {"text": "x" * 20_000}},
        {"subject": SubjectRef(SubjectKind.STUDY, "x" * 201)},
        {"subject": SubjectRef(SubjectKind.STUDY, "two\nlines")},
        {"actor": ActorRef("\x00", "Dana", "clinician")},
    ],
)
def test_what_can_not_stand_in_the_ledger_is_refused(ledger, make_event, changes):
    event = make_event(**({"at": make_event().at.replace(tzinfo=None)} if "at" in changes else changes))
    with pytest.raises(NotAnEvent) as refused, transaction.atomic():
        record_many([event])
    assert "Dana" not in str(refused.value)


def test_long_text_from_outside_is_cut_and_not_refused(ledger, make_event):
    with transaction.atomic():
        record_many([make_event(place=Place("192.0.2.7", "Mozilla " * 1000))])
    assert len(Entry.objects.get().place.agent) == 300


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=50), st.dictionaries(st.text(max_size=9), st.text(max_size=30) | st.integers(), max_size=4))
def test_any_text_comes_back_as_it_was(db, make_event, display, detail):
    event = make_event(subject=SubjectRef(SubjectKind.STUDY, "s", "p", display), detail=detail)
    with transaction.atomic():
        written = record_many([event])[0]
    entry = Entry.objects.get(seq=written.seq)
    assert entry.subject.display == display
    assert entry.detail == detail
    assert canonical(entry.content) == entry.body


def test_the_model_can_not_change_or_delete_an_entry(fill):
    fill(1)
    entry = Entry.objects.get()
    with pytest.raises(LedgerIsAppendOnly):
        entry.save()
    with pytest.raises(LedgerIsAppendOnly):
        entry.delete()


def test_a_damaged_head_stops_everything(fill, make_event, as_root):
    fill(3)
    with as_root() as cursor:
        cursor.execute("UPDATE audit_head SET size = 4")
    with pytest.raises(LedgerDamaged), transaction.atomic():
        record_many([make_event()])


def test_nobody_and_the_system_can_be_actors_too(ledger, make_event):
    with transaction.atomic():
        failed = record(
            EventKind.SIGN_IN_FAILED,
            actor=ActorRef.nobody(),
            subject=SubjectRef.nothing(),
            purpose=None,
            outcome=Outcome.MINOR_FAILURE,
            at=make_event().at,
            place=Place("192.0.2.9"),
        )
    assert failed.actor.role == "unknown"
    assert ActorRef.system("worker").id == "system:worker"
