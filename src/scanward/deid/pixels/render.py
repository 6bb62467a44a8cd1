"""The surface of a head as a camera would see it: what a person, or a face detector, is shown."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scanward.deid.pixels.geometry import AIR, Stack, Volume

Picture = NDArray[np.uint8]
VIEWS: Final = (-30.0, 0.0, 30.0)
_SKIN: Final = -300.0


def even(stack: Stack, step: float = 1.25) -> Volume:
    """The stack on an even LPS grid, for rendering."""
    return stack.resampled(stack.grid(step))[0]


def render(volume: Volume, angle: float = 0.0, *, level: float = _SKIN, pitch: float = 0.0) -> Picture:
    """The surface at `level` HU of an even LPS volume [z, y, x], seen from in front, turned by `angle` degrees."""
    turned = _turned(volume, angle, pitch)
    hit = turned > level
    seen = hit.any(axis=1)
    at = hit.argmax(axis=1)
    before = np.take_along_axis(turned, np.maximum(at - 1, 0)[:, None], axis=1)[:, 0]
    behind = np.take_along_axis(turned, at[:, None], axis=1)[:, 0]
    part = np.clip((level - before) / np.maximum(behind - before, 1), 0, 1)
    depth = at - 1 + part
    far = turned.shape[1]
    depth = ndimage.gaussian_filter(np.where(seen, depth, far), 0.8)
    slope_z, slope_x = np.gradient(depth)
    light = np.array([0.25, -1.0, 0.35])
    light /= np.linalg.norm(light)
    length = np.sqrt(slope_z**2 + slope_x**2 + 1)
    shade = np.clip((slope_x * light[0] - light[1] + slope_z * light[2]) / length, 0, 1)
    picture = np.where(seen, 35 + 215 * shade, 0)
    return np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8)[::-1])


def _turned(volume: Volume, angle: float, pitch: float) -> Volume:
    if not angle and not pitch:
        return volume
    about, tilt = np.deg2rad(angle), np.deg2rad(pitch)
    turn = np.array([[1, 0, 0], [0, np.cos(about), -np.sin(about)], [0, np.sin(about), np.cos(about)]])
    nod = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    matrix = turn @ nod
    middle = (np.array(volume.shape) - 1) / 2
    found: Volume = ndimage.affine_transform(
        volume, matrix, middle - matrix @ middle, order=1, mode="constant", cval=AIR, prefilter=False
    )
    return found


def views(stack: Stack, angles: tuple[float, ...] = VIEWS, step: float = 1.25) -> Iterator[tuple[float, Picture]]:
    """Renders of a stack from each angle."""
    volume = even(stack, step)
    for angle in angles:
        yield angle, render(volume, angle)
