"""A chest without contrast, with one nodule in the right upper lobe."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scanward.dicom.synthetic import bones, torso
from scanward.dicom.synthetic.canvas import AIR, Canvas, shifted
from scanward.dicom.synthetic.shapes import (
    Ball,
    Grid,
    Point,
    Rod,
    Shape,
    Volume,
    cover,
    curve,
    joined,
    merged,
    mirror,
    mirrored,
    tube,
    turned,
)
from scanward.dicom.synthetic.texture import Dice, field
from scanward.dicom.synthetic.trees import Twig, tree

BLOOD, HEART, LUNG = 44.0, 48.0, -865.0
PROFILE = (
    (-160.0, 160.0, 112.0),
    (-60.0, 160.0, 112.0),
    (40.0, 164.0, 108.0),
    (110.0, 176.0, 98.0),
    (150.0, 160.0, 84.0),
    (190.0, 78.0, 62.0),
)
RIGHT_LUNG, LEFT_LUNG = (
    Ball((-72, -2, -8), (56, 82, 158), turned("y", 8)),
    Ball((73, 0, -8), (54, 80, 156), turned("y", -8)),
)


@dataclass(frozen=True)
class Chest:
    """One person's chest; the nodule's diameter in mm may grow between two scans."""

    seed: int
    nodule_mm: float = 8.0
    female: bool = False
    level: float | None = None

    def paint(self, canvas: Canvas) -> None:
        """Paint the chest from the skin inwards."""
        grid = canvas.grid
        cage = torso.outline(grid, PROFILE)
        body = _with_breasts(cage, grid) if self.female else cage
        torso.wall(canvas, body, fat=13, seed=self.seed)
        if self.female:
            _breasts(canvas, cage, body, self.seed)
        trunk = cover(body + np.float32(9), grid.edge)
        _shoulders(canvas, trunk)
        torso.back_muscles(canvas, 80, 17, (-170, 190), trunk)
        right, left = lungs(grid)
        _mediastinum(canvas)
        _upper_abdomen(canvas, np.minimum(right, left), self.seed)
        _heart_in_its_sac(canvas)
        _lungs(canvas, right, left, self.seed)
        torso.spine(canvas, [-154 + 23.0 * n for n in range(15)], y=44, width=17, depth=14, transverse=22)
        _great_vessels(canvas, self.seed)
        _airways(canvas)
        _cage(canvas)
        self._nodule(canvas)

    @property
    def nodule(self) -> Point:
        """Centre of the nodule, LPS in mm: right upper lobe, at the height `level` when that is given."""
        dice = Dice("nodule", self.seed)
        x, y, z = -78 + dice.between(-10, 8), 12 + dice.between(-14, 14), 62 + dice.between(-8, 10)
        return x, y, z if self.level is None else self.level

    def _nodule(self, canvas: Canvas) -> None:
        x, y, z = self.nodule
        dice, radius = Dice("spicules", self.seed), self.nodule_mm / 2
        spicules: list[Shape] = []
        for _ in range(9):
            way = [dice.between(-1, 1) for _ in range(3)]
            size = max(sum(w * w for w in way) ** 0.5, 0.2)
            a, b, c = (w / size * radius * 1.9 for w in way)
            spicules.append(Rod((x, y, z), (x + a, y + b, z + c), radius * 0.32, 0.3))
        canvas.paint(spicules, -250)
        canvas.paint(Ball((x, y, z), (radius, radius * 0.95, radius)), 38)


BREAST = Ball((72, -98, -20), (52, 42, 50))


def _with_breasts(cage: Volume, grid: Grid) -> Volume:
    body = cage
    for breast in mirrored(BREAST):
        body = joined(body, breast.distance(grid), 18)
    return body


def _breasts(canvas: Canvas, cage: Volume, body: Volume, seed: int) -> None:
    """Fat with strands of gland, under the skin and before the muscles of the chest."""
    before = cover(np.float32(-12) - cage, canvas.grid.edge) * cover(body + np.float32(2.2), canvas.grid.edge)
    gland = np.clip(field(canvas.grid, Dice("gland", seed), 9) * np.float32(3) - np.float32(0.6), 0, 1)
    canvas.paint([*mirrored(BREAST)], -105, grow=8, within=before)
    canvas.paint([*mirrored(BREAST)], np.float32(-105) + np.float32(135) * gland, grow=-12, edge=8, within=before)


def lungs(grid: Grid) -> tuple[Volume, Volume]:
    """Signed distances of the right and the left lung."""
    domes = (Ball((-66, -4, -150), (78, 96, 86)), Ball((72, 0, -158), (72, 92, 78)))
    middle = Rod((0, 50, -170), (0, 50, 190), 23), Rod((0, -10, -170), (0, -4, 190), 22)
    return _lung(grid, RIGHT_LUNG, domes[0], middle), _lung(grid, LEFT_LUNG, domes[1], middle)


def _lung(grid: Grid, lung: Ball, dome: Ball, middle: tuple[Rod, Rod]) -> Volume:
    """A lung without what presses into it; far outside, the distance is just large."""
    distance = np.full(grid.shape, 60, dtype=np.float32)
    low, high = lung.box()
    where = grid.window(shifted(low, -6), shifted(high, 6))
    if where is not None:
        part = grid.part(where)
        shape = lung.distance(part)
        for solid, soft in ((dome, 6), (_heart(), 5), (middle[0], 8), (middle[1], 12)):
            merged(shape, part, solid, soft, carve=True)
        distance[where] = shape
    return distance


def _heart() -> Ball:
    return Ball((22, -32, -46), (51, 42, 54), turned("y", 32))


def _lungs(canvas: Canvas, right: Volume, left: Volume, seed: int) -> None:
    grid = canvas.grid
    both = np.minimum(right, left)
    air = cover(both, grid.edge)
    slope = grid.y[None, :, None] * np.float32(0.35)
    mottle = np.float32(18) * field(grid, Dice("lung", seed), 5) + np.float32(LUNG)
    canvas.wash(air, mottle + slope)
    z, y = grid.z[:, None, None], grid.y[None, :, None]
    oblique = np.abs(z - y * np.float32(0.95) - np.float32(4) + grid.x[None, None, :] * np.float32(0.06)) * np.float32(
        0.72
    )
    canvas.wash(cover(oblique - np.float32(0.5), max(1.4, grid.edge)) * air, -740.0)
    minor = cover(np.abs(z - np.float32(14) - y * np.float32(0.05)) - np.float32(0.5), max(1.6, grid.edge))
    canvas.wash(minor * cover(right, grid.edge) * (y < np.float32(8)), -770.0)
    canvas.paint(_vessels(seed), 38, edge=min(grid.edge, 1.6), within=air)


@lru_cache(maxsize=8)
def _vessels(seed: int) -> tuple[Rod, ...]:
    """Both lungs' vessels; what lies outside the lung is cut away when painted."""
    rods: list[Rod] = []
    for side, lung in ((-1, RIGHT_LUNG), (1, LEFT_LUNG)):
        dice = Dice("vessels", seed, side)

        def inside(p: Point, lung: Ball = lung) -> bool:
            return sum(((a - c) / (r - 4)) ** 2 for a, c, r in zip(p, lung.centre, lung.radii, strict=True)) < 1

        for heading in _headings(side):
            hilum = (side * 34.0, 4 + dice.between(-10, 10), 14 + dice.between(-16, 12))
            rods += tree(Twig(hilum, heading, dice.between(26, 36), dice.between(3.4, 4.6), 6), dice, inside)
    return tuple(rods)


