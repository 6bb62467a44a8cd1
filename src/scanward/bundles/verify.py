"""Verification: does a package still hold exactly what was signed?"""

import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from scanward.bundles.manifest import MANIFEST, SIGNATURE, File, key_id, parse, strict_json
from scanward.bundles.members import CHUNK

Files = Mapping[str, Callable[[], BinaryIO]]
"""What was found: path inside the package, and how to read it."""
# RuntimeError is what zipfile raises on encrypted entries.
_UNREADABLE = (OSError, EOFError, RuntimeError, ValueError, BadZipFile, zlib.error)


class Seal(StrEnum):
    """What the signature says."""

    GOOD = "The manifest was signed with this key and has not been changed since."
    OTHER_KEY = "The manifest names another key than the one given. Fetch the sender's key."
    BROKEN = "The manifest or its signature was changed after signing. Trust nothing of this package."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found: the seal, and every file that differs from the manifest, by its path."""

    seal: Seal
    altered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether the package is exactly what was signed."""
        return self.seal is Seal.GOOD and not (self.altered or self.missing or self.extra)

    def __str__(self) -> str:
        if self.intact:
            return "Nothing was altered: every file is as it was signed."
        counts = f"{len(self.altered)} altered, {len(self.missing)} missing, {len(self.extra)} extra"
        return f"{self.seal} {counts}." if self.seal is Seal.GOOD else str(self.seal)


def verify(manifest: bytes, signature: bytes, public_key: Ed25519PublicKey, files: Files) -> Verdict:
    """Compare what was found with what was signed. Files are looked at only when the seal is good.

    Raises: ManifestRefused when well-signed bytes are not a manifest of the known form (a newer product made
    it).
    """
    seal = seal_of(manifest, signature, public_key)
    if seal is not Seal.GOOD:
        return Verdict(seal)
    listed = {file.path: file for file in parse(manifest).files}
    found = {path: open_file for path, open_file in files.items() if path not in {MANIFEST, SIGNATURE}}
    altered = (path for path in listed.keys() & found.keys() if not _same(listed[path], found[path]))
    missing, extra = listed.keys() - found.keys(), found.keys() - listed.keys()
    return Verdict(seal, tuple(sorted(altered)), tuple(sorted(missing)), tuple(sorted(extra)))


def seal_of(manifest: bytes, signature: bytes, public_key: Ed25519PublicKey) -> Seal:
    """Check the signature over the exact bytes, before anything in them is believed."""
    try:
        said = strict_json(signature)
        raw = b64decode(str(said["signature"]), validate=True)
        if said.get("algorithm") != "Ed25519":
            return Seal.BROKEN
        if said.get("key") != key_id(public_key):
            return Seal.OTHER_KEY
        public_key.verify(raw, manifest)
    except (KeyError, ValueError, InvalidSignature):
        return Seal.BROKEN
    return Seal.GOOD


def files_in_folder(root: Path) -> Files:
    """Every file under an unpacked package; symbolic links are not followed but count as extra or altered."""
    paths = (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(root).as_posix(): partial(_open_plain, path) for path in paths}


def files_in_zip(package: ZipFile) -> Files:
    """Every file of a package that is still packed.

    A name that stands twice counts as altered: who knows which one is opened.
    """
    found: dict[str, Callable[[], BinaryIO]] = {}
    for info in package.infolist():
        if not info.is_dir():
            twice = info.filename in found
            found[info.filename] = _refuse if twice else partial(_open_zipped, package, info)
    return found


def _open_plain(path: Path) -> BinaryIO:
    return _refuse() if path.is_symlink() or not path.is_file() else path.open("rb")


def _open_zipped(package: ZipFile, info: ZipInfo) -> BinaryIO:
    return cast(BinaryIO, package.open(info))


def _refuse() -> BinaryIO:
    raise OSError("Only plain files that stand once are read.")


def _same(listed: File, open_file: Callable[[], BinaryIO]) -> bool:
    digest, size = sha256(), 0
    try:
        with open_file() as source:
            while size <= listed.size and (chunk := source.read(CHUNK)):
                digest.update(chunk)
                size += len(chunk)
    except _UNREADABLE:
        return False
    return size == listed.size and digest.hexdigest() == listed.sha256
