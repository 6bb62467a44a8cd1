"""Compressed pixels without what rides along: comments, application segments, bytes behind the end.

The coded image itself is not touched, so it decodes to the same pixels. What breaks the rules of its format
is held: nobody can say what it carries.
"""

import struct
from collections.abc import Iterator
from typing import Final

from scanward.deid.markers import clean_jpeg, clean_jpeg2000, undecodable
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.walk import ITEM, SEQUENCE_END, Buffer, name

RLE: Final = "1.2.840.10008.1.2.5"
# A JP2 file, which PS3.5 A.4.4 forbids and some programs write, begins with this box.
_JP2: Final = b"\0\0\0\x0cjP  \r\n\x87\n"
# Boxes of its header that change what a decoder shows: without them the pixels would be others.
_PALETTES: Final = frozenset((b"pclr", b"cmap", b"cdef"))
JPEG_LS: Final = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_HEADER: Final = struct.Struct("<HHI")


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
        raise undecodable()
    return [b"".join(parts[a:b]) for a, b in zip(starts, [*starts[1:], len(parts)], strict=True)]


def _by_offsets(parts: list[bytes], offsets: list[int]) -> list[bytes]:
    at, where = 0, {}
    for n, part in enumerate(parts):
        where[at], at = n, at + 8 + len(part)
    if offsets != sorted(offsets) or any(offset not in where for offset in offsets):
        raise undecodable()
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
            return clean_jpeg(frame, rows, columns, jpeg_ls=syntax in JPEG_LS)
        if frame[:2] == b"\xff\x4f":
            return clean_jpeg2000(frame, rows, columns)
        if frame.startswith(_JP2):
            return clean_jpeg2000(_unboxed(frame), rows, columns)
    except (struct.error, IndexError) as broken:
        raise undecodable() from broken
    raise undecodable()


def _unboxed(frame: bytes) -> bytes:
    """The codestream of a JP2 file of one component; its other boxes (UUID, XML) only ride along."""
    boxes = dict(reversed(list(_boxes(frame))))
    inside = list(_boxes(boxes.get(b"jp2h", b"")))
    headers = [body for kind, body in inside if kind == b"ihdr"]
    code = boxes.get(b"jp2c", b"")
    single = len(headers) == 1 and headers[0][8:10] == b"\0\1"
    if not single or code[:2] != b"\xff\x4f" or any(kind in _PALETTES for kind, _ in inside):
        raise undecodable()
    return code


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a JP2 file or of one of its boxes, as their kind and content (T.800 I.4)."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 16 if length == 1 else 8
        if length == 1:
            length = struct.unpack_from(">Q", data, at + 8)[0]
        end = at + length if length else len(data)
        if not at + head <= end <= len(data):
            raise undecodable()
        yield kind, data[at + head : end]
        at = end


def _clean_rle(frame: bytes, pixels: int) -> bytes:
    count, *offsets = struct.unpack_from("<16I", frame)
    used = offsets[:count]
    if not 1 <= count <= 15 or used != sorted(used) or used[0] != 64:
        raise undecodable()
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
        raise undecodable()
    return at
