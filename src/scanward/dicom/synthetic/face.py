"""The skin of a head: solids melted together the way a sculptor adds and takes clay.

The origin lies between the ears' upper roots; the face looks to -y. Every seed gives another person: the
features that make people differ (nose, brow, jaw, lips, eye distance) are dice.
"""

from dataclasses import dataclass

from scanward.dicom.synthetic.shapes import (
    Ball,
    Grid,
    Point,
    Rod,
    Volume,
    curve,
    merged,
    mirrored,
    tube,
    turned,
)
from scanward.dicom.synthetic.texture import Dice

Solid = Ball | Rod


@dataclass(frozen=True)
class Features:
    """What makes one face differ from the next, in mm."""

    nose_length: float
    nose_depth: float
    nose_width: float
    brow: float
    eyes: float
    jaw: float
    chin: float
    lips: float
    cheeks: float
    ears: float

    @classmethod
    def of(cls, seed: int) -> "Features":
        """The face of a seed."""
        dice = Dice("face", seed)
        return cls(
            nose_length=dice.between(-4, 4),
            nose_depth=dice.between(-4, 4),
            nose_width=dice.between(-2, 3),
            brow=dice.between(-1.5, 1.5),
            eyes=dice.between(-1.5, 2),
            jaw=dice.between(-5, 5),
            chin=dice.between(-4, 4),
            lips=dice.between(-1, 1.5),
            cheeks=dice.between(-3, 4),
            ears=dice.between(-3, 5),
        )

    @property
    def nose_tip(self) -> Point:
        """Centre of the ball of the nose."""
        return 0, -104 - self.nose_depth, -60 - self.nose_length

    @property
    def eye(self) -> Point:
        """Centre of the left eyeball."""
        return 32 + self.eyes, -73, -24


Step = tuple[str, Solid, float]


def skin(grid: Grid, features: Features) -> Volume:
    """Signed distance to the skin, negative inside, [z, y, x] in mm."""
    distance = Ball((0, 9, 8), (74, 94, 82)).distance(grid)
    for verb, solid, soft in steps(features):
        merged(distance, grid, solid, soft, carve=verb == "carve")
    return distance


def steps(f: Features) -> list[Step]:
    """The clay, in the order in which it is added and taken."""
    return [*_masses(f), *_brow_and_eyes(f), *_nose(f), *_mouth(f), *_ears(f)]


def _both(verb: str, solid: Solid, soft: float) -> list[Step]:
    return [(verb, each, soft) for each in mirrored(solid)]


def _add(solids: list[Rod] | list[Solid], soft: float) -> list[Step]:
    return [("add", solid, soft) for solid in solids]


def _masses(f: Features) -> list[Step]:
    chin_z = -118 - f.chin
    return [
        ("add", Ball((0, -38, 8), (58, 50, 52)), 20),
        ("add", Ball((0, 22, -16), (71, 76, 50)), 16),
        ("add", Ball((0, -24, -50), (61, 64, 66)), 22),
        *_both("add", Ball((40, -28, -58), (24, 42, 42)), 14),
        ("add", Ball((0, -42, -82), (46, 45, 38)), 16),
        *_both("add", Rod((40 + f.jaw, -6, -92), (14, -68, chin_z + 6), 15, 13), 18),
        ("add", Rod((-11, -77, chin_z), (11, -77, chin_z), 10.5), 14),
        *_both("add", Ball((41, -62, -50), (17 + f.cheeks / 2, 17, 14)), 18),
        *_both("add", Ball((33, -63, -76), (19, 18 + f.cheeks / 2, 22)), 16),
        ("add", Rod((0, 24, -70), (0, 34, -240), 55, 58), 26),
        ("add", Rod((0, 2, -108), (0, 4, -240), 40, 46), 22),
        *_both("add", Rod((52, 18, -60), (22, -4, -210), 17, 17), 14),
        ("add", Ball((0, -34, -168), (9, 9, 14)), 10),
    ]


