"""Carry out a cut on a stack's slices: air and tissue of one noise, bone and the inside of the skull as they are."""

import hashlib
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scanward.deid.pixels.cut import FAR, Cut
from scanward.deid.pixels.geometry import AIR, Plane, Stack

TISSUE: Final = 40.0
_LATTICE: Final = 4.0  # mm
_BONE: Final = 200.0
_PADDING: Final = -1500.0
_TILE: Final = 1024


@dataclass(frozen=True)
class Noise:
    """The scan's own noise: standard deviations in HU in tissue and air, and the mean of its air."""

    tissue: float
    air: float
    mean: float


def noise_of(stack: Stack) -> Noise:
    """Measure the noise of a scan, from a few of its slices."""
    chosen = stack.hu[:: max(1, len(stack.hu) // 12)].astype(np.float32)
    fine = chosen - ndimage.uniform_filter(chosen, (0, 3, 3))
    smooth = ndimage.uniform_filter(chosen, (0, 5, 5))
    tissue = fine[(smooth > 0) & (smooth < 80)]
    empty = (smooth < -960) & (smooth > -1060)
    air = chosen[empty]
    sigma = float(np.median(np.abs(tissue)) * 1.4826 * 1.06) if tissue.size else 10.0
    spread = float(np.std(air)) if air.size else sigma / 2
    return Noise(min(sigma, 150.0), min(max(spread, 1.0), 150.0), float(np.mean(air)) if air.size else AIR)


class Painter:
    """Paints the slices of a stack. The same seed gives the same pixels."""

    def __init__(self, cut: Cut, noise: Noise, seed: bytes) -> None:
        self.cut, self.noise = cut, noise
        self._seed = seed
        dice = np.random.default_rng(list(hashlib.sha256(seed).digest()))
        grains = dice.standard_normal((_TILE, _TILE), dtype=np.float32)
        soft = np.asarray(cv2.GaussianBlur(grains, (0, 0), 0.6), np.float32)
        self._grains: NDArray[np.float32] = np.tile(soft / soft.std(), (2, 2))
        active = np.argwhere(cut.tissue > -8) if (cut.tissue > 0).any() else np.empty((0, 3))
        active = np.concatenate([active, np.argwhere(cut.air > -8)]) if (cut.air > 0).any() else active
        self._box = (active.min(axis=0), active.max(axis=0)) if len(active) else None

    def paint(self, plane: Plane, image: NDArray[Any], number: int) -> None:
        """Carry the cut out on one slice in HU, in place."""
        found = self._fields(plane)
        if found is None:
            return
        (top, left), air, tissue, near = found
        part = image[top : top + air.shape[0], left : left + air.shape[1]]
        padding = part < _PADDING
        to_air = (air > 0) & ~padding
        to_tissue = (tissue > 0) & ~to_air & ~padding & ~((near > 0.02) & (part > _BONE))
        if not to_air.any() and not to_tissue.any():
            return
        grains = self._tile(number, air.shape)
        # The hull's edge, half a pixel to each side, has a mean of both, as a scanner would measure it.
        solid = np.clip(np.float32(0.5) - air / np.float32(max(plane.spacing)), 0, 1)
        mean = self.noise.mean + (TISSUE - self.noise.mean) * solid
        spread = self.noise.air + (self.noise.tissue - self.noise.air) * solid
        made = np.maximum(mean + spread * grains, np.float32(AIR - 24))
        np.copyto(part, _rounded(made, image.dtype), where=to_air | to_tissue)

    def _tile(self, number: int, shape: tuple[int, int]) -> NDArray[np.float32]:
        dice = np.random.default_rng(list(hashlib.sha256(self._seed + number.to_bytes(4, "big")).digest()))
        down, across = (int(n) for n in dice.integers(0, _TILE, 2))
        sign = np.float32(1 if dice.integers(2) else -1)
        times = (max(1, ceil(shape[0] / _TILE)), max(1, ceil(shape[1] / _TILE)))
        tile = self._grains if times == (1, 1) else np.tile(self._grains, times)
        return np.asarray(sign * tile[down : down + shape[0], across : across + shape[1]], np.float32)

    def _fields(self, plane: Plane) -> tuple[tuple[int, int], Any, Any, Any] | None:
        """The cut's fields on the part of a slice that it reaches."""
        if self._box is None:
            return None
        steps = [max(1, int(_LATTICE / s)) for s in plane.spacing]
        rows = np.arange(0, plane.shape[0] + steps[0], steps[0], dtype=np.float64)
        columns = np.arange(0, plane.shape[1] + steps[1], steps[1], dtype=np.float64)
        points = plane.points(rows, columns)
        indices = self.cut.grid.indices(points)
        low, high = (edge[:, None, None] for edge in self._box)
        reached = ((indices >= low - 2) & (indices <= high + 2)).all(axis=0)
        if not reached.any():
            return None
        down, across = np.flatnonzero(reached.any(axis=1)), np.flatnonzero(reached.any(axis=0))
        r0, r1 = max(int(down[0]) - 1, 0), int(down[-1]) + 2
        c0, c1 = max(int(across[0]) - 1, 0), int(across[-1]) + 2
        points = points[r0:r1, c0:c1]
        top, left = int(rows[r0]), int(columns[c0])
        size = (
            min((points.shape[0] - 1) * steps[0] + 1, plane.shape[0] - top),
            min((points.shape[1] - 1) * steps[1] + 1, plane.shape[1] - left),
        )
        fields = [
            _finer(self.cut.grid.sample(values, points, outside), steps, size)
            for values, outside in ((self.cut.air, -FAR), (self.cut.tissue, -FAR), (self.cut.near_bone, 0.0))
        ]
        return (top, left), fields[0], fields[1], fields[2]


def _finer(lattice: NDArray[np.float32], steps: list[int], size: tuple[int, int]) -> NDArray[np.float32]:
    """A lattice's values at every pixel between its points, by straight lines."""
    matrix = np.array([[1 / steps[1], 0, 0], [0, 1 / steps[0], 0]])
    found = cv2.warpAffine(
        lattice,
        matrix,
        (size[1], size[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, np.float32)


def _rounded(values: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.rint(values).astype(dtype) if dtype.kind in "iu" else values.astype(dtype)
