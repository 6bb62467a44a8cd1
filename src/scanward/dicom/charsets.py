"""Text of every Specific Character Set (PS3.3 C.12.1.1.2), code extensions too; never fails or warns."""

import re
from collections.abc import Sequence
from typing import Final

from pydicom.charset import CODES_TO_ENCODINGS, default_encoding, python_encoding

_STATEFUL: Final = ("iso2022_jp", "iso2022_jp_2")
# ISO_IR 192, GB18030 and GBK stand alone: no code extensions, so an escape means nothing in them (PS3.5 6.1.2.5).
_ALONE: Final = frozenset(("UTF8", "GB18030", "GBK"))
ASCII: Final = (default_encoding,)
# An escape that names a character set (ECMA-35); a terminal's own sequences are left to who shows the text.
_DESIGNATION: Final = re.compile(r"\x1b(?=[ -/])")
_PIECES: Final = re.compile(rb"\x1b[^\x1b]*|[^\x1b]+")
_RESET: Final = re.compile(rb"[\\^=\r\n\f\t]")  # PS3.5 6.1.2.5.3: these end a code extension
_ODD_SPELLING: Final = re.compile(r"ISO[^0-9A-Z]?(IR|2022 ?IR|2022)[^0-9A-Z]?([0-9]+)")


def encodings(terms: Sequence[object]) -> tuple[str, ...]:
    """Python's names for the defined terms, the initial repertoire first.

    Only the terms of the standard count: a name of some Python codec in a hostile file is not looked up.
    """
    # A hostile file may give the element any VR: then a term is a number or a name.
    found = tuple(_encoding(term if isinstance(term, str) else "") for term in terms)
    return found or ASCII


def _encoding(term: str) -> str:
    known = python_encoding.get(term)
    if known is None and (odd := _ODD_SPELLING.fullmatch(term.upper())):
        prefix = "ISO 2022 IR" if "2022" in odd[1] else "ISO_IR"
        known = python_encoding.get(f"{prefix} {odd[2]}")
    return known or default_encoding


def decode(raw: bytes, names: tuple[str, ...]) -> str:
    """The text, with U+FFFD for what can't be read."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    if b"\x1b" not in raw:
        return raw.decode(names[0], "replace")
    if names[0] in _ALONE:
        # What stands there was written in another set, and is not guessed: the mark shows that something is wrong.
        return _DESIGNATION.sub("\ufffd", raw.decode(names[0], "replace"))
    return "".join(_piece(piece, names) for piece in _PIECES.findall(raw))


def _piece(piece: bytes, names: tuple[str, ...]) -> str:
    if not piece.startswith(b"\x1b"):
        return piece.decode(names[0], "replace")
    length = 4 if piece[:3] in (b"\x1b$(", b"\x1b$)") else 3
    name = CODES_TO_ENCODINGS.get(piece[:length])
    if name in _STATEFUL:
        return piece.decode(name, "replace")  # these codecs read the escapes by themselves
    if name is None:
        return piece.decode(names[0], "replace")
    body = piece[length:]
    reset = _RESET.search(body)
    cut = reset.start() if reset else len(body)
    return body[:cut].decode(name, "replace") + body[cut:].decode(names[0], "replace")
