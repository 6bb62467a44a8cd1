"""DICOM files byte by byte, so that tests can break any rule; written without the code that they test."""

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pydicom

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS_14 = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
RLE = "1.2.840.10008.1.2.5"

CT = "1.2.840.10008.5.1.4.1.1.2"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
INSTANCE, STUDY, SERIES = "1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3"

LONG = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"}
UNDEFINED = 0xFFFFFFFF
Value = bytes | str | int | Sequence[int]


def header(tag: int, vr: str, length: int, syntax: str = EXPLICIT) -> bytes:
    """An element's header with any length at all."""
    order = ">" if syntax == BIG else "<"
    start = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if syntax == IMPLICIT:
        return start + struct.pack("<I", length)
    if vr.encode() in LONG:
        return start + vr.encode() + b"\0\0" + struct.pack(f"{order}I", length)
    return start + vr.encode() + struct.pack(f"{order}H", length)


def element(tag: int, vr: str, value: Value, syntax: str = EXPLICIT) -> bytes:
    """An element whose length is right."""
    order = ">" if syntax == BIG else "<"
    if isinstance(value, int):
        value = [value]
    if isinstance(value, str):
        value = value.encode("latin-1")
    if not isinstance(value, bytes):
        code = {"US": "H", "SS": "h", "UL": "I", "SL": "i"}[vr]
        value = struct.pack(f"{order}{len(value)}{code}", *value)
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    return header(tag, vr, len(value), syntax) + value


def item(content: bytes, length: int | None = None) -> bytes:
    """A sequence item, or a fragment."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content) if length is None else length) + content


END_OF_ITEM = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
END_OF_SEQUENCE = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def fragments(*parts: bytes, table: bytes = b"", vr: str = "OB") -> bytes:
    """Encapsulated pixel data."""
    padded = [part + b"\0" * (len(part) % 2) for part in parts]
    body = b"".join(item(part) for part in (table, *padded))
    return header(0x7FE00010, vr, UNDEFINED) + body + END_OF_SEQUENCE


def meta(syntax: str = EXPLICIT, sop_class: str = CT, instance: str = INSTANCE) -> bytes:
    """File meta information."""
    body = b"".join(
        element(tag, vr, value)
        for tag, vr, value in (
            (0x00020001, "OB", b"\0\1"),
            (0x00020002, "UI", sop_class),
            (0x00020003, "UI", instance),
            (0x00020010, "UI", syntax),
            (0x00020012, "UI", "1.2.3.4.9"),
        )
    )
    return element(0x00020000, "UL", len(body)) + body


def file(body: bytes, syntax: str = EXPLICIT, preamble: bytes = bytes(128), **who: str) -> bytes:
    """A file around a data set."""
    return preamble + b"DICM" + meta(syntax, **who) + body


def identity(sop_class: str = CT) -> dict[int, tuple[str, Any]]:
    """The elements that every instance has."""
    return {
        0x00080005: ("CS", "ISO_IR 100"),
        0x00080016: ("UI", sop_class),
        0x00080018: ("UI", INSTANCE),
        0x00080060: ("CS", "CT"),
        0x00100010: ("PN", "Liddell^Alice"),
        0x0020000D: ("UI", STUDY),
        0x0020000E: ("UI", SERIES),
    }


def image(rows: int = 4, columns: int = 6, bits: int = 16) -> dict[int, tuple[str, Any]]:
    """The elements that describe a grey image."""
    return {
        0x00280002: ("US", 1),
        0x00280004: ("CS", "MONOCHROME2"),
        0x00280010: ("US", rows),
        0x00280011: ("US", columns),
        0x00280100: ("US", bits),
        0x00280101: ("US", bits),
        0x00280102: ("US", bits - 1),
        0x00280103: ("US", 0),
        0x00281052: ("DS", "-1024"),
        0x00281053: ("DS", "1"),
    }


Change = Mapping[int, tuple[str, Any] | None]


def body(elements: Mapping[int, tuple[str, Any] | None], syntax: str = EXPLICIT) -> bytes:
    """The elements in order; None leaves one out."""
    present = sorted((tag, what) for tag, what in elements.items() if what is not None)
    return b"".join(element(tag, *what, syntax) for tag, what in present if what)


def ct(change: Change | None = None, *, syntax: str = EXPLICIT, pixels: bytes | None = None) -> bytes:
    """A small valid CT slice of 4 rows and 6 columns, changed; `pixels` is the whole pixel element."""
    elements = {**identity(), **image(), **(change or {})}
    if pixels is None and 0x7FE00010 not in elements:
        order = ">" if syntax == BIG else "<"
        pixels = element(0x7FE00010, "OW", struct.pack(f"{order}24H", *range(1000, 1024)), syntax)
    return file(body(elements, syntax) + (pixels or b""), syntax)


def report(change: Change | None = None) -> bytes:
    """An object without pixels."""
    return file(body({**identity(REPORT), 0x00080060: ("CS", "SR"), **(change or {})}), sop_class=REPORT)


def by_pydicom(data: bytes) -> pydicom.Dataset:
    """What pydicom makes of it, to compare."""
    return pydicom.dcmread(BytesIO(data))
