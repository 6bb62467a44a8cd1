"""What is done with accounts and patients: each verb checks, changes, and writes its ledger entry, all at once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Authority, CareKind, MailKind, ProofMethod, Role
from scanward.people.models import (
    Account,
    CareRelation,
    IdentityProof,
    Patient,
    PatientLink,
    Representation,
    RoleAssignment,
)


class NotAllowed(Exception):
    """The rules of the house don't allow it; the text says why."""


def create_account(
    *, email: str, full_name: str, password: str | None, actor: ActorRef, place: Place, now: datetime
) -> Account:
    """Make an account whose e-mail address somebody has checked."""
    with transaction.atomic():
        account = Account.objects.create_user(email, password, full_name=full_name)
        EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
        note(EventKind.ACCOUNT_CREATED, SubjectKind.ACCOUNT, account.id, actor=actor, place=place, now=now)
    return account


def assign_role(
    account: Account, role: Role, *, by: Account | None, actor: ActorRef, place: Place, now: datetime
) -> None:
    """Give a staff role (K1); nobody gives one to themselves."""
    if by == account:
        raise NotAllowed("Nobody gives a role to themselves: ask another administrator.")
    with transaction.atomic():
        RoleAssignment.objects.create(account=account, role=role.value, assigned_by=by, valid_from=now)
        note(
            EventKind.ROLE_GRANTED,
            SubjectKind.ACCOUNT,
            account.id,
            actor=actor,
            place=place,
            now=now,
            detail={"role": role.value},
        )


def prove_identity(
    account: Account,
    *,
    method: ProofMethod,
    evidence: str,
    by: Account | None,
    actor: ActorRef,
    place: Place,
    now: datetime,
) -> IdentityProof:
    """Record how somebody made sure who this person is (C1, 45 CFR 164.514(h))."""
    if by == account:
        raise NotAllowed("Nobody verifies themselves.")
    with transaction.atomic():
        proof = IdentityProof.objects.create(
            account=account, method=method.value, evidence=evidence, verified_by=by, verified_at=now
        )
        note(
            EventKind.IDENTITY_VERIFIED,
            SubjectKind.PROOF,
            proof.id,
            actor=actor,
            place=place,
            now=now,
            detail={"method": method.value, "account": str(account.id)},
        )
    return proof


def link_patient(
    account: Account, patient: Patient, *, proof: IdentityProof, actor: ActorRef, place: Place, now: datetime
) -> PatientLink:
    """Say that this account is this patient; only a proof about this very account carries it."""
    if proof.account_id != account.id:
        raise NotAllowed("The proof of identity is about another account.")
    if is_linked(patient):
        raise NotAllowed("This record is connected with an account already. End that connection first.")
    with transaction.atomic():
        link = PatientLink.objects.create(account=account, patient=patient, proof=proof, since=now)
        note(
            EventKind.ACCOUNT_LINKED,
            SubjectKind.PATIENT,
            patient.id,
            patient=patient,
            actor=actor,
            place=place,
            now=now,
            detail={"account": str(account.id), "proof": str(proof.id)},
        )
    return link


def is_linked(patient: Patient) -> bool:
    """Return whether some account is this patient."""
    return PatientLink.objects.filter(patient=patient, ended_at=None).exists()


def end_link(link: PatientLink, *, actor: ActorRef, place: Place, now: datetime) -> None:
    """Say that this account is not this patient, or not any more; it sees nothing of the record from now on."""
    with transaction.atomic():
        if PatientLink.objects.filter(pk=link.pk, ended_at=None).update(ended_at=now):
            note(
                EventKind.ACCOUNT_UNLINKED,
                SubjectKind.PATIENT,
                link.patient_id,
                patient=link.patient,
                actor=actor,
                place=place,
                now=now,
                detail={"account": str(link.account_id)},
            )


