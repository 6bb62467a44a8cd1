"""The element walker: where every element of a DICOM stream begins and ends, without making objects of them.

It is iterative (nesting can't overflow a stack), bounded by `Limits`, and total: whatever the bytes, it
either yields a balanced stream or raises `Refused`. It reads nothing but headers; values stay where they
are, as offsets. Works on bytes, mmap and memoryview alike.
"""

import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Final, NamedTuple

from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT, Limits

Buffer = bytes | bytearray | memoryview | mmap

ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
PIXEL_DATA: Final = 0x7FE00010
UNDEFINED: Final = 0xFFFFFFFF

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
UNCOMPRESSED: Final = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED)

# PS3.5 7.1.2: these have a 16-bit length; any other has two reserved bytes, then 32 bits.
SHORT_VRS: Final = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_NESTING_VRS: Final = frozenset((b"SQ", b"UN"))
_FRAGMENT_VRS: Final = frozenset((b"OB", b"OW", b"UN"))
_CLOCK_EVERY: Final = 0xFFF  # look at the clock once in 4,096 elements


class Encoding(NamedTuple):
    """How headers are written: with a VR or without, little or big endian."""

    explicit: bool
    little: bool


IMPLICIT: Final = Encoding(explicit=False, little=True)
EXPLICIT: Final = Encoding(explicit=True, little=True)
BIG: Final = Encoding(explicit=True, little=False)


class Element(NamedTuple):
    """One event of the walk. ITEM, ITEM_END and SEQUENCE_END come as elements too, always balanced.

    `vr` is b"" where the encoding has none. The value is `data[value:end]`; `end` is -1 for what a delimiter
    closes. `depth` counts the open sequences and items around it, 0 in the data set itself. `explicit`
    tells the encoding at this place: it changes inside an element of VR UN (PS3.5 6.2.2).
    """

    tag: int
    vr: bytes
    start: int
    value: int
    end: int
    depth: int
    explicit: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the data set."""

    preamble: bytes
    meta: dict[int, bytes]
    meta_vrs: dict[int, bytes]
    transfer_syntax: str
    encoding: Encoding
    start: int  # of the data set, in the file

    @property
    def deflated(self) -> bool:
        """True when the data set has to be inflated before it is walked."""
        return self.transfer_syntax == DEFLATED

    @property
    def encapsulated(self) -> bool:
        """True when the pixels come as fragments."""
        return self.transfer_syntax not in UNCOMPRESSED


def name(tag: int) -> str:
    """`(0028,0010)`, as people write a tag."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def head(data: Buffer) -> Head:
    """Read preamble and file meta information.

    Raises: Refused when the bytes are not a DICOM file with file meta information.
    """
    if len(data) == 0:
        raise Refused(RefusalReason.EMPTY)
    if len(data) < 140 or bytes(data[128:132]) != b"DICM":
        raise Refused(RefusalReason.NOT_DICOM)
    at = 132
    meta: dict[int, bytes] = {}
    vrs: dict[int, bytes] = {}
    while at + 8 <= len(data) and data[at : at + 2] == b"\x02\x00":
        tag, vr, value, end = _explicit_header(data, at, _EXPLICIT_LITTLE, len(data))
        if end < 0 or end > len(data):
            raise Refused(RefusalReason.TRUNCATED, name(tag))
        if len(meta) > 200:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS, name(tag))
        meta[tag], vrs[tag], at = bytes(data[value:end]), vr, end
    syntax = meta.get(0x00020010, b"").rstrip(b"\0 ").decode("latin-1")
    if not syntax:
        raise Refused(RefusalReason.MISSING_ELEMENT, "(0002,0010) TransferSyntaxUID")
    return Head(bytes(data[:128]), meta, vrs, syntax, encoding_of(syntax), at)


def encoding_of(transfer_syntax: str) -> Encoding:
    """The header encoding of a transfer syntax; every compressed syntax is explicit little endian.

    Raises: Refused for what is no UID below DICOM's root (a private syntax may be anything).
    """
    if transfer_syntax == IMPLICIT_LITTLE:
        return IMPLICIT
    if transfer_syntax == EXPLICIT_BIG:
        return BIG
    if not transfer_syntax.startswith("1.2.840.10008.1.2"):
        raise Refused(RefusalReason.UNSUPPORTED_SYNTAX, "(0002,0010) TransferSyntaxUID")
    return EXPLICIT


