"""One object: its header rewritten element by element, its pixels left to the kernel to copy.

Nothing of pydicom is used: the header is cut into elements, each is looked up or treated once (`scope`),
and the output is their concatenation. The pixels of an uncompressed image are only an offset and a length.
"""

import re
import struct
import zlib
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from mmap import mmap
from operator import ge
from typing import Final

from scanward import __version__
from scanward.deid import codestream, held
from scanward.deid.actions import Action, action
from scanward.deid.blocks import Block, Blocks, Single
from scanward.deid.clearance import NOTHING, Clearance
from scanward.deid.iod import IOD_OF_CLASS
from scanward.deid.keyed import Project
from scanward.deid.profiles import Option, Profile
from scanward.deid.scope import Remembered, Scope, Step
from scanward.deid.sweep import IDENTIFYING, Known, gather, known_values
from scanward.deid.table import EDITION, METHODS
from scanward.deid.text import codec_of
from scanward.dicom import source
from scanward.dicom.dictionary import ELEMENTS
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.uids import DICOMDIR_CLASS, IMAGE_CLASSES
from scanward.dicom.walk import (
    PIXEL_DATA,
    SHORT_VRS,
    UNDEFINED,
    Buffer,
    Encoding,
    Head,
    Span,
    head,
    inflate,
    level,
    name,
)

IMPLEMENTATION: Final = "2.25.302615385023218464512402375419287304212"
VERSION_NAME: Final = f"SCANWARD {__version__}"[:16]
_CLASS, _INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_GEOMETRY: Final = (0x00280010, 0x00280011, 0x00280002, 0x00280100, 0x00280008, 0x00280004, 0x00280101)
_WANTED: Final = held.WANTED | {_CLASS, _INSTANCE, _STUDY, _SERIES, 0x00100020, 0x00100010, 0x00100030, 0x00080005} | {
    *_GEOMETRY
}  # fmt: skip
_PEOPLE: Final = frozenset((0x00400275, 0x0040A730, 0x0040A073, 0x0040A078, 0x00080096, 0x0008009D)).union(
    (0x00081049, 0x00081052, 0x00081062, 0x00081072, 0x00700084, 0x00400555)
)
# The elements from which the known values are gathered: exactly these, so that the order of files plays no
# part.
TELLING: Final = frozenset(
    tag for tag, (vr, _) in ELEMENTS.items() if vr == "PN" or tag >> 16 in (0x0010, 0x0038)
) | IDENTIFYING | _PEOPLE  # fmt: skip
_OVERLAYS: Final = frozenset(base + (n << 17) for base in (0x60000102, 0x60003000) for n in range(16))
# What the header pass has to take note of on its way, in one look-up: 1 a wanted value, 2 a telling one, 4
# overlay bits.
_ROLES: Final = {
    tag: (tag in _WANTED) + 2 * (tag in TELLING) + 4 * (tag in _OVERLAYS) for tag in _WANTED | TELLING | _OVERLAYS
}
_UID: Final = re.compile(rb"\d+(?:\.\d+)+")  # leading zeros are wrong, but real, and go with the new UID
_EXPLICIT: Final = struct.Struct("<HH2sH").unpack_from
_LENGTH: Final = struct.Struct("<I").unpack_from
_META: Final = struct.Struct("<HH2sH").pack


class NeedMore(Exception):
    """The beginning of the file that was given does not hold the whole header."""


@dataclass(slots=True)
class Cleaned:
    """An object's output: bytes before the pixels, the pixels (a part of the source, or bytes), bytes after."""

    before: bytes
    pixels: tuple[int, int]  # offset and length in the source; (0, 0) for none
    after: bytes
    uid: str
    study: str
    series: str
    patient: str
    extra: Counter[str] = field(default_factory=Counter)
    scope: Scope | None = None

    @property
    def path(self) -> str:
        """Where it goes in the output tree: new identifiers only."""
        return f"{self.patient}/{self.study}/{self.series}/{self.uid}.dcm"

    def assemble(self, source: Buffer) -> bytes:
        """The whole output file."""
        offset, length = self.pixels
        return self.before + bytes(source[offset : offset + length]) + self.after


