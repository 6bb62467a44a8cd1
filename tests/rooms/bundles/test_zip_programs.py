"""The packages open in the programs that people have."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import pyzipper

from scanward.bundles import passphrase
from scanward.bundles.aes_zip import Aes256
from scanward.bundles.members import CHUNK, Member
from scanward.bundles.zip_stream import ZipStream

SECRET = "40718-22963-05814-77120-93485"
SIZES = [0, 1, 15, 16, 17, 70_000, CHUNK, 2 * CHUNK + 5]
MEMBERS = [Member.of(f"images/2-tórax/IM{n:04}.dcm", bytes([n]) * size) for n, size in enumerate(SIZES)]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env={"LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unpacked(folder: Path) -> list[bytes]:
    return [(folder / member.name).read_bytes() for member in MEMBERS]


@pytest.fixture
def plain(written: Callable[[ZipStream], Path], at: object) -> Path:
    return written(ZipStream(MEMBERS, at=at))  # type: ignore[arg-type]


@pytest.fixture
def encrypted(written: Callable[[ZipStream], Path], at: object) -> Path:
    return written(ZipStream(MEMBERS, at=at, body=Aes256(SECRET, seed=b"seed" * 4)))  # type: ignore[arg-type]


def contents() -> list[bytes]:
    return [b"".join(member.chunks()) for member in MEMBERS]


def test_info_zip_unpacks_it(plain: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    run(program("unzip"), "-q", str(plain), "-d", str(tmp_path / "out"))
    assert unpacked(tmp_path / "out") == contents()


def test_seven_zip_unpacks_it(plain: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    run(program("7z"), "x", f"-o{tmp_path / 'out'}", str(plain))
    assert unpacked(tmp_path / "out") == contents()


def test_bsdtar_unpacks_it_even_from_a_pipe(plain: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    (tmp_path / "out").mkdir()
    run("/bin/sh", "-c", f"cat {plain} | {program('bsdtar')} -xf - -C {tmp_path / 'out'}")
    assert unpacked(tmp_path / "out") == contents()


def test_seven_zip_opens_the_encrypted_package(encrypted: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    """Requirements G7, G16."""
    run(program("7z"), "x", f"-p{SECRET}", f"-o{tmp_path / 'out'}", str(encrypted))
    assert unpacked(tmp_path / "out") == contents()


def test_seven_zip_calls_it_aes_256(encrypted: Path, program: Callable[[str], str]) -> None:
    listing = run(program("7z"), "l", "-slt", f"-p{SECRET}", str(encrypted))
    assert listing.count("Method = AES-256 Store") == len(MEMBERS)


def test_bsdtar_opens_the_encrypted_package(encrypted: Path, tmp_path: Path, program: Callable[[str], str]) -> None:
    (tmp_path / "out").mkdir()
    run(program("bsdtar"), "--passphrase", SECRET, "-xf", str(encrypted), "-C", str(tmp_path / "out"))
    assert unpacked(tmp_path / "out") == contents()


def test_pyzipper_opens_the_encrypted_package(encrypted: Path) -> None:
    with pyzipper.AESZipFile(encrypted) as archive:
        archive.setpassword(SECRET.encode())
        assert [archive.read(member.name) for member in MEMBERS] == contents()


@pytest.mark.parametrize("wrong", [SECRET[:-1] + "6", passphrase.new()], ids=["almost right", "another"])
def test_another_passphrase_opens_nothing(encrypted: Path, wrong: str) -> None:
    with pyzipper.AESZipFile(encrypted) as archive:
        archive.setpassword(wrong.encode())
        with pytest.raises((RuntimeError, pyzipper.BadZipFile)):
            [archive.read(member.name) for member in MEMBERS]


def test_an_accented_passphrase_opens_where_it_is_typed_composed(
    written: Callable[[ZipStream], Path], at: object, program: Callable[[str], str]
) -> None:
    body = Aes256("contrasen\u0303a-larga", seed=bytes(16))
    path = written(ZipStream(MEMBERS, at=at, body=body))  # type: ignore[arg-type]
    run(program("7z"), "t", "-pcontrase\u00f1a-larga", str(path))
