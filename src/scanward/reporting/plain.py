"""Text from outside made harmless to show: no control characters, no terminal escapes, nothing that turns it around.

What arrived is kept as it came; this is only about what people see (fault B19).
"""

import re
from typing import Final

# ECMA-48 control sequences (colours, cursor), character-set designations (ISO 2022), and an escape that stands alone.
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]+[0-~]|[0-~])?")
# Unicode TR9: embeddings, overrides, isolates and marks can make text read as something that it does not say.
_TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_LINES: Final = re.compile(r"\r\n?|\x0c|\x85|\u2028|\u2029")
_BLANKS: Final = re.compile(r"\n{3,}")


def plain(text: str) -> str:
    """Return the text with line feeds and tabs as its only controls."""
    found = _ESCAPES.sub("", _LINES.sub("\n", text))
    return _BLANKS.sub("\n\n", _CONTROLS.sub("", _TURNING.sub("", found)))