@dataclass(frozen=True)
class Permissions:
    """What would be held but may pass, each with its reason (an authorization, an expert's determination)."""

    faces: str = ""
    scouts: str = ""
    features: str = ""


_Span = tuple[int, bytes, int, int, int]  # tag, vr, start, value, end


@dataclass(slots=True)
class _Header:
    """What one pass over the header found."""

    tags: list[int] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)  # the elements' bytes, side by side with their tags
    removed: int = 0  # elements that always go, not even looked at
    first: dict[int, bytes] = field(default_factory=dict)
    telling: list[tuple[int, bytes]] = field(default_factory=list)
    overlays: set[int] = field(default_factory=set)
    pixels: _Span | None = None

    def add(self, one: Single, data: Buffer, gone: AbstractSet[int]) -> None:
        """Take in an element, unless it is one that always goes; note it when it plays a role."""
        tag = one.tag
        if tag in _ROLES:
            self.note(one, one.end, _ROLES[tag], data)
        if tag in gone:
            self.removed += 1
        else:
            self.tags.append(tag)
            self.raws.append(bytes(data[one.start : one.end]))

    def take(self, part: "_Header") -> None:
        """Take in the elements of a block."""
        self.tags += part.tags
        self.raws += part.raws
        self.removed += part.removed
        self.first.update(part.first)
        self.telling += part.telling
        self.overlays |= part.overlays

    def note(self, one: Single, after: int, role: int, data: Buffer) -> None:
        """Take note of an element that plays a role; it reaches to `after`, with its delimiter."""
        if role & 1 and one.end <= len(data):
            self.first[one.tag] = bytes(data[one.value : one.end])
        if role & 2:
            self.telling.append((one.tag, bytes(data[one.start : after])))
        if role & 4:
            self.overlays.add(one.tag)

    def overlay_in_pixels(self) -> bool:
        """Is there an overlay plane without data of its own? Then it sits in unused bits of the pixels."""
        return any(tag & 0xFFFF == 0x0102 and tag - 0x0102 + 0x3000 not in self.overlays for tag in self.overlays)


