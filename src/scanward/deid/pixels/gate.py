"""The gate: nothing that was defaced leaves before it was looked at again, by two detectors and with a knife."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from scanward.deid.pixels import attack
from scanward.deid.pixels.cut import Cut
from scanward.deid.pixels.detectors import DETECTORS
from scanward.deid.pixels.geometry import Stack, Volume
from scanward.deid.pixels.render import VIEWS, Picture, even, render

# From behind and upside down too: an orientation can be wrong, and then the cut was made at the wrong side.
ROUND: Final = (*VIEWS, 150.0, 180.0, -150.0)
# A face is a face from a little further to each side too; a chance likeness of tissue is not (docs/why/deface.md).
NEAR: Final = ((-7.0, 0.0), (7.0, 0.0), (0.0, -7.0), (0.0, 7.0))  # degrees of turn and of nod
UNCOVERED: Final = 0.02  # of the face's skin may lie deeper than the layer


@dataclass
class Looked:
    """What the detectors say of some renders; figures for the evidence, pictures only for a reviewer."""

    views: int = 0
    fired: dict[str, int] = field(default_factory=dict)
    attack_views: int = 0
    attack_fired: dict[str, int] = field(default_factory=dict)
    attack_confirmed: int = 0
    pictures: list[tuple[str, Picture]] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Did no detector find a face, neither in the renders nor, from more than one place, after the attack?"""
        return not any(self.fired.values()) and not self.attack_confirmed

    def figures(self) -> dict[str, Any]:
        """Everything that `scanward deid verify` computes again from the output."""
        return {
            "views": self.views,
            "detected": dict(self.fired),
            "attack_views": self.attack_views,
            "attack_detected": dict(self.attack_fired),
            "attack_confirmed": self.attack_confirmed,
        }


def look(stack: Stack) -> Looked:
    """Render an output, attack it, and ask both detectors.

    Raises: Missing when a detector is not installed.
    """
    seen = Looked(fired=dict.fromkeys(DETECTORS, 0), attack_fired=dict.fromkeys(DETECTORS, 0))
    seen.pictures += drawn(stack)
    for _, picture in seen.pictures:
        for either in (picture, np.ascontiguousarray(picture[::-1, ::-1])):
            seen.views += 1
            for name, detector in DETECTORS.items():
                seen.fired[name] += bool(detector(either))
    _attack(stack, seen)
    return seen


def drawn(stack: Stack) -> list[tuple[str, Picture]]:
    """Renders of a stack from all round, with what they are."""
    volume = even(stack)
    return [(f"render {angle:+.0f}", render(volume, angle)) for angle in ROUND]


def _attack(stack: Stack, seen: Looked) -> None:
    grid = stack.grid(2.0)
    hu, known = stack.resampled(grid)
    try:
        own = attack.genuine(hu, known, grid)
    except ValueError:
        return  # no bone: there is no cut to compute again
    for mm in attack.GROWN:
        volume = attack.grown(own, mm, grid.step)
        for angle in VIEWS:
            picture = render(volume, angle)
            seen.pictures.append((f"attack {mm:.0f} mm {angle:+.0f}", picture))
            seen.attack_views += 1
            fired = [name for name, detector in DETECTORS.items() if detector(picture)]
            for name in fired:
                seen.attack_fired[name] += 1
            seen.attack_confirmed += bool(fired) and seen_nearby(volume, angle)


def seen_nearby(volume: Volume, angle: float) -> bool:
    """Does any detector find a face from a place nearby as well?"""
    near = (render(volume, angle + turn, pitch=nod) for turn, nod in NEAR)
    return any(detector(picture) for picture in near for detector in DETECTORS.values())


def intracranial_changes(before: Stack, after: Stack, cut: Cut) -> int:
    """How many voxels inside the skull, by either mask, are not what they were. Must be 0."""
    count = 0
    inside = cut.inside.astype(np.float32)
    for plane, old, new in zip(before.planes, before.hu, after.hu, strict=True):
        changed = np.argwhere(old != new)
        if not len(changed):
            continue
        points = plane.points(np.arange(plane.shape[0], dtype=float), np.arange(plane.shape[1], dtype=float))
        count += int(np.count_nonzero(cut.grid.sample(inside, points[changed[:, 0], changed[:, 1]], 0.0) > 0.5))
    return count
