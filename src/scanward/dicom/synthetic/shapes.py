"""Signed distances of simple solids on a grid in millimetres, and paint with soft edges.

Axes are LPS: x to the patient's left, y to the back, z to the head; arrays are [z, y, x]. Only operations
that IEEE 754 rounds exactly (+ - * / sqrt, comparisons) touch an array, so the same seed gives the same
bytes on every machine.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Volume = NDArray[np.float32]
Point = tuple[float, float, float]
Slices = tuple[slice, slice, slice]
Matrix = tuple[Point, Point, Point]


@dataclass(frozen=True)
class Grid:
    """Where the voxels are: three axes in millimetres, each ascending."""

    z: Volume
    y: Volume
    x: Volume

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along z, y and x."""
        return len(self.z), len(self.y), len(self.x)

    @cached_property
    def edge(self) -> float:
        """Width in mm over which an edge is softened: the in-plane sampling, never under 0.8."""
        steps = [float(a[1] - a[0]) for a in (self.y, self.x) if len(a) > 1]
        return max(0.8, 1.1 * min(steps, default=1.0))

    def window(self, low: Point, high: Point) -> Slices | None:
        """The slices that hold the box, or None when it lies outside."""
        found: list[slice] = []
        for axis, a, b in zip(self._ticks, (low[2], low[1], low[0]), (high[2], high[1], high[0]), strict=True):
            start, stop = bisect_left(axis, a), bisect_right(axis, b)
            if start >= stop:
                return None
            found.append(slice(start, stop))
        return found[0], found[1], found[2]

    @cached_property
    def _ticks(self) -> tuple[list[float], list[float], list[float]]:
        return self.z.tolist(), self.y.tolist(), self.x.tolist()

    def part(self, where: Slices) -> "Grid":
        """The grid inside a window."""
        return Grid(self.z[where[0]], self.y[where[1]], self.x[where[2]])

    def relative(self, centre: Point) -> tuple[Volume, Volume, Volume]:
        """Offsets from a point as broadcastable arrays, in the order x, y, z."""
        return (
            (self.x - np.float32(centre[0]))[None, None, :],
            (self.y - np.float32(centre[1]))[None, :, None],
            (self.z - np.float32(centre[2]))[:, None, None],
        )


class Shape(Protocol):
    """A solid: a box that holds it, and the signed distance to its surface (negative inside)."""

    def box(self) -> tuple[Point, Point]:
        """Low and high corner in mm."""

    def distance(self, grid: Grid) -> Volume:
        """Signed distance in mm, [z, y, x]."""


@dataclass(frozen=True)
class Ball:
    """An ellipsoid, turned by `axes` (rows are its own x, y, z) when given."""

    centre: Point
    radii: Point
    axes: Matrix | None = None

    def box(self) -> tuple[Point, Point]:
        """A turned ellipsoid is held by the box of its longest radius along each axis."""
        reach = self.radii
        if self.axes is not None:
            rows = self.axes
            reach = _three([sum((rows[j][i] * self.radii[j]) ** 2 for j in range(3)) ** 0.5 for i in range(3)])
        low = _three([c - r for c, r in zip(self.centre, reach, strict=True)])
        high = _three([c + r for c, r in zip(self.centre, reach, strict=True)])
        return low, high

    def distance(self, grid: Grid) -> Volume:
        """First-order distance: k0 (k0 - 1) / k1 with k0 = |p / r|, k1 = |p / r^2|."""
        offsets = grid.relative(self.centre)
        near = np.sqrt(_form(offsets, self.axes, [1 / r**2 for r in self.radii]))
        slope = np.sqrt(_form(offsets, self.axes, [1 / r**4 for r in self.radii]))
        np.maximum(slope, np.float32(1e-6), out=slope)
        result: Volume = near * near
        result -= near
        result /= slope
        return result


def _form(offsets: tuple[Volume, Volume, Volume], axes: Matrix | None, weights: list[float]) -> Volume:
    """The quadratic form of an ellipsoid; thin terms are added first, so that few passes run over the whole block."""
    x, y, z = offsets
    rows = axes or ((1, 0, 0), (0, 1, 0), (0, 0, 1))

    def term(i: int, j: int) -> np.float32:
        return np.float32(sum(w * row[i] * row[j] for w, row in zip(weights, rows, strict=True)))

    plane = y * y * term(1, 1) + x * x * term(0, 0)
    rest = z * z * term(2, 2)
    if axes is not None:
        plane = plane + x * y * (np.float32(2) * term(0, 1))
        if term(1, 2):
            rest = rest + y * z * (np.float32(2) * term(1, 2))
    result: Volume = np.add(rest, plane, dtype=np.float32)
    if axes is not None and term(0, 2):
        result += z * x * (np.float32(2) * term(0, 2))
    # A rounded form may fall a hair below nothing at the centre.
    np.maximum(result, np.float32(0), out=result)
    return result


