"""One data key per study: made, found, rewrapped, destroyed."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from scanward.vault.errors import Reason, VaultError
from scanward.vault.keyring import Keyring
from scanward.vault.locator import checked_key_id
from scanward.vault.master import MasterKey
from scanward.vault.storage import Storage

_CACHED = 4096
_KEYS, _ERASED = "keys/", "erased/"


@dataclass(frozen=True, slots=True)
class _Cached:
    key: bytes
    until: float


class StudyKeys:
    """Wrapped data keys in the storage, each an object of its own, so that one can be destroyed alone."""

    def __init__(self, storage: Storage, keyring: Keyring) -> None:
        self._storage, self._keyring = storage, keyring
        self._cache: dict[str, _Cached] = {}

    def new(self) -> str:
        """Draw a data key and store it wrapped, durably; return its id."""
        key_id, key = secrets.token_hex(16), secrets.token_bytes(32)
        self._storage.put(_KEYS + key_id, self._keyring.wrap(key_id, key))
        self._remember(key_id, key)
        return key_id

    def get(self, key_id: str) -> bytes:
        """Return a data key. Raises: VaultError (ERASED, KEY)."""
        cached = self._cache.get(checked_key_id(key_id))
        if cached and self._still_there(key_id, cached):
            return cached.key
        self._cache.pop(key_id, None)
        key = self._keyring.unwrap(key_id, self._wrapped(key_id))
        self._remember(key_id, key)
        return key

    def is_erased(self, key_id: str) -> bool:
        """Tell whether a study's key was destroyed on purpose."""
        return self._storage.has(_ERASED + checked_key_id(key_id))

    def erase(self, key_id: str) -> None:
        """Destroy a key: tombstone first, so that a crash in between is finished by `finish_erasures`."""
        if not self.is_erased(key_id):
            if not self._storage.has(_KEYS + key_id):
                raise VaultError(Reason.KEY, f"There is no key {key_id}.")
            self._storage.put(_ERASED + key_id, b"erased\n")
        self._cache.pop(key_id, None)
        self._storage.delete(_KEYS + key_id)

    def finish_erasures(self) -> int:
        """Destroy keys whose tombstone was written but whose file is still there."""
        left = [key_id for key_id in self.erased() if self._storage.has(_KEYS + key_id)]
        for key_id in left:
            self._storage.delete(_KEYS + key_id)
        return len(left)

    def rotate(self, master: MasterKey) -> int:
        """Rewrap every key that is not yet under the new master; after a crash run it until it returns 0."""
        self._keyring.adopt(master)
        return sum(self._rewrap(key_id) for key_id in self.ids())

    def ids(self) -> Iterator[str]:
        """List the keys."""
        return (name.removeprefix(_KEYS) for name in self._storage.names(_KEYS))

    def erased(self) -> Iterator[str]:
        """List the tombstones."""
        return (name.removeprefix(_ERASED) for name in self._storage.names(_ERASED))

    def check(self, key_id: str) -> None:
        """Read a key anew from the storage. Raises: VaultError."""
        self._keyring.unwrap(key_id, self._wrapped(key_id))

    def _rewrap(self, key_id: str) -> bool:
        if self.is_erased(key_id):
            return False
        wrapped = self._wrapped(key_id)
        if self._keyring.is_current(wrapped):
            return False
        self._storage.put(_KEYS + key_id, self._keyring.wrap(key_id, self._keyring.unwrap(key_id, wrapped)))
        if self.is_erased(key_id):  # erased while we rewrapped: the tombstone wins
            self._storage.delete(_KEYS + key_id)
        return True

    def _wrapped(self, key_id: str) -> bytes:
        if self.is_erased(key_id):
            raise VaultError(Reason.ERASED, "This study was erased; its data can't be read any more.")
        try:
            return self._storage.get(_KEYS + key_id)
        except VaultError as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            raise VaultError(
                Reason.KEY, f"The key {key_id} is missing. Restore the vault's keys from a backup."
            ) from None

    def _still_there(self, key_id: str, cached: _Cached) -> bool:
        if self._storage.key_seconds:
            return time.monotonic() < cached.until
        return not self.is_erased(key_id)

    def _remember(self, key_id: str, key: bytes) -> None:
        if len(self._cache) >= _CACHED:
            self._cache.clear()
        self._cache[key_id] = _Cached(key, time.monotonic() + self._storage.key_seconds)
