"""Where each frame's bytes lie, and whether there are as many of them as declared (faults B1 and B6)."""

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from scanward.dicom import codestream, tags, walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.image import Image
from scanward.dicom.json_model import Pixels, Span
from scanward.dicom.limits import Limits

Frames = tuple[tuple[Span, ...], ...]  # the fragments of each frame

_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
_PREFIXES: Final = (1 << 11, 1 << 17)  # in which the header of a codestream stands: mostly, at most
# Above this size a codestream that is a thousand times smaller than its image is no image, but a trap.
_TRAP_SIZE, _TRAP_RATIO = 16 << 20, 1000


def check_native(pixels: Pixels, image: Image, *, longer: bool = False) -> None:
    """Uncompressed pixels are exactly as long as declared, but for one byte of padding, or `longer`.

    Raises: Refused when there are fewer or more, or when they come as fragments.
    """
    element = tags.label(pixels.tag)
    if pixels.encapsulated:
        raise Refused(RefusalReason.MALFORMED, element, "they are in fragments, which the syntax excludes")
    missing = image.total_bytes - pixels.span.length
    if missing > 0:
        raise Refused(RefusalReason.PIXELS_SHORT, element)
    if missing < -1 and not longer:
        raise Refused(RefusalReason.PIXELS_LONG, element)


def encapsulated_frames(
    data: walk.Buffer, pixels: Pixels, image: Image, transfer_syntax: str, limits: Limits
) -> Frames:
    """The fragments of each frame, by the offset tables where there are any.

    Raises: Refused when the frames are not as many as declared, or the tables contradict the fragments.
    """
    if not pixels.encapsulated:
        raise Refused(RefusalReason.MALFORMED, tags.label(pixels.tag), "they are not in fragments, as they must")
    if len(pixels.fragments) < 2:
        raise Refused(RefusalReason.PIXELS_MISSING, tags.label(pixels.tag))
    fragments = pixels.fragments[1:]
    kind = codestream.KINDS[transfer_syntax]
    starts = _starts(data, pixels, image, limits)
    if starts is not None:
        frames = _by_offsets(fragments, starts)
    elif image.frames == 1:
        frames = (tuple(fragments),)
    elif image.frames == len(fragments):
        frames = tuple((fragment,) for fragment in fragments)
    else:
        frames = _by_beginnings(data, fragments, kind)
    if len(frames) != image.frames:
        raise Refused(RefusalReason.FRAME_COUNT, tags.label(0x00280008))
    _check_frames(data, frames, kind)
    _check_lengths(data, pixels, frames)
    return frames


def _check_frames(data: walk.Buffer, frames: Frames, kind: codestream.Kind) -> None:
    for frame in frames:
        if sum(span.length for span in frame) < 16:
            raise Refused(RefusalReason.PIXELS_SHORT, codestream.PIXEL_DATA)
        if not codestream.begins(kind, gather(data, frame, 16)):
            raise Refused(RefusalReason.MALFORMED, codestream.PIXEL_DATA, "they are not what the transfer syntax says")


def _starts(data: walk.Buffer, pixels: Pixels, image: Image, limits: Limits) -> tuple[int, ...] | None:
    """Where the frames start, relative to the first fragment's item, by either table; None without one."""
    span, code = pixels.tables.get(_OFFSETS), "Q"
    if span is None:
        span, code = pixels.fragments[0], "I"
    if span.length == 0:
        return None
    size = struct.calcsize(code)
    if span.length != size * image.frames or image.frames > limits.max_frames:
        raise Refused(RefusalReason.OFFSET_TABLE, codestream.PIXEL_DATA)
    starts = struct.unpack(f"<{image.frames}{code}", data[span.offset : span.offset + span.length])
    if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
        raise Refused(RefusalReason.OFFSET_TABLE, codestream.PIXEL_DATA)
    return starts


def _by_offsets(fragments: Sequence[Span], starts: Sequence[int]) -> Frames:
    base = fragments[0].offset
    places = {span.offset - base: number for number, span in enumerate(fragments)}
    try:
        numbers = [places[start] for start in starts] + [len(fragments)]
    except KeyError as astray:
        raise Refused(RefusalReason.OFFSET_TABLE, codestream.PIXEL_DATA) from astray
    return tuple(tuple(fragments[first:after]) for first, after in pairwise(numbers))


def _by_beginnings(data: walk.Buffer, fragments: Sequence[Span], kind: codestream.Kind) -> Frames:
    """Without a table a frame begins where a codestream begins."""
    if kind is codestream.Kind.RLE:
        return tuple((fragment,) for fragment in fragments)
    frames: list[list[Span]] = []
    for fragment in fragments:
        if not frames or codestream.begins(kind, gather(data, (fragment,), 16)):
            frames.append([])
        frames[-1].append(fragment)
    return tuple(tuple(frame) for frame in frames)


def _check_lengths(data: walk.Buffer, pixels: Pixels, frames: Frames) -> None:
    """The extended table's lengths are the frames' own, but for padding (PS3.3 C.7.6.3.1.8)."""
    span = pixels.tables.get(_LENGTHS)
    if span is None or not span.length:
        return
    if span.length != 8 * len(frames):
        raise Refused(RefusalReason.OFFSET_TABLE, tags.label(_LENGTHS))
    lengths = struct.unpack(f"<{len(frames)}Q", data[span.offset : span.offset + span.length])
    for length, frame in zip(lengths, frames, strict=True):
        if not 0 <= sum(part.length for part in frame) - length <= 1:
            raise Refused(RefusalReason.OFFSET_TABLE, tags.label(_LENGTHS))


def gather(data: walk.Buffer, frame: Sequence[Span], most: int | None = None) -> bytes:
    """The bytes of a frame in one piece, or the first `most` of them."""
    parts: list[bytes] = []
    for span in frame:
        length = span.length if most is None else min(span.length, most - sum(map(len, parts)))
        parts.append(bytes(data[span.offset : span.offset + length]))
    return b"".join(parts)


def check_codestream(encoded: bytes, size: int, image: Image, transfer_syntax: str) -> codestream.Header | None:
    """A compressed frame has the declared size and samples, and could be an image at all.

    Raises: Refused as undecodable, before anything is allocated.
    """
    found = codestream.header(encoded, transfer_syntax)
    if image.decoded_bytes > _TRAP_SIZE and image.decoded_bytes > size * _TRAP_RATIO:
        raise Refused(RefusalReason.UNDECODABLE, codestream.PIXEL_DATA, "its bytes can't make an image of that size")
    if found and (
        (found.rows, found.columns, found.components) != (image.rows, image.columns, image.samples)
        or found.precision > image.bits_allocated
    ):
        raise Refused(RefusalReason.UNDECODABLE, codestream.PIXEL_DATA, "its size is not the declared one")
    return found


def undecodable(data: walk.Buffer, frames: Frames, image: Image, transfer_syntax: str) -> str:
    """Why these frames will not be shown, told without decoding; empty when nothing speaks against it."""
    for frame in frames:
        size = sum(span.length for span in frame)
        for prefix in _PREFIXES:
            try:
                check_codestream(gather(data, frame, prefix), size, image, transfer_syntax)
            except Refused as refused:
                if prefix == _PREFIXES[-1]:
                    return str(refused)
            else:
                break
    return ""
