"""What a person sends before it is taken in: encrypted from the first byte, apart from the archive, gone afterwards.

Each request's files lie in a small vault of their own, so that a request that breaks off, and an upload that is done,
leave nothing behind: the key is destroyed, then the folder goes.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from django.conf import settings

from scanward.archive.place import keyring
from scanward.vault import FolderStorage, NewObject, Stored, Vault

LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file that waits: its name as the person's machine calls it, and where it lies."""

    name: str
    stored: Stored
    key_id: str


class Part:
    """The files of one request."""

    def __init__(self, upload: UUID, name: str) -> None:
        self._identity = f"spool:{upload}:{name}"
        self._folder = folder_of(upload) / name
        self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._vault = Vault(FolderStorage(self._folder), keyring())
        self._key: str | None = None

    def add(self, name: str, chunks: Iterable[bytes]) -> int:
        """Keep a file as it comes, durably; return its size.

        Raises:
            VaultError: the disk is full or fails; nothing of this file was kept.
        """
        self._key = self._key or self._vault.new_key()
        note = json.dumps(name[:LONGEST_NAME]).encode()
        [stored] = self._vault.put([NewObject(self._key, self._identity, chunks, note)])
        return stored.size

    def files(self) -> Iterator[Spooled]:
        """Yield the files in the order in which they came."""
        for note in self._vault.notes():
            yield Spooled(json.loads(note.note), note.stored, note.key_id)

    def open(self, wanted: Spooled) -> BinaryIO:
        """Return a seekable reader."""
        return self._vault.open(wanted.stored.locator, wanted.key_id, self._identity)

    def discard(self) -> None:
        """Destroy the keys, then the files."""
        self._vault.close()
        for path in sorted((self._folder / "keys").glob("*")):
            self._vault.erase(path.name)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vault.close()


def folder_of(upload: UUID) -> Path:
    """Return where an upload's files wait."""
    return Path(settings.DATA) / "spool" / str(upload)


def discard(upload: UUID, parts: Sequence[str] = ()) -> None:
    """Destroy everything that an upload has sent, or those parts of it."""
    folder = folder_of(upload)
    for path in sorted(folder.glob("*")):
        if not parts or path.name in parts:
            with Part(upload, path.name) as part:
                part.discard()
    if not parts:
        shutil.rmtree(folder, ignore_errors=True)


def still_since(upload: UUID) -> datetime:
    """Return when something of an upload was last written."""
    folder = folder_of(upload)
    times = [path.stat().st_mtime for path in (folder, *folder.rglob("*")) if path.exists()]
    return datetime.fromtimestamp(max(times, default=0), UTC)


def waiting() -> Iterator[UUID]:
    """Yield the uploads of which files lie here."""
    for path in sorted((Path(settings.DATA) / "spool").glob("*-*-*-*-*")):
        yield UUID(path.name)