class Deidentifier:
    """Rewrites objects of one project under one profile. One for each worker; not shared between threads."""

    def __init__(
        self,
        profile: Profile,
        project: Project,
        *,
        limits: Limits = DEFAULT,
        permissions: Permissions | None = None,
        also_known: Known | None = None,
    ) -> None:
        self.profile, self.project, self.limits = profile, project, limits
        self.permissions = permissions or Permissions()
        self.blind = False  # nobody looked at the pixels, although somebody should
        self.cleared = NOTHING  # what the pixel engines say of the next object
        self.also_known = also_known or Known()
        self._scopes: OrderedDict[tuple[bytes, bytes, str, Encoding, str], Scope] = OrderedDict()
        self._gone: set[int] = set()
        self._blocks = Blocks()
        self._prepared: dict[bytes, _Header] = {}
        self._verdicts: dict[tuple[str | Clearance, ...], held.HeldReason | None] = {}
        self._ours: dict[tuple[Encoding, bool, tuple[str, ...]], list[tuple[int, bytes]]] = {}
        self._entries: list[Remembered] = []
        self._keeps_private = Option.SAFE_PRIVATE in profile.options

    def used_entries(self) -> list[Remembered]:
        """Everything treated since the last call, with how often it was used; for counting."""
        entries, self._entries = self._entries, []
        kept = [entry for scope in self._scopes.values() for entry in scope.memory.values() if entry.hits]
        return list({id(entry): entry for entry in [*entries, *kept]}.values())

    def clean(self, data: bytes | mmap, size: int | None = None, trace: list[Step] | None = None) -> Cleaned:
        """The output of one file. `data` may hold only its beginning when `size` tells its true size.

        Raises: Refused, Held, NeedMore
        """
        size = len(data) if size is None else size
        if size > self.limits.max_file:
            raise Refused(RefusalReason.TOO_LARGE)
        try:
            marked = data[128:134] == b"DICM\x02\x00"
            about = head(data) if marked else source.head(data, self.limits)  # without file meta information too
        except struct.error as short:
            raise Refused(RefusalReason.TRUNCATED) from short
        if about.deflated:
            return self._deflated(data, size, about, trace)
        return self._object(data, about.start, size, about, trace)

    def _deflated(self, data: bytes | mmap, size: int, about: Head, trace: list[Step] | None) -> Cleaned:
        if len(data) < size:
            raise NeedMore
        body = bytes(inflate(bytes(data[about.start :]), self.limits))
        done = self._object(body, 0, len(body), about, trace)
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        meta_end = 132 + 12 + _LENGTH(done.before, 140)[0]
        offset, length = done.pixels
        plain = done.before[meta_end:] + body[offset : offset + length] + done.after
        packed = packer.compress(plain) + packer.flush()
        done.before, done.pixels = done.before[:meta_end] + packed + b"\0" * (len(packed) & 1), (0, 0)
        done.after = b""
        return done

    def _object(self, data: bytes | mmap, start: int, size: int, about: Head, trace: list[Step] | None) -> Cleaned:
        gone = self._gone if trace is None else frozenset[int]()
        header = self._header(data, start, size, about, gone)
        first = header.first
        sop_class = first.get(_CLASS, b"").rstrip(b"\0 ").decode("latin-1")
        if DICOMDIR_CLASS in (sop_class, about.meta.get(0x00020002, b"").rstrip(b"\0 ").decode("latin-1")):
            raise Refused(RefusalReason.DICOMDIR)  # it has no SOPClassUID of its own
        self._check(first, sop_class)
        self._judge(header, sop_class, about)
        scope = self._scope(header, sop_class, about.encoding)
        scope.begin()
        scope.trace = trace
        uids = [self._new_uid(first[tag]) for tag in (_INSTANCE, _STUDY, _SERIES)]
        done = Cleaned(b"", (0, 0), b"", uids[0], uids[1], uids[2], scope.token, scope=scope)
        tags, parts = self._elements(header, scope, done)
        pixel_header, pixel_body = b"", b""
        if header.pixels:
            pixel_header, pixel_body = self._pixels(data, size, header.pixels, header, done, about=about)
        elif _wants_pixels(sop_class, first) and 0x7FE00008 not in header.tags and 0x7FE00009 not in header.tags:
            raise Refused(RefusalReason.PIXELS_MISSING, "(7FE0,0010) PixelData")
        for tag, encoded in self._own_elements(scope, image=bool(pixel_header), has=0x00280301 in first):
            at = bisect_left(tags, tag)
            tags.insert(at, tag)
            parts.insert(at, encoded)
        for tag, vr, value in self.cleared.marks(first.get(held.IMAGE_TYPE, b"")):
            at = bisect_left(tags, tag)
            there = at < len(tags) and tags[at] == tag
            tags[at : at + there], parts[at : at + there] = [tag], [scope.encode(tag, vr, value)]
        cut = bisect_left(tags, PIXEL_DATA)
        meta = self._meta(sop_class, uids[0], about.transfer_syntax)
        done.before = b"".join([meta, *parts[:cut], pixel_header, pixel_body])
        done.after += b"".join(parts[cut:])
        return done

    def _header(self, data: bytes | mmap, start: int, size: int, about: Head, gone: AbstractSet[int]) -> _Header:
        """One pass over the data set; the fast path is explicit little endian up to the pixels."""
        header, at, have, last = _Header(), start, len(data), -1
        if about.encoding.explicit and about.encoding.little:
            known = self._blocks.known if gone is self._gone else dict[bytes, Block]()
            prepared, short, singles = self._prepared, SHORT_VRS, list[Single]()
            while at + 12 <= have:
                block = known.get(data[at : at + 4])
                if block is not None and data[at : at + len(block.raw)] == block.raw:
                    header.take(prepared[block.raw])
                    at, last = at + len(block.raw), block.elements[-1].tag
                    continue
                group, element, vr, length = _EXPLICIT(data, at)
                value = at + 8
                if vr not in short:
                    length = _LENGTH(data, value)[0]
                    value = at + 12
                    if length == UNDEFINED or not vr.isalpha() or group == 0xFFFE:
                        break
                end = value + length
                tag = group << 16 | element
                if tag >= PIXEL_DATA or end > have:
                    break
                one = Single(tag, vr, at, value, end)
                header.add(one, data, gone)
                singles.append(one)
                at, last = end, tag
            if gone is self._gone and self._blocks.learn(data, singles):
                self._prepare()
        if at < size:
            self._rest(data, at, size, about, header, last=last)
        return header

    def _prepare(self) -> None:
        """What each block adds to a header. (Tags that go are known by now: the first file was treated.)"""
        self._prepared.clear()
        for block in self._blocks.known.values():
            part = _Header()
            for one in block.elements:
                part.add(one, block.raw, self._gone)
            self._prepared[block.raw] = part

    def _rest(self, data: bytes | mmap, at: int, size: int, about: Head, header: _Header, *, last: int) -> None:
        """What the fast path leaves: undefined lengths, pixels, trailing bytes, and the end of what was read."""
        have, limit = len(data), self.limits.max_elements
        while at < size:
            if at + 12 > have and have < size:
                raise NeedMore
            try:
                one = self._one(data, at, size, about)
            except Refused:
                if have < size:
                    raise NeedMore from None
                if last >= 0 and (header.pixels or _is_trailing(data, at, last, about.encoding)):
                    break  # bytes behind the end that are no elements: they stay behind
                raise
            if header.pixels and one.tag <= PIXEL_DATA:
                break
            span = (one.tag, one.vr, one.start, one.value, one.end)
            if one.tag == PIXEL_DATA:
                header.pixels = span
            else:
                header.tags.append(one.tag)
                header.raws.append(data[one.start : one.end])
            if one.tag in _ROLES:
                header.note(Single(*span), one.after, _ROLES[one.tag], data)
            at, last = one.after, one.tag
            if len(header.tags) > limit:
                raise Refused(RefusalReason.TOO_MANY_ELEMENTS, name(one.tag))

    def _one(self, data: Buffer, at: int, size: int, about: Head) -> Span:
        """The element at `at`, which for the pixels may end beyond what was read."""
        if (found := _native_pixels(data, at, size, about.encoding)) is not None:
            return found
        if about.encapsulated and data[at : at + 4] == b"\xe0\x7f\x10\x00":
            if len(data) < size:
                raise NeedMore
            _, after = codestream.fragments(data, at + 12, size, self.limits)
            return Span(PIXEL_DATA, b"OB", at, at + 12, after, after, delimited=True)
        return next(level(data, at, len(data), about.encoding, limits=self.limits))

    def _check(self, first: dict[int, bytes], sop_class: str) -> None:
        """The identifiers that every object needs."""
        if not sop_class:
            raise Refused(RefusalReason.MISSING_ELEMENT, "(0008,0016) SOPClassUID")
        for tag in (_INSTANCE, _STUDY, _SERIES):
            if tag not in first:
                raise Refused(RefusalReason.MISSING_ELEMENT, f"{name(tag)} {ELEMENTS[tag][1]}")
            uid = first[tag].rstrip(b"\0 ")
            if len(uid) > 64 or not _UID.fullmatch(uid):
                raise Refused(RefusalReason.BAD_UID, f"{name(tag)} {ELEMENTS[tag][1]}")

    def _judge(self, header: _Header, sop_class: str, about: Head) -> None:
        first = header.first
        texts = {tag: first[tag].decode("utf-8", "replace").strip(" \0") for tag in held.WANTED if tag in first}
        key: tuple[str | Clearance, ...] = (
            self.cleared,
            sop_class,
            about.transfer_syntax,
            *(f"{tag}={text}" for tag, text in texts.items()),
        )
        if key not in self._verdicts:
            if len(self._verdicts) > 1000:
                self._verdicts.clear()
            self._verdicts[key] = held.judge(
                sop_class,
                about.transfer_syntax,
                texts,
                faces=bool(self.permissions.faces) or self.cleared.face or self.cleared.reviewed,
                scouts=bool(self.permissions.scouts) or self.cleared.reviewed,
                text=self.cleared.text,
            )
        reason = self._verdicts[key]
        if reason is not None:
            raise held.Held(reason)
        if self.blind and header.pixels is not None:
            raise held.Held(held.HeldReason.NO_ENGINE)
        if (self.cleared.defaced or self.cleared.redacted) and Option.UIDS in self.profile.options:
            raise held.Held(held.HeldReason.SAME_UID)
        if header.overlays and header.overlay_in_pixels() and not self.cleared.redacted:
            raise held.Held(held.HeldReason.OVERLAY_BITS)

    def _scope(self, header: _Header, sop_class: str, encoding: Encoding) -> Scope:
        """The scope of this patient's values, this class and this encoding."""
        first = header.first
        telling = b"".join([raw for _, raw in header.telling])
        iod = IOD_OF_CLASS.get(sop_class)
        characters = first.get(0x00080005, b"")
        patient = _patient(first)
        key = (telling, characters, sop_class, encoding, patient)
        scope = self._scopes.get(key)
        if scope is None:
            codec = codec_of(characters)
            known = self.also_known | self._known(header.telling, encoding, codec)
            scope = Scope(self.profile, self.project, known, encoding, codec, iod, patient, self.limits)
            self._scopes[key] = scope
            if len(self._scopes) > 8:
                self._scopes.popitem(last=False)
        return scope

    def _known(self, telling: list[tuple[int, bytes]], encoding: Encoding, codec: str) -> Known:
        values = []
        for tag, raw in telling:
            if action(tag, self.profile) not in (Action.KEEP, Action.CHECK):
                values += list(gather(raw, 0, len(raw), encoding, codec))
        return known_values(values)

    def _elements(self, header: _Header, scope: Scope, done: Cleaned) -> tuple[list[int], list[bytes]]:
        """The outputs of all elements but the pixels, in the order of their tags."""
        tags, creators = header.tags, dict[int, bytes]()
        done.extra[Action.REMOVE.value] += header.removed
        if scope.trace is None:
            parts = []
            for tag, raw, entry in zip(tags, header.raws, map(scope.memory.get, header.raws), strict=True):
                if entry is None:
                    parts.append(self._new_element(tag, raw, scope, creators))
                else:
                    entry.hits += 1
                    parts.append(entry.out)
        else:
            pairs = zip(tags, header.raws, strict=True)
            parts = [self._new_element(tag, raw, scope, creators) for tag, raw in pairs]
        if any(map(ge, tags, tags[1:])):  # out of order, or twice: sorted, and the first of each stays
            unique = dict(reversed([(tag, part) for tag, part in zip(tags, parts, strict=True) if part]))
            tags = sorted(unique)
            parts = [unique[tag] for tag in tags]
        return tags, parts

    def _new_element(self, tag: int, raw: bytes, scope: Scope, creators: dict[int, bytes]) -> bytes:
        """The output of an element that this scope has not met yet."""
        vr, at = b"", 8
        if scope.encoding.explicit:
            vr = raw[4:6]
            at = 8 if vr in SHORT_VRS else 12
        if tag >> 16 & 1 and self._keeps_private:
            return scope.private(tag, vr, raw[at:], creators, scope.encoding)
        if action(tag, self.profile) is Action.REMOVE:
            self._gone.add(tag)
        entry = scope.top(raw, tag, vr, raw[at:])
        self._entries.append(entry)
        entry.hits += 1
        return entry.out

    def _pixels(
        self, data: Buffer, size: int, span: _Span, header: _Header, done: Cleaned, *, about: Head
    ) -> tuple[bytes, bytes]:
        """The header of PixelData and, for compressed pixels, its bytes; uncompressed ones are only pointed
        at.
        """
        shape = geometry(header.first, about.encoding)
        if about.encapsulated:
            found, _ = codestream.fragments(data, span[3], size, self.limits)
            if not found:
                raise Refused(RefusalReason.PIXELS_MISSING, "(7FE0,0010) PixelData")
            frames = [
                codestream.clean_frame(frame, about.transfer_syntax, shape.rows, shape.columns)
                for frame in codestream.frames_of(found, shape.frames)
            ]
            return b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff", codestream.encapsulate(
                frames, with_table=bool(found[0]) or shape.frames > 1
            )
        expected, length = shape.length, span[4] - span[3]
        if length < expected:
            raise Refused(RefusalReason.PIXELS_SHORT, "(7FE0,0010) PixelData")
        done.pixels = (span[3], expected)
        done.after = b"\0" * (expected & 1)
        return _pixel_header(about.encoding, span[1], expected + (expected & 1)), b""

    def _own_elements(self, scope: Scope, *, image: bool, has: bool) -> list[tuple[int, bytes]]:
        """What the output says of its own de-identification (PS3.15 E.1.1, PS3.3 C.12.1.1.7)."""
        key = (scope.encoding, image and not has, self.cleared.codes)
        if key not in self._ours:
            methods = [f"Scanward {__version__}", f"profile {self.profile.name}"[:64], EDITION.split(",")[0]]
            codes = b"".join(
                self._code_item(scope, code) for code in dict.fromkeys((*self.profile.codes, *self.cleared.codes))
            )
            own = [
                (0x00120062, scope.encode(0x00120062, b"CS", b"YES")),
                (0x00120063, scope.encode(0x00120063, b"LO", "\\".join(methods).encode())),
                (0x00120064, scope.encode(0x00120064, b"SQ", codes)),
                (0x00280303, scope.encode(0x00280303, b"CS", self.profile.longitudinal.encode())),
            ]
            if image and not has:
                own.append((0x00280301, scope.encode(0x00280301, b"CS", b"NO")))
            self._ours[key] = own
        return self._ours[key]

    def _code_item(self, scope: Scope, code: str) -> bytes:
        content = (
            scope.encode(0x00080100, b"SH", code.encode())
            + scope.encode(0x00080102, b"SH", b"DCM")
            + scope.encode(0x00080104, b"LO", METHODS[code].encode())
        )
        order = "<" if scope.encoding.little else ">"
        return struct.pack(order + "HHI", 0xFFFE, 0xE000, len(content)) + content

    def _new_uid(self, value: bytes) -> str:
        original = value.rstrip(b"\0 ")
        return original.decode() if Option.UIDS in self.profile.options else self.project.uid(original)

    def _meta(self, sop_class: str, instance: str, syntax: str) -> bytes:
        """Preamble of zeros and file meta information, all of it our own."""
        body = _meta_element(0x0002, sop_class) + _meta_element(0x0003, instance) + _meta_element(0x0010, syntax)
        body = b"\x02\x00\x01\x00OB\0\0\x02\0\0\0\0\x01" + body + _meta_element(0x0012, IMPLEMENTATION)
        body += _META(2, 0x0013, b"SH", 16) + VERSION_NAME.ljust(16).encode()
        return bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(body)) + body


