"""Reads the image of a disc (ISO 9660, ECMA-119, with Joliet names), without believing anything it says (fault B14).

Only files and folders are looked at; what a record points to must lie inside the image. Discs that are written as UDF
alone are not read: their image says so, and the person is told what to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from scanward.intake.collecting import CHUNK, collect, harmless
from scanward.intake.receive import Item, Outcome, Received

SECTOR = 2048
FIRST = 16
DESCRIPTORS = 32
JOLIET = (b"%/@", b"%/C", b"%/E")


@dataclass(frozen=True, slots=True)
class IsoLimits:
    """How much is read before the rest is refused."""

    entries: int = 50_000
    depth: int = 16
    folder_bytes: int = 16 * 1024 * 1024
    member_bytes: int = 2 * 1024**3
    # Files may share bytes; all of them together may not be more than this many times the image.
    times: int = 4


class BadIso(Exception):
    """The image contradicts itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a folder: its name, its pieces (offset, length) and whether it is a folder."""

    name: str
    pieces: tuple[tuple[int, int], ...]
    folder: bool

    @property
    def size(self) -> int:
        """How many bytes it says it has."""
        return sum(length for _offset, length in self.pieces)


def is_iso(file: BinaryIO) -> bool:
    """Return whether the file is the image of a disc that can be read here."""
    file.seek(FIRST * SECTOR)
    return file.read(6)[1:] == b"CD001"


def is_udf(file: BinaryIO) -> bool:
    """Return whether the file is the image of a disc in the other format (ECMA-167)."""
    file.seek(FIRST * SECTOR)
    return file.read(6)[1:] == b"BEA01"


def members(file: BinaryIO, name: str, limits: IsoLimits = IsoLimits()) -> Iterator[Item | Received]:
    """Yield each file of the disc as an item, or the reason why it is left out."""
    try:
        yield from Disc(file, limits).items(name)
    except BadIso:
        yield Received(name, Outcome.REFUSED, _("The disc image is damaged. Make it again and send it."), "bad-iso")


class Disc:
    """An image, and how much of it was read."""

    def __init__(self, file: BinaryIO, limits: IsoLimits) -> None:
        self._file, self._limits = file, limits
        self._size = file.seek(0, 2)
        self._entries = 0
        self._left = self._size * limits.times
        self._wide = False
        self._block = SECTOR

    def items(self, name: str) -> Iterator[Item | Received]:
        """Yield the files below the root."""
        yield from self._folder(self._root(), name, depth=0, above=frozenset())

    def _folder(self, folder: Entry, path: str, *, depth: int, above: frozenset[int]) -> Iterator[Item | Received]:
        """Yield what a folder holds; one that holds itself is a lie."""
        at = folder.pieces[0][0]
        if depth > self._limits.depth or at in above:
            raise BadIso
        for entry in self._read(folder):
            shown = f"{path} > {harmless(entry.name)}" if depth == 0 else f"{path}/{harmless(entry.name)}"
            if entry.folder:
                yield from self._folder(entry, shown, depth=depth + 1, above=above | {at})
            else:
                yield self._item(entry, shown)

    def _item(self, entry: Entry, shown: str) -> Item | Received:
        """Read a file."""
        self._left -= entry.size
        if self._left < 0:
            raise BadIso
        data = collect(self._chunks(entry), self._limits.member_bytes)
        if data is None:
            return Received(shown, Outcome.REFUSED, _("It is larger than we take at once."), "too-large")
        return Item(shown, data)

    def _chunks(self, entry: Entry) -> Iterator[bytes]:
        for offset, length in entry.pieces:
            for start in range(offset, offset + length, CHUNK):
                yield self._at(start, min(CHUNK, offset + length - start))

    def _root(self) -> Entry:
        """Find the root folder; the one with long names where there are two."""
        found: bytes | None = None
        for number in range(FIRST, FIRST + DESCRIPTORS):
            sector = self._at(number * SECTOR, SECTOR)
            if sector[1:6] != b"CD001" or sector[0] == 255:
                break
            wide = sector[0] == 2 and sector[88:91] in JOLIET
            if wide or (sector[0] == 1 and found is None):
                found, self._wide = sector, wide
        if found is None:
            raise BadIso
        self._block = int.from_bytes(found[128:130], "little")
        if self._block not in (512, 1024, SECTOR):
            raise BadIso
        return self._entry(found[156:190])

    def _read(self, folder: Entry) -> Iterator[Entry]:
        """Yield a folder's entries; a file's further pieces follow its first."""
        if folder.size > self._limits.folder_bytes:
            raise BadIso
        data, at, before = b"".join(self._chunks(folder)), 0, None
        while at < len(data):
            length = data[at]
            if length == 0:  # the rest of the sector is empty
                at = (at // SECTOR + 1) * SECTOR
                continue
            record = data[at : at + length]
            at += length
            if len(record) < 34 or record[32] == 0 or record[33:34] in (b"\0", b"\1"):
                continue
            entry = self._entry(record, before)
            before = entry if record[25] & 0x80 else None
            if before is None:
                yield entry

    def _entry(self, record: bytes, before: Entry | None = None) -> Entry:
        """Read one record (ECMA-119 9.1)."""
        self._entries += 1
        offset = (int.from_bytes(record[2:6], "little") + record[1]) * self._block
        length = int.from_bytes(record[10:14], "little")
        interleaved = record[26] or record[27]
        if self._entries > self._limits.entries or offset + length > self._size or interleaved:
            raise BadIso
        raw = record[33 : 33 + record[32]]
        name = raw.decode("utf-16-be" if self._wide else "latin-1", "replace").partition(";")[0]
        pieces = (*(before.pieces if before else ()), (offset, length))
        return Entry(name, pieces, bool(record[25] & 2))

    def _at(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        found = self._file.read(length)
        if len(found) < length:
            raise BadIso
        return found
