"""What no engine can take out and may tell who somebody is: implants and devices, with their shapes and serials."""

from typing import Final

import numpy as np
from scipy import ndimage

from scanward.deid.pixels.geometry import Stack
from scanward.deid.pixels.render import Picture, even

METAL: Final = 2900.0  # HU: above enamel and cortical bone; most scanners end at 3071
RAISED: Final = 0.5  # mL in one piece: a plate, a stem, a pacemaker, not a filling


def metal_ml(stack: Stack) -> float:
    """The volume in mL of the biggest piece of metal in a stack."""
    hard = stack.hu >= METAL
    voxel = float(np.prod(stack.planes[0].spacing)) * abs(stack.gap) / 1000
    if np.count_nonzero(hard) * voxel < RAISED:
        return 0.0
    labels, _ = ndimage.label(hard)
    return round(float(np.bincount(labels.ravel())[1:].max()) * voxel, 2)


def shadows(stack: Stack) -> list[tuple[str, Picture]]:
    """The hardest of each line of sight, from in front and from the side."""
    volume = even(stack, 1.5)
    found = []
    for title, axis in (("from in front", 1), ("from the side", 2)):
        flat = np.clip((volume.max(axis=axis)[::-1] + 200) * (255 / 3200), 0, 255)
        found.append((title, np.ascontiguousarray(flat.astype(np.uint8))))
    return found
