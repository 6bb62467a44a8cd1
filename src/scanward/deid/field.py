"""Which part of the patient an export needs, and how fine: all else is cut off before anything else happens (S9)."""

import math
import re
from dataclasses import dataclass
from typing import Any, Final

_AXES: Final = "xyz"
_SIDE: Final = re.compile(r"([xyz])=(-?\d+(?:\.\d+)?)?:(-?\d+(?:\.\d+)?)?")
BELOW_FACE: Final = "below-face"
WARNING: Final = "Images whose field of view was cropped or whose resolution was reduced are not for diagnosis."


class FieldRefused(ValueError):
    """A field that can't be understood."""


@dataclass(frozen=True)
class Field:
    """A box in the patient (mm; x to the left, y to the back, z to the head), and the finest step that may stay."""

    low: tuple[float, float, float] = (-math.inf,) * 3
    high: tuple[float, float, float] = (math.inf,) * 3
    below_face: bool = False  # nothing from the chin up, wherever that is
    finest: float = 0.0  # mm; 0 leaves the resolution as it is

    @property
    def asked(self) -> bool:
        """Does it ask for less than everything?"""
        return self.cropped or self.finest > 0

    @property
    def cropped(self) -> bool:
        """Does it ask for a part only?"""
        return self.below_face or self != Field(finest=self.finest)

    def told(self) -> dict[str, object]:
        """What was asked, for the evidence."""
        box = {
            axis: [None if math.isinf(edge) else edge for edge in edges]
            for axis, edges in zip(_AXES, zip(self.low, self.high, strict=True), strict=True)
            if not all(map(math.isinf, edges))
        }
        return {"box_mm": box, "below_face": self.below_face, "finest_mm": self.finest}


def field_told(told: dict[str, Any]) -> Field:
    """The field that the evidence tells of."""
    box = {axis: told["box_mm"].get(axis, [None, None]) for axis in _AXES}
    low, high = ([edges[side] for edges in box.values()] for side in (0, 1))
    ends = [-math.inf if edge is None else edge for edge in low], [math.inf if edge is None else edge for edge in high]
    (a, b, c), (d, e, f) = ends
    return Field((a, b, c), (d, e, f), told["below_face"], told["finest_mm"])


def field_of(crop: str, finest: float = 0.0) -> Field:
    """A field from what a person wrote: `off`, `below-face`, or sides like `x=-90:90,z=:-40`, or both together.

    Raises: FieldRefused
    """
    low, high, below_face = [-math.inf] * 3, [math.inf] * 3, False
    for part in () if crop == "off" else crop.split(","):
        if part == BELOW_FACE:
            below_face = True
            continue
        side = _SIDE.fullmatch(part)
        if side is None:
            raise FieldRefused("A crop is off, below-face, or sides in mm such as x=-90:90,z=:-40.")
        at = _AXES.index(side[1])
        low[at], high[at] = float(side[2] or "-inf"), float(side[3] or "inf")
        if low[at] >= high[at]:
            raise FieldRefused(f"The sides of {side[1]} are the wrong way round.")
    return Field((low[0], low[1], low[2]), (high[0], high[1], high[2]), below_face, finest)