def _headings(side: int) -> list[Point]:
    return [
        (side * 0.45, -0.25, 0.86),
        (side * 0.7, 0.3, 0.62),
        (side * 0.8, -0.55, 0.2),
        (side * 0.85, 0.5, 0.05),
        (side * 0.72, -0.5, -0.4),
        (side * 0.6, 0.4, -0.7),
        (side * 0.35, 0.55, -0.75),
        (side * 0.8, 0.0, -0.6),
    ]


def _mediastinum(canvas: Canvas) -> None:
    fat: list[Shape] = [Rod((0, -14, -170), (0, -8, 170), 44, 30), Ball((18, -42, -54), (64, 48, 60))]
    canvas.paint(fat, -98, edge=6)


def _heart_in_its_sac(canvas: Canvas) -> None:
    heart = _heart()
    canvas.paint(heart, 20, grow=-2)
    canvas.paint(heart, -90, grow=-3.4)
    canvas.paint(heart, HEART, grow=-6, edge=4)
    chambers: list[Shape] = [
        Ball((34, -40, -58), (22, 18, 28), turned("y", 32)),
        Ball((-4, -38, -42), (18, 20, 28)),
        Ball((12, -4, -28), (24, 15, 20)),
    ]
    canvas.paint(chambers, 40, edge=4)
    canvas.paint([Rod((2, -62, -16), (26, -70, -50), 1.8), Rod((34, -52, -8), (54, -48, -40), 1.7)], 42)
    canvas.paint([Ball((36, -55, -12), (2.4, 2, 3))], 420)


