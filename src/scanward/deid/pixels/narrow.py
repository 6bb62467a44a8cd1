"""Less of the patient, and less fine: the same box in mm for every series, whichever way its slices lie (S9).

It comes first, so all that is proven afterwards is proven of what leaves.
"""

import dataclasses
import math
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import dcmread
from pydicom.sequence import Sequence
from pydicom.uid import UID

from scanward.deid import codestream
from scanward.deid.field import Field
from scanward.deid.held import HeldReason
from scanward.deid.pixels import shows, store
from scanward.deid.pixels.geometry import AIR, Plane
from scanward.dicom.errors import Refused
from scanward.dicom.frames import Frame
from scanward.dicom.image import Image
from scanward.dicom.read import open_

if TYPE_CHECKING:
    from scanward.deid.pixels.stage import Item, Piece

_PADDING: Final = -1500.0
_SMALL: Final = 1e-3  # of a pixel, which a spacing is written less exactly than
_BELOW_CHIN: Final = 24.0  # mm: as much of a jaw as is not told from a neck, and something more
_SEARCHED: Final = 4.0  # mm
_MIXED: Final = 1.05  # slices whose distances differ by more than this are no even steps
_CLASS: Final = "1.2.840.10008.5.1.4.1.1."
_LITTLE: Final = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
# True of the whole picture only: what was reconstructed, its thumbnail, its extremes, shutters and frames by number.
_NO_LONGER: Final = (
    *(0x00181100, 0x00880200, 0x00286010, 0x00280106, 0x00280107, 0x00280108, 0x00280109, 0x7FE00001, 0x7FE00002),
    *range(0x00181600, 0x00181625),
)
_FRAME_TYPES: Final = (0x00189329, 0x00189226, 0x00189751)
_CODES: Final = {"cropped": ("113077", "Volume editing"), "reduced": ("113085", "Spatial resampling")}


class CannotBe(Exception):
    """A series that the field can't be carried out on."""


# A series without a field, and whatever else a strange header does to who writes it again: it is held.
FAILURES: Final = (
    CannotBe,
    Refused,
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)


