"""From an object's chunks to a sealed record; hash, CRC-32 and length are computed in the same pass."""

import secrets
from collections.abc import Callable, Iterable, Iterator

from scanward.vault.digest import Digest
from scanward.vault.errors import Reason, VaultError
from scanward.vault.locator import Locator
from scanward.vault.objects import NewObject, Stored
from scanward.vault.record import (
    HEADER,
    LARGEST_IDENTITY,
    LARGEST_NOTE,
    LARGEST_SIZE,
    OBJECT,
    SEGMENT,
    UNKNOWN,
    Footer,
    Header,
    RecordCipher,
    footer_size,
)
from scanward.vault.storage import Buffer, Place

_HELD = 4  # objects of up to 4 MiB are sealed in memory and share a commit; larger ones stream


class Sealer:
    """Seals one object; `begin` first, then `rest` for what did not fit in memory."""

    def __init__(self, new: NewObject, key: bytes) -> None:
        identity = new.identity.encode()
        if len(new.note) > LARGEST_NOTE or len(identity) > LARGEST_IDENTITY:
            raise VaultError(Reason.TOO_LARGE, "A note has at most 1 MiB and an identity at most 4 KiB.")
        salt = secrets.token_bytes(16)
        self._new = new
        self._cipher = RecordCipher(key, new.key_id, salt, new.identity)
        self._pieces = _segments(new.chunks)
        self._salt, self._footer = salt, footer_size(identity, new.note)
        self._digest, self._size, self._number = new.digest or Digest(), 0, 0
        self.held: list[bytes] = []
        self.complete = False

    def begin(self) -> None:
        """Seal up to 4 MiB into `held`; `complete` tells whether that was all."""
        for sealed in self.rest():
            self.held.append(sealed)
            if len(self.held) == _HELD:
                return

    def rest(self) -> Iterator[bytes]:
        """Seal segment after segment.

        Raises:
            ValueError: the caller's digest is of fewer or more bytes.
        """
        for data, last in self._pieces:
            self._size += len(data)
            if self._new.digest is None:
                self._digest.update(data)
            if last and self._digest.size != self._size:
                raise ValueError("The digest is not of these bytes.")
            if self._size > LARGEST_SIZE:
                raise VaultError(Reason.TOO_LARGE, "The object is larger than the vault can keep.")
            sealed = self._cipher.seal(self._number, last, data)
            self._number += 1
            self.complete = last
            yield sealed

    @property
    def length(self) -> int:
        """Length of the record when all of it is held."""
        return HEADER + sum(map(len, self.held)) + self._footer

    def header(self, durable: int, previous: int | None) -> bytes:
        """Return the header; with the size as soon as that is known."""
        size = self._size if self.complete else UNKNOWN
        return Header(OBJECT, self._new.key_id, self._salt, size, durable, previous, self._footer).pack()

    def footer(self, place: Place, at: int) -> bytes:
        """Return the sealed footer."""
        new = self._new
        footer = Footer(self._size, self._digest.crc32, self._digest.sha256, at, new.identity, new.note)
        return self._cipher.seal_footer(place, footer)

    def finish(self, clock: Callable[[], int]) -> Callable[[Place, int, int | None], list[Buffer]]:
        """Return the function that gives the held record's bytes once its place is known."""

        def record(place: Place, durable: int, previous: int | None) -> list[Buffer]:
            return [self.header(durable, previous), *self.held, self.footer(place, clock())]

        return record

    def stored(self, place: Place) -> Stored:
        """Describe the object to its owner."""
        return Stored(str(Locator(place, self._size)), self._size, self._digest.sha256.hex(), self._digest.crc32)


def _segments(chunks: Iterable[Buffer]) -> Iterator[tuple[Buffer, bool]]:
    """Cut chunks into segments of exactly 1 MiB and a last one, copying only where a segment spans chunks."""
    waiting: list[memoryview] = []
    held = 0
    for chunk in chunks:
        view = memoryview(chunk).cast("B")
        if not view.readonly:  # the caller may fill the same buffer again
            view = memoryview(bytes(view))
        while held + len(view) > SEGMENT:  # more than one segment: the one cut here can't be the last
            cut = SEGMENT - held
            waiting.append(view[:cut])
            yield _joined(waiting), False
            waiting, held, view = [], 0, view[cut:]
        if len(view):
            waiting.append(view)
            held += len(view)
    yield _joined(waiting), True


def _joined(views: list[memoryview]) -> Buffer:
    return views[0] if len(views) == 1 else b"".join(views)
