"""Where the master key comes from, and what is refused."""

import base64
import os
import secrets
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.vault import Keyring, MasterKey, Reason, VaultError

SECRET = secrets.token_bytes(32)


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "master.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "form",
    [SECRET, SECRET.hex().encode() + b"\n", base64.b64encode(SECRET) + b"\r\n"],
    ids=["raw", "hex", "base64"],
)
def test_a_key_file_may_hold_raw_bytes_hex_or_base64(tmp_path: Path, form: bytes) -> None:
    assert MasterKey.from_file(key_file(tmp_path, form)) == MasterKey(SECRET)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """fault E9"""
    with pytest.raises(VaultError, match="chmod 600") as error:
        MasterKey.from_file(key_file(tmp_path, SECRET, mode))
    assert error.value.reason is Reason.MASTER


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SECRET[:31],
        SECRET + b"x",
        b"changeme",
        bytes(32),
        b"\xff" * 32,
        bytes(range(32)),
        bytes(range(31, -1, -1)),
        b"correct horse battery staple, 32",
        b"0" * 64,
        b"deadbeef" * 8,
        base64.b64encode(bytes(32)),
        base64.b64encode(b"scanward" * 4),
        secrets.token_bytes(5000),
    ],
    ids=lambda content: f"{len(content)} bytes",
)
def test_a_secret_that_was_not_drawn_at_random_is_refused(tmp_path: Path, content: bytes) -> None:
    """fault E9; the message never shows the secret."""
    with pytest.raises(VaultError, match="openssl rand") as error:
        MasterKey.from_file(key_file(tmp_path, content))
    assert len(content) < 8 or content.decode("latin1") not in str(error.value)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(VaultError, match=r"regular file|can't be read"):
            MasterKey.from_file(path)


def test_a_command_of_a_key_manager_gives_the_key() -> None:
    assert MasterKey.from_command([sys.executable, "-c", f"print({SECRET.hex()!r})"]) == MasterKey(SECRET)


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('no key')", "import time; time.sleep(9)"])
def test_a_command_that_gives_no_key_is_refused(program: str) -> None:
    with pytest.raises(VaultError) as error:
        MasterKey.from_command([sys.executable, "-c", program], seconds=0.7)
    assert error.value.reason is Reason.MASTER


def test_a_command_that_does_not_exist_is_refused() -> None:
    with pytest.raises(VaultError, match="did not run"):
        MasterKey.from_command(["/nonexistent/kms"])


def test_a_new_key_is_written_for_its_owner_only_and_never_over_another(tmp_path: Path) -> None:
    made = MasterKey.create(tmp_path / "master.key")
    assert os.stat(tmp_path / "master.key").st_mode & 0o777 == 0o600
    assert MasterKey.from_file(tmp_path / "master.key") == made
    with pytest.raises(FileExistsError):
        MasterKey.create(tmp_path / "master.key")


def test_a_master_key_does_not_show_itself() -> None:
    shown = repr(MasterKey(SECRET)) + str(MasterKey(SECRET))
    assert SECRET.hex() not in shown
    assert repr(SECRET)[2:12] not in shown


def test_a_ring_reads_what_previous_masters_wrapped_and_says_which_is_missing() -> None:
    old, new = MasterKey(SECRET), MasterKey(secrets.token_bytes(32))
    wrapped = Keyring(old).wrap("ab" * 16, b"k" * 32)
    assert Keyring(new, [old]).unwrap("ab" * 16, wrapped) == b"k" * 32
    with pytest.raises(VaultError, match=old.generation.hex()):
        Keyring(new).unwrap("ab" * 16, wrapped)


@given(at=st.integers(0, 71), bit=st.integers(0, 7))
def test_any_flip_in_a_wrapped_key_is_found(at: int, bit: int) -> None:
    """fault D5"""
    ring = Keyring(MasterKey(SECRET))
    wrapped = bytearray(ring.wrap("ab" * 16, b"k" * 32))
    wrapped[at] ^= 1 << bit
    with pytest.raises(VaultError):
        ring.unwrap("ab" * 16, bytes(wrapped))


def test_wrapped_keys_cannot_change_places() -> None:
    """fault D6"""
    ring = Keyring(MasterKey(SECRET))
    with pytest.raises(VaultError):
        ring.unwrap("cd" * 16, ring.wrap("ab" * 16, b"k" * 32))
