"""One frame's pixels as an array, for every transfer syntax of CT; its Hounsfield units; its picture."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scanward.dicom import codestream, decoding, pixels, read, source, tags, walk
from scanward.dicom.decoder import Request
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.geometry import FrameGeometry, Window, geometry_of
from scanward.dicom.image import Image
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.palette import Palette, palette
from scanward.dicom.read import Inspected

Pixels = NDArray[Any]
_MONOCHROME: Final = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True, slots=True)
class Frame:
    """Stored values, shape (rows, columns) or (rows, columns, samples), and how to understand them."""

    pixels: Pixels
    index: int
    photometric: str  # of `pixels`: what a codec converted on its way is told as converted
    bits_stored: int
    geometry: FrameGeometry
    palette: Palette | None = None


def frame(data: walk.Buffer | Path, index: int = 0, *, limits: Limits = DEFAULT) -> Frame:
    """Decode one frame, counted from 0. A compressed one is decoded in a child process.

    Raises: Refused for a bad file, for a frame that isn't there, and (undecodable) for a bad codestream.
    """
    with source.opened(data, limits) as buffer:
        opened = read.open_(buffer, limits)
        return frame_of(opened.inspected, opened.data, index, limits=limits)


def frame_of(seen: Inspected, data: walk.Buffer, index: int = 0, *, limits: Limits = DEFAULT) -> Frame:
    """Decode one frame of a file that was inspected; `data` is what its offsets are in (`read.open_`).

    Raises: Refused like `frame`.
    """
    shape = seen.image
    if shape is None or not 0 <= index < shape.frames:
        raise Refused(RefusalReason.NO_SUCH_FRAME)
    if shape.decoded_bytes > limits.max_frame_bytes:
        raise Refused(RefusalReason.UNDECODABLE, codestream.PIXEL_DATA, "a frame is too large to be shown")
    compressed = seen.transfer_syntax_uid in codestream.KINDS
    stored = _compressed(seen, shape, data, index, limits) if compressed else _native(seen, shape, data, index)
    return Frame(
        pixels=_meaningful(stored, shape),
        index=index,
        photometric=_photometric_after(shape.photometric, compressed),
        bits_stored=shape.bits_stored,
        geometry=geometry_of(seen.dicom_json, index),
        palette=palette(seen, data) if shape.photometric == "PALETTE COLOR" else None,
    )


def _dtype(shape: Image) -> np.dtype[Any]:
    kind = "f" if shape.floating else "i" if shape.signed else "u"
    return np.dtype(f"<{kind}{max(shape.bits_allocated // 8, 1)}")


def _photometric_after(photometric: str, compressed: bool) -> str:
    if photometric == "YBR_FULL_422":
        return "YBR_FULL"  # the missing samples are filled in
    return "RGB" if compressed and photometric in ("YBR_ICT", "YBR_RCT") else photometric


def _native(seen: Inspected, shape: Image, data: walk.Buffer, index: int) -> Pixels:
    """Slice an uncompressed frame out of the file; only that frame is copied."""
    assert seen.pixel is not None
    big = seen.transfer_syntax_uid == walk.EXPLICIT_BIG
    first, last = index * shape.frame_bits, (index + 1) * shape.frame_bits
    start, end = first // 8, ceil(last / 8)
    if big and shape.bits_allocated <= 8 and seen.pixel_vr == "OW":
        start, end = start & ~1, min((end + 1) & ~1, seen.pixel.length)
        raw = bytes(data[seen.pixel.offset + start : seen.pixel.offset + end])
        raw = np.frombuffer(raw[: len(raw) & ~1], np.uint16).byteswap().tobytes() + raw[len(raw) & ~1 :]
    else:
        raw = bytes(data[seen.pixel.offset + start : seen.pixel.offset + end])
    if shape.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
        flat: Pixels = bits[first - start * 8 :][: shape.frame_bits]
    else:
        dtype = _dtype(shape).newbyteorder(">" if big else "<")
        flat = np.frombuffer(raw, dtype, offset=first // 8 - start, count=shape.frame_bits // (8 * dtype.itemsize))
        flat = flat.astype(_dtype(shape))
    return _arranged(_upsampled(flat) if shape.photometric == "YBR_FULL_422" else flat, shape, shape.planar)


def _upsampled(flat: Pixels) -> Pixels:
    """Y Y Cb Cr, as two pixels of YBR_FULL_422 are stored (PS3.3 C.7.6.3.1.2), as two full pixels."""
    pairs = flat.reshape(-1, 4)
    return pairs[:, [0, 2, 3, 1, 2, 3]].reshape(-1)


def _arranged(flat: Pixels, shape: Image, planar: bool) -> Pixels:
    if shape.samples == 1:
        return flat.reshape(shape.rows, shape.columns)
    if planar:
        planes = flat.reshape(shape.samples, shape.rows, shape.columns)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))
    return flat.reshape(shape.rows, shape.columns, shape.samples)


def _compressed(seen: Inspected, shape: Image, data: walk.Buffer, index: int, limits: Limits) -> Pixels:
    """Decode a frame in a child, after its header was compared with what is declared."""
    encoded = pixels.gather(data, seen.fragments[index])
    syntax = seen.transfer_syntax_uid
    head = pixels.check_codestream(encoded, len(encoded), shape, syntax)
    if shape.bits_allocated not in (8, 16, 32) or shape.floating:
        raise Refused(RefusalReason.UNDECODABLE, tags.label(0x00280100))
    precision = head.precision if head else shape.bits_allocated
    request = Request(
        kind=codestream.KINDS[syntax],
        rows=shape.rows,
        columns=shape.columns,
        samples=shape.samples,
        bits_allocated=shape.bits_allocated,
        precision=precision,
        photometric=shape.photometric,
        seconds=ceil(limits.decode_seconds),
        memory=limits.decode_memory + limits.decode_memory_factor * (shape.decoded_bytes + len(encoded)),
        encoded=encoded,
    )
    found = decoding.decode(request, limits)
    flat: Pixels = np.frombuffer(found.samples, f"<u{found.container}")
    flat = _signed(flat, precision) if shape.signed else _unsigned(flat, precision)
    return _arranged(flat.astype(_dtype(shape)), shape, found.planar)


def _signed(flat: Pixels, precision: int) -> Pixels:
    """Two's complement of `precision` bits in a larger container, its sign carried upward."""
    unused = flat.dtype.itemsize * 8 - precision
    signed = flat.view(f"<i{flat.dtype.itemsize}")
    return (signed << unused) >> unused if unused else signed


