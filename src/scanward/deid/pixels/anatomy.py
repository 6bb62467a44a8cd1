"""Where the body, the bones and the inside of the skull are, on an even grid of 2 mm. No template, no model."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scanward.deid.pixels.geometry import Grid, Mask, Volume

BONE: Final = 220.0
SKIN: Final = -300.0
_ML: Final = 1000.0


@dataclass
class Anatomy:
    """Masks [z, y, x] on a grid. `known` is where the scan has values at all."""

    grid: Grid
    hu: Volume
    known: Mask
    body: Mask
    bone: Mask
    enclosed: Mask  # inside the skull by the bone around it
    brainlike: Mask  # inside the skull by what it is made of

    @property
    def inside(self) -> Mask:
        """Inside the skull by either of the two."""
        return self.enclosed | self.brainlike

    def litres(self, mask: Mask) -> float:
        """A mask's volume in litres."""
        return float(np.count_nonzero(mask)) * self.grid.step**3 / 1e6


def analyse(hu: Volume, known: Mask, grid: Grid) -> Anatomy:
    """Find body, bone and the inside of the skull."""
    body = body_of(hu, known, grid.step)
    bone = bone_of(hu, body, grid.step)
    soft = (hu > -30) & (hu < 130) & known
    enclosed = _enclosed(soft & body, bone, grid.step)
    brainlike = _brainlike(hu, soft & body, bone, known, grid.step)
    return Anatomy(grid, hu, known, body, bone, enclosed, brainlike)


def dilated(mask: Mask, mm: float, step: float) -> Mask:
    """Everything within `mm` of a mask."""
    out = mask.copy()
    if mask.any():
        box = _box(mask, int(mm / step) + 2)
        out[box] = _ball(mask[box], mm, step)
    return out


def eroded(mask: Mask, mm: float, step: float) -> Mask:
    """What is deeper than `mm` in a mask; the edge of the scan counts as inside."""
    out = mask.copy()
    if mask.any():
        box = _box(mask, 2)
        out[box] &= ~_ball(~mask[box], mm, step)
    return out


def _ball(mask: Mask, mm: float, step: float) -> Mask:
    """A mask with a ball round each voxel, as discs in the slices above and below: a third of a distance's cost."""
    reach = int(mm / step)
    across = np.arange(-reach, reach + 1) ** 2
    away = across[:, None] + across
    out = np.zeros(mask.shape, np.uint8)
    slices = [(z, one) for z, one in enumerate(mask.astype(np.uint8)) if one.any()]
    for far in range(reach + 1):
        disc = (away <= (mm / step) ** 2 - far * far).astype(np.uint8)
        for z, one in slices:
            spread = cv2.dilate(one, disc)
            for n in {z - far, z + far}:
                if 0 <= n < len(out):
                    out[n] |= np.asarray(spread, np.uint8)
    return out.view(np.bool_)


def _box(mask: Mask, margin: int) -> tuple[slice, ...]:
    found = []
    for axis in range(mask.ndim):
        others = tuple(n for n in range(mask.ndim) if n != axis)
        where = np.flatnonzero(mask.any(axis=others))
        found.append(slice(max(int(where[0]) - margin, 0), int(where[-1]) + margin + 1))
    return tuple(found)


def largest(mask: Mask) -> Mask:
    """The biggest connected part."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    found: Mask = labels == sizes.argmax()
    return found


def parts_over(mask: Mask, ml: float, step: float) -> Mask:
    """Only the connected parts of more than `ml` millilitres."""
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel()) * step**3 / _ML
    sizes[0] = 0
    found: Mask = (sizes > ml)[labels]
    return found


def body_of(hu: Volume, known: Mask, step: float) -> Mask:
    """The patient without couch and head holder, with its air-filled cavities."""
    air = (hu < SKIN) | ~known
    # Opened, so that the air of nostrils and ears does not drain the sinuses.
    opened = dilated(eroded(air, 4.5, step), 4.5, step) & air
    labels, _ = ndimage.label(opened)
    sides = [labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1]]
    touching = np.unique(np.concatenate([side.ravel() for side in sides]))
    outside = np.isin(labels, touching[touching > 0])
    core = largest(eroded(~outside & known, 3.0, step))
    return dilated(core, 4.5, step) & ~outside & known


def bone_of(hu: Volume, body: Mask, step: float) -> Mask:
    """Bone in the body, parts of more than 1 mL."""
    return parts_over((hu > BONE) & body, 1.0, step)


def _meets(bone: Mask) -> NDArray[np.uint8]:
    """In how many of five directions (front, back, left, right, up) there is bone."""
    count = np.zeros(bone.shape, np.uint8)
    for axis, flip in ((1, False), (1, True), (2, False), (2, True), (0, True)):
        ahead = np.flip(bone, axis) if flip else bone
        seen = np.maximum.accumulate(ahead, axis=axis)
        count += np.flip(seen, axis) if flip else seen
    return count


def _enclosed(soft: Mask, bone: Mask, step: float) -> Mask:
    """Soft tissue that meets bone in at least 4 of 5 directions, in one big piece."""
    core = largest(eroded(soft & (_meets(bone) >= 4), 5.0, step))
    return dilated(core, 6.5, step) & soft


def _brainlike(hu: Volume, soft: Mask, bone: Mask, known: Mask, step: float) -> Mask:
    """Even tissue of a brain's density, thick, with the skull on three sides: also where a piece of skull or the
    vertex is missing, and it does not care which three sides."""
    smooth = ndimage.uniform_filter(hu, 3)
    rough = ndimage.uniform_filter(hu * hu, 3) - smooth * smooth
    even = soft & (smooth > -5) & (smooth < 90) & (rough < 45.0**2) & known
    core = eroded(even & (_meets(bone) >= 3), 8.0, step)
    labels, count = ndimage.label(core)
    if count == 0:
        return np.zeros_like(soft)
    # The brain is the piece with most bone round it, not the biggest: a neck can have more muscle.
    shell = dilated(bone, 14.0, step)
    score = ndimage.sum_labels(shell.astype(np.float32), labels, np.arange(1, count + 1))
    best: Mask = labels == int(np.argmax(score)) + 1
    return dilated(best, 9.5, step) & soft & ~bone
