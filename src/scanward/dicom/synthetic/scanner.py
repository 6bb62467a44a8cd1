"""A CT scanner: it puts a person on a table and returns Hounsfield units with the noise of a kernel."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scanward.dicom.synthetic import head
from scanward.dicom.synthetic.abdomen import Abdomen
from scanward.dicom.synthetic.canvas import AIR, Canvas, blend
from scanward.dicom.synthetic.chest import Chest
from scanward.dicom.synthetic.head import Head
from scanward.dicom.synthetic.shapes import Grid, Point, Volume, cover
from scanward.dicom.synthetic.texture import Dice, noise

Hounsfield = NDArray[np.int16]
Shape3 = tuple[int, int, int]
LOWEST, HIGHEST = -1024, 3071
_SLAB = 1_000_000


class Kind(StrEnum):
    """What is scanned."""

    HEAD = "head"
    CHEST = "chest"
    ABDOMEN = "abdomen"


class Person(Protocol):
    """Anything that can paint itself in Hounsfield units."""

    def paint(self, canvas: Canvas) -> None:
        """Paint the anatomy on a canvas of air."""


@dataclass(frozen=True)
class Setting:
    """What a scanner is set to for a kind of exam; lengths in mm."""

    centre: Point
    field_of_view: float
    length: float
    soft_noise: float
    sharp_noise: float


SETTINGS = {
    Kind.HEAD: Setting((0, 0, -34), 250, 262, 4.2, 42),
    Kind.CHEST: Setting((0, 4, 4), 390, 316, 11, 62),
    Kind.ABDOMEN: Setting((0, 4, -12), 390, 330, 10, 55),
}


def person(kind: Kind, seed: int) -> Person:
    """The person whom a seed stands for."""
    people: dict[Kind, Person] = {Kind.HEAD: Head(seed), Kind.CHEST: Chest(seed), Kind.ABDOMEN: Abdomen(seed)}
    return people[kind]


def default_spacing(kind: Kind, shape: Shape3) -> Point:
    """Spacing (z, y, x) in mm that covers the exam's whole length and field of view."""
    setting = SETTINGS[kind]
    in_plane = round(setting.field_of_view / max(shape[1:]), 6)
    return round(setting.length / shape[0], 6), in_plane, in_plane


def grid(kind: Kind, shape: Shape3, spacing: Point) -> Grid:
    """A grid of `shape` (z, y, x) about the middle of the exam, in LPS mm."""
    centre = SETTINGS[kind].centre
    axes = [
        (np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2)) * np.float32(step) + np.float32(middle)
        for n, step, middle in zip(shape, spacing, centre[::-1], strict=True)
    ]
    return Grid(*axes)


def volume(
    kind: Kind | str,
    seed: int,
    shape: Shape3,
    spacing: Point | None = None,
    *,
    sharp: bool = False,
    noisy: bool = True,
    table: bool = True,
) -> Hounsfield:
    """Hounsfield units [z, y, x] in LPS: z to the head, y to the back, x to the left; spacing (z, y, x) in mm."""
    kind = Kind(kind)
    where = grid(kind, shape, spacing or default_spacing(kind, shape))
    return scan(kind, person(kind, seed), where, noise_of=(seed,) if noisy else None, sharp=sharp, table=table)


def intracranial(shape: Shape3, spacing: Point | None = None) -> NDArray[np.bool_]:
    """True where a head's voxels lie inside the skull, [z, y, x]: the ground truth for defacing."""
    where = grid(Kind.HEAD, shape, spacing or default_spacing(Kind.HEAD, shape))
    return head.intracranial(where) < 0


def scan(
    kind: Kind,
    who: Person,
    where: Grid,
    *,
    noise_of: tuple[object, ...] | None,
    sharp: bool = False,
    table: bool = True,
) -> Hounsfield:
    """Hounsfield units of a person on a grid; `noise_of` names the exposure, None is without noise."""
    found = np.empty(where.shape, dtype=np.int16)
    for start, slab in slabs(kind, who, where, table=table):
        found[start : start + len(slab)] = expose(kind, slab, where, start=start, noise_of=noise_of, sharp=sharp)
    return found


