"""The opaque string by which the archive remembers where an object lies."""

import re
from dataclasses import dataclass

from scanward.vault.errors import Reason, VaultError
from scanward.vault.storage import Place

_FORM = re.compile(r"v1\.([0-9a-f]{16})\.([0-9a-f]{1,8})\.([0-9a-f]{1,12})\.([0-9a-f]{1,13})")
_KEY_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Locator:
    """Stream, part, offset and plain size; it says nothing about the patient."""

    place: Place
    size: int

    def __str__(self) -> str:
        return f"v1.{self.place.stream}.{self.place.part:x}.{self.place.offset:x}.{self.size:x}"

    @classmethod
    def parse(cls, text: str) -> "Locator":
        """Read a locator. Raises: VaultError (LOCATOR)."""
        found = _FORM.fullmatch(text)
        if not found:
            raise VaultError(Reason.LOCATOR, "This is not a locator of the vault.")
        stream, part, offset, size = found.groups()
        return cls(Place(stream, int(part, 16), int(offset, 16)), int(size, 16))


def checked_key_id(key_id: str) -> str:
    """Return a key id that is safe as a name. Raises: VaultError (KEY)."""
    if not _KEY_ID.fullmatch(key_id):
        raise VaultError(Reason.KEY, "A key id has 32 hexadecimal digits.")
    return key_id
