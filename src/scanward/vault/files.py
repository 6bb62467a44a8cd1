"""The system calls that the folder backend makes, in one place so that tests can fail each of them."""

import fcntl
import mmap
import os
from collections.abc import Sequence

from scanward.vault.storage import Buffer


class Files:
    """Thin names for the operating system; every method raises OSError."""

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        """Open a file or folder."""
        return os.open(path, flags | os.O_CLOEXEC, mode)

    def close(self, descriptor: int) -> None:
        """Close a file."""
        os.close(descriptor)

    def write(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        """Write buffers at an offset; may write fewer bytes than asked."""
        return os.pwritev(descriptor, buffers, offset)

    def read(self, descriptor: int, length: int, offset: int) -> bytes:
        """Read up to `length` bytes at an offset."""
        return os.pread(descriptor, length, offset)

    def sync_data(self, descriptor: int) -> None:
        """Make a file's bytes and length durable."""
        if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync alone stops at the drive's own cache
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        elif hasattr(os, "fdatasync"):
            os.fdatasync(descriptor)
        else:
            os.fsync(descriptor)

    def give_back(self, descriptor: int, start: int, end: int) -> None:
        """Let the kernel use the memory that holds durable bytes for what comes next, instead of new memory."""
        if hasattr(os, "posix_fadvise"):  # Linux
            first = start - start % mmap.PAGESIZE
            os.posix_fadvise(descriptor, first, end - first, os.POSIX_FADV_DONTNEED)

    def sync_folder(self, path: str) -> None:
        """Make the names in a folder durable."""
        descriptor = self.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sync(descriptor)
        finally:
            self.close(descriptor)

    def sync(self, descriptor: int) -> None:
        """Make a file or folder durable."""
        os.fsync(descriptor)

    def truncate(self, descriptor: int, length: int) -> None:
        """Cut a file."""
        os.ftruncate(descriptor, length)

    def rename(self, source: str, target: str) -> None:
        """Give a file its final name, replacing another."""
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        """Remove a name."""
        os.unlink(path)

    def mkdir(self, path: str) -> None:
        """Make a folder that only the service can enter."""
        os.mkdir(path, 0o700)

    def lock(self, descriptor: int) -> bool:
        """Try to lock a file for this open descriptor; the kernel lets go when the process dies."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def links(self, descriptor: int) -> int:
        """Return how many names a file has; 0 when someone removed it."""
        return os.fstat(descriptor).st_nlink

    def size(self, path: str) -> int:
        """Return a file's length."""
        return os.stat(path).st_size

    def names(self, path: str) -> list[str]:
        """List a folder."""
        return sorted(os.listdir(path))

    def exists(self, path: str) -> bool:
        """Tell whether a name exists."""
        try:
            os.stat(path)
        except FileNotFoundError:
            return False
        return True
