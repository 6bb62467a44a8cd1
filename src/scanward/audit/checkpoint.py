"""Signed checkpoints (c2sp.org/tlog-checkpoint) in a folder outside, which someone else should keep.

A checkpoint says: at this size the ledger had this root. Whoever holds one can tell whether the ledger was
rewritten since, even by the administrator. The folder holds, and nothing in it is ever overwritten or
deleted:

    ledger.vkey                       the public keys, one in a line
    checkpoints/00000000000000001234  the signed note of size 1234
    tile/...                          hashes (see tiles.py)
"""

import fcntl
import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from scanward.audit.merkle import HASH_SIZE, CompactRange
from scanward.audit.note import BadNote, Signer, Verifier, check_name, open_note
from scanward.audit.tiles import TilesDamaged, TileWriter, write_durably

NOTES = "checkpoints"
VKEY = "ledger.vkey"
NAME_DIGITS = 20


class Refusal(StrEnum):
    """Why a checkpoint was not written."""

    FORK = "fork"
    SHRUNK = "shrunk"
    UNREADABLE = "unreadable"
    OTHER_LEDGER = "other_ledger"
    DAMAGED = "damaged"


class CheckpointRefused(Exception):
    """The state of the ledger was not signed; `reason` and the text say why."""

    def __init__(self, reason: Refusal, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Checkpoint:
    """The size and the root of a ledger."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the note's text."""
        return f"{check_name(self.origin)}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a note's text; lines after the third are extensions and are left alone.

        Raises:
            BadNote: it is not a checkpoint.
        """
        lines = text.split("\n")
        try:
            origin, size, root = lines[0], lines[1], b64decode(lines[2], validate=True)
        except (IndexError, NotBase64, ValueError):
            raise BadNote("The note is not a checkpoint.") from None
        decimal = size.isascii() and size.isdigit() and (size == "0" or size[0] != "0") and len(size) < NAME_DIGITS
        if not origin or not decimal or len(root) != HASH_SIZE:
            raise BadNote("The note is not a checkpoint.")
        return cls(origin, int(size), root)


def note_path(folder: Path, size: int) -> Path:
    """Return where the checkpoint of that size lies."""
    return folder / NOTES / f"{size:0{NAME_DIGITS}d}"


def note_paths(folder: Path) -> list[Path]:
    """Return the checkpoint files, by size."""
    return sorted(path for path in (folder / NOTES).glob("*") if not path.name.startswith("."))


def read_verifiers(vkeys: str) -> list[Verifier]:
    """Return the verifiers of one or more vkeys, one in a line; raises BadNote."""
    verifiers = [Verifier.from_vkey(line) for line in vkeys.split()]
    if not verifiers:
        raise BadNote("There is no verifier key.")
    return verifiers


def read_checkpoint(path: Path, verifiers: list[Verifier]) -> Checkpoint:
    """Return a checkpoint whose signature and file name fit.

    Raises:
        BadNote: they don't.
    """
    try:
        note = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        raise BadNote("The checkpoint file can't be read.") from None
    checkpoint = Checkpoint.from_text(open_note(note, verifiers))
    if path.name != note_path(path.parent, checkpoint.size).name:
        raise BadNote("The checkpoint file has the name of another size.")
    return checkpoint


def latest(folder: Path, verifiers: list[Verifier]) -> Checkpoint | None:
    """Return the checkpoint of the largest size, or None if there is none; raises BadNote."""
    paths = note_paths(folder)
    return read_checkpoint(paths[-1], verifiers) if paths else None


def publish(
    folder: Path,
    *,
    signer: Signer,
    head: CompactRange,
    leaves: Callable[[int, int], Iterator[bytes]],
    trusted: str = "",
) -> Checkpoint:
    """Sign the state of the ledger, if it continues the one that was signed last, and return the checkpoint.

    `leaves(start, end)` yields the leaf hashes of those entries. The compact range of the last checkpoint,
    extended by them, must be `head`: that is the consistency proof. A size that is signed already is not
    signed again.

    Raises:
        CheckpointRefused: the ledger shrank, or two histories would be signed (fault E4), or what is there
        can't be trusted. OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        checkpoint = Checkpoint(signer.name, head.size, head.root())
        last = _last(folder, signer, trusted)
        if last is not None:
            _check_successor(last, checkpoint)
            if last.size == checkpoint.size:
                return last
        _write_tiles(folder, last, head, leaves)
        note = signer.sign(checkpoint.text())
        _remember_key(folder, signer.verifier)
        write_durably(note_path(folder, head.size), note.encode(), replace=False)
        return checkpoint


def _last(folder: Path, signer: Signer, trusted: str) -> Checkpoint | None:
    try:
        known = [signer.verifier, *(read_verifiers(trusted) if trusted.strip() else [])]
        return latest(folder, known)
    except BadNote as error:
        raise CheckpointRefused(Refusal.UNREADABLE, f"The last checkpoint can't be trusted. {error}") from None


def _check_successor(last: Checkpoint, new: Checkpoint) -> None:
    if last.origin != new.origin:
        raise CheckpointRefused(Refusal.OTHER_LEDGER, "The folder holds the checkpoints of another ledger.")
    if new.size < last.size:
        raise CheckpointRefused(
            Refusal.SHRUNK,
            f"The ledger has {new.size} entries, but {last.size} were signed. Was an old backup restored?",
        )
    if new.size == last.size and new.root != last.root:
        raise _fork(last)


def _fork(last: Checkpoint) -> CheckpointRefused:
    return CheckpointRefused(
        Refusal.FORK,
        f"The ledger does not continue the one that was signed at {last.size} entries: its past was changed. "
        "Run `scanward audit verify` to see where.",
    )


def _write_tiles(
    folder: Path, last: Checkpoint | None, head: CompactRange, leaves: Callable[[int, int], Iterator[bytes]]
) -> None:
    """Extend the tiles from the last checkpoint to the head, once they were found to fit."""
    size = last.size if last else 0
    try:
        writer = TileWriter(folder, size)
    except TilesDamaged as error:
        raise CheckpointRefused(Refusal.DAMAGED, f"The hashes beside the last checkpoint: {error}") from None
    tree = writer.compact()
    if last and tree.root() != last.root:
        raise CheckpointRefused(Refusal.DAMAGED, "The hashes beside the last checkpoint do not give its root.")
    tree.extend(leaves(size, head.size))
    if tree.size != head.size or tree.root() != head.root():
        raise _fork(last or Checkpoint("", 0, b""))
    writer.extend(leaves(size, head.size))
    if writer.compact().root() != head.root():
        raise _fork(last or Checkpoint("", 0, b""))
    writer.finish()


def _remember_key(folder: Path, verifier: Verifier) -> None:
    """Add the public key to the file of public keys, if it is not there."""
    path = folder / VKEY
    known = path.read_text("utf-8") if path.is_file() else ""
    if verifier.vkey not in known.split():
        write_durably(path, f"{known}{verifier.vkey}\n".encode())


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one process at a time write to the folder."""
    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
