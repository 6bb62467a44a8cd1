"""Leaf and node hashes beside the checkpoints, in the folder layout of c2sp.org/tlog-tiles.

`tile/<level>/<index>` holds 256 hashes of 32 bytes: at level 0 leaf hashes, above it roots of full tiles
below. With them a verifier names the very entry that was touched, and any proof is made from a few small
files. They tell nothing of the entries.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from scanward.audit.merkle import HASH_SIZE, CompactRange, perfect_root

WIDTH = 256
LEVELS_PER_TILE = 8


class TilesDamaged(Exception):
    """A file of hashes beside the checkpoints is missing or has the wrong length; the text names it."""


def tile_path(folder: Path, level: int, index: int, width: int) -> Path:
    """Return where a tile of `width` hashes lies; index 1234067 is x001/x234/067."""
    groups: list[str] = []
    rest = index
    while True:
        groups.insert(0, f"{rest % 1000:03d}")
        rest //= 1000
        if not rest:
            break
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return folder / "tile" / str(level) / (name if width == WIDTH else f"{name}.p/{width}")


def read_tile(folder: Path, level: int, index: int, width: int) -> list[bytes]:
    """Return the first `width` hashes of a tile, from its partial or its full file.

    Raises:
        TilesDamaged: neither is there, or it has the wrong length.
    """
    for stored in (width, WIDTH):
        path = tile_path(folder, level, index, stored)
        if path.is_file():
            data = path.read_bytes()
            if len(data) != stored * HASH_SIZE:
                raise TilesDamaged(f"{path.relative_to(folder)} has the wrong length.")
            return [data[i : i + HASH_SIZE] for i in range(0, width * HASH_SIZE, HASH_SIZE)]
    raise TilesDamaged(f"{tile_path(folder, level, index, width).relative_to(folder)} is missing.")


def read_leaves(folder: Path, size: int) -> Iterator[bytes]:
    """Yield the leaf hashes of the first `size` entries; raises as `read_tile` does."""
    for start in range(0, size, WIDTH):
        yield from read_tile(folder, 0, start // WIDTH, min(WIDTH, size - start))


class TileNodes:
    """The roots of perfect subtrees of a tree, from the tiles: what `merkle`'s proofs ask for."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size

    def __call__(self, level: int, index: int) -> bytes:
        """Return the root of the 2**level leaves that begin at leaf index * 2**level."""
        tile_level, rest = divmod(level, LEVELS_PER_TILE)
        first, count = index << rest, 1 << rest
        total = self.size >> (LEVELS_PER_TILE * tile_level)
        tile = first // WIDTH
        hashes = read_tile(self.folder, tile_level, tile, min(WIDTH, total - tile * WIDTH))
        return perfect_root(hashes[first % WIDTH : first % WIDTH + count])


class TileWriter:
    """Appends leaf hashes to the tiles; a tile of a signed size is never written again."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self._edge: list[list[bytes]] = []
        for level in range(64 // LEVELS_PER_TILE):
            index, width = divmod(size >> (LEVELS_PER_TILE * level), WIDTH)
            self._edge.append(read_tile(folder, level, index, width) if width else [])

    def compact(self) -> CompactRange:
        """Return the compact range of the tree, from its right edge."""
        hashes: list[bytes] = []
        for edge in reversed(self._edge):
            start = 0
            for bit in range(LEVELS_PER_TILE - 1, -1, -1):
                if len(edge) & (1 << bit):
                    hashes.append(perfect_root(edge[start : start + (1 << bit)]))
                    start += 1 << bit
        return CompactRange(self.size, hashes)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes, and write each tile that becomes full."""
        for leaf in leaves:
            self._push(0, leaf)
            self.size += 1

    def finish(self) -> None:
        """Write the partial tiles of the right edge."""
        for level, edge in enumerate(self._edge):
            if edge:
                index = (self.size >> (LEVELS_PER_TILE * level)) // WIDTH
                write_durably(tile_path(self.folder, level, index, len(edge)), b"".join(edge))

    def _push(self, level: int, value: bytes) -> None:
        edge = self._edge[level]
        edge.append(value)
        if len(edge) == WIDTH:
            full = ((self.size + 1) >> (LEVELS_PER_TILE * (level + 1))) - 1
            write_durably(tile_path(self.folder, level, full, WIDTH), b"".join(edge))
            self._edge[level] = []
            self._push(level + 1, perfect_root(edge))


def write_durably(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write a file so that after a crash it is there whole or not at all.

    Raises:
        FileExistsError: it is there already and `replace` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
