"""The bytes of one stored object: a plain header, sealed segments, a sealed footer.

    header   68 bytes: magic, version, kind, key id, salt, size, durable, previous part, footer length, CRC-32
    segments 1 MiB of data each (the last one shorter), each followed by its 16-byte tag
    footer   size, CRC-32, SHA-256, time, identity and note, sealed

Every record has a key of its own, HMAC-SHA256(study's data key, salt), so that nonces are plain counters.
Associated data of a segment: key id, identity, number, whether it is the last. Of the footer: key id and the
record's place. So swapping, reordering, truncating, extending and moving all fail. The header holds nothing
about the patient.
"""

import hmac
import struct
import zlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanward.vault.errors import Reason, VaultError
from scanward.vault.storage import Buffer, Place

SEGMENT = 1 << 20
TAG = 16
MAGIC = b"SWR1"
UNKNOWN = (1 << 64) - 1
NONE = (1 << 32) - 1
OBJECT, MARKER = 1, 2
_HEADER = struct.Struct(">4sBBH16s16sQQIII")
HEADER = _HEADER.size
_FOOTER = struct.Struct(">QI32sQHI")
_FOOTER_NUMBER = (1 << 32) - 1
LARGEST_NOTE = 1 << 20
LARGEST_IDENTITY = 1 << 12
LARGEST_SIZE = (_FOOTER_NUMBER - 1) * SEGMENT


@dataclass(frozen=True, slots=True)
class Header:
    """What a walk over a part can read without any key."""

    kind: int
    key_id: str
    salt: bytes
    size: int
    durable: int
    previous: int | None
    footer: int

    def pack(self) -> bytes:
        """Return the header's bytes."""
        previous = NONE if self.previous is None else self.previous
        key = bytes.fromhex(self.key_id)
        fields = (MAGIC, 1, self.kind, 0, key, self.salt, self.size, self.durable, previous, self.footer)
        body = _HEADER.pack(*fields, 0)[:-4]
        return body + zlib.crc32(body).to_bytes(4, "big")

    @classmethod
    def unpack(cls, data: Buffer) -> "Header | None":
        """Read a header; None if these bytes are not one."""
        if len(data) < HEADER or bytes(data[:4]) != MAGIC:
            return None
        _, version, kind, _, key, salt, size, durable, previous, footer, crc = _HEADER.unpack(data[:HEADER])
        if zlib.crc32(data[: HEADER - 4]) != crc or version != 1 or kind not in {OBJECT, MARKER}:
            return None
        return cls(kind, key.hex(), salt, size, durable, None if previous == NONE else previous, footer)


def marker(durable: int, previous: int | None) -> bytes:
    """Return a header without a body which says that all before it is durable."""
    return Header(MARKER, "00" * 16, bytes(16), 0, durable, previous, 0).pack()


@dataclass(frozen=True, slots=True)
class Footer:
    """The index record: from it a lost database is rebuilt."""

    size: int
    crc32: int
    sha256: bytes
    at: int
    identity: str
    note: bytes

    def pack(self) -> bytes:
        """Return the footer's plain bytes."""
        identity = self.identity.encode()
        return (
            _FOOTER.pack(self.size, self.crc32, self.sha256, self.at, len(identity), len(self.note))
            + identity
            + self.note
        )

    @classmethod
    def unpack(cls, data: bytes) -> "Footer":
        """Read a footer that has passed its tag."""
        size, crc, sha, at, identity, note = _FOOTER.unpack_from(data)
        start = _FOOTER.size
        middle = start + identity
        return cls(size, crc, sha, at, data[start:middle].decode(), data[middle : middle + note])


def sealed_size(size: int) -> int:
    """Return how many bytes the sealed segments of an object take; an empty object has one empty segment."""
    return size + TAG * max(1, -(-size // SEGMENT))


def footer_size(identity: bytes, note: bytes) -> int:
    """Return the length of a sealed footer, which is known before the data."""
    return _FOOTER.size + len(identity) + len(note) + TAG


class RecordCipher:
    """Seals and opens the pieces of one record."""

    __slots__ = ("_bound", "_cipher", "_key")

    def __init__(self, key: bytes, key_id: str, salt: bytes, identity: str | None) -> None:
        self._cipher = AESGCM(hmac.digest(key, b"scanward record\x00" + salt, "sha256"))
        self._key = key_id.encode()
        self._bound = self._key + b"\x00" + (identity or "").encode() + b"\x00"

    def seal(self, number: int, last: bool, data: Buffer) -> bytes:
        """Seal one segment."""
        nonce, bound = self._segment(number, last)
        return self._cipher.encrypt(nonce, data, bound)

    def open_into(self, number: int, last: bool, sealed: Buffer, target: Buffer) -> None:
        """Open one segment into a buffer. Raises: VaultError (DAMAGED)."""
        nonce, bound = self._segment(number, last)
        try:
            self._cipher.decrypt_into(nonce, sealed, bound, target)
        except (InvalidTag, ValueError):
            raise VaultError(
                Reason.DAMAGED, f"Segment {number} of a stored object is damaged or not this object's."
            ) from None

    def seal_footer(self, place: Place, footer: Footer) -> bytes:
        """Seal the footer to the place where its record lies."""
        return self._cipher.encrypt(_nonce(_FOOTER_NUMBER, 2), footer.pack(), self._place(place))

    def open_footer(self, place: Place, sealed: Buffer) -> Footer:
        """Open a footer. Raises: VaultError (DAMAGED)."""
        try:
            return Footer.unpack(self._cipher.decrypt(_nonce(_FOOTER_NUMBER, 2), sealed, self._place(place)))
        except (InvalidTag, ValueError):
            raise VaultError(Reason.DAMAGED, "The note of a stored object is damaged or was moved.") from None

    def _segment(self, number: int, last: bool) -> tuple[bytes, bytes]:
        flag = 1 if last else 0
        return _nonce(number, flag), self._bound + struct.pack(">IB", number, flag)

    def _place(self, place: Place) -> bytes:
        return self._key + f"\x00{place.stream}.{place.part:x}.{place.offset:x}".encode()


def _nonce(number: int, flag: int) -> bytes:
    return struct.pack(">7xIB", number, flag)