def _great_vessels(canvas: Canvas, seed: int) -> None:
    arch = curve(
        [
            (6, -26, -30),
            (-14, -34, 6),
            (-16, -32, 36),
            (-4, -20, 60),
            (14, 4, 68),
            (26, 20, 56),
            (28, 23, 28),
            (26, 22, -20),
            (18, 20, -90),
            (10, 18, -170),
        ],
        3,
    )
    aorta = tube(arch, 14)
    canvas.paint(aorta[:14], BLOOD)
    canvas.paint(tube(arch[13:], [13.5] * 4 + [12.5] * 30), BLOOD)
    canvas.paint([Ball((22, 12, 72), (1.6, 4, 2)), Ball((13, -8, 76), (3, 1.6, 1.6))], 460)
    pulmonary: list[Shape] = [
        *tube([(14, -46, -12), (18, -36, 16), (4, -6, 26)], [14, 14, 11]),
        *tube([(14, -20, 24), (-18, -2, 20), (-42, 2, 14)], [11, 11, 8]),
        *tube([(16, -14, 26), (34, 6, 24), (44, 10, 16)], [11, 10, 8]),
    ]
    canvas.paint(pulmonary, BLOOD - 2)
    canvas.paint(tube([(-28, -24, -30), (-30, -24, 30), (-26, -26, 84), (-36, -34, 120)], [11, 9.5, 8.5, 7]), BLOOD)
    branches = [((-6, -22, 74), (-22, -14, 140)), ((6, -10, 80), (14, -2, 150)), ((14, 2, 80), (32, 8, 140))]
    canvas.paint([Rod(a, b, 6, 4.6) for a, b in branches], BLOOD)
    canvas.paint(tube([(24, -38, 96), (-4, -36, 84), (-26, -28, 74)], 6.5), BLOOD)
    dice = Dice("nodes", seed)
    nodes = [
        Ball((dice.between(-24, 24), dice.between(-30, 10), dice.between(20, 60)), (3.2, 2.6, 3.6)) for _ in range(5)
    ]
    canvas.paint(nodes, 42)
    gullet = Rod((5, 34, 170), (10, 26, -150), 7.5)
    canvas.paint(gullet, 40)
    canvas.paint([Rod((5, 33, 100), (6, 32, 60), 2.2), Rod((9, 28, -60), (9, 27, -80), 1.8)], -700)
    canvas.paint(mirrored(Ball((17, -14, 158), (9, 11, 20))), 100)


