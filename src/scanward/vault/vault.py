"""The vault: encrypted objects and their keys, over a folder or a bucket."""

import io
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from scanward.vault.checking import Checker
from scanward.vault.commit import GroupCommit, Ticket
from scanward.vault.digest import Digest
from scanward.vault.errors import VaultError
from scanward.vault.keyring import Keyring
from scanward.vault.keys import StudyKeys
from scanward.vault.locator import Locator, checked_key_id
from scanward.vault.master import MasterKey
from scanward.vault.notes import OnDamage, notes, refuse_damage
from scanward.vault.objects import Finding, NewObject, Note, Stored
from scanward.vault.reading import SealedReader
from scanward.vault.record import SEGMENT, marker
from scanward.vault.sealing import Sealer
from scanward.vault.storage import Place, Storage

_BATCH = 2 << 20
_BUFFER = 64 << 10


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep tidied up."""

    temporary: int
    streams: int
    erasures: int


class Vault:
    """Keeps objects encrypted and durable; for many threads, and for several processes on one storage."""

    _main: GroupCommit | None
    _journal_key: str | None
    _last: int

    def __init__(self, storage: Storage, keyring: Keyring, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._storage, self._clock = storage, clock
        self._keys = StudyKeys(storage, keyring)
        self._checker = Checker(storage, self._keys)
        self._begin()
        _alive.add(self)

    # Writing

    def new_key(self) -> str:
        """Make a data key for one study, durably, and return its id."""
        return self._keys.new()

    def put(self, objects: Sequence[NewObject]) -> list[Stored]:
        """Keep objects; all are durable when this returns, with one sync shared by everyone who waits.

        Objects over 4 MiB are streamed to a stream of their own and synced one by one.
        Raises: VaultError, and then none of these objects was acknowledged.
        """
        writing = _Writing(self._commit, self._now)
        stored: list[Stored | None] = [None] * len(objects)
        for index, new in enumerate(objects):
            sealer = Sealer(new, self._keys.get(new.key_id))
            sealer.begin()
            if sealer.complete:
                writing.add(index, sealer)
            else:
                stored[index] = self._put_large(sealer)
        for index, done in writing.finish():
            stored[index] = done
        return [done for done in stored if done]

    def tombstone(self, note: bytes, *, key_id: str | None = None, identity: str = "") -> Stored:
        """Keep a fact as a note without an object; it is erased with its study, or never without a key."""
        if key_id is None:
            with self._opening:
                key_id = self._journal_key = self._journal_key or self._keys.new()
        return self.put([NewObject(key_id, identity, (), note)])[0]

    # Reading

    def open(self, locator: str, key_id: str, identity: str) -> BinaryIO:
        """Open an object to read and seek. Raises: VaultError (ERASED, DAMAGED, NOT_FOUND, KEY, LOCATOR)."""
        reader = SealedReader(self._storage, Locator.parse(locator), self._keys.get(key_id), key_id, identity)
        return io.BufferedReader(reader, _BUFFER)

    def verify(self, locator: str, key_id: str, identity: str) -> Stored:
        """Read an object to its end and return what it is. Raises: VaultError."""
        digest = Digest()
        with self.open(locator, key_id, identity) as file:
            while piece := file.read(SEGMENT):
                digest.update(piece)
        return Stored(locator, digest.size, digest.sha256.hex(), digest.crc32)

    def notes(self, *, after: str | None = None, on_damage: OnDamage = refuse_damage) -> Iterator[Note]:
        """Yield the notes of all objects, in the order of their times, after the position of a note seen
        before.

        `on_damage` takes what can't be read; by default the first damage raises VaultError. Notes of erased
        studies are not there. A note may come of an object that was never acknowledged (its writer died
        before it could be).
        """
        return notes(self._storage, self._checker, after, on_damage)

    # Keeping

    def erase(self, key_id: str) -> None:
        """Destroy a study's key: its objects and notes can't be read any more, nor in copies."""
        self._keys.erase(key_id)

    def is_erased(self, key_id: str) -> bool:
        """Tell whether a study was erased."""
        return self._keys.is_erased(checked_key_id(key_id))

    def rotate(self, new_master: MasterKey) -> int:
        """Rewrap all keys under a new master and return how many were; after a crash run it again."""
        return self._keys.rotate(new_master)

    def scrub(self) -> Iterator[Finding]:
        """Check every stored object and key: tags, hash, CRC-32, length, presence."""
        return self._checker.scrub()

    def sweep(self) -> Swept:
        """Tidy up after a crash: cut torn ends, remove leftovers, finish erasures. Writers may go on."""
        streams = 0
        for tail in self._storage.idle():
            clean = False
            try:
                length = tail.length
                clean = self._checker.recover(tail)
                streams += tail.length < length
            finally:
                tail.close(b"" if clean else marker(tail.durable, tail.previous))
        return Swept(self._storage.sweep(), streams, self._keys.finish_erasures())

    def close(self) -> None:
        """Give the stream back; the vault may be used again afterwards."""
        with self._opening:
            main, self._main = self._main, None
        if main:
            main.close(marker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Inside

    def _commit(self) -> GroupCommit:
        """Return the shared tail; claim and recover it first."""
        with self._opening:
            if self._main is None:
                tail = self._storage.claim()
                try:
                    self._checker.recover(tail)
                except VaultError:
                    tail.close()
                    raise
                self._main = GroupCommit(tail)
            return self._main

    def _put_large(self, sealer: Sealer) -> Stored:
        tail = self._storage.claim(bulk=True)
        try:
            self._checker.recover(tail)
            tail.room(sealer.length)
            place = Place(tail.stream, tail.part, tail.length)
            tail.write([sealer.header(tail.durable, tail.previous), *sealer.held])
            sealer.held.clear()
            for sealed in sealer.rest():
                tail.write([sealed])
            tail.write([sealer.footer(place, self._now())])
            tail.amend(place.offset, sealer.header(tail.durable, tail.previous))
            tail.seal()()
        except BaseException:
            tail.abandon()
            raise
        finally:
            tail.close(marker(tail.durable, tail.previous))
        return sealer.stored(place)

    def _now(self) -> int:
        with self._ticking:
            self._last = max(self._clock(), self._last + 1)
            return self._last

    def _after_fork(self) -> None:
        """Let a forked child not write to its parent's streams."""
        self._begin()
        self._storage.forget()

    def _begin(self) -> None:
        self._opening, self._ticking = threading.Lock(), threading.Lock()
        self._main, self._journal_key, self._last = None, None, 0


