"""The marker segments of a coded frame: what a decoder needs stays, what only rides along goes.

A segment that no rule of its format explains is held rather than dropped: nobody can say what it carries.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from scanward.deid.held import Held, HeldReason

_U16: Final = struct.Struct(">H")
_U32: Final = struct.Struct(">I")
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_AFTER_SCAN_LS: Final = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_JFIF: Final = re.compile(rb"JFIF\0\x01[\x00-\x02][\x00-\x02].{4}\0\0", re.DOTALL)
_ADOBE: Final = re.compile(rb"Adobe\0[\x64\x65].{4}[\x00-\x02]", re.DOTALL)
_FRAMES: Final = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7))
_QUANTIZATION, _HUFFMAN, _SCAN = 0xDB, 0xC4, 0xDA
# Segments of one length (T.81 B.2.4, T.87 C.2.4): restart interval, number of lines, the parameters of JPEG-LS.
_LENGTHS: Final = {0xDD: 2, 0xDC: 2, 0xF8: 11}
_LETTERS: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9 ^=.,:@/_-]{6,}[A-Za-z0-9]")
_LETTERS_AT_THE_END: Final = re.compile(rb"[A-Za-z0-9 ^=.,:@/_-]{8,}\Z")
# T.800 and T.814: what a decoder needs, and what only helps it to find its way (and may go).
_NEEDED: Final = frozenset((0x50, 0x51, 0x52, 0x53, 0x59, 0x5E, 0x5F, 0x60, 0x61, 0x63))
_QUANTIZED: Final = {0x5C: 4, 0x5D: 5}  # QCD and QCC, and where their style stands (fewer than 257 components)
_HELPFUL: Final = frozenset((0x55, 0x57, 0x58, 0x64))


def undecodable() -> Held:
    """Held: what breaks the rules of its format."""
    return Held(HeldReason.UNDECODABLE, "(7FE0,0010) PixelData")


class _Segment(NamedTuple):
    """A marker segment, and for a scan the coded data behind it."""

    marker: int
    body: bytes
    coded: bytes = b""

    def bytes(self) -> bytes:
        return b"\xff" + bytes((self.marker,)) + _U16.pack(len(self.body) + 2) + self.body + self.coded


def clean_jpeg(frame: bytes, rows: int, columns: int, *, jpeg_ls: bool) -> bytes:
    """A JPEG or JPEG-LS frame without comments, application segments, idle tables and trailing bytes.

    Raises: Held, struct.error, IndexError
    """
    segments = list(_jpeg_segments(frame, jpeg_ls=jpeg_ls))
    tables: dict[int, set[int]] = {_QUANTIZATION: set(), _HUFFMAN: set()}
    for marker, body, _ in segments:
        if marker in _FRAMES:
            if _U16.unpack_from(body, 1) + _U16.unpack_from(body, 3) != (rows, columns) or len(body) != 6 + 3 * body[5]:
                raise undecodable()
            tables[_QUANTIZATION] |= set(body[8::3])
        if marker == _SCAN:
            if len(body) != 4 + 2 * body[0]:
                raise undecodable()
            selectors = body[2 : 1 + 2 * body[0] : 2]
            tables[_HUFFMAN] |= {one >> 4 for one in selectors} | {0x10 | one & 15 for one in selectors}
    kept = []
    for segment in segments:
        if segment.marker in tables:
            body = b"".join(_tables(segment, tables[segment.marker]))
            kept += [segment._replace(body=body)] if body else []
        elif _jpeg_segment_stays(segment.marker, segment.body, jpeg_ls=jpeg_ls):
            kept.append(segment)
    return b"\xff\xd8" + b"".join(segment.bytes() for segment in kept) + b"\xff\xd9"


def _jpeg_segments(frame: bytes, *, jpeg_ls: bool) -> Iterator[_Segment]:
    """The segments up to the end of the image."""
    at, scan = 2, _AFTER_SCAN_LS if jpeg_ls else _AFTER_SCAN
    while True:
        while frame[at] == 0xFF and frame[at + 1] == 0xFF:
            at += 1
        marker = frame[at + 1]
        if frame[at] != 0xFF:
            raise undecodable()
        if marker == 0xD9:
            return
        length = _U16.unpack_from(frame, at + 2)[0]
        end = at + 2 + length
        if length < 2 or end > len(frame):
            raise undecodable()
        body, coded = frame[at + 4 : end], b""
        if marker == _SCAN:
            found = scan.search(frame, end)
            if found is None:
                raise undecodable()
            coded = _coded(frame[end : found.start()])
            end = found.start()
        yield _Segment(marker, body, coded)
        at = end


def _tables(segment: _Segment, used: set[int]) -> Iterator[bytes]:
    """The tables of a segment that the image uses (T.81 B.2.4.1, B.2.4.2)."""
    body, at = segment.body, 0
    while at < len(body):
        if segment.marker == _QUANTIZATION:
            end, name = at + 1 + 64 * (1 + (body[at] >> 4 & 1)), body[at] & 15
        else:
            end, name = at + 17 + sum(body[at + 1 : at + 17]), body[at]
        if end > len(body):
            raise undecodable()
        if name in used:
            yield body[at:end]
        at = end


def _jpeg_segment_stays(marker: int, body: bytes, *, jpeg_ls: bool) -> bool:
    """Comments and application segments go, but for the two that tell a decoder the colours.

    Raises: Held for a segment that no image in DICOM has.
    """
    if marker == 0xE0:
        return _JFIF.fullmatch(body) is not None
    if marker == 0xEE:
        return _ADOBE.fullmatch(body) is not None
    if marker == 0xFE or 0xE0 <= marker <= 0xEF:
        return False
    if marker in _LENGTHS and len(body) == _LENGTHS[marker] and (marker != 0xF8 or (jpeg_ls and body[0] == 1)):
        return True
    if marker in _FRAMES or marker == _SCAN or (marker == 0xCC and not _LETTERS.search(body)):
        return True
    raise undecodable()


def _coded(data: bytes) -> bytes:
    """Coded data, unless letters stand behind it: a decoder stops before them, a reader does not."""
    found = _LETTERS_AT_THE_END.search(data.rstrip(b"\0 ")[-256:])
    if found and len(set(found.group())) > 4:
        raise undecodable()
    return data


def clean_jpeg2000(frame: bytes, rows: int, columns: int) -> bytes:
    """A JPEG 2000 frame without comments, without what only helps to find one's way, and without trailing bytes.

    Raises: Held, struct.error, IndexError
    """
    header, at = _jpeg2000_segments(frame, 2, 0x90)
    size = next((s for s in header if s[1] == 0x51), b"")
    x, y, x0, y0 = struct.unpack_from(">4I", size, 6)
    if (y - y0, x - x0) != (rows, columns):
        raise undecodable()
    parts: list[bytes] = []
    while frame[at : at + 2] == b"\xff\x90":
        part, at = _tile_part(frame, at)
        parts.append(part)
    if frame[at : at + 2] != b"\xff\xd9":
        raise undecodable()
    return b"".join([b"\xff\x4f", *[s for s in header if _jpeg2000_segment_stays(s)], *parts, b"\xff\xd9"])


def _jpeg2000_segments(frame: bytes, at: int, until: int) -> tuple[list[bytes], int]:
    """Marker segments from `at` up to, and without, the marker `until`."""
    found: list[bytes] = []
    while True:
        if frame[at] != 0xFF:
            raise undecodable()
        if frame[at + 1] == until:
            return found, at
        length = _U16.unpack_from(frame, at + 2)[0]
        if length < 2 or at + 2 + length > len(frame):
            raise undecodable()
        found.append(frame[at : at + 2 + length])
        at += 2 + length


def _jpeg2000_segment_stays(segment: bytes) -> bool:
    if segment[1] in _HELPFUL:
        return False
    if segment[1] in _QUANTIZED:
        legal = _steps(segment[_QUANTIZED[segment[1]] :])
    else:
        legal = segment[1] in _NEEDED and not _LETTERS.search(segment)
    if not legal:
        raise undecodable()
    return True


def _steps(body: bytes) -> bool:
    """Are these the step sizes of 3 subbands a level, and one (T.800 A.6.4)? They can look like letters."""
    style, values = body[0] & 31, body[1:]
    if style == 0:
        return len(values) % 3 == 1 and not any(value & 7 for value in values)
    return len(values) == 2 if style == 1 else style == 2 and len(values) % 6 == 2


def _tile_part(frame: bytes, at: int) -> tuple[bytes, int]:
    """A tile-part without comments, its length corrected, and where it ends."""
    declared = _U32.unpack_from(frame, at + 6)[0]
    end = at + declared if declared else frame.rfind(b"\xff\xd9")
    if _U16.unpack_from(frame, at + 2)[0] != 10 or not at + 14 <= end <= len(frame):
        raise undecodable()
    segments, data = _jpeg2000_segments(frame, at + 12, 0x93)
    body = b"".join([s for s in segments if _jpeg2000_segment_stays(s)]) + _coded(frame[data:end])
    length = 12 + len(body) if declared else 0
    return frame[at : at + 6] + _U32.pack(length) + frame[at + 10 : at + 12] + body, end
