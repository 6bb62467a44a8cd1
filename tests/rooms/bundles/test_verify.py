"""Verification finds whatever was altered. (Requirement A14.)"""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanward.bundles.manifest import ManifestRefused, sign, signed
from scanward.bundles.members import Member
from scanward.bundles.verify import Seal, Verdict, files_in_folder, files_in_zip, verify
from scanward.bundles.zip_stream import ZipStream

FILES = {
    "READ ME FIRST.txt": b"hello",
    "report/report.pdf": b"%PDF-1.7",
    "images/1-chest/IM0001.dcm": bytes(500),
}


class Package:
    def __init__(self, key: Ed25519PrivateKey, at: datetime) -> None:
        members = [Member.of(*item) for item in FILES.items()]
        seal = signed(members, key=key, release="R-1", created=at, product="Scanward 0.1.0")
        self.manifest, self.signature = (b"".join(each.chunks()) for each in seal)
        self.members, self.key, self.files = [*seal, *members], key, dict(FILES)

    def verdict(self) -> Verdict:
        opened = {path: lambda data=data: io.BytesIO(data) for path, data in self.files.items()}
        return verify(self.manifest, self.signature, self.key.public_key(), opened)


@pytest.fixture
def package(key: Ed25519PrivateKey, at: datetime) -> Package:
    return Package(key, at)


def test_an_untouched_package_is_intact(package: Package) -> None:
    assert package.verdict().intact
    assert str(package.verdict()) == "Nothing was altered: every file is as it was signed."


@pytest.mark.parametrize("path", FILES)
def test_every_single_altered_byte_of_every_file_is_found(package: Package, path: str) -> None:
    for place in range(len(FILES[path])):
        altered = bytearray(FILES[path])
        altered[place] ^= 1
        package.files[path] = bytes(altered)
        assert package.verdict().altered == (path,)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""])
def test_a_shortened_or_lengthened_file_is_found(package: Package, change: Callable[[bytes], bytes]) -> None:
    package.files["report/report.pdf"] = change(FILES["report/report.pdf"])
    assert package.verdict() == Verdict(Seal.GOOD, altered=("report/report.pdf",))


def test_missing_extra_and_swapped_files_are_each_named(package: Package) -> None:
    del package.files["READ ME FIRST.txt"]
    package.files["images/1-chest/IM0002.dcm"] = b"slipped in"
    package.files["report/report.pdf"] = package.files["images/1-chest/IM0001.dcm"]
    verdict = package.verdict()
    assert verdict.missing == ("READ ME FIRST.txt",)
    assert verdict.extra == ("images/1-chest/IM0002.dcm",)
    assert verdict.altered == ("report/report.pdf",)
    assert "1 altered, 1 missing, 1 extra" in str(verdict)


def test_every_single_altered_byte_of_the_manifest_breaks_the_seal(package: Package) -> None:
    good = package.manifest
    for place in range(len(good)):
        package.manifest = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert package.verdict() == Verdict(Seal.BROKEN)


def test_every_single_altered_byte_of_the_signature_is_noticed(package: Package) -> None:
    good = package.signature
    for place in range(len(good)):
        package.signature = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert package.verdict().seal is not Seal.GOOD


def test_a_manifest_signed_by_someone_else_is_not_accepted(package: Package) -> None:
    package.signature = sign(package.manifest, Ed25519PrivateKey.generate())
    assert package.verdict().seal is Seal.OTHER_KEY


def test_a_forger_who_claims_the_right_key_is_not_accepted(package: Package) -> None:
    forged = json.loads(sign(package.manifest, Ed25519PrivateKey.generate()))
    forged["key"] = json.loads(package.signature)["key"]
    package.signature = json.dumps(forged).encode()
    assert package.verdict().seal is Seal.BROKEN


@pytest.mark.parametrize("junk", [b"", b"[]", b"{}", b'{"signature":5}', b'{"signature":"%"}', b"\xff" * 64])
def test_a_signature_that_is_junk_is_broken(package: Package, junk: bytes) -> None:
    package.signature = junk
    assert package.verdict().seal is Seal.BROKEN


def test_a_well_signed_manifest_of_another_form_is_named_as_such(package: Package) -> None:
    package.manifest = b'{"format":"scanward-manifest/9"}'
    package.signature = sign(package.manifest, package.key)
    with pytest.raises(ManifestRefused, match="not a manifest of the form"):
        package.verdict()


def test_a_package_is_verified_while_still_packed(package: Package, at: datetime) -> None:
    packed = io.BytesIO(b"".join(ZipStream(package.members, at=at).iterate()))
    with zipfile.ZipFile(packed) as archive:
        verdict = verify(package.manifest, package.signature, package.key.public_key(), files_in_zip(archive))
    assert verdict.intact


def test_a_name_that_stands_twice_in_a_zip_counts_as_altered(package: Package, at: datetime) -> None:
    packed = io.BytesIO(b"".join(ZipStream(package.members, at=at).iterate()))
    with zipfile.ZipFile(packed, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("READ ME FIRST.txt", b"hello")
    with zipfile.ZipFile(packed) as archive:
        verdict = verify(package.manifest, package.signature, package.key.public_key(), files_in_zip(archive))
    assert verdict.altered == ("READ ME FIRST.txt",)


def test_an_unpacked_package_is_verified_and_symbolic_links_are_not_followed(
    package: Package, at: datetime, tmp_path: Path
) -> None:
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO(b"".join(ZipStream(package.members, at=at).iterate()))).extractall(folder)
    key = package.key.public_key()
    assert verify(package.manifest, package.signature, key, files_in_folder(folder)).intact
    (folder / "READ ME FIRST.txt").rename(tmp_path / "elsewhere")
    (folder / "READ ME FIRST.txt").symlink_to(tmp_path / "elsewhere")
    verdict = verify(package.manifest, package.signature, key, files_in_folder(folder))
    assert verdict.altered == ("READ ME FIRST.txt",)


def test_a_bomb_in_place_of_a_file_is_not_unpacked(package: Package) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("READ ME FIRST.txt", bytes(64 << 20))
    with zipfile.ZipFile(packed) as archive:
        verdict = verify(package.manifest, package.signature, package.key.public_key(), files_in_zip(archive))
    assert verdict.altered == ("READ ME FIRST.txt",)
