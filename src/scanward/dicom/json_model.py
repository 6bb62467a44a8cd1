"""DICOM JSON (PS3.18 Annex F) straight from the walker's elements, once per object, at intake.

Pixel data is told apart, not copied. A value too large to be carried along is told by its length only:
`{"vr": "OW", "Length": 131072}`, where Annex F would have a BulkDataURI.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

from scanward.dicom import charsets, tags, values, walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits

Json = dict[str, Any]

_CHARACTER_SET: Final = 0x00080005
_PIXEL_REPRESENTATION: Final = 0x00280103
PIXEL_TAGS: Final = {0x7FE00008: "OF", 0x7FE00009: "OD", 0x7FE00010: "OW"}
OFFSET_TABLES: Final = (0x7FE00001, 0x7FE00002)
PALETTES: Final = (0x00281201, 0x00281202, 0x00281203)
_VR_NAMES: Final = {name.encode(): name for name in (*values.READERS, *values.BINARY, "SQ")}
_PLAIN: Final = {name.encode(): (name, read) for name, read in values.READERS.items() if name != "PN"}
_KEYS: Final = {tag: f"{tag:08X}" for tag in tags.KNOWN}
_SMALL: Final = 256
_SMALL_ENOUGH: Final = 512
_MEMO_ROOM: Final = 1 << 20
_MEMO_CONTEXTS: Final = 16
_PIXEL_GROUP: Final = 0x7FE0
_HEADER: Final = struct.Struct("<HH2sH")
_TOLD_APART: Final = frozenset((_CHARACTER_SET, _PIXEL_REPRESENTATION, *PIXEL_TAGS, *OFFSET_TABLES, *PALETTES))
_COST: Final = 320  # bytes of Python objects behind one element, and behind one value of it
_VALUE_COST: Final = 72
_PERSON_COST: Final = 480  # a name is a dictionary of its groups


class Span(NamedTuple):
    """Where a run of bytes lies in the data set's bytes (in the file, unless it is deflated)."""

    offset: int
    length: int


_NOWHERE: Final = Span(0, 0)
_WRITER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(slots=True)
class Pixels:
    """The pixel element of the data set itself, as found."""

    tag: int = 0
    vr: str = ""
    span: Span = _NOWHERE
    encapsulated: bool = False
    fragments: list[Span] = field(default_factory=list)
    tables: dict[int, Span] = field(default_factory=dict)  # extended offset tables, palettes


class Built(NamedTuple):
    """The model, the pixels' place, where the last element ends, and the model as text if a memo had most of that."""

    json: Json
    pixels: Pixels
    end: int
    text: str


class _Known(NamedTuple):
    """Elements in a row that were read before: what they are in the model, what that costs, how many they hold."""

    raw: bytes
    entries: Json
    text: str
    cost: int
    elements: int


class _Remembered:
    """What is known where bytes mean one thing: elements, and rows of them by the header of their first.

    An element that had two values ends a row: it may have a third, also where this one was seen before (as the places
    of the slices are, in the second series of a study), and a row is of use only whole.
    """

    def __init__(self) -> None:
        self.single: dict[bytes, _Known] = {}
        self.rows: dict[bytes, _Known] = {}
        self.seen: set[int] = set()
        self.varying: set[int] = set()

    def keep(self, tag: int, what: _Known) -> None:
        """Remember an element."""
        self.single[what.raw] = what
        (self.varying if tag in self.seen else self.seen).add(tag)

    def clear(self) -> None:
        """Forget everything."""
        self.single.clear()
        self.rows.clear()
        self.seen.clear()
        self.varying.clear()

    def at(self, data: walk.Buffer, at: int, stop: int) -> _Known | None:
        """Return what is known of the bytes here: a row, or else the one element that ends at `stop`."""
        row = self.rows.get(bytes(data[at : at + 8]))
        # A copy first: Python compares a memoryview byte by byte.
        if row is not None and bytes(data[at : at + len(row.raw)]) == row.raw:
            return row
        return self.single.get(bytes(data[at:stop])) if stop - at <= _SMALL_ENOUGH else None


