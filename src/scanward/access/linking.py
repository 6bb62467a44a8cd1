"""Connects an account with a patient's record, or gives out the code for it; each verb asks `decide` first (C1-C4)."""

from datetime import datetime

from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from scanward.access.actions import authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, RecordFacts
from scanward.audit.event import ActorRef, Place
from scanward.law.purpose import PurposeOfUse
from scanward.people import actions, proofing
from scanward.people.actions import NotAllowed
from scanward.people.kinds import ContactSystem, ProofMethod
from scanward.people.models import Account, ContactPoint, IdentityProof, Patient, PatientLink


def permit(action: Action, patient: Patient, *, by: Account, place: Place, now: datetime) -> ActorRef:
    """Ask whether a member of staff may do this for the patient, and return how the ledger names her.

    Raises:
        AccessRefused: she may not.
    """
    actor = actor_of(by, now=now)
    authorize(actor, action, RecordFacts(patient.id), PurposeOfUse.RECORDS, now=now, place=place, told=True)
    return reference(actor)


def hand_code(account: Account, patient: Patient, *, by: Account, place: Place, now: datetime) -> str:
    """Return a code that is handed over to the person at the desk; it is typed in within the hour."""
    actor = permit(Action.VERIFY_IDENTITY, patient, by=by, place=place, now=now)
    return _code(account, patient, ProofMethod.IN_PERSON, by=by, actor=actor, place=place, now=now)


def send_code(
    account: Account, patient: Patient, contact: ContactPoint, *, by: Account, place: Place, now: datetime
) -> str:
    """Send a code to the address on file; return it only where it has to be put into an envelope.

    Raises:
        NotAllowed: the address can't receive one, or somebody is too like this patient.
    """
    actor = permit(Action.VERIFY_IDENTITY, patient, by=by, place=place, now=now)
    system = ContactSystem(contact.system)
    if contact.patient_id != patient.id or system is ContactSystem.PHONE:
        raise NotAllowed(_("Choose an address on file that a letter or an e-mail reaches."))
    with transaction.atomic():
        code = _code(account, patient, ProofMethod.CODE_TO_ADDRESS, by=by, actor=actor, place=place, now=now)
        if system is ContactSystem.POST:
            return code
        # Whoever works at the desk does not see a code that the patient's own address receives.
        transaction.on_commit(lambda: _mail(contact.value, code))
    return ""


def link_by_document(
    account: Account,
    patient: Patient,
    *,
    evidence: str,
    document: bytes,
    by: Account,
    place: Place,
    now: datetime,
) -> PatientLink:
    """Connect after a look at an identity document, whose copy is sealed and destroyed after a set time (C7)."""
    actor = _may_link(account, patient, by=by, place=place, now=now)
    said = seen(evidence)
    with transaction.atomic():
        proof = proofing.check_document(
            account, evidence=said, document=document, by=by, actor=actor, place=place, now=now
        )
        return actions.link_patient(account, patient, proof=proof, actor=actor, place=place, now=now)


def link_by_account(account: Account, patient: Patient, *, by: Account, place: Place, now: datetime) -> PatientLink:
    """Connect an account whose owner was verified before, for example as another person's representative.

    Raises:
        NotAllowed: nobody has verified the account yet, or somebody is too like this patient.
    """
    actor = _may_link(account, patient, by=by, place=place, now=now)
    earlier = IdentityProof.objects.filter(account=account).exclude(method=ProofMethod.EXISTING_ACCOUNT.value)
    proven = earlier.order_by("-verified_at").first()
    if proven is None:
        raise NotAllowed(_("Nobody has verified this account yet. Choose another way."))
    if proofing.near_identical(patient):
        raise NotAllowed(_("Somebody else has the same name and date of birth here. Check a document instead."))
    with transaction.atomic():
        proof = actions.prove_identity(
            account,
            method=ProofMethod.EXISTING_ACCOUNT,
            evidence=str(proven.id),
            by=by,
            actor=actor,
            place=place,
            now=now,
        )
        return actions.link_patient(account, patient, proof=proof, actor=actor, place=place, now=now)


def unlink(link: PatientLink, *, by: Account, place: Place, now: datetime) -> None:
    """End the connection of an account with a record."""
    actor = permit(Action.LINK_PATIENT, link.patient, by=by, place=place, now=now)
    actions.end_link(link, actor=actor, place=place, now=now)


def open_copy(proof: IdentityProof, patient: Patient, *, by: Account, place: Place, now: datetime) -> bytes:
    """Show the copy of a document to a member of staff who checks who somebody is."""
    actor = permit(Action.VERIFY_IDENTITY, patient, by=by, place=place, now=now)
    return proofing.open_document(proof, actor=actor, place=place, now=now)


def seen(evidence: str) -> str:
    """Return what somebody saw, or ask for it."""
    said = " ".join(evidence.split())[:200]
    if not said:
        raise NotAllowed(_("Say which paper you saw."))
    return said


def _may_link(account: Account, patient: Patient, *, by: Account, place: Place, now: datetime) -> ActorRef:
    """Make sure that somebody may check identities and connect records, and that it is not her own."""
    permit(Action.VERIFY_IDENTITY, patient, by=by, place=place, now=now)
    actor = permit(Action.LINK_PATIENT, patient, by=by, place=place, now=now)
    _another(account, by)
    return actor


def _another(account: Account, by: Account) -> None:
    """Refuse that somebody verifies herself."""
    if account.id == by.id:
        raise NotAllowed(_("Nobody verifies themselves. Ask a colleague."))


def _code(
    account: Account,
    patient: Patient,
    method: ProofMethod,
    *,
    by: Account,
    actor: ActorRef,
    place: Place,
    now: datetime,
) -> str:
    """Make a code for somebody else than oneself."""
    _another(account, by)
    return proofing.make_code(account, patient, method=method, actor=actor, place=place, now=now)


def _mail(address: str, code: str) -> None:
    """Send the code; alone it opens nothing, for the account and the date of birth have to fit."""
    send_mail(
        _("Your code to connect your record"),
        _(
            'Your code is {code}. Sign in, open "Sign-in and security", and choose'
            ' "I have a code to connect my record". You also need your date of birth.'
            " If you did not ask for this, please call us."
        ).format(code=f"{code[:5]}-{code[5:]}"),
        None,
        [address],
    )
