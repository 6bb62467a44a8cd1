"""What a compressed frame says of itself, read from its header before any codec may allocate (fault B13)."""

import struct
from enum import StrEnum
from typing import Final, NamedTuple

from scanward.dicom.errors import RefusalReason, Refused

PIXEL_DATA: Final = "(7FE0,0010) PixelData"


class Kind(StrEnum):
    """A family of codestreams, and the codec that reads it."""

    JPEG = "jpeg"
    JPEG_LS = "jpeg-ls"
    JPEG_2000 = "jpeg-2000"
    RLE = "rle"


_JPEG_2000: Final = ("90", "91", "201", "202", "203")  # 201 to 203 are HTJ2K
KINDS: Final = {
    **{f"1.2.840.10008.1.2.4.{last}": Kind.JPEG for last in ("50", "51", "57", "70")},
    **{f"1.2.840.10008.1.2.4.{last}": Kind.JPEG_LS for last in ("80", "81")},
    **{f"1.2.840.10008.1.2.4.{last}": Kind.JPEG_2000 for last in _JPEG_2000},
    "1.2.840.10008.1.2.5": Kind.RLE,
}
_JP2: Final = b"\0\0\0\x0cjP  \r\n\x87\n"  # the file format around a codestream; not allowed, but seen
_MAGICS: Final = {
    Kind.JPEG: (b"\xff\xd8\xff",),
    Kind.JPEG_LS: (b"\xff\xd8\xff",),
    Kind.JPEG_2000: (b"\xff\x4f\xff\x51", _JP2),
}
# T.81 table B.1: baseline, extended, progressive; lossless; and T.87's own.
_FRAMES: Final = {
    "50": (0xC0, 0xC1),
    "51": (0xC0, 0xC1, 0xC2),
    "57": (0xC3,),
    "70": (0xC3,),
    "80": (0xF7,),
    "81": (0xF7,),
}
_MAX_TILES: Final = 65_535
_MAX_BOXES: Final = 64


class Header(NamedTuple):
    """The size of the image in a codestream, and its samples."""

    rows: int
    columns: int
    components: int
    precision: int  # bits of a sample
    signed: bool


def _undecodable(detail: str) -> Refused:
    return Refused(RefusalReason.UNDECODABLE, PIXEL_DATA, detail)


def begins(kind: Kind, first: bytes) -> bool:
    """True when these bytes can begin a frame of this kind."""
    return kind is Kind.RLE or first.startswith(_MAGICS[kind])


def header(data: bytes, transfer_syntax: str) -> Header | None:
    """The header of a compressed frame; None for RLE, which has no size of its own.

    Raises: Refused as undecodable when it is broken or not of that transfer syntax.
    """
    kind = KINDS[transfer_syntax]
    if not begins(kind, data[:16]):
        raise _undecodable("it is not of the kind that the transfer syntax says")
    try:
        if kind is Kind.JPEG_2000:
            return _jpeg_2000(raw_jpeg_2000(data))
        return None if kind is Kind.RLE else _jpeg(data, _FRAMES[transfer_syntax.rpartition(".")[2]])
    except (struct.error, IndexError) as short:
        raise _undecodable("its header is cut off") from short


def _jpeg(data: bytes, allowed: tuple[int, ...]) -> Header:
    """Marker segments up to the frame header (T.81 B.2.2, T.87 C.2.2)."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        code = marker & 0xFF
        if marker == 0xFFFF:  # fill bytes before a marker
            at += 1
            continue
        if marker < 0xFF01 or code == 0xDA:
            raise _undecodable("its header is broken")
        if code in allowed:
            return _frame_header(data, at)
        if (0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC)) or code == 0xF7:
            raise _undecodable("its process is not the one that the transfer syntax says")
        at += 2 + max(length, 2)


def _frame_header(data: bytes, at: int) -> Header:
    precision, rows, columns, components = struct.unpack_from(">BHHB", data, at + 4)
    for component in range(components):
        sampling = data[at + 11 + 3 * component]
        if not (1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4):
            raise _undecodable("its sampling is out of bounds")
    return Header(rows, columns, components, precision, signed=False)


def raw_jpeg_2000(data: bytes) -> bytes:
    """The codestream itself, out of the JP2 boxes that some writers put around it (T.800 annex I)."""
    if not data.startswith(_JP2):
        return data
    at = 0
    for _ in range(_MAX_BOXES):
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1:
            length, start = struct.unpack_from(">Q", data, at + 8)[0], at + 16
        if kind == b"jp2c":
            return data[start : at + length if length else len(data)]
        if length < 8:
            break
        at += length
    raise _undecodable("its boxes are broken")


def _jpeg_2000(data: bytes) -> Header:
    """The SIZ marker segment (T.800 A.5.1)."""
    right, bottom, left, top, wide, high, tile_left, tile_top, count = struct.unpack_from(">8IH", data, 8)
    parts = {tuple(data[42 + 3 * part : 45 + 3 * part]) for part in range(min(count, 4))}
    if not 1 <= count <= 4 or len(parts) != 1 or min(parts)[1:] != (1, 1):
        raise _undecodable("its components are not alike")
    if not (wide and high and tile_left <= left < right and tile_top <= top < bottom):
        raise _undecodable("its tiles are out of bounds")
    if -(-(right - tile_left) // wide) * -(-(bottom - tile_top) // high) > _MAX_TILES:
        raise _undecodable("it has too many tiles")
    size = min(parts)[0]
    return Header(bottom - top, right - left, count, (size & 0x7F) + 1, signed=bool(size & 0x80))
