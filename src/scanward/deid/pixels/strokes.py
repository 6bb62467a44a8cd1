"""Where a slice could carry writing: strokes in rows, or a pen's one grey again and again.

Small letters stand in a row: many strokes beside one another over the height of a letter, and few above and below.
Bigger ones have room for a grey of their own. A scanner's noise makes neighbours of a grey as often as the grey itself;
a pen does not. So in every small field the greys of thin strokes are counted, and a grey that stands out from its
neighbours makes a suspicion. This costs some milliseconds a slice; an OCR then looks at the few fields that are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]  # top, left, bottom, right
_REACH: Final = 4  # pixels to each side within which the ground has another grey
_CONTRAST, _FAINT = 0.04, 0.01  # of the slice's range
_NOISE: Final = 6.0  # times the noise
_BLOCK: Final = 32  # pixels, over which noise is measured
_LONG, _SHORT = 48, 16  # a field, in pixels: a few small letters, or one or two big ones
_NEAR: Final = 8  # greys to each side that count as neighbours
_LEAST: Final = 7  # letters of 16 pixels reach 9; noise reaches 6 in a phantom, and more in few slices
_LINE: Final = 3  # pixels of one grey that touch one another
_HIGH, _WIDE, _BESIDE = 7, 40, 2  # a row of small letters, and the lines above and below, in pixels
_BEGUN: Final = 4.4  # strokes side by side in such a row: small letters have 5.5 and more, clean slices seldom 4.2
_GREYS: Final = 1 << 17

_BEFORE: Final = np.array([[1] * _REACH + [0] * (_REACH + 1)], np.uint8)
_STEPS: Final = np.array([step for step in range(-_NEAR, _NEAR + 1) if step])

cv2.setNumThreads(1)  # processes share the slices between them; threads within one only wait for each other


@dataclass(frozen=True)
class Field:
    """A small part of a slice with strokes like a pen's, the pen's grey, and whether its lines lie or stand.

    `excess` is by how many pixels the grey stands out from its neighbours; 0 where strokes in a row were found.
    """

    box: Box
    ink: float
    lying: bool
    excess: int = 0


@dataclass(frozen=True)
class Strokes:
    """Pixels of strokes: all that noise doesn't explain, those that nobody overlooks, and twice as strong ones."""

    faint: Mask
    sure: Mask
    strong: Mask


def thin(values: Grey) -> tuple[Strokes, Strokes]:
    """Bright and dark strokes: pixels with another grey on both sides, within reach."""
    span, noise = span_of(values), noise_of(values)
    typical = float(np.median(noise[::4, ::4]))
    sure, faint = max(_CONTRAST * span, _NOISE * typical), np.maximum(_FAINT * span, _NOISE * noise)
    across, along = _ridges(values, _BEFORE), _ridges(values, np.ascontiguousarray(_BEFORE.T))
    bright, dark = (np.asarray(cv2.max(one, other), np.float32) for one, other in zip(across, along, strict=True))
    return _strokes(bright, faint, sure), _strokes(dark, faint, sure)


def _strokes(ridge: Grey, faint: Grey, sure: float) -> Strokes:
    return Strokes(ridge > faint, ridge > sure, ridge > 2 * sure)


def span_of(values: Grey) -> float:
    """The range of greys without the rare ones; never 0."""
    low, high = np.percentile(values[::3, ::3], (0.5, 99.5))
    return float(high - low) or float(np.ptp(values)) or 1.0


