"""`kill -9` at seeded random points; SCANWARD_TEST_KILL_POINTS=1000 for more, SCANWARD_TEST_KILL_SEED=n for one."""

import secrets
from pathlib import Path

import pytest

import kill_runner
from kill_runner import Killed
from scanward.vault import FolderStorage, Keyring, MasterKey, NewObject, Stored, Vault

CHILD = str(Path(__file__).with_name("kill_child.py"))


def open_vault(folder: Path, *masters: bytes) -> Vault:
    keys = [MasterKey(master) for master in masters]
    return Vault(FolderStorage(folder, part_size=3 << 20), Keyring(keys[0], keys[1:]))


def test_nothing_acknowledged_is_lost_when_writers_are_killed(tmp_path: Path) -> None:
    """fault D1: three processes of three threads write to one vault; each is killed at a random point."""
    master, acknowledged = secrets.token_bytes(32), {}

    def judge(killed: Killed) -> None:
        with open_vault(tmp_path / "vault", master) as vault:
            vault.sweep()
            for line in killed.acknowledged:
                locator, key_id, identity, sha256 = line.split()
                assert vault.verify(locator, key_id, identity).sha256 == sha256, f"seed {killed.seed}"
                acknowledged[identity] = locator

    command = [CHILD, str(tmp_path / "vault"), master.hex(), "put"]
    kill_runner.kill_many(lambda seed: command, judge, kill_runner.points(60), together=3)
    assert acknowledged
    with open_vault(tmp_path / "vault", master) as vault:
        vault.sweep()
        assert not list(vault.scrub())
        notes = {note.identity: note for note in vault.notes()}
        assert acknowledged.items() <= {name: note.stored.locator for name, note in notes.items()}.items()
        assert all(vault.verify(n.stored.locator, n.key_id, n.identity) == n.stored for n in notes.values())
    assert not list((tmp_path / "vault" / "tmp").iterdir())


def filled(vault: Vault, count: int) -> dict[str, Stored]:
    keys = [vault.new_key() for _ in range(count)]
    return {key: vault.put([NewObject(key, "1.2", [key.encode()], b"{}")])[0] for key in keys}


def test_a_killed_rotation_is_taken_up_again(tmp_path: Path) -> None:
    """fault D8: at every point all keys are readable with both masters, and a second run ends the work."""
    old = secrets.token_bytes(32)
    with open_vault(tmp_path / "vault", old) as vault:
        stored = filled(vault, 60)
    for seed in range(1, kill_runner.points(60) // 10 + 1):
        new = secrets.token_bytes(32)
        command = [CHILD, str(tmp_path / "vault"), f"{new.hex()},{old.hex()}", "rotate"]
        kill_runner.kill_once(command, seed, most_lines=1, linger=0.3)
        with open_vault(tmp_path / "vault", new, old) as vault:
            assert all(vault.verify(found.locator, key, "1.2") == found for key, found in stored.items())
            vault.sweep()
            vault.rotate(MasterKey(new))
        old = new
    with open_vault(tmp_path / "vault", old) as vault:
        assert not list(vault.scrub())


def test_a_killed_erasure_is_finished_by_the_sweep(tmp_path: Path) -> None:
    """fault D8: what was acknowledged as erased stays erased; nothing else is touched."""
    master = secrets.token_bytes(32)
    with open_vault(tmp_path / "vault", master) as vault:
        stored = filled(vault, 40)
    for seed in range(1, kill_runner.points(60) // 15 + 1):
        doomed = list(stored)[:10]
        killed = kill_runner.kill_once(
            [CHILD, str(tmp_path / "vault"), master.hex(), "erase", *doomed], seed, most_lines=6
        )
        with open_vault(tmp_path / "vault", master) as vault:
            vault.sweep()
            assert all(vault.is_erased(key) for key in killed.acknowledged)
            for key in [key for key in stored if vault.is_erased(key)]:
                with pytest.raises(Exception, match="erased"):
                    vault.verify(stored.pop(key).locator, key, "1.2")
            assert all(vault.verify(found.locator, key, "1.2") == found for key, found in stored.items())
            assert not list(vault.scrub())
