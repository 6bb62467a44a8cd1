"""What every backend must do, proven on a folder and on a real S3 server with the same tests."""

import hashlib
import secrets
import threading
import zlib
from collections.abc import Callable

import pytest

from scanward.vault import FindingKind, Keyring, MasterKey, NewObject, Reason, Storage, Vault, VaultError

Connect = Callable[[], Storage]
DATA = secrets.token_bytes(300_000)


def one(key_id: str, data: bytes = DATA, identity: str = "1.2.3", note: bytes = b"{}") -> list[NewObject]:
    return [NewObject(key_id, identity, [data], note)]


def test_small_objects_are_written_replaced_listed_and_deleted(connect: Connect) -> None:
    storage, name = connect(), "keys/" + "ab" * 16
    storage.put(name, b"first")
    storage.put(name, b"second")
    assert storage.get(name) == b"second"
    assert list(storage.names("keys/")) == [name]
    storage.delete(name)
    storage.delete(name)
    assert not storage.has(name)
    with pytest.raises(VaultError) as error:
        storage.get(name)
    assert error.value.reason is Reason.NOT_FOUND


def test_a_tail_keeps_what_was_sealed_in_its_parts(connect: Connect) -> None:
    storage = connect()
    tail = storage.claim()
    tail.room(6)
    number = tail.part
    tail.write([b"abc", b"def"])
    assert sum(part.length for part in storage.parts()) == 0
    tail.seal()()
    part = next(part for part in storage.parts() if part.number == number)
    assert (part.stream, part.length, bytes(storage.read(part, 2, 3))) == (tail.stream, 6, b"cde")
    assert bytes(storage.read(part, 4, 100)) == b"ef"
    tail.close()


def test_what_was_abandoned_is_never_seen(connect: Connect) -> None:
    storage = connect()
    tail = storage.claim()
    tail.room(4)
    tail.write([b"kept"])
    tail.seal()()
    tail.write([b"lost"])
    tail.abandon()
    tail.room(4)
    tail.write([b"next"])
    tail.seal()()
    tail.close()
    assert [bytes(storage.read(part, 0, 99)) for part in storage.parts()] == [b"kept", b"next"]


def test_two_writers_have_streams_of_their_own(connect: Connect) -> None:
    first, second = connect().claim(), connect().claim()
    assert first.stream != second.stream
    first.close()
    second.close()


def test_an_object_comes_back_as_it_was(anywhere: Vault) -> None:
    key = anywhere.new_key()
    stored = anywhere.put(one(key))[0]
    assert (stored.size, stored.sha256, stored.crc32) == (
        len(DATA),
        hashlib.sha256(DATA).hexdigest(),
        zlib.crc32(DATA),
    )
    with anywhere.open(stored.locator, key, "1.2.3") as file:
        assert file.read() == DATA
        assert file.seek(-10, 2) == len(DATA) - 10
        assert file.read() == DATA[-10:]
    assert anywhere.verify(stored.locator, key, "1.2.3") == stored


def test_large_and_small_objects_of_one_put_come_back_in_order(anywhere: Vault) -> None:
    key, large = anywhere.new_key(), secrets.token_bytes((6 << 20) + 17)
    pieces = [large[at : at + 700_001] for at in range(0, len(large), 700_001)]
    new = [
        NewObject(key, "a", [b"tiny"], b"1"),
        NewObject(key, "b", pieces, b"2"),
        NewObject(key, "c", [], b"3"),
    ]
    stored = anywhere.put(new)
    assert [found.size for found in stored] == [4, len(large), 0]
    with anywhere.open(stored[1].locator, key, "b") as file:
        file.seek(5 << 20)
        assert file.read(1000) == large[5 << 20 :][:1000]
        file.seek(0)
        assert file.read() == large
    assert not list(anywhere.scrub())


def test_many_threads_put_at_once(anywhere: Vault) -> None:
    key, kept = anywhere.new_key(), {}

    def work(name: str) -> None:
        for number in range(5):
            identity = f"{name}.{number}"
            kept[identity] = anywhere.put(one(key, identity.encode() * 1000, identity))[0]

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(kept) == 20
    assert all(anywhere.verify(stored.locator, key, identity) == stored for identity, stored in kept.items())


