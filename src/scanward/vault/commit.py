"""Group commit: whoever waits for durability shares one sync with everyone else who waits."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanward.vault.errors import Reason, VaultError
from scanward.vault.storage import Buffer, Place, Tail

Finish = Callable[[Place, int, int | None], list[Buffer]]
"""Given the record's place, the durable length and the previous part, return the record's bytes."""


@dataclass(slots=True)
class Ticket:
    """One writer's wait."""

    done: bool = False
    error: VaultError | None = None


class GroupCommit:
    """Appends records of many threads to one tail; one of the waiting threads syncs for all.

    Appending goes on while a sync runs; what is appended meanwhile waits for the next one. If a sync fails,
    all that was not durable fails with it: after a failed fsync the kernel may have dropped any of it.
    """

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._changed = threading.Condition()
        self._pending: list[Ticket] = []
        self._syncing = False

    def append(self, records: Sequence[tuple[int, Finish]]) -> tuple[list[Place], Ticket]:
        """Add records of known lengths, all or none, and return where they lie; they are not durable yet."""
        with self._changed:
            self._quiet_if_needed()
            try:
                places = self._append(records)
            except VaultError as error:
                if self._tail.broken:
                    self._fail(self._take(), error)
                raise
            ticket = Ticket()
            self._pending.append(ticket)
            return places, ticket

    def wait(self, ticket: Ticket) -> None:
        """Return when the ticket's records are durable. Raises: VaultError."""
        with self._changed:
            while not ticket.done and self._syncing:
                self._changed.wait()
            if not ticket.done:
                self._sync()
        if ticket.error:
            raise VaultError(ticket.error.reason, str(ticket.error)) from ticket.error

    def close(self, marker: Callable[[int, int | None], bytes]) -> None:
        """Wait for a running sync and give the stream back."""
        with self._changed:
            while self._syncing:
                self._changed.wait()
            tail = self._tail
            tail.close(marker(tail.durable, tail.previous))

    def _append(self, records: Sequence[tuple[int, Finish]]) -> list[Place]:
        tail = self._tail
        tail.room(sum(length for length, _ in records))
        places, buffers, offset = [], [], tail.length
        for length, finish in records:
            place = Place(tail.stream, tail.part, offset)
            buffers += finish(place, tail.durable, tail.previous)
            places.append(place)
            offset += length
        tail.write(buffers)
        return places

    def _quiet_if_needed(self) -> None:
        """Before mending or rolling, let a running sync end; before rolling, sync what waits."""
        while self._syncing and (self._tail.broken or self._tail.full):
            self._changed.wait()
        if self._tail.full and self._pending:
            self._sync()

    def _sync(self) -> None:
        """Sync for everyone who waits; called with the lock, which is let go meanwhile."""
        mine = self._take()
        self._syncing = True
        flush = self._tail.seal()
        self._changed.release()
        error: VaultError | None = VaultError(Reason.UNAVAILABLE, "The write was interrupted.")
        try:
            flush()
            error = None
        except VaultError as failure:
            error = failure
        finally:
            self._changed.acquire()
            self._syncing = False
            self._settle(mine, error)

    def _settle(self, mine: list[Ticket], error: VaultError | None) -> None:
        if error:
            self._tail.abandon()
            self._fail(mine + self._take(), error)
        for ticket in mine:
            ticket.done = True
        self._changed.notify_all()

    def _fail(self, tickets: list[Ticket], error: VaultError) -> None:
        for ticket in tickets:
            ticket.done, ticket.error = True, error
        self._changed.notify_all()

    def _take(self) -> list[Ticket]:
        taken, self._pending = self._pending, []
        return taken
