"""DICOM written by hand, so that it can be as wrong as real files are."""

import struct
import zlib

LONG = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"


class Coder:
    """Elements in one encoding."""

    def __init__(self, syntax: str = EXPLICIT, undefined: bool = False):
        self.explicit = syntax != IMPLICIT
        self.order = ">" if syntax == BIG else "<"
        self.undefined = undefined

    def element(self, tag: int, vr: str, value) -> bytes:
        if vr == "SQ" and not isinstance(value, bytes):
            return self.sequence(tag, value)
        value = self.value(vr, value)
        header = struct.pack(self.order + "HH", tag >> 16, tag & 0xFFFF)
        if not self.explicit:
            return header + struct.pack(self.order + "I", len(value)) + value
        if vr in LONG:
            return header + vr.encode() + b"\0\0" + struct.pack(self.order + "I", len(value)) + value
        return header + vr.encode() + struct.pack(self.order + "H", len(value)) + value

    def value(self, vr: str, value) -> bytes:
        if isinstance(value, str):
            value = value.encode()
        elif isinstance(value, (int, float, list, tuple)):
            numbers = value if isinstance(value, (list, tuple)) else [value]
            if vr == "AT":
                numbers = [half for tag in numbers for half in (tag >> 16, tag & 0xFFFF)]
            kind = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "AT": "H"}[vr]
            value = struct.pack(self.order + kind * len(numbers), *numbers)
        pad = b"\0" if vr in ("UI", "OB", "UN") else b" "
        return value + pad * (len(value) & 1)

    def sequence(self, tag: int, items, vr: str = "SQ") -> bytes:
        body = b"".join(self.item(item) for item in items)
        header = struct.pack(self.order + "HH", tag >> 16, tag & 0xFFFF)
        if self.explicit:
            header += vr.encode() + b"\0\0"
        if self.undefined:
            return header + b"\xff\xff\xff\xff" + body + struct.pack(self.order + "HHI", 0xFFFE, 0xE0DD, 0)
        return header + struct.pack(self.order + "I", len(body)) + body

    def item(self, elements) -> bytes:
        body = self.data_set(elements)
        if self.undefined:
            end = struct.pack(self.order + "HHI", 0xFFFE, 0xE00D, 0)
            return struct.pack(self.order + "HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + body + end
        return struct.pack(self.order + "HHI", 0xFFFE, 0xE000, len(body)) + body

    def data_set(self, elements) -> bytes:
        return b"".join(self.element(*e) for e in sorted(elements, key=lambda e: e[0]))


def file(elements, syntax: str = EXPLICIT, *, undefined=False, meta=(), preamble=bytes(128), tail=b"") -> bytes:
    """A whole file. `elements` may hold raw bytes (written as they are, at the end) beside (tag, vr, value)."""
    coder, plain = Coder(syntax, undefined), Coder(EXPLICIT)
    own = {e[0]: e for e in elements if not isinstance(e, bytes)}
    sop_class = own.get(0x00080016, (0, "", "1.2.840.10008.5.1.4.1.1.2"))[2]
    about = [(0x00020001, "OB", b"\0\1"), (0x00020002, "UI", sop_class), (0x00020003, "UI", "1.2.3.4")]
    about += [(0x00020010, "UI", syntax), (0x00020012, "UI", "1.2.3.99"), *meta]
    head = plain.data_set({e[0]: e for e in about}.values())
    body = coder.data_set([e for e in elements if not isinstance(e, bytes)])
    body += b"".join(e for e in elements if isinstance(e, bytes)) + tail
    if syntax == DEFLATED:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = packer.compress(body) + packer.flush()
        body += b"\0" * (len(body) & 1)
    return preamble + b"DICM" + plain.element(0x00020000, "UL", len(head)) + head + body


def encapsulated(fragments, table=b"") -> bytes:
    """PixelData as fragments."""
    out = [struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)]
    for part in [table, *fragments]:
        even = part + b"\0" * (len(part) & 1)
        out += [struct.pack("<HHI", 0xFFFE, 0xE000, len(even)), even]
    return b"".join([*out, struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)])
