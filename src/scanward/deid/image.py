"""An object's pixels on their way out: what they must be by their description, and nothing beside it.

Uncompressed ones are only pointed at, for the kernel to copy; but for those that carry an overlay in unused bits, which
goes. Compressed ones lose what rides along (`codestream`).
"""

import struct
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from scanward.deid import codestream, held
from scanward.deid.header import Header, NeedMore
from scanward.deid.sweep import Known
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits
from scanward.dicom.uids import IMAGE_CLASSES
from scanward.dicom.walk import Buffer, Encoding, Head

_PIXEL_DATA: Final = "(7FE0,0010) PixelData"
_FLOATS: Final = {0x7FE00008: "(7FE0,0008) FloatPixelData", 0x7FE00009: "(7FE0,0009) DoubleFloatPixelData"}
_TELLING: Final = 7  # bytes that an original value needs not to turn up in coded pixels by chance


class Geometry(NamedTuple):
    """What the pixels must be, by the attributes that describe them."""

    rows: int
    columns: int
    frames: int
    length: int  # bytes of uncompressed pixels, without padding


class Pixels(NamedTuple):
    """PixelData as it is written: bytes, then a part of the source to be copied, then bytes."""

    before: bytes
    source: tuple[int, int]  # offset and length; (0, 0) for none
    after: bytes


def geometry(first: dict[int, bytes], encoding: Encoding) -> Geometry:
    """Read the image's size.

    Raises: Refused when it is missing or makes no sense.
    """
    order = _order(encoding)
    numbers = [first.get(tag, b"") for tag in (0x00280010, 0x00280011, 0x00280002, 0x00280100)]
    return _geometry(tuple(numbers), first.get(0x00280008, b""), first.get(0x00280004, b""), order)


@lru_cache(maxsize=64)
def _geometry(
    numbers: tuple[bytes, ...], frame_count: bytes, photometric: bytes, order: Literal["little", "big"]
) -> Geometry:
    rows, columns, samples, bits = (
        int.from_bytes(value[:2], order) if len(value) >= 2 else default
        for value, default in zip(numbers, (0, 0, 1, 16), strict=True)
    )
    count = frame_count.strip(b" \0") or b"1"
    if not rows or not columns or not count.isdigit() or len(count) > 9:
        raise Refused(RefusalReason.BAD_GEOMETRY, "(0028,0010) Rows")
    frames = int(count) or 1
    if bits not in (1, 8, 16, 32, 64) or not 1 <= samples <= 4:
        raise Refused(RefusalReason.BAD_GEOMETRY, "(0028,0100) BitsAllocated")
    values = rows * columns * samples * frames
    if photometric.startswith(b"YBR_FULL_422"):
        values = values * 2 // 3
    return Geometry(rows, columns, frames, (values * bits + 7) // 8)


def compressed(data: Buffer, header: Header, about: Head, *, size: int, known: Known, limits: Limits) -> Pixels:
    """The frames without what rides along.

    Raises: Refused, Held
    """
    assert header.pixels is not None
    shape = geometry(header.first, about.encoding)
    if header.overlays_in_pixels(_order(about.encoding)):
        raise held.Held(held.HeldReason.OVERLAY_BITS)
    found, _ = codestream.fragments(data, header.pixels[3], size, limits)
    if not found:
        raise Refused(RefusalReason.PIXELS_MISSING, _PIXEL_DATA)
    frames = [
        codestream.clean_frame(frame, about.transfer_syntax, shape.rows, shape.columns)
        for frame in codestream.frames_of(found, shape.frames)
    ]
    originals = [raw for raw in known.raw if len(raw) >= _TELLING]
    if any(raw in frame for frame in frames for raw in originals):
        raise held.Held(held.HeldReason.RESIDUAL, _PIXEL_DATA)
    body = codestream.encapsulate(frames, with_table=bool(found[0]) or shape.frames > 1)
    return Pixels(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + body, (0, 0), b"")


def uncompressed(data: Buffer, header: Header, encoding: Encoding, *, redacted: bool) -> Pixels:
    """As many bytes as the description says. `redacted` is True when the pixel engines looked at every bit.

    Raises: Refused, Held, NeedMore
    """
    assert header.pixels is not None
    _, vr, _, start, end = header.pixels
    expected = geometry(header.first, encoding).length
    if end - start < expected:
        raise Refused(RefusalReason.PIXELS_SHORT, _PIXEL_DATA)
    padding = b"\0" * (expected & 1)
    before = _pixel_header(encoding, vr, expected + len(padding))
    planes = header.overlays_in_pixels(_order(encoding)) if header.overlays and not redacted else []
    if not planes:
        return Pixels(before, (start, expected), padding)
    if start + expected > len(data):
        raise NeedMore
    mask = _used_bits(header.first, encoding, planes)
    values = int.from_bytes(data[start : start + expected], "big") & int.from_bytes(
        mask * (expected // len(mask)), "big"
    )
    return Pixels(before + values.to_bytes(expected, "big"), (0, 0), padding)


def _used_bits(first: dict[int, bytes], encoding: Encoding, planes: list[int]) -> bytes:
    """One pixel with a one in every bit that belongs to its value (PS3.5 8.1.1).

    Raises: Held when an overlay sits in those, or when the description makes no sense.
    """
    order = _order(encoding)
    allocated, stored, high = (
        int.from_bytes(first.get(tag, b"")[:2], order) for tag in (0x00280100, 0x00280101, 0x00280102)
    )
    low = high + 1 - stored
    if allocated not in (8, 16, 32) or not 0 <= low <= high < allocated or any(low <= bit <= high for bit in planes):
        raise held.Held(held.HeldReason.OVERLAY_BITS)
    return int.to_bytes((1 << stored) - 1 << low, allocated // 8, order)


def check_floats(header: Header, sop_class: str, encoding: Encoding) -> None:
    """An object without PixelData: none is needed, or its floating-point pixels are as many as the description says.

    Raises: Refused
    """
    found = [tag for tag in _FLOATS if tag in header.tags]
    if not found and (sop_class in IMAGE_CLASSES or 0x00280010 in header.first):
        raise Refused(RefusalReason.PIXELS_MISSING, _PIXEL_DATA)  # an image, though it be cut off before its Rows
    for tag in found:
        expected = geometry(header.first, encoding).length
        length = len(header.raws[header.tags.index(tag)]) - (12 if encoding.explicit else 8)
        if length != expected:
            raise Refused(RefusalReason.PIXELS_LONG if length > expected else RefusalReason.PIXELS_SHORT, _FLOATS[tag])


def _order(encoding: Encoding) -> Literal["little", "big"]:
    return "little" if encoding.little else "big"


def _pixel_header(encoding: Encoding, vr: bytes, length: int) -> bytes:
    order = "<" if encoding.little else ">"
    if not encoding.explicit:
        return struct.pack(order + "HHI", 0x7FE0, 0x0010, length)
    return struct.pack(order + "HH2sHI", 0x7FE0, 0x0010, vr if vr in (b"OB", b"OW") else b"OW", 0, length)
