"""ZIP files as sources: bounded, never unpacked to disk."""

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from scanward.dicom.errors import RefusalReason, Refused

_MAX_ENTRIES: Final = 200_000
_MAX_ENTRY: Final = 1 << 30
_MAX_RATIO: Final = 250


class ZipRefused(Exception):
    """The ZIP is not one to read; the text says why."""


def is_zip(path: Path) -> bool:
    """Does the file end as a ZIP does?"""
    return zipfile.is_zipfile(path)


def unpack(path: str, name: str, size: int) -> bytes:
    """The bytes of one entry, never more than it declared.

    Raises: Refused
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            data = file.read(size + 1)
    # RuntimeError: an encrypted entry; NotImplementedError: a method that zipfile does not know.
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, KeyError) as broken:
        raise Refused(RefusalReason.MALFORMED, detail="the ZIP entry can't be unpacked") from broken
    if len(data) != size:
        raise Refused(RefusalReason.TRUNCATED, detail="the ZIP entry has another size than it says")
    return data


def entries(path: Path) -> Iterator[tuple[str, int]]:
    """Every file in it: its name, and how many bytes it unpacks to.

    Raises: ZipRefused for one that is encrypted, or a bomb
    """
    with zipfile.ZipFile(path) as archive:
        found = archive.infolist()
    if len(found) > _MAX_ENTRIES:
        raise ZipRefused(f"The ZIP has more than {_MAX_ENTRIES} entries.")
    for entry in found:
        if entry.is_dir() or PurePosixPath(entry.filename).name.upper() == "DICOMDIR":
            continue
        if entry.flag_bits & 1:
            raise ZipRefused("The ZIP is encrypted. Unpack it first.")
        if entry.file_size > _MAX_ENTRY or entry.file_size > _MAX_RATIO * max(entry.compress_size, 1 << 14):
            raise ZipRefused("An entry of the ZIP unpacks to far more than it should.")
        yield entry.filename, entry.file_size
