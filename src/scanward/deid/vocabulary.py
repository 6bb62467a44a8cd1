"""The words a cleaned text may keep, and the code strings that the standard defines."""

from pathlib import Path
from typing import Final


def _lines(name: str) -> frozenset[str]:
    text = Path(__file__).with_name(name).read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


WORDS: Final = _lines("words.txt")
TERMS: Final = _lines("terms.txt")
