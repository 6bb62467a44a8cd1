"""The writing in a study's pictures: one whole reading for every kind of picture, the rest where something differs."""

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from scanward.deid.held import IMAGE_TYPE, HeldReason
from scanward.deid.pixels import text
from scanward.deid.pixels.planes import planes
from scanward.deid.pixels.redact import is_screen, redact
from scanward.deid.pixels.strokes import Box
from scanward.deid.pixels.whose import whose
from scanward.deid.sweep import Known
from scanward.dicom.errors import Refused

if TYPE_CHECKING:
    from scanward.deid.pixels.stage import Item

_CERTAIN: Final = 0.9
_COUNTED: Final = ("frames", "asked", "boxes", "known", "still_read", "known_read")


def texts(items: "list[Item]", also: Known, *, thorough: bool = False) -> list[dict[str, Any]]:
    """Remove the text of every image; the figures of each series.

    `thorough` reads every picture as a whole, instead of only where strokes of one grey are.
    Raises: Missing when the reader is not installed.
    """
    figures: dict[str, dict[str, Any]] = {}
    for members in _alike(items).values():
        watched = _watched(members)
        for item in members:
            found = redact(item, whose(item.seen.dicom_json, also), watched, thorough=thorough)
            series = item.seen.series_instance_uid
            figure = figures.setdefault(series, {"series": series, "what": "text", **dict.fromkeys(_COUNTED, 0)})
            for name in _COUNTED:
                figure[name] += found[name]
            passed = HeldReason.BURNED_IN not in item.reasons
            figure["passed"] = figure.get("passed", True) and passed
    return list(figures.values())


def _alike(items: "list[Item]") -> "dict[tuple[Any, ...], list[Item]]":
    """Images of one series, size, depth and kind."""
    groups: dict[tuple[Any, ...], list[Item]] = defaultdict(list)
    for item in items:
        seen = item.seen
        if seen.image:
            kind = (seen.series_instance_uid, seen.rows, seen.columns, seen.bits_allocated, item.text(IMAGE_TYPE))
            groups[kind].append(item)
    return groups


def _watched(members: "list[Item]") -> list[Box]:
    """Where text stands in the middle one of some pictures: there all of them are looked at."""
    item = members[len(members) // 2]
    if is_screen(item):
        return []  # it is read as a whole anyway
    try:
        found = [one for plane in planes(item.frame(item.seen.frames // 2)) for one in text.read(plane)]
    except Refused:
        return []
    return [text.wider(one.box) for one in found if one.is_text and one.sure >= _CERTAIN]