def slabs(kind: Kind, who: Person, where: Grid, *, table: bool) -> Iterator[tuple[int, Volume]]:
    """The person without noise, some slices at a time, so that memory stays small."""
    count = max(1, _SLAB // (len(where.y) * len(where.x)))
    for start in range(0, len(where.z), count):
        canvas = Canvas(Grid(where.z[start : start + count], where.y, where.x))
        if table:
            _table(canvas, kind)
        _lie_down(canvas, who)
        yield start, canvas.hu


def _lie_down(canvas: Canvas, who: Person) -> None:
    """Paint the person before the table, without washing the table away with the air round the body."""
    table = canvas.hu.copy()
    canvas.hu.fill(AIR)
    who.paint(canvas)
    empty = canvas.hu < np.float32(-990)
    np.copyto(canvas.hu, table, where=empty & (table > np.float32(AIR)))


def expose(
    kind: Kind, slab: Volume, where: Grid, *, start: int, noise_of: tuple[object, ...] | None, sharp: bool
) -> Hounsfield:
    """Kernel and noise: each slice has dice of its own, so a slab is the same however the scan is cut."""
    setting, found = SETTINGS[kind], np.empty(slab.shape, dtype=np.int16)
    # The longest side of a voxel is the thickness of the slice, also of a coronal one.
    thickness = max([float(a[1] - a[0]) for a in (where.z, where.y) if len(a) > 1], default=5.0)
    dose = min(2.0, max(0.8, (5.0 / thickness) ** 0.5))
    level = (setting.sharp_noise if sharp else setting.soft_noise) * dose
    rise = _rise(where)
    for n, plain in enumerate(slab):
        image = _sharpened(plain) if sharp else plain
        if noise_of is not None:
            grains = noise(Dice("noise", *noise_of, kind, sharp, start + n), plain.shape, sharp=sharp)
            image = image + grains * (np.float32(level) * rise)
        found[n] = np.clip(np.rint(image), LOWEST, HIGHEST)
    return found


def _rise(where: Grid) -> Volume:
    """Noise is highest in the middle of the gantry, where the rays have lost most."""
    x, y = where.x / np.float32(210), (where.y - np.float32(4)) / np.float32(160)
    far = (x * x)[None, :] + (y * y)[:, None]
    result: Volume = np.float32(0.55) + np.float32(0.6) / (np.float32(1) + np.float32(2.2) * far)
    return result


def _sharpened(image: Volume) -> Volume:
    """A bone or lung kernel: the edges overshoot a little."""
    around = np.pad(image, 1, mode="edge")
    rows = around[:-2] + around[1:-1] + around[2:]
    mean = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) * np.float32(1 / 9)
    result: Volume = image + np.float32(0.45) * (image - mean)
    return result


def _table(canvas: Canvas, kind: Kind) -> None:
    """A couch under the body, a cradle behind the head: foam between two thin skins of carbon fibre."""
    x, y = canvas.grid.x[None, :], canvas.grid.y[:, None]
    if kind is Kind.HEAD:
        ring = np.sqrt(x * x + (y - np.float32(8)) * (y - np.float32(8))) - np.float32(109)
        sheet = np.maximum(np.abs(ring) - np.float32(5), np.float32(56) - y)
    else:
        ring = np.sqrt(x * x + (y + np.float32(270)) * (y + np.float32(270))) - np.float32(403)
        sheet = np.maximum(np.abs(ring) - np.float32(11), np.abs(x) - np.float32(205))
    for value, depth in ((-380.0, 0.0), (-905.0, 1.8)):
        blend(canvas.hu, cover(sheet + np.float32(depth), canvas.grid.edge)[None], value)
