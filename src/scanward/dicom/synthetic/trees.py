"""Branching trees: the vessels of a lung or a liver."""

from collections.abc import Callable
from dataclasses import dataclass

from scanward.dicom.synthetic.shapes import Point, Rod
from scanward.dicom.synthetic.texture import Dice


@dataclass(frozen=True)
class Twig:
    """A branch that still grows."""

    base: Point
    heading: Point
    length: float
    radius: float
    order: int


def tree(root: Twig, dice: Dice, inside: Callable[[Point], bool], *, spread: float = 0.62) -> list[Rod]:
    """Rods of a tree that forks until its order is spent and never leaves the organ."""
    rods: list[Rod] = []
    growing = [root]
    while growing:
        twig = growing.pop()
        end = _step(twig.base, twig.heading, twig.length)
        if not inside(end):
            end = _step(twig.base, twig.heading, twig.length * 0.45)
            if not inside(end):
                continue
        rods.append(Rod(twig.base, end, twig.radius, twig.radius * 0.8))
        if twig.order > 0:
            growing += _fork(twig, end, dice, spread)
    return rods


def _fork(twig: Twig, end: Point, dice: Dice, spread: float) -> list[Twig]:
    found: list[Twig] = []
    for share, size in ((0.35, 0.8), (1.0, 0.64)):
        turn = [dice.between(-1, 1) * spread * (0.6 + share) for _ in range(3)]
        heading = _unit((twig.heading[0] + turn[0], twig.heading[1] + turn[1], twig.heading[2] + turn[2]))
        length = twig.length * dice.between(0.72, 0.95)
        found.append(Twig(end, heading, length, max(0.55, twig.radius * size), twig.order - 1))
    return found


def _step(base: Point, heading: Point, length: float) -> Point:
    x, y, z = (round(b + h * length, 3) for b, h in zip(base, heading, strict=True))
    return x, y, z


def _unit(v: Point) -> Point:
    size = max((v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) ** 0.5, 1e-6)
    return round(v[0] / size, 4), round(v[1] / size, 4), round(v[2] / size, 4)
