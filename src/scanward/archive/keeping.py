"""Looks after what is stored: checks it, and renews the master key. Each time there is an entry in the ledger."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from scanward.archive import damage
from scanward.archive.models import HeldObject, Instance, Report
from scanward.archive.place import vault
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome
from scanward.law.purpose import PurposeOfUse
from scanward.vault import Finding, MasterKey

HERE: Final = ActorRef.system("archive")
COMMAND: Final = Place("", channel=Channel.COMMAND)


def scrub(*, now: datetime) -> tuple[int, list[Finding]]:
    """Check every stored object (M4); return how many the index has, and what is damaged."""
    findings = list(vault().scrub())
    count = sum(model.objects.count() for model in (Instance, Report, HeldObject))
    detail = {"objects": count, "damaged": len(findings)}
    if findings:
        damage.write(SubjectRef.nothing(), detail, actor=HERE, place=COMMAND, now=now)
    else:
        _record(EventKind.SCRUBBED, detail, now=now)
    return count, findings


def rotate(new_master: str, *, now: datetime) -> int:
    """Rewrap all data keys under the master key of the file.

    Raises:
        VaultError: the file is no good key, or a data key is damaged; running it again goes on.
    """
    count = vault().rotate(MasterKey.from_file(Path(new_master)))
    _record(EventKind.KEY_ROTATED, {"keys": count}, now=now)
    return count


def _record(kind: EventKind, detail: Mapping[str, str | int], *, now: datetime) -> None:
    """Write one entry about the vault."""
    with transaction.atomic():
        record(
            kind,
            actor=HERE,
            subject=SubjectRef.nothing(),
            purpose=PurposeOfUse.SYSTEM,
            outcome=Outcome.SUCCESS,
            at=now,
            place=COMMAND,
            detail=detail,
        )
