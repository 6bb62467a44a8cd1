"""Wrapping of data keys by key-encryption keys, of which several generations stay readable."""

import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanward.vault.errors import Reason, VaultError
from scanward.vault.master import MasterKey

_MAGIC = b"SWK1"
WRAPPED = len(_MAGIC) + 8 + 12 + 32 + 16


class Keyring:
    """The current master key, which wraps, and previous ones, which still unwrap.

    A wrapped key is: magic (4), generation of the master (8), nonce (12), AES-256-GCM of the data key (32 +
    16); the key's id and the generation are associated data, so wrapped keys can't change places.
    """

    def __init__(self, current: MasterKey, previous: Sequence[MasterKey] = ()) -> None:
        self.current = current
        self._ciphers = {master.generation: AESGCM(master.derive("kek")) for master in (*previous, current)}

    def adopt(self, master: MasterKey) -> None:
        """Make a new master current; the ones before stay readable."""
        self._ciphers[master.generation] = AESGCM(master.derive("kek"))
        self.current = master

    def wrap(self, key_id: str, key: bytes) -> bytes:
        """Wrap a data key with the current generation."""
        generation, nonce = self.current.generation, secrets.token_bytes(12)
        sealed = self._ciphers[generation].encrypt(nonce, key, _bound(key_id, generation))
        return _MAGIC + generation + nonce + sealed

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Return the data key. Raises: VaultError (KEY) if it is damaged or its master is not here."""
        if len(wrapped) != WRAPPED or wrapped[:4] != _MAGIC:
            raise VaultError(Reason.KEY, f"The wrapped key {key_id} is damaged. Restore it from a backup.")
        generation = wrapped[4:12]
        cipher = self._ciphers.get(generation)
        if cipher is None:
            raise VaultError(
                Reason.KEY,
                f"The key {key_id} is wrapped by master key {generation.hex()}, which is not here. Add it.",
            )
        try:
            return cipher.decrypt(wrapped[12:24], wrapped[24:], _bound(key_id, generation))
        except InvalidTag:
            raise VaultError(Reason.KEY, f"The wrapped key {key_id} is damaged. Restore it from a backup.") from None

    def is_current(self, wrapped: bytes) -> bool:
        """Tell whether a wrapped key is already under the current master."""
        return wrapped[:12] == _MAGIC + self.current.generation


def _bound(key_id: str, generation: bytes) -> bytes:
    return b"scanward data key\x00" + key_id.encode() + generation
