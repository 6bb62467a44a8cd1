"""A volume whose every value is known: the truth that the viewer's tests measure against.

Units are Hounsfield units and mm; arrays are (slice, row, column). Patient axes: +x left, +y back, +z head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS, SLICES = 192, 160, 48
SPACING = 1.25  # mm between pixels
GAP = 2.5  # mm between slices
SLOPE, INTERCEPT = 1.0, -1024.0

AIR, TISSUE, LUNG, BRAIN, BONE, METAL = -1000, 40, -800, 35, 700, 1500
# (column, row, slice) deep inside each part.
PLACES = {"air": (4, 4, 24), "tissue": (96, 40, 24), "lung": (60, 85, 24), "bone": (96, 125, 24)}
# A rod of metal along the row: 80 pixels, 100 mm, from column 56 to column 136.
ROD_COLUMNS, ROD_ROW, ROD_MM = (56, 136), 60, 100.0
# A pin on the patient's left side only, head half only: tells left from right and head from feet.
PIN = (150, 80, 36)


@dataclass
class FrameSet:
    """One series: what the viewer is told, and the raw bytes of each frame."""

    id: str
    label: str
    shared: dict[str, Any]
    each: dict[str, list[Any]]
    frames: list[bytes]
    modality: str = "CT"
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.base = f"/frames/{self.id}/"

    def described(self) -> dict[str, Any]:
        """The series as in docs/reference/viewer-data.md."""
        names = [str(index) for index in range(len(self.frames))]
        return {
            "id": self.id,
            "label": self.label,
            "modality": self.modality,
            "base": self.base,
            "frames": names,
            "shared": self.shared,
            "each": self.each,
        }


def hounsfield() -> NDArray[np.int16]:
    """A chest-like body: two lungs, a spine, a rod of metal and a pin on the left."""
    z, y, x = np.mgrid[:SLICES, :ROWS, :COLUMNS].astype(np.float32)
    volume = np.full((SLICES, ROWS, COLUMNS), AIR, np.int16)
    volume[((x - 96) / 82) ** 2 + ((y - 80) / 66) ** 2 < 1] = TISSUE
    for middle in (60, 132):
        lung = ((x - middle) / 26) ** 2 + ((y - 85) / 36) ** 2 + ((z - 24) / 26) ** 2 < 1
        volume[lung] = LUNG
    volume[np.hypot(x - 96, y - 125) < 12] = BONE
    volume[:, ROD_ROW - 2 : ROD_ROW + 3, ROD_COLUMNS[0] : ROD_COLUMNS[1]] = METAL
    pin_x, pin_y, pin_z = PIN
    volume[np.sqrt((x - pin_x) ** 2 + (y - pin_y) ** 2 + ((z - pin_z) * 2) ** 2) < 6] = METAL
    return volume


def chest(**changes: Any) -> FrameSet:
    """The phantom from the head down, as unsigned stored values with an intercept."""
    stored = (hounsfield() - INTERCEPT).astype("<u2")[::-1]
    shared = {
        "rows": ROWS,
        "columns": COLUMNS,
        "bitsAllocated": 16,
        "signed": False,
        "samplesPerPixel": 1,
        "photometric": "MONOCHROME2",
        "slope": SLOPE,
        "intercept": INTERCEPT,
        "windowCenter": 50,
        "windowWidth": 350,
        "pixelSpacing": [SPACING, SPACING],
        "imageOrientation": [1, 0, 0, 0, 1, 0],
        "sliceThickness": GAP,
        "frameOfReference": "2.25.1",
    } | changes
    positions = [[-120.0, -100.0, (SLICES - 1 - index) * GAP] for index in range(SLICES)]
    return FrameSet("chest", "Chest", shared, {"imagePosition": positions}, [one.tobytes() for one in stored])


def screenshot() -> FrameSet:
    """A colour picture without a pixel size, such as a dose summary."""
    rgb = np.zeros((120, 160, 3), np.uint8)
    rgb[:, :80] = (200, 40, 20)
    rgb[:, 80:] = (20, 60, 220)
    shared = {"rows": 120, "columns": 160, "bitsAllocated": 8, "samplesPerPixel": 3, "photometric": "RGB"}
    return FrameSet("dose", "Dose summary", shared, {}, [rgb.tobytes()], modality="OT")


def inverted_grey() -> FrameSet:
    """MONOCHROME1, signed 8 bit, pixels twice as tall as wide, slices with gaps that differ."""
    ramp = np.tile(np.arange(-64, 64, dtype=np.int8), (64, 1))
    shared = {
        "rows": 64,
        "columns": 128,
        "bitsAllocated": 8,
        "signed": True,
        "samplesPerPixel": 1,
        "photometric": "MONOCHROME1",
        "pixelSpacing": [2.0, 1.0],
        "imageOrientation": [1, 0, 0, 0, 1, 0],
        "windowCenter": 0,
        "windowWidth": 128,
    }
    positions = [[0, 0, index * index] for index in range(9)]
    return FrameSet("ramp", "Ramp", shared, {"imagePosition": positions}, [ramp.tobytes()] * 9)
