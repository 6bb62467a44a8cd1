"""The end of an authority, and its refusal: verbs about representatives (45 CFR 164.502(g))."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from scanward.audit.event import ActorRef, Detail, Place
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.people.actions import NotAllowed, note
from scanward.people.models import Account, Representation


def end_representation(held: Representation, *, actor: ActorRef, place: Place, now: datetime) -> None:
    """End an authority; it holds no more from this moment."""
    with transaction.atomic():
        if Representation.objects.filter(pk=held.pk, ended_at=None).update(ended_at=now):
            _note(held, actor=actor, place=place, now=now, detail={"why": "ended"})


def refuse_representation(
    held: Representation, *, by: Account, reason: str, actor: ActorRef, place: Place, now: datetime
) -> None:
    """Refuse a representative because a professional believes that it would endanger the patient, 164.502(g)(5).

    Raises:
        NotAllowed: no reason is given, or the representative herself refuses.
    """
    said = " ".join(reason.split())
    if by.id == held.account_id:
        raise NotAllowed(_("Another person has to decide about this."))
    if not said:
        raise NotAllowed(_("Say in a sentence why."))
    with transaction.atomic():
        rows = Representation.objects.filter(pk=held.pk, refused_at=None)
        if not rows.update(refused_at=now, refused_by=by, refusal_reason=said[:300]):
            raise NotAllowed(_("This representative was refused already."))
        # The reason stays with the authority: in the ledger the representative might come to read it.
        _note(held, actor=actor, place=place, now=now, detail={"why": "refused"})


def _note(held: Representation, *, actor: ActorRef, place: Place, now: datetime, detail: Detail) -> None:
    """Write the entry."""
    note(
        EventKind.REPRESENTATIVE_ENDED,
        SubjectKind.REPRESENTATIVE,
        held.id,
        patient=held.patient,
        actor=actor,
        place=place,
        now=now,
        detail=detail,
    )
