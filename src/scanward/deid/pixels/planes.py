"""A frame as the grey planes in which writing could be seen: its light, its colours, its unused bits."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scanward.deid.pixels.strokes import Box, Grey
from scanward.dicom import frames
from scanward.dicom.frames import Frame
from scanward.dicom.image import Image

Pixels = NDArray[Any]
_SOFT: Final = (-60.0, 140.0)  # HU
_COLOURFUL = 24  # of 255 by which colours must differ before they are looked at by themselves


def planes(frame: Frame) -> list[Grey]:
    """What a reader has to look at: one plane for grey pictures, another for colours of equal light.

    Raises: Refused when the colours can't be told.
    """
    if frame.photometric.startswith("MONOCHROME"):
        return [frame.pixels.astype(np.float32)]
    colours = frames.picture(frame).astype(np.float32)
    spread = colours.max(axis=2) - colours.min(axis=2)
    found: list[Grey] = [colours.mean(axis=2)]
    if np.count_nonzero(spread > _COLOURFUL) > 20:
        found += [colours[:, :, n] - colours.mean(axis=2) for n in (0, 2)]
    return found


def soft(frame: Frame, plane: Grey) -> Grey:
    """A plane in a narrow window of soft tissue, in which writing is seen that no wide one shows."""
    low, high = sorted((hu - frame.geometry.intercept) / (frame.geometry.slope or 1.0) for hu in _SOFT)
    return np.asarray(np.clip(plane, low, high), np.float32)


def spare(pixels: Pixels, image: Image) -> bool:
    """Do the bits above the stored ones hold something that is no sign?"""
    unused = image.bits_allocated - image.bits_stored
    if image.floating or image.bits_allocated < 8 or not unused or image.samples > 1:
        return False
    above = pixels >> image.bits_stored
    sign = -((pixels >> (image.bits_stored - 1)) & 1) if image.signed else 0
    return bool((above != sign).any())


def without_spare(pixels: Pixels, image: Image) -> Pixels:
    """Stored values alone, their sign carried up."""
    unused = image.bits_allocated - image.bits_stored
    return np.asarray((pixels << unused) >> unused)


def blanked(pixels: Pixels, boxes: list[Box], frame: Frame) -> Pixels:
    """The same stored values with boxes filled with one dark grey that the frame has already."""
    out = pixels.copy()
    ink = _dark(pixels, frame)
    for top, left, bottom, right in boxes:
        out[max(top, 0) : bottom, max(left, 0) : right] = ink
    return out


def _dark(pixels: Pixels, frame: Frame) -> Any:
    if frame.photometric == "MONOCHROME1":
        return pixels.max()
    if frame.photometric.startswith("YBR"):
        half = 1 << (frame.bits_stored - 1)
        return np.array([pixels[:, :, 0].min(), half, half], pixels.dtype)
    if frame.photometric == "PALETTE COLOR":
        light = planes(frame)[0]
        return pixels.flat[int(light.argmin())]
    return pixels.min()
