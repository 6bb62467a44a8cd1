"""One element's value as DICOM JSON has it (PS3.18 F.2), for every VR; total on whatever bytes come."""

import math
import struct
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from scanward.dicom import charsets


class Context(NamedTuple):
    """What a value's bytes mean depends on the character set and the byte order around it."""

    encodings: tuple[str, ...]
    little: bool


Value = list[Any]
_PAD: Final = " \0"
_PN_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_SAFE_INTEGER: Final = 1 << 53


def _clean(text: str) -> str:
    """NUL inside a text would be dropped or refused by databases; it must not make two UIDs look alike."""
    return text.replace("\0", "�") if "\0" in text else text


def _parts(text: str) -> Value:
    if "\\" in text:
        return [_clean(part.strip(_PAD)) or None for part in text.split("\\")]
    text = text.strip(_PAD)
    return [_clean(text)] if text else []


def _code(raw: bytes, _: Context) -> Value:
    return _parts(raw.decode("latin-1"))


def _uid(raw: bytes, _: Context) -> Value:
    text = raw.decode("latin-1").rstrip(_PAD)
    return [_clean(part.rstrip(_PAD)) or None for part in text.split("\\")] if text else []


def _text(raw: bytes, context: Context) -> Value:
    return _parts(charsets.decode(raw, context.encodings))


def _long_text(raw: bytes, context: Context) -> Value:
    text = charsets.decode(raw, context.encodings).rstrip(_PAD)
    return [_clean(text)] if text else []


def _address(raw: bytes, _: Context) -> Value:
    text = raw.decode("latin-1").rstrip(_PAD)
    return [_clean(text)] if text else []


def _person(raw: bytes, context: Context) -> Value:
    people: Value = []
    for name in charsets.decode(raw, context.encodings).split("\\"):
        groups = zip(_PN_GROUPS, name.split("="), strict=False)
        people.append({key: _clean(text) for key, part in groups if (text := part.strip(_PAD))} or None)
    return people if people != [None] else []


def _decimal_of(text: str) -> float | str | None:
    text = text.strip(_PAD)
    try:
        number = float(text)
    except ValueError:
        return _clean(text) or None
    return number if math.isfinite(number) and "_" not in text else _clean(text)


def _integer_of(text: str) -> int | str | float | None:
    text = text.strip(_PAD)
    if len(text) > 20 or not text.isascii() or "_" in text:
        return _clean(text)
    try:
        return int(text)
    except ValueError:
        return _decimal_of(text)


def _decimals(raw: bytes, _: Context) -> Value:
    text = raw.decode("latin-1")
    return [_decimal_of(part) for part in text.split("\\")] if text.strip(_PAD) else []


def _integers(raw: bytes, _: Context) -> Value:
    text = raw.decode("latin-1")
    return [_integer_of(part) for part in text.split("\\")] if text.strip(_PAD) else []


def _json_number(number: Any) -> Any:
    """JSON has no infinity, and JavaScript no integers above 2^53 (PS3.18 F.2.3.1): those become strings."""
    if isinstance(number, float):
        if math.isfinite(number):
            return number
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    return number if -_SAFE_INTEGER <= number <= _SAFE_INTEGER else str(number)


def _numbers(code: str) -> Callable[[bytes, Context], Value]:
    size = struct.calcsize(code)
    plain = code in "HhIi"

    def read(raw: bytes, context: Context) -> Value:
        found = struct.unpack(f"{'<' if context.little else '>'}{len(raw) // size}{code}", raw)
        return list(found) if plain else [_json_number(number) for number in found]

    return read


def _tags(raw: bytes, context: Context) -> Value:
    words = struct.unpack(f"{'<' if context.little else '>'}{len(raw) // 4 * 2}H", raw)
    return [f"{group:04X}{element:04X}" for group, element in zip(words[::2], words[1::2], strict=True)]


Reader = Callable[[bytes, Context], Value]
READERS: Final[dict[str, Reader]] = (
    dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "TM"), _code)
    | dict.fromkeys(("LO", "SH", "UC"), _text)
    | dict.fromkeys(("LT", "ST", "UT"), _long_text)
    | {"UI": _uid, "UR": _address, "PN": _person, "DS": _decimals, "IS": _integers, "AT": _tags}
    | {"US": _numbers("H"), "SS": _numbers("h"), "UL": _numbers("I"), "SL": _numbers("i")}
    | {"FL": _numbers("f"), "FD": _numbers("d"), "SV": _numbers("q"), "UV": _numbers("Q")}
)
# Bytes of one word, which DICOM JSON wants in little endian order (PS3.18 F.2.7).
BINARY: Final = {"OB": 1, "UN": 1, "OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
NUMERIC: Final = frozenset(("DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "SV", "UV", "AT"))


def inline(raw: bytes, vr: str, little: bool) -> str:
    """Binary as base64, in little endian order."""
    size = BINARY[vr]
    if not little and size > 1 and len(raw) % size == 0:
        raw = b"".join(raw[at : at + size][::-1] for at in range(0, len(raw), size))
    return b64encode(raw).decode("ascii")


def read(raw: bytes, vr: str, context: Context) -> dict[str, Any]:
    """`{"vr": ..., "Value": [...]}`; what doesn't fit its VR is kept as it is, as UN."""
    reader = READERS.get(vr)
    if reader is None:
        return {"vr": vr, "InlineBinary": inline(raw, vr, context.little)} if raw else {"vr": vr}
    try:
        value = reader(raw, context)
    except struct.error:
        return {"vr": "UN", "InlineBinary": inline(raw, "UN", little=True)}
    return {"vr": vr, "Value": value} if value else {"vr": vr}
