"""Does a stack show a face, or a part of one? Pixels only; tags may add a series but never excuse one.

There are three answers: it does, it doesn't, and it can't be told, which is for a person.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scanward.deid.pixels.anatomy import Anatomy, analyse, dilated, largest
from scanward.deid.pixels.geometry import Grid, Mask, Stack, Volume

STEP: Final = 4.0
_SKULL_ML: Final = 120.0
_SKULL_SHELL: Final = 0.22
_SLICE_ML: Final = 12.0  # of a skull's inside in a thin slab, which then has a shell that no spine or pelvis has
_SLICE_SHELL: Final = 0.35
_NARROWEST: Final = 28.0  # cm2: a wrist has less, and the jaws of the smallest child more
_WIDEST: Final = 340.0  # cm2: a head's cross-section is smaller, a trunk's is bigger
_LUNG: Final = 0.12  # of a cross-section
_LUNGS: Final = 0.3  # in a slight scan, of which all can be nose and throat
_JAW: Final = 16.0  # mm; less where the scan itself is thin
_REACH: Final = 26.0  # mm from skin to bone in a face
_WIDE: Final = 24.0  # mm of skin with bone behind it
_FLAT: Final = 40.0  # mm of height below which a scan, and of slices above which it, is too thin or too coarse to judge
_COARSE: Final = 8.0
_SLIGHT: Final = 12.0  # mm of height, in which no jaw can be told from a neck
_SOFT_BONE: Final = 130.0  # HU; a baby's thin bones are no harder on 4 mm
_DOUBT: Final = 8.0  # mm; half of that where it is too thin or too coarse


@dataclass(frozen=True)
class Shown:
    """What speaks for a face, with the figures behind it."""

    skull_ml: float
    shell: float  # how much of the skull's inside has bone round it
    jaw_mm: float  # over how much of its height the scan has bone and skin where a face has them
    part_mm: float  # the same, of what can also be half a jaw, or one whose front lies outside of the field
    height_mm: float  # of the scan itself
    gap_mm: float  # of its slices

    @property
    def face(self) -> bool:
        """A head by its skull, or a part of a face by its jaws."""
        jaw = min(_JAW, max(0.4 * self.height_mm, 2 * STEP))
        slab = self.skull_ml > _SLICE_ML and self.shell >= _SLICE_SHELL
        return (self.skull_ml > _SKULL_ML and self.shell >= _SKULL_SHELL) or slab or self.jaw_mm >= jaw

    @property
    def doubtful(self) -> bool:
        """Can't it be told? Something of a face may be in it, but it is cut off, too thin or too coarse to judge."""
        poor = self.height_mm < _FLAT or self.gap_mm > _COARSE
        return not self.face and self.part_mm >= (_DOUBT / 2 if poor else _DOUBT)


def shown(stack: Stack) -> Shown:
    """Measure a stack; cheap, on 4 mm."""
    grid = stack.grid(STEP)
    hu, known = stack.resampled(grid)
    return measured(hu, known, grid, float(stack.heights[-1] - stack.heights[0]) + stack.gap, stack.gap)


def measured(hu: Volume, known: Mask, grid: Grid, height: float, gap: float) -> Shown:
    """Measure a volume on an even grid, of a scan of some height and distance of slices in mm."""
    found = analyse(hu, known, grid)
    skull = found.inside
    ml = found.litres(skull) * 1000
    shell = _shell(skull, found.bone) if skull.any() else 0.0
    jaw, part = _jaws(found, slight=height < _SLIGHT)
    return Shown(round(ml, 1), round(shell, 3), jaw, part, height, gap)


def _shell(skull: Mask, bone: Mask) -> float:
    """The share of bone in the 6 mm round the inside of a skull."""
    box = ndimage.find_objects(skull.astype(np.int8))[0]
    grown = tuple(slice(max(s.start - 3, 0), s.stop + 3) for s in box)
    inside, hard = skull[grown], bone[grown]
    shell = dilated(inside, 6.0, STEP) & ~inside
    # The hardest voxel within reach counts: the inner table is thinner than a voxel here.
    return float((ndimage.maximum_filter(hard, 3) & shell).sum() / max(int(shell.sum()), 1))


def _jaws(found: Anatomy, *, slight: bool) -> tuple[float, float]:
    """Millimetres of height in which a cross-section of a head's size has a face's bone, or may have a part of it.

    In a slight scan any bone will do for the second.
    """
    hu, known, bone = found.hu, found.known, found.bone
    hard = bone | (found.body & (hu > _SOFT_BONE))
    whole, part, field = 0, 0, ndimage.find_objects(known.any(axis=0).astype(np.int8))
    for z, section in enumerate(found.body):
        area = float(section.sum()) * (STEP / 10) ** 2
        if not _NARROWEST < area < _WIDEST or _trunk(hu[z][field[0]], section[field[0]], _LUNGS if slight else _LUNG):
            continue
        piece = largest(section)
        whole += _wide(piece, bone[z], known[z]) > _WIDE
        front = _wide(piece, hard[z], known[z]) > _WIDE / 2
        part += front or _cut_jaw(piece, hard[z], known[z]) or (slight and bool(hard[z][piece].any()))
    return whole * STEP, part * STEP


def _trunk(hu: Volume, section: Mask, most: float) -> bool:
    """Lungs or bowel gas, be they open where the field cuts through the body."""
    gas = (hu < -500) & _filled(section)
    return float(gas.sum()) / max(float(section.sum()), 1) > most and not _airway_only(gas)


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


def _wide(section: Mask, bone: Mask, known: Mask) -> float:
    """Millimetres of a front that is skin (air before it) with bone behind it."""
    skin, front = _edge(section, known)
    rows = np.flatnonzero(section.any(axis=1))
    foremost = front <= rows[0] + 0.45 * (rows[-1] - rows[0])
    return float((skin & foremost & _behind(bone, front)).sum()) * STEP


def _cut_jaw(section: Mask, bone: Mask, known: Mask) -> bool:
    """Is the front outside of the field, and bone behind skin on a side of what lies next to it?"""
    skin, front = _edge(section, known)
    rows = np.flatnonzero(section.any(axis=1))
    hidden = section.any(axis=0) & ~skin & (front <= rows[0] + 1)
    if hidden.sum() * STEP <= _WIDE:
        return False
    near = np.arange(len(section)) <= rows[0] + 0.6 * (rows[-1] - rows[0])
    for turned in (slice(None), slice(None, None, -1)):
        sides = [mask[:, turned].T for mask in (section, bone, known)]
        skin, side = _edge(sides[0], sides[2])
        # A side that runs out of the field anywhere is a body's, whose lungs or bowel look like air beside it.
        within = not (sides[0].any(axis=0) & ~skin).any()
        if within and (skin & near & _behind(sides[1], side)).sum() * STEP > _WIDE:
            return True
    return False


def _edge(section: Mask, known: Mask) -> tuple[Mask, NDArray[np.intp]]:
    """Where each column begins, and whether it does with skin: with air before it, within the field."""
    front = section.argmax(axis=0)
    before = known[np.maximum(front - 2, 0), np.arange(section.shape[1])]
    return section.any(axis=0) & (front >= 2) & before, front


def _behind(bone: Mask, front: NDArray[np.intp]) -> Mask:
    """Has each column bone within a face's reach of where it begins?"""
    rows = np.arange(len(bone))[:, None]
    return np.asarray((bone & (rows >= front) & (rows < front + round(_REACH / STEP))).any(axis=0), bool)
