"""One plan for a whole frame of reference, however many series of a head it has and whatever each of them covers."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy import ndimage

from scanward.deid.pixels.cut import FAR, Cut
from scanward.deid.pixels.geometry import Grid, Mask, Volume

_SPARED: Final = (4.0, 6.0)  # mm round the inside of the skull, as in each plan: from tissue, from air


def one_for_all(cuts: Sequence[Cut]) -> Cut:
    """The union of plans: a voxel is cut where any of them says so, and spared where it is inside the skull for any.

    A thin series of the jaw and a whole head each reach where the other one has nothing.
    """
    if len(cuts) == 1:
        return cuts[0]
    grid = _round(cuts)
    inside = np.zeros(grid.shape, bool)
    for cut in cuts:
        inside |= _moved(cut, cut.inside.astype(np.float32), grid, 0.0) > 0.5
    tissue, air = (
        np.minimum(
            np.maximum.reduce([_moved(cut, field, grid, -FAR) for cut, field in fields]), _from(inside, grid) - near
        )
        for near, fields in zip(_SPARED, ([(c, c.tissue) for c in cuts], [(c, c.air) for c in cuts]), strict=True)
    )
    near_bone = np.maximum.reduce([_moved(cut, cut.near_bone, grid, 0.0) for cut in cuts])
    depth, uncovered = max(cut.depth for cut in cuts), max(cut.uncovered for cut in cuts)
    return Cut(grid, air, tissue, near_bone, inside, depth, uncovered)


def _round(cuts: Sequence[Cut]) -> Grid:
    """The smallest grid round all of them, with the finest step."""
    step = min(cut.grid.step for cut in cuts)
    low = np.min([cut.grid.first for cut in cuts], axis=0)
    high = np.max([np.add(cut.grid.first, np.multiply(cut.grid.shape[::-1], cut.grid.step)) for cut in cuts], axis=0)
    x, y, z = (int(n) + 1 for n in np.ceil((high - low) / step))
    return Grid((float(low[0]), float(low[1]), float(low[2])), step, (z, y, x))


def _moved(cut: Cut, values: Any, grid: Grid, outside: float) -> Volume:
    """A plan's field on another grid: both are straight in the patient, so it is only moved and stretched."""
    scale = grid.step / cut.grid.step
    start = [(a - b) / cut.grid.step for a, b in zip(grid.first[::-1], cut.grid.first[::-1], strict=True)]
    found: Volume = ndimage.affine_transform(
        values,
        [scale] * 3,
        start,
        grid.shape,
        order=1,
        mode="constant",
        cval=outside,
        prefilter=False,
        output=np.float32,
    )
    return found


def _from(inside: Mask, grid: Grid) -> Volume:
    if not inside.any():
        return np.full(grid.shape, FAR, np.float32)
    return np.asarray(ndimage.distance_transform_edt(~inside), np.float32) * np.float32(grid.step)
