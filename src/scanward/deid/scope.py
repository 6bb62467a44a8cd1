"""One patient's elements under one profile: what goes in, what comes out, remembered.

The slices of a series share nearly all of their element bytes. So every element is treated once, and its
output bytes are looked up by its input bytes from then on.
"""

import re
import struct
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from scanward.deid import codes, treat
from scanward.deid.actions import Action, action, need, settle
from scanward.deid.held import Held, HeldReason
from scanward.deid.keyed import Project
from scanward.deid.private import safe_private
from scanward.deid.profiles import Option, Profile
from scanward.deid.sweep import Known
from scanward.dicom.dictionary import ELEMENTS
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.walk import IMPLICIT, SHORT_VRS, Encoding, items, level, name, walk

TEXTUAL: Final = frozenset(b"AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
BINARY: Final = frozenset(b"AT FD FL SL SS SV UL US UV".split())
BULK: Final = frozenset(b"OB OD OF OL OV OW".split())
WIDTHS: Final = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"AT": 4, b"FD": 8, b"SV": 8, b"UV": 8}
NUL_PADDED: Final = frozenset((b"UI", b"OB", b"UN"))
_NUMBERS: Final = frozenset((b"DS", b"IS"))
_CHECKED: Final = _NUMBERS | {b"CS"}
_LONG_NUMBER: Final = re.compile(rb"\d{7}")
_CHARACTER_SET: Final = 0x00080005
_CODE: Final = 0x00080100
_SCHEME: Final = 0x00080102


@dataclass(frozen=True)
class Step:
    """What was done with one element, for a dry run."""

    path: str
    name: str
    vr: str
    action: str
    before: bytes
    after: bytes | None


@dataclass
class Remembered:
    """An element's output, and how often it was used."""

    out: bytes
    actions: Counter[str]
    hits: int = 0


