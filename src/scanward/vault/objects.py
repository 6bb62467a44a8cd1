"""What callers give to the vault and get from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from scanward.vault.digest import Digest
from scanward.vault.storage import Buffer


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object to keep. `identity` is bound to the bytes; `note` is what a lost index is rebuilt from.

    `digest` is for a caller who took it of the same bytes while they came in; else the vault takes it.
    """

    key_id: str
    identity: str
    chunks: Iterable[Buffer]
    note: bytes
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is durable. `size` in bytes, `sha256` as hex, `crc32` as ZIP has it."""

    locator: str
    size: int
    sha256: str
    crc32: int


@dataclass(frozen=True, slots=True)
class Note:
    """An index record as found in the vault. `at` is nanoseconds since 1970, rising within a stream.

    `position` is where to go on after this note (see `Vault.notes`).
    """

    stored: Stored
    key_id: str
    identity: str
    note: bytes
    at: int
    position: str


class FindingKind(StrEnum):
    """What scrub can find."""

    DAMAGED_DATA = "damaged-data"
    DAMAGED_NOTE = "damaged-note"
    DAMAGED_HEADER = "damaged-header"
    WRONG_HASH = "wrong-hash"
    DAMAGED_KEY = "damaged-key"
    MISSING_KEY = "missing-key"
    MISSING_PART = "missing-part"
    UNFINISHED_ERASURE = "unfinished-erasure"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: `where` is a locator, a key id or a part; never an identity."""

    kind: FindingKind
    where: str
    detail: str
