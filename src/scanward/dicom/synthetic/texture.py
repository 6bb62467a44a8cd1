"""Randomness that is the same everywhere: dice for anatomy, fields for texture, noise for the scanner."""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scanward.dicom.synthetic.shapes import Grid, Volume


class Dice:
    """Random numbers for a named purpose; two purposes of one seed never disturb each other."""

    def __init__(self, *purpose: object) -> None:
        self.purpose = tuple(str(p) for p in purpose)
        digest = hashlib.sha256("|".join(str(p) for p in purpose).encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest[:16], "big"))

    def between(self, low: float, high: float) -> float:
        """A number in the range, rounded to a thousandth."""
        share = int(self._bits.random_raw() >> 11) / 2**53  # type: ignore[call-overload, operator, unused-ignore]
        return round(low + (high - low) * share, 3)

    def whole(self, low: int, high: int) -> int:
        """A whole number in the range, both ends included."""
        return min(high, int(self.between(low, high + 1)))

    def octets(self, count: int) -> NDArray[np.uint8]:
        """Uniform bytes: numpy promises the bit stream of PCG64 for ever, its normal deviates not."""
        raw = np.asarray(self._bits.random_raw(-(-count // 8)), dtype="<u8")
        return raw.view(np.uint8)[:count]


def field(grid: Grid, dice: Dice, scale: float) -> Volume:
    """A smooth random field of -1 to 1 with features of `scale` mm, fixed in space, not to the grid."""
    axes = [_lattice(axis, scale) for axis in (grid.z, grid.y, grid.x)]
    table = _table(dice.purpose)
    (z, tz), (y, ty), (x, tx) = axes
    low, high = (table[z + k] for k in (0, 1))
    plane = low + (high - low) * tz[:, None, None]
    rows = plane[:, y] + (plane[:, y + 1] - plane[:, y]) * ty[None, :, None]
    rise = rows[:, :, 1:] - rows[:, :, :-1]
    result: Volume = np.take(rise, x, axis=2)
    result *= tx[None, None, :]
    result += np.take(rows, x, axis=2)
    return result


@lru_cache(maxsize=32)
def _table(purpose: tuple[str, ...]) -> Volume:
    values = Dice(*purpose).octets(48**3).reshape(48, 48, 48).astype(np.float32)
    return values / np.float32(127.5) - np.float32(1)


def _lattice(axis: Volume, scale: float) -> tuple[NDArray[np.intp], Volume]:
    """Lattice cell and eased place within it, for each coordinate; the lattice repeats after 47 cells."""
    place = axis / np.float32(scale) + np.float32(23.5)
    cell = np.floor(place)
    t = place - cell
    return cell.astype(np.intp) % 47, t * t * (np.float32(3) - np.float32(2) * t)


def noise(dice: Dice, shape: tuple[int, int], *, sharp: bool) -> Volume:
    """One slice of noise, mean 0 and deviation 1: grainy for a soft kernel, salty for a sharp one."""
    rows, columns = shape
    white = dice.octets((rows + 8) * (columns + 8)).reshape(rows + 8, columns + 8).astype(np.int16) - np.int16(127)
    if sharp:
        band = white[1:-1, 1:-1] * np.int16(8) - _smooth(white)
        return band[2 : 2 + rows, 2 : 2 + columns].astype(np.float32) * np.float32(1 / 474)
    grain = _smooth(_smooth(white) // np.int16(4)).astype(np.float32)
    wide = _box(grain)
    result: Volume = (grain[1:-1, 1:-1] - np.float32(0.4) * wide)[1 : 1 + rows, 1 : 1 + columns]
    return result[:rows, :columns] * np.float32(1 / 226)


def _smooth(image: NDArray[np.int16]) -> NDArray[np.int16]:
    """1-2-1 along both axes, not divided, halved once so that 16 bits hold it."""
    rows = image[:-2] + image[1:-1] * np.int16(2) + image[2:]
    rows //= np.int16(2)
    return rows[:, :-2] + rows[:, 1:-1] * np.int16(2) + rows[:, 2:]


def _box(image: Volume) -> Volume:
    """3 by 3 mean."""
    rows = image[:-2] + image[1:-1] + image[2:]
    result: Volume = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) * np.float32(1 / 9)
    return result