def inflate(data: Buffer, limits: Limits = DEFAULT) -> bytearray:
    """The data set of a deflated file (raw deflate after the file meta), never more than the limits allow.

    Raises: Refused at the cap on size or ratio, and for a broken stream.
    """
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    out = bytearray()  # grown in place: parts joined at the end would need twice the room
    at, piece = 0, 1 << 16
    try:
        while not unpack.eof and at < len(data):
            pending = bytes(data[at : at + piece])
            at += len(pending)
            while pending and not unpack.eof:  # behind its end may be padding, or the tail of a gzip file
                out += unpack.decompress(pending, piece * 4)
                pending = unpack.unconsumed_tail
                if len(out) > min(limits.max_inflated, max(limits.ratio_floor, limits.max_ratio * at)):
                    raise Refused(RefusalReason.INFLATES_TOO_FAR)
        out += unpack.flush()
    except zlib.error as broken:
        raise Refused(RefusalReason.MALFORMED, detail="the deflated stream is broken") from broken
    if not unpack.eof:
        raise Refused(RefusalReason.TRUNCATED, detail="the deflated stream has no end")
    if len(out) > limits.max_inflated:
        raise Refused(RefusalReason.INFLATES_TOO_FAR)
    return out


_EXPLICIT_LITTLE: Final = (struct.Struct("<HH2sH"), struct.Struct("<I"))
_EXPLICIT_BIG: Final = (struct.Struct(">HH2sH"), struct.Struct(">I"))
_IMPLICIT_LITTLE: Final = struct.Struct("<HHI")
_Explicit = tuple[struct.Struct, struct.Struct]
_Header = tuple[int, bytes, int, int]  # tag, vr, where the value begins, where it ends (-1: at a delimiter)


def _explicit_header(data: Buffer, at: int, codec: _Explicit, limit: int) -> _Header:
    if at + 8 > limit:
        raise Refused(RefusalReason.TRUNCATED, detail="an element's header is cut off")
    group, element, vr, length = codec[0].unpack_from(data, at)
    tag = group << 16 | element
    if group == 0xFFFE:  # items and delimiters have no VR
        length = codec[1].unpack_from(data, at + 4)[0]
        return tag, b"", at + 8, -1 if length == UNDEFINED else at + 8 + length
    if vr in SHORT_VRS:
        return tag, vr, at + 8, at + 8 + length
    if not (vr.isalpha() and vr.isupper()):
        raise Refused(RefusalReason.MALFORMED, name(tag), "it has no valid VR")
    if at + 12 > limit:
        raise Refused(RefusalReason.TRUNCATED, name(tag))
    length = codec[1].unpack_from(data, at + 8)[0]
    return tag, vr, at + 12, -1 if length == UNDEFINED else at + 12 + length


def _implicit_header(data: Buffer, at: int, _codec: object, limit: int) -> _Header:
    if at + 8 > limit:
        raise Refused(RefusalReason.TRUNCATED, detail="an element's header is cut off")
    group, element, length = _IMPLICIT_LITTLE.unpack_from(data, at)
    return group << 16 | element, b"", at + 8, -1 if length == UNDEFINED else at + 8 + length


def walk(
    data: Buffer,
    start: int,
    end: int,
    encoding: Encoding,
    *,
    limits: Limits = DEFAULT,
    sequences: frozenset[int] = frozenset(),
    value_may_pass: int = 0,
) -> Iterator[Element]:
    """Yield every element of `data[start:end]`, in order and at every depth.

    `sequences` names the tags to be entered as sequences where the encoding doesn't say so (implicit VR with
    a defined length). `value_may_pass` is the file's true size when `data` holds only its beginning: the
    last value may end there. An element of VR UN with undefined length is entered as implicit little
    endian (PS3.5 6.2.2); pixel fragments come as ITEMs of VR OB. The walk stops before bytes after the
    pixels that are no elements: then the last element ends before `end`.

    Raises: Refused at a limit or a broken encoding.
    """
    walker = Walker(data, encoding, limits, sequences)
    yield from walker.run(start, end, max(end, value_may_pass))


class Span(NamedTuple):
    """One element of one data set: its value, and where the next element begins."""

    tag: int
    vr: bytes
    start: int
    value: int
    end: int  # of the value, before a delimiter
    after: int
    delimited: bool


