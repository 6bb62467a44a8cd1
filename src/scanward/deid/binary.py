"""Binary values that are text in truth: what a name looks like where numbers belong.

A value of VR US, FD or OW is kept for its numbers; a file that is wrong, or meant to leak, has letters there. Numbers
can look like letters too, so the rules below know how ramps and floating-point numbers look.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

_RUN: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9 ^=._,:;@/\\+()&'#%~|-]{6,}[A-Za-z0-9]")
_PRINTABLE: Final = re.compile(rb"[\x20-\x7e\t\r\n]*")
_STREAM: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")
_SHORT_NAME: Final = re.compile(rb"[A-Za-z0-9^=.,'_ -]+")
_SHORT_DATE: Final = re.compile(rb"\d{1,2}([./-])\d{1,2}\1\d{2}")
_WIDE: Final = re.compile(rb"(?:[A-Za-z0-9^ ._-]\0){6,}|(?:\0[A-Za-z0-9^ ._-]){6,}")  # UTF-16
_WIDEST: Final = re.compile(rb"(?:[A-Za-z0-9^ ._-]\0\0\0){6,}|(?:\0\0\0[A-Za-z0-9^ ._-]){6,}")  # UTF-32
_LONG_RUN: Final = re.compile(rb"[\x20-\x7e\t\r\n]{24,}")
_LONGEST_SEARCH: Final = 1 << 20
_MOST_STREAMS, _STREAM_BEGIN = 2_000, 1 << 12
_KINDS: Final = {b"UL": "I", b"SL": "i", b"UV": "Q", b"SV": "q", b"FL": "f", b"FD": "d"}
_FEW: Final = 64  # bytes
_FLOATS: Final = {b"FL": 4, b"OF": 4, b"FD": 8, b"OD": 8}
# The byte with sign and exponent of the numbers that images need: 0.002 to 131,072 (FL), 1e-5 to 131,072 (FD).
_EXPONENTS: Final = {4: frozenset(range(0x3B, 0x48)), 8: frozenset((0x3F, 0x40))}


def reads_as_text(vr: bytes, value: bytes, *, little: bool) -> bool:
    """Do letters stand where the VR promises numbers or bytes?"""
    plain = value.rstrip(b"\0 ")
    if len(plain) < 5:
        return False
    if _packed(plain):
        return True
    if width := _FLOATS.get(vr):
        return _text_among_floats(value, width, little=little)
    if len(plain) < 8:
        short = _SHORT_NAME.fullmatch(plain) or _SHORT_DATE.fullmatch(plain)
        return short is not None and not _even(list(plain), 2)
    if _PRINTABLE.fullmatch(plain) and not _ramp(plain):
        return True
    if len(value) > _LONGEST_SEARCH:
        return True  # no table of an image is that long
    runs = (*_RUN.finditer(value), *_WIDE.finditer(value))
    if any(not _ramp(run.group()) for run in runs):
        return True
    return any(not _even(list(run.group().replace(b"\0", b"")), 2) for run in _WIDEST.finditer(value))


def integers(vr: bytes, value: bytes, *, little: bool) -> Iterator[int]:
    """The whole numbers among a few binary ones, without their sign, that are too long to be measures."""
    if vr not in _KINDS or not 0 < len(value) <= _FEW or len(value) % struct.calcsize(_KINDS[vr]):
        return
    count = len(value) // struct.calcsize(_KINDS[vr])
    for number in struct.unpack(f"{'<' if little else '>'}{count}{_KINDS[vr]}", value):
        if 1e6 <= abs(number) < 1e18 and number == int(number):
            yield abs(int(number))


def _packed(value: bytes, depth: int = 2) -> bool:
    """Does text come out of a zlib, gzip or ZIP stream that begins anywhere in the bytes?

    Bytes in which more streams seem to begin than anybody has time to open are taken for text.
    """
    for number, found in enumerate(_STREAM.finditer(value[:_LONGEST_SEARCH])):
        if number == _MOST_STREAMS:
            return True
        start, window = found.start(), 47
        if value.startswith(b"PK", start):
            start += 30 + sum(struct.unpack("<HH", value[start + 26 : start + 30].ljust(4, b"\0")))
            window = -15
        try:
            inflated = zlib.decompressobj(window).decompress(value[start : start + _STREAM_BEGIN], 256)
        except zlib.error:
            continue
        if len(inflated) > 7 and (_PRINTABLE.fullmatch(inflated) or (depth and _packed(inflated, depth - 1))):
            return True
    return False


def _text_among_floats(value: bytes, width: int, *, little: bool) -> bool:
    """Eight bytes or more in a row that print and are no numbers of the usual size.

    In long arrays chance alone makes such bytes, so there only longer runs count.
    """
    if _WIDE.search(value) or _WIDEST.search(value):
        return True
    wanted = 8 if len(value) <= 512 else 24
    if len(value) > 1 << 14:
        value = b"".join(_aligned(value, width))
    plain = value.rstrip(b"\0 ")
    if (8 <= len(value) <= 64 and plain.isalnum()) or _SHORT_DATE.fullmatch(plain):
        return True
    top = width - 1 if little else 0
    run, odd = 0, False
    for at in range(0, len(value) - width + 1, width):
        group = value[at : at + width]
        prints = _PRINTABLE.fullmatch(group) is not None
        run = run + width if prints else 0
        odd = prints and (odd or group[top] not in _EXPONENTS[width])
        if odd and run >= wanted:
            return True
    return False


def _aligned(value: bytes, width: int) -> Iterator[bytes]:
    """The numbers of a long array around which letters stand in a row."""
    for run in _LONG_RUN.finditer(value):
        start, end = run.start() // width * width, -(-run.end() // width) * width
        yield value[start:end] + bytes(width)


def _ramp(run: bytes) -> bool:
    """Do the bytes rise or fall evenly, as bytes or as 16-bit numbers? Lookup tables do, words don't."""
    if _even(list(run), 2):
        return True
    for phase in (0, 1):
        pairs = [run[at : at + 2] for at in range(phase, len(run) - 1, 2)]
        if _even([int.from_bytes(pair, "little") for pair in pairs], 64):
            return True
        if _even([int.from_bytes(pair, "big") for pair in pairs], 64):
            return True
    return False


def _even(numbers: list[int], spread: int) -> bool:
    """Steps of the same sign and about the same size; of a few numbers, exactly the same."""
    steps = [after - before for before, after in pairwise(numbers)]
    if len(steps) < 6 and len(set(steps)) > 1:
        return False
    same_way = min(steps) >= 0 or max(steps) <= 0
    return same_way and max(steps) - min(steps) <= spread and max(map(abs, steps)) <= 512
