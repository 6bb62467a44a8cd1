"""What is inside the skull: grey and white matter in folds, ventricles, nuclei, falx, tentorium, stem."""

from functools import lru_cache

import numpy as np

from scanward.dicom.synthetic.canvas import Canvas
from scanward.dicom.synthetic.shapes import (
    Ball,
    Grid,
    Point,
    Rod,
    Shape,
    Volume,
    cover,
    curve,
    merged,
    mirrored,
    tube,
    turned,
)
from scanward.dicom.synthetic.texture import Dice, field

GREY, WHITE, FLUID, DURA = 39.0, 29.0, 7.0, 58.0
LACUNE: Point = (18, -14, 22)
LACUNE_MM = 6.0


def cavity(grid: Grid) -> Volume:
    """Signed distance to the inner table of the skull, negative inside, [z, y, x]."""
    distance = Ball((0, 7, 20), (66, 82, 61)).distance(grid)
    lobes: list[tuple[Ball | Rod, float]] = [
        *[(s, 8.0) for s in mirrored(Ball((36, -10, -18), (26, 34, 26)))],
        *[(s, 8.0) for s in mirrored(Ball((21, 42, -32), (32, 33, 27)))],
        (Ball((0, 18, -10), (40, 50, 30)), 10.0),
        (Rod((0, 14, -40), (0, 22, -72), 13, 9), 6.0),
    ]
    for solid, soft in lobes:
        merged(distance, grid, solid, soft)
    return distance


def paint(canvas: Canvas, seed: int, lacune: Point) -> None:
    """Paint the brain into the cavity of the skull, with a small old infarct at the place given."""
    low, high = (-72, -86, -90), (72, 96, 86)
    where = canvas.grid.window(low, high)
    if where is None:
        return
    inner = Canvas(canvas.grid.part(where))
    inner.hu = canvas.hu[where]
    depth = cavity(inner.grid)
    inside = cover(depth, inner.grid.edge)
    inner.wash(inside, FLUID)
    inner.wash(inside, _parenchyma(inner.grid, depth, seed))
    _stem(inner, inside)
    _deep(inner, inside)
    _ventricles(inner, inside)
    _membranes(inner, inside, depth)
    inner.paint(Ball(lacune, (LACUNE_MM / 2,) * 3), 9, within=inside)


def _parenchyma(grid: Grid, depth: Volume, seed: int) -> Volume:
    """White matter, a grey ribbon along the surface and along every sulcus, fluid in the sulci."""
    folds = field(grid, Dice("folds", seed), 13) + np.float32(0.35) * field(grid, Dice("fine folds", seed), 6)
    crease = np.abs(folds)
    deep = np.clip((depth + np.float32(22)) * np.float32(1 / 14), np.float32(0), np.float32(1))
    fluid = np.clip((np.float32(0.10) * deep - crease) * np.float32(16), np.float32(0), np.float32(1))
    shore = np.clip((depth + np.float32(2.0)), np.float32(0), np.float32(1))
    ribbon = np.clip((np.float32(0.46) * deep - crease) * np.float32(9), np.float32(0), np.float32(1))
    rim = np.clip((depth + np.float32(6.0)) * np.float32(0.8), np.float32(0), np.float32(1))
    midline = np.clip(np.float32(3) - np.abs(grid.x), np.float32(0), np.float32(1))[None, None, :]
    grey = np.maximum(np.maximum(ribbon, rim), midline)
    tissue = np.float32(WHITE) + grey * np.float32(GREY - WHITE)
    wet = np.maximum(fluid, shore)
    result: Volume = tissue + wet * (np.float32(FLUID) - tissue)
    return result


def _stem(canvas: Canvas, inside: Volume) -> None:
    hemispheres = mirrored(Ball((22, 46, -34), (26, 27, 21)))
    canvas.paint(hemispheres, 37, within=inside)
    canvas.paint(hemispheres, 31, within=inside, grow=-9, edge=6)
    canvas.paint([Ball((0, 48, -34), (8, 24, 20)), Ball((0, 6, -34), (15, 13, 15))], 34, within=inside)
    canvas.paint([Rod((0, 12, -40), (0, 22, -90), 9, 6), Rod((0, 4, -20), (0, 4, -4), 13, 14)], 33, within=inside)
    canvas.paint([Ball((0, -12, -22), (12, 9, 8)), Ball((0, 26, -16), (14, 6, 7))], FLUID, within=inside, edge=3)