def _airways(canvas: Canvas) -> None:
    trunk = tube([(0, -4, 190), (0, 6, 110), (1, 12, 46)], 9)
    mains = [
        *tube([(0, 12, 46), (-24, 12, 22), (-36, 12, 6)], [8, 7.5, 6]),
        *tube([(2, 12, 46), (24, 16, 16), (40, 18, 2)], [7.5, 6.8, 5.6]),
    ]
    for side in (-1, 1):
        mains += tube([(side * 26, 12, 20), (side * 50, 8, 40), (side * 62, 4, 66)], [5, 3.6, 2.4])
        mains += tube([(side * 37, 14, 4), (side * 50, 30, -30), (side * 58, 40, -70)], [5, 3.8, 2.4])
        mains += tube([(side * 38, 12, 4), (side * 60, -16, -14), (side * 76, -36, -24)], [4, 2.8, 1.8])
    canvas.paint([*trunk, *mains], 20, grow=1.5)
    canvas.paint([*trunk, *mains], AIR)


def _cage(canvas: Canvas) -> None:
    for n in range(12):
        z = 150 - 23.0 * n
        grown = (0.62, 0.78, 0.9, 0.97)[min(n, 3)] * (1.0 if n < 9 else 0.98)
        path = torso.rib(
            z,
            width=139 * grown,
            depth=97 * min(1.0, 0.66 + 0.1 * n),
            y=-4 + 22 * (1 - min(1.0, 0.5 + 0.16 * n)),
            drop=34 + 8.0 * min(n, 7),
            reach=140 - max(0, n - 7) * 18,
        )
        torso.ribs(canvas, path)
        if n < 8:
            x, y, low = path[-1]
            level = max(low + 10, 118 - 24.0 * n if n < 6 else -26)
            costal = tube(
                curve(
                    [(x, y, low), (x * 0.7, y - 7, (low + level) / 2), (14, -92 + max(0, 3 - n) * 4, level)],
                    3,
                ),
                4.6,
            )
            canvas.paint([*costal, *[mirror(r) for r in costal]], 105)
    plate: list[Shape] = [
        Ball((0, -91, 24), (17, 6, 74), turned("x", -4)),
        Ball((0, -86, 108), (30, 7, 24), turned("x", -14)),
    ]
    canvas.shell(plate, bones.CORTEX - 250, 180, wall=1.8)


def _shoulders(canvas: Canvas, trunk: Volume) -> None:
    canvas.paint([*mirrored(Ball((116, 4, 104), (24, 44, 52)))], -100, edge=9, within=trunk)
    canvas.paint(
        [*mirrored(Rod((120, 62, 40), (96, 66, 160), 20, 26)), *mirrored(Ball((84, -78, 74), (52, 12, 56)))],
        56,
        within=trunk,
    )
    blade = Ball((98, 66, 92), (32, 3.6, 60), turned("z", -24))
    canvas.shell([*mirrored(blade)], 700, 260, wall=1.4)
    clavicle = tube(curve([(22, -76, 128), (60, -70, 142), (96, -40, 150), (118, -16, 152)], 3), 5.6)
    canvas.shell([*clavicle, *[mirror(r) for r in clavicle]], bones.CORTEX, 240, wall=1.8)


def _upper_abdomen(canvas: Canvas, lung: Volume, seed: int) -> None:
    """What is under the domes, so that the lowest slices hold liver, spleen and stomach."""
    grid = canvas.grid
    cavity = torso.outline(grid, ((-170.0, 134.0, 88.0), (-20.0, 128.0, 84.0)), -4)
    low = np.clip((np.float32(-50) - grid.z) * np.float32(0.2), np.float32(0), np.float32(1))[:, None, None]
    room = cover(np.maximum(cavity, np.float32(3) - lung), grid.edge) * low
    canvas.wash(room * cover(Ball((0, 0, -150), (132, 96, 92)).distance(grid), grid.edge), -100.0)
    canvas.paint(
        [Ball((-66, -6, -152), (74, 88, 84)), Ball((10, -44, -140), (62, 38, 44))],
        np.float32(58) + np.float32(3) * field(grid, Dice("liver", seed), 9),
        within=room,
    )
    canvas.paint(Ball((96, 30, -146), (28, 44, 46)), 50, within=room)
    canvas.paint(Ball((62, -22, -146), (36, 38, 44)), 30, within=room)
    canvas.paint(Ball((58, -50, -130), (22, 14, 26)), AIR, within=room)
