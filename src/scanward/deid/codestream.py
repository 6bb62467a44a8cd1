"""Compressed pixels without what rides along: comments, application segments, bytes behind the end.

The coded image itself is not touched, so it decodes to the same pixels. What breaks the rules of its format
is held: nobody can say what it carries.
"""

import re
import struct
from typing import Final

from scanward.deid.held import Held, HeldReason
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.walk import ITEM, SEQUENCE_END, Buffer, name

RLE: Final = "1.2.840.10008.1.2.5"
JPEG_LS: Final = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_HEADER: Final = struct.Struct("<HHI")
_U16: Final = struct.Struct(">H")
_U32: Final = struct.Struct(">I")
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_AFTER_SCAN_LS: Final = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_JFIF: Final = re.compile(rb"JFIF\0\x01[\x00-\x02][\x00-\x02].{4}\0\0", re.DOTALL)
_ADOBE: Final = re.compile(rb"Adobe\0[\x64\x65].{4}[\x00-\x02]", re.DOTALL)
_FRAMES: Final = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7))


def _undecodable() -> Held:
    return Held(HeldReason.UNDECODABLE, "(7FE0,0010) PixelData")


def fragments(data: Buffer, start: int, end: int, limits: Limits = DEFAULT) -> tuple[list[bytes], int]:
    """The items of encapsulated pixels (the offset table first) and where their delimiter ends.

    Raises: Refused
    """
    found: list[bytes] = []
    at = start
    while at + 8 <= end:
        group, element, length = _HEADER.unpack_from(data, at)
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return found, at + 8
        if tag != ITEM:
            raise Refused(RefusalReason.MALFORMED, name(tag), "it stands among the pixel fragments")
        if at + 8 + length > end:
            raise Refused(RefusalReason.TRUNCATED, "(7FE0,0010) PixelData")
        if len(found) > limits.max_fragments:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS, "(7FE0,0010) PixelData")
        found.append(bytes(data[at + 8 : at + 8 + length]))
        at += 8 + length
    raise Refused(RefusalReason.TRUNCATED, "(7FE0,0010) PixelData")


def frames_of(found: list[bytes], count: int) -> list[bytes]:
    """The coded frames, each in one piece.

    Raises: Held when the fragments can't be told apart.
    """
    table, parts = found[0], found[1:]
    if count == 1:
        return [b"".join(parts)]
    if len(parts) == count:
        return parts
    if len(table) == 4 * count:
        return _by_offsets(parts, list(struct.unpack(f"<{count}I", table)))
    starts = [n for n, part in enumerate(parts) if part[:2] in (b"\xff\xd8", b"\xff\x4f")]
    if len(starts) != count:
        raise _undecodable()
    return [b"".join(parts[a:b]) for a, b in zip(starts, [*starts[1:], len(parts)], strict=True)]


def _by_offsets(parts: list[bytes], offsets: list[int]) -> list[bytes]:
    at, where = 0, {}
    for n, part in enumerate(parts):
        where[at], at = n, at + 8 + len(part)
    if offsets != sorted(offsets) or any(offset not in where for offset in offsets):
        raise _undecodable()
    starts = [where[offset] for offset in offsets]
    return [b"".join(parts[a:b]) for a, b in zip(starts, [*starts[1:], len(parts)], strict=True)]


def encapsulate(frames: list[bytes], *, with_table: bool) -> bytes:
    """Frames as pixel data items, one fragment each, with a basic offset table when asked."""
    padded = [frame + b"\0" * (len(frame) & 1) for frame in frames]
    offsets, at = [], 0
    for frame in padded:
        offsets.append(at)
        at += 8 + len(frame)
    table = struct.pack(f"<{len(offsets)}I", *offsets) if with_table and at < 1 << 32 else b""
    out = [_HEADER.pack(0xFFFE, 0xE000, len(table)), table]
    for frame in padded:
        out += (_HEADER.pack(0xFFFE, 0xE000, len(frame)), frame)
    out.append(_HEADER.pack(0xFFFE, 0xE0DD, 0))
    return b"".join(out)


def clean_frame(frame: bytes, syntax: str, rows: int, columns: int) -> bytes:
    """One coded frame without comments, application segments and trailing bytes.

    Raises: Held when it breaks its format's rules or declares another size than the data set.
    """
    try:
        if syntax == RLE:
            return _clean_rle(frame, rows * columns)
        if frame[:2] == b"\xff\xd8":
            return _clean_jpeg(frame, rows, columns, jpeg_ls=syntax in JPEG_LS)
        if frame[:2] == b"\xff\x4f":
            return _clean_jpeg2000(frame, rows, columns)
    except (struct.error, IndexError) as broken:
        raise _undecodable() from broken
    raise _undecodable()


