"""A head and neck. The origin lies between the ears' upper roots, the face looks to -y."""

from dataclasses import dataclass

import numpy as np

from scanward.dicom.synthetic import bones, brain, face
from scanward.dicom.synthetic.canvas import AIR, Canvas
from scanward.dicom.synthetic.shapes import (
    Ball,
    Grid,
    Point,
    Rod,
    Shape,
    Volume,
    cover,
    curve,
    mirrored,
    tube,
    turned,
)
from scanward.dicom.synthetic.texture import Dice, field

MUSCLE, FAT, SKIN, CARTILAGE = 55.0, -95.0, 25.0, 95.0
CORTEX, MARROW, DIPLOE = 1150.0, 320.0, 620.0
ENAMEL, DENTIN, TENDON = 2600.0, 1700.0, 75.0


@dataclass(frozen=True)
class Head:
    """One person's head; `seed` decides who it is."""

    seed: int
    level: float | None = None

    @property
    def lacune(self) -> Point:
        """Centre of a small old infarct, LPS in mm, at the height `level` when that is given."""
        x, y, z = brain.LACUNE
        return x, y, z if self.level is None else self.level

    def paint(self, canvas: Canvas) -> None:
        """Paint the whole head, from the skin inwards."""
        features = face.Features.of(self.seed)
        distance = face.skin(canvas.grid, features)
        _soft_tissue(canvas, distance, self.seed)
        _neck(canvas)
        _skull(canvas, distance, features)
        _airways(canvas, features, distance, self.seed)
        _orbits(canvas, features)
        brain.paint(canvas, self.seed, self.lacune)
        _jaws(canvas, features, self.seed)
        _seal(canvas, distance)


def _soft_tissue(canvas: Canvas, distance: Volume, seed: int) -> None:
    grid, edge = canvas.grid, canvas.grid.edge
    canvas.wash(cover(distance, edge), SKIN)
    canvas.wash(cover(distance + np.float32(2.2), edge), FAT)
    thick = np.float32(6.2) + np.float32(1.6) * field(grid, Dice("scalp", seed), 30)
    streaks = np.float32(MUSCLE) + np.float32(16) * field(grid, Dice("fascia", seed), 7)
    canvas.wash(cover(distance + thick, edge), streaks)
    cheek_pads: list[Shape] = [
        *mirrored(Ball((44, -52, -72), (12, 15, 18))),
        *mirrored(Ball((40, -34, -60), (7, 14, 20))),
    ]
    canvas.paint(cheek_pads, FAT, edge=5)
    masseters: list[Shape] = [
        *mirrored(Rod((58, -22, -52), (50, -12, -94), 8, 7)),
        *mirrored(Ball((60, -16, -12), (7, 26, 28))),
    ]
    canvas.paint(masseters, 60)


def _seal(canvas: Canvas, distance: Volume) -> None:
    """Close the skin over whatever came through it (bone, an eyeball), but not over nostrils and ear canals."""
    whole = np.float32(AIR) + cover(distance, canvas.grid.edge) * np.float32(SKIN - AIR)
    deep = cover(distance + np.float32(2.0), canvas.grid.edge)
    sealed = whole + deep * (canvas.hu - whole)
    np.copyto(canvas.hu, sealed, where=(canvas.hu > np.float32(-300)) | (distance > 0))


def _skull(canvas: Canvas, distance: Volume, features: face.Features) -> None:
    """Vault and base follow the inside of the skull; the face is bone about air and fat."""
    inside = brain.cavity(canvas.grid)
    edge = canvas.grid.edge
    # Never through the skin: at most to 4 mm under it.
    outer = np.maximum(inside - np.float32(6.8), distance + np.float32(4.0))
    canvas.wash(cover(outer, edge), CORTEX)
    diploe = np.maximum(outer + np.float32(1.9), np.float32(1.9) - inside)
    canvas.wash(cover(diploe, edge), DIPLOE)
    canvas.paint(_facial_bones(features), CORTEX)
    canvas.paint(_facial_bones(features), 480, grow=-2.4)
    petrous: list[Shape] = [*mirrored(Rod((56, 16, -42), (16, -8, -40), 10, 6))]
    canvas.paint(petrous, 1250)


def _facial_bones(f: face.Features) -> list[Shape]:
    x, y, z = f.eye
    rim = curve(
        [
            (x - 16, y - 4, z - 4),
            (x - 6, y - 6, z + 14),
            (x + 8, y - 3, z + 14),
            (x + 18, y + 5, z + 2),
            (x + 10, y - 2, z - 14),
            (x - 6, y - 5, z - 15),
            (x - 16, y - 4, z - 4),
        ],
        2,
    )
    cheek = curve([(x + 8, y + 0, z - 18), (x + 19, y + 12, z - 20), (63, -34, -47), (64, -12, -45)], 3)
    return [
        *[s for rod in tube(rim, 3.2) for s in mirrored(rod)],
        *[s for rod in tube(cheek, [5, 5.2, 5.2, 5, 4.4, 3.8, 3.4, 3.2, 3, 3]) for s in mirrored(rod)],
        *mirrored(Ball((25, -54, -55), (19, 22, 20))),
        Ball((0, -60, -70), (26, 24, 9)),
        *mirrored(Rod((4, -80, -22), (6, -84, -34), 2.6, 2)),
        Ball((0, -66, -6), (24, 15, 14)),
        Ball((0, -22, -38), (20, 20, 15)),
        *mirrored(Rod((16, -16, -50), (20, -18, -76), 4, 3)),
    ]


