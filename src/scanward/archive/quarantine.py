"""What was brought by hand and may not be read: put aside, encrypted, until a person lets it in or destroys it.

Nothing of it is parsed, shown or given out. The person who brought it may have no other copy, so it is not thrown away.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Sum

from scanward.archive import damage, held, notes
from scanward.archive.arrivals import Arrival, Sender, Settled
from scanward.archive.identities import held_identity
from scanward.archive.models import QUARANTINE, HeldObject, HeldReason, deflate
from scanward.archive.place import vault
from scanward.archive.store import store
from scanward.audit.actions import record
from scanward.audit.event import SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.vault import NewObject

# Rubbish by the thousand must not fill the vault: what comes on top is refused and stays with whoever has it.
MOST: Final = 2_000
MOST_BYTES: Final = 8 * 1024**3


def put_aside(data: bytes | memoryview, reason: HeldReason, detail: str, *, sender: Sender, now: datetime) -> bool:
    """Keep a file apart, durably; the same bytes are kept once. False: the quarantine is full.

    Raises:
        VaultError: it was not kept.
    """
    digest = hashlib.sha256(data)
    uid = f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}"
    if HeldObject.objects.filter(sop_instance_uid=uid, sha256=digest.hexdigest()).exists():
        return True
    if _is_full(len(data)):
        return False
    aside = HeldObject(
        key_id=vault().new_key(),
        reason=reason,
        detail=detail[:200],
        sop_instance_uid=uid,
        study_instance_uid=uid,
        dicom_json_deflated=deflate({}),
        near_patient=sender.claimed or sender.patient,
        received_at=now,
    )
    _keep(aside, data)
    with transaction.atomic():
        aside.save(force_insert=True)
        record(
            EventKind.OBJECT_QUARANTINED,
            actor=sender.actor,
            subject=SubjectRef(SubjectKind.CASE, str(aside.id), str(aside.near_patient_id or "")),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.MINOR_FAILURE,
            at=now,
            place=sender.place,
            detail={"reason": reason, "sha256": aside.sha256},
        )
    return True


def let_in(
    aside: HeldObject, because: str, read: Callable[[bytes], Arrival], *, sender: Sender, now: datetime
) -> Settled:
    """Take a file in after all, as if it came now: `read` is the guard, and may still refuse it.

    Raises:
        Refused: it still can't be read; it stays where it is. Damaged, VaultError: nothing was changed.
    """
    where = held_identity(aside)
    with damage.about(damage.about_case(aside)), vault().open(aside.locator, aside.key_id, where) as stream:
        data = stream.read()
    [settled] = store([read(data)], sender=replace(sender, claimed=aside.near_patient), now=now)
    held.close(aside, "let in", str(aside.near_patient_id or ""), sender=sender, now=now, reason=because)
    return settled


def _is_full(size: int) -> bool:
    """Return whether there is no room for another file of this size."""
    rows = HeldObject.objects.filter(reason__in=QUARANTINE)
    kept = rows.aggregate(size=Sum("size"))["size"] or 0
    return kept + size > MOST_BYTES or rows.count() >= MOST


def _keep(aside: HeldObject, data: bytes | memoryview) -> None:
    """Write the bytes to the vault under the case's own key."""
    [stored] = vault().put([NewObject(aside.key_id, held_identity(aside), [data], notes.held_note(aside))])
    aside.locator, aside.size = stored.locator, stored.size
    aside.sha256, aside.crc32 = stored.sha256, stored.crc32
