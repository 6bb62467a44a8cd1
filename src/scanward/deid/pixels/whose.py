"""What a file says of its patient, looked for in what an OCR reads, which takes one sign for another now and then."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Final

from scanward.deid.sweep import Known, fold, identifying, known_values

_WORD: Final = re.compile(r"[^\W_]{3,}")
_ALIKE: Final = str.maketrans("oqdl|i!sbzg", "00011115826")
_NEARLY: Final = 0.85
_LONG: Final = 5


@dataclass(frozen=True)
class Whose:
    """The names and numbers of one file's people."""

    known: Known = field(default_factory=Known)

    def named(self, text: str) -> bool:
        """Does the text hold a known value, or one that differs by signs that look alike?"""
        if self.known.in_text(text):
            return True
        read = [fold(word).translate(_ALIKE) for word in _WORD.findall(text)]
        joined = "".join(read)
        for value in self.known.words | self.known.numbers:
            if len(value) < _LONG:
                continue
            wanted = fold(value).translate(_ALIKE)
            if wanted in joined or any(_nearly(wanted, word) for word in read):
                return True
        return False


def _nearly(wanted: str, word: str) -> bool:
    return abs(len(wanted) - len(word)) <= 1 and SequenceMatcher(None, wanted, word, False).ratio() >= _NEARLY


def whose(dicom_json: dict[str, Any], also: Known) -> Whose:
    """The known values of a file, from its attributes at every depth."""
    return Whose(also | known_values(_values(dicom_json)))


def _values(dicom_json: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    for key, element in dicom_json.items():
        tag, vr = int(key, 16), str(element.get("vr", ""))
        for value in element.get("Value") or []:
            if vr == "SQ" and isinstance(value, dict):
                yield from _values(value)
            elif identifying(tag, vr):
                yield from ((tag, vr, one) for one in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):  # a person's name, in up to three scripts
        yield from (one for one in value.values() if isinstance(one, str))
    elif isinstance(value, str):
        yield value
