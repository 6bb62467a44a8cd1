"""Signed notes (c2sp.org/signed-note) with Ed25519: the text form in which a checkpoint is signed.

A key has a name. Its public half travels as a vkey, `name+8 hex digits+base64`, as in Go's checksum database.
"""

import stat
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
SEED_HEX_LENGTH = 64
KEY_ID_SIZE = 4
MAX_NOTE_BYTES = 64 * 1024


class BadNote(Exception):
    """A note, its signature or a key can't be trusted; the text says why."""


def check_name(name: str) -> str:
    """Return the key name, if it may stand in a note.

    Raises:
        BadNote: it is empty, or has a space, a plus or a control character.
    """
    if not name or "+" in name or any(c.isspace() or ord(c) < 32 for c in name):
        raise BadNote("A key name must not be empty and must have no spaces, plus signs or control characters.")
    return name


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_SIZE]


@dataclass(frozen=True)
class Verifier:
    """A public key with its name."""

    name: str
    public: bytes

    @property
    def vkey(self) -> str:
        """The key as text, to be handed to whoever verifies."""
        key_id = _key_id(self.name, self.public).hex()
        return f"{self.name}+{key_id}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """Read a vkey.

        Raises:
            BadNote: it is not a vkey of an Ed25519 key, or its key id is wrong.
        """
        try:
            name, key_id, encoded = vkey.strip().split("+", 2)
            key = b64decode(encoded, validate=True)
        except (ValueError, NotBase64):
            raise BadNote("A verifier key looks like name+8 hex digits+base64.") from None
        if key[:1] != ED25519 or len(key) != 33:
            raise BadNote("The verifier key is not an Ed25519 key.")
        if _key_id(check_name(name), key[1:]).hex() != key_id:
            raise BadNote("The verifier key is damaged: its key id does not fit.")
        return cls(name, key[1:])


@dataclass(frozen=True)
class Signer:
    """A private key with its name."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the text with its signature line.

        Raises:
            BadNote: the text can't be a note's text.
        """
        if not text.endswith("\n") or any(ord(c) < 32 and c != "\n" for c in text):
            raise BadNote("A note's text ends with a newline and has no other control characters.")
        key_id = _key_id(self.name, self.verifier.public)
        signature = b64encode(key_id + self.key.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"


def read_seed(path: Path) -> Ed25519PrivateKey:
    """Return the Ed25519 key whose 32-byte seed stands in the file, as 64 hexadecimal digits.

    Raises:
        BadNote: the file is missing, is no seed, or can be read by others than its owner (fault E9).
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        raise BadNote("The ledger's signing key file is missing. Run `scanward init`, or restore the key.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise BadNote("The ledger's signing key can be read by other users. Run `chmod 600` on its file.")
    text = path.read_text("ascii", errors="replace").strip()
    if len(text) != SEED_HEX_LENGTH or any(c not in "0123456789abcdef" for c in text):
        raise BadNote("The ledger's signing key file does not hold 64 hexadecimal digits.")
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))


def open_note(note: str, verifiers: list[Verifier]) -> str:
    """Return the note's text, if one of the verifiers signed it and no signature of theirs is wrong.

    Raises:
        BadNote: nothing is signed by a known key, or a known key's signature does not fit.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise BadNote("The note is too long.")
    body, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise BadNote("The file is not a signed note.")
    text = body + "\n"
    good = [_fits(text, line, verifiers) for line in signatures[:-1].split("\n")]
    if not any(good):
        raise BadNote("The note is not signed by the given key.")
    return text


def _fits(text: str, line: str, verifiers: list[Verifier]) -> bool:
    """Return whether a known key made the signature; one of an unknown key says nothing."""
    try:
        dash, name, encoded = line.split(" ")
        raw = b64decode(encoded, validate=True)
    except (ValueError, NotBase64):
        raise BadNote("A signature line of the note can't be read.") from None
    if dash != "—":
        raise BadNote("A signature line of the note can't be read.")
    known = [v for v in verifiers if v.name == name and _key_id(v.name, v.public) == raw[:KEY_ID_SIZE]]
    for verifier in known:
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(raw[KEY_ID_SIZE:], text.encode())
        except InvalidSignature:
            raise BadNote("The note's signature does not fit: the text or the signature was changed.") from None
    return bool(known)