def level(data: Buffer, start: int, end: int, encoding: Encoding, *, limits: Limits = DEFAULT) -> Iterator[Span]:
    """The elements of one data set, without entering its sequences.

    Raises: Refused
    """
    codec = _EXPLICIT_LITTLE if encoding.little else _EXPLICIT_BIG
    read = _explicit_header if encoding.explicit else _implicit_header
    at = start
    while at < end:
        tag, vr, value, stop = read(data, at, codec, end)
        if tag >> 16 == 0xFFFE:
            raise Refused(RefusalReason.MALFORMED, name(tag), "it stands among the elements")
        if stop > end:
            raise Refused(RefusalReason.BAD_LENGTH, name(tag))
        if stop < 0:
            stop, after = _closing(data, at, end, encoding, limits)
            yield Span(tag, vr, at, value, stop, after, delimited=True)
        else:
            after = stop
            yield Span(tag, vr, at, value, stop, after, delimited=False)
        at = after


def items(
    data: Buffer, start: int, end: int, encoding: Encoding, *, limits: Limits = DEFAULT
) -> Iterator[tuple[int, int]]:
    """Where the content of each item of a sequence's value begins and ends.

    Raises: Refused
    """
    codec = _EXPLICIT_LITTLE if encoding.little else _EXPLICIT_BIG
    read = _explicit_header if encoding.explicit else _implicit_header
    at = start
    while at < end:
        tag, _, value, stop = read(data, at, codec, end)
        if tag != ITEM:
            raise Refused(RefusalReason.MALFORMED, name(tag), "it stands between the items of a sequence")
        if stop > end:
            raise Refused(RefusalReason.BAD_LENGTH, name(tag))
        if stop < 0:
            stop, at = _item_end(data, value, end, encoding, limits)
        else:
            at = stop
        yield value, stop


def _closing(data: Buffer, at: int, end: int, encoding: Encoding, limits: Limits) -> tuple[int, int]:
    """The delimiter that closes the element at `at`: where it begins and where it ends."""
    for element in walk(data, at, end, encoding, limits=limits):
        if element.tag == SEQUENCE_END and element.depth == 0:
            return element.start, element.value
    raise Refused(RefusalReason.TRUNCATED, detail="a sequence has no end")


def _item_end(data: Buffer, at: int, end: int, encoding: Encoding, limits: Limits) -> tuple[int, int]:
    """The delimiter of the item whose content begins at `at`."""
    codec = _EXPLICIT_LITTLE if encoding.little else _EXPLICIT_BIG
    read = _explicit_header if encoding.explicit else _implicit_header
    while at < end:
        tag, _, value, stop = read(data, at, codec, end)
        if tag == ITEM_END:
            return at, value
        if stop > end or tag >> 16 == 0xFFFE:
            raise Refused(RefusalReason.MALFORMED, name(tag), "an item has no end")
        at = stop if stop >= 0 else _closing(data, at, end, encoding, limits)[1]
    raise Refused(RefusalReason.TRUNCATED, detail="an item has no end")


class _Frame(NamedTuple):
    """A container that is open: what closes it, where, and how its content is encoded."""

    closer: int  # SEQUENCE_END or ITEM_END
    end: int  # -1: at its delimiter
    bound: int  # nothing inside may pass this
    explicit: bool
    fragments: bool


