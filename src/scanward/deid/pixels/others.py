"""What shows a face beside the volumes that are cut: scouts, projections, other modalities, surfaces of the body."""

import re
from typing import Final

import numpy as np

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_CT: Final = frozenset(_STORAGE + tail for tail in ("2", "2.1", "2.2"))
# Structure sets, RT dose, segmentations, label maps, surface meshes: the body's outline is in them, or can be.
_SHAPES: Final = frozenset(
    _STORAGE + tail for tail in ("481.3", "481.2", "66.4", "66.7", "66.8", "66.5", "68.1", "68.2", "481.11")
)
# A projection through a volume shows the skin of other slices than its own place tells: no plan can be carried out.
_PROJECTION: Final = re.compile(
    r"(?:^|[\\ _])(?:M(?:ax|in)?_?IP|MAXIMUM|MINIMUM|PROJECTION|VOLREN|VRT?|SSD|3D|CPR|CURVED|RADIAL|RENDER\w*)"
    r"(?:$|[\\ _])",
    re.IGNORECASE,
)
_OBLIQUE: Final = 0.6  # of a slice's normal along the body: about 53 degrees, more than any gantry tilts


def is_ct(sop_class: str) -> bool:
    """Does a class hold CT, whose values say what is air, tissue and bone?"""
    return sop_class in _CT


def is_shape(sop_class: str) -> bool:
    """Does a class hold contours, surfaces or labels, which can be those of the skin?"""
    return sop_class in _SHAPES


def is_projection(image_type: str) -> bool:
    """Is it, by its image type, a projection or a rendering of a volume, or a curved reformat?"""
    return bool(_PROJECTION.search(image_type))


def is_upright(orientation: str) -> bool:
    """Does a single picture look at the body from the front or the side, as a scout does that nobody marked as one?"""
    try:
        values = np.array([float(v) for v in orientation.split("\\")])
    except ValueError:
        return False
    if values.shape != (6,):
        return False
    return bool(abs(np.cross(values[:3], values[3:])[2]) < _OBLIQUE)
