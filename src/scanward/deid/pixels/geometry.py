"""Slices in the patient: a stack of parallel planes, and the even grid in LPS on which a head is analysed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]  # (..., 3): x to the left, y to the back, z to the head, in mm
AIR: Final = -1000.0
_PARALLEL: Final = 1e-3
_SMALL: Final = 1e-9
_PADDING: Final = -1500.0  # below this a value is the scanner's padding, not air


class Unusable(Exception):
    """A series whose slices don't make a volume; the text says why, without a value."""


@dataclass(frozen=True)
class Plane:
    """One slice: the centre of its first pixel, the directions of a row and of a column, spacing (row, column)."""

    origin: tuple[float, float, float]
    along_row: tuple[float, float, float]
    along_column: tuple[float, float, float]
    spacing: tuple[float, float]  # between rows, between columns
    shape: tuple[int, int]

    @property
    def normal(self) -> NDArray[np.float64]:
        """The direction in which parallel slices are stacked."""
        return np.cross(self.along_row, self.along_column)

    def points(self, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Points:
        """Where pixel centres lie, (rows, columns, 3)."""
        down = np.multiply.outer(rows * self.spacing[0], np.asarray(self.along_column))
        across = np.multiply.outer(columns * self.spacing[1], np.asarray(self.along_row))
        where: Points = np.asarray(self.origin) + down[:, None, :] + across[None, :, :]
        return where


@dataclass(frozen=True)
class Grid:
    """An even grid in LPS: the first voxel's centre (x, y, z), one step in mm, shape (z, y, x)."""

    first: tuple[float, float, float]
    step: float
    shape: tuple[int, int, int]

    @property
    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """z, y and x of the voxels' centres."""
        z, y, x = (np.arange(n) * self.step + start for n, start in zip(self.shape, reversed(self.first), strict=True))
        return np.asarray(z, np.float64), np.asarray(y, np.float64), np.asarray(x, np.float64)

    def along(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far along a direction each voxel lies, in mm; one wide on an axis along which that doesn't change."""
        z, y, x = (axis if abs(n) > _SMALL else axis[:1] for axis, n in zip(self.axes, way[::-1], strict=True))
        found = x * way[0] + (y * way[1])[:, None] + (z * way[2])[:, None, None]
        return np.asarray(found, np.float64)

    def indices(self, points: Points) -> NDArray[np.float64]:
        """Fractional (z, y, x) indices, first axis 3, of points in mm."""
        return np.asarray(np.moveaxis((points - np.asarray(self.first)) / self.step, -1, 0)[::-1], np.float64)

    def sample(self, values: NDArray[Any], points: Points, outside: float) -> Volume:
        """Values between the grid's voxels, by straight lines."""
        found: Volume = ndimage.map_coordinates(
            values, self.indices(points), order=1, mode="constant", cval=outside, output=np.float32, prefilter=False
        )
        return found


@dataclass
class Stack:
    """Parallel slices in the order of their normal; `hu` is [slice, row, column] in Hounsfield units."""

    planes: list[Plane]
    hu: NDArray[Any]
    order: list[int] = field(default_factory=list)  # where each slice stood in what was given
    heights: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        normal = self.planes[0].normal
        self.heights = np.array([float(np.dot(plane.origin, normal)) for plane in self.planes])

    @property
    def gap(self) -> float:
        """The usual distance of two slices in mm."""
        return float(np.median(np.diff(self.heights))) if len(self.heights) > 1 else 1.0

    def corners(self) -> Points:
        """The corners of the first and the last slice."""
        found = []
        for plane in (self.planes[0], self.planes[-1]):
            rows, columns = np.array([0.0, plane.shape[0] - 1]), np.array([0.0, plane.shape[1] - 1])
            found.append(plane.points(rows, columns).reshape(-1, 3))
        return np.concatenate(found)

    def grid(self, step: float) -> Grid:
        """The smallest even grid round the whole stack."""
        corners = self.corners()
        low, high = corners.min(axis=0) - step, corners.max(axis=0) + step
        counts = np.ceil((high - low) / step).astype(int) + 1
        return Grid((float(low[0]), float(low[1]), float(low[2])), step, (counts[2], counts[1], counts[0]))

    def resampled(self, grid: Grid) -> tuple[Volume, Mask]:
        """Hounsfield units on a grid, and where the stack has any; air elsewhere.

        Slices and pixels finer than the grid are averaged before.
        """
        thin, rows, columns = self._reduced(grid.step)
        first = self.planes[0]
        normal = first.normal
        heights = np.array([np.mean(part) for part in np.array_split(self.heights, thin.shape[0])])
        origins = np.array([plane.origin for plane in self.planes])
        height = grid.along(normal)
        k = np.interp(height, heights, np.arange(len(heights)), left=-5, right=-5)
        # The ends: half a slice beyond the first and the last still belongs to them.
        half = max(self.gap, grid.step) * 0.75
        k = np.where((k < 0) & (np.abs(height - heights[0]) <= half), 0, k)
        k = np.where((k < 0) & (np.abs(height - heights[-1]) <= half), len(heights) - 1, k)

        def along(way: tuple[float, float, float], size: float) -> NDArray[np.float64]:
            start = np.interp(height, self.heights, origins @ np.asarray(way))
            return np.asarray((grid.along(np.asarray(way)) - start) / size)

        row = along(first.along_column, first.spacing[0] * rows) - (rows - 1) / (2 * rows)
        column = along(first.along_row, first.spacing[1] * columns) - (columns - 1) / (2 * columns)
        inside = (k >= 0) & (row >= -0.5) & (row <= thin.shape[1] - 0.5)
        inside = inside & (column >= -0.5) & (column <= thin.shape[2] - 0.5)
        where = np.broadcast_arrays(k, row, column)
        found: Volume = ndimage.map_coordinates(
            thin, where, order=1, mode="nearest", output=np.float32, prefilter=False
        )
        found[~inside] = AIR
        return found, inside

    def _reduced(self, step: float) -> tuple[Volume, float, float]:
        """The stack with blocks of about `step` mm averaged; how many rows and columns one pixel now stands for."""
        plane = self.planes[0]
        size = [max(1, round(n * s / max(step, s))) for n, s in zip(plane.shape, plane.spacing, strict=True)]
        groups = np.array_split(np.arange(len(self.planes)), self._count(step))
        out = np.empty((len(groups), *size), np.float32)
        for n, group in enumerate(groups):
            total = np.zeros(size, np.float32)
            for k in group:
                slice_ = np.maximum(self.hu[k].astype(np.float32), np.float32(AIR - 24))
                total += cv2.resize(slice_, (size[1], size[0]), interpolation=cv2.INTER_AREA)
            out[n] = total / len(group)
        return out, plane.shape[0] / size[0], plane.shape[1] / size[1]

    def _count(self, step: float) -> int:
        return max(1, len(self.planes) // max(1, int(step / max(self.gap, 1e-3) + 0.25)))


def stack_of(planes: Sequence[Plane], images: Sequence[NDArray[Any]]) -> Stack:
    """Order slices along their normal.

    Raises: Unusable when they are not parallel, or differ in size or spacing.
    """
    if not planes:
        raise Unusable("it has no slice with a place in the patient")
    first = planes[0]
    for plane in planes:
        if plane.shape != first.shape or not np.allclose(plane.spacing, first.spacing, rtol=1e-3):
            raise Unusable("its slices differ in size or spacing")
        if abs(abs(float(np.dot(plane.normal, first.normal))) - 1) > _PARALLEL:
            raise Unusable("its slices are not parallel")
        if np.dot(plane.along_row, first.along_row) < 1 - _PARALLEL:
            raise Unusable("its slices are turned against each other")
    order = sorted(range(len(planes)), key=lambda n: float(np.dot(planes[n].origin, first.normal)))
    # Slices scanned twice at one place: the volume takes one, the cut goes into both.
    return Stack([planes[n] for n in order], np.stack([images[n] for n in order]), order)


def axial_stack(
    hu: NDArray[Any], spacing: tuple[float, float, float], origin: tuple[float, float, float] = (0, 0, 0)
) -> Stack:
    """A stack from an array [z, y, x] in LPS with spacing (z, y, x) in mm."""
    x, y, z = origin
    planes = [
        Plane((x, y, z + k * spacing[0]), (1, 0, 0), (0, 1, 0), (spacing[1], spacing[2]), (hu.shape[1], hu.shape[2]))
        for k in range(hu.shape[0])
    ]
    return Stack(planes, hu, list(range(len(planes))))
