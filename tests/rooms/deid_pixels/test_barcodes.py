"""Barcodes and square codes hold names and numbers, too: they are painted over, and no slice is taken for one (S7)."""

import cv2
import numpy as np
import pytest

from scanward.deid.pixels.barcodes import barcodes
from scanward.deid.pixels.redact import clean
from scanward.deid.pixels.whose import Whose
from scanward.dicom.frames import Frame
from scanward.dicom.geometry import FrameGeometry
from scanward.dicom.synthetic import volume

# Code 39: * 4 7 *, each sign's bars and spaces as single modules.
BARS = "0".join(("100101101101", "101001101011", "101001011011", "101100101101", "101100110101", "100101101101"))


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    return volume("head", 2, (6, 256, 256)).astype(np.float32)


def _square(module: int) -> np.ndarray:
    code = cv2.QRCodeEncoder.create().encode("DOE^JANE 4471093")
    return cv2.resize((code > 127).astype(np.float32), None, fx=module, fy=module, interpolation=cv2.INTER_NEAREST)


def _bars(module: int, high: int) -> np.ndarray:
    return np.repeat(np.repeat([[1 - float(one) for one in BARS]], high, axis=0), module, axis=1)


def _with(image: np.ndarray, code: np.ndarray, dark: float = -1000, light: float = 1000) -> np.ndarray:
    out = image.copy()
    top, left = ((n - m) // 2 for n, m in zip(out.shape, code.shape, strict=True))
    out[top : top + code.shape[0], left : left + code.shape[1]] = dark + code * (light - dark)
    return out


def _covered(image: np.ndarray, code: np.ndarray) -> float:
    """How much of the code lies in what is painted over."""
    mask = np.zeros(image.shape, np.bool_)
    for top, left, bottom, right in barcodes(image):
        mask[top:bottom, left:right] = True
    top, left = ((n - m) // 2 for n, m in zip(image.shape, code.shape, strict=True))
    return float(mask[top : top + code.shape[0], left : left + code.shape[1]].mean())


@pytest.mark.parametrize("module", [2, 3, 5])
def test_a_square_code_on_anatomy_is_found_whole(slices: np.ndarray, module: int) -> None:
    """S7."""
    code = _square(module)
    assert _covered(_with(slices[3], code), code) > 0.95
    assert _covered(_with(slices[3], code, 0, 300), code) > 0.95


@pytest.mark.parametrize("turned", [False, True])
def test_bars_are_found_whole_lying_and_standing(slices: np.ndarray, turned: bool) -> None:
    """S7."""
    code = _bars(2, 30)
    code = np.ascontiguousarray(code.T) if turned else code
    assert _covered(_with(slices[3], code), code) > 0.95


def test_a_square_code_can_not_be_read_in_what_is_written(slices: np.ndarray) -> None:
    """S7: a reader of codes reads the number before, and nothing afterwards."""
    screen = _with(np.full((256, 256), 255.0, np.float32), _square(4), 0, 255).astype(np.uint8)
    where = FrameGeometry(None, None, None, None, (), 1.0, 0.0, "")
    done = clean(Frame(screen, 0, "MONOCHROME2", 8, where), Whose(), screen=False)
    read = cv2.QRCodeDetector()
    assert read.detectAndDecode(screen)[0] == "DOE^JANE 4471093"
    assert read.detectAndDecode(done.pixels)[0] == "" and not done.left


def test_no_clean_slice_has_one(slices: np.ndarray) -> None:
    chest = volume("chest", 1, (6, 256, 256)).astype(np.float32)
    assert [barcodes(one) for one in [*slices, *chest]] == [[]] * 12