class _Writing:
    """The small objects of one put: appended in batches, waited for once at the end."""

    def __init__(self, commit: Callable[[], GroupCommit], clock: Callable[[], int]) -> None:
        self._commit, self._clock = commit, clock
        self._held: list[tuple[int, Sealer]] = []
        self._bytes = 0
        self._appended: list[tuple[GroupCommit, Ticket]] = []
        self._stored: list[tuple[int, Stored]] = []

    def add(self, index: int, sealer: Sealer) -> None:
        """Take a sealed object; append when enough have come together."""
        self._held.append((index, sealer))
        self._bytes += sealer.length
        if self._bytes >= _BATCH:
            self._append()

    def finish(self) -> list[tuple[int, Stored]]:
        """Append the rest and wait until all is durable."""
        if self._held:
            self._append()
        for commit, ticket in self._appended:
            commit.wait(ticket)
        return self._stored

    def _append(self) -> None:
        commit = self._commit()
        places, ticket = commit.append([(sealer.length, sealer.finish(self._clock)) for _, sealer in self._held])
        self._appended.append((commit, ticket))
        self._stored += [
            (index, sealer.stored(place)) for (index, sealer), place in zip(self._held, places, strict=True)
        ]
        self._held, self._bytes = [], 0


_alive: "weakref.WeakSet[Vault]" = weakref.WeakSet()


def _forget_in_child() -> None:
    for vault in list(_alive):
        vault._after_fork()


os.register_at_fork(after_in_child=_forget_in_child)