def _brow_and_eyes(f: Features) -> list[Step]:
    x, y, z = f.eye
    lid = [
        (x - 15, y - 8.5, z - 1.5),
        (x - 7, y - 13.2, z - 3.5),
        (x, y - 14.2, z - 4.2),
        (x + 8, y - 12.6, z - 3.2),
        (x + 15, y - 7.5, z - 0.5),
    ]
    crease = [
        (x - 13, y - 10.5, z + 6),
        (x - 5, y - 14.5, z + 9),
        (x + 4, y - 14.5, z + 9.5),
        (x + 14, y - 8.5, z + 5),
    ]
    brow = curve([(9, -84, -6), (20, -83.5 - f.brow, -3), (36, -77 - f.brow, -2), (49, -64, -9)], 3)
    return [
        *[s for rod in tube(brow, 5.6) for s in _both("add", rod, 13)],
        ("add", Ball((0, -82, -5), (13, 6, 9)), 13),
        *_both("carve", Ball((x - 2, -95, z + 1), (17, 13.5, 11)), 11),
        *_both("carve", Ball((17, -93, z + 3), (7, 11, 9)), 7),
        *_both("add", Ball((x, y, z), (14.2, 13.6, 12.6)), 4),
        *[s for rod in tube(curve(lid, 2), 1.5) for s in _both("carve", rod, 1.6)],
        *[s for rod in tube(curve(crease, 2), 1.3) for s in _both("carve", rod, 3)],
    ]


def _nose(f: Features) -> list[Step]:
    tip = f.nose_tip
    _, y, z = tip
    wide = f.nose_width
    bridge = [
        (0, -82, -18),
        (0, -88, -28),
        (0, (y - 91) / 2 + 1.5, -43 - f.nose_length / 2),
        (0, y + 1, z + 3),
    ]
    wing = (11.5 + wide / 2, y + 12, z - 3.5)
    return [
        *_add(tube(curve(bridge, 3), [6.0, 6, 5.9, 5.8, 5.8, 6, 6.2, 6.5, 7, 7.4]), 7),
        *_both("add", Rod((5, -84, -32), (11, y + 16, z + 1), 6, 8), 8),
        ("add", Ball(tip, (9.5 + wide / 3, 8.5, 8)), 6),
        *_both("add", Ball(wing, (7, 10, 7.4)), 4.5),
        ("add", Rod((0, y - 1, z - 5), (0, y + 14, z - 9), 3.6), 3),
        *_both("carve", Ball((6.6 + wide / 3, y + 6, z - 9), (3.4, 5.8, 5)), 2.5),
        *_both("carve", Rod((22 + wide / 2, -91, z - 4), (30, -87, -84), 1.0, 0.8), 9),
    ]


def _mouth(f: Features) -> list[Step]:
    full = f.lips
    line = [(0, -97.5, -88.7), (6, -97.2, -88.2), (13, -94.2, -89), (20, -89, -89.6), (25, -84.5, -90)]
    upper = [(0, -92.8, -84.6), (5, -93.0, -83.8), (13, -89.6, -85.6), (23, -83.5, -89)]
    lower = [(0, -91.4, -94), (8, -90.4, -93.6), (15, -87.2, -92.3), (23, -83, -90.2)]
    return [
        ("add", Ball((0, -73, -88), (32, 20, 22)), 14),
        *[
            s
            for rod in tube(curve(upper, 2), [3.6 + full, 3.8 + full, 3.9 + full, 3.4 + full, 3.0, 2.4, 1.8])
            for s in _both("add", rod, 4.5)
        ],
        *[
            s
            for rod in tube(curve(lower, 2), [5.0 + full, 4.9 + full, 4.6 + full, 4.0, 3.4, 2.6, 2.0])
            for s in _both("add", rod, 4.5)
        ],
        *[s for rod in tube(curve(line, 2), 1.1) for s in _both("carve", rod, 1.8)],
        ("carve", Rod((0, -98, -74), (0, -97.5, -80), 1.5), 5),
        ("carve", Rod((-9, -96.5, -104.5), (9, -96.5, -104.5), 3), 12),
    ]


def _ears(f: Features) -> list[Step]:
    tall = 29 + f.ears
    lean = turned("z", 24)
    rim = [
        (74, 6, -30),
        (78, 3, -20),
        (81, 12, -12),
        (85, 24, -16),
        (85, 29, -30),
        (81, 25, -48),
        (77, 15, -62),
    ]
    return [
        *_both("add", Ball((76, 13, -38), (5, 14, tall), lean), 5),
        *[s for rod in tube(curve(rim, 3), 2.6) for s in _both("add", rod, 4)],
        *_both("add", Ball((75, 8, -66 - f.ears / 2), (4, 6, 8)), 3),
        *_both("carve", Ball((83, 10, -41), (7, 7.5, 13), lean), 4),
        *_both("carve", Ball((85, 17, -24), (4, 6, 8), lean), 2),
        *_both("add", Ball((75, 1, -43), (4, 3.5, 5.5)), 2),
    ]
