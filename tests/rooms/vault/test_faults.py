"""Every system call fails, once or for good: a clear error, nothing acknowledged lost, no restart needed."""

import errno
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from rooms.vault.faulty import FaultyFiles
from scanward.vault import FolderStorage, Keyring, MasterKey, NewObject, Reason, Stored, Vault, VaultError, sealing

MASTER = MasterKey(secrets.token_bytes(32))
SMALL, LARGE = b"small" * 2000, b"large!" * 200_000
Kept = dict[str, tuple[str, Stored]]


@pytest.fixture(autouse=True)
def _large_objects_begin_at_one_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_HELD", 1)


def keep(vault: Vault, kept: Kept, identity: str, body: bytes) -> None:
    """Make a key and an object; what returns is acknowledged."""
    key = vault.new_key()
    kept[identity] = key, vault.put([NewObject(key, identity, [body], b"{}")])[0]


def deeds(vault: Vault, kept: Kept, name: str) -> None:
    """Everything that writes."""
    for number, body in enumerate([SMALL, LARGE, SMALL, SMALL]):
        keep(vault, kept, f"{name}.{number}", body)
    vault.rotate(MASTER)
    vault.erase(vault.new_key())


def everything_is_there(vault: Vault, kept: Kept) -> bool:
    return all(vault.verify(stored.locator, key, name) == stored for name, (key, stored) in kept.items())


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def fail_at(folder: Path, number: int, code: int, *, lasting: bool) -> bool:
    """Run the deeds with the Nth call failing; return whether it came to that."""
    files, kept = FaultyFiles(), {}
    vault = Vault(FolderStorage(folder, files=files, part_size=20_000), Keyring(MASTER))
    keep(vault, kept, "before", SMALL)
    open_before = open_files()
    files.arm(number, code, lasting=lasting)
    with suppress(VaultError):
        deeds(vault, kept, "during")
    failed = files.failed
    files.disarm()
    assert everything_is_there(vault, kept)
    keep(vault, kept, "after", LARGE)
    keep(vault, kept, "last", SMALL)
    assert open_files() <= open_before
    vault.close()
    check_with_another(folder, kept)
    return bool(failed)


def check_with_another(folder: Path, kept: Kept) -> None:
    with Vault(FolderStorage(folder), Keyring(MASTER)) as another:
        another.sweep()
        assert everything_is_there(another, kept)
        assert not list(another.scrub())
        assert {name for name, _ in kept.items()} <= {note.identity for note in another.notes()}


ALWAYS = [(errno.ENOSPC, True), (errno.EIO, False)]
LONG = [(code, lasting) for code in (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.ENOMEM) for lasting in (True, False)]


@pytest.mark.parametrize(
    "code,lasting", [*ALWAYS, *(pytest.param(*pair, marks=pytest.mark.long) for pair in LONG if pair not in ALWAYS)]
)
def test_the_nth_call_fails(tmp_path: Path, code: int, lasting: bool) -> None:
    """faults D3, D4: N = 1 to the end"""
    number = 1
    while fail_at(tmp_path / "vault", number, code, lasting=lasting):
        number += 1
        shutil.rmtree(tmp_path / "vault")
    assert number > 60


@pytest.mark.parametrize("number", range(1, 50))
def test_a_vault_that_could_not_be_begun_can_be_begun_later(tmp_path: Path, number: int) -> None:
    """fault D3"""
    files, kept = FaultyFiles(), {}
    vault = Vault(FolderStorage(tmp_path / "vault", files=files), Keyring(MASTER))
    files.arm(number, errno.ENOSPC, lasting=True)
    with pytest.raises(VaultError, match="full"):
        deeds(vault, kept, "during")
    files.disarm()
    deeds(vault, kept, "after")
    vault.close()
    check_with_another(tmp_path / "vault", kept)


def test_a_full_disk_says_so(vault: Vault, tmp_path: Path) -> None:
    files = FaultyFiles()
    full = Vault(FolderStorage(tmp_path / "full", files=files), Keyring(MASTER))
    files.arm(1, errno.ENOSPC, lasting=True)
    with pytest.raises(VaultError, match="The vault's disk is full") as error:
        full.new_key()
    assert error.value.reason is Reason.FULL


def test_a_read_only_file_system_is_readable_and_says_why_it_takes_nothing(tmp_path: Path) -> None:
    """fault D9"""
    files, kept = FaultyFiles(), {}
    with Vault(FolderStorage(tmp_path / "vault"), Keyring(MASTER)) as vault:
        deeds(vault, kept, "before")

    class ReadOnly(FaultyFiles):
        def open(self, path: str, flags: int, mode: int = 0o600) -> int:
            if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return super().open(path, flags, mode)

    files = ReadOnly()
    vault = Vault(FolderStorage(tmp_path / "vault", files=files), Keyring(MASTER))
    assert everything_is_there(vault, kept)
    assert len(list(vault.notes())) == len(kept)
    assert not list(vault.scrub())
    for deed in (
        vault.new_key,
        vault.sweep,
        lambda: deeds(vault, {}, "x"),
        lambda: vault.erase(kept["before.0"][0]),
    ):
        with pytest.raises(VaultError, match="can't be written") as error:
            deed()
        assert error.value.reason is Reason.READ_ONLY


def test_a_caller_who_breaks_off_leaves_nothing_behind(vault: Vault, tmp_path: Path) -> None:
    key = vault.new_key()

    def broken(size: int):
        yield b"x" * size
        raise ConnectionError

    for size in (10, 9 << 20):
        with pytest.raises(ConnectionError):
            vault.put([NewObject(key, "1.2", broken(size), b"{}")])
    assert not list(vault.notes())
    assert vault.verify(vault.put([NewObject(key, "1.3", [b"y"], b"{}")])[0].locator, key, "1.3").size == 1
    assert not list(vault.scrub())
