"""The growing end of a stream of pack files."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from scanward.vault.errors import explained
from scanward.vault.files import Files
from scanward.vault.storage import Buffer

_BUFFERS = 512  # the kernel takes at most 1,024 buffers at once
_SUFFIX = ".pack"


def part_path(folder: str, number: int) -> str:
    """Return the path of a part of the stream in a folder."""
    return f"{folder}/{number:08x}{_SUFFIX}"


def part_numbers(names: Sequence[str]) -> list[int]:
    """Return the numbers of the parts among the names in a stream's folder."""
    return sorted(int(name.removesuffix(_SUFFIX), 16) for name in names if name.endswith(_SUFFIX))


class FolderTail:
    """The last part of a stream, open for appending, with the stream's lock.

    After a failed sync nothing that was not durable can be trusted: the part is cut back to its durable
    length and, because a reader elsewhere may have seen what was cut, another part is begun. All parts but
    the last are durable.
    """

    def __init__(self, files: Files, folder: str, lock: int, part_size: int, released: Callable[[], object]) -> None:
        """Open the last part of a stream whose lock is already held, or its first."""
        self._files, self._folder, self._lock = files, folder, lock
        self._part_size, self._released = part_size, released
        numbers = part_numbers(files.names(folder))
        self.stream = os.path.basename(folder)
        self.part = numbers[-1] if numbers else 0
        self.previous = numbers[-2] if len(numbers) > 1 else None
        self.length = files.size(part_path(folder, self.part)) if numbers else 0
        self._descriptor = self._open(self.part)
        self.durable = 0
        self.broken = False

    @property
    def full(self) -> bool:
        """Tell whether the part has its size; another is begun as soon as all of this one is durable."""
        return self.length >= self._part_size

    def room(self, length: int) -> None:
        """Mend what a failure left, and begin another part when this one is full."""
        del length
        with explained():
            if self.broken:
                self._mend()
            if self.full and self.length == self.durable:
                self._roll()

    def write(self, buffers: Sequence[Buffer]) -> None:
        """Append; on failure cut off what was written of it."""
        with explained():
            try:
                end = self._write(list(buffers))
            except OSError:
                self._cut_back()
                raise
        self.length = end

    def amend(self, offset: int, header: bytes) -> None:
        """Rewrite a header in place, before the sync that acknowledges it."""
        with explained():
            self._files.write(self._descriptor, [header], offset)

    def seal(self) -> Callable[[], None]:
        """Return the one sync that covers everything written so far."""
        descriptor, mark = self._descriptor, self.length

        def sync() -> None:
            with explained():
                self._files.sync_data(descriptor)
            before, self.durable = self.durable, mark
            with suppress(OSError):  # it is durable, whatever the kernel says to that
                self._files.give_back(descriptor, before, mark)

        return sync

    def abandon(self) -> None:
        """Have the next `room` cut back to what is durable."""
        self.broken = True

    def resume(self, length: int, *, fresh: bool) -> None:
        """Adopt the part as it was found: cut it to its good length and make that durable."""
        with explained():
            if length < self.length:
                self._files.truncate(self._descriptor, length)
            if self.length:
                self._files.sync_data(self._descriptor)
            self.length = self.durable = length
            if fresh:
                self._roll()

    def close(self, marker: bytes = b"") -> None:
        """Cut what is not durable, leave a marker that needs no sync, and let go of the stream."""
        try:
            if self.broken or self.length > self.durable:
                self._files.truncate(self._descriptor, self.durable)
            elif self.durable and marker:
                self._write([marker])
        except OSError:
            pass  # the next one to claim the stream finds the torn end
        finally:
            self._released()
            self.drop()

    def drop(self) -> None:
        """Close the files only."""
        self._files.close(self._descriptor)
        self._files.close(self._lock)

    def _write(self, buffers: list[Buffer]) -> int:
        end, first = self.length, 0
        while first < len(buffers):
            written = self._files.write(self._descriptor, buffers[first : first + _BUFFERS], end)
            end += written
            while first < len(buffers) and written >= len(buffers[first]):
                written -= len(buffers[first])
                first += 1
            if written:
                buffers[first] = memoryview(buffers[first])[written:]
        return end

    def _cut_back(self) -> None:
        try:
            self._files.truncate(self._descriptor, self.length)
        except OSError:
            self.broken = True

    def _mend(self) -> None:
        self._files.truncate(self._descriptor, self.durable)
        self._files.sync_data(self._descriptor)
        self.length = self.durable
        if self.durable:
            self._roll()
        self.broken = False

    def _roll(self) -> None:
        descriptor = self._open(self.part + 1)
        self._files.close(self._descriptor)
        self._descriptor, self.previous, self.part = descriptor, self.part, self.part + 1
        self.length = self.durable = 0

    def _open(self, number: int) -> int:
        descriptor = self._files.open(part_path(self._folder, number), os.O_RDWR | os.O_CREAT)
        try:
            self._files.sync_folder(self._folder)
        except OSError:
            self._files.close(descriptor)
            raise
        return descriptor
