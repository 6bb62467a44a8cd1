"""A patient permits a disclosure: an authorization with six elements and three statements, signed in the portal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, RecordFacts
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.authorization import Statement
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track
from scanward.people.models import Account
from scanward.release import house, letters
from scanward.release.actions.asking import Asked, receive
from scanward.release.models import Authorization, ReleaseRequest
from scanward.release.moving import verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What the permission says beside what is asked for; the house's own form makes the three statements."""

    # The information in the words that the signer reads.
    description: str
    purpose: str
    expires_on: date | None = None
    expires_when: str = ""
    # By what right somebody signs for the patient; empty for herself.
    authority: str = ""


def permit_disclosure(
    asked: Asked, permission: Permission, *, by: Account, now: datetime, place: Place
) -> ReleaseRequest:
    """Sign a permission and ask for the release that it permits; the signer gets a copy (45 CFR 164.508(c)(4)).

    Raises:
        AccessRefused: this person may not permit it.
        Unlawful: with every defect of what was filled in; nothing is kept then.
    """
    if asked.track is not Track.AUTHORIZATION or asked.recipient is None or asked.patient is None:
        raise Unlawful("A permission names the records, and who may receive them.", "45 CFR 164.508(c)(1)(iii)")
    actor = actor_of(by, now=now)
    studies: Sequence[UUID | None] = [item.pk for item in asked.studies] or [None]
    for study in studies:
        wanted = RecordFacts(asked.patient.pk, study)
        purpose = PurposeOfUse.PATIENT_REQUEST
        authorize(actor, Action.SIGN_AUTHORIZATION, wanted, purpose, now=now, place=place, told=True)
    with atomic():
        request = receive(asked, by=by, now=now, place=place)
        paper = _paper(request, asked, permission, now=now)
        if found := verdict(paper, now=now).findings:
            sentences = " ".join(f"{finding.defect.value} [{finding.citation}]" for finding in found)
            raise Unlawful(sentences, "45 CFR 164.508(b)(2)")
        paper.save(force_insert=True)
        paper.studies.set(asked.studies)
        _told(paper, by=reference(actor), now=now, place=place)
        values = {**paper_values(paper), "request": request.number}
        letters.send("authorization", values, request=request, by=reference(actor), now=now, place=place)
    return request


def paper_values(paper: Authorization) -> dict[str, object]:
    """What the copy of a permission says."""
    to = paper.recipient_row
    return {
        "patient": paper.patient.full_name if paper.patient else "",
        "born": paper.patient.birth_date if paper.patient else None,
        "description": paper.description,
        "discloser": paper.discloser,
        "receiver": paper.recipient,
        "destination": (to.address or to.email) if to else "",
        "purpose": paper.purpose,
        "expires_on": paper.expires_on,
        "expires_when": paper.expires_when,
        "signature": paper.signature,
        "signed_on": paper.signed_on,
        "authority": paper.authority,
    }


def _paper(request: ReleaseRequest, asked: Asked, permission: Permission, *, now: datetime) -> Authorization:
    """The authorization as it was signed."""
    to = request.recipient
    assert to
    return Authorization(
        patient=request.patient,
        request=request,
        recipient_row=to,
        description=permission.description,
        discloser=str(house.sender()["facility"]),
        recipient=", ".join(part for part in (to.name, to.organization) if part)[:300],
        purpose=permission.purpose[:300],
        expires_on=permission.expires_on,
        expires_when=permission.expires_when[:300],
        signature=asked.signature,
        signed_on=asked.signed_on,
        by_representative=request.by_representative,
        authority=permission.authority[:300],
        statements=[statement.value for statement in Statement],
        individual_initiated=True,
        images=asked.images,
        report=asked.report,
        created_at=now,
    )


def _told(paper: Authorization, *, by: ActorRef, now: datetime, place: Place) -> None:
    record(
        EventKind.AUTHORIZATION_SIGNED,
        actor=by,
        subject=SubjectRef(SubjectKind.AUTHORIZATION, str(paper.pk), patient=str(paper.patient_id or "")),
        purpose=PurposeOfUse.PATIENT_REQUEST,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
    )
