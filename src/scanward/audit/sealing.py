"""Signing the state of the ledger, and proving a single entry to somebody who has a checkpoint."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from scanward.audit.actions import read_head, record
from scanward.audit.checkpoint import (
    VKEY,
    Checkpoint,
    CheckpointRefused,
    latest,
    note_path,
    publish,
    read_verifiers,
)
from scanward.audit.event import ActorRef, Place, SubjectRef, entry_bytes, leaf_of
from scanward.audit.kinds import Channel, EventKind, Outcome, SubjectKind
from scanward.audit.merkle import inclusion_proof
from scanward.audit.models import Entry
from scanward.audit.note import Signer, check_name, read_seed
from scanward.audit.reading import recomputed_leaves
from scanward.audit.tiles import TileNodes
from scanward.law.purpose import PurposeOfUse

COMMAND = Place("", channel=Channel.COMMAND)


class NotProvable(Exception):
    """There is no such entry, or no checkpoint covers it yet."""


@dataclass(frozen=True)
class Proof:
    """That one entry stands in the ledger, for anyone with the public key: RFC 6962, section 2.1.1."""

    seq: int
    entry: bytes
    size: int
    hashes: list[bytes]
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return the proof as JSON; docs/why/ledger.md says how it is checked."""
        return {
            "index": self.seq,
            "entry": b64encode(self.entry).decode(),
            "size": self.size,
            "hashes": [b64encode(value).decode() for value in self.hashes],
            "checkpoint": self.note,
        }


def signer_for(folder: Path, key_file: Path) -> Signer:
    """Return the signer under the name that the folder's ledger has, or under a new name made from the key.

    Raises:
        BadNote: the key file is missing, damaged or readable by others, or the folder's public key is
        damaged.
    """
    key = read_seed(key_file)
    known = folder / VKEY
    if known.is_file():
        return Signer(read_verifiers(known.read_text("utf-8"))[0].name, key)
    return Signer(check_name(_name_of(key)), key)


def write_checkpoint(
    folder: Path, key_file: Path, *, now: datetime, actor: ActorRef | None = None, place: Place = COMMAND
) -> Checkpoint:
    """Sign the ledger as it is now, keep the checkpoint in the folder, and record that.

    The leaf hashes are computed from the entries, not taken from their column, so that nothing is signed
    that was changed since the last checkpoint. A ledger in which nothing happened since is not signed
    again.

    Raises:
        BadNote: the key can't be used. CheckpointRefused: the ledger does not continue what was signed
        (fault E4); the refusal is recorded too.
    """
    signer = signer_for(folder, key_file)
    actor = actor or ActorRef.system("ledger")
    # The folder is the outside world: what an earlier key of ours signed there must be continued as well.
    trusted = (folder / VKEY).read_text("utf-8") if (folder / VKEY).is_file() else ""
    last = latest(folder, [signer.verifier, *(read_verifiers(trusted) if trusted else [])])
    head = read_head()
    if last is not None and _only_the_signing(last.size, head.size):
        return last
    try:
        checkpoint = publish(folder, signer=signer, head=head, leaves=recomputed_leaves, trusted=trusted)
    except CheckpointRefused as refused:
        _record(
            EventKind.SECURITY_ALERT,
            Outcome.MAJOR_FAILURE,
            head.size,
            now=now,
            actor=actor,
            place=place,
            reason=refused.reason.value,
        )
        raise
    if last is None or checkpoint.size > last.size:
        _record(EventKind.CHECKPOINT_WRITTEN, Outcome.SUCCESS, checkpoint.size, now=now, actor=actor, place=place)
    return checkpoint


def prove(folder: Path, vkeys: str, seq: int) -> Proof:
    """Return the proof that entry `seq` stands in the ledger that was signed last.

    Raises:
        NotProvable: there is no such entry, it was touched, or no checkpoint covers it yet.
        BadNote: the checkpoint can't be trusted.
        TilesDamaged: the hashes beside the checkpoint can't be read.
    """
    checkpoint = latest(folder, read_verifiers(vkeys))
    if checkpoint is None or seq >= checkpoint.size:
        raise NotProvable("No checkpoint covers this entry yet. Run `scanward audit checkpoint` first.")
    entry = Entry.objects.filter(seq=seq).first()
    if entry is None:
        raise NotProvable("The ledger has no such entry. Run `scanward audit verify`.")
    nodes = TileNodes(folder, checkpoint.size)
    if nodes(0, seq) != leaf_of(seq, entry.body):
        raise NotProvable("The entry is not the one that was signed. Run `scanward audit verify`.")
    hashes = inclusion_proof(seq, checkpoint.size, nodes)
    note = note_path(folder, checkpoint.size).read_text("utf-8")
    return Proof(seq, entry_bytes(seq, entry.body), checkpoint.size, hashes, note)


def _name_of(key: Ed25519PrivateKey) -> str:
    """Return a name that no other house has."""
    return f"scanward.ledger/{sha256(key.public_key().public_bytes_raw()).hexdigest()[:12]}"


def _only_the_signing(signed: int, size: int) -> bool:
    """Return whether nothing was recorded since the last signing but that signing."""
    kinds = Entry.objects.filter(seq=signed).values_list("kind", flat=True)
    return size == signed + 1 and list(kinds) == [EventKind.CHECKPOINT_WRITTEN.value]


def _record(
    kind: EventKind,
    outcome: Outcome,
    size: int,
    *,
    now: datetime,
    actor: ActorRef,
    place: Place,
    reason: str = "",
) -> None:
    with transaction.atomic():
        record(
            kind,
            actor=actor,
            subject=SubjectRef(SubjectKind.LEDGER, "ledger"),
            purpose=PurposeOfUse.COMPLIANCE,
            outcome=outcome,
            at=now,
            place=place,
            detail={"size": size, "reason": reason} if reason else {"size": size},
        )
