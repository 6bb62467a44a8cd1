"""What can go wrong with an S3 server, beside what the contract proves."""

import secrets
from collections.abc import Callable

import pytest

from ports import free_port
from scanward.vault import Keyring, MasterKey, NewObject, Reason, S3Storage, Vault, VaultError
from scanward.vault.ranged import _refuse_other

MASTER = MasterKey(secrets.token_bytes(32))


def test_a_server_that_is_away_is_told_and_one_that_is_back_is_used(bucket: Callable[[], S3Storage]) -> None:
    """fault D4: no restart of the vault is needed."""
    storage = bucket()
    vault, key_store = Vault(storage, Keyring(MASTER)), storage._store
    key = vault.new_key()
    first = vault.put([NewObject(key, "1", [b"x"], b"{}")])[0]
    away = S3Storage.connect("scans", endpoint=f"http://127.0.0.1:{free_port()}", access_key="a", secret_key="b")
    vault._main._tail._store = away._store
    with pytest.raises(VaultError) as error:
        vault.put([NewObject(key, "2", [b"y"], b"{}")])
    assert error.value.reason is Reason.UNAVAILABLE
    vault._main._tail._store = key_store
    third = vault.put([NewObject(key, "3", [b"z"], b"{}")])[0]
    assert [note.stored for note in vault.notes()] == [first, third]
    assert not list(vault.scrub())


def test_wrong_credentials_are_told(s3_server: str) -> None:
    storage = S3Storage.connect("scans", endpoint=s3_server, access_key="scanward", secret_key="wrong-secret")
    with pytest.raises(VaultError, match="credentials") as error:
        Vault(storage, Keyring(MASTER)).new_key()
    assert error.value.reason is Reason.READ_ONLY


def test_plain_http_is_taken_only_on_this_machine() -> None:
    """fault E9"""
    with pytest.raises(VaultError, match="https"):
        S3Storage.connect("scans", endpoint="http://objects.example.org", access_key="a", secret_key="b")


@pytest.mark.parametrize("answer", ["", "bytes 0-9/10", "bytes */10", "items 4-9/10"])
def test_an_answer_with_another_range_is_refused(answer: str) -> None:
    with pytest.raises(OSError, match="range"):
        _refuse_other(answer, 4)
