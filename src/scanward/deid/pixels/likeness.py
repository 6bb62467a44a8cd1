"""How alike two faces are to a matcher: dlib's 128 numbers, and what follows from many distances.

The two networks are public domain (CC0): `dlib_face_recognition_resnet_model_v1.dat` and
`shape_predictor_5_face_landmarks.dat` of the package face_recognition_models. They are not shipped: the same package
also brings a network that must not be used commercially, so a site puts the two files into a folder of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from math import sqrt
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanward.deid.pixels.detectors import DETECTORS, Box, Missing, Picture

Numbers = NDArray[np.float64]
_NETWORK: Final = "dlib_face_recognition_resnet_model_v1.dat"
_LANDMARKS: Final = "shape_predictor_5_face_landmarks.dat"
_Z: Final = 1.959964  # a 95 % interval


class Matcher:
    """Turns a face in a picture into 128 numbers; the same person's are near one another."""

    def __init__(self, models: Path) -> None:
        """Load both networks from a folder.

        Raises: Missing when one of them, or dlib, isn't there.
        """
        for name in (_NETWORK, _LANDMARKS):
            if not (models / name).is_file():
                raise Missing(f"The matcher's file {name} is missing. Put it into the folder given by --models.")
        try:
            self._dlib: Any = import_module("dlib")
        except ImportError as absent:
            raise Missing("dlib is missing. Install scanward[pixels].") from absent
        self._landmarks = self._dlib.shape_predictor(str(models / _LANDMARKS))
        self._network = self._dlib.face_recognition_model_v1(str(models / _NETWORK))

    def numbers(self, picture: Picture, box: Box) -> Numbers:
        """The 128 numbers of the face in a box of a grey picture."""
        colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
        shape = self._landmarks(colour, self._dlib.rectangle(*box))
        return np.asarray(self._network.compute_face_descriptor(colour, shape), np.float64)


def face_box(picture: Picture) -> Box | None:
    """Where the best detection of a face lies; None where there is none."""
    hits = [hit for detector in DETECTORS.values() for hit in detector(picture)[:1]]
    return max(hits)[1] if hits else None


def scaled(box: Box, scale: float) -> Box:
    """The same box in a picture of another size."""
    left, top, right, bottom = (int(v * scale) for v in box)
    return left, top, right, bottom


def limit_at(impostors: Sequence[float], share: float = 0.01) -> float:
    """The distance under which a share of pairs of different people would be taken for one person."""
    return float(np.quantile(np.asarray(impostors), share))


@dataclass(frozen=True)
class Share:
    """A share with its 95 % confidence interval (Wilson 1927), which is sound for few and for none."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound, 0 to 1; everything is possible where nothing was tried."""
        if not self.of:
            return 0.0, 1.0
        p, n = self.hits / self.of, self.of
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(middle - half, 0.0), min(middle + half, 1.0)