def add_representative(
    account: Account,
    patient: Patient,
    *,
    authority: Authority,
    proof: IdentityProof,
    valid_until: datetime | None,
    actor: ActorRef,
    place: Place,
    now: datetime,
    valid_from: datetime | None = None,
    study_ids: tuple[UUID, ...] = (),
    without_sensitive: bool = False,
) -> Representation:
    """Let an account act for a patient, within a scope and a time (A3, C5, 45 CFR 164.502(g))."""
    if proof.account_id != account.id:
        raise NotAllowed("The proof of identity is about another account.")
    if valid_until is not None and valid_until <= max(now, valid_from or now):
        raise NotAllowed("The authority has ended already.")
    with transaction.atomic():
        representation = Representation.objects.create(
            account=account,
            patient=patient,
            authority=authority.value,
            proof=proof,
            valid_from=valid_from or now,
            valid_until=valid_until,
            study_ids=[str(study) for study in study_ids],
            without_sensitive=without_sensitive,
        )
        note(
            EventKind.REPRESENTATIVE_ADDED,
            SubjectKind.REPRESENTATIVE,
            representation.id,
            patient=patient,
            actor=actor,
            place=place,
            now=now,
            detail={"authority": authority.value, "studies": len(study_ids)},
        )
    return representation


def add_care_relation(
    account: Account,
    patient: Patient,
    *,
    kind: CareKind,
    actor: ActorRef,
    place: Place,
    now: datetime,
    until: datetime | None = None,
) -> CareRelation:
    """Say that this clinician treats this patient, from now on and perhaps until a time (A4)."""
    with transaction.atomic():
        relation = CareRelation.objects.create(
            account=account, patient=patient, kind=kind.value, valid_from=now, valid_until=until
        )
        note(
            EventKind.PATIENT_CHANGED,
            SubjectKind.PATIENT,
            patient.id,
            patient=patient,
            actor=actor,
            place=place,
            now=now,
            detail={"care": kind.value, "account": str(account.id)},
        )
    return relation


def note(
    kind: EventKind,
    subject: SubjectKind,
    subject_id: UUID,
    *,
    actor: ActorRef,
    place: Place,
    now: datetime,
    patient: Patient | None = None,
    detail: Mapping[str, str | int] | None = None,
) -> None:
    """Write the entry of a verb."""
    record(
        kind,
        actor=actor,
        subject=SubjectRef(subject, str(subject_id), patient=str(patient.id) if patient else ""),
        purpose=PurposeOfUse.ADMINISTRATION,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail=detail,
    )


def confirm_links(account: Account, *, place: Place, now: datetime) -> None:
    """Take note that somebody went through the links and apps that are open, and lets them stay (I11)."""
    actor = ActorRef(str(account.id), account.full_name, "")
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(links_reviewed_at=now)
        detail = {"links": "looked through"}
        note(
            EventKind.ACCOUNT_CHANGED, SubjectKind.ACCOUNT, account.id, actor=actor, place=place, now=now, detail=detail
        )


def choose_mails(account: Account, wanted: Collection[MailKind], *, place: Place, now: datetime) -> None:
    """Take note of what somebody wants to be told by e-mail (I13); it holds from the next mail on."""
    chosen = {f"mails_{kind.value}": kind in wanted for kind in MailKind}
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**chosen)
        note(
            EventKind.CONTACT_CHANGED,
            SubjectKind.ACCOUNT,
            account.id,
            actor=ActorRef(str(account.id), account.full_name, ""),
            place=place,
            now=now,
            detail={name: int(is_wanted) for name, is_wanted in chosen.items()},
        )


def confirm_contact(account: Account, *, place: Place, now: datetime) -> None:
    """Take note that somebody looked at the contact details and found them right (I12)."""
    actor = ActorRef(str(account.id), account.full_name, "")
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(contact_confirmed_at=now)
        detail = {"confirmed": 1}
        note(
            EventKind.CONTACT_CHANGED,
            SubjectKind.ACCOUNT,
            account.id,
            actor=actor,
            place=place,
            now=now,
            detail=detail,
        )
