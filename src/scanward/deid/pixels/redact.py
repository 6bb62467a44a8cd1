"""Burned-in text of one object: read, painted over in the stored pixels, read again."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from scanward.deid.held import HeldReason, burned_in_likely
from scanward.deid.pixels import text
from scanward.deid.pixels.barcodes import barcodes
from scanward.deid.pixels.planes import Pixels, blanked, planes, soft, spare, without_spare
from scanward.deid.pixels.strokes import Box, Grey, fields, same_place
from scanward.deid.pixels.whose import Whose
from scanward.dicom.errors import Refused
from scanward.dicom.frames import Frame

if TYPE_CHECKING:
    from scanward.deid.pixels.stage import Item

_ROUNDS: Final = 6
_GROWN: Final = 4
_SMALLER: Final = 4  # letters of 64 pixels and more are looked for in a picture so much smaller
_LEAST: Final = 256
_TALL: Final = 64  # with the room round them; smaller ones are read where they stand
_BOLD: Final = 14  # pixels by which a grey stands out there: large letters have 19 and more, clean slices up to 13
_PLAIN: Final = 30  # pixels by which a pen's grey stands out: letters have 44 and more, clean slices of scanners 13


@dataclass
class Found:
    """What became of one frame: its pixels, the boxes painted over, and what can be read still."""

    pixels: Pixels
    boxes: list[Box] = field(default_factory=list)
    left: list[Box] = field(default_factory=list)
    unread: list[Box] = field(default_factory=list)  # written with a pen, but in no signs that the OCR knows
    known: int = 0  # texts that name the patient, before
    known_left: int = 0
    asked: bool = False  # had an OCR to look?
    cleared: bool = False  # bits above the stored ones were emptied


def is_screen(item: "Item") -> bool:
    """Does it look like a screen rather than a scan: eight bits, colours, or by what its attributes say?"""
    seen = item.seen
    return seen.bits_allocated <= 8 or seen.samples_per_pixel > 1 or burned_in_likely(item.texts())


def redact(item: "Item", whose: Whose, watched: list[Box] | None = None, *, thorough: bool = False) -> dict[str, Any]:
    """Remove the text of every frame; hold the object when some is left or it can't be read."""
    screen = is_screen(item)
    figure = {"frames": item.seen.frames, "asked": 0, "boxes": 0, "known": 0, "still_read": 0, "known_read": 0}
    try:
        for index in range(item.seen.frames):
            found = _frame(item, index, whose, screen=screen or thorough, watched=watched or [])
            for name, more in _counted(found).items():
                figure[name] += more
    except Refused:
        item.hold(HeldReason.BURNED_IN)
        return figure
    left = figure["still_read"] + figure["known_read"]
    if left:
        item.hold(HeldReason.BURNED_IN)
    item.clearance = replace(item.clearance, text=not left, redacted=figure["boxes"] > 0 or bool(item.emptied))
    return figure


def _counted(found: Found) -> dict[str, int]:
    return {
        "asked": found.asked,
        "boxes": len(found.boxes),
        "known": found.known,
        "still_read": len(found.left),
        "known_read": found.known_left,
    }


def _frame(item: "Item", index: int, whose: Whose, *, screen: bool, watched: list[Box]) -> Found:
    frame = item.frame(index)
    frame = _emptied(item, frame)
    found = clean(frame, whose, screen=screen, watched=watched)
    if found.boxes:
        item.new[index] = found.pixels
    item.boxes += [(index, *box) for box in found.boxes]
    item.left += [(index, *box) for box in found.left]
    return found


def _emptied(item: "Item", frame: Frame) -> Frame:
    """A frame without what sits in its unused bits: an overlay, declared or not, can be writing in any hand."""
    image = item.seen.image
    assert image is not None
    if image.overlay_in_pixels:
        item.new[frame.index] = frame.pixels  # stored values alone, which is how they are written
        item.emptied.add(frame.index)
        return frame
    if not spare(frame.pixels, image):
        return frame
    frame = replace(frame, pixels=without_spare(frame.pixels, image))
    item.new[frame.index] = frame.pixels
    item.emptied.add(frame.index)
    return frame


def clean(frame: Frame, whose: Whose, *, screen: bool, watched: list[Box] | None = None) -> Found:
    """One frame without its text: painted over and read again, until nothing is read.

    Raises: Refused for colours that can't be told.
    """
    done = Found(frame.pixels)
    for _ in range(_ROUNDS):
        done.unread = []
        hits = _hits(replace(frame, pixels=done.pixels), whose, screen=screen, watched=watched or [], done=done)
        done.left = [one.box for one in hits]
        done.known_left = sum(whose.named(one.text) for one in hits)
        if not hits:
            break
        done.known += done.known_left
        done.boxes += done.left
        done.pixels = blanked(done.pixels, done.left, frame)
    else:
        done.left = [one.box for one in _hits(replace(frame, pixels=done.pixels), whose, screen=screen, done=done)]
    done.left += done.unread
    if done.boxes and not screen:
        done.left += _standing_out(replace(frame, pixels=done.pixels))
    return done