@dataclasses.dataclass(frozen=True)
class _Made:
    """One new frame: its values, where it lies, and the frames that it was made of."""

    hu: NDArray[np.float32]
    origin: NDArray[np.float64]
    of: list[int]

    @property
    def base(self) -> int:
        """The frame whose header it takes."""
        return self.of[len(self.of) // 2]


@dataclasses.dataclass(frozen=True)
class _Window:
    """The pixels of a slice that stay, and how many rows and columns become one."""

    rows: slice
    columns: slice
    steps: tuple[int, int]

    @property
    def moved(self) -> tuple[float, float]:
        """By how many rows and columns the centre of the first pixel moves."""
        return self.rows.start + (self.steps[0] - 1) / 2, self.columns.start + (self.steps[1] - 1) / 2


def uncroppable(item: "Item") -> bool:
    """Does it show, or point to, pixels and places that are no longer there after a crop?"""
    presents = item.seen.sop_class_uid.startswith(_CLASS + "11.")
    return presents or "'SCOORD'" in repr(item.seen.dicom_json)


def below_face(piece: "Piece", field: Field) -> Field:
    """The field without all that lies above the lowest level at which a stack shows a face."""
    stack = piece.stack
    grid = stack.grid(shows.STEP)
    hu, known = stack.resampled(grid)
    levels = len(hu)

    def face(count: int) -> bool:
        part = dataclasses.replace(grid, shape=(count, *grid.shape[1:]))
        seen = shows.measured(hu[:count], known[:count], part, count * grid.step, stack.gap)
        return seen.face or seen.doubtful

    if not face(levels):
        return field
    low, high = 1, levels  # a face is seen up to `high`, and none up to `low`
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if face(middle) else (middle, high)
    top = grid.first[2] + low * grid.step - _BELOW_CHIN
    return dataclasses.replace(field, high=(*field.high[:2], min(field.high[2], top)))


def narrow(piece: "Piece", field: Field) -> list["Item"]:
    """Carry a field out on a series; its items that nothing stays of.

    Raises: CannotBe
    """
    members = {id(item): item for item, _, _ in piece.frames}
    single = all(item.seen.frames == 1 for item in members.values())
    if not single and (len(members) > 1 or len(piece.frames) != next(iter(members.values())).seen.frames):
        raise CannotBe("its frames don't make one stack")
    window, masks = _window(piece, field)
    step = _steps(piece.stack.gap, field.finest) if len(piece.frames) > 1 else 1
    if step > 1 and not _even(piece):
        raise CannotBe("its slices are not even")
    if window is None:
        return list(members.values())
    kept = [n for n, mask in enumerate(masks) if mask is None or mask.any()]
    groups = [kept[n : n + step] for n in range(0, len(kept) - step + 1, step)]
    whole = window == _all_of(piece.stack.planes[0]) and step == 1 and len(kept) == len(masks)
    if whole and all(mask is None or mask.all() for mask in masks):
        return []
    made = [_frame(piece, group, window, masks) for group in groups]
    marks = {"cropped": field.cropped, "reduced": max(*window.steps, step) > 1}
    staying: set[int] = set()
    for frames in [[one] for one in made] if single else [made] if made else []:
        item = piece.frames[frames[0].base][0]
        _write(item, frames, piece, window, marks)
        staying.add(id(item))
    return [item for key, item in members.items() if key not in staying]


def _steps(spacing: float, finest: float) -> int:
    """How many become one, so that none is finer."""
    return max(1, math.ceil(finest / max(spacing, 1e-6) - _SMALL))


def _even(piece: "Piece") -> bool:
    gaps = np.diff(piece.stack.heights)
    return bool(gaps.min() > 0 and gaps.max() <= _MIXED * gaps.min())


def _all_of(plane: Plane) -> _Window:
    return _Window(slice(0, plane.shape[0]), slice(0, plane.shape[1]), (1, 1))


def _window(piece: "Piece", field: Field) -> tuple[_Window | None, list[NDArray[np.bool_] | None]]:
    """The smallest rectangle round all that stays in any slice, and what stays in each (None: all of it)."""
    planes = piece.stack.planes
    masks = [_inside(plane, field) for plane in planes]
    if all(mask is None for mask in masks):
        found: tuple[slice, ...] = (slice(0, planes[0].shape[0]), slice(0, planes[0].shape[1]))
    else:
        any_of = np.logical_or.reduce([np.ones(planes[0].shape, bool) if mask is None else mask for mask in masks])
        where = [np.flatnonzero(any_of.any(axis=1 - axis)) for axis in (0, 1)]
        if not len(where[0]):
            return None, masks
        found = tuple(slice(int(some[0]), int(some[-1]) + 1) for some in where)
    steps = [_steps(spacing, field.finest) for spacing in planes[0].spacing]
    ends = [part.start + (part.stop - part.start) // step * step for part, step in zip(found, steps, strict=True)]
    if any(end == part.start for end, part in zip(ends, found, strict=True)):
        return None, masks
    rows, columns = (slice(part.start, end) for part, end in zip(found, ends, strict=True))
    return _Window(rows, columns, (steps[0], steps[1])), masks


def _inside(plane: Plane, field: Field) -> NDArray[np.bool_] | None:
    """Which pixels' centres lie in the box; None for all of them."""
    rows, columns = np.arange(plane.shape[0]) * plane.spacing[0], np.arange(plane.shape[1]) * plane.spacing[1]
    mask: NDArray[np.bool_] | None = None
    for axis, (low, high) in enumerate(zip(field.low, field.high, strict=True)):
        if math.isinf(low) and math.isinf(high):
            continue
        where = plane.origin[axis] + np.add.outer(rows * plane.along_column[axis], columns * plane.along_row[axis])
        found = (where >= low - _SMALL) & (where <= high + _SMALL)
        mask = found if mask is None else mask & found
    return mask


def _frame(piece: "Piece", group: list[int], window: _Window, masks: list[NDArray[np.bool_] | None]) -> _Made:
    """The mean of a group of slices, in blocks; what lies outside the box within the rectangle is air."""
    total, lowest = None, None
    for n in group:
        values = piece.stack.hu[n][window.rows, window.columns].astype(np.float32)
        mask = masks[n]
        if mask is not None and not mask.all():
            values[~mask[window.rows, window.columns]] = max(AIR, _floor(piece.frames[n][2], piece.frames[n][0]))
        (a, b), (high, wide) = window.steps, values.shape
        blocks = values.reshape(high // a, a, wide // b, b)
        mean, low = blocks.mean(axis=(1, 3), dtype=np.float64), blocks.min(axis=(1, 3))
        total = mean if total is None else total + mean
        lowest = low if lowest is None else np.minimum(lowest, low)
    assert total is not None
    assert lowest is not None
    hu = np.where(lowest < _PADDING, lowest, total / len(group)).astype(np.float32)  # padding is no value to be mixed
    down, over = window.moved
    planes = [piece.stack.planes[n] for n in group]
    origin = np.mean([p.points(np.array([down]), np.array([over]))[0, 0] for p in planes], axis=0)
    return _Made(hu, origin, group)


def _floor(frame: Frame, item: "Item") -> float:
    """The lowest value that can be stored."""
    image = item.seen.image
    assert image is not None
    low = -(1 << (image.bits_stored - 1)) if image.signed else 0
    return low * frame.geometry.slope + frame.geometry.intercept


def _write(item: "Item", made: list[_Made], piece: "Piece", window: _Window, marks: dict[str, bool]) -> None:
    """Put a new object in the place of an item's old one."""
    seen = item.seen
    if seen.image is None or seen.transfer_syntax_uid == "1.2.840.10008.1.2.2":
        raise CannotBe("big endian pixels are not written")
    dataset = dcmread(BytesIO(item.data), force=True)  # bounded by scanward.dicom.read before
    shape = dataclasses.replace(seen.image, rows=made[0].hu.shape[0], columns=made[0].hu.shape[1], frames=len(made))
    _describe(dataset, made, piece, window, marks)
    pixels = [_stored(one.hu, piece.frames[one.base][2], shape) for one in made]
    _put_pixels(dataset, pixels, shape, seen.transfer_syntax_uid)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    item.data = buffer.getvalue()
    item.opened = open_(item.data, forgiving=True)
    item.clearance = dataclasses.replace(item.clearance, **{name: True for name, true in marks.items() if true})


def _stored(hu: NDArray[np.float32], frame: Frame, shape: Image) -> NDArray[Any]:
    low = -(1 << (shape.bits_stored - 1)) if shape.signed else 0
    values = np.rint((hu.astype(np.float64) - frame.geometry.intercept) / frame.geometry.slope)
    return np.clip(values, low, low + (1 << shape.bits_stored) - 1).astype(frame.pixels.dtype)


def _put_pixels(dataset: FileDataset, pixels: list[NDArray[Any]], shape: Image, syntax: str) -> None:
    """In the same syntax where it is a lossless one, else uncompressed."""
    dataset.Rows, dataset.Columns = shape.rows, shape.columns
    process = store.HOLDS.get(syntax)
    if process:
        coded = [store.encoded(one, shape, process) for one in pixels]
        dataset.PixelData = codestream.encapsulate(coded, with_table=len(coded) > 1)[: -len(_END)]
        dataset["PixelData"].is_undefined_length = True
        return
    raw = b"".join(np.ascontiguousarray(store.stored(one, shape)).tobytes() for one in pixels)
    dataset.PixelData = raw + b"\0" * (len(raw) & 1)
    dataset["PixelData"].is_undefined_length = False
    if syntax not in _LITTLE:
        dataset.file_meta.TransferSyntaxUID = UID(_LITTLE[1])


_END: Final = b"\xfe\xff\xdd\xe0\0\0\0\0"


def _describe(dataset: FileDataset, made: list[_Made], piece: "Piece", window: _Window, marks: dict[str, bool]) -> None:
    """Every attribute that tells where the pixels lie, and what was done."""
    for tag in [*_NO_LONGER, *(one for one in sorted(dataset.keys()) if one.group & 0xFFE1 in (0x5000, 0x6000))]:
        if tag in dataset:
            del dataset[tag]
    of = len(made[0].of)
    items = [Dataset() for mark in marks if marks[mark]]
    for code, (value, meaning) in zip(items, (_CODES[mark] for mark in marks if marks[mark]), strict=True):
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    dataset.DerivationCodeSequence = Sequence([*dataset.get("DerivationCodeSequence", []), *items])
    if "PerFrameFunctionalGroupsSequence" in dataset:
        _functional(dataset, made, piece, window)
        return
    (one,) = made
    dataset.ImagePositionPatient = [_decimal(n) for n in one.origin]
    if of > 1 and "SliceLocation" in dataset:
        away = float(np.dot(one.origin - np.asarray(piece.stack.planes[one.base].origin), piece.stack.planes[0].normal))
        dataset.SliceLocation = _decimal(float(dataset.SliceLocation) + away)
    _measure(dataset, of, piece, window)


def _functional(dataset: FileDataset, made: list[_Made], piece: "Piece", window: _Window) -> None:
    """An enhanced object's groups: those of the frames that stay, each with its place."""
    own = dataset.PerFrameFunctionalGroupsSequence
    chosen = [own[piece.frames[one.base][1]] for one in made]
    for groups, one in zip(chosen, made, strict=True):
        groups.PlanePositionSequence[0].ImagePositionPatient = [_decimal(n) for n in one.origin]
    dataset.PerFrameFunctionalGroupsSequence = Sequence(chosen)
    dataset.NumberOfFrames = len(chosen)
    for groups in [*dataset.get("SharedFunctionalGroupsSequence", []), *chosen]:
        for measures in groups.get("PixelMeasuresSequence", []):
            _measure(measures, len(made[0].of), piece, window)
        for kind in (groups[tag][0] for tag in _FRAME_TYPES if tag in groups):
            kind.FrameType = ["DERIVED", *kind.FrameType[1:]]


def _measure(where: Dataset, of: int, piece: "Piece", window: _Window) -> None:
    """The size of a pixel and of a slice."""
    if window.steps != (1, 1):
        spacing = piece.stack.planes[0].spacing
        where.PixelSpacing = [_decimal(s * n) for s, n in zip(spacing, window.steps, strict=True)]
    if of > 1:
        if where.get("SliceThickness"):
            where.SliceThickness = _decimal(float(where.SliceThickness) + (of - 1) * piece.stack.gap)
        if where.get("SpacingBetweenSlices"):
            where.SpacingBetweenSlices = _decimal(float(where.SpacingBetweenSlices) * of)


def _decimal(value: float) -> str:
    """A number of at most sixteen signs."""
    return f"{value:.10g}" if abs(value) >= 1e-4 or not value else f"{value:.5f}"


def figures(piece: "Piece") -> dict[str, Any]:
    """Where the pixels of a stack lie and how far apart they are, in mm: from the images alone."""
    stack = piece.stack
    corners = stack.corners()
    bounds = [[_round(corners[:, n].min()), _round(corners[:, n].max())] for n in range(3)]
    pixel = [_round(one) for one in stack.planes[0].spacing]
    return {"bounds_mm": bounds, "pixel_mm": pixel, "slice_mm": _round(stack.gap), "kept": len(stack.planes)}


def _round(value: float) -> float:
    return round(float(value), 2) + 0.0


def hold(piece: "Piece") -> None:
    """Hold all of a stack: it could not be narrowed."""
    for item, _, _ in piece.frames:
        item.hold(HeldReason.FIELD)
