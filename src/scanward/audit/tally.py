"""Recording who looked at which images, with counts, and not with a row for each image.

The first image that a person opens of a series is recorded before it is shown: no entry, no image. Further
ones are counted in memory, and at most every `every` seconds one summary with the count of the whole
sitting so far is added: by the next image, or by a timer when none follows. A process that is killed loses
at most the counts of those seconds, never the opening.
"""

import atexit
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from scanward.audit.actions import record_many
from scanward.audit.event import ActorRef, Event, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome
from scanward.law.purpose import PurposeOfUse


@dataclass(slots=True)
class Sitting:
    """One person at one series, until he leaves it alone for a while."""

    actor: ActorRef
    series: SubjectRef
    purpose: PurposeOfUse | None
    place: Place
    opened_at: datetime
    last_at: datetime
    summed_at: datetime
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    images: set[str] = field(default_factory=set)
    served: int = 0
    told: int = 0

    def event(self, kind: EventKind, at: datetime, detail: Mapping[str, str | int]) -> Event:
        """Return an event of this sitting."""
        return Event(
            kind=kind,
            actor=self.actor,
            subject=self.series,
            purpose=self.purpose,
            outcome=Outcome.SUCCESS,
            at=at,
            place=self.place,
            detail={"sitting": self.id, **detail},
        )

    def summary(self) -> Event:
        """Return the count of the whole sitting so far."""
        counts = {"images": len(self.images), "served": self.served}
        times = {"first": self.opened_at.isoformat(), "last": self.last_at.isoformat()}
        return self.event(EventKind.IMAGES_VIEWED, self.last_at, {**counts, **times})


Key = tuple[str, str, str, PurposeOfUse | None, Channel]


class ViewTally:
    """Counts the images that are shown, for all threads of a process."""

    def __init__(self, *, every: timedelta, sitting: timedelta = timedelta(minutes=30), timer: bool = True) -> None:
        self._every = every
        self._sitting = sitting
        self._lock = threading.Lock()
        self._sittings: dict[Key, Sitting] = {}
        self._use_timer = timer
        self._timer: threading.Timer | None = None
        if timer:
            atexit.register(self._at_exit)

    def seen(
        self,
        image: str,
        *,
        actor: ActorRef,
        series: SubjectRef,
        purpose: PurposeOfUse | None,
        place: Place,
        now: datetime,
    ) -> None:
        """Count one image (its opaque id) before it is shown; when it raises, the image must not be shown."""
        # Who looks for another reason, or comes another way, begins anew: the entry says for what it was.
        key = (actor.id, series.id, place.session, purpose, place.channel)
        with self._lock:
            sitting = self._sittings.get(key)
            if sitting is None or now - sitting.last_at > self._sitting:
                self._end(key)
                sitting = Sitting(actor, series, purpose, place, opened_at=now, last_at=now, summed_at=now)
                _write([sitting.event(EventKind.IMAGES_OPENED, now, {})])
                self._sittings[key] = sitting
            sitting.images.add(image)
            sitting.served += 1
            sitting.last_at = max(now, sitting.last_at)
            if now - sitting.summed_at >= self._every:
                self._sum_up([sitting], now)
            self._arm()

    def flush(self, now: datetime) -> int:
        """Add the summaries of what was not told yet, forget what ended, and return how many were added."""
        with self._lock:
            due = [s for s in self._sittings.values() if s.served > s.told]
            self._sum_up(due, now)
            over = [key for key, s in self._sittings.items() if now - s.last_at > self._sitting]
            for key in over:
                del self._sittings[key]
            return len(due)

    def _end(self, key: Key) -> None:
        """Sum an old sitting up before a new one takes its place."""
        old = self._sittings.get(key)
        if old is not None and old.served > old.told:
            self._sum_up([old], old.last_at)
        self._sittings.pop(key, None)

    def _sum_up(self, sittings: list[Sitting], now: datetime) -> None:
        _write([sitting.summary() for sitting in sittings])
        for sitting in sittings:
            sitting.told, sitting.summed_at = sitting.served, now

    def _arm(self) -> None:
        if self._use_timer and self._timer is None:
            self._timer = threading.Timer(self._every.total_seconds(), self._in_thread, [self._ring])
            self._timer.daemon = True
            self._timer.start()

    def _ring(self) -> None:
        with self._lock:
            self._timer = None
        self.flush(timezone.now())

    def _at_exit(self) -> None:
        self.flush(timezone.now())

    @staticmethod
    def _in_thread(work: Callable[[], None]) -> None:
        """Do the work in a thread of its own, which must not keep its database connection."""
        try:
            work()
        finally:
            connection.close()


def _write(events: list[Event]) -> None:
    if events:
        with transaction.atomic():
            record_many(events)