def _unsigned(flat: Pixels, precision: int) -> Pixels:
    unused = flat.dtype.itemsize * 8 - precision
    return (flat << unused) >> unused if unused else flat


def _meaningful(stored: Pixels, shape: Image) -> Pixels:
    """Without the bits that belong to an overlay, where there are such (PS3.5 8.1.1)."""
    shift = shape.high_bit + 1 - shape.bits_stored
    if shape.floating or shape.bits_allocated < 8 or not (shape.overlay_in_pixels or shift > 0):
        return stored
    return (stored << (shape.bits_allocated - 1 - shape.high_bit)) >> (shape.bits_allocated - shape.bits_stored)


def hounsfield(frame: Frame) -> NDArray[np.float32]:
    """Stored values times slope plus intercept (PS3.3 C.11.1.1.2), shape (rows, columns); in HU for CT.

    Raises: Refused for a colour image, which has none, and for a slope of 0.
    """
    if frame.photometric not in _MONOCHROME:
        raise Refused(RefusalReason.BAD_VALUE, tags.label(0x00280004), "a colour image has no Hounsfield units")
    if frame.geometry.slope == 0:
        raise Refused(RefusalReason.BAD_VALUE, tags.label(0x00281053))
    values = frame.pixels.astype(np.float32)
    values *= np.float32(frame.geometry.slope)
    values += np.float32(frame.geometry.intercept)
    return values


def picture(frame: Frame, window: Window | None = None) -> NDArray[np.uint8]:
    """The frame as it is shown, 8-bit RGB of shape (rows, columns, 3).

    `window` is used for grey images; without it the frame's own first window, or all that it holds.
    Raises: Refused as undecodable when the colours can't be told.
    """
    if frame.photometric in _MONOCHROME:
        grey = _windowed(frame, window)
        return np.repeat(grey[:, :, None], 3, axis=2)
    make = _COLOURS.get(frame.photometric)
    if make is None:
        raise Refused(RefusalReason.UNDECODABLE, tags.label(0x00280004))
    return np.asarray(make(frame), np.uint8)


def _windowed(frame: Frame, window: Window | None) -> NDArray[np.uint8]:
    """The LINEAR function of PS3.3 C.11.2.1.2.1, MONOCHROME1 turned round."""
    values = hounsfield(frame)
    if window is None:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        whole = Window((low + high + 1) / 2, max(high - low + 1, 1))
        window = frame.geometry.windows[0] if frame.geometry.windows else whole
    width = max(window.width - 1, 1e-6)
    values -= np.float32(window.centre - 0.5 - width / 2)
    values *= np.float32(255 / width)
    np.nan_to_num(values, copy=False)
    np.clip(np.rint(values, out=values), 0, 255, out=values)
    return (255 - values if frame.photometric == "MONOCHROME1" else values).astype(np.uint8)


def _eight_bits(frame: Frame) -> NDArray[np.uint8]:
    shift = max(frame.bits_stored - 8, 0)
    return np.asarray(frame.pixels >> shift, np.uint8)


def _from_ybr(frame: Frame) -> NDArray[np.uint8]:
    """YBR_FULL to RGB (PS3.3 C.7.6.3.1.2, the inverse of its equations)."""
    y, b, r = np.moveaxis(_eight_bits(frame).astype(np.float32), 2, 0)
    b -= 128
    r -= 128
    colours = np.stack((y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b), axis=2)
    return np.asarray(np.clip(np.rint(colours), 0, 255), np.uint8)


def _from_palette(frame: Frame) -> NDArray[np.uint8]:
    if frame.palette is None:
        raise Refused(RefusalReason.UNDECODABLE, tags.label(0x00281101))
    return frame.palette.colours(frame.pixels)


_COLOURS: Final[dict[str, Callable[[Frame], NDArray[np.uint8]]]] = {
    "RGB": _eight_bits,
    "YBR_FULL": _from_ybr,
    "PALETTE COLOR": _from_palette,
}
