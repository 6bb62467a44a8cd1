"""The cut that takes a face away: it follows the bones, never the skin, so the skin can't be computed back from it.

Outside the convex hull of the bones everything becomes air; just inside it, and outside of the closed surface of the
bones, everything but bone becomes tissue. Nothing inside the skull is touched (docs/why/deface.md).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scanward.deid.pixels.anatomy import Anatomy, dilated
from scanward.deid.pixels.geometry import Grid, Mask, Volume

DIRECTIONS: Final = 320
_BEYOND_HULL: Final = 1.5  # mm outside the hull that bone's soft edge may keep
_CLOSING: Final = 20.0  # mm, the ball that rolls over the bones
_UNDER_CLOSING: Final = 4.0
_DEPTHS: Final = (14.0, 18.0, 22.0, 26.0, 30.0)
_DEEPEST: Final = 30.0
_SPARED: Final = (4.0, 6.0)  # mm round the inside of the skull: from tissue, from air
_BEHIND: Final = 25.0  # mm behind the middle of the skull, which takes the ears
# Further behind on the sides: of a head that is turned by 20 degrees one ear lies 50 mm behind the middle.
_EAR: Final = (25.0, 0.8)  # from so many mm beside the middle, so many mm behind for each mm beside
_BELOW: Final = 175.0  # mm below the middle of the skull that a head reaches
_ASIDE: Final = 115.0
FAR: Final = 1e3


@dataclass
class Cut:
    """Two fields on a grid in the patient, in mm: above 0 a voxel becomes air, or else tissue."""

    grid: Grid
    air: Volume
    tissue: Volume
    near_bone: Volume  # 1 near bone, which is never changed inside the hull
    inside: Mask  # the skull's inside, by either mask
    depth: float  # of the layer under the hull, in mm
    uncovered: float  # share of the face's skin that the layer does not reach


def directions() -> NDArray[np.float32]:
    """The fixed directions of the hull, evenly spread (a Fibonacci sphere), shape (320, 3), as z, y, x."""
    n = np.arange(DIRECTIONS) + 0.5
    height, turn = 1 - 2 * n / DIRECTIONS, np.pi * (1 + 5**0.5) * n
    round_ = np.sqrt(1 - height**2)
    return np.stack([height, round_ * np.sin(turn), round_ * np.cos(turn)], axis=1).astype(np.float32)


def cut_of(found: Anatomy) -> Cut:
    """Plan the cut of one head.

    Raises: ValueError when there is no bone to follow.
    """
    grid = found.grid
    z, y, x = (axis.astype(np.float32) for axis in grid.axes)
    bone = _bone_of_head(found, z, x)
    if not bone.any():
        raise ValueError("no bone")
    hull = _hull(bone, z, y, x)
    region = _region(found, bone, z, y, x)
    closed = _closed(bone, grid.step)
    skin = _skin(found, hull, region, bone, z)
    depth, uncovered = _depth(hull, closed, skin)
    spared = _from_brain(found)
    layer = np.maximum(hull + depth, np.minimum(_UNDER_CLOSING - closed, hull + _DEEPEST))
    tissue = np.minimum(np.minimum(region, layer), spared - _SPARED[0])
    air = np.minimum(np.minimum(region, hull - _BEYOND_HULL), spared - _SPARED[1])
    near = dilated(found.bone, 4.0, grid.step).astype(np.float32)
    return Cut(grid, air, tissue, near, found.inside, depth, uncovered)


def _from_brain(found: Anatomy) -> Volume:
    """How far each voxel is from the skull's inside, in mm.

    The inside first grows by 4 mm, but not through bone: where a piece of skull is missing both masks end early.
    """
    if not found.inside.any():
        return np.full(found.body.shape, FAR, np.float32)
    free = found.body & ~found.bone & (found.hu > -30)
    guarded = ndimage.binary_dilation(found.inside, iterations=round(4 / found.grid.step), mask=free) | found.inside
    return np.asarray(ndimage.distance_transform_edt(~guarded), np.float32) * np.float32(found.grid.step)


def _middle(found: Anatomy, bone: Mask) -> tuple[float, float, float]:
    where = np.argwhere(found.inside if found.inside.any() else bone).mean(axis=0)
    x, y, z = found.grid.first
    step = found.grid.step
    return z + step * where[0], y + step * where[1], x + step * where[2]


def _bone_of_head(found: Anatomy, z: Volume, x: Volume) -> Mask:
    """Bone without shoulders and trunk."""
    if not found.inside.any() or not found.bone.any():
        return found.bone
    middle = _middle(found, found.bone)
    here = (z > middle[0] - _BELOW)[:, None, None] & (np.abs(x - middle[2]) < _ASIDE)[None, None, :]
    return np.asarray(found.bone & here, bool)


def _hull(bone: Mask, z: Volume, y: Volume, x: Volume) -> Volume:
    """How far each voxel is outside the hull of the bones, in mm; negative inside."""
    edge = bone & ~ndimage.binary_erosion(bone)
    at = np.argwhere(edge)
    points = np.stack([z[at[:, 0]], y[at[:, 1]], x[at[:, 2]]], axis=1)
    axes = directions()
    reach = np.full(len(axes), -np.inf, np.float32)
    for start in range(0, len(points), 20_000):
        reach = np.maximum(reach, (points[start : start + 20_000] @ axes.T).max(axis=0))
    out = np.full(bone.shape, -np.inf, np.float32)
    rows = [x * axis[2] for axis in axes]
    for axis, limit, row in zip(axes, reach, rows, strict=True):
        plane = (z * axis[0])[:, None] + (y * axis[1])[None, :] - limit
        np.maximum(out, plane[:, :, None] + row, out=out)
    return out


def _region(found: Anatomy, bone: Mask, z: Volume, y: Volume, x: Volume) -> Volume:
    """Above 0 in the part of the head that has the face and the ears, in mm from its edge."""
    middle = _middle(found, bone)
    where = np.argwhere(bone)
    front, back = float(y[where[:, 1].min()]), float(y[where[:, 1].max()])
    aside = np.maximum(np.abs(x - np.float32(middle[2])) - np.float32(_EAR[0]), 0) * np.float32(_EAR[1])
    behind = np.float32(middle[1] + _BEHIND) - y[:, None] + aside[None, :]
    if found.inside.any():
        levels = np.flatnonzero(found.inside.any(axis=(1, 2)))
        known = np.flatnonzero(found.known.any(axis=(1, 2)))
        top, bottom = float(z[levels[-1]]), float(z[levels[0]])
        whole = z[known[-1]] - top > 8
        limit = top - 0.3 * max(top - bottom, 100.0) if whole else FAR
    else:
        behind, limit = np.broadcast_to(np.float32(back) - y[:, None], behind.shape), FAR
    below = np.float32(limit) - z
    foremost = np.float32(front + 0.2 * (back - front)) - y
    lower = np.maximum(below[:, None], foremost[None, :])
    region: Volume = np.minimum(behind[None, :, :], lower[:, :, None])
    return region


def _closed(bone: Mask, step: float) -> Volume:
    """How deep each voxel is inside the bones' closed surface, in mm: a ball of 20 mm rolls over them."""
    near = ndimage.distance_transform_edt(~bone) * step <= _CLOSING
    depth = ndimage.distance_transform_edt(near) * step if not near.all() else np.full(bone.shape, FAR)
    return np.asarray(depth - _CLOSING, np.float32)


