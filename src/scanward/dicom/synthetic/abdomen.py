"""An abdomen in the portal venous phase, with a simple cyst in the liver."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scanward.dicom.synthetic import bones, torso
from scanward.dicom.synthetic.canvas import AIR, Canvas
from scanward.dicom.synthetic.shapes import (
    Ball,
    Grid,
    Point,
    Rod,
    Shape,
    Volume,
    carved,
    cover,
    curve,
    joined,
    mirror,
    mirrored,
    tube,
    turned,
)
from scanward.dicom.synthetic.texture import Dice, field
from scanward.dicom.synthetic.trees import Twig, tree

LIVER, SPLEEN, CORTEX, PELVIS, AORTA, VEIN, BILE, WALL = 108.0, 122.0, 175.0, 60.0, 160.0, 152.0, 9.0, 85.0
PROFILE = ((-180.0, 170.0, 112.0), (-60.0, 150.0, 106.0), (60.0, 158.0, 112.0), (160.0, 160.0, 112.0))
CAVITY = ((-180.0, 122.0, 74.0), (-60.0, 114.0, 72.0), (60.0, 132.0, 82.0), (160.0, 132.0, 82.0))


@dataclass(frozen=True)
class Abdomen:
    """One person's abdomen, with a simple cyst of the liver of the diameter given in mm."""

    seed: int
    cyst_mm: float = 12.0
    level: float | None = None

    def paint(self, canvas: Canvas) -> None:
        """Paint the abdomen from the skin inwards."""
        grid = canvas.grid
        body = torso.outline(grid, PROFILE)
        torso.wall(canvas, body, fat=20, seed=self.seed)
        trunk = cover(body + np.float32(10), grid.edge)
        torso.back_muscles(canvas, 76, 21, (-190, 170), trunk)
        cavity = torso.outline(grid, CAVITY, -6)
        room = cover(cavity, grid.edge)
        canvas.wash(room, np.float32(-100) + np.float32(7) * field(grid, Dice("omentum", self.seed), 6))
        _bowel(canvas, room, self.seed)
        _solid_organs(canvas, room, self.seed)
        _stomach(canvas, room)
        _kidneys(canvas)
        canvas.paint(Ball(self.cyst, (self.cyst_mm / 2,) * 3), 5)
        _psoas(canvas)
        torso.spine(canvas, [-176 + 31.0 * n for n in range(11)], y=42, width=22, depth=16, transverse=26)
        _vessels(canvas)
        _bones(canvas)
        _lung_bases(canvas, room)

    @property
    def cyst(self) -> Point:
        """Centre of the cyst in the right lobe, LPS in mm, at the height `level` when that is given."""
        dice = Dice("cyst", self.seed)
        x, y, z = -88 + dice.between(-6, 6), -6 + dice.between(-10, 10), 60 + dice.between(-8, 8)
        return x, y, z if self.level is None else self.level


def _liver(grid: Grid) -> Volume:
    right = Ball((-66, -4, 66), (62, 72, 84), turned("z", -8)).distance(grid)
    whole = joined(right, Ball((2, -44, 96), (62, 32, 42), turned("y", -10)).distance(grid), 22)
    return joined(whole, Ball((-84, 10, 4), (34, 42, 54)).distance(grid), 16)


def _solid_organs(canvas: Canvas, room: Volume, seed: int) -> None:
    grid = canvas.grid
    liver = cover(_liver(grid), grid.edge) * room
    canvas.wash(liver, np.float32(LIVER) + np.float32(5) * field(grid, Dice("liver", seed), 7))
    canvas.paint(_liver_tree(seed), VEIN, within=liver, edge=max(2.0, grid.edge))
    fissure = Ball((-6, -58, 74), (3, 22, 28), turned("z", 20))
    canvas.paint(fissure, -80, within=room, edge=3)
    spleen = Ball((106, 26, 84), (24, 46, 54), turned("z", 24))
    canvas.paint(spleen, np.float32(SPLEEN) + np.float32(4) * field(grid, Dice("spleen", seed), 6), within=room)
    gall = Ball((-44, -50, 12), (15, 21, 27), turned("x", 20))
    canvas.paint(gall, 70, within=room, grow=1.4)
    canvas.paint(gall, BILE, within=room)
    dice = Dice("pancreas", seed)
    gland = curve([(-28, -20, 0), (-16, -30, 14), (10, -34, 28), (44, -14, 44), (80, 12, 62)], 4)
    lobules = [Ball(p, (dice.between(8, 12), dice.between(7, 10), dice.between(8, 11))) for p in gland]
    canvas.paint(lobules, 98, within=room, edge=3)
    canvas.paint(tube(gland[2:], 1.4), 15)
    adrenals = [
        *mirrored(Rod((26, 20, 76), (36, 34, 66), 2.6)),
        *mirrored(Rod((30, 26, 74), (28, 38, 64), 2.2)),
    ]
    canvas.paint(adrenals, 70)


