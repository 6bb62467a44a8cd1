"""The stored rows in the order of the ledger, a few at a time: a ledger of any length needs little memory."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db import connection

from scanward.audit.event import leaf_of
from scanward.audit.merkle import HASH_SIZE, CompactRange

CHUNK = 2000
INDEXED = ("at", "kind", "outcome", "actor_id", "patient_id", "subject_kind", "subject_id")


class Row(NamedTuple):
    """One row as it is stored, whatever somebody made of it: nothing is converted on the way."""

    seq: int
    leaf: bytes
    body: str
    columns: tuple[str, ...]
    actual: bytes  # the leaf hash that the number and the body give

    def leaf_at(self, number: int) -> bytes:
        """Return the leaf hash that the body would give under that number."""
        return self.actual if number == self.seq else leaf_of(number, self.body)

    def wrong_columns(self) -> list[str]:
        """Return which columns say something else than the body, which is the record."""
        try:
            expected = index_of(json.loads(self.body))
        except (ValueError, KeyError, TypeError):
            return ["body"]
        return [name for name, a, b in zip(INDEXED, self.columns, expected, strict=True) if a != b]


def index_of(content: Any) -> tuple[str, ...]:
    """Return what the columns have to say for a body with this content."""
    at, subject = content["at"], content["subject"]
    moment = f"{at[:10]} {at[11:26]}"
    person, patient = content["actor"]["id"], subject["patient"]
    return moment, content["kind"], str(content["outcome"]), person, patient, subject["kind"], subject["id"]


def rows(start: int = 0) -> Iterator[Row]:
    """Yield the rows from entry `start` on."""
    blobs = connection.vendor == "sqlite"
    # On SQLite a column takes any type: as blobs, nothing in it can make the reading fail.
    at = "CAST(at AS BLOB)" if blobs else "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    texts = ", ".join(f"CAST({name} AS {'BLOB' if blobs else 'text'})" for name in ("body", *INDEXED[1:]))
    leaf = "CAST(leaf AS BLOB)" if blobs else "leaf"
    query = f"SELECT seq, {leaf}, {at}, {texts} FROM audit_entry WHERE seq >= %s ORDER BY seq"  # noqa: S608  constants
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, [start])
        while chunk := cursor.fetchmany(CHUNK):
            for seq, stored_leaf, moment, body, *index in chunk:
                columns = (_moment(_text(moment)), *map(_text, index))
                yield Row(seq, bytes(stored_leaf or b""), _text(body), columns, leaf_of(seq, _text(body)))


def recomputed_leaves(start: int, end: int) -> Iterator[bytes]:
    """Yield the leaf hashes of entries start to end - 1 as their bodies give them, up to the first gap."""
    for expected, row in zip(range(start, end), rows(start), strict=False):
        if row.seq != expected:
            return
        yield row.actual


class LedgerNodes:
    """The roots of perfect subtrees, from the stored entries: what `merkle`'s proofs ask for."""

    def __init__(self, read: Callable[[int, int], Iterator[bytes]] = recomputed_leaves) -> None:
        self._read = read

    def __call__(self, level: int, index: int) -> bytes:
        """Return the root of the 2**level leaves that begin at leaf index * 2**level.

        Raises:
            ValueError: the ledger has no such entries.
        """
        tree = CompactRange()
        tree.extend(self._read(index << level, (index + 1) << level))
        if tree.size != 1 << level or len(tree.hashes[0]) != HASH_SIZE:
            raise ValueError("The ledger has no such entries.")
        return tree.hashes[0]


def _text(value: Any) -> str:
    if value is None:
        return "\x00"
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "surrogateescape")


def _moment(text: str) -> str:
    """Return the time with microseconds; SQLite's text leaves them out when they are zero."""
    return text if "." in text else f"{text}.000000"
