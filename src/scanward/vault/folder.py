"""Storage in a local folder: pack files that grow, one locked stream per writer, small objects as files.

layout                          written last, so that its presence proves the folders below are durable
keys/...  erased/...             small objects
packs/<stream>/lock             held by the one writer of the stream
packs/<stream>/00000000.pack    parts
tmp/                            small objects on their way
"""

import os
import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scanward.vault.errors import Reason, VaultError, explained
from scanward.vault.files import Files
from scanward.vault.folder_tail import FolderTail, part_numbers, part_path
from scanward.vault.storage import Buffer, Part

_LAYOUT = b"scanward vault 1\n"
_CREATE = os.O_RDWR | os.O_CREAT
PART_SIZE = 1 << 30


class FolderStorage:
    """A vault in a folder. Several processes may write; each appends to a stream of its own."""

    whole_parts = False
    key_seconds = 0.0

    def __init__(self, root: Path, *, files: Files | None = None, part_size: int = PART_SIZE) -> None:
        self.root = str(root)
        self.files = files or Files()
        self.part_size = part_size
        self._tails: dict[str, FolderTail] = {}
        self._ready = False

    # Small objects

    def put(self, name: str, data: bytes) -> None:
        """Write to a locked temporary file, sync, rename, sync the folder."""
        with explained():
            self._prepare()
            self._put(name, data)

    def get(self, name: str) -> bytes:
        """Read a small object whole."""
        with explained():
            descriptor = self.files.open(self._join(name), os.O_RDONLY)
            try:
                return self.files.read(descriptor, 1 << 16, 0)
            finally:
                self.files.close(descriptor)

    def has(self, name: str) -> bool:
        """Look for the file."""
        with explained():
            return self.files.exists(self._join(name))

    def delete(self, name: str) -> None:
        """Overwrite, sync, unlink, sync the folder: the name and the bytes are gone when this returns."""
        path = self._join(name)
        with explained():
            if not self.files.exists(path):
                return
            descriptor = self.files.open(path, os.O_RDWR)
            try:
                self.files.write(descriptor, [bytes(self.files.size(path))], 0)
                self.files.sync(descriptor)
            finally:
                self.files.close(descriptor)
            self.files.unlink(path)
            self.files.sync_folder(os.path.dirname(path))

    def names(self, prefix: str) -> Iterator[str]:
        """List one kind of small objects."""
        kind = prefix.rstrip("/")
        with explained():
            yield from (f"{kind}/{name}" for name in self._list(kind))

    # Streams

    def parts(self) -> list[Part]:
        """List parts; of our own open part only what is durable."""
        with explained():
            return [part for stream in self._list("packs") for part in self._parts_of(stream)]

    def read(self, part: Part, offset: int, length: int) -> Buffer:
        """Read from a part, again after a short read; shorter only at its end."""
        with explained():
            descriptor = self.files.open(self._part_path(part.stream, part.number), os.O_RDONLY)
            try:
                return self._read_fully(descriptor, offset, length)
            finally:
                self.files.close(descriptor)

    def settle(self, part: Part) -> None:
        """Sync a part that another process may have written without having synced it yet."""
        if part.stream in self._tails:
            return
        with explained():
            descriptor = self.files.open(self._part_path(part.stream, part.number), os.O_RDONLY)
            try:
                self.files.sync_data(descriptor)
            finally:
                self.files.close(descriptor)

    def claim(self, *, bulk: bool = False) -> FolderTail:
        """Take the first idle stream, or begin one."""
        del bulk  # a file takes large objects as they come
        with explained():
            self._prepare()
            for stream in self._list("packs"):
                tail = self._take(stream)
                if tail:
                    return tail
            stream = secrets.token_hex(8)
            self.files.mkdir(self._join("packs", stream))
            tail = self._take(stream)
        if tail is None:
            raise VaultError(
                Reason.UNAVAILABLE, "The vault's lock files can't be locked. Use a file system with flock."
            )
        return tail

    def idle(self) -> Iterator[FolderTail]:
        """Take each stream without a writer; the caller closes it before the next."""
        with explained():
            streams = self._list("packs")
        for stream in streams:
            with explained():
                tail = self._take(stream)
            if tail:
                yield tail

    def held(self, stream: str) -> bool:
        """Try the stream's lock."""
        if stream in self._tails:
            return True
        with explained():
            lock = self._lock(self._join("packs", stream, "lock"), os.O_RDONLY)
            if lock is not None:
                self.files.close(lock)
            return lock is None

    def sweep(self) -> int:
        """Remove temporary files whose writers are gone: a living writer holds a lock on its own."""
        removed = 0
        with explained():
            for name in self._list("tmp"):
                path = self._join("tmp", name)
                lock = self._lock(path, os.O_RDWR)
                if lock is not None:
                    self.files.unlink(path)
                    self.files.close(lock)
                    removed += 1
        return removed

    def forget(self) -> None:
        """Close the parent's files in a forked child; the parent keeps its locks."""
        for tail in list(self._tails.values()):
            tail.drop()
        self._tails.clear()

    # Inside

    def _part_path(self, stream: str, number: int) -> str:
        return part_path(self._join("packs", stream), number)

    def _join(self, *names: str) -> str:
        return "/".join((self.root, *names))

    def _list(self, *names: str) -> list[str]:
        try:
            return self.files.names(self._join(*names))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _lock(self, path: str, flags: int) -> int | None:
        """Open and lock a file; None when another holds it or it is not there."""
        try:
            descriptor = self.files.open(path, flags)
        except FileNotFoundError:
            return None
        try:
            if self.files.lock(descriptor) and self.files.links(descriptor):
                return descriptor
        except OSError:
            self.files.close(descriptor)
            raise
        self.files.close(descriptor)
        return None

    def _take(self, stream: str) -> FolderTail | None:
        if stream in self._tails:
            return None
        lock = self._lock(self._join("packs", stream, "lock"), _CREATE)
        if lock is None:
            return None
        try:
            self.files.sync_folder(self._join("packs"))
            folder, released = self._join("packs", stream), partial(self._tails.pop, stream, None)
            tail = FolderTail(self.files, folder, lock, self.part_size, released)
        except OSError:
            self.files.close(lock)
            raise
        self._tails[stream] = tail
        return tail

    def _parts_of(self, stream: str) -> Iterator[Part]:
        for number in part_numbers(self._list("packs", stream)):
            tail = self._tails.get(stream)
            own = tail is not None and tail.part == number
            length = tail.durable if tail and own else self.files.size(self._part_path(stream, number))
            yield Part(stream, number, length)

    def _read_fully(self, descriptor: int, offset: int, length: int) -> bytes:
        found = self.files.read(descriptor, length, offset)
        while found and len(found) < length:
            more = self.files.read(descriptor, length - len(found), offset + len(found))
            if not more:
                break
            found += more
        return found

    def _prepare(self) -> None:
        """Make the folders once and durably; the layout file comes last."""
        if self._ready or self.files.exists(self._join("layout")):
            self._ready = True
            return
        self._mkdir(self.root)
        for kind in ("keys", "erased", "packs", "tmp"):
            self._mkdir(self._join(kind))
        self.files.sync_folder(self.root)
        self.files.sync_folder(os.path.dirname(os.path.abspath(self.root)))
        self._put("layout", _LAYOUT)
        self._ready = True

    def _mkdir(self, path: str) -> None:
        if not self.files.exists(path):
            try:
                self.files.mkdir(path)
            except FileExistsError:
                return  # another process was quicker

    def _put(self, name: str, data: bytes) -> None:
        path = self._join(name)
        temporary, descriptor = self._temporary()
        try:
            written = 0
            while written < len(data):
                written += self.files.write(descriptor, [data[written:]], written)
            self.files.sync(descriptor)
            self.files.rename(temporary, path)
        except OSError:
            self._discard(temporary)
            raise
        finally:
            self.files.close(descriptor)
        self.files.sync_folder(os.path.dirname(path))

    def _temporary(self) -> tuple[str, int]:
        """Make a locked temporary file; if a sweep was quicker than our lock, make another."""
        while True:
            path = self._join("tmp", secrets.token_hex(8))
            descriptor = self.files.open(path, _CREATE | os.O_EXCL)
            try:
                if self.files.lock(descriptor) and self.files.links(descriptor):
                    return path, descriptor
            except OSError:
                self.files.close(descriptor)
                self._discard(path)
                raise
            self.files.close(descriptor)

    def _discard(self, path: str) -> None:
        try:
            self.files.unlink(path)
        except OSError:
            return  # the sweep finds it