@lru_cache(maxsize=8)
def _liver_tree(seed: int) -> tuple[Rod, ...]:
    dice = Dice("liver vessels", seed)

    def inside(p: Point) -> bool:
        right = sum(((a - c) / r) ** 2 for a, c, r in zip(p, (-66, -4, 66), (58, 68, 80), strict=True))
        left = sum(((a - c) / r) ** 2 for a, c, r in zip(p, (2, -44, 96), (58, 28, 38), strict=True))
        return min(right, left) < 1

    portal = (-34.0, -14.0, 52.0)
    rods = [Rod((-4, -14, 30), portal, 7, 6.5)]
    for heading in ((-0.9, 0.2, 0.3), (-0.8, 0.3, -0.5), (-0.6, -0.4, 0.6), (0.75, -0.6, 0.4)):
        rods += tree(Twig(portal, heading, 28, 4.4, 4), dice, inside)
    for heading in ((-0.8, 0.1, -0.6), (-0.35, -0.7, -0.6), (0.6, -0.6, -0.5)):
        rods += tree(Twig((-24, 20, 124), heading, 30, 4.0, 4), dice, inside)
    return tuple(rods)


def _stomach(canvas: Canvas, room: Volume) -> None:
    parts = [
        *tube(
            curve([(62, -12, 106), (66, -34, 74), (54, -54, 44), (22, -60, 26), (-10, -48, 22)], 3),
            [30, 31, 31, 30, 29, 27, 25, 22, 19, 17, 15, 13, 11],
        )
    ]
    canvas.paint(parts, WALL, within=room)
    canvas.paint(parts, 22, grow=-4)
    above = np.clip((np.float32(-52) - canvas.grid.y) * np.float32(1), np.float32(0), np.float32(1))[None, :, None]
    canvas.paint(parts, AIR, grow=-4.5, within=np.broadcast_to(above, canvas.hu.shape))


def _kidneys(canvas: Canvas) -> None:
    for side in (-1, 1):
        centre = (side * 64.0, 38.0, 14.0 + side * 8)
        lean = turned("z", side * 35)
        outer = Ball(centre, (26, 30, 54), lean)
        canvas.paint(outer, -105, grow=9, edge=6)
        canvas.paint(outer, CORTEX)
        pyramids: list[Shape] = []
        for level in (-30, -15, 0, 15, 30):
            for turn in (-14, 4, 20):
                pyramids.append(
                    Ball(
                        (centre[0] + side * (8 - abs(level) / 6), centre[1] + turn - 4, centre[2] + level),
                        (7, 6, 6),
                    )
                )
        canvas.paint(pyramids, 128, edge=3)
        sinus = Ball((centre[0] - side * 10, centre[1] - 6, centre[2]), (14, 12, 26), lean)
        canvas.paint(sinus, -80, edge=4)
        canvas.paint(
            Rod(
                (centre[0] - side * 6, centre[1] - 4, centre[2] + 8),
                (centre[0] - side * 22, centre[1] - 8, centre[2] - 8),
                6,
                4,
            ),
            PELVIS,
        )
        canvas.paint(
            tube(
                [
                    (centre[0] - side * 24, centre[1] - 8, centre[2] - 12),
                    (side * 36, 22, -60),
                    (side * 34, 16, -180),
                ],
                2.4,
            ),
            70,
        )


def _psoas(canvas: Canvas) -> None:
    muscles = [Rod((30, 46, 20), (52, 34, -120), 11, 24), Rod((52, 34, -120), (62, 24, -190), 24, 24)]
    flat = [Ball((66, 60, -40), (20, 14, 66)), Ball((96, 60, -190), (36, 24, 60), turned("z", 30))]
    both: list[Shape] = [*muscles, *[mirror(m) for m in muscles], *flat, *[mirror(f) for f in flat]]
    canvas.paint(both, -100, grow=3)
    canvas.paint(both, 62)


