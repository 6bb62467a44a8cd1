"""Keeps what all associations bring: whoever waits shares one sync, one transaction, one ledger entry.

There is no thread between an association and the archive: the first that gets the lock works for all who wait, itself
included, and the others find their work done. An object is answered when the vault has it durably. Its rows and the
ledger's entry follow within moments: when nothing more comes, when enough has come, when an association is released,
or after half a second at the latest.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.db import DatabaseError, IntegrityError, close_old_connections, connections, transaction

from scanward.archive.errors import VaultError
from scanward.archive.store import Arrival, Running, Sender, Settled
from scanward.audit.actions import LedgerDamaged, record_many
from scanward.audit.event import Event, NotAnEvent

MOST_IN_BATCH: Final = 64
IDLE_SECONDS: Final = 0.1
OLDEST_SECONDS: Final = 0.5
TICK_SECONDS: Final = 0.02
RETRY_SECONDS: Final = 0.5
STOP_SECONDS: Final = 30.0
MOST_UNTOLD: Final = 1_000

# What can go wrong while something is kept: the disk, the database, the vault, the ledger.
FAILURES: Final = (VaultError, DatabaseError, OSError, RuntimeError, MemoryError)

log = logging.getLogger(__name__)
T = TypeVar("T")


class CanNotKeep(Exception):
    """It was not kept; the sender may try again later."""


@dataclass(slots=True)
class _Job:
    """An object that an association waits for."""

    arrival: Arrival
    sender: Sender
    settled: Settled | None = None
    error: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether there is an answer."""
        return self.settled is not None or self.error is not None


class Keeper:
    """The queue in front of the archive. A thread that has called it closes its database with `leave` at its end."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._untold: deque[Event] = deque(maxlen=MOST_UNTOLD)
        self._running: dict[Sender, Running] = {}
        self._since = self._last = self._retry_at = 0.0
        self._something = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to index and tell in the background."""
        # Made only now: a fork counts every thread that was made before it as ended, begun or not.
        self._thread = threading.Thread(target=self._run, name="keeper")
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, and end."""
        self._stopping.set()
        self._something.set()
        if self._thread:
            self._thread.join(STOP_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the thread works; if it has died, the service has to end and be started again."""
        return self._thread is not None and self._thread.is_alive()

    def keep(self, arrival: Arrival, sender: Sender) -> Settled:
        """Keep one object; when this returns it survives a power loss.

        Raises:
            CanNotKeep: it was not kept.
        """
        _ = arrival.header  # made before the lock: others may work meanwhile
        job = _Job(arrival, sender)
        self._waiting.append(job)
        with self._lock:
            if not job.done:
                self._keep_waiting()
        if job.settled is None:
            raise CanNotKeep from job.error
        return job.settled

    def flush(self) -> None:
        """Return when everything that was kept is indexed, so that it can be seen.

        Raises:
            CanNotKeep: the index can't be written now; it is tried again until it can.
        """
        if self._running:
            self.do(lambda: None)

    def do(self, work: Callable[[], T]) -> T:
        """Ask the database something, after everything that was kept before is indexed.

        Raises:
            CanNotKeep: the database failed.
        """
        with self._lock:
            self._finish()
            if self._running:
                raise CanNotKeep("The index can't be written now.")
            try:
                return work()
            except FAILURES as error:
                log.warning("the database did not answer: %s", type(error).__name__)
                raise CanNotKeep from error

    def tell(self, event: Event) -> None:
        """Write an entry into the ledger soon; nobody waits for it."""
        self._untold.append(event)
        self._something.set()

    def leave(self) -> None:
        """Close this thread's database."""
        with contextlib.suppress(DatabaseError):
            connections.close_all()

    def _keep_waiting(self) -> None:
        """Keep the waiting objects, each sender's in one go; called with the lock."""
        by_sender: dict[Sender, list[_Job]] = {}
        for _ in range(min(len(self._waiting), MOST_IN_BATCH)):
            job = self._waiting.popleft()
            by_sender.setdefault(job.sender, []).append(job)
        for sender, jobs in by_sender.items():
            try:
                for job, settled in zip(jobs, self._keep(sender, jobs), strict=True):
                    job.settled = settled
            except (*FAILURES, CanNotKeep) as error:
                log.warning("objects were not kept: %s", type(error).__name__)
                for job in jobs:
                    job.error = error
        if sum(len(running) for running in self._running.values()) >= MOST_IN_BATCH:
            self._finish()

    def _keep(self, sender: Sender, jobs: list[_Job]) -> list[Settled]:
        if self._retry_at:
            raise CanNotKeep("The index is behind; what was kept before comes first.")
        self._last = time.monotonic()
        if not self._running:
            close_old_connections()
            self._since = self._last
        running = self._running.get(sender)
        if running is None:
            running = self._running[sender] = Running(sender=sender, now=self._clock())
            # Only now: who wakes up before there is something to index lies down again.
            self._something.set()
        return running.add([job.arrival for job in jobs])

    def _run(self) -> None:
        """Index and tell in the background."""
        while not self._stopping.is_set():
            self._something.wait()
            self._something.clear()
            while (self._running or self._untold) and not self._stopping.wait(TICK_SECONDS):
                self._tick()
        with self._lock:
            self._finish()
            self._tell()
        self.leave()

    def _tick(self) -> None:
        if self._untold or self._is_due():
            with self._lock:
                self._tell()
                if self._is_due():
                    self._finish()

    def _is_due(self) -> bool:
        """Return whether the open batches should be indexed now."""
        now = time.monotonic()
        if self._retry_at:
            return now >= self._retry_at
        return bool(self._running) and (now - self._last >= IDLE_SECONDS or now - self._since >= OLDEST_SECONDS)

    def _finish(self) -> None:
        """Index what was kept. What fails is tried again; until then nothing more is taken (nothing goes untold)."""
        self._retry_at = 0.0
        for sender, running in list(self._running.items()):
            try:
                self._index(running)
            except FAILURES as error:
                log.error("the index can't be written: %s; trying again", type(error).__name__)
                self._retry_at = time.monotonic() + RETRY_SECONDS
                self.leave()
                return
            del self._running[sender]

    def _index(self, running: Running) -> None:
        try:
            running.finish()
        except IntegrityError:
            # Somebody else brought one of the objects at the same moment.
            running.settle_apart(now=self._clock())

    def _tell(self) -> None:
        """Write the entries that wait; what can't be written stays in the queue."""
        events = list(self._untold)
        if not events:
            return
        try:
            with transaction.atomic():
                record_many(events)
        except (*FAILURES, LedgerDamaged, NotAnEvent) as error:
            log.error("the ledger can't be written: %s", type(error).__name__)
            if not isinstance(error, NotAnEvent):
                return
        for _ in events:
            self._untold.popleft()