class Memo:
    """What one sender's objects had before, byte for byte, so that it is read once: slices share most of their header.

    It is bounded like the model, and thrown away when it is full. One thread has it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[values.Context, bool], _Remembered] = {}
        self._room = _MEMO_ROOM

    def of(self, context: values.Context, signed: bool) -> _Remembered:
        """Return what is known where bytes mean this."""
        found = self._known.get((context, signed))
        if found is None:
            if len(self._known) >= _MEMO_CONTEXTS:
                self._known.clear()
            found = self._known[context, signed] = _Remembered()
        return found

    def keep(self, known: _Remembered, tag: int, what: _Known) -> None:
        """Remember an element."""
        self._make_room(len(what.raw) + len(what.text) + what.cost)
        known.keep(tag, what)

    def join(self, known: _Remembered, row: Sequence[_Known]) -> None:
        """Remember elements that came one after the other; most of them do so again in the next object."""
        if len(row) < 2:
            return
        raw, text, entries = b"".join([each.raw for each in row]), ",".join([each.text for each in row]), {}
        for each in row:
            entries.update(each.entries)
        self._make_room(len(raw) + len(text) + _VALUE_COST * len(entries))
        cost, elements = sum(each.cost for each in row), sum(each.elements for each in row)
        known.rows[raw[:8]] = _Known(raw, entries, text, cost, elements)

    def _make_room(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            for each in self._known.values():
                each.clear()
            self._room = _MEMO_ROOM - size


def build(data: walk.Buffer, start: int, encoding: walk.Encoding, limits: Limits, memo: Memo | None = None) -> Built:
    """The DICOM JSON model of a data set.

    Raises: Refused from the walk, for an element that stands twice in one data set, and for too much of all.
    """
    builder, end = _Builder(data, encoding, limits), len(data)
    walker = walk.Walker(data, encoding, limits, tags.SEQUENCES)
    at = builder.take_shared(walker, start, memo) if memo and encoding == walk.EXPLICIT else start
    for element in walker.run(at, end, end):
        builder.take(element)
    return Built(builder.root, builder.pixels, builder.end, builder.text() if memo else "")


def written(model: Json) -> str:
    """The model as text, as short as it can be."""
    return _WRITER.encode(model)


class _Open(NamedTuple):
    """What surrounds an open sequence or item, and its own entry; the pixels have none."""

    parent: Any
    context: values.Context
    entry: Json | None


class _Builder:
    def __init__(self, data: walk.Buffer, encoding: walk.Encoding, limits: Limits) -> None:
        self.data, self.little, self.limits = data, encoding.little, limits
        self.context = values.Context(charsets.ASCII, encoding.little)
        self.root: Json = {}
        self.pixels = Pixels()
        self.here: Any = self.root  # the data set, or the list of items, that is open
        self.stack: list[_Open] = []
        self.budget = limits.max_json
        self.signed = False
        self.end = 0
        self.texts: list[str] = []  # of the data set's elements, and of how many
        self.told = 0

    def text(self) -> str:
        """The model as text."""
        self.tell_rest()
        return "{" + ",".join(self.texts) + "}"

    def tell_rest(self) -> None:
        """Write what stands in the model and not yet in its text."""
        if len(self.root) > self.told:
            self.texts.append(written(dict(islice(self.root.items(), self.told, None)))[1:-1])
            self.told = len(self.root)

    def take_shared(self, walker: walk.Walker, at: int, memo: Memo) -> int:
        """Take the elements before the pixels, those that were read before from the memo; return where the rest is."""
        data, last = self.data, len(self.data) - 12
        known, row = memo.of(self.context, self.signed), list[_Known]()
        while at <= last:
            group, number, vr, size = _HEADER.unpack_from(data, at)
            stop = at + 8 + size
            if vr == b"SQ":
                stop = at + 12 + int.from_bytes(data[at + 8 : at + 12], "little")
            tag = group << 16 | number
            varies = tag in known.varying
            what = None if varies and vr in _PLAIN else known.at(data, at, stop)
            if what is not None and self.root.keys().isdisjoint(what.entries):
                self.take_known(walker, what)
                if varies:
                    memo.join(known, row)
                    row.clear()
                else:
                    row.append(what)
                self.end = at = at + len(what.raw)
            elif group >= _PIXEL_GROUP:
                break
            else:
                memo.join(known, row)
                row.clear()
                at = self.take_first(walker, memo, tag, at, stop)
                known = memo.of(self.context, self.signed)
            if self.budget < 0 or walker.count > self.limits.max_elements:
                raise Refused(RefusalReason.TOO_MANY_ELEMENTS, tags.label(tag))
        memo.join(known, row)
        return at

    def take_known(self, walker: walk.Walker, what: _Known) -> None:
        """Take what was read before."""
        self.budget -= what.cost
        walker.count += what.elements
        self.tell_rest()
        self.root.update(what.entries)
        self.texts.append(what.text)
        self.told = len(self.root)

    def take_first(self, walker: walk.Walker, memo: Memo, tag: int, at: int, stop: int) -> int:
        """Take an element that the memo does not know, and tell the memo if it may be shared; return where it ends."""
        data, vr = self.data, bytes(self.data[at + 4 : at + 6])
        shared = stop <= len(data) and tag & 0xFFFF and tag not in _TOLD_APART
        if not shared or not (vr in walk.SHORT_VRS or (vr == b"SQ" and stop - at <= _SMALL_ENOUGH)):
            for element in walker.run(at, len(data), len(data), one=True):
                self.take(element)
            return walker.at
        known = memo.of(self.context, self.signed)
        if tag in known.varying and vr in _PLAIN:
            walker.count += 1
            self.take(walk.Element(tag, vr, at, at + 8, stop, 0, explicit=True))
            return stop
        what = self.read_shared(walker, tag, vr, at, stop)
        if stop - at <= _SMALL_ENOUGH:
            memo.keep(known, tag, what)
        if not self.root.keys().isdisjoint(what.entries):
            raise Refused(RefusalReason.MALFORMED, tags.label(tag), "it stands twice in one data set")
        self.take_known(walker, what)
        self.end = stop
        return stop

    def read_shared(self, walker: walk.Walker, tag: int, vr: bytes, at: int, stop: int) -> _Known:
        """Read an element that may be shared, and take back what that has changed here."""
        budget, count, key = self.budget, walker.count, _KEYS.get(tag) or f"{tag:08X}"
        raw = bytes(self.data[at:stop])
        if vr != b"SQ":
            entry = self.value(tag, _VR_NAMES[vr], at + 8, stop, explicit=True)
            found, cost, elements = {key: entry}, budget - self.budget + _COST, 1
        else:
            here, self.here = self.here, {}
            for element in walker.run(at, stop, stop, one=True):
                self.take(element)
            found, self.here = self.here, here
            cost, elements = budget - self.budget, walker.count - count
        self.budget, walker.count = budget, count
        return _Known(raw, found, written(found)[1:-1], cost, elements)

    def take(self, element: walk.Element) -> None:
        """One event of the walk; what is plain, and that is nearly all, is read right here."""
        tag, vr_bytes, _, start, end, _, explicit = element
        plain = _PLAIN.get(vr_bytes)
        if plain is not None and 0 <= end - start <= _SMALL and tag not in _TOLD_APART and tag & 0xFFFF:
            self.end = end
            vr, reader = plain
            try:
                value = reader(bytes(self.data[start:end]), self.context)
            except struct.error:
                self.add(tag, self.value(tag, vr, start, end, explicit))
                return
            self.budget -= 4 * (end - start) + _VALUE_COST * len(value)
            self.add(tag, {"vr": vr, "Value": value} if value else {"vr": vr})
        elif tag >> 16 == 0xFFFE:
            self.structure(element)
        else:
            self.end = end
            self.other(tag, vr_bytes, start, end, explicit)

    def other(self, tag: int, vr_bytes: bytes, start: int, end: int, explicit: bool) -> None:
        """Sequences, pixels, binary, long values, and whatever has no VR."""
        if not tag & 0xFFFF:
            return  # group lengths are not part of the model
        vr = self.vr(tag, vr_bytes)
        if end < 0 or vr_bytes == b"SQ" or (not vr_bytes and tag in tags.SEQUENCES):
            self.enter(tag, vr, start, end)
        elif tag in OFFSET_TABLES and not self.stack:
            self.pixels.tables[tag] = Span(start, end - start)
        elif tag in PIXEL_TAGS and not self.stack:
            self.place_pixels(tag, vr, Span(start, end - start))
        else:
            if tag in PALETTES and not self.stack:
                self.pixels.tables[tag] = Span(start, end - start)
            self.add(tag, self.value(tag, vr, start, end, explicit and vr_bytes != b"UN"))

    def vr(self, tag: int, vr_bytes: bytes) -> str:
        """The VR to read a value by: the file's, or the dictionary's where it has none."""
        vr = _VR_NAMES.get(vr_bytes)
        if vr is not None and vr != "UN":
            return vr
        known = tags.vr_of(tag)
        if known == tags.US_OR_SS:
            return "SS" if self.signed else "US"
        return "UN" if vr == "UN" and (known == "SQ" or known in values.BINARY) else known

    def value(self, tag: int, vr: str, start: int, end: int, explicit: bool) -> Json:
        """The element's own object."""
        size = end - start
        if size > self.room(vr):
            return {"vr": vr, "Length": size}
        raw = bytes(self.data[start:end])
        # What an element of VR UN, or of no VR, holds is little endian wherever it stands.
        context = self.context if explicit or self.little else self.context._replace(little=True)
        found = values.read(raw, vr, context)
        each = _PERSON_COST if vr == "PN" else _VALUE_COST
        self.budget -= 4 * size + each * len(found.get("Value", ()))
        if tag == _CHARACTER_SET:
            self.context = values.Context(charsets.encodings(found.get("Value", [])), self.little)
        elif tag == _PIXEL_REPRESENTATION and not self.stack:
            self.signed = found.get("Value") == [1]
        return found

    def room(self, vr: str) -> int:
        """How many bytes of a value of this kind are carried along."""
        if vr in values.BINARY:
            return self.limits.inline_binary
        return self.limits.max_json_numbers if vr in values.NUMERIC else self.limits.max_json_text

    def add(self, tag: int, what: Json) -> None:
        """Put an element in its data set; a second one with its tag would be a second truth.

        Raises: Refused for an element that stands there already, or when the whole model costs too much.
        """
        key = _KEYS.get(tag) or f"{tag:08X}"
        if key in self.here:
            raise Refused(RefusalReason.MALFORMED, tags.label(tag), "it stands twice in one data set")
        self.budget -= _COST
        if self.budget < 0:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS, tags.label(tag))
        self.here[key] = what

    def enter(self, tag: int, vr: str, start: int, end: int) -> None:
        """A sequence opens, or the fragments of the pixels."""
        parent = self.here
        if tag == walk.PIXEL_DATA and end < 0 and not self.stack:
            self.place_pixels(tag, vr, Span(start, 0))
            self.pixels.encapsulated = True
            self.stack.append(_Open(parent, self.context, None))
            return
        if tag == walk.PIXEL_DATA and end < 0:  # an icon's
            icon: Json = {"vr": vr, "Length": start}
            self.add(tag, icon)
            self.stack.append(_Open(parent, self.context, icon))
            return
        entry: Json = {"vr": "SQ", "Value": []}
        self.add(tag, entry)
        self.stack.append(_Open(parent, self.context, entry))
        self.here = entry["Value"]

    def structure(self, element: walk.Element) -> None:
        """An item begins or ends, a sequence ends, a fragment lies there."""
        self.end = max(self.end, element.value, element.end)
        if element.tag != walk.ITEM:
            self.close(element)
        elif element.vr and self.stack[-1].entry is None:
            self.pixels.fragments.append(Span(element.value, element.end - element.value))
            if len(self.pixels.fragments) > self.limits.max_fragments:
                raise Refused(RefusalReason.TOO_MANY_ELEMENTS, tags.label(walk.PIXEL_DATA))
        elif not element.vr:
            item: Json = {}
            self.here.append(item)
            self.stack.append(_Open(self.here, self.context, item))
            self.here = item

    def close(self, element: walk.Element) -> None:
        """What was opened last ends here."""
        opened = self.stack.pop()
        if opened.entry is None:
            self.pixels.span = Span(self.pixels.span.offset, element.start - self.pixels.span.offset)
        elif "Length" in opened.entry:
            opened.entry["Length"] = element.start - opened.entry["Length"]
        elif element.tag == walk.SEQUENCE_END and not self.here:
            del opened.entry["Value"]
        self.here, self.context = opened.parent, opened.context

    def place_pixels(self, tag: int, vr: str, span: Span) -> None:
        """Remember where the pixels are.

        Raises: Refused for a second pixel element.
        """
        if self.pixels.tag:
            raise Refused(RefusalReason.MALFORMED, tags.label(tag), "the object has its pixels twice")
        self.pixels.tag, self.pixels.vr, self.pixels.span = tag, vr, span
