"""Checking records: all of one (scrub), and the doubtful end of a stream (recovery after a crash)."""

from collections.abc import Callable, Iterator

from scanward.vault.digest import Digest
from scanward.vault.errors import Reason, VaultError
from scanward.vault.keys import StudyKeys
from scanward.vault.locator import Locator
from scanward.vault.objects import Finding, FindingKind
from scanward.vault.record import HEADER, MARKER, SEGMENT, TAG, Footer, RecordCipher, sealed_size
from scanward.vault.storage import Part, Storage, Tail
from scanward.vault.walk import Entry, Hole, markers_aside, walk

Problem = tuple[FindingKind, str]


class Checker:
    """Reads what is stored and tells what is wrong with it."""

    def __init__(self, storage: Storage, keys: StudyKeys) -> None:
        self._storage, self._keys = storage, keys

    def footer(self, entry: Entry) -> Footer:
        """Open a record's footer. Raises: VaultError (ERASED, KEY, DAMAGED)."""
        key = self._keys.get(entry.header.key_id)
        footer = RecordCipher(key, entry.header.key_id, entry.header.salt, None).open_footer(entry.place, entry.footer)
        if sealed_size(footer.size) != entry.body:
            raise VaultError(Reason.DAMAGED, "A stored object is shorter or longer than its note says.")
        return footer

    def problem(self, entry: Entry) -> Problem | None:
        """Read a whole record and compare tag, hash, CRC-32 and length; None for a sound or an erased one."""
        try:
            footer = self.footer(entry)
        except VaultError as error:
            return _problem(error, FindingKind.DAMAGED_NOTE)
        try:
            sound = self._digest(entry, footer) == (footer.sha256, footer.crc32)
        except VaultError as error:
            return _problem(error, FindingKind.DAMAGED_DATA)
        return None if sound else (FindingKind.WRONG_HASH, "The data is not what was hashed when it was written.")

    def scrub(self) -> Iterator[Finding]:
        """Check every key, every tombstone and every record."""
        yield from self._scrub_keys()
        parts = self._storage.parts()
        for part in parts:
            yield from self._scrub_part(part, parts)

    def recover(self, tail: Tail) -> bool:
        """Find the end of a stream after a crash, cut what was never acknowledged; True if it was closed
        well.

        A header tells how much was durable when it was written: nothing before that is ever cut, however
        damaged. What comes after counts only if every tag fits, because a power loss may leave any of its
        pages unwritten.
        """
        part = Part(tail.stream, tail.part, tail.length)
        found = list(walk(self._storage, part))
        durable = max((item.header.durable for item in found if isinstance(item, Entry)), default=0)
        good = next((item.place.offset for item in found if self._is_torn(item, durable)), part.length)
        damaged = any(isinstance(item, Hole) and item.place.offset < durable for item in found)
        tail.resume(good, fresh=damaged and good > 0)
        return good == part.length and (not found or _is_marker(found[-1]))

    def _is_torn(self, item: Entry | Hole, durable: int) -> bool:
        if item.place.offset < durable:
            return False
        if isinstance(item, Hole):
            return True
        problem = None if _is_marker(item) else self.problem(item)
        return problem is not None and problem[0] is not FindingKind.MISSING_KEY

    def _digest(self, entry: Entry, footer: Footer) -> tuple[bytes, int]:
        """Open every segment; return SHA-256 and CRC-32 of the plain data."""
        header = entry.header
        cipher = RecordCipher(self._keys.get(header.key_id), header.key_id, header.salt, footer.identity)
        part, start = Part(entry.place.stream, entry.place.part), entry.place.offset + HEADER
        digest, plain = Digest(), bytearray()
        for number, offset in enumerate(range(0, entry.body, SEGMENT + TAG)):
            length = min(SEGMENT + TAG, entry.body - offset)
            sealed = self._storage.read(part, start + offset, length)
            plain = plain if len(plain) == length - TAG else bytearray(length - TAG)
            cipher.open_into(number, offset + length == entry.body, sealed, plain)
            digest.update(plain)
        return digest.sha256, digest.crc32

    def _scrub_keys(self) -> Iterator[Finding]:
        erased = set(self._keys.erased())
        for key_id in self._keys.ids():
            if key_id in erased:
                yield Finding(FindingKind.UNFINISHED_ERASURE, key_id, "An erased key is still there. Run the sweep.")
                continue
            finding = _attempt(lambda key_id=key_id: self._keys.check(key_id))  # type: ignore[misc]  # bound default
            if finding:
                yield Finding(FindingKind.DAMAGED_KEY, key_id, finding)

    def _scrub_part(self, part: Part, parts: list[Part]) -> Iterator[Finding]:
        numbers = {other.number for other in parts if other.stream == part.stream}
        last = part.number == max(numbers)
        for item in markers_aside(walk(self._storage, part)):
            if isinstance(item, Hole):
                if not (item.open_end and last and self._storage.held(part.stream)):
                    yield _hole(item)
                continue
            previous = item.header.previous
            if item.place.offset == 0 and previous is not None and previous not in numbers:
                detail = f"Part {previous} of the stream is missing."
                yield Finding(FindingKind.MISSING_PART, f"{part.stream}.{previous:x}", detail)
            problem = self.problem(item)
            if problem:
                yield Finding(problem[0], _where(item), problem[1])


def _problem(error: VaultError, damaged: FindingKind) -> Problem | None:
    """Name what is wrong with an object; any other error goes on to the caller."""
    kinds = {Reason.DAMAGED: damaged, Reason.KEY: FindingKind.MISSING_KEY}
    if error.reason is Reason.ERASED:
        return None
    if error.reason not in kinds:
        raise error
    return kinds[error.reason], str(error)


def _is_marker(item: Entry | Hole) -> bool:
    return isinstance(item, Entry) and item.header.kind == MARKER


def _attempt(check: Callable[[], None]) -> str | None:
    try:
        check()
    except VaultError as error:
        return str(error)
    return None


def _where(entry: Entry) -> str:
    size = max(0, entry.body - TAG * -(-entry.body // (SEGMENT + TAG)))
    return str(Locator(entry.place, size))


def _hole(hole: Hole) -> Finding:
    place = hole.place
    detail = f"{hole.end - place.offset} bytes are not a record."
    return Finding(FindingKind.DAMAGED_HEADER, f"{place.stream}.{place.part:x}.{place.offset:x}", detail)
