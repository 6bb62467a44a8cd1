"""Barcodes and square codes: they hold names and numbers that no text reader reads.

Nothing is decoded. What is looked for is what they have in common: small fields of two greys far apart that change
often, many of them side by side. Bones and noise have every grey between, and the edge of a plate changes once.
"""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scanward.deid.pixels.strokes import Box, Grey, Mask, span_of, summed

_CELL: Final = 8  # pixels
_SCALES: Final = (1, 2, 4)  # every so many pixels: the modules of a code can be one pixel wide, or twenty
_APART: Final = 0.08  # of the slice's range, between the two greys
_NEAR: Final = 0.22  # of their distance: so near to one of them a pixel has that grey
_PURE: Final = 0.75  # of a cell's pixels have one of the two
_CHANGES: Final = 12  # in the rows and columns of a cell; an edge has eight
_SQUARE, _STRIP = 15, 14  # cells of a code among the 16 or 20 near one


def barcodes(values: Grey) -> list[Box]:
    """Where codes for machines are, in pixels."""
    found: list[Box] = []
    for scale in _SCALES:
        small = values[::scale, ::scale]
        if min(small.shape) >= 2 * _CELL:
            found += [_box(one, scale, values.shape) for one in _crowds(_cells(small, span_of(values)))]
    return found


def _cells(values: Grey, span: float) -> tuple[Mask, Mask, Mask]:
    """Which cells have two greys that change often: in any direction, along rows alone, along columns alone."""
    high, wide = (n // _CELL for n in values.shape)
    parts = np.ascontiguousarray(values[: high * _CELL, : wide * _CELL]).reshape(high, _CELL, wide, _CELL)
    low, top = parts.min(axis=1).min(axis=2), parts.max(axis=1).max(axis=2)
    able = top - low >= _APART * span
    every, across, along = (np.zeros((high, wide), np.bool_) for _ in range(3))
    if able.any():
        some = parts.transpose(0, 2, 1, 3)[able]
        part = (some - low[able][:, None, None]) / (top - low)[able][:, None, None]
        pure = ((part < _NEAR) | (part > 1 - _NEAR)).mean(axis=(1, 2)) >= _PURE
        rows, columns = _changes(part > 0.5, 2), _changes(part > 0.5, 1)
        every[able] = pure & (rows + columns >= _CHANGES)
        across[able] = pure & (rows >= _CHANGES) & (columns <= rows // 8)
        along[able] = pure & (columns >= _CHANGES) & (rows <= columns // 8)
    return every, across, along


def _changes(bright: Mask, axis: int) -> NDArray[Any]:
    return np.asarray(np.count_nonzero(np.diff(bright, axis=axis), axis=(1, 2)))


def _crowds(cells: tuple[Mask, Mask, Mask]) -> list[tuple[slice, slice]]:
    """Where such cells crowd, in a square or in a strip of bars, with all that hangs together with them."""
    crowd = np.zeros(cells[0].shape, np.bool_)
    for mask, size, least in zip(cells, ((4, 4), (10, 2), (2, 10)), (_SQUARE, _STRIP, _STRIP), strict=True):
        if np.count_nonzero(mask) >= least:
            near = summed(mask.view(np.uint8), size) >= least
            crowd |= mask & (cv2.dilate(near.view(np.uint8), np.ones(size[::-1], np.uint8)) > 0)
    if not crowd.any():
        return []
    labels, _ = ndimage.label(ndimage.binary_dilation(cells[0], np.ones((3, 3))))
    wanted = set(np.unique(labels[crowd]).tolist())
    return [(one[0], one[1]) for n, one in enumerate(ndimage.find_objects(labels), 1) if n in wanted]


def _box(place: tuple[slice, slice], scale: int, shape: tuple[int, ...]) -> Box:
    """In pixels, with a margin: the corners of a square code change seldom."""
    cell, more = _CELL * scale, _CELL * scale // 2
    top, left, bottom, right = (n * cell for n in (place[0].start, place[1].start, place[0].stop, place[1].stop))
    return max(top - more, 0), max(left - more, 0), min(bottom + more, shape[0]), min(right + more, shape[1])
