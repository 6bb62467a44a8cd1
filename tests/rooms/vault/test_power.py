"""Power loss and torn ends: what was not synced may be lost, whole or by pages, and must not be believed."""

import random
import secrets
import shutil
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rooms.vault.faulty import PowerLossFiles
from scanward.vault import FindingKind, FolderStorage, Keyring, MasterKey, NewObject, Stored, Vault, sealing
from scanward.vault.files import Files

MASTER = MasterKey(secrets.token_bytes(32))
Acknowledged = list[tuple[int, str, str, Stored]]


def work(files: PowerLossFiles, folder: Path, thread_count: int) -> Acknowledged:
    """Put small, several and large objects; remember at which moment each was acknowledged."""
    acknowledged: Acknowledged = []
    vault = Vault(FolderStorage(folder, files=files, part_size=60_000), Keyring(MASTER))

    def put(seed: int) -> None:
        chance, key = random.Random(seed), vault.new_key()
        for turn in range(6):
            sizes = [[chance.randint(0, 20_000)], [3000] * 3, [(1 << 20) + 9]][turn % 3]
            new = [NewObject(key, f"{seed}.{turn}.{n}", [chance.randbytes(s)], b"{}") for n, s in enumerate(sizes)]
            stored = vault.put(new)
            acknowledged.extend((files.now, key, n.identity, s) for n, s in zip(new, stored, strict=True))

    threads = [threading.Thread(target=put, args=(seed,)) for seed in range(thread_count)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    vault.close()
    return acknowledged


def judge(folder: Path, expected: Acknowledged) -> int:
    """After the power is back: all that was acknowledged is there, nothing is half there."""
    with Vault(FolderStorage(folder), Keyring(MASTER)) as vault:
        cut = vault.sweep().streams
        assert not list(vault.scrub())
        assert all(vault.verify(stored.locator, key, name) == stored for _, key, name, stored in expected)
        notes = {note.identity: note for note in vault.notes()}
        assert {name for _, _, name, _ in expected} <= notes.keys()
        assert all(vault.verify(n.stored.locator, n.key_id, n.identity) == n.stored for n in notes.values())
    return cut


@pytest.mark.parametrize("moments", [60, pytest.param(1500, marks=[pytest.mark.long, pytest.mark.timeout(7200)])])
def test_no_power_loss_takes_what_was_acknowledged(tmp_path: Path, monkeypatch, moments: int) -> None:
    """fault D2: at 60 moments or 1,500, each with another choice of what of the unsynced reached the disk"""
    monkeypatch.setattr(sealing, "_HELD", 1)
    files = PowerLossFiles()
    acknowledged = work(files, tmp_path / "vault", thread_count=2)
    chance, cut = random.Random(5), 0
    for seed in range(moments):
        moment = chance.randint(1, files.now)
        files.disk(moment, seed, tmp_path, tmp_path / "disk")
        expected = [found for found in acknowledged if found[0] <= moment]
        if (tmp_path / "disk" / "vault").is_dir():
            cut += judge(tmp_path / "disk" / "vault", expected)
        else:
            assert not expected
        shutil.rmtree(tmp_path / "disk")
    assert cut > 5


def test_the_power_loss_model_notices_a_missing_sync(tmp_path: Path) -> None:
    """The judge is worth something: without fdatasync it finds losses."""

    class Careless(PowerLossFiles):
        def sync_data(self, descriptor: int) -> None:
            pass

    files = Careless()
    acknowledged = work(files, tmp_path / "vault", thread_count=1)
    lost = 0
    for seed in range(5):
        files.disk(files.now, seed, tmp_path, tmp_path / f"disk{seed}")
        try:
            judge(tmp_path / f"disk{seed}" / "vault", acknowledged)
        except Exception:
            lost += 1
    assert lost


def pack_of(folder: Path) -> Path:
    [pack] = folder.glob("packs/*/00000000.pack")
    return pack


def filled(folder: Path, count: int = 4) -> list[tuple[str, Stored]]:
    """Write objects one by one and stop without closing, as a crash does."""
    vault = Vault(FolderStorage(folder), Keyring(MASTER))
    key = vault.new_key()
    stored = [(key, vault.put([NewObject(key, "1.2", [b"x" * 5000], b"{}")])[0]) for _ in range(count)]
    vault._storage.forget()
    return stored


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(1, 5100))
def test_a_torn_end_is_cut_wherever_it_tore(tmp_path_factory, cut: int) -> None:
    """fault D1"""
    folder = tmp_path_factory.mktemp("torn") / "vault"
    stored = filled(folder)
    pack = pack_of(folder)
    pack.write_bytes(pack.read_bytes()[:-cut])
    with Vault(FolderStorage(folder), Keyring(MASTER)) as vault:
        assert len(list(vault.notes())) == 3
        assert vault.sweep().streams == 1
        assert [vault.verify(found.locator, key, "1.2") for key, found in stored[:3]] == [s for _, s in stored[:3]]
        assert not list(vault.scrub())
        assert vault.sweep().streams == 0


