"""Where the files come from: a folder, a ZIP or a DICOMDIR set. Nothing outside the root is ever opened."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanward.deid.clearance import NOTHING, Clearance
from scanward.dicom.walk import head, walk

_BATCH: Final = 200
_FILE_ID: Final = 0x00041500


class SourceRefused(Exception):
    """A source that can't be read as a folder, a ZIP or a DICOMDIR set."""


@dataclass(frozen=True)
class Source:
    """One file: on disk, or an entry of a ZIP. `name` is relative to the root and may hold PHI: never
    written out.
    """

    root: str
    name: str
    size: int
    entry: bool = False
    elsewhere: str = ""  # where the pixel engines put their version of it
    cleared: Clearance = NOTHING

    @property
    def path(self) -> str:
        """Where it is on disk; for an entry of a ZIP, the ZIP."""
        if self.elsewhere:
            return self.elsewhere
        return self.root if self.entry else os.path.join(self.root, self.name)

    def read_entry(self) -> bytes:
        """The bytes of an entry of a ZIP, never more than it declared.

        Raises: Refused
        """
        from scanward.deid.zips import unpack  # noqa: PLC0415  (a fifth of the start, and only for ZIPs)

        return unpack(self.root, self.name, self.size)


def find(root: Path) -> list[list[Source]]:
    """All files in batches: one folder is one batch (a series, in practice), the big ones in several.

    Raises: SourceRefused
    """
    if root.is_dir():
        return [batch for files in _folders(root) for batch in _split(files)]
    if root.name.upper() == "DICOMDIR" and root.is_file():
        return list(_split(list(_from_directory(root))))
    if root.is_file():
        from scanward.deid.zips import is_zip  # noqa: PLC0415  (as above)

        if is_zip(root):
            return list(_split(_from_zip(root)))
        return [[Source(str(root.parent), root.name, root.stat().st_size)]]
    raise SourceRefused(f"There is no folder, ZIP or file {root.name}.")


def _from_zip(path: Path) -> list[Source]:
    """The files in a ZIP.

    Raises: SourceRefused
    """
    from scanward.deid.zips import ZipRefused, entries  # noqa: PLC0415  (as above)

    try:
        return [Source(str(path), name, size, entry=True) for name, size in entries(path)]
    except ZipRefused as why:
        raise SourceRefused(str(why)) from None


def _split(files: list[Source]) -> Iterator[list[Source]]:
    for at in range(0, len(files), _BATCH):
        yield files[at : at + _BATCH]


def _folders(root: Path) -> Iterator[list[Source]]:
    """Every folder's files, in a fixed order; links are not followed."""
    pending = [""]
    while pending:
        folder = pending.pop()
        files, folders = [], []
        with os.scandir(root / folder) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                elif entry.is_file(follow_symlinks=False) and entry.name.upper() != "DICOMDIR":
                    files.append(Source(str(root), name, entry.stat(follow_symlinks=False).st_size))
        pending.extend(sorted(folders, reverse=True))
        if files:
            yield sorted(files, key=lambda source: source.name)


def _from_directory(path: Path) -> Iterator[Source]:
    """The files that a DICOMDIR lists, each below its folder (PS3.10 8.2: components of A-Z, 0-9 and
    underscore).
    """
    data = path.read_bytes()
    about = head(data)
    for element in walk(data, about.start, len(data), about.encoding):
        if element.tag == _FILE_ID and element.end > element.value:
            parts = data[element.value : element.end].decode("ascii", "replace").strip(" \0").split("\\")
            if any(part in ("", ".", "..") or "/" in part or ":" in part or "\0" in part for part in parts):
                raise SourceRefused("The DICOMDIR points outside its folder. Nothing of it was read.")
            target = path.parent.joinpath(*parts)
            if target.is_symlink() or not target.resolve().is_relative_to(path.parent.resolve()):
                raise SourceRefused("The DICOMDIR points outside its folder. Nothing of it was read.")
            size = target.stat().st_size if target.is_file() else 0
            yield Source(str(path.parent), "/".join(parts), size)
