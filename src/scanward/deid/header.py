"""One pass over an object's header: cut into elements, with note taken of those that play a role.

Nothing is treated here. What the slices of a series share byte for byte is recognised in blocks; the pixels of an
uncompressed image are only an offset and a length.
"""

import struct
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from mmap import mmap
from typing import Final, Literal

from scanward.deid import codestream, held
from scanward.deid.blocks import Block, Blocks, Single
from scanward.deid.sweep import IDENTIFYING, WHEN
from scanward.dicom.dictionary import ELEMENTS
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits
from scanward.dicom.walk import PIXEL_DATA, SHORT_VRS, UNDEFINED, Buffer, Encoding, Head, Span, level, name

CLASS, INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_GEOMETRY: Final = frozenset(
    (0x00280010, 0x00280011, 0x00280002, 0x00280100, 0x00280008, 0x00280004, 0x00280101, 0x00280102)
)
_BIT_POSITIONS: Final = frozenset(0x60000102 + (n << 17) for n in range(16))
_WANTED: Final = (
    held.WANTED
    | {CLASS, INSTANCE, STUDY, SERIES, 0x00100020, 0x00100010, 0x00100030, 0x00080005}
    | _GEOMETRY
    | _BIT_POSITIONS
)
_PEOPLE: Final = frozenset((0x00400275, 0x0040A730, 0x0040A073, 0x0040A078, 0x00080096, 0x0008009D)).union(
    (0x00081049, 0x00081052, 0x00081062, 0x00081072, 0x00700084, 0x00400555)
)
# The elements from which the known values are gathered: exactly these, so that the order of files plays no
# part.
TELLING: Final = frozenset(
    tag for tag, (vr, _) in ELEMENTS.items() if vr == "PN" or tag >> 16 in (0x0010, 0x0038)
) | IDENTIFYING | WHEN | _PEOPLE  # fmt: skip
_OVERLAYS: Final = _BIT_POSITIONS | {0x60003000 + (n << 17) for n in range(16)}
# What the header pass has to take note of on its way, in one look-up: 1 a wanted value, 2 a telling one, 4
# overlay bits.
_ROLES: Final = {
    tag: (tag in _WANTED) + 2 * (tag in TELLING) + 4 * (tag in _OVERLAYS) for tag in _WANTED | TELLING | _OVERLAYS
}
_EXPLICIT: Final = struct.Struct("<HH2sH").unpack_from
_LENGTH: Final = struct.Struct("<I").unpack_from


class NeedMore(Exception):
    """The beginning of the file that was given does not hold the whole header."""


PixelSpan = tuple[int, bytes, int, int, int]  # tag, vr, start, value, end


@dataclass(slots=True)
class Header:
    """What one pass over the header found."""

    tags: list[int] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)  # the elements' bytes, side by side with their tags
    removed: int = 0  # elements that always go, not even looked at
    first: dict[int, bytes] = field(default_factory=dict)
    telling: list[tuple[int, bytes]] = field(default_factory=list)
    overlays: set[int] = field(default_factory=set)
    pixels: PixelSpan | None = None

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

    def take(self, part: "Header") -> None:
        """Take in the elements of a block."""
        self.tags += part.tags
        self.raws += part.raws
        self.removed += part.removed
        for tag, value in part.first.items():
            self.first.setdefault(tag, value)  # of an element that stands twice the first counts
        self.telling += part.telling
        if part.overlays:
            self.overlays |= part.overlays

    def note(self, one: Single, after: int, role: int, data: Buffer) -> None:
        """Take note of an element that plays a role; it reaches to `after`, with its delimiter."""
        if role & 1 and one.end <= len(data):
            self.first.setdefault(one.tag, bytes(data[one.value : one.end]))
        if role & 2:
            self.telling.append((one.tag, bytes(data[one.start : after])))
        if role & 4:
            self.overlays.add(one.tag)

    def overlays_in_pixels(self, order: Literal["little", "big"]) -> list[int]:
        """The bit positions of overlay planes without data of their own: they sit in bits of the pixels."""
        planes = (tag for tag in self.overlays & _BIT_POSITIONS if tag - 0x0102 + 0x3000 not in self.overlays)
        return [int.from_bytes(self.first.get(tag, b"")[:2], order) for tag in planes]


class HeaderReader:
    """Reads the headers of one worker's files, and learns the blocks that they share."""

    def __init__(self, limits: Limits, gone: AbstractSet[int]) -> None:
        self.limits = limits
        self._gone = gone  # elements that always go, as far as the engine knows by now
        self._blocks = Blocks()
        self._prepared: dict[bytes, Header] = {}

    def read(self, data: bytes | mmap, start: int, size: int, about: Head, gone: AbstractSet[int]) -> Header:
        """One pass over the data set; the fast path is explicit little endian up to the pixels."""
        header, at, have, last = Header(), start, len(data), -1
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
            part = Header()
            for one in block.elements:
                part.add(one, block.raw, self._gone)
            self._prepared[block.raw] = part

    def _rest(self, data: bytes | mmap, at: int, size: int, about: Head, header: Header, *, last: int) -> None:
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
        private = group & 1 and not 0x1000 <= group <= 0x7FDF  # what letters would make of a group
        return tag <= last or not (private or tag in ELEMENTS)
    if encoding.explicit:
        long = vr not in SHORT_VRS
        length = struct.unpack_from(order + ("I" if long else "H"), data, at + (8 if long else 6))[0]
    else:
        length = struct.unpack_from(order + "I", data, at + 4)[0]
    strange = tag <= last or (not group & 1 and tag not in ELEMENTS)
    return strange and length != UNDEFINED and at + length > len(data)