def test_damage_in_what_was_durable_is_reported_and_never_cut(tmp_path: Path) -> None:
    """fault D5: a flipped bit before the end is no torn end; later objects stay, writing goes on."""
    stored = filled(tmp_path / "vault")
    pack = pack_of(tmp_path / "vault")
    body = bytearray(pack.read_bytes())
    body[3] ^= 1
    pack.write_bytes(body)
    with Vault(FolderStorage(tmp_path / "vault"), Keyring(MASTER)) as vault:
        vault.sweep()
        assert pack.read_bytes()[: len(body)] == bytes(body)
        assert [vault.verify(found.locator, key, "1.2") for key, found in stored[1:]] == [s for _, s in stored[1:]]
        vault.tombstone(b"more")
        findings = []
        assert len(list(vault.notes(on_damage=findings.append))) == 4
        assert [found.kind for found in findings] == [FindingKind.DAMAGED_HEADER]
        assert [found.kind for found in vault.scrub()] == [FindingKind.DAMAGED_HEADER]


def test_a_lost_part_is_found(tmp_path: Path) -> None:
    """fault D5"""
    with Vault(FolderStorage(tmp_path / "vault", part_size=1000), Keyring(MASTER)) as vault:
        for _ in range(3):
            vault.tombstone(b"x" * 2000)
        next(tmp_path.glob("vault/packs/*/00000001.pack")).unlink()
        assert [found.kind for found in vault.scrub()] == [FindingKind.MISSING_PART]


class SlowFiles(Files):
    """The first sync waits until told."""

    def __init__(self) -> None:
        self.syncs, self.begun, self.go_on = 0, threading.Event(), threading.Event()

    def sync_data(self, descriptor: int) -> None:
        self.syncs += 1
        self.begun.set()
        assert self.go_on.wait(240)
        super().sync_data(descriptor)


def test_all_writers_who_wait_share_one_sync(tmp_path: Path) -> None:
    files = SlowFiles()
    vault = Vault(FolderStorage(tmp_path / "vault", files=files), Keyring(MASTER))
    key = vault.new_key()
    put = lambda: vault.put([NewObject(key, "1.2", [b"x"], b"{}")])  # noqa: E731
    first = threading.Thread(target=put)
    first.start()
    assert files.begun.wait(240)
    others = [threading.Thread(target=put) for _ in range(8)]
    [thread.start() for thread in others]
    while len(vault._main._pending) < 8:
        threading.Event().wait(0.005)
    files.go_on.set()
    [thread.join() for thread in [first, *others]]
    assert files.syncs == 2
    assert len(list(vault.notes())) == 9
    vault.close()


def test_many_objects_of_one_put_take_one_sync(tmp_path: Path) -> None:
    files = SlowFiles()
    files.go_on.set()
    vault = Vault(FolderStorage(tmp_path / "vault", files=files), Keyring(MASTER))
    key = vault.new_key()
    vault.put([NewObject(key, str(n), [b"x" * 10_000], b"{}") for n in range(100)])
    assert files.syncs == 1
    vault.close()


def test_a_forked_child_writes_to_a_stream_of_its_own(tmp_path: Path) -> None:
    import os

    with Vault(FolderStorage(tmp_path / "vault"), Keyring(MASTER)) as vault:
        vault.tombstone(b"parent")
        child = os.fork()
        if not child:
            vault.tombstone(b"child")
            os._exit(0)
        vault.tombstone(b"parent again")
        assert os.waitpid(child, 0)[1] == 0
        assert sorted(note.note for note in vault.notes()) == [b"child", b"parent", b"parent again"]
        assert len({note.stored.locator.split(".")[1] for note in vault.notes()}) == 2