@dataclass
class Scope:
    """Everything that decides what becomes of an element."""

    profile: Profile
    project: Project
    known: Known
    encoding: Encoding
    codec: str
    iod: int | None
    patient: str
    limits: Limits = DEFAULT
    trace: list[Step] | None = None
    memory: dict[bytes, Remembered] = field(default_factory=dict)
    inner: dict[tuple[int, bool, bytes], bytes] = field(default_factory=dict)
    held_bytes: int = 0
    log: Counter[str] = field(default_factory=Counter)
    spent: int = 0
    deadline: float = 0.0
    days: int = 0
    token: str = ""

    def __post_init__(self) -> None:
        self.days = self.project.days(self.patient, whole_weeks=self.profile.whole_weeks)
        self.token = self.project.pseudonym(self.patient)
        order = "<" if self.encoding.little else ">"
        self._short = struct.Struct(order + "HH2sH").pack
        self._long = struct.Struct(order + "HH2sHI").pack
        self._plain = struct.Struct(order + "HHI").pack

    def begin(self) -> None:
        """A new file: its own budget of elements and time."""
        self.spent, self.deadline = 0, time.monotonic() + self.limits.max_seconds

    def encode(self, tag: int, vr: bytes, value: bytes) -> bytes:
        """An element in the output's encoding, padded to an even length."""
        if len(value) & 1:
            value += b"\0" if vr in NUL_PADDED else b" "
        group, element = tag >> 16, tag & 0xFFFF
        if not self.encoding.explicit:
            return self._plain(group, element, len(value)) + value
        if vr in SHORT_VRS:
            if len(value) > 0xFFFE:
                raise Refused(RefusalReason.BAD_LENGTH, name(tag))
            return self._short(group, element, vr, len(value)) + value
        return self._long(group, element, vr, 0, len(value)) + value

    def top(self, raw: bytes, tag: int, vr: bytes, value: bytes) -> Remembered:
        """Treat an element of the data set itself and remember it."""
        self.log = Counter()
        out = self.element(tag, vr, value, self.encoding, 0, strict=False, depth=0)
        done = Remembered(out, self.log)
        if len(raw) <= 16_384:
            self.held_bytes += len(raw) + len(out) + 400
            if self.held_bytes > 6 << 20:
                self.memory.clear()
                self.inner.clear()
                self.held_bytes = 0
            self.memory[raw] = done
        return done

    def element(
        self, tag: int, vr: bytes, value: bytes, encoding: Encoding, parent: int, *, strict: bool, depth: int
    ) -> bytes:
        """The output of one element anywhere; b"" when it goes."""
        chosen = action(tag, self.profile)
        if chosen is Action.REMOVE:
            return self._done(tag, vr, Action.REMOVE, value, None)
        true_vr = _true_vr(tag, vr, value)
        if strict and chosen in (Action.CLEAN, Action.TECHNICAL, Action.CODE):
            chosen = Action.DUMMY
        if ELEMENTS[tag][0] == "SQ":
            return self._sequence(tag, vr, value, chosen, encoding, parent=parent, depth=depth)
        after: bytes | None = None
        if true_vr is not None and value.strip(b" \0"):
            swap = encoding.little != self.encoding.little and true_vr in BINARY
            after = None if swap else treat.value(chosen, tag, true_vr, value, self, parent=parent)
        elif not value.strip(b" \0") and true_vr is not None and true_vr not in BINARY | BULK:
            after = b"" if chosen is not Action.WITHDRAW else None
        elif true_vr is not None:
            after = value if chosen is Action.KEEP else None
        return self._finish(tag, true_vr or _first_vr(tag), value, after, chosen, parent=parent)

    def _finish(self, tag: int, vr: bytes, value: bytes, after: bytes | None, chosen: Action, *, parent: int) -> bytes:
        """Encode what is kept; remove, empty or replace what may not stay."""
        if after is None:
            checked, chosen = chosen, settle(tag, chosen, need(tag, self.iod, parent))
            number = checked is Action.CHECK and vr in _NUMBERS
            if number and chosen is Action.DUMMY and treat.record_number(tag, value, self.known):
                raise Held(HeldReason.RESIDUAL, name(tag))  # a record's number, where a false one would harm the image
            if number and chosen is Action.DUMMY and treat.irreplaceable(tag, value):
                raise Held(HeldReason.NUMBER, name(tag))
            if chosen is Action.REMOVE:
                return self._done(tag, vr, chosen, value, None)
            empty = chosen is Action.EMPTY or not value.strip(b" \0")
            after = b"" if empty else treat.dummy(tag, vr, value, self)
        return self._done(tag, vr, chosen, value, after)

    def _done(self, tag: int, vr: bytes, chosen: Action, value: bytes, after: bytes | None) -> bytes:
        self.log[chosen.value] += 1
        if self.trace is not None:
            keyword = ELEMENTS.get(tag, ("", ""))[1]
            self.trace.append(Step(name(tag), keyword, vr.decode("latin-1"), chosen.value, value, after))
        return b"" if after is None else self.encode(tag, vr, after)

    def _sequence(
        self, tag: int, vr: bytes, value: bytes, chosen: Action, encoding: Encoding, *, parent: int, depth: int
    ) -> bytes:
        """Enter a sequence, empty it or drop it."""
        inside = encoding if vr in (b"SQ", b"") else IMPLICIT
        strict = chosen is Action.ENTER_STRICTLY
        if chosen not in (Action.ENTER, Action.ENTER_STRICTLY, Action.KEEP, Action.CHECK):
            final = settle(tag, chosen, need(tag, self.iod, parent))
            if final is Action.REMOVE:
                return self._done(tag, b"SQ", final, value, None)
            if final is Action.EMPTY or not value:
                return self._done(tag, b"SQ", final, value, b"")
            strict, chosen = True, Action.ENTER_STRICTLY
        if vr not in (b"SQ", b"") and not _reads_as_items(value, self.limits):
            final = settle(tag, Action.WITHDRAW, need(tag, self.iod, parent))  # a wrong VR, and no items inside
            return self._done(tag, b"SQ", final, value, None if final is Action.REMOVE else b"")
        if depth >= self.limits.max_depth:
            raise Refused(RefusalReason.TOO_DEEP, name(tag))
        parts, before = [], len(self.trace or ())
        for start, end in items(value, 0, len(value), inside, limits=self.limits):
            content = self.data_set(value, start, end, inside, tag, strict=strict, depth=depth + 1)
            parts.append(self._plain(0xFFFE, 0xE000, len(content)) + content)
        if not parts and value:
            return self._done(tag, b"SQ", Action.EMPTY, value, b"")
        done = self._done(tag, b"SQ", chosen, value, b"".join(parts))
        if self.trace is not None:
            *inner, own = self.trace[before:]
            self.trace[before:] = [own, *(replace(one, path=f"{own.path} > {one.path}") for one in inner)]
        return done

    def data_set(
        self, data: bytes, start: int, end: int, encoding: Encoding, parent: int, *, strict: bool, depth: int
    ) -> bytes:
        """The output of an item's content, sorted by tag, each tag once."""
        out: dict[int, bytes] = {}
        creators: dict[int, bytes] = {}
        code: dict[int, bytes] = {}
        codec, ordered, last = self.codec, True, -1
        for span in level(data, start, end, encoding, limits=self.limits):
            self._spend(span.tag)
            value = data[span.value : span.end]
            if span.tag == _CHARACTER_SET:
                self.codec = treat.codec_of(value)
            elif span.tag in (_CODE, _SCHEME):
                code.setdefault(span.tag, value)
            if span.tag >> 16 & 1:
                done = self.private(span.tag, span.vr, value, creators, encoding)
            elif span.delimited or span.end - span.value > 1024:
                done = self.element(span.tag, span.vr, value, encoding, parent, strict=strict, depth=depth)
            else:
                key = (parent, strict, data[span.start : span.end])
                known = self.inner.get(key) if self.codec == codec and self.trace is None else None
                if known is None:
                    known = self.element(span.tag, span.vr, value, encoding, parent, strict=strict, depth=depth)
                    if self.codec == codec and encoding == self.encoding:
                        self.inner[key] = known
                        self.held_bytes += len(key[2]) + len(known) + 300
                done = known
            ordered, last = ordered and span.tag > last, span.tag
            if done:
                out.setdefault(span.tag, done)
        if _CODE in out and not self._is_coded(code):
            out[_CODE] = self._done(_CODE, b"SH", Action.DUMMY, code[_CODE], treat.dummy(_CODE, b"SH", b"", self))
        self.codec = codec
        return b"".join(out.values() if ordered else (out[tag] for tag in sorted(out)))

    def _is_coded(self, code: dict[int, bytes]) -> bool:
        """Is the code of an item one of its scheme?"""
        value, scheme = (code.get(tag, b"").decode(self.codec, "replace").strip(" \0") for tag in (_CODE, _SCHEME))
        return codes.fits(value, scheme)

    def private(self, tag: int, vr: bytes, value: bytes, creators: dict[int, bytes], encoding: Encoding) -> bytes:
        """A private element: gone, unless it is on the standard's safe list and the option is chosen."""
        block, element = tag >> 16 << 16, tag & 0xFFFF
        if 0x10 <= element <= 0xFF:
            creators[block | element] = value.strip(b" \0")
        if Option.SAFE_PRIVATE not in self.profile.options:
            return self._done(tag, vr, Action.REMOVE, value, None)
        creator = creators.get(block | element >> 8, b"") if element > 0xFF else value.strip(b" \0")
        out_vr = safe_private(creator, tag, value, creator_itself=element <= 0xFF)
        after = None
        if out_vr is not None and encoding == self.encoding and not self.known.in_bytes(value):
            chosen = Action.CHECK if out_vr in _CHECKED else Action.KEEP
            after = value if element <= 0xFF else treat.value(chosen, tag, out_vr, value, self, parent=0)
        if out_vr is None or after is None:
            return self._done(tag, vr, Action.REMOVE, value, None)
        return self._done(tag, out_vr, Action.KEEP, value, after)

    def _spend(self, tag: int) -> None:
        self.spent += 1
        if self.spent > self.limits.max_elements:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS, name(tag))
        if not self.spent & 0x3FF and time.monotonic() > self.deadline:
            raise Refused(RefusalReason.TOO_SLOW, name(tag))