def noise_of(values: Grey) -> Grey:
    """How much changes from pixel to pixel by chance, in the quietest place near each pixel."""
    if min(values.shape) < _BLOCK:
        return np.zeros_like(values)
    bent = cv2.absdiff(2 * values[:, 1:-1], values[:, :-2] + values[:, 2:])
    blocks = cv2.resize(bent, (bent.shape[1] // _BLOCK + 1, bent.shape[0] // _BLOCK + 1), interpolation=cv2.INTER_AREA)
    quiet = cv2.erode(blocks * np.float32(1 / 1.95), np.ones((3, 3), np.uint8))
    return np.asarray(cv2.resize(quiet, values.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _ridges(values: Grey, before: NDArray[np.uint8]) -> tuple[Grey, Grey]:
    """By how much each pixel is above, and below, what lies before it and behind it in one direction."""
    behind = np.ascontiguousarray(before[::-1, ::-1])
    above = cv2.subtract(values, cv2.max(cv2.erode(values, before), cv2.erode(values, behind)))
    below = cv2.subtract(cv2.min(cv2.dilate(values, before), cv2.dilate(values, behind)), values)
    return np.asarray(above, np.float32), np.asarray(below, np.float32)


def fields(values: Grey) -> list[Field]:
    """The suspicious fields of a slice; those that overlap stand for one."""
    pens = thin(values)
    found = [*_of_letters(values, pens), *_of_letters_twice_as_big(values), *_of_one_grey(values, pens)]
    kept: list[Field] = []
    for one in found:
        same = next((n for n, other in enumerate(kept) if same_place(one.box, other.box)), None)
        if same is None:
            kept.append(one)
        elif one.excess > kept[same].excess:
            kept[same] = replace(kept[same], excess=one.excess)
    return kept


def _of_letters_twice_as_big(values: Grey) -> Iterator[Field]:
    half = np.asarray(cv2.resize(values, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    for one in _of_letters(half, thin(half)):
        top, left, bottom, right = (2 * n for n in one.box)
        yield Field((top, left, bottom, right), one.ink, one.lying)


def _of_letters(values: Grey, pens: tuple[Strokes, Strokes]) -> Iterator[Field]:
    """Fields in which strokes stand in a row."""
    for pen, most in zip(pens, (np.max, np.min), strict=True):
        for lying in (True, False):
            for box in _rows(np.ascontiguousarray(pen.faint if lying else pen.faint.T)):
                there = box if lying else (box[1], box[0], box[3], box[2])
                part = slice(there[0], there[2]), slice(there[1], there[3])
                yield Field(there, float(most(values[part][pen.faint[part]])), lying)


def _rows(strokes: Mask) -> Iterator[Box]:
    """Where strokes begin side by side over the height of a small letter, more than above or below."""
    begins = strokes.view(np.uint8).copy()
    begins[:, 1:] &= ~strokes.view(np.uint8)[:, :-1]
    row = summed(begins, (_WIDE, 1))
    letters = summed(row, (1, _HIGH)).ravel()
    places = np.flatnonzero(letters >= _BEGUN * _HIGH)
    if not len(places):
        return
    rows, columns = np.divmod(places, strokes.shape[1])
    beside, far = summed(row, (1, _BESIDE)), (_HIGH + _BESIDE) // 2 + 1
    above = np.where(rows >= far, beside[rows - far, columns], 0)
    below = np.where(rows + far < len(beside), beside[np.minimum(rows + far, len(beside) - 1), columns], 0)
    more = letters[places].astype(int) * 2 * _BESIDE - np.maximum(above, below) * _HIGH
    while len(more) and more.max() >= _BEGUN * _HIGH * 2 * _BESIDE:
        row_at, column = int(rows[more.argmax()]), int(columns[more.argmax()])
        top, left = max(row_at - _HIGH, 0), max(column - _WIDE // 2, 0)
        bottom, right = row_at + _HIGH, column + _WIDE // 2
        yield top, left, bottom, right
        more[(rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)] = 0


def summed(values: NDArray[Any], size: tuple[int, int]) -> NDArray[np.int16]:
    """The sum over a window, width first, round each pixel."""
    summed = cv2.boxFilter(values, cv2.CV_16S, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(summed, np.int16)


def _of_one_grey(values: Grey, pens: tuple[Strokes, Strokes]) -> list[Field]:
    """Fields in which one grey stands out, the most suspicious first."""
    whole = _whole(values)
    low, scale = _scale(values)
    found: list[tuple[int, Field]] = []
    for pen in pens:
        places = np.flatnonzero(pen.sure & ~_piled_up(whole, pen)).astype(np.int32)
        if len(places):
            rows, columns = np.divmod(places, np.int32(values.shape[1]))
            found += _fields(rows, columns, whole.ravel()[places], values.shape)
    found.sort(key=lambda one: -one[0])
    return [Field(one.box, one.ink / scale + low, one.lying, more) for more, one in found]


def _piled_up(whole: NDArray[np.int32], pen: Strokes) -> Mask:
    """Where a stroke has the lowest or the highest grey, but is weak or no part of a line.

    Noise that would go further is cut off there, so these greys stand out in air; but it draws no strong lines.
    """
    extreme = (whole == whole.min()) | (whole == whole.max())
    strong = (extreme & pen.strong).view(np.uint8)
    return np.asarray(extreme & ~((summed(strong, (3, 3)) >= _LINE) & pen.strong), np.bool_)


def _scale(values: Grey) -> tuple[float, float]:
    low = float(values.min())
    spread = float(values.max()) - low
    return low, 1.0 if spread < _GREYS - 1 else (_GREYS - 1) / spread


def _whole(values: Grey) -> NDArray[np.int32]:
    low, scale = _scale(values)
    return np.asarray(np.rint((values - low) * scale), np.int32)


def _fields(
    rows: NDArray[np.int32], columns: NDArray[np.int32], greys: NDArray[np.int32], shape: tuple[int, ...]
) -> Iterator[tuple[int, Field]]:
    """Fields in which a grey stands out and by how much, on eight grids that are shifted against each other."""
    # A key is a field and a grey in it, with room for its neighbours; small numbers are sorted in half the time.
    room = int(greys.max()) + 1 + _NEAR
    across = shape[1] // _SHORT + 2
    small = (shape[0] // _SHORT + 2) * across * room < 1 << 31
    greys = greys if small else greys.astype(np.int64)
    for high, wide in ((_SHORT, _LONG), (_LONG, _SHORT)):
        for down in (0, high // 2):
            for over in (0, wide // 2):
                cells = (rows + down) // high * across + (columns + over) // wide
                keys, counts = _counted(cells.astype(greys.dtype) * room + greys)
                some = np.flatnonzero(counts >= _LEAST)
                if not len(some):
                    continue
                excess = counts[some] - _neighbours(keys, counts, keys[some], room)
                for key, more in zip(keys[some][excess >= _LEAST], excess[excess >= _LEAST], strict=True):
                    row, column = divmod(int(key) // room, across)
                    top, left = row * high - down, column * wide - over
                    box = (max(top, 0), max(left, 0), min(top + high, shape[0]), min(left + wide, shape[1]))
                    yield int(more), Field(box, float(key % room), wide > high)


def _counted(keys: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each key once, in their order, and how often it was there."""
    keys.sort()
    ends = np.flatnonzero(np.append(keys[1:] != keys[:-1], True))
    return keys[ends], np.diff(ends, prepend=-1)


def _neighbours(keys: NDArray[Any], counts: NDArray[Any], wanted: NDArray[Any], room: int) -> NDArray[np.float64]:
    """How often a grey's neighbours stand in the same field: four times their mean; the lowest has half as many."""
    asked = wanted[:, None] + _STEPS.astype(wanted.dtype)
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    total = np.where(keys[at] == asked, counts[at], 0).sum(axis=1)
    return np.asarray(np.where(wanted % room, total, 2 * total) * (2 / _NEAR), np.float64)


def same_place(one: Box, other: Box) -> bool:
    """Do two boxes share half of one of them?"""
    high = min(one[2], other[2]) - max(one[0], other[0])
    wide = min(one[3], other[3]) - max(one[1], other[1])
    return high > 0 and wide > 0 and 2 * high * wide >= (one[2] - one[0]) * (one[3] - one[1])
