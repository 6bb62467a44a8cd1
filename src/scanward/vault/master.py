"""The master key: 32 random bytes from a file or a command, never from the database."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from scanward.vault.errors import Reason, VaultError

SIZE = 32
_FEWEST_DISTINCT = 12  # 32 random bytes have fewer than 12 distinct values once in about 10**22 keys
_LONGEST = 4096
_ADVICE = "Make one with: openssl rand -base64 32"


class MasterKey:
    """The one secret everything in the vault hangs on; it never shows itself."""

    __slots__ = ("_secret", "generation")

    def __init__(self, secret: bytes) -> None:
        """Take 32 random bytes; Raises: VaultError for anything that was not drawn at random."""
        _refuse_weak(secret)
        self._secret = bytes(secret)
        self.generation = hmac.digest(self._secret, b"scanward vault: generation", "sha256")[:8]

    def __repr__(self) -> str:
        return f"MasterKey(generation={self.generation.hex()})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MasterKey) and hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.generation)

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte key for one purpose (HKDF-SHA256 with one block, RFC 5869)."""
        extracted = hmac.digest(b"scanward vault", self._secret, hashlib.sha256)
        return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")

    @classmethod
    def from_file(cls, path: Path) -> "MasterKey":
        """Read the key from a file that only its owner can read: 32 bytes, or the same as hex or base64."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise _refusal(f"The master key file {path} can't be read: {error.strerror}.") from error
        try:
            _refuse_shared(path, os.fstat(descriptor))
            return cls(_decoded(os.read(descriptor, _LONGEST), f"The master key file {path}"))
        finally:
            os.close(descriptor)

    @classmethod
    def from_command(cls, argv: Sequence[str], *, seconds: float = 30) -> "MasterKey":
        """Run a command (of a key manager) without a shell and take the key from its output."""
        try:
            done = subprocess.run(  # noqa: S603 - the command that the operator configured
                list(argv), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            kind = type(error).__name__
            raise _refusal(f"The master key command {argv[0]} did not run to its end ({kind}).") from None
        if done.returncode:
            raise _refusal(f"The master key command {argv[0]} failed with exit code {done.returncode}.")
        return cls(_decoded(done.stdout, f"The output of the master key command {argv[0]}"))

    @classmethod
    def create(cls, path: Path) -> "MasterKey":
        """Draw a new key into a new file that only its owner can read; never overwrites one."""
        secret = secrets.token_bytes(SIZE)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secret) + b"\n")
            file.flush()
            os.fsync(descriptor)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return cls(secret)


def _refusal(sentence: str) -> VaultError:
    return VaultError(Reason.MASTER, sentence)


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(f"The master key file {path} is not a regular file.")
    if status.st_mode & 0o077:
        raise _refusal(f"The master key file {path} is open to others. Run: chmod 600 {path}")
    if status.st_uid not in {0, os.geteuid()}:
        raise _refusal(f"The master key file {path} belongs to someone else. Give it to the service's own user.")


def _decoded(text: bytes, what: str) -> bytes:
    """Accept 32 raw bytes, 64 hex digits or their base64, with a newline at the end."""
    if len(text) == SIZE:
        return text
    word = text.strip()
    try:
        secret = bytes.fromhex(word.decode("ascii")) if len(word) == 2 * SIZE else base64.b64decode(word, validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != SIZE:
        raise _refusal(f"{what} must hold 32 random bytes, raw, as hex or as base64. {_ADVICE}")
    return secret


def _refuse_weak(secret: bytes) -> None:
    if len(secret) != SIZE:
        raise _refusal(f"A master key has exactly 32 bytes. {_ADVICE}")
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    written = all(0x20 <= byte < 0x7F for byte in secret)
    if len(set(secret)) < _FEWEST_DISTINCT or len(steps) == 1 or written:
        raise _refusal(f"The master key is a default or a typed word, not 32 random bytes. {_ADVICE}")
