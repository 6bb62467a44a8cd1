"""A volume in Hounsfield units that solids are painted on, last one on top."""

from collections.abc import Iterable, Sequence

import numpy as np

from scanward.dicom.synthetic.shapes import Grid, Point, Rod, Shape, Volume, cover

AIR = -1000.0


class Canvas:
    """Hounsfield units on a grid, [z, y, x], air at first."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.hu: Volume = np.full(grid.shape, AIR, dtype=np.float32)

    def paint(
        self,
        shapes: Shape | Iterable[Shape],
        value: float | Volume,
        *,
        grow: float = 0.0,
        edge: float = 0.0,
        within: Volume | None = None,
    ) -> None:
        """Fill solids with a value (or a volume of values); `within` (0 to 1, whole volume) limits it."""
        for shape in shapes if isinstance(shapes, Iterable) else (shapes,):
            self._paint(shape, value, grow, edge or self.grid.edge, within)

    def _paint(self, shape: Shape, value: float | Volume, grow: float, edge: float, within: Volume | None) -> None:
        if isinstance(shape, Rod) and 2 * shape.radius + grow < 0.7 * edge:
            return  # Thinner than the softened edge: it would not show.
        low, high = shape.box()
        room = grow + edge
        where = self.grid.window(shifted(low, -room), shifted(high, room))
        if where is None:
            return
        distance = shape.distance(self.grid.part(where))
        share = cover(distance - np.float32(grow) if grow else distance, edge)
        if within is not None:
            share *= within[where]
        blend(self.hu[where], share, value if isinstance(value, float | int) else value[where])

    def wash(self, share: Volume, value: float | Volume) -> None:
        """Mix a value into the whole volume by a share of 0 to 1."""
        blend(self.hu, share, value)

    def shell(self, shapes: Sequence[Shape], outer: float, inner: float, *, wall: float) -> None:
        """Solids with a rind of `wall` mm of one value around another: bone, bowel, a vessel."""
        self.paint(shapes, outer)
        self.paint(shapes, inner, grow=-wall)


def blend(target: Volume, share: Volume, value: float | Volume) -> None:
    """target += share * (value - target), in place."""
    fresh = np.float32(value) if isinstance(value, float | int) else value
    target += share * (fresh - target)


def shifted(point: Point, by: float) -> Point:
    """The point moved by the same length along each axis."""
    return point[0] + by, point[1] + by, point[2] + by
