"""Walking the records of a part without any key, past damage where there is some."""

from collections.abc import Iterator
from dataclasses import dataclass

from scanward.vault.record import HEADER, MAGIC, MARKER, SEGMENT, TAG, UNKNOWN, Header, sealed_size
from scanward.vault.storage import Buffer, Part, Place, Storage


@dataclass(frozen=True, slots=True)
class Entry:
    """A record whose header is sound and whose bytes are all there."""

    place: Place
    header: Header
    body: int
    """Length of the sealed segments."""
    footer: Buffer

    @property
    def end(self) -> int:
        """Offset of the byte after the record."""
        return self.place.offset + HEADER + self.body + self.header.footer


@dataclass(frozen=True, slots=True)
class Hole:
    """Bytes that are no record. `open_end`: they reach the end of the part, as after a crash."""

    place: Place
    end: int
    open_end: bool


def walk(storage: Storage, part: Part, start: int = 0) -> Iterator[Entry | Hole]:
    """Yield records and holes from an offset where a record begins; one read per record."""
    offset = start
    head: Buffer = b""
    while offset < part.length:
        place = Place(part.stream, part.number, offset)
        head = head or storage.read(part, offset, HEADER)
        header = Header.unpack(head)
        body = _body(storage, part, offset, header) if header else None
        if header is None or body is None:
            end = part.length if header else _next_header(storage, part, offset + 1)
            yield Hole(place, end, end == part.length)
            offset, head = end, b""
            continue
        found = storage.read(part, offset + HEADER + body, header.footer + HEADER)
        entry = Entry(place, header, body, found[: header.footer])
        yield entry
        offset, head = entry.end, found[header.footer :]


def markers_aside(found: Iterator[Entry | Hole]) -> Iterator[Entry | Hole]:
    """Leave out the markers."""
    return (item for item in found if isinstance(item, Hole) or item.header.kind != MARKER)


def _body(storage: Storage, part: Part, offset: int, header: Header) -> int | None:
    """Return the length of a record's segments; None if the record does not fit into its part."""
    left = part.length - offset - HEADER - header.footer
    if header.kind == MARKER:
        return 0
    if header.size == UNKNOWN:  # it fills its part, where parts are complete; elsewhere it was never finished
        return left if storage.whole_parts and left >= TAG else None
    body = sealed_size(header.size)
    return body if body <= left else None


def _next_header(storage: Storage, part: Part, start: int) -> int:
    """Search for the next sound header after damage; the end of the part if there is none."""
    offset = start
    while offset < part.length:
        window = bytes(storage.read(part, offset, SEGMENT + HEADER))
        at = window.find(MAGIC)
        while 0 <= at < SEGMENT:
            if Header.unpack(window[at : at + HEADER]):
                return offset + at
            at = window.find(MAGIC, at + 1)
        offset += SEGMENT
    return part.length
