"""The writing in a study's pictures: one whole reading for every kind of picture, the rest where something differs."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from scanward.deid.held import IMAGE_TYPE, HeldReason
from scanward.deid.pixels import text
from scanward.deid.pixels.planes import planes, soft
from scanward.deid.pixels.redact import is_screen, redact
from scanward.deid.pixels.strokes import Box, Grey
from scanward.deid.pixels.whose import whose
from scanward.deid.stages import Busy, Stage
from scanward.deid.sweep import Known
from scanward.dicom.errors import Refused

if TYPE_CHECKING:
    from scanward.deid.pixels.stage import Item

_CERTAIN: Final = 0.9
_COUNTED: Final = ("frames", "asked", "boxes", "known", "still_read", "known_read")


def texts(items: "list[Item]", also: Known, busy: Busy, *, thorough: bool = False) -> list[dict[str, Any]]:
    """Remove the text of every image; the figures of each series, those of what is held for its text apart.

    `thorough` reads every picture as a whole, instead of only where strokes of one grey are.
    Raises: Missing when the reader is not installed.
    """
    figures: dict[tuple[str, bool], dict[str, Any]] = {}
    busy(Stage.TEXT)
    done = 0
    for members in _alike(items).values():
        middle, there, everywhere = labels(members)
        for item in members:
            watched = there if item is middle else everywhere
            found = redact(item, whose(item.seen.dicom_json, also), watched, thorough=thorough)
            done += 1
            busy(Stage.TEXT, done, len(items))
            series, passed = item.seen.series_instance_uid, HeldReason.BURNED_IN not in item.reasons
            none = {"series": series, "what": "text", **dict.fromkeys(_COUNTED, 0), "passed": passed}
            figure = figures.setdefault((series, passed), none)
            for name in _COUNTED:
                figure[name] += found[name]
    return list(figures.values())


def labels(members: "list[Item]") -> "tuple[Item, list[Box], list[Box]]":
    """The middle one of some pictures, where text stands in it, and where it stands in another one too.

    What stands in the middle one only is no label but a likeness in the noise, or a word that is found by itself.
    """
    middle = len(members) // 2
    item = members[middle]
    if is_screen(item):
        return item, [], []  # it is read as a whole anyway
    boxes = [text.wider(one.box) for plane in _windows(item) for one in text.read(plane) if _certain(one)]
    others = {len(members) * n // 6 for n in (1, 2, 4, 5)} - {middle} if boxes else set()
    again = [plane for n in sorted(others) for plane in _windows(members[n])]
    everywhere = [box for box in boxes if any(_certain(one) for plane in again for one in text.in_box(plane, box))]
    return item, boxes, everywhere


def _alike(items: "list[Item]") -> "dict[tuple[Any, ...], list[Item]]":
    """Images of one series, size, depth and kind."""
    groups: dict[tuple[Any, ...], list[Item]] = defaultdict(list)
    for item in items:
        seen = item.seen
        if seen.image:
            kind = (seen.series_instance_uid, seen.rows, seen.columns, seen.bits_allocated, item.text(IMAGE_TYPE))
            groups[kind].append(item)
    return groups


def _windows(item: "Item") -> list[Grey]:
    """The planes of a picture, wide and narrow."""
    try:
        frame = item.frame(item.seen.frames // 2)
        return [seen for plane in planes(frame) for seen in (plane, soft(frame, plane))]
    except Refused:
        return []


def _certain(one: text.Read) -> bool:
    return one.is_text and one.sure >= _CERTAIN
