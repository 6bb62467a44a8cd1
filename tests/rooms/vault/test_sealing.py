"""Sealed bytes: whatever is flipped, swapped, reordered, cut or moved is found, and never served."""

import hashlib
import json
import secrets
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanward.vault import Digest, FindingKind, FolderStorage, Keyring, MasterKey, NewObject, Reason, Vault, VaultError
from scanward.vault.locator import Locator
from scanward.vault.record import HEADER, SEGMENT, TAG, Header, sealed_size
from scanward.vault.sealing import _segments
from scanward.vault.storage import Place

PIECE = SEGMENT + TAG
LONG = secrets.token_bytes(3 * SEGMENT + 100)


def pack_of(folder: Path) -> Path:
    [pack] = folder.glob("vault/packs/*/00000000.pack")
    return pack


def change(pack: Path, at: int, new: bytes) -> None:
    with pack.open("r+b") as file:
        file.seek(at)
        file.write(new)


def refuses(vault: Vault, locator: str, key_id: str, identity: str = "1.2.3") -> bool:
    with pytest.raises(VaultError) as error:
        vault.verify(locator, key_id, identity)
    return error.value.reason is Reason.DAMAGED


@given(st.lists(st.integers(0, 3 * SEGMENT).map(bytes), max_size=5))
@settings(max_examples=30, deadline=None)
def test_chunks_of_any_size_become_whole_segments_and_a_last_one(chunks: list[bytes]) -> None:
    pieces = [(bytes(data), last) for data, last in _segments(chunks)]
    assert b"".join(data for data, _ in pieces) == b"".join(chunks)
    assert all(len(data) == SEGMENT for data, _ in pieces[:-1])
    assert [last for _, last in pieces] == [False] * (len(pieces) - 1) + [True]
    assert sum(len(data) + TAG for data, _ in pieces) == sealed_size(sum(map(len, chunks)))


def test_a_caller_may_use_its_buffer_again(vault: Vault) -> None:
    key, buffer = vault.new_key(), bytearray(5000)

    def chunks():
        for number in range(4):
            buffer[:] = bytes([number]) * 5000
            yield memoryview(buffer)

    stored = vault.put([NewObject(key, "1.2", chunks(), b"{}")])[0]
    expected = b"".join(bytes([number]) * 5000 for number in range(4))
    assert (stored.sha256, stored.crc32) == (hashlib.sha256(expected).hexdigest(), zlib.crc32(expected))


@settings(max_examples=25, deadline=None)
@given(seeks=st.lists(st.tuples(st.integers(0, len(LONG) + 10), st.integers(0, 2 * SEGMENT)), min_size=1, max_size=6))
def test_seeking_and_reading_are_those_of_a_file(tmp_path_factory, seeks: list[tuple[int, int]]) -> None:
    master = MasterKey(secrets.token_bytes(32))
    with Vault(FolderStorage(tmp_path_factory.mktemp("seek")), Keyring(master)) as vault:
        key = vault.new_key()
        stored = vault.put([NewObject(key, "1.2", [LONG], b"{}")])[0]
        with vault.open(stored.locator, key, "1.2") as file:
            for at, count in seeks:
                file.seek(at)
                assert file.read(count) == LONG[at : at + count]
                assert file.tell() == max(at, min(at + count, max(at, len(LONG)))) or at > len(LONG)