def _clean_jpeg(frame: bytes, rows: int, columns: int, *, jpeg_ls: bool) -> bytes:
    out, at, scan = [b"\xff\xd8"], 2, _AFTER_SCAN_LS if jpeg_ls else _AFTER_SCAN
    while True:
        while frame[at] == 0xFF and frame[at + 1] == 0xFF:
            at += 1
        marker = frame[at + 1]
        if frame[at] != 0xFF:
            raise _undecodable()
        if marker == 0xD9:
            return b"".join([*out, b"\xff\xd9"])
        length = _U16.unpack_from(frame, at + 2)[0]
        end = at + 2 + length
        if length < 2 or end > len(frame):
            raise _undecodable()
        body = frame[at + 4 : end]
        if marker in _FRAMES and _U16.unpack_from(body, 1) + _U16.unpack_from(body, 3) != (rows, columns):
            raise _undecodable()
        if _jpeg_segment_stays(marker, body):
            out.append(frame[at:end])
        at = end
        if marker == 0xDA:
            found = scan.search(frame, at)
            if found is None:
                raise _undecodable()
            out.append(frame[at : found.start()])
            at = found.start()


def _jpeg_segment_stays(marker: int, body: bytes) -> bool:
    """Comments and application segments go, but for the two that tell a decoder the colours."""
    if marker == 0xFE:
        return False
    if marker == 0xE0:
        return _JFIF.fullmatch(body) is not None
    if marker == 0xEE:
        return _ADOBE.fullmatch(body) is not None
    return not 0xE0 <= marker <= 0xEF


def _clean_jpeg2000(frame: bytes, rows: int, columns: int) -> bytes:
    header, at = _jpeg2000_segments(frame, 2, 0x90)
    size = next((s for s in header if s[1] == 0x51), b"")
    x, y, x0, y0 = struct.unpack_from(">4I", size, 6)
    if (y - y0, x - x0) != (rows, columns):
        raise _undecodable()
    out, changed, lengths = [b"\xff\x4f"], False, [s for s in header if s[1] == 0x55]
    parts: list[bytes] = []
    while frame[at : at + 2] == b"\xff\x90":
        part, at, cut = _tile_part(frame, at)
        parts.append(part)
        changed = changed or cut
    if frame[at : at + 2] != b"\xff\xd9":
        raise _undecodable()
    out += [s for s in header if s[1] != 0x64 and not (changed and s in lengths)]
    return b"".join([*out, *parts, b"\xff\xd9"])


def _jpeg2000_segments(frame: bytes, at: int, until: int) -> tuple[list[bytes], int]:
    """Marker segments from `at` up to, and without, the marker `until`."""
    found: list[bytes] = []
    while True:
        if frame[at] != 0xFF:
            raise _undecodable()
        if frame[at + 1] == until:
            return found, at
        length = _U16.unpack_from(frame, at + 2)[0]
        if length < 2 or at + 2 + length > len(frame):
            raise _undecodable()
        found.append(frame[at : at + 2 + length])
        at += 2 + length


def _tile_part(frame: bytes, at: int) -> tuple[bytes, int, bool]:
    """A tile-part without comments, its length corrected; where it ends; whether it changed."""
    declared = _U32.unpack_from(frame, at + 6)[0]
    end = at + declared if declared else frame.rfind(b"\xff\xd9")
    if _U16.unpack_from(frame, at + 2)[0] != 10 or not at + 14 <= end <= len(frame):
        raise _undecodable()
    segments, data = _jpeg2000_segments(frame, at + 12, 0x93)
    kept = [segment for segment in segments if segment[1] != 0x64]
    body = b"".join(kept) + frame[data:end]
    length = 12 + len(body) if declared else 0
    return (
        frame[at : at + 6] + _U32.pack(length) + frame[at + 10 : at + 12] + body,
        end,
        len(kept) != len(segments),
    )


def _clean_rle(frame: bytes, pixels: int) -> bytes:
    count, *offsets = struct.unpack_from("<16I", frame)
    used = offsets[:count]
    if not 1 <= count <= 15 or used != sorted(used) or used[0] != 64:
        raise _undecodable()
    out, table, at = [], [], 64
    for start, end in zip(used, [*used[1:], len(frame)], strict=True):
        segment = frame[start : _rle_end(frame, start, end, pixels)]
        segment += b"\0" * (len(segment) & 1)
        table.append(at)
        out.append(segment)
        at += len(segment)
    return struct.pack("<16I", count, *table, *[0] * (15 - count)) + b"".join(out)


def _rle_end(frame: bytes, at: int, end: int, pixels: int) -> int:
    """Where the packets of an RLE segment have given all its bytes (PS3.5 G.3.1)."""
    made = 0
    while made < pixels and at < end:
        code = frame[at]
        if code < 128:
            made, at = made + code + 1, at + code + 2
        elif code > 128:
            made, at = made + 257 - code, at + 2
        else:
            at += 1
    if made < pixels or at > end:
        raise _undecodable()
    return at
