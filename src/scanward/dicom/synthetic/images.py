"""CT Image objects: axial and coronal slices and the scouts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from scanward.dicom.synthetic.model import SyntheticFile
from scanward.dicom.synthetic.objects import (
    CT,
    Order,
    SeriesHead,
    base,
    clock,
    coded,
    day,
    decimals,
    finish,
    pixels,
)
from scanward.dicom.synthetic.scanner import Hounsfield, Kind
from scanward.dicom.synthetic.shapes import Grid, Point, Volume

_WINDOWS = {
    (Kind.HEAD, False): (40, 80),
    (Kind.HEAD, True): (500, 2500),
    (Kind.CHEST, False): (40, 400),
    (Kind.CHEST, True): (-600, 1500),
    (Kind.ABDOMEN, False): (60, 360),
    (Kind.ABDOMEN, True): (400, 1800),
}
AXIAL: tuple[Point, Point] = ((1, 0, 0), (0, 1, 0))
FRONTAL: tuple[Point, Point] = ((1, 0, 0), (0, 0, -1))
LATERAL: tuple[Point, Point] = ((0, 1, 0), (0, 0, -1))


@dataclass(frozen=True)
class Plane:
    """One image in HU [rows, columns], where its first pixel lies, its directions and spacing in mm."""

    image: Hounsfield
    origin: Point
    directions: tuple[Point, Point]
    spacing: tuple[float, float]


def axial(volume: Hounsfield, grid: Grid) -> Iterator[Plane]:
    """Slices from the head down, as they are numbered."""
    for n in reversed(range(len(grid.z))):
        origin = (float(grid.x[0]), float(grid.y[0]), float(grid.z[n]))
        yield Plane(volume[n], origin, AXIAL, (step(grid.y), step(grid.x)))


def coronal(volume: Hounsfield, grid: Grid) -> Iterator[Plane]:
    """Slices from front to back."""
    for n in range(len(grid.y)):
        origin = (float(grid.x[0]), float(grid.y[n]), float(grid.z[-1]))
        yield Plane(np.ascontiguousarray(volume[::-1, n, :]), origin, FRONTAL, (step(grid.z), step(grid.x)))


def step(axis: Volume) -> float:
    """Spacing of an axis in mm."""
    return float(axis[1] - axis[0]) if len(axis) > 1 else 1.0


def template(order: Order, head: SeriesHead, image_type: list[str], *, thickness: float, sharp: bool) -> Dataset:
    """A CT Image that still lacks its place and its pixels."""
    ds = base(order, head, CT)
    ds.ImageType = image_type
    ds.AcquisitionNumber = 1
    ds.AcquisitionDate, ds.AcquisitionTime = day(order.performed), clock(order.performed)
    ds.ContentDate, ds.ContentTime = day(order.performed), clock(order.performed)
    ds.FrameOfReferenceUID = order.uid("frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.PatientPosition = "HFS"
    ds.SliceThickness = decimals([thickness])[0]
    ds.KVP = "120"
    ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = "500", "210", "105"
    ds.FilterType = "BODY"
    ds.GantryDetectorTilt = "0"
    ds.TableHeight = "150"
    ds.RotationDirection = "CW"
    ds.ConvolutionKernel = "SHARP70" if sharp else "SOFT30"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    centre, width = _WINDOWS[order.kind, sharp]
    ds.WindowCenter, ds.WindowWidth = str(centre), str(width)
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.AnatomicRegionSequence = [_REGIONS[order.kind]]
    if order.kind is Kind.ABDOMEN:
        ds.ContrastBolusAgent, ds.ContrastBolusRoute, ds.ContrastBolusVolume = "IOHEXOL 350", "IV", "100"
    block = ds.private_block(0x0029, "SCANWARD SYNTHETIC", create=True)
    block.add_new(0x10, "LO", f"SEED {order.kind}")
    return ds


_REGIONS = {
    Kind.HEAD: coded("69536005", "SCT", "Head"),
    Kind.CHEST: coded("51185008", "SCT", "Chest"),
    Kind.ABDOMEN: coded("113345001", "SCT", "Abdomen"),
}


def slices(order: Order, head: SeriesHead, ds: Dataset, planes: Iterator[Plane]) -> Iterator[SyntheticFile]:
    """Write planes one after another from one template."""
    for number, plane in enumerate(planes, 1):
        place(ds, plane)
        yield finish(ds, order, head, number)


def place(ds: Dataset, plane: Plane) -> None:
    """Put one plane's pixels and geometry into a template."""
    ds.ImagePositionPatient = decimals(plane.origin)
    ds.ImageOrientationPatient = decimals([*plane.directions[0], *plane.directions[1]])
    ds.PixelSpacing = decimals(plane.spacing)
    normal_axis = {AXIAL: 2, FRONTAL: 1, LATERAL: 0}[plane.directions]
    ds.SliceLocation = decimals([plane.origin[normal_axis]])[0]
    pixels(ds, (plane.image.astype(np.int32) + 1024).astype(np.uint16), 12)


def scout(volume: Volume, grid: Grid, *, lateral: bool) -> Plane:
    """A projection through the patient: how much water the rays met, shown on the scale of a scout."""
    along = 2 if lateral else 1
    depth = step(grid.x if lateral else grid.y)
    water = np.maximum(volume + np.float32(1000), np.float32(0)) * np.float32(depth / 1000)
    path = np.zeros((volume.shape[0], volume.shape[2 if along == 1 else 1]), dtype=np.float32)
    for n in range(volume.shape[along]):
        # Summed in a fixed order, plane by plane, so that every machine rounds alike.
        path += water[:, n, :] if along == 1 else water[:, :, n]
    fine = _doubled(path[::-1])
    image = np.clip(np.rint(fine * np.float32(4.5) - np.float32(900)), -1024, 3071).astype(np.int16)
    rows, columns = step(grid.z) / 2, step(grid.y if lateral else grid.x) / 2
    first = (0.0, float(grid.y[0]), float(grid.z[-1])) if lateral else (float(grid.x[0]), 0.0, float(grid.z[-1]))
    return Plane(image, first, LATERAL if lateral else FRONTAL, (rows, columns))


def _doubled(image: Volume) -> Volume:
    """Twice as many rows and columns, by straight lines between neighbours."""
    for axis in (0, 1):
        image = np.moveaxis(image, axis, 0)
        between = np.concatenate([(image[:-1] + image[1:]) * np.float32(0.5), image[-1:]])
        image = np.moveaxis(np.stack([image, between], axis=1).reshape(-1, image.shape[1]), 0, axis)
    return np.ascontiguousarray(image)
