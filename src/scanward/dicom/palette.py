"""PALETTE COLOR: the lookup tables, and never a look past their end (fault B13)."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scanward.dicom import tags, walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.read import Inspected

_DESCRIPTORS: Final = (0x00281101, 0x00281102, 0x00281103)
_TABLES: Final = (0x00281201, 0x00281202, 0x00281203)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours, shape (entries, 3), of stored values beginning with `first`."""

    first: int
    table: NDArray[np.uint8]

    def colours(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
        """8-bit RGB of shape (rows, columns, 3).

        PS3.3 C.7.6.3.1.5 would clamp a value past the table; here such a file is taken for broken.
        Raises: Refused as undecodable for it.
        """
        index = pixels.astype(np.int64) - self.first
        if index.size and (index.min() < 0 or index.max() >= len(self.table)):
            raise Refused(RefusalReason.UNDECODABLE, tags.label(_DESCRIPTORS[0]), "a pixel points past its palette")
        return self.table[index]


def palette(seen: Inspected, data: walk.Buffer) -> Palette:
    """The palette of an inspected image.

    Raises: Refused as undecodable when it is missing (or segmented), too short, or contradicts itself.
    """
    described = [_descriptor(seen, tag) for tag in _DESCRIPTORS]
    if len(set(described)) != 1:
        raise Refused(RefusalReason.UNDECODABLE, tags.label(_DESCRIPTORS[0]))
    entries, first, bits = described[0]
    columns = [_column(seen, data, tag, (entries, bits)) for tag in _TABLES]
    return Palette(first, np.stack(columns, axis=1))


def _descriptor(seen: Inspected, tag: int) -> tuple[int, int, int]:
    """Entries, first stored value, bits of an entry; 0 entries means 65,536."""
    found = seen.dicom_json.get(f"{tag:08X}", {}).get("Value", [])
    if len(found) != 3 or not all(isinstance(number, int) for number in found) or found[2] not in (8, 16):
        raise Refused(RefusalReason.UNDECODABLE, tags.label(tag))
    entries, first, bits = found
    signed = seen.image is not None and seen.image.signed
    return entries & 0xFFFF or 1 << 16, first - (1 << 16) if signed and first > 0x7FFF else first, bits


def _column(seen: Inspected, data: walk.Buffer, tag: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """One colour's table in 8 bits. Some writers put 8-bit entries into 16-bit words."""
    (entries, bits), big = size, seen.transfer_syntax_uid == walk.EXPLICIT_BIG
    span = seen.tables.get(tag)
    if span is None:
        raise Refused(RefusalReason.UNDECODABLE, tags.label(tag))
    raw = bytes(data[span.offset : span.offset + span.length])
    if len(raw) >= 2 * entries:
        words = np.frombuffer(raw, ">u2" if big else "<u2", count=entries)
        return (words >> 8 if bits == 16 else words & 0xFF).astype(np.uint8)
    if bits == 16 or len(raw) < entries:
        raise Refused(RefusalReason.UNDECODABLE, tags.label(tag), "it is shorter than its descriptor says")
    if big:
        raw = np.frombuffer(raw[: len(raw) & ~1], np.uint16).byteswap().tobytes() + raw[len(raw) & ~1 :]
    return np.frombuffer(raw, np.uint8, count=entries).copy()
