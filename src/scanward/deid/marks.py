"""What an output says of its own de-identification, and its file meta information: nothing of it is the source's."""

import struct
from collections.abc import Iterable
from typing import Final

from scanward import __version__
from scanward.deid.profiles import Profile
from scanward.deid.scope import Scope
from scanward.deid.table import EDITION, METHODS

IMPLEMENTATION: Final = "2.25.302615385023218464512402375419287304212"
VERSION_NAME: Final = f"SCANWARD {__version__}"[:16]
_META: Final = struct.Struct("<HH2sH").pack


def own_elements(scope: Scope, profile: Profile, cleared: Iterable[str], *, burned_in: bool) -> list[tuple[int, bytes]]:
    """PS3.15 E.1.1, PS3.3 C.12.1.1.7: that, how and by what; `burned_in` is True where the flag has to be set."""
    methods = [f"Scanward {__version__}", f"profile {profile.name}"[:64], EDITION.split(",")[0]]
    codes = b"".join(_code_item(scope, code) for code in dict.fromkeys((*profile.codes, *cleared)))
    own = [
        (0x00120062, scope.encode(0x00120062, b"CS", b"YES")),
        (0x00120063, scope.encode(0x00120063, b"LO", "\\".join(methods).encode())),
        (0x00120064, scope.encode(0x00120064, b"SQ", codes)),
        (0x00280303, scope.encode(0x00280303, b"CS", profile.longitudinal.encode())),
    ]
    if burned_in:
        own.append((0x00280301, scope.encode(0x00280301, b"CS", b"NO")))
    return own


def _code_item(scope: Scope, code: str) -> bytes:
    content = (
        scope.encode(0x00080100, b"SH", code.encode())
        + scope.encode(0x00080102, b"SH", b"DCM")
        + scope.encode(0x00080104, b"LO", METHODS[code].encode())
    )
    order = "<" if scope.encoding.little else ">"
    return struct.pack(order + "HHI", 0xFFFE, 0xE000, len(content)) + content


def file_meta(sop_class: str, instance: str, syntax: str) -> bytes:
    """Preamble of zeros and file meta information, all of it our own."""
    body = _meta_element(0x0002, sop_class) + _meta_element(0x0003, instance) + _meta_element(0x0010, syntax)
    body = b"\x02\x00\x01\x00OB\0\0\x02\0\0\0\0\x01" + body + _meta_element(0x0012, IMPLEMENTATION)
    body += _META(2, 0x0013, b"SH", 16) + VERSION_NAME.ljust(16).encode()
    return bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(body)) + body


def _meta_element(element: int, text: str) -> bytes:
    value = text.encode()
    value += b"\0" * (len(value) & 1)
    return _META(2, element, b"UI", len(value)) + value
