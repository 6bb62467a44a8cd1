"""The manifest: what is in a package, with the SHA-256 of each file, signed, so that anyone can see whether
something was altered.

The form is described in docs/reference/manifest.md; the signature is Ed25519 over the exact bytes of
`manifest.json`.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from scanward.bundles.members import Member
from scanward.bundles.names import NameRefused, check_names

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
FORMAT = "scanward-manifest/1"
MOST_BYTES = 64 << 20
_FIELDS = {"created", "files", "format", "key", "product", "release", "statements"}
_TEXTS = _FIELDS - {"files", "statements"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestRefused(ValueError):
    """These bytes are not a manifest of the known form; the message says where, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class File:
    """One line of a manifest: path inside the package, size in bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package holds, who made it with what, and what its receiver must know."""

    release: str
    created: str
    """RFC 3339, with its offset."""
    product: str
    key: str
    statements: Sequence[str]
    files: Sequence[File]

    def encode(self) -> bytes:
        """Write the canonical form: UTF-8 JSON, keys sorted, no white space, files sorted by path."""
        files = sorted(self.files, key=lambda file: file.path)
        content = {
            "created": self.created,
            "files": [{"path": file.path, "sha256": file.sha256, "size": file.size} for file in files],
            "format": FORMAT,
            "key": self.key,
            "product": self.product,
            "release": self.release,
            "statements": list(self.statements),
        }
        return _canonical(content)


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def key_id(key: Ed25519PublicKey) -> str:
    """Name a public key: the first 32 hex digits of the SHA-256 of its 32 bytes."""
    return sha256(key.public_bytes_raw()).hexdigest()[:32]


def signed(
    members: Iterable[Member],
    *,
    key: Ed25519PrivateKey,
    release: str,
    created: datetime,
    product: str,
    statements: Sequence[str] = (),
) -> tuple[Member, Member]:
    """Make `manifest.json` and `manifest.json.sig` for the members of a package.

    Raises: ValueError when `created` has no zone.
    """
    if created.tzinfo is None:
        raise ValueError("The time of a manifest needs its time zone.")
    files = [File(member.name, member.size, member.sha256) for member in members]
    when = created.isoformat(timespec="seconds")
    encoded = Manifest(release, when, product, key_id(key.public_key()), statements, files).encode()
    return Member.of(MANIFEST, encoded), Member.of(SIGNATURE, sign(encoded, key))


def sign(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """Sign the exact bytes; the answer is a small JSON with algorithm, key id and the signature in Base64."""
    signature = b64encode(key.sign(manifest)).decode()
    return _canonical({"algorithm": "Ed25519", "key": key_id(key.public_key()), "signature": signature})


def parse(encoded: bytes) -> Manifest:
    """Read a manifest strictly. Raises: ManifestRefused."""
    content = strict_json(encoded)
    if content.get("format") != FORMAT:
        raise ManifestRefused(f"This is not a manifest of the form {FORMAT}.")
    if set(content) != _FIELDS or not all(isinstance(content[name], str) for name in _TEXTS):
        raise ManifestRefused("The manifest has a field too many, too few, or of the wrong kind.")
    statements, files = content["statements"], content["files"]
    if not isinstance(statements, list) or not all(isinstance(text, str) for text in statements):
        raise ManifestRefused("The statements of the manifest are not a list of texts.")
    if not isinstance(files, list):
        raise ManifestRefused("The files of the manifest are not a list.")
    found = [_file(position, line) for position, line in enumerate(files, 1)]
    try:
        check_names(file.path for file in found)
    except NameRefused as refused:
        raise ManifestRefused(str(refused)) from None
    return Manifest(content["release"], content["created"], content["product"], content["key"], statements, found)


def _file(position: int, line: object) -> File:
    if isinstance(line, dict) and set(line) == {"path", "size", "sha256"}:
        path, size, digest = line["path"], line["size"], line["sha256"]
        if isinstance(path, str) and type(size) is int and size >= 0 and _is_digest(digest):
            return File(path, size, digest)
    raise ManifestRefused(f"File {position} of the manifest is not described by path, size and SHA-256.")


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def strict_json(encoded: bytes) -> dict[str, Any]:
    """Read one JSON object that means the same to every reader: no key twice, no size beyond bounds."""
    if len(encoded) > MOST_BYTES:
        raise ManifestRefused("The manifest is larger than any real one.")
    try:
        content = json.loads(encoded.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ManifestRefused("The manifest is not the JSON that was signed.") from None
    if not isinstance(content, dict):
        raise ManifestRefused("The manifest is not a JSON object.")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)