@dataclass(frozen=True)
class Rod:
    """A capsule between two points whose radius runs from one value to another."""

    start: Point
    end: Point
    radius: float
    tip: float | None = None

    def box(self) -> tuple[Point, Point]:
        """Both ends with the larger radius around them."""
        r = self.radius if self.tip is None else max(self.radius, self.tip)
        (ax, ay, az), (bx, by, bz) = self.start, self.end
        low = min(ax, bx) - r, min(ay, by) - r, min(az, bz) - r
        return low, (max(ax, bx) + r, max(ay, by) + r, max(az, bz) + r)

    def distance(self, grid: Grid) -> Volume:
        """Distance to the axis less the radius there."""
        (ax, ay, az), (bx, by, bz) = self.start, self.end
        dx, dy, dz = bx - ax, by - ay, bz - az
        length = max(dx * dx + dy * dy + dz * dz, 1e-6)
        x, y, z = grid.relative(self.start)
        dot = (z * np.float32(dz) + y * np.float32(dy)) + x * np.float32(dx)
        place = np.minimum(np.maximum(dot * np.float32(1 / length), np.float32(0)), np.float32(1))
        dot *= np.float32(2)
        dot -= place * np.float32(length)
        dot *= place
        far: Volume = (z * z + y * y) + x * x
        far -= dot
        np.maximum(far, np.float32(0), out=far)
        np.sqrt(far, out=far)
        if self.tip is None:
            far -= np.float32(self.radius)
        else:
            far -= np.float32(self.radius) + place * np.float32(self.tip - self.radius)
        return far


def tube(points: Sequence[Point], radii: Sequence[float] | float) -> list[Rod]:
    """Rods through all points; one radius, or one per point."""
    widths = [radii] * len(points) if isinstance(radii, float | int) else list(radii)
    ends = zip(points, points[1:], widths, widths[1:], strict=False)
    return [Rod(a, b, ra, rb) for a, b, ra, rb in ends]


def curve(points: Sequence[Point], steps: int = 4) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    padded = [points[0], *points, points[-1]]
    found: list[Point] = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(steps):
            t = step / steps
            found.append(_three([_spline(a, b, c, d, t) for a, b, c, d in zip(p0, p1, p2, p3, strict=True)]))
    return [*found, points[-1]]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    value = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return round(value, 4)


def mirrored(shape: "Ball | Rod") -> "list[Ball | Rod]":
    """The shape and its mirror image on the patient's other side."""
    return [shape, mirror(shape)]


def mirror(shape: "Ball | Rod") -> "Ball | Rod":
    """The shape on the patient's other side."""
    if isinstance(shape, Rod):
        return replace(shape, start=flip(shape.start), end=flip(shape.end))
    axes = shape.axes
    if axes is not None:
        axes = (axes[0][0], -axes[0][1], -axes[0][2]), flip(axes[1]), flip(axes[2])
    return replace(shape, centre=flip(shape.centre), axes=axes)


def flip(point: Point) -> Point:
    """The point on the patient's other side."""
    return -point[0], point[1], point[2]


def turned(axis: str, degrees: float) -> Matrix:
    """Axes of a solid that is turned about x, y or z (right-handed)."""
    # Taylor's series in plain arithmetic, then rounded: no libm, so no difference between machines.
    c, s = cosine(degrees), cosine(90 - degrees)
    if axis == "x":
        return (1, 0, 0), (0, c, s), (0, -s, c)
    if axis == "y":
        return (c, 0, -s), (0, 1, 0), (s, 0, c)
    return (c, s, 0), (-s, c, 0), (0, 0, 1)


def cosine(degrees: float) -> float:
    """Cosine from its series, rounded to 6 places: the same on every machine."""
    angle = (abs(degrees) % 360) * 0.017453292519943295
    angle = min(angle, 6.283185307179586 - angle)
    term = total = 1.0
    for n in range(1, 16):
        term *= -angle * angle / ((2 * n - 1) * (2 * n))
        total += term
    return round(total, 6)


def sine(degrees: float) -> float:
    """Sine, as exactly reproducible as `cosine`."""
    return cosine(degrees - 90)


def joined(a: Volume, b: Volume, soft: float) -> Volume:
    """Smooth union of two distances: they melt together over `soft` mm."""
    if soft <= 0:
        return np.minimum(a, b)
    blend = np.abs(a - b)
    np.subtract(np.float32(soft), blend, out=blend)
    np.maximum(blend, np.float32(0), out=blend)
    blend *= blend
    blend *= np.float32(0.25 / soft)
    result: Volume = np.minimum(a, b)
    result -= blend
    return result


def carved(a: Volume, b: Volume, soft: float) -> Volume:
    """The first solid without the second, with an edge rounded over `soft` mm."""
    return -joined(-a, b, soft)


def cover(distance: Volume, edge: float) -> Volume:
    """How much of a voxel the solid fills, 0 to 1."""
    share: Volume = distance * np.float32(-1 / edge)
    share += np.float32(0.5)
    np.maximum(share, np.float32(0), out=share)
    return np.minimum(share, np.float32(1), out=share)


def merged(distance: Volume, grid: Grid, solid: "Ball | Rod", soft: float, *, carve: bool = False) -> None:
    """Add a solid to a distance in place (or carve it out), only where it can matter."""
    low, high = solid.box()
    room = 1.5 * soft + 8
    where = grid.window(_moved(low, -room), _moved(high, room))
    if where is not None:
        part = solid.distance(grid.part(where))
        distance[where] = (carved if carve else joined)(distance[where], part, soft)


def _moved(point: Point, by: float) -> Point:
    return point[0] + by, point[1] + by, point[2] + by


def _three(values: Sequence[float]) -> Point:
    return values[0], values[1], values[2]