class Walker:
    """A walk with its counts, for those who don't walk all of it in one go."""

    def __init__(self, data: Buffer, encoding: Encoding, limits: Limits, sequences: frozenset[int]) -> None:
        self.data, self.limits, self.sequences = data, limits, sequences
        self.codec = _EXPLICIT_LITTLE if encoding.little else _EXPLICIT_BIG
        self.encoding = encoding
        self.stack: list[_Frame] = []
        self.deadline = time.monotonic() + limits.max_seconds
        self.count = 0  # of the elements so far
        self.at = 0  # where the last walk ended

    def run(self, start: int, end: int, bound: int, *, one: bool = False) -> Iterator[Element]:
        """Walk on from `start`: to the end, or over one element with all that is in it."""
        stack, at, count, after_pixels = self.stack, start, self.count, False
        last = count if one else self.limits.max_elements + 1
        ground = _Frame(0, end, bound, self.encoding.explicit, fragments=False)
        while True:
            while stack and at == stack[-1].end:
                frame = stack.pop()
                yield Element(frame.closer, b"", at, at, at, len(stack), frame.explicit)
            frame = stack[-1] if stack else ground
            if at >= end or (not stack and (count > last or (after_pixels and self.trailing(at, end, bound)))):
                break
            tag, vr, value, stop = self.header(at, frame, end)
            count += 1
            if not count & _CLOCK_EVERY or count > self.limits.max_elements:
                self.check(tag, count)
            if tag >> 16 == 0xFFFE:
                yield self.structure(tag, at, value, stop)
                at = stop if frame.fragments and tag == ITEM else value
                continue
            if frame.closer == SEQUENCE_END:
                raise Refused(RefusalReason.MALFORMED, name(tag), "it stands between the items of a sequence")
            after_pixels = after_pixels or (tag == PIXEL_DATA and not stack)
            yield Element(tag, vr, at, value, stop, len(stack), frame.explicit)
            if stop < 0 or vr == b"SQ" or (not vr and tag in self.sequences):
                self.enter(tag, vr, stop, frame)
                at = value
            else:
                at = stop
        if stack:
            raise Refused(RefusalReason.TRUNCATED, detail="a sequence has no end")
        self.at, self.count = at, count

    def header(self, at: int, frame: _Frame, end: int) -> _Header:
        """The header at `at`, its value inside what surrounds it."""
        limit = min(end, frame.bound)
        read = _explicit_header if frame.explicit else _implicit_header
        found = read(self.data, at, self.codec, limit)
        if found[3] > frame.bound:
            inside = self.stack or found[3] - at > 1 << 31
            raise Refused(RefusalReason.BAD_LENGTH if inside else RefusalReason.TRUNCATED, name(found[0]))
        return found

    def trailing(self, at: int, end: int, bound: int) -> bool:
        """After the pixels anything that can't be an element is trailing bytes, not a fault."""
        ground = _Frame(0, end, bound, self.encoding.explicit, fragments=False)
        try:
            tag, _, _, stop = self.header(at, ground, end)
        except Refused:
            return True
        return tag <= PIXEL_DATA or tag >> 16 == 0xFFFE or stop < 0

    def check(self, tag: int, count: int) -> None:
        """Enough elements, or enough time?"""
        if count > self.limits.max_elements:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS, name(tag))
        if time.monotonic() > self.deadline:
            raise Refused(RefusalReason.TOO_SLOW, name(tag))

    def structure(self, tag: int, at: int, value: int, stop: int) -> Element:
        """An item begins, or a delimiter closes what is open."""
        stack = self.stack
        if tag == ITEM:
            return self.item(at, value, stop)
        if tag not in (ITEM_END, SEQUENCE_END) or not stack or stack[-1].closer != tag or stack[-1].end >= 0:
            raise Refused(RefusalReason.MALFORMED, name(tag), "a delimiter closes nothing")
        frame = stack.pop()
        return Element(tag, b"", at, value, value, len(stack), frame.explicit)

    def item(self, at: int, value: int, stop: int) -> Element:
        """An item of a sequence, or a fragment of the pixels."""
        stack = self.stack
        if not stack or stack[-1].closer != SEQUENCE_END:
            raise Refused(RefusalReason.MALFORMED, name(ITEM), "an item stands outside a sequence")
        parent = stack[-1]
        if parent.fragments and stop < 0:
            raise Refused(RefusalReason.MALFORMED, name(ITEM), "a pixel fragment has no length")
        if parent.fragments:
            return Element(ITEM, b"OB", at, value, stop, len(stack), parent.explicit)
        bound = stop if stop >= 0 else parent.bound
        stack.append(_Frame(ITEM_END, stop, bound, parent.explicit, fragments=False))
        return Element(ITEM, b"", at, value, stop, len(stack) - 1, parent.explicit)

    def enter(self, tag: int, vr: bytes, stop: int, parent: _Frame) -> None:
        """Open a sequence, or the fragments of the pixels."""
        if len(self.stack) // 2 >= self.limits.max_depth:
            raise Refused(RefusalReason.TOO_DEEP, name(tag))
        fragments = tag == PIXEL_DATA and stop < 0  # an icon's pixels may be compressed too
        if vr and vr not in (_FRAGMENT_VRS if fragments else _NESTING_VRS):
            raise Refused(RefusalReason.BAD_LENGTH, name(tag), "only sequences may have no length")
        explicit = parent.explicit and (vr == b"SQ" or fragments)
        bound = stop if stop >= 0 else parent.bound
        self.stack.append(_Frame(SEQUENCE_END, stop, bound, explicit, fragments))
