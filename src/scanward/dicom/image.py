"""What an object declares about its pixels, checked before anything is made of that size."""

from dataclasses import dataclass
from typing import Any, Final

from scanward.dicom import tags
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.json_model import Json
from scanward.dicom.limits import Limits

_ROWS, _COLUMNS, _SAMPLES, _FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280008
_ALLOCATED, _STORED, _HIGH, _SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
_PHOTOMETRIC, _PLANAR = 0x00280004, 0x00280006
_OVERLAY_BITS: Final = tuple(f"{group:04X}0102" for group in range(0x6000, 0x6020, 2))
_FLOATS: Final = {0x7FE00008: 32, 0x7FE00009: 64}
_WHOLE_BYTES: Final = (8, 16, 32, 64)
PHOTOMETRICS: Final = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
}


@dataclass(frozen=True, slots=True)
class Image:
    """The declared geometry of the pixels (PS3.3 C.7.6.3), every number within its bounds."""

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: bool  # colour by plane
    overlay_in_pixels: bool = False
    floating: bool = False

    @property
    def frame_bits(self) -> int:
        """Bits of one uncompressed frame; YBR_FULL_422 halves two of its three planes."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated

    @property
    def total_bytes(self) -> int:
        """Bytes of all uncompressed frames, without the padding byte."""
        return (self.frame_bits * self.frames + 7) // 8

    @property
    def decoded_bytes(self) -> int:
        """Bytes of one frame as an array."""
        return self.rows * self.columns * self.samples * max(self.bits_allocated // 8, 1)


def value(json: Json, tag: int) -> Any:
    """The first value of an element, None where there is none."""
    values = json.get(f"{tag:08X}", {}).get("Value") or [None]
    return values[0]


def text(json: Json, tag: int) -> str:
    """The first value of an element if it is text, else an empty string."""
    found = value(json, tag)
    return found if isinstance(found, str) else ""


def whole(json: Json, tag: int, low: int, high: int, default: int | None = None) -> int:
    """A whole number between two bounds.

    Raises: Refused when it is missing and has no default, or is out of bounds, or is no number.
    """
    found = value(json, tag)
    if found is None and default is not None:
        return default
    if found is None:
        raise Refused(RefusalReason.MISSING_ELEMENT, tags.label(tag))
    if not isinstance(found, int) or not low <= found <= high:
        raise Refused(RefusalReason.BAD_GEOMETRY, tags.label(tag))
    return found


def declared(json: Json, pixel_tag: int, limits: Limits) -> Image:
    """The image that the attributes describe.

    Raises: Refused when one is missing, out of bounds, or contradicts another.
    """
    rows, columns = whole(json, _ROWS, 1, 0xFFFF), whole(json, _COLUMNS, 1, 0xFFFF)
    photometric = text(json, _PHOTOMETRIC)
    allocated = _FLOATS.get(pixel_tag) or whole(json, _ALLOCATED, 1, 64)
    if allocated not in _WHOLE_BYTES and allocated != 1:
        raise Refused(RefusalReason.BAD_GEOMETRY, tags.label(_ALLOCATED))
    stored = whole(json, _STORED, 1, allocated, default=allocated)
    samples = whole(json, _SAMPLES, 1, 4, default=1)
    if samples != PHOTOMETRICS.get(photometric, samples):
        raise Refused(RefusalReason.BAD_GEOMETRY, tags.label(_SAMPLES), "it contradicts the colour model")
    return Image(
        rows=rows,
        columns=columns,
        samples=samples,
        frames=whole(json, _FRAMES, 1, limits.max_frames, default=1),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=whole(json, _HIGH, 0, allocated - 1, default=stored - 1),
        signed=whole(json, _SIGNED, 0, 1, default=0) == 1,
        photometric=photometric,
        planar=whole(json, _PLANAR, 0, 1, default=0) == 1 and samples > 1,
        overlay_in_pixels=_overlay_in_pixels(json),
        floating=pixel_tag in _FLOATS,
    )


def _overlay_in_pixels(json: Json) -> bool:
    """Old scanners put overlays into unused bits of the pixels (PS3.3 C.9.2, retired)."""
    return any((json[key].get("Value") or [None])[0] not in (None, 0) for key in _OVERLAY_BITS if key in json)
