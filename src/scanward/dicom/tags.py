"""Names and value representations of the elements of the standard, from pydicom's dictionary."""

from functools import lru_cache
from typing import Final

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

from scanward.dicom import walk

# Where the standard leaves a choice, implicit little endian settles it (PS3.5 A.1); "US or SS" depends on the
# Pixel Representation and is settled by the reader.
US_OR_SS: Final = "US or SS"
_CHOICES: Final = {"OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW", "NONE": "UN"}
_VRS: Final = {tag: _CHOICES.get(entry[0], entry[0]) for tag, entry in DicomDictionary.items()}
_REPEATED: Final = {mask: _CHOICES.get(entry[0], entry[0]) for mask, entry in RepeatersDictionary.items()}
KNOWN: Final = frozenset(_VRS)
SEQUENCES: Final = frozenset(tag for tag, vr in _VRS.items() if vr == "SQ")


def vr_of(tag: int) -> str:
    """The dictionary's VR: "UN" for what it doesn't know, "US or SS" where the pixels decide."""
    known = _VRS.get(tag)
    if known is not None:
        return known
    group = tag >> 16
    if group & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    if group & 0xFF00 in (0x5000, 0x6000):
        return _REPEATED.get(f"{group >> 8:02X}xx{tag & 0xFFFF:04X}", "UN")
    return "UN"


@lru_cache(maxsize=512)
def label(tag: int) -> str:
    """`(0028,0010) Rows`, as errors name an element."""
    entry = DicomDictionary.get(tag)
    return f"{walk.name(tag)} {entry[4]}" if entry else walk.name(tag)