@settings(max_examples=60, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_record_is_found(tmp_path_factory, at: float, bit: int) -> None:
    """fault D5: in data, tags, note or header; by reading or by scrub"""
    folder, master = tmp_path_factory.mktemp("flip"), MasterKey(secrets.token_bytes(32))
    with Vault(FolderStorage(folder / "vault"), Keyring(master)) as vault:
        key = vault.new_key()
        first = vault.put([NewObject(key, "1.2.3", [b"x" * 300], b'{"note": 1}')])[0]
        end = pack_of(folder).stat().st_size
        second = vault.put([NewObject(key, "1.2.4", [b"y" * 300], b"{}")])[0]
        place = int(at * end)
        change(pack_of(folder), place, bytes([pack_of(folder).read_bytes()[place] ^ 1 << bit]))
        assert [found.kind for found in vault.scrub()]
        assert all("1.2.3" not in found.detail + found.where for found in vault.scrub())
        if HEADER <= place < HEADER + 300 + TAG:
            assert refuses(vault, first.locator, key)
        assert vault.verify(second.locator, key, "1.2.4") == second


def test_segments_can_not_change_places(vault: Vault, put, tmp_path: Path) -> None:
    key = vault.new_key()
    stored, pack = put(LONG, key_id=key), pack_of(tmp_path)
    one, two = (pack.read_bytes()[HEADER + n * PIECE :][:PIECE] for n in (0, 1))
    change(pack, HEADER, two + one)
    assert refuses(vault, stored.locator, key)
    assert [found.kind for found in vault.scrub()] == [FindingKind.DAMAGED_DATA]


@pytest.mark.parametrize("size", [SEGMENT, 2 * SEGMENT, 3 * SEGMENT, 3 * SEGMENT + 99, 3 * SEGMENT + 101, 0])
def test_an_object_can_not_be_made_shorter_or_longer(vault: Vault, put, tmp_path: Path, size: int) -> None:
    """A header and a locator that agree on another size do not help: the last segment says that it is the last."""
    key = vault.new_key()
    place = Locator.parse(put(LONG, key_id=key).locator).place
    header = Header.unpack(pack_of(tmp_path).read_bytes()[:HEADER])
    forged = Header(header.kind, key, header.salt, size, 0, None, header.footer)
    change(pack_of(tmp_path), 0, forged.pack())
    assert refuses(vault, str(Locator(place, size)), key)


def test_a_record_put_in_the_place_of_another_is_found(vault: Vault, put, tmp_path: Path) -> None:
    """fault D6: even whole records of one patient, with headers and notes, can't change places."""
    key = vault.new_key()
    one, two = put(b"a" * 500, "1.1", key), put(b"b" * 500, "1.2", key)
    body = pack_of(tmp_path).read_bytes()
    middle = Locator.parse(two.locator).place.offset
    pack_of(tmp_path).write_bytes(body[middle:] + body[:middle])
    assert refuses(vault, one.locator, key, "1.1")
    assert [found.kind for found in vault.scrub()] == [FindingKind.DAMAGED_NOTE] * 2


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "v1.x.0.0.0", "v2" + ".0" * 4, "v1.0123456789abcdef.0.0.0\n"])
def test_what_is_no_locator_is_refused(vault: Vault, text: str) -> None:
    key = vault.new_key()
    with pytest.raises(VaultError) as error:
        vault.open(text, key, "1.2")
    assert error.value.reason is Reason.LOCATOR


def test_a_locator_that_leads_nowhere_is_refused(vault: Vault, put) -> None:
    key = vault.new_key()
    stored = Locator.parse(put(b"x", key_id=key).locator)
    for place in (Place("0" * 16, 0, 0), Place(stored.place.stream, 0, 1 << 40), Place(stored.place.stream, 0, 7)):
        with pytest.raises(VaultError) as error:
            vault.open(str(Locator(place, 1)), key, "1.2.3")
        assert error.value.reason in {Reason.NOT_FOUND, Reason.DAMAGED}


@pytest.mark.parametrize("key_id", ["", "../x", "AB" * 16, "ab" * 15, "ab" * 16 + "\n"])
def test_what_is_no_key_id_is_refused(vault: Vault, key_id: str) -> None:
    for deed in (vault.erase, vault.is_erased, lambda key: vault.put([NewObject(key, "1", [b"x"], b"")])):
        with pytest.raises(VaultError) as error:
            deed(key_id)
        assert error.value.reason is Reason.KEY


def test_nothing_about_a_patient_can_be_read_on_the_disk(vault: Vault, put, tmp_path: Path) -> None:
    """fault D14: data, identity and note are all sealed; after erasure the wrapped key is gone too."""
    key = vault.new_key()
    put(b"CANARY-DATA" * 50, "CANARY-IDENTITY", key, json.dumps({"name": "CANARY-NOTE"}).encode())
    wrapped = (tmp_path / "vault" / "keys" / key).read_bytes()
    vault.erase(key)
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"CANARY" not in everything
    assert wrapped[12:] not in everything
    assert not any("CANARY" in str(path) for path in tmp_path.rglob("*"))


MEMORY = """
import resource, sys
from pathlib import Path
from scanward.vault import FolderStorage, Keyring, MasterKey, NewObject, Vault
size, folder = int(sys.argv[1]), Path(sys.argv[2])
vault = Vault(FolderStorage(folder), Keyring(MasterKey(bytes.fromhex(sys.argv[3]))))
key, piece = vault.new_key(), bytes(range(256)) * 1024
new = lambda count: NewObject(key, "1", (piece for _ in range(count)), b"")
run = lambda count: vault.verify(vault.put([new(count)])[0].locator, key, "1")
run(64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stored = run(size // len(piece))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, stored.size)
"""


@pytest.mark.parametrize("mib", [96, pytest.param(1024, marks=pytest.mark.long)])
def test_memory_does_not_grow_with_an_object(tmp_path: Path, mib: int) -> None:
    command = [sys.executable, "-c", MEMORY, str(mib << 20), str(tmp_path / "vault"), secrets.token_hex(32)]
    grown, size = map(int, subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())
    assert size == mib << 20
    assert grown < 4 << 10  # KiB


def test_a_digest_of_other_bytes_is_refused(vault: Vault) -> None:
    key = vault.new_key()
    with pytest.raises(ValueError, match="not of these bytes"):
        vault.put([NewObject(key, "1.2", [b"four"], b"{}", Digest(b"three"))])
    stored = vault.put([NewObject(key, "1.2", [b"fo", b"ur"], b"{}", Digest(b"four"))])[0]
    assert stored == vault.verify(stored.locator, key, "1.2")