def _standing_out(frame: Frame) -> list[Box]:
    """Where a pen's grey still stands out beside text that was painted over: letters of it that nobody could read."""
    return [one.box for plane in planes(frame) for one in fields(plane) if one.excess >= _PLAIN]


def _hits(
    frame: Frame, whose: Whose, *, screen: bool, done: Found, watched: list[Box] | None = None
) -> list[text.Read]:
    found: list[text.Read] = []
    for plane in planes(frame):
        codes = [text.Read(box, "") for box in barcodes(plane)]
        narrow = soft(frame, plane) if watched and not screen else plane
        # What is beside a code is read when the code is painted over, in the next round.
        found += codes or (_on_screen(plane) if screen else _on_slice(plane, narrow, whose, done, watched or []))
    done.asked |= screen
    return found


def _on_screen(plane: Grey) -> list[text.Read]:
    """All that looks like writing, in whatever script."""
    return text.read(plane)


def _on_slice(plane: Grey, narrow: Grey, whose: Whose, done: Found, watched: list[Box]) -> list[text.Read]:
    """What reads as text where strokes of one grey are, with all that stands beside it.

    What a pen wrote and nobody can read is left for a person.
    """
    hits: list[text.Read] = []
    for suspicious in fields(plane):
        done.asked = True
        if not _painted(suspicious.box, hits):
            read = text.in_field(plane, suspicious)
            lines = _lines(plane, read, whose, hits)
            hits += lines
            if not lines and suspicious.excess >= _PLAIN:
                done.unread += [one.box for one in read if not _painted(one.box, hits)]
    hits += _large(plane, whose, hits)
    for box in watched:
        for seen in (plane, narrow):
            hits += _lines(seen, text.in_box(seen, box), whose, hits)
    return hits


def _large(plane: Grey, whose: Whose, hits: list[text.Read]) -> list[text.Read]:
    """Letters whose strokes are too wide for a pen: in a smaller picture they are of the usual size."""
    if min(plane.shape) < _LEAST:
        return []
    size = (plane.shape[1] // _SMALLER, plane.shape[0] // _SMALLER)
    small: Grey = cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    found: list[text.Read] = []
    for suspicious in (one for one in fields(small) if one.excess >= _BOLD):
        for one in _lines(small, text.in_field(small, suspicious), whose, []):
            box = _with_ends(one.box, plane)
            tall = min(one.box[2] - one.box[0], one.box[3] - one.box[1]) * _SMALLER
            if tall >= _TALL and not _painted(box, hits + found):
                found.append(replace(one, box=box))
    return found


def _with_ends(box: Box, plane: Grey) -> Box:
    """A box of the smaller picture in the large one, with room for a letter more at both ends of its line."""
    top, left, bottom, right = (_SMALLER * edge for edge in box)
    high, wide = bottom - top, right - left
    down, over = (0, high // 2) if wide >= high else (wide // 2, 0)
    return (
        max(top - down, 0),
        max(left - over, 0),
        min(bottom + down, plane.shape[0]),
        min(right + over, plane.shape[1]),
    )


def _lines(plane: Grey, read: list[text.Read], whose: Whose, hits: list[text.Read]) -> list[text.Read]:
    """What reads as text, or names the patient, with its line; what lies in a hit goes with it."""
    found: list[text.Read] = []
    for one in read:
        if (one.is_text or whose.named(one.text)) and not _painted(one.box, hits + found):
            found += _line(plane, one)
    return found


def _painted(box: Box, hits: list[text.Read]) -> bool:
    """Will most of it be painted over already in this round? The next one looks at the rest."""
    return any(same_place(box, hit.box) for hit in hits)


def _line(plane: Grey, one: text.Read) -> list[text.Read]:
    """A text with what stands before and behind it, and in the lines above and below."""
    found, box = [one], one.box
    for _ in range(_GROWN):
        more = [other for other in text.in_box(plane, text.wider(box)) if other.is_text]
        new = text.hull([box, *(other.box for other in more)])
        found += more
        if new == box:
            break
        box = new
    return found


def still_read(item: "Item") -> int:
    """How many texts are read in an image that was written."""
    if not item.seen.image:
        return 0
    screen, nobody = is_screen(item), Whose()
    count = 0
    for index in range(item.seen.frames):
        frame = item.frame(index)
        count += len(_hits(frame, nobody, screen=screen, done=Found(frame.pixels)))
    return count
