"""Does a stack show a face, or a part of one? Pixels only; tags may add a series but never excuse one."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from scanward.deid.pixels.anatomy import analyse, dilated, largest
from scanward.deid.pixels.geometry import Grid, Mask, Stack, Volume

STEP: Final = 4.0
_SKULL_ML: Final = 120.0
_SKULL_SHELL: Final = 0.22
_NARROWEST: Final = 28.0  # cm2: a wrist has less, and the jaws of the smallest child more
_WIDEST: Final = 340.0  # cm2: a head's cross-section is smaller, a trunk's is bigger
_LUNG: Final = 0.12
_JAW: Final = 16.0  # mm; less where the scan itself is thin


@dataclass(frozen=True)
class Shown:
    """What speaks for a face, with the figures behind it."""

    skull_ml: float
    shell: float  # how much of the skull's inside has bone round it
    jaw_mm: float  # over how much of its height the scan has bone and skin where a face has them
    height_mm: float  # of the scan itself

    @property
    def face(self) -> bool:
        """A head by its skull, or a part of a face by its jaws."""
        jaw = min(_JAW, max(0.4 * self.height_mm, 2 * STEP))
        return (self.skull_ml > _SKULL_ML and self.shell >= _SKULL_SHELL) or self.jaw_mm >= jaw


def shown(stack: Stack) -> Shown:
    """Measure a stack; cheap, on 4 mm."""
    grid = stack.grid(STEP)
    hu, known = stack.resampled(grid)
    return measured(hu, known, grid, float(stack.heights[-1] - stack.heights[0]) + stack.gap)


def measured(hu: Volume, known: Mask, grid: Grid, height: float) -> Shown:
    """Measure a volume on an even grid, of a scan of some height in mm."""
    found = analyse(hu, known, grid)
    skull = found.inside
    ml = found.litres(skull) * 1000
    shell = _shell(skull, found.bone) if skull.any() else 0.0
    return Shown(round(ml, 1), round(shell, 3), _jaw(hu, known, found.body, found.bone), height)


def _shell(skull: Mask, bone: Mask) -> float:
    """The share of bone in the 6 mm round the inside of a skull."""
    box = ndimage.find_objects(skull.astype(np.int8))[0]
    grown = tuple(slice(max(s.start - 3, 0), s.stop + 3) for s in box)
    inside, hard = skull[grown], bone[grown]
    shell = dilated(inside, 6.0, STEP) & ~inside
    # The hardest voxel within reach counts: the inner table is thinner than a voxel here.
    return float((ndimage.maximum_filter(hard, 3) & shell).sum() / max(int(shell.sum()), 1))


def _jaw(hu: Volume, known: Mask, body: Mask, bone: Mask) -> float:
    """Millimetres of height in which a cross-section of a head's size has bone just behind its front."""
    levels, field = 0, ndimage.find_objects(known.any(axis=0).astype(np.int8))
    for z in range(hu.shape[0]):
        section = body[z]
        area = float(section.sum()) * (STEP / 10) ** 2
        if not _NARROWEST < area < _WIDEST or _trunk(hu[z][field[0]], section[field[0]]):
            continue
        levels += _front_bone(largest(section), bone[z], known[z])
    return levels * STEP


def _trunk(hu: Volume, section: Mask) -> bool:
    """Lungs or bowel gas, be they open where the field cuts through the body."""
    gas = (hu < -500) & _filled(section)
    return float(gas.sum()) / max(float(section.sum()), 1) > _LUNG and not _airway_only(gas)


def _filled(section: Mask) -> Mask:
    """A cross-section without holes; on an edge of the field, what lies between two parts of the body is a hole too."""
    closed = section.copy()
    for edge in (closed[0], closed[-1], closed[:, 0], closed[:, -1]):
        touching = np.flatnonzero(edge)
        if len(touching):
            edge[touching[0] : touching[-1]] = True
    return np.asarray(ndimage.binary_fill_holes(closed), bool)


def _airway_only(gas: Mask) -> bool:
    parts, count = ndimage.label(gas)
    if not count:
        return True
    return bool(np.bincount(parts.ravel())[1:].max() * (STEP / 10) ** 2 < 18)


def _front_bone(section: Mask, bone: Mask, known: Mask) -> bool:
    """Bone within 26 mm of a front that is skin (air before it), over more than 24 mm of its width."""
    rows = np.flatnonzero(section.any(axis=1))
    front = section.argmax(axis=0)
    columns = section.any(axis=0)
    reach = round(26 / STEP)
    wide = 0
    for x in np.flatnonzero(columns):
        y = front[x]
        if y > rows[0] + 0.45 * (rows[-1] - rows[0]) or y < 2 or not known[y - 2, x]:
            continue
        wide += bool(bone[y : y + reach, x].any())
    return wide * STEP > 24
