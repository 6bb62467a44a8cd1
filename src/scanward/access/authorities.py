"""Who may act for a patient: entered after a look at the paper, ended, or refused for danger (45 CFR 164.502(g))."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from scanward.access.kinds import Action
from scanward.access.linking import permit, seen
from scanward.access.standing import why_not
from scanward.audit.event import Place
from scanward.people import actions, proofing, representing
from scanward.people.actions import NotAllowed
from scanward.people.kinds import Authority, Role
from scanward.people.models import Account, Patient, Representation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far an authority goes: from when to when, over which studies (none: all), with or without sensitive ones."""

    valid_from: datetime
    valid_until: datetime | None = None
    study_ids: tuple[UUID, ...] = ()
    without_sensitive: bool = False


def enter_authority(
    account: Account,
    patient: Patient,
    authority: Authority,
    reach: Reach,
    *,
    evidence: str,
    document: bytes,
    by: Account,
    place: Place,
    now: datetime,
) -> Representation:
    """Let somebody act for a patient after a member of staff has looked at the paper; its copy is sealed (C5, C7).

    Raises:
        AccessRefused: the role does not do this.
        NotAllowed: the law does not let this authority stand, or it was refused for danger before.
    """
    actor = permit(Action.MANAGE_REPRESENTATIVE, patient, by=by, place=place, now=now)
    said = seen(evidence)
    if by.id == account.id:
        raise NotAllowed(_("Nobody verifies themselves. Ask a colleague."))
    refused = Representation.objects.filter(account=account, patient=patient).exclude(refused_at=None).exists()
    if refused and Role.PRIVACY_OFFICER not in by.roles_at(now):
        raise NotAllowed(_("This person was refused before, to keep the patient safe. Ask the privacy officer."))
    with transaction.atomic():
        proof = proofing.check_document(
            account, evidence=said, document=document, by=by, actor=actor, place=place, now=now
        )
        held = actions.add_representative(
            account,
            patient,
            authority=authority,
            proof=proof,
            valid_from=reach.valid_from,
            valid_until=reach.valid_until,
            study_ids=reach.study_ids,
            without_sensitive=reach.without_sensitive,
            actor=actor,
            place=place,
            now=now,
        )
        if reason := why_not(held, now=max(now, reach.valid_from)):
            raise NotAllowed(reason)
    return held


def end_authority(held: Representation, *, by: Account, place: Place, now: datetime) -> None:
    """End an authority at once, for example because the patient or a court took it back."""
    actor = permit(Action.MANAGE_REPRESENTATIVE, held.patient, by=by, place=place, now=now)
    representing.end_representation(held, actor=actor, place=place, now=now)


def refuse_authority(held: Representation, *, reason: str, by: Account, place: Place, now: datetime) -> None:
    """Refuse a representative because the patient would be in danger, 164.502(g)(5)."""
    actor = permit(Action.REFUSE_REPRESENTATIVE, held.patient, by=by, place=place, now=now)
    representing.refuse_representation(held, by=by, reason=reason, actor=actor, place=place, now=now)