def _skin(found: Anatomy, hull: Volume, region: Volume, bone: Mask, z: Volume) -> Mask:
    """The face's skin inside the hull, as it is seen from in front and from the sides, down to the chin."""
    body = found.body
    front = body & (np.maximum.accumulate(body, axis=1).cumsum(axis=1) <= 1)
    left = body & (np.maximum.accumulate(body, axis=2).cumsum(axis=2) <= 1)
    flipped = body[:, :, ::-1]
    right = (flipped & (np.maximum.accumulate(flipped, axis=2).cumsum(axis=2) <= 1))[:, :, ::-1]
    seen: Mask = (front | left | right) & (region > 4) & (hull < 0) & found.known
    edge = ~ndimage.binary_erosion(found.known, iterations=3)
    chin = _chin(bone, hull, region, z)
    seen[z < chin] = False
    return np.asarray(seen & ~edge, bool)


def _chin(bone: Mask, hull: Volume, region: Volume, z: Volume) -> float:
    """The level of the lowest bone at the front of the hull."""
    levels = np.flatnonzero((bone & (hull > -6) & (region > 45)).any(axis=(1, 2)))
    return float(z[levels[0]]) if len(levels) else -FAR


def _depth(hull: Volume, closed: Volume, skin: Mask) -> tuple[float, float]:
    """The least of a few fixed depths that reaches under the face's skin, and the share it leaves.

    One of five numbers is all that the cut takes from the skin.
    """
    total = max(int(np.count_nonzero(skin)), 1)
    share = 0.0
    for depth in _DEPTHS:
        reached = (hull > 6 - depth) | ((closed < _UNDER_CLOSING - 6) & (hull > 6 - _DEEPEST))
        share = float(np.count_nonzero(skin & ~reached)) / total
        if share < 0.005:
            return depth, share
    return _DEPTHS[-1], share
