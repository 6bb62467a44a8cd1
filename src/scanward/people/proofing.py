"""How it is made sure that an account belongs to a patient, without anybody having to come (C1-C4, 45 CFR 164.514(h)).

Each way ends in a proof that names method, verifier and time. A code is good for one account and one patient; twins and
namesakes are never told apart by a machine: where a name and a date of birth fit two patients, a person decides.
"""

import hmac
import secrets
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from scanward.audit.event import ActorRef, Detail, Place
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.people.actions import NotAllowed, is_linked, link_patient, note, prove_identity
from scanward.people.kinds import ProofMethod
from scanward.people.matching import letters
from scanward.people.models import Account, AddressCode, IdentityProof, Patient, PatientLink
from scanward.people.seals import digest, seal, unseal

ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
CODE_LASTS = {ProofMethod.CODE_TO_ADDRESS: timedelta(days=21), ProofMethod.IN_PERSON: timedelta(hours=1)}
MOST_TRIES = 5
MOST_DOCUMENT = 8 * 1024 * 1024
DOCUMENT_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-")


def make_code(
    account: Account, patient: Patient, *, method: ProofMethod, actor: ActorRef, place: Place, now: datetime
) -> str:
    """Return a code that is handed over, or sent to the address on file; an earlier one ends.

    Raises:
        NotAllowed: an account has this record already, or somebody is too like this patient to send a code.
    """
    if is_linked(patient):
        raise NotAllowed(_("This record is connected with an account already. End that connection first."))
    if method not in CODE_LASTS:
        raise NotAllowed(_("This way of proving who somebody is has no code."))
    if method is ProofMethod.CODE_TO_ADDRESS and near_identical(patient):
        raise NotAllowed(_("Somebody else has the same name and date of birth here. Check a document instead."))
    code = "".join(secrets.choice(ALPHABET) for _n in range(CODE_LENGTH))
    with transaction.atomic():
        AddressCode.objects.filter(account=account, patient=patient, ended_at=None).update(ended_at=now)
        row = AddressCode.objects.create(
            account=account,
            patient=patient,
            method=method.value,
            code_hash="",
            sent_at=now,
            expires_at=now + CODE_LASTS[method],
        )
        AddressCode.objects.filter(pk=row.pk).update(code_hash=_hash(code, row))
        detail = {"account": str(account.id), "method": method.value, "step": "code"}
        note(
            EventKind.MESSAGE_SENT,
            SubjectKind.PATIENT,
            patient.id,
            patient=patient,
            actor=actor,
            place=place,
            now=now,
            detail=detail,
        )
    return code


def try_code(account: Account, code: str, born: date, *, place: Place, now: datetime) -> PatientLink | None:
    """Link the account if code and date of birth fit; None otherwise, without saying which of them is wrong.

    A code has five tries. Each try counts before it is looked at, so two at the same time are two.
    """
    actor = ActorRef(str(account.id), account.full_name, "patient")
    row = AddressCode.objects.filter(account=account, ended_at=None, expires_at__gt=now).order_by("-sent_at").first()
    if row is None or not AddressCode.objects.filter(pk=row.pk, tries__lt=MOST_TRIES).update(tries=F("tries") + 1):
        return None
    fits = hmac.compare_digest(row.code_hash, _hash(_typed(code), row))
    patient = row.patient
    with transaction.atomic():
        if not fits or patient.birth_date != born or is_linked(patient):
            _refused(account, patient, actor=actor, place=place, now=now)
            return None
        # Exactly one of two tries at the same time ends the code.
        if not AddressCode.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
            return None
        proof = prove_identity(
            account,
            method=ProofMethod(row.method),
            evidence="code and date of birth",
            by=None,
            actor=actor,
            place=place,
            now=now,
        )
        return link_patient(account, patient, proof=proof, actor=actor, place=place, now=now)


def check_document(
    account: Account, *, evidence: str, document: bytes, by: Account, actor: ActorRef, place: Place, now: datetime
) -> IdentityProof:
    """Record that a member of staff looked at a document; its copy is sealed, and destroyed after a set time (C7).

    Raises:
        NotAllowed: the copy is too large or is no picture and no PDF.
    """
    if not document.startswith(DOCUMENT_STARTS) or len(document) > MOST_DOCUMENT:
        raise NotAllowed(_("The copy has to be a JPEG, PNG or PDF of at most 8 MB."))
    with transaction.atomic():
        proof = prove_identity(
            account, method=ProofMethod.DOCUMENT, evidence=evidence, by=by, actor=actor, place=place, now=now
        )
        proof.document = seal(document, purpose="identity documents", bound_to=str(proof.id))
        proof.purge_at = now + timedelta(days=settings.DOCUMENT_KEPT_DAYS)
        proof.save(update_fields=["document", "purge_at"])
    return proof


def open_document(proof: IdentityProof, *, actor: ActorRef, place: Place, now: datetime) -> bytes:
    """Show the copy of a document to a member of staff; the look is in the ledger."""
    if proof.document is None:
        raise NotAllowed(_("The copy was destroyed, as it should be."))
    with transaction.atomic():
        detail = {"account": str(proof.account_id)}
        _about_proof(EventKind.IDENTITY_EVIDENCE_VIEWED, proof, actor=actor, place=place, now=now, detail=detail)
    return unseal(bytes(proof.document), purpose="identity documents", bound_to=str(proof.id))


def purge_documents(*, place: Place, now: datetime) -> int:
    """Destroy the copies whose time is over, each with an entry; return how many."""
    with transaction.atomic():
        due = list(IdentityProof.objects.filter(purge_at__lte=now, purged_at=None).exclude(document=None))
        actor = ActorRef.system("people")
        for proof in due:
            _about_proof(EventKind.IDENTITY_EVIDENCE_PURGED, proof, actor=actor, place=place, now=now, detail={})
        IdentityProof.objects.filter(pk__in=[proof.pk for proof in due]).update(document=None, purged_at=now)
    return len(due)


def near_identical(patient: Patient) -> bool:
    """Return whether somebody else might be taken for this patient: same birthday and family name, as twins have."""
    others = Patient.objects.filter(birth_date=patient.birth_date).exclude(pk=patient.pk)
    family = letters(patient.family_name)
    return any(letters(other.family_name) == family for other in others)


def _typed(code: str) -> str:
    """Return a code as people type it."""
    return "".join(code.split()).replace("-", "").upper()


def _hash(code: str, row: AddressCode) -> str:
    """Return what is kept of a code: bound to its row, keyed, so that a copy of the table tells nothing."""
    return digest(f"{row.pk}:{code}", purpose="codes")


def _refused(account: Account, patient: Patient, *, actor: ActorRef, place: Place, now: datetime) -> None:
    """Write down that somebody could not prove to be the patient."""
    note(
        EventKind.IDENTITY_REFUSED,
        SubjectKind.PATIENT,
        patient.id,
        patient=patient,
        actor=actor,
        place=place,
        now=now,
        detail={"account": str(account.id)},
    )


def _about_proof(
    kind: EventKind,
    proof: IdentityProof,
    *,
    actor: ActorRef,
    place: Place,
    now: datetime,
    detail: Detail,
) -> None:
    """Write an entry about a proof."""
    note(kind, SubjectKind.PROOF, proof.id, actor=actor, place=place, now=now, detail=detail)
