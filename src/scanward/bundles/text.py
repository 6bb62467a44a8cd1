"""Text that comes from DICOM, HL7 and people, made safe to print: no controls, no tricks with the direction
of reading.
"""

import re
from unicodedata import normalize

MOST_CHARACTERS = 500_000
# Terminal sequences, and those of ISO 2022 that were never decoded.
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z]|[$()*+,./-]{1,3}[0-9A-Za-z])")
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # controls but tab and line feed
    r"|[\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]"  # unseen, or turning text round
    r"|[\ud800-\udfff\ue000-\uf8ff]|[\U000e0000-\U0010ffff]"  # half characters, tags, private
)


class TextRefused(ValueError):
    """A text is longer than any real report or letter."""


def printable(text: str) -> str:
    """Give the text as it can be printed, composed (NFC), with lines ended by LF. Raises: TextRefused."""
    if len(text) > MOST_CHARACTERS:
        raise TextRefused("A text is longer than any real report. Nothing was printed.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return normalize("NFC", _UNPRINTABLE.sub("", _ESCAPES.sub("", lines)))
