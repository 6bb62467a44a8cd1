"""File systems that fail on the Nth call, that lose what was not synced, and that tell what was called."""

import errno
import os
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

from scanward.vault.files import Files

CALLS = [
    "open",
    "write",
    "read",
    "sync_data",
    "sync",
    "give_back",
    "truncate",
    "rename",
    "unlink",
    "mkdir",
    "lock",
    "size",
    "names",
]
PAGE = 4096


class FaultyFiles(Files):
    """Fails the Nth call after `arm`, once or from then on; a failing write leaves half of its bytes."""

    def __init__(self) -> None:
        self.left, self.code, self.lasting = 0, errno.EIO, False
        self.failed = 0

    def arm(self, number: int, code: int, *, lasting: bool) -> None:
        self.left, self.code, self.lasting, self.failed = number, code, lasting, 0

    def disarm(self) -> None:
        self.left = 0

    def due(self) -> bool:
        if not self.left:
            return False
        self.left -= 1
        if self.left:
            return False
        self.failed += 1
        self.left = 1 if self.lasting else 0
        return True


def _failing(name: str):
    real = getattr(Files, name)

    def call(self, *arguments):
        if self.due():
            if name == "write":
                descriptor, buffers, offset = arguments
                os.pwrite(descriptor, bytes(buffers[0])[: len(buffers[0]) // 2], offset)
            raise OSError(self.code, os.strerror(self.code))
        return None if name in {"sync", "sync_data"} else real(self, *arguments)  # quick: the power stays on here

    return call


for _name in CALLS:
    setattr(FaultyFiles, _name, _failing(_name))


@dataclass
class Inode:
    """A file's changes, each with the moment it was made and, once synced, the moment it became durable."""

    number: int
    changes: list[tuple[int, str, int, bytes]] = field(default_factory=list)
    syncs: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Change:
    """A change of a folder's names."""

    at: int
    deed: str
    path: str
    inode: int = -1
    target: str = ""


class PowerLossFiles(Files):
    """Records every change and sync, and can show the disk as a power loss at any moment may leave it."""

    def __init__(self) -> None:
        self.now, self._guard = 0, threading.RLock()
        self.inodes: list[Inode] = []
        self._paths: dict[str, int] = {}
        self._open: dict[int, int | str] = {}
        self.names_changed: list[Change] = []
        self.folder_syncs: list[tuple[str, int, int]] = []

    def tick(self) -> int:
        self.now += 1
        return self.now

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        with self._guard:
            new = not os.path.exists(path)
            descriptor = super().open(path, flags, mode)
            if os.path.isdir(path):
                self._open[descriptor] = path
                return descriptor
            if new:
                self.inodes.append(Inode(len(self.inodes)))
                self._paths[path] = len(self.inodes) - 1
                self.names_changed.append(Change(self.tick(), "link", path, self._paths[path]))
            self._open[descriptor] = self._paths[path]
            return descriptor

    def write(self, descriptor, buffers, offset):
        with self._guard:
            data = b"".join(bytes(buffer) for buffer in buffers)
            self._inode(descriptor).changes.append((self.tick(), "write", offset, data))
            return super().write(descriptor, buffers, offset)

    def truncate(self, descriptor: int, length: int) -> None:
        with self._guard:
            self._inode(descriptor).changes.append((self.tick(), "truncate", length, b""))
            super().truncate(descriptor, length)

    def sync_data(self, descriptor: int) -> None:
        self.sync(descriptor)

    def sync(self, descriptor: int) -> None:
        with self._guard:
            begun, what = self.now, self._open[descriptor]
        with self._guard:
            if isinstance(what, str):
                self.folder_syncs.append((what, begun, self.tick()))
            else:
                self.inodes[what].syncs.append((begun, self.tick()))

    def rename(self, source: str, target: str) -> None:
        with self._guard:
            super().rename(source, target)
            self._paths[target] = self._paths.pop(source)
            self.names_changed.append(Change(self.tick(), "rename", source, self._paths[target], target))

    def unlink(self, path: str) -> None:
        with self._guard:
            super().unlink(path)
            self.names_changed.append(Change(self.tick(), "unlink", path))

    def mkdir(self, path: str) -> None:
        with self._guard:
            super().mkdir(path)
            self.names_changed.append(Change(self.tick(), "mkdir", path))

    def disk(self, at: int, seed: int, root: Path, target: Path) -> None:
        """Write to `target` what may be left of `root` when the power goes at a moment."""
        chance = random.Random(seed)
        names = self._names(at, chance)
        target.mkdir()
        for path in sorted(path for path, inode in names.items() if inode < 0):
            place = target / Path(path).relative_to(root)
            if place.parent.is_dir():
                place.mkdir(exist_ok=True)
        for path, inode in names.items():
            place = target / Path(path).relative_to(root)
            if inode >= 0 and place.parent.is_dir():
                place.write_bytes(self._content(self.inodes[inode], at, chance))

    def _inode(self, descriptor: int) -> Inode:
        number = self._open[descriptor]
        assert isinstance(number, int)
        return self.inodes[number]

    def _names(self, at: int, chance: random.Random) -> dict[str, int]:
        """Replay changes of names: the synced ones, and of the others in each folder a random first part."""
        names: dict[str, int] = {}
        stopped: set[str] = set()
        for change in self.names_changed:
            folder = os.path.dirname(change.target or change.path)
            synced = any(path == folder and begun >= change.at and end <= at for path, begun, end in self.folder_syncs)
            if change.at > at or (not synced and (folder in stopped or chance.random() < 0.5)):
                stopped.add(folder)
                continue
            if change.deed in {"unlink", "rename"}:
                names.pop(change.path, None)
            if change.deed != "unlink":
                names[change.target or change.path] = change.inode
        return names

    def _content(self, inode: Inode, at: int, chance: random.Random) -> bytes:
        """Replay changes of a file: the synced ones, and of the others some or some of their pages."""
        durable = max((begun for begun, end in inode.syncs if end <= at), default=0)
        content = bytearray()
        for moment, deed, offset, data in inode.changes:
            if moment > at or (moment > durable and chance.random() < 0.3):
                continue
            if deed == "truncate":
                content = content[:offset].ljust(offset, b"\0")
                continue
            content = content.ljust(offset + len(data), b"\0")
            for start in range(0, len(data), PAGE):
                if moment <= durable or chance.random() < 0.6:
                    content[offset + start : offset + start + len(data[start : start + PAGE])] = data[
                        start : start + PAGE
                    ]
        return bytes(content)