def _deep(canvas: Canvas, inside: Volume) -> None:
    core: list[Shape] = [*mirrored(Ball((18, 0, 14), (20, 34, 20)))]
    canvas.paint(core, WHITE, within=inside, edge=8)
    nuclei: list[Shape] = [
        *mirrored(Ball((11, 8, 10), (9, 14, 9), turned("z", -18))),
        *mirrored(Ball((24, -8, 8), (6.5, 16, 10), turned("z", 14))),
        *mirrored(Ball((13.5, -22, 18), (5.5, 9, 9))),
    ]
    canvas.paint(nuclei, 40, within=inside)
    canvas.paint([*mirrored(Ball((35, -6, 8), (2.2, 18, 14)))], GREY, within=inside)


@lru_cache(maxsize=1)
def _lateral() -> list[Rod]:
    body = curve([(8, -34, 16), (9, -22, 20), (9, -6, 26), (11, 12, 28), (17, 30, 24), (22, 40, 14), (24, 56, 12)], 3)
    horn = curve([(22, 38, 14), (28, 28, -4), (30, 10, -16), (29, -4, -18)], 3)
    return [
        *tube(body, [3, 4, 5, 5.4, 5.4, 5.2, 5, 5, 5, 5.2, 5.4, 5.8, 6.4, 7, 7, 6.6, 6, 4.4, 3]),
        *tube(horn, 2.8),
    ]


def _ventricles(canvas: Canvas, inside: Volume) -> None:
    canvas.paint([s for rod in _lateral() for s in mirrored(rod)], FLUID, within=inside)
    canvas.paint(Ball((0, -6, 18), (1.2, 26, 12)), 36, within=inside)
    canvas.paint([Ball((0, 4, 4), (2.4, 15, 11)), Ball((0, 26, -34), (7, 6, 9))], FLUID, within=inside)
    # Chalk that most adults carry: both choroid plexuses and the pineal gland.
    canvas.paint([*mirrored(Ball((22, 38, 14), (2.6, 4, 3)))], 190, within=inside)
    canvas.paint(Ball((0, 26, 2), (2.6, 3, 2.6)), 160, within=inside)


def _membranes(canvas: Canvas, inside: Volume, depth: Volume) -> None:
    grid = canvas.grid
    z, y, x = grid.z[:, None, None], grid.y[None, :, None], np.abs(grid.x)[None, None, :]
    above = np.clip(
        (z - np.float32(26)) + np.abs(y - np.float32(5)) * np.float32(0.5) - np.float32(8),
        np.float32(0),
        np.float32(1),
    )
    gap = np.clip((np.float32(2.4) - x) * np.float32(0.7), np.float32(0), np.float32(1))
    canvas.wash(inside * above * gap, FLUID)
    canvas.wash(inside * above * cover(x - np.float32(0.8), max(1.2, grid.edge)), DURA)
    sinus = x - depth - np.float32(6)
    canvas.wash(
        inside
        * cover(sinus, grid.edge)
        * np.clip(z + y * np.float32(0.6) - np.float32(20), np.float32(0), np.float32(1)),
        60.0,
    )
    slope = np.abs(
        z + np.float32(14) - (np.float32(30) - x) * np.float32(0.5) + (y - np.float32(40)) * np.float32(0.35)
    )
    slope = slope - np.float32(0.9)
    back = np.clip(y - np.float32(30) + x * np.float32(0.3), np.float32(0), np.float32(1))
    tent = cover(slope, max(1.4, grid.edge)) * back * np.clip(np.float32(48) - x, np.float32(0), np.float32(1))
    canvas.wash(np.multiply(inside, tent, dtype=np.float32), 52.0)
