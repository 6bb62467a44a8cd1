"""Where a slice could carry writing: a pen's one grey, again and again, in strokes with something else on both sides.

A scanner's noise makes neighbours of a grey as often as the grey itself; a pen does not. So in every small field the
greys of thin strokes are counted, and a grey that stands out from its neighbours makes a suspicion. This costs some
milliseconds a slice; an OCR then looks at the few fields that are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Box = tuple[int, int, int, int]  # top, left, bottom, right
_REACH: Final = 4  # pixels to each side within which the ground has another grey
_CONTRAST: Final = 0.04  # of the slice's range
_NOISE: Final = 5.0  # times the noise
_LONG, _SHORT = 48, 16  # a field, in pixels: a few small letters, or one or two big ones
_NEAR: Final = 8  # greys to each side that count as neighbours
_FEW, _LEAST = 6, 4
_ROW: Final = 1 << 12
_GREYS: Final = 1 << 17
_AT_MOST, _CERTAIN = 5, 9


@dataclass(frozen=True)
class Field:
    """A small part of a slice whose strokes share one grey more often than chance has it."""

    box: Box
    ink: float
    excess: int
    lying: bool


def thin(values: Grey) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels of bright and of dark strokes: on both sides, within reach, there is another grey."""
    limit = max(_CONTRAST * span_of(values), _NOISE * noise_of(values))
    across, along = _ridges(values), _ridges(np.ascontiguousarray(values.T))
    return (across[0] > limit) | (limit < along[0].T), (across[1] > limit) | (limit < along[1].T)


def span_of(values: Grey) -> float:
    """The range of greys without the rare ones; never 0."""
    low, high = np.percentile(values[::3, ::3], (0.5, 99.5))
    return float(high - low) or float(np.ptp(values)) or 1.0


def noise_of(values: Grey) -> float:
    """The scale of what changes from pixel to pixel, outside a padded ground."""
    bent = np.abs(2 * values[:, 1:-1] - values[:, :-2] - values[:, 2:])
    inside = values[:, 1:-1] > values.min() + 0.1 * span_of(values)
    some = bent[inside][::7]
    return float(np.median(some)) / 1.65 if len(some) else 0.0


def _ridges(values: Grey) -> tuple[Grey, Grey]:
    """By how much each pixel is above, and below, what lies to its left and to its right."""
    left = np.zeros((1, 2 * _REACH + 1), np.uint8)
    left[0, :_REACH] = 1
    right = np.ascontiguousarray(left[:, ::-1])
    above = values - np.maximum(cv2.erode(values, left), cv2.erode(values, right))
    below = np.minimum(cv2.dilate(values, left), cv2.dilate(values, right)) - values
    return np.asarray(above, np.float32), np.asarray(below, np.float32)


def fields(values: Grey) -> list[Field]:
    """The suspicious fields of a slice, the most suspicious first; those that overlap stand for one."""
    whole = _whole(values)
    found: list[Field] = []
    for strokes in thin(values):
        rows, columns = np.nonzero(strokes)
        if len(rows):
            found += _fields(rows, columns, whole[rows, columns], values.shape)
    found.sort(key=lambda field: -field.excess)
    kept: list[Field] = []
    for one in found:
        if not any(_same_place(one.box, other.box) for other in kept):
            kept.append(one)
    low, scale = _scale(values)
    sure = sum(one.excess >= _CERTAIN for one in kept)
    return [Field(one.box, one.ink / scale + low, one.excess, one.lying) for one in kept[: max(_AT_MOST, sure)]]


def _scale(values: Grey) -> tuple[float, float]:
    low = float(values.min())
    spread = float(values.max()) - low
    return low, 1.0 if spread < _GREYS - 1 else (_GREYS - 1) / spread


def _whole(values: Grey) -> NDArray[np.int64]:
    low, scale = _scale(values)
    return np.asarray(np.rint((values - low) * scale), np.int64)


def _fields(
    rows: NDArray[Any], columns: NDArray[Any], greys: NDArray[np.int64], shape: tuple[int, ...]
) -> Iterator[Field]:
    """Fields in which a grey stands out, on eight grids that are shifted against each other."""
    for high, wide in ((_SHORT, _LONG), (_LONG, _SHORT)):
        for down in (0, high // 2):
            for over in (0, wide // 2):
                cells = (rows + down) // high * _ROW + (columns + over) // wide
                keys, counts = np.unique(cells * _GREYS + greys, return_counts=True)
                some = np.flatnonzero(counts >= _FEW)
                excess = counts[some] - _neighbours(keys, counts, keys[some])
                for key, more in zip(keys[some][excess >= _LEAST], excess[excess >= _LEAST], strict=True):
                    row, column = divmod(int(key) // _GREYS, _ROW)
                    top, left = row * high - down, column * wide - over
                    box = (max(top, 0), max(left, 0), min(top + high, shape[0]), min(left + wide, shape[1]))
                    yield Field(box, float(key % _GREYS), int(more), wide > high)


def _neighbours(keys: NDArray[Any], counts: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.float64]:
    """How often a grey's neighbours stand in the same field: four times their mean."""
    total = np.zeros(len(wanted))
    for step in range(-_NEAR, _NEAR + 1):
        if step:
            at = np.minimum(np.searchsorted(keys, wanted + step), len(keys) - 1)
            total += np.where(keys[at] == wanted + step, counts[at], 0)
    return total * (2 / _NEAR)


def _same_place(one: Box, other: Box) -> bool:
    """Do two boxes share half of one of them?"""
    high = min(one[2], other[2]) - max(one[0], other[0])
    wide = min(one[3], other[3]) - max(one[1], other[1])
    return high > 0 and wide > 0 and 2 * high * wide >= (one[2] - one[0]) * (one[3] - one[1])