def _reads_as_items(value: bytes, limits: Limits) -> bool:
    """Is the value of an element of VR UN (or a wrong one) a sequence in implicit little endian?"""
    try:
        for start, end in items(value, 0, len(value), IMPLICIT, limits=limits):
            for _ in walk(value, start, end, IMPLICIT, limits=limits):
                pass
    except Refused:
        return False
    return bool(value)


def _first_vr(tag: int) -> bytes:
    first = ELEMENTS[tag][0].split(" or ")
    return (b"OW" if "OW" in first else first[0].encode()) if len(first) > 1 else first[0].encode()


def _true_vr(tag: int, vr: bytes, value: bytes) -> bytes | None:
    """The VR to treat and write an element with; None when the file's VR contradicts the dictionary's."""
    entry = ELEMENTS[tag][0]
    if vr in (b"", b"UN"):
        return _first_vr(tag)
    if vr.decode("latin-1") in entry.split(" or "):
        return vr
    dictionary = _first_vr(tag)
    if vr in TEXTUAL and dictionary in TEXTUAL:
        number = dictionary in _NUMBERS and vr not in _NUMBERS
        return None if number and _LONG_NUMBER.search(value) else dictionary  # as text it may be a record's number
    if vr in BINARY and dictionary in BINARY and WIDTHS[vr] == WIDTHS[dictionary]:
        return vr
    return dictionary if vr in BULK and dictionary in BULK else None