@dataclass(frozen=True, slots=True)
class Geometry:
    """What the pixels must be, by the attributes that describe them."""

    rows: int
    columns: int
    frames: int
    length: int  # bytes of uncompressed pixels, without padding


def _wants_pixels(sop_class: str, first: dict[int, bytes]) -> bool:
    """Whether there must be pixels: a file cut off before its Rows is still an image by its class (PS3.3 C.7.6.3)."""
    return sop_class in IMAGE_CLASSES or 0x00280010 in first


def geometry(first: dict[int, bytes], encoding: Encoding) -> Geometry:
    """Read the image's size.

    Raises: Refused when it is missing or makes no sense.
    """
    order = "little" if encoding.little else "big"
    numbers = []
    for tag, default in ((0x00280010, 0), (0x00280011, 0), (0x00280002, 1), (0x00280100, 16)):
        value = first.get(tag, b"")
        numbers.append(int.from_bytes(value[:2], order) if len(value) >= 2 else default)  # type: ignore[arg-type]
    rows, columns, samples, bits = numbers
    count = first.get(0x00280008, b"").strip(b" \0") or b"1"
    if not rows or not columns or not count.isdigit() or len(count) > 9:
        raise Refused(RefusalReason.BAD_GEOMETRY, "(0028,0010) Rows")
    frames = int(count) or 1
    if bits not in (1, 8, 16, 32, 64) or not 1 <= samples <= 4:
        raise Refused(RefusalReason.BAD_GEOMETRY, "(0028,0100) BitsAllocated")
    values = rows * columns * samples * frames
    if first.get(0x00280004, b"").startswith(b"YBR_FULL_422"):
        values = values * 2 // 3
    return Geometry(rows, columns, frames, (values * bits + 7) // 8)


def _meta_element(element: int, text: str) -> bytes:
    value = text.encode()
    value += b"\0" * (len(value) & 1)
    return _META(2, element, b"UI", len(value)) + value


def _pixel_header(encoding: Encoding, vr: bytes, length: int) -> bytes:
    order = "<" if encoding.little else ">"
    if not encoding.explicit:
        return struct.pack(order + "HHI", 0x7FE0, 0x0010, length)
    return struct.pack(order + "HH2sHI", 0x7FE0, 0x0010, vr if vr in (b"OB", b"OW") else b"OW", 0, length)


def _native_pixels(data: Buffer, at: int, size: int, encoding: Encoding) -> Span | None:
    """PixelData with a length, at `at`; its value may end beyond `data`."""
    order = "<" if encoding.little else ">"
    if at + 12 > len(data) or struct.unpack_from(order + "HH", data, at) != (0x7FE0, 0x0010):
        return None
    if encoding.explicit:
        vr, length, value = (
            bytes(data[at + 4 : at + 6]),
            struct.unpack_from(order + "I", data, at + 8)[0],
            at + 12,
        )
    else:
        vr, length, value = b"", struct.unpack_from(order + "I", data, at + 4)[0], at + 8
    if length == UNDEFINED:
        return None
    if value + length > size:
        raise Refused(RefusalReason.PIXELS_SHORT, "(7FE0,0010) PixelData")
    return Span(PIXEL_DATA, vr, at, value, value + length, value + length, delimited=False)


def _is_trailing(data: Buffer, at: int, last: int, encoding: Encoding) -> bool:
    """Can what stands here never have been an element? (A real one that is cut off is not trailing, but
    broken.)
    """
    if len(data) - at < 12:
        return last >= PIXEL_DATA
    order = "<" if encoding.little else ">"
    group, element = struct.unpack_from(order + "HH", data, at)
    vr, tag = bytes(data[at + 4 : at + 6]), group << 16 | element
    if encoding.explicit and not (vr.isalpha() and vr.isupper()):
        return True
    if encoding.explicit:
        long = vr not in SHORT_VRS
        length = struct.unpack_from(order + ("I" if long else "H"), data, at + (8 if long else 6))[0]
    else:
        length = struct.unpack_from(order + "I", data, at + 4)[0]
    strange = tag <= last or (not group & 1 and tag not in ELEMENTS)
    return strange and length != UNDEFINED and at + length > len(data)


def _patient(first: dict[int, bytes]) -> str:
    """What tells patients apart: the PatientID, or else name and birth date, or else the study."""
    for tags in ((0x00100020,), (0x00100010, 0x00100030), (_STUDY,)):
        text = "|".join(first.get(tag, b"").decode("utf-8", "replace").strip(" \0") for tag in tags)
        if text.strip("|"):
            return text
    return ""