def test_another_identity_or_key_opens_nothing(anywhere: Vault) -> None:
    """fault D6"""
    key, other = anywhere.new_key(), anywhere.new_key()
    stored = anywhere.put(one(key))[0]
    for wrong_key, wrong_identity in [(key, "1.2.4"), (other, "1.2.3")]:
        with pytest.raises(VaultError) as error:
            anywhere.open(stored.locator, wrong_key, wrong_identity)
        assert error.value.reason is Reason.DAMAGED


def test_a_lost_index_is_rebuilt_from_notes(anywhere: Vault, connect: Connect, master: MasterKey) -> None:
    """fault D7"""
    key = anywhere.new_key()
    stored = [anywhere.put(one(key, b"x" * size, f"1.{size}", b"note %d" % size))[0] for size in (0, 1, 5 << 20, 9)]
    anywhere.close()
    notes = list(Vault(connect(), Keyring(master)).notes())
    assert [note.stored for note in notes] == stored
    assert [note.identity for note in notes] == ["1.0", "1.1", f"1.{5 << 20}", "1.9"]
    assert notes[1].note == b"note 1"
    assert {note.key_id for note in notes} == {key}


def test_notes_go_on_after_a_position(anywhere: Vault) -> None:
    key = anywhere.new_key()
    for number in range(4):
        anywhere.put(one(key, identity=str(number)))
    seen = list(anywhere.notes())
    assert not list(anywhere.notes(after=seen[-1].position))
    anywhere.put(one(key, b"z" * (5 << 20), "large"))
    anywhere.tombstone(b"a fact", key_id=key)
    assert [note.identity for note in anywhere.notes(after=seen[1].position)] == ["2", "3", "large", ""]
    assert [note.identity for note in anywhere.notes(after=seen[-1].position)] == ["large", ""]


def test_a_tombstone_keeps_a_fact_without_an_object(anywhere: Vault) -> None:
    stored = anywhere.tombstone(b'{"study": "moved"}')
    assert [(note.note, note.stored) for note in anywhere.notes()] == [(b'{"study": "moved"}', stored)]


def test_an_erased_study_is_gone_also_from_notes(anywhere: Vault, connect: Connect, master: MasterKey) -> None:
    """fault D14"""
    gone, kept = anywhere.new_key(), anywhere.new_key()
    lost = anywhere.put(one(gone))[0]
    anywhere.put(one(kept, identity="kept"))
    anywhere.erase(gone)
    for vault in (anywhere, Vault(connect(), Keyring(master))):
        with pytest.raises(VaultError) as error:
            vault.open(lost.locator, gone, "1.2.3")
        assert error.value.reason is Reason.ERASED
        assert [note.identity for note in vault.notes()] == ["kept"]
    with pytest.raises(VaultError):
        anywhere.put(one(gone))
    assert not list(anywhere.scrub())


def test_rotation_rewraps_every_key_once(anywhere: Vault, connect: Connect, master: MasterKey) -> None:
    keys = [anywhere.new_key() for _ in range(3)]
    stored = [anywhere.put(one(key))[0] for key in keys]
    new = MasterKey(secrets.token_bytes(32))
    assert [anywhere.rotate(new), anywhere.rotate(new)] == [3, 0]
    with_new = Vault(connect(), Keyring(new))
    assert all(with_new.verify(kept.locator, key, "1.2.3") == kept for kept, key in zip(stored, keys, strict=True))
    with pytest.raises(VaultError) as error:
        Vault(connect(), Keyring(master)).open(stored[0].locator, keys[0], "1.2.3")
    assert error.value.reason is Reason.KEY


def test_scrub_finds_a_flip_in_a_wrapped_key_and_a_missing_key(anywhere: Vault, connect: Connect) -> None:
    """fault D5"""
    storage, damaged, missing = connect(), anywhere.new_key(), anywhere.new_key()
    [anywhere.put(one(key)) for key in (damaged, missing)]
    wrapped = storage.get(f"keys/{damaged}")
    storage.put(f"keys/{damaged}", wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    storage.delete(f"keys/{missing}")
    anywhere._keys._cache.clear()
    assert {(found.kind, found.where) for found in anywhere.scrub() if len(found.where) == 32} == {
        (FindingKind.DAMAGED_KEY, damaged)
    }
    assert sum(found.kind is FindingKind.MISSING_KEY for found in anywhere.scrub()) == 2
    assert not any("1.2.3" in found.detail for found in anywhere.scrub())
