"""What somebody would try who knows this very algorithm and has only its output.

The cut is computed again from the output (its bones are all there), which tells exactly which voxels are made up.
What is left is the patient's own soft tissue. Its surface, grown by the depth of the layer, is the best guess at the
skin. The skull is left out of this: it is in every head CT that is worth anything, and grown by itself it looks like
a face to some detectors, whatever was done to the skin (docs/why/deface.md has the figures).
"""

from typing import Final

import numpy as np
from scipy import ndimage

from scanward.deid.pixels.anatomy import Anatomy, analyse, dilated, largest
from scanward.deid.pixels.cut import cut_of
from scanward.deid.pixels.geometry import AIR, Grid, Mask, Volume

GROWN: Final = (8.0, 14.0)  # mm


def genuine(hu: Volume, known: Mask, grid: Grid, found: Anatomy | None = None) -> Mask:
    """The body's soft voxels that the cut can't have made, told from an output alone."""
    found = found or analyse(hu, known, grid)
    cut = cut_of(found)
    made = (cut.tissue > 0) | (cut.air > 0)
    return without_skull(found.body & (hu > -300) & ~made, found.bone, grid.step)


def without_skull(own: Mask, bone: Mask, step: float) -> Mask:
    """The soft part of what is genuine, in one piece, without the band round bones in which bone is kept."""
    return largest(own & ~dilated(bone, 4.2, step))


def grown(own: Mask, mm: float, step: float) -> Volume:
    """A solid of everything within `mm` of a mask, its surface at -300 HU."""
    away = ndimage.distance_transform_edt(~own).astype(np.float32) * np.float32(step)
    depth = np.clip((np.float32(mm) - away) * np.float32(250) - 300, AIR, 100)
    found: Volume = depth.astype(np.float32)
    return found
