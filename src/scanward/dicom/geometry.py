"""Where each frame lies in the patient, and how its stored values become Hounsfield units and greys."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanward.dicom import image
from scanward.dicom.json_model import Json
from scanward.dicom.limits import DEFAULT

_SHARED, _PER_FRAME = "52009229", "52009230"
# The functional group (PS3.3 C.7.6.16) in which an enhanced object keeps what a classic one has at its top.
_PLANE_POSITION, _PLANE_ORIENTATION, _PIXEL_MEASURES = "00209113", "00209116", "00289110"
_VOI, _TRANSFORMATION = "00289132", "00289145"
_SPACINGS: Final = ("00280030", "00181164", "00182010")  # in the patient, at the detector, nominal


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window (PS3.3 C.11.2.1.2): centre and width in output units, and what it is called."""

    centre: float
    width: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """One frame in the patient's coordinates: millimetres, x to the left, y to the back, z to the head."""

    position: tuple[float, float, float] | None  # centre of the first pixel
    orientation: tuple[float, ...] | None  # direction cosines of a row, then of a column
    spacing: tuple[float, float] | None  # between rows, between columns
    thickness: float | None
    windows: tuple[Window, ...]
    slope: float
    intercept: float
    rescale_type: str  # "HU" for nearly all CT, "" when not told


def frame_geometry(dicom_json: Json) -> list[FrameGeometry]:
    """The geometry of every frame, classic or enhanced; what is missing or broken is None."""
    count = min(_whole(dicom_json, "00280008") or 1, DEFAULT.max_frames)
    return [geometry_of(dicom_json, index) for index in range(count)]


def geometry_of(dicom_json: Json, index: int) -> FrameGeometry:
    """The geometry of one frame, counted from 0."""
    shared = next(_items(dicom_json, _SHARED), {})
    own = _values(dicom_json, _PER_FRAME)[index : index + 1]
    groups = own[0] if own and isinstance(own[0], dict) else {}
    return _geometry((groups, shared), dicom_json)


def _geometry(groups: tuple[Json, Json], top: Json) -> FrameGeometry:
    position = _numbers(_find(groups, top, _PLANE_POSITION, "00200032"), "00200032", 3)
    orientation = _numbers(_find(groups, top, _PLANE_ORIENTATION, "00200037"), "00200037", 6)
    thickness = _numbers(_find(groups, top, _PIXEL_MEASURES, "00180050"), "00180050", 1)
    rescale = _find(groups, top, _TRANSFORMATION, "00281053")
    slope, intercept = _numbers(rescale, "00281053", 1), _numbers(rescale, "00281052", 1)
    return FrameGeometry(
        position=(position[0], position[1], position[2]) if position else None,
        orientation=orientation,
        spacing=_spacing(groups, top),
        thickness=thickness[0] if thickness else None,
        windows=tuple(_windows(_find(groups, top, _VOI, "00281050"))),
        slope=slope[0] if slope else 1.0,
        intercept=intercept[0] if intercept else 0.0,
        rescale_type=image.text(rescale, 0x00281054),
    )


def _spacing(groups: tuple[Json, Json], top: Json) -> tuple[float, float] | None:
    for tag in _SPACINGS:
        found = _numbers(_find(groups, top, _PIXEL_MEASURES, tag), tag, 2)
        if found and min(found) > 0:
            return found[0], found[1]
    return None


def _windows(where: Json) -> Iterator[Window]:
    centres, widths = _values(where, "00281050"), _values(where, "00281051")
    names = _values(where, "00281055")
    for at, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if _is_number(centre) and _is_number(width) and width > 0:
            name = names[at] if at < len(names) and isinstance(names[at], str) else ""
            yield Window(float(centre), float(width), name)


def _find(groups: tuple[Json, Json], top: Json, group: str, tag: str) -> Json:
    """The data set that has the element: the frame's own group, the shared one, or the object."""
    for functional in groups:
        item = next(_items(functional, group), None)
        if item is not None and tag in item:
            return item
    return top


def _values(where: Json, key: str) -> list[Any]:
    entry = where.get(key)
    found = entry.get("Value") if isinstance(entry, dict) else None
    return found if isinstance(found, list) else []


def _items(where: Json, key: str) -> Iterator[Json]:
    return (item if isinstance(item, dict) else {} for item in _values(where, key))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(where: Json, key: str, count: int) -> tuple[float, ...] | None:
    """The first `count` values if all of them are numbers."""
    found = _values(where, key)[:count]
    return tuple(map(float, found)) if len(found) == count and all(map(_is_number, found)) else None


def _whole(where: Json, key: str) -> int | None:
    found = next(iter(_values(where, key)), None)
    return found if isinstance(found, int) and found > 0 else None