def _airways(canvas: Canvas, f: face.Features, distance: Volume, seed: int) -> None:
    dice = Dice("sinus", seed)
    maxillary: list[Shape] = [*mirrored(Ball((26, -53, -55), (14.5, 18, 16)))]
    canvas.paint(maxillary, AIR)
    # A retention cyst on the floor of the right antrum: the report names it.
    right = maxillary[1].distance(canvas.grid)
    canvas.paint(Ball((-27, -50, -68), (9, 10, 9)), 18, within=cover(right, canvas.grid.edge))
    frontal = dice.between(7, 12)
    sinuses: list[Shape] = [
        *mirrored(Ball((frontal, -72, 0), (frontal, 4.5, 9))),
        *mirrored(Ball((8, -24, -38), (8.5, 13, 10))),
    ]
    canvas.paint(sinuses, AIR)
    cells: list[Shape] = []
    for step in range(7):
        for row in (-20, -30, -40):
            size = dice.between(3.2, 4.6)
            cells += mirrored(Ball((8.5 + dice.between(-1, 1), -76 + 7.0 * step, row), (4.2, size, 4.8)))
    ethmoid = Ball((0, -52, -30), (17, 33, 16))
    canvas.paint(ethmoid, 260)
    canvas.paint(cells, AIR)
    tip = f.nose_tip
    canvas.paint([*mirrored(Ball((6.5, -50, -55), (8, 34, 17)))], AIR)
    canvas.paint(
        [*mirrored(Rod((5.5, -76, -58), (6.6, tip[1] + 6, tip[2] - 8), 6, 4))],
        AIR,
        within=cover(distance + np.float32(-3), canvas.grid.edge),
    )
    turbinates = [
        *mirrored(Rod((9, -70, -62), (9, -32, -62), 4.6, 4)),
        *mirrored(Rod((8, -62, -49), (8, -32, -49), 3.4, 3)),
    ]
    canvas.paint(turbinates, 45)
    septum = Ball((0.4, -58, -50), (1.3, 36, 22))
    canvas.paint(septum, 120, edge=1.2)
    pharynx = curve(
        [
            (0, -20, -56),
            (0, -6, -62),
            (0, -6, -80),
            (0, -4, -104),
            (0, -10, -130),
            (0, -12, -170),
            (0, -4, -240),
        ],
        3,
    )
    canvas.paint(tube(pharynx, 11), 60)
    canvas.paint(tube(pharynx, 8), AIR)
    mastoid = []
    for _ in range(26):
        place = 56 + dice.between(-6, 6), 24 + dice.between(-10, 11), -50 + dice.between(-13, 10)
        mastoid += mirrored(Ball(place, (dice.between(1.6, 3.4),) * 3))
    shells: list[Shape] = [*mirrored(Ball((57, 24, -51), (10, 15, 17)))]
    canvas.paint(shells, 850)
    canvas.paint(mastoid, -880)
    canvas.paint([*mirrored(Rod((84, 7, -41), (54, 4, -41), 3.4, 3))], AIR)
    canvas.paint([*mirrored(Ball((44, 2, -41), (4, 4, 6)))], -900)


def _orbits(canvas: Canvas, f: face.Features) -> None:
    x, y, z = f.eye
    apex: Point = (10, -30, -27)
    cone: list[Shape] = [*mirrored(Rod((x, y + 3, z), apex, 17.5, 5))]
    canvas.paint(cone, 700, grow=1.4)
    canvas.paint(cone, -90)
    inner, outer = (x - 13, y + 4, z), (x + 13, y + 4, z)
    muscles = [*mirrored(Rod(inner, apex, 2.4, 2)), *mirrored(Rod(outer, apex, 2.4, 2))]
    muscles += [*mirrored(Rod((x, y + 4, z + 12), apex, 2.2)), *mirrored(Rod((x, y + 4, z - 12), apex, 2.2))]
    canvas.paint(muscles, 58)
    canvas.paint([*mirrored(Rod((x - 2, y + 11, z), (9, -22, -25), 2.6))], 38)
    globe = [*mirrored(Ball((x, y, z), (12, 12, 12)))]
    canvas.paint(globe, 62)
    canvas.paint(globe, 12, grow=-1.6)
    canvas.paint([*mirrored(Ball((x, y - 7.6, z), (4.8, 2.1, 4.8)))], 105)
    canvas.paint([*mirrored(Ball((x + 15, y + 1, z + 8), (3, 7, 6)))], 45)


