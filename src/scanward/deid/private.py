"""Private attributes known to be safe (PS3.15 Table E.3.10-1), and still only as numbers or short codes.

The table of the standard is long; here are the rows that matter for CT, PET/CT and MR. What isn't here goes.
"""

import re
from typing import Final

_NUMBERS: Final = re.compile(
    rb" *[+-]?\d{0,12}\.?\d{0,12}(?:[eE][+-]?\d{1,3})? *(?:\\ *[+-]?\d{0,12}\.?\d{0,12} *){0,64}"
)
_PITCH: Final = re.compile(rb"\d(?:\.\d{1,4})?:\d")
_CODE: Final = re.compile(rb"[A-Z_ ]{1,16}")

# (creator, group, low byte) -> VR
SAFE: Final[dict[tuple[bytes, int, int], bytes]] = {
    (b"Philips PET Private Group", 0x7053, 0x00): b"DS",  # SUV factor
    (b"Philips PET Private Group", 0x7053, 0x09): b"DS",  # activity concentration factor
    (b"ELSCINT1", 0x00E1, 0x21): b"DS",  # DLP
    (b"ELSCINT1", 0x01E1, 0x26): b"CS",  # phantom type
    (b"ELSCINT1", 0x01E1, 0x50): b"DS",  # acquisition duration
    (b"ELSCINT1", 0x01F1, 0x01): b"CS",  # acquisition type
    (b"ELSCINT1", 0x01F1, 0x07): b"DS",  # table velocity
    (b"ELSCINT1", 0x01F1, 0x26): b"DS",  # pitch
    (b"ELSCINT1", 0x01F1, 0x27): b"DS",  # rotation time
    (b"GEMS_ACQU_01", 0x0019, 0x23): b"DS",  # table speed
    (b"GEMS_ACQU_01", 0x0019, 0x24): b"DS",  # mid scan time
    (b"GEMS_ACQU_01", 0x0019, 0x27): b"DS",  # rotation speed
    (b"GEMS_PARM_01", 0x0043, 0x27): b"SH",  # pitch ratio
    (b"GEMS_PARM_01", 0x0043, 0x6F): b"DS",
    (b"GEMS_HELIOS_01", 0x0045, 0x01): b"SS",  # number of macro rows
    (b"GEMS_HELIOS_01", 0x0045, 0x02): b"FL",  # macro width
    (b"Philips Imaging DD 001", 0x2001, 0x03): b"FL",  # b factor
    (b"Philips Imaging DD 001", 0x2001, 0x04): b"CS",  # diffusion direction
    (b"SIEMENS MR HEADER", 0x0019, 0x0C): b"IS",  # b value
    (b"SIEMENS MR HEADER", 0x0019, 0x0D): b"CS",
    (b"SIEMENS MR HEADER", 0x0019, 0x0E): b"FD",
    (b"SIEMENS MR HEADER", 0x0019, 0x27): b"FD",
}
_CREATORS: Final = frozenset(creator for creator, _, _ in SAFE)
_WIDTHS: Final = {b"FD": 8, b"FL": 4, b"SS": 2}


def safe_private(creator: bytes, tag: int, value: bytes, *, creator_itself: bool) -> bytes | None:
    """The VR under which a private element may stay, or None."""
    if creator_itself:
        return b"LO" if creator in _CREATORS else None
    vr = SAFE.get((creator, tag >> 16, tag & 0xFF))
    if vr is None:
        return None
    if vr in _WIDTHS:
        return vr if not len(value) % _WIDTHS[vr] and len(value) <= 64 else None
    legal = {b"CS": _CODE, b"SH": _PITCH}.get(vr, _NUMBERS)
    return vr if legal.fullmatch(value.strip(b" \0")) and len(value) <= 64 else None