def _vessels(canvas: Canvas) -> None:
    aorta = tube([(6, 18, 180), (10, 14, 60), (6, 12, -100)], 10.5)
    iliac = mirrored(Rod((4, 12, -98), (34, 0, -190), 7, 6))
    cava = [
        *tube([(-24, 12, 140), (-22, 14, 60), (-20, 16, -106)], 12),
        *mirrored(Rod((16, 20, -104), (40, 10, -190), 8)),
    ]
    canvas.paint([*aorta, *iliac], -100, grow=3)
    canvas.paint(cava, 138)
    canvas.paint([*aorta, *iliac], AORTA)
    renal = [Rod((14, 16, 26), (50, 32, 20), 3.4), Rod((-2, 16, 26), (-52, 34, 8), 3.4)]
    trunk = [
        *tube([(8, 4, 52), (6, -12, 50), (4, -18, 10), (2, -24, -80)], 4.2),
        *tube([(8, 4, 70), (4, -14, 70), (50, 0, 78), (86, 20, 84)], 3.2),
    ]
    portal = tube([(-14, -26, -70), (-10, -24, 10), (-8, -14, 30)], [5.5, 6.5, 7.5])
    canvas.paint([*renal, *trunk], AORTA)
    canvas.paint(
        [
            *portal,
            *tube([(-8, -14, 34), (40, -4, 52), (88, 18, 74)], 4.6),
            *mirrored(Rod((20, 10, 18), (52, 28, 14), 4.6)),
        ],
        VEIN,
    )
    canvas.paint([Ball((1, 20, -60), (2, 3, 6)), Ball((15, 8, -90), (2, 4, 5))], 520)


def _bowel(canvas: Canvas, room: Volume, seed: int) -> None:
    dice = Dice("bowel", seed)
    loops: list[list[Rod]] = []
    for n in range(20):
        x, y, z = dice.between(-62, 62), dice.between(-60, -18), -14 - 8.2 * n + dice.between(-6, 6)
        path: list[Point] = []
        for _ in range(5):
            path.append((x, y, z))
            x, y, z = x + dice.between(-42, 42), y + dice.between(-24, 24), z + dice.between(-16, 16)
            x, y = max(-78.0, min(78.0, x)), max(-68.0, min(4.0, y))
        loops.append(tube(curve(path, 3), dice.between(10, 13)))
    for number, loop in enumerate(loops):
        canvas.paint(loop, -100, within=room, grow=2.5)
        canvas.paint(loop, WALL + 10, within=room)
        canvas.paint(loop, 22 if number % 3 else 12, grow=-2.8)
        if number % 4 == 0:
            canvas.paint(Ball(loop[3].start, (7, 5, 7)), AIR)
    _colon(canvas, room, dice, seed)


def _colon(canvas: Canvas, room: Volume, dice: Dice, number: int) -> None:
    path = curve(
        [
            (-100, 16, -170),
            (-104, 18, -60),
            (-98, 2, -14),
            (-70, -60, -12),
            (-10, -78, -34),
            (64, -74, 0),
            (96, -26, 44),
            (112, 26, 20),
            (112, 32, -80),
            (96, 24, -180),
        ],
        5,
    )
    bag: list[Shape] = [Ball(p, (w := dice.between(15, 21), w * 0.92, w)) for p in path]
    canvas.paint(bag, -100, within=room, grow=3)
    canvas.paint(bag, 70, within=room)
    canvas.paint(bag, 10, within=room, grow=-2.6)
    crumbs = np.float32(-260) + np.float32(420) * field(canvas.grid, Dice("crumbs", number), 4)
    canvas.paint(bag[:16], crumbs, within=room, grow=-3.4)
    canvas.paint(bag[34:], crumbs, within=room, grow=-5)
    canvas.paint([Ball((b[0], b[1] - 4, b[2]), (11, 9, 12)) for b in path[14:32]], AIR, within=room)


def _bones(canvas: Canvas) -> None:
    for n in range(6):
        path = torso.rib(196 - 30.0 * n, width=142, depth=94, y=-8, drop=70, reach=(132, 120, 104, 88, 60, 34)[n])
        torso.ribs(canvas, path, 4.6)
    crest = [
        Ball((100, 40, -196), (44, 9, 64), turned("z", -42)),
        Ball((54, 66, -196), (20, 10, 52), turned("z", 52)),
    ]
    canvas.shell([*crest, *[mirror(c) for c in crest]], bones.CORTEX, 240, wall=2.2)


def _lung_bases(canvas: Canvas, room: Volume) -> None:
    """The costophrenic recesses of the highest slices."""
    grid = canvas.grid
    right = carved(Ball((-72, 2, 190), (57, 80, 130)).distance(grid), _liver(grid) - np.float32(4), 4)
    left = carved(Ball((76, 2, 190), (52, 80, 126)).distance(grid), Ball((76, -4, 84), (62, 86, 66)).distance(grid), 6)
    canvas.wash(cover(np.minimum(right, left), grid.edge) * room, -850.0)
