"""Reads the files of a folder, a single file or a ZIP, as items to take in."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from scanward.intake.containers import opened
from scanward.intake.receive import Item, Outcome, Received


def files(root: Path) -> list[Path]:
    """Return the regular files below a folder (or the file itself), sorted; links are not followed."""
    if not root.is_dir():
        return [root]
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not (Path(folder) / name).is_symlink())
        found += [Path(folder) / name for name in sorted(names)]
    return found


def items(path: Path, *, root: Path) -> Iterator[Item | Received]:
    """Yield what a file holds: itself, or the members of a ZIP; a Received where it can't be read."""
    name = str(path.relative_to(root)) if path != root else path.name
    try:
        data = _contents(path)
        file = path.open("rb") if data else None
    except OSError:
        yield Received(name, Outcome.REFUSED, "The file can't be read. Check who owns it.", "unreadable")
        return
    if data is None:
        yield Received(name, Outcome.REFUSED, "This is not a regular file, so it was left out.", "not-a-file")
    elif file is None:
        yield Item(name, data)
    else:
        with file:
            packed = opened(file, name)
            yield from packed if packed is not None else [Item(name, data)]


def _contents(path: Path) -> memoryview | bytes | None:
    """Map a regular file into memory; b"" if it is empty, None if it is a link or a device."""
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
