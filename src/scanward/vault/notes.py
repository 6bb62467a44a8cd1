"""The notes of all streams in the order of their times, from a position on."""

import heapq
import re
from collections.abc import Callable, Iterator
from itertools import groupby

from scanward.vault.checking import Checker
from scanward.vault.errors import Reason, VaultError
from scanward.vault.locator import Locator
from scanward.vault.objects import Finding, FindingKind, Note, Stored
from scanward.vault.record import Footer
from scanward.vault.storage import Part, Storage
from scanward.vault.walk import Entry, Hole, markers_aside, walk

OnDamage = Callable[[Finding], None]
_Positions = dict[str, tuple[int, int]]
_POSITION = re.compile(r"([0-9a-f]{16})\.([0-9a-f]{1,8})\.([0-9a-f]{1,12})")


def read_position(text: str | None) -> _Positions:
    """Read a position: part and offset up to which each stream was seen. Raises: VaultError (LOCATOR)."""
    positions: _Positions = {}
    for word in (text or "").split(","):
        found = _POSITION.fullmatch(word)
        if found:
            positions[found[1]] = (int(found[2], 16), int(found[3], 16))
        elif text:
            raise VaultError(Reason.LOCATOR, "This is not a position in the vault's notes.")
    return positions


def write_position(positions: _Positions) -> str:
    """Write a position."""
    return ",".join(f"{stream}.{part:x}.{offset:x}" for stream, (part, offset) in sorted(positions.items()))


def notes(storage: Storage, checker: Checker, after: str | None, on_damage: OnDamage) -> Iterator[Note]:
    """Yield notes after a position, streams merged by time. Notes of erased studies are gone."""
    positions = read_position(after)
    streams = [list(parts) for _, parts in groupby(storage.parts(), key=lambda part: part.stream)]
    for parts in streams:
        storage.settle(parts[-1])
    found = (_stream(storage, checker, parts, positions, on_damage) for parts in streams)
    for entry, footer in heapq.merge(*found, key=lambda pair: pair[1].at):
        place = entry.place
        positions[place.stream] = (place.part, entry.end)
        yield _note(entry, footer, write_position(positions))


def _stream(
    storage: Storage, checker: Checker, parts: list[Part], positions: _Positions, on_damage: OnDamage
) -> Iterator[tuple[Entry, Footer]]:
    first, start = positions.get(parts[0].stream, (0, 0))
    for part in parts:
        if part.number < first:
            continue
        offset = start if part.number == first else 0
        last = part is parts[-1]
        for item in markers_aside(walk(storage, part, offset)):
            footer = _footer(checker, item, last, on_damage)
            if footer and isinstance(item, Entry):
                yield item, footer


def _footer(checker: Checker, item: Entry | Hole, last: bool, on_damage: OnDamage) -> Footer | None:
    where = f"{item.place.stream}.{item.place.part:x}.{item.place.offset:x}"
    if isinstance(item, Hole):
        if not (last and item.open_end):  # the torn end of a stream was never acknowledged
            on_damage(Finding(FindingKind.DAMAGED_HEADER, where, "A record's header is damaged."))
        return None
    try:
        return checker.footer(item)
    except VaultError as error:
        kinds = {Reason.KEY: FindingKind.MISSING_KEY, Reason.DAMAGED: FindingKind.DAMAGED_NOTE}
        if error.reason is Reason.ERASED:
            return None
        if error.reason not in kinds:
            raise
        on_damage(Finding(kinds[error.reason], where, str(error)))
        return None


def refuse_damage(finding: Finding) -> None:
    """Stop at the first damage. Raises: VaultError (DAMAGED)."""
    raise VaultError(Reason.DAMAGED, f"{finding.where}: {finding.detail} Run a scrub.")


def _note(entry: Entry, footer: Footer, position: str) -> Note:
    locator = str(Locator(entry.place, footer.size))
    stored = Stored(locator, footer.size, footer.sha256.hex(), footer.crc32)
    return Note(stored, entry.header.key_id, footer.identity, footer.note, footer.at, position)
