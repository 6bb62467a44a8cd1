"""AES-256 for ZIP as WinZip specified it (AE-2, https://www.winzip.com/en/support/aes-encryption/), streamed.

Opens in 7-Zip, bsdtar, Keka and WinZip; not in Windows Explorer, macOS's own tool or Info-ZIP unzip. Names
and sizes stay readable: that is the format, so a package's names never say who it is about.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from hmac import new as new_hmac
from struct import Struct

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from scanward.bundles.members import CHUNK, Member
from scanward.bundles.passphrase import as_bytes
from scanward.bundles.zip_records import ENCRYPTED, Coding

_SALT, _KEY, _CHECK, _MAC = 16, 32, 2, 10
OVERHEAD = _SALT + _CHECK + _MAC
_ROUNDS = 1000  # fixed by the format, so the strength must lie in the passphrase: 83 bits
_STRENGTH_256 = 3
_EXTRA = Struct("<2HH2sBH").pack(0x9901, 7, 2, b"AE", _STRENGTH_256, 0)  # AE-2, content stored
_AHEAD = 4  # keys derived before they are needed: 2 ms each, as long as encrypting a slice takes


class Aes256:
    """Encrypts each member under its own salt. `seed` (16 random bytes, kept as secret as the passphrase)
    makes it resumable.

    The salts follow from the seed *and* the contents: the same package gives the same bytes, so a broken
    download can go on, and another package never meets the same key stream, even when a caller repeats a
    seed.
    """

    coding = Coding(method=99, flags=ENCRYPTED, version=51, extra=_EXTRA)

    def __init__(self, passphrase: str, *, seed: bytes) -> None:
        if len(seed) < 16:
            raise ValueError("The seed of an encrypted package needs at least 16 random bytes.")
        self._passphrase, self._seed = as_bytes(passphrase), seed

    def packed(self, size: int) -> int:
        """Salt, password check, cipher text as long as the file, authentication code."""
        return size + OVERHEAD

    def crc32(self, member: Member) -> int:  # noqa: ARG002 - the protocol of `Body`
        """Zero: AE-2 keeps no checksum of the plain text, which would tell of it; HMAC-SHA1 does the work."""
        return 0

    def reading(self, members: Sequence[Member]) -> "_AesReading":
        """Begin one pass, with threads that derive the next keys meanwhile."""
        return _AesReading(members, self._passphrase, self._seed)

    def tag(self) -> bytes:
        """The archive's bytes depend on passphrase and seed; this tells neither."""
        return new_hmac(self._seed, b"tag" + self._passphrase, "sha256").digest()


class _AesReading:
    def __init__(self, members: Sequence[Member], passphrase: bytes, seed: bytes) -> None:
        self._members, self._passphrase, self._seed = members, passphrase, seed
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="zip-key")
        self._keys: dict[int, Future[bytes]] = {}
        self._room = Room()

    def stream(self, index: int, start: int, stop: int) -> Iterator[bytes]:
        """Encrypt from the member's beginning, for the code at its end covers all of it; give what lies in
        the range.
        """
        here = 0
        for piece in self._whole(index):
            if here >= stop:
                return
            if here + len(piece) > start:
                yield piece[max(start - here, 0) : stop - here]
            here += len(piece)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _whole(self, index: int) -> Iterator[bytes]:
        keys = self._key(index)
        encrypt = CounterMode(keys[:_KEY], self._room)
        code = new_hmac(keys[_KEY : 2 * _KEY], digestmod="sha1")
        yield self._salt(index) + keys[2 * _KEY :]
        for chunk in self._members[index].chunks():
            hidden = encrypt.update(chunk)
            code.update(hidden)
            yield hidden
        yield code.digest()[:_MAC]

    def _key(self, index: int) -> bytes:
        for ahead in range(index, min(index + _AHEAD, len(self._members))):
            if ahead not in self._keys:
                self._keys[ahead] = self._threads.submit(self._derive, self._salt(ahead))
        return self._keys.pop(index).result()

    def _derive(self, salt: bytes) -> bytes:
        return PBKDF2HMAC(SHA1(), 2 * _KEY + _CHECK, salt, _ROUNDS).derive(self._passphrase)  # noqa: S303 - format

    def _salt(self, index: int) -> bytes:
        member = self._members[index]
        content = sha256(f"{member.size} {member.crc32} {member.sha256} {member.name}".encode())
        return new_hmac(self._seed, content.digest(), "sha256").digest()[:_SALT]


class CounterMode:
    """AES in WinZip's counter mode: a little-endian counter that begins at 1 (usual CTR counts big-endian).

    The key stream is AES-ECB over 65,536 counters at a time. `room` may be shared by modes that are used one
    after the other: fresh memory for each file would cost more than the encryption.
    """

    def __init__(self, key: bytes, room: "Room | None" = None) -> None:
        of_counters_only = modes.ECB()  # noqa: S305 - that is how counter mode is made
        self._encryptor = Cipher(algorithms.AES(key), of_counters_only).encryptor()
        self._room = room or Room()
        self._counter = 1
        self._carry = b""

    def update(self, data: bytes) -> bytes:
        """Encrypt (or decrypt) the next bytes."""
        head = min(len(self._carry), len(data))
        hidden = [_xor(data[:head], self._carry[:head])] if head else []
        self._carry = self._carry[head:]
        for start in range(head, len(data), CHUNK):
            piece = memoryview(data)[start : start + CHUNK]
            stream = self._stream(-(-len(piece) // 16))
            hidden.append(_xor(piece, stream[: len(piece)]))
            self._carry = stream[len(piece) :].tobytes()
        return hidden[0] if len(hidden) == 1 else b"".join(hidden)

    def _stream(self, blocks: int) -> memoryview:
        counters = self._room.counters[:blocks]
        np.add(_COUNT[:blocks], np.uint64(self._counter), out=counters[:, 0])
        self._counter += blocks
        self._encryptor.update_into(counters.data.cast("B"), self._room.stream)
        return memoryview(self._room.stream)[: 16 * blocks]


class Room:
    """Memory for one piece of key stream."""

    def __init__(self) -> None:
        self.counters = np.zeros((CHUNK // 16, 2), "<u8")
        self.stream = bytearray(CHUNK + 15)  # update_into wants room for one block more


_COUNT = np.arange(CHUNK // 16, dtype="<u8")


def _xor(data: bytes | memoryview, stream: bytes | memoryview) -> bytes:
    return np.bitwise_xor(np.frombuffer(data, np.uint8), np.frombuffer(stream, np.uint8)).tobytes()
