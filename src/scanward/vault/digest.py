"""What is computed once of every object's bytes: SHA-256, CRC-32 and length, in one pass."""

import hashlib

from isal import isal_zlib

from scanward.vault.storage import Buffer


class Digest:
    """Takes bytes as they come. Large pieces are best: each is worked on while other threads run."""

    __slots__ = ("_sha", "crc32", "size")

    def __init__(self, data: Buffer = b"") -> None:
        self._sha = hashlib.sha256(data)
        self.crc32 = isal_zlib.crc32(data)
        self.size = len(data)

    def update(self, data: Buffer) -> None:
        """Add bytes."""
        self._sha.update(data)
        self.crc32 = isal_zlib.crc32(data, self.crc32)
        self.size += len(data)

    @property
    def sha256(self) -> bytes:
        """The hash of everything that came so far."""
        return self._sha.digest()
