"""What is a UID and what only claims to be one (PS3.5 9.1)."""

import re
from typing import Final

from scanward.dicom.errors import RefusalReason, Refused

MAX_UID: Final = 64
# PS3.5 also forbids leading zeros in a component; real scanners write them, and they harm nobody.
_UID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+")

DEFLATED: Final = "1.2.840.10008.1.2.1.99"
DICOMDIR_CLASS: Final = "1.2.840.10008.1.3.10"
CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT: Final = "1.2.840.10008.5.1.4.1.1.2.1"
LEGACY_ENHANCED_CT: Final = "1.2.840.10008.5.1.4.1.1.2.2"
SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
# Objects of these classes are nothing without their pixels (PS3.4 B.5: CT and Secondary Capture).
_CAPTURES: Final = tuple(f"{SECONDARY_CAPTURE}.{kind}" for kind in (1, 2, 3, 4))
IMAGE_CLASSES: Final = frozenset((CT_IMAGE, ENHANCED_CT, LEGACY_ENHANCED_CT, SECONDARY_CAPTURE, *_CAPTURES))


def is_uid(text: str) -> bool:
    """True for digits and dots, 3 to 64 characters, no empty component: all that may enter a path."""
    return len(text) <= MAX_UID and _UID.fullmatch(text) is not None


def checked(text: str, element: str) -> str:
    """The UID itself.

    Raises: Refused naming `element` for anything that is no UID.
    """
    if not is_uid(text):
        raise Refused(RefusalReason.BAD_UID, element)
    return text
