"""Looking at images is told with counts: not silently, and not with a thousand rows."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from rooms.audit.ledger import NOW
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.audit.models import Entry
from scanward.audit.tally import ViewTally
from scanward.law.purpose import PurposeOfUse

SERIES = SubjectRef(SubjectKind.SERIES, "series-1", "patient-alice", "Chest")
DANA = ActorRef("account-dana", "Dana Wells", "clinician")


@pytest.fixture
def tally():
    return ViewTally(every=timedelta(seconds=30), sitting=timedelta(minutes=30), timer=False)


def look(tally, image, seconds, *, actor=DANA, series=SERIES):
    now = NOW + timedelta(seconds=seconds)
    tally.seen(
        str(image), actor=actor, series=series, purpose=PurposeOfUse.TREATMENT, place=Place("192.0.2.7"), now=now
    )


def told():
    return [(entry.event_kind, entry.detail.get("images")) for entry in Entry.objects.order_by("seq")]


def test_the_opening_is_recorded_before_anything_is_shown(ledger, tally):
    look(tally, 1, 0)
    assert told() == [(EventKind.IMAGES_OPENED, None)]
    assert Entry.objects.get().subject == SERIES


def test_a_thousand_images_make_a_handful_of_entries_with_the_right_count(ledger, tally):
    for image in range(1000):
        look(tally, image, image * 0.1)
    tally.flush(NOW + timedelta(seconds=120))
    assert told() == [(EventKind.IMAGES_OPENED, None), *[(EventKind.IMAGES_VIEWED, n) for n in (301, 601, 901, 1000)]]


def test_the_last_summary_tells_the_whole_sitting(ledger, tally):
    for seconds in (0, 1, 40, 41):
        look(tally, seconds % 40, seconds)
    tally.flush(NOW + timedelta(seconds=60))
    detail = Entry.objects.latest("seq").detail
    assert (detail["images"], detail["served"]) == (2, 4)
    assert (detail["first"], detail["last"]) == (NOW.isoformat(), (NOW + timedelta(seconds=41)).isoformat())
    assert len({entry.detail["sitting"] for entry in Entry.objects.all()}) == 1


def test_coming_back_after_a_while_is_a_new_sitting(ledger, tally):
    look(tally, 1, 0)
    look(tally, 2, 3600)
    tally.flush(NOW + timedelta(seconds=3700))
    kinds = [kind for kind, _ in told()]
    assert kinds.count(EventKind.IMAGES_OPENED) == 2
    assert [count for kind, count in told() if kind is EventKind.IMAGES_VIEWED] == [1, 1]


def test_each_person_and_each_series_is_told_apart(ledger, tally):
    look(tally, 1, 0)
    look(tally, 1, 1, actor=ActorRef("account-hal", "Hal", "records"))
    look(tally, 1, 2, series=SubjectRef(SubjectKind.SERIES, "series-2", "patient-alice"))
    assert [kind for kind, _ in told()] == [EventKind.IMAGES_OPENED] * 3


def test_nothing_new_is_told_twice(ledger, tally):
    look(tally, 1, 0)
    assert [tally.flush(NOW), tally.flush(NOW)] == [1, 0]


def test_when_the_opening_can_not_be_recorded_nothing_is_shown(ledger, tally):
    """Fault E2."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_hidden")
    with pytest.raises(DatabaseError):
        look(tally, 1, 0)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_hidden RENAME TO audit_entry")
    look(tally, 1, 1)
    assert told() == [(EventKind.IMAGES_OPENED, None)]


def test_when_nobody_turns_another_page_a_timer_tells_the_count(ledger):
    done = threading.Event()

    class Watched(ViewTally):
        def _in_thread(self, work):
            super()._in_thread(work)
            done.set()

    tally = Watched(every=timedelta(milliseconds=50))
    look(tally, 1, 0)
    assert done.wait(240)
    assert told()[-1] == (EventKind.IMAGES_VIEWED, 1)