def _jaws(canvas: Canvas, f: face.Features, seed: int) -> None:
    chin = -112 - f.chin
    ramus = curve(
        [
            (50, 0, -48),
            (49 + f.jaw / 2, -2, -68),
            (47 + f.jaw / 2, -10, -92),
            (38 + f.jaw / 3, -36, -104),
            (22, -64, chin + 4),
            (0, -74, chin),
        ],
        3,
    )
    widths = [5.5, 4.6, 4.4, 5, 5.6, 6, 6.4, 6.8, 7, 7, 7, 7, 7, 7, 7, 7.2]
    mandible: list[Shape] = [s for rod in tube(ramus, widths) for s in mirrored(rod)]
    alveolus: list[Shape] = [s for rod in tube(_arch(-102, 0), 5.4) for s in mirrored(rod)]
    canvas.paint([*mandible, *alveolus], CORTEX)
    canvas.paint([*mandible, *alveolus], 430, grow=-2.2)
    canvas.paint([*mirrored(Rod((49, -30, -50), (49, -8, -78), 3, 3))], CORTEX)
    canvas.paint([Ball((0, -44, -90), (27, 30, 16)), Ball((0, -30, -108), (20, 24, 13))], 62)
    canvas.paint([*mirrored(Ball((30, -34, -108), (9, 15, 8)))], 40)
    _teeth(canvas, _arch(-80, 1.5), 8, seed)
    _teeth(canvas, _arch(-99, 0), -8, seed + 1)


def _arch(z: float, wider: float) -> list[Point]:
    """One half of a dental arch, from the midline back."""
    return curve(
        [
            (1.5, -81 - wider, z),
            (12, -77 - wider, z),
            (20 + wider, -66, z),
            (25 + wider, -50, z),
            (28 + wider, -34, z),
        ],
        2,
    )


def _teeth(canvas: Canvas, arch: list[Point], grow: float, seed: int) -> None:
    """Crown and root of seven teeth a side; `grow` is the direction of the roots in mm."""
    dice = Dice("teeth", seed)
    for n, (x, y, z) in enumerate(arch[: 2 * 4]):
        width = 3.2 if n < 4 else 4.6
        root = mirrored(Rod((x, y, z), (x * 0.97, y + 1, z + grow * 1.5), width * 0.8, 1.6))
        crown = mirrored(Ball((x, y, z - grow * 0.25), (width, width, 4.6)))
        lost = n > 4 and dice.between(0, 1) < 0.12
        if not lost:
            canvas.paint(root, DENTIN)
            canvas.paint(crown, ENAMEL)
            canvas.paint(crown, DENTIN, grow=-1.4)


def _neck(canvas: Canvas) -> None:
    fat: list[Shape] = [Rod((0, 18, -96), (0, 22, -240), 36, 38), Rod((0, 2, -118), (0, 2, -240), 22, 24)]
    canvas.paint(fat, FAT, edge=14)
    muscles: list[Shape] = [
        *mirrored(Rod((54, 22, -66), (24, -8, -210), 10, 10)),
        *mirrored(Rod((17, 52, -66), (18, 58, -240), 16, 18)),
        *mirrored(Rod((36, 42, -80), (36, 46, -240), 13, 14)),
        *mirrored(Rod((22, 12, -80), (26, 14, -240), 10, 12)),
        *mirrored(Rod((9, 6, -70), (10, 10, -240), 6, 7)),
    ]
    canvas.paint(muscles, 58)
    canvas.paint(
        [*mirrored(Rod((24, -2, -84), (22, 0, -240), 3.6)), *mirrored(Rod((32, 4, -80), (30, 2, -240), 5))],
        44,
    )
    canvas.paint([*mirrored(Ball((18, -14, -176), (9, 11, 22)))], 105)
    larynx: list[Shape] = [
        *mirrored(Rod((3, -30, -146), (17, -8, -146), 3)),
        *mirrored(Rod((3, -32, -156), (17, -8, -156), 3)),
    ]
    canvas.paint(larynx, 160)
    canvas.paint([*mirrored(Rod((4, -34, -122), (22, -14, -118), 2.6, 2))], 600)
    lean = turned("x", 8)
    for n in range(8):
        z = -70 - 18.5 * n
        y = 14 - 4.0 * (1 - ((n - 3) / 3.5) ** 2)
        bones.vertebra(canvas, (0, y, z), width=13 + n * 0.6, depth=9 + n * 0.3, height=7.6, spinous=22, axes=lean)
    canvas.paint(Rod((0, 6, -78), (0, 3, -58), 6, 5), 700)


def intracranial(grid: Grid) -> Volume:
    """Signed distance to the inside of the skull, negative inside."""
    return brain.cavity(grid)
