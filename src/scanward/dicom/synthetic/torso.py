"""What chest and abdomen share: the body's outline, fat, muscle, spine and ribs."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from scanward.dicom.synthetic import bones
from scanward.dicom.synthetic.canvas import Canvas
from scanward.dicom.synthetic.shapes import (
    Grid,
    Point,
    Rod,
    Shape,
    Volume,
    cosine,
    cover,
    mirror,
    sine,
    tube,
    turned,
)
from scanward.dicom.synthetic.texture import Dice, field

FAT, MUSCLE, SKIN = -102.0, 55.0, 20.0
Profile = Sequence[Point]
"""Rows of height z, half width and half depth, ascending in z."""


def outline(grid: Grid, profile: Profile, centre_y: float = 0.0) -> Volume:
    """Signed distance to a trunk whose sections are rounded rectangles of the profile's half axes."""
    width, depth = _along(grid.z, profile, 1), _along(grid.z, profile, 2)
    u = (grid.x[None, None, :] / width[:, None, None]) ** 2
    v = ((grid.y - np.float32(centre_y))[None, :, None] / depth[:, None, None]) ** 2
    # Between an ellipse (power 2) and a squircle (power 4); square roots only, so it is exact everywhere.
    round_one, square_one = np.sqrt(u + v), np.sqrt(np.sqrt(u * u + v * v))
    share = np.float32(0.45) * round_one + np.float32(0.55) * square_one
    result: Volume = (share - np.float32(1)) * np.minimum(width, depth)[:, None, None]
    return result


def _along(z: Volume, profile: Profile, column: int) -> Volume:
    """The profile's column at each height: straight lines between the rows, level beyond the ends."""
    found = np.full(z.shape, profile[0][column], dtype=np.float32)
    for low, high in pairwise(profile):
        t = np.clip((z - np.float32(low[0])) / np.float32(high[0] - low[0]), np.float32(0), np.float32(1))
        t = t * t * (np.float32(3) - np.float32(2) * t)
        found += t * np.float32(high[column] - low[column])
    return found


def wall(canvas: Canvas, distance: Volume, *, fat: float, seed: int) -> None:
    """Skin, a layer of fat with strands, and muscle to the middle."""
    grid = canvas.grid
    canvas.wash(cover(distance, grid.edge), SKIN)
    strands = np.float32(FAT) + np.float32(9) * field(grid, Dice("strands", seed), 11)
    canvas.wash(cover(distance + np.float32(2.0), grid.edge), strands)
    thick = np.float32(fat) + np.float32(0.22 * fat) * field(grid, Dice("fat", seed), 60)
    canvas.wash(cover(distance + thick, grid.edge), muscle(grid, seed))


def muscle(grid: Grid, seed: int) -> Volume:
    """Muscle with strands of fat in it."""
    result: Volume = np.float32(MUSCLE) + np.float32(14) * field(grid, Dice("muscle", seed), 8)
    return result


def spine(canvas: Canvas, heights: Sequence[float], *, y: float, width: float, depth: float, transverse: float) -> None:
    """Vertebrae at the heights given."""
    pitch = abs(heights[1] - heights[0])
    for z in heights:
        bones.vertebra(
            canvas,
            (0, y, z),
            width=width,
            depth=depth,
            height=pitch * 0.40,
            spinous=20,
            axes=turned("x", 4),
            transverse=transverse,
        )


def back_muscles(canvas: Canvas, y: float, size: float, span: tuple[float, float], within: Volume) -> None:
    """The two erector muscles beside the spinous processes, in their sheet of fat."""
    both = [Rod((size * 1.15, y, span[0]), (size * 1.05, y, span[1]), size, size * 0.9)]
    pair: list[Shape] = [*both, *[mirror(rod) for rod in both]]
    canvas.paint(pair, FAT, grow=2, within=within)
    canvas.paint(pair, 57, within=within)


def rib(z: float, *, width: float, depth: float, y: float, drop: float, reach: float) -> list[Point]:
    """A left rib from the spine round the side: `reach` degrees of an ellipse, falling `drop` mm."""
    points: list[Point] = []
    for step in range(15):
        share = step / 14
        angle = 12 + reach * share
        side = width * sine(angle)
        fall = drop * share
        points.append((round(side, 3), round(y + depth * cosine(angle), 3), round(z - fall, 3)))
    return points


def ribs(canvas: Canvas, path: Sequence[Point], radius: float = 4.4) -> None:
    """One pair of ribs along a path on the left."""
    left: list[Rod] = tube(path, radius)
    pair: list[Shape] = [*left, *[mirror(rod) for rod in left]]
    canvas.paint(pair, bones.CORTEX)
    canvas.paint(pair, 240, grow=-1.6)
