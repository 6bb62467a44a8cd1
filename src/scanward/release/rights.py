"""What else a patient may ask: the accounting, a correction, a restriction, another address. Each with its clock."""

from collections.abc import Collection
from datetime import date, datetime

from django.utils.translation import gettext, override

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, Context, RecordFacts
from scanward.archive.models import Study
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law import accounting, clock, wishes
from scanward.law.bases import Basis, RecipientKind
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.law.rules import Duty
from scanward.people.models import Account, Patient
from scanward.release import house, letters
from scanward.release.capacity import for_herself, purpose_of
from scanward.release.disclosures import account_for, told
from scanward.release.models import (
    AccountingRequest,
    AlternativeAddress,
    AmendmentRequest,
    Letter,
    Restriction,
)


def give_accounting(
    patient: Patient,
    *,
    by: Account,
    language: str,
    now: datetime,
    place: Place,
    wanted: accounting.Period | None = None,
) -> Letter:
    """Take the request for an accounting and answer it at once, with the letter (45 CFR 164.528; L5)."""
    actor = _may_ask(patient, by, now=now, place=place)
    span = accounting.period(house.today(now), wanted=wanted)
    with atomic():
        earlier = AccountingRequest.objects.filter(patient=patient).values_list("received_at", flat=True)
        AccountingRequest.objects.create(
            patient=patient,
            asked_by=by,
            received_at=now,
            due_on=clock.start(Duty.ACCOUNTING, at=now, facility=house.facility()).due_on,
            answered_at=now,
            first=span.first,
            last=span.last,
            free=accounting.free_of_charge(house.today(now), [house.today(at) for at in earlier]),
        )
        tell(EventKind.ACCOUNTING_REQUESTED, patient, by=reference(actor), now=now, place=place)
        with override(language):
            values = _accounting_values(patient, span, account_for(patient, now=now, wanted=wanted))
        kept = letters.send_to_patient(
            "accounting",
            values,
            patient=patient,
            language=language,
            by=reference(actor),
            now=now,
            place=place,
        )
        tell(EventKind.ACCOUNTING_GIVEN, patient, by=reference(actor), now=now, place=place)
    return kept


def ask_amendment(
    patient: Patient,
    *,
    text: str,
    by: Account,
    now: datetime,
    place: Place,
    study: Study | None = None,
    received_at: datetime | None = None,
) -> AmendmentRequest:
    """Ask for a correction; sixty days run from its receipt, for a letter from when it came (45 CFR 164.526, H7)."""
    came = min(received_at or now, now)
    if not text.strip():
        raise Unlawful("Say what is wrong, and what it should say.", "45 CFR 164.526(b)(1)")
    actor = _may_ask(patient, by, now=now, place=place)
    with atomic():
        asked = AmendmentRequest.objects.create(
            patient=patient,
            study=study,
            text=text.strip(),
            asked_by=by,
            received_at=came,
            due_on=clock.start(Duty.AMENDMENT, at=came, facility=house.facility()).due_on,
        )
        tell(EventKind.AMENDMENT_REQUESTED, patient, by=reference(actor), now=now, place=place)
    return asked


def extend_amendment(
    asked: AmendmentRequest, *, by: Account, reason: str, new_date: date, now: datetime, place: Place
) -> None:
    """Extend once, in writing, inside the first sixty days."""
    actor = may_answer(asked.patient, by, now=now, place=place)
    running = clock.start(Duty.AMENDMENT, at=asked.received_at, facility=house.facility())
    clock.extend(running, sent_at=now, reason=reason, new_date=new_date)
    with atomic():
        asked.refresh_from_db(from_queryset=AmendmentRequest.objects.select_for_update())
        if asked.extended_to is not None:
            raise Unlawful("The one extension has been used; there is never a second.", "45 CFR 164.526(b)(2)(ii)")
        asked.extended_to, asked.extension_reason = new_date, reason.strip()
        asked.save(update_fields=["extended_to", "extension_reason"])
        tell(EventKind.AMENDMENT_DECIDED, asked.patient, by=reference(actor), now=now, place=place)
        write_about(asked, "extended", reason.strip(), by=reference(actor), now=now, place=place)


def decide_amendment(
    asked: AmendmentRequest,
    *,
    accepted: bool,
    answer: str,
    by: Account,
    now: datetime,
    place: Place,
    ground: wishes.AmendmentGround | None = None,
) -> None:
    """Accept a correction, or deny it on one of the four grounds; the person can then disagree."""
    if not accepted and ground is None:
        raise Unlawful("A denial needs one of the four grounds.", "45 CFR 164.526(a)(2)")
    if not accepted and not answer.strip():
        raise Unlawful("Say why, in plain words.", "45 CFR 164.526(d)(1)(i)")
    actor = may_answer(asked.patient, by, now=now, place=place)
    if ground is not None:
        wishes.amendment_ground(ground)
    with atomic():
        asked.refresh_from_db(from_queryset=AmendmentRequest.objects.select_for_update())
        if asked.answered_at is not None:
            raise Unlawful("This has been decided already.", "45 CFR 164.526(b)(2)")
        asked.accepted, asked.answer, asked.answered_at, asked.decided_by = accepted, answer.strip(), now, by
        asked.ground = ground.value if ground and not accepted else ""
        asked.save()
        tell(EventKind.AMENDMENT_DECIDED, asked.patient, by=reference(actor), now=now, place=place)
        outcome = "accepted" if accepted else "denied"
        write_about(asked, outcome, asked.answer, by=reference(actor), now=now, place=place)


def disagree(asked: AmendmentRequest, *, text: str, by: Account, now: datetime, place: Place) -> None:
    """File a statement of disagreement: it goes along with every later copy (45 CFR 164.526(d)(2), (d)(5))."""
    if asked.accepted is not False:
        raise Unlawful("Only a denied correction can be disagreed with.", "45 CFR 164.526(d)(2)")
    if not text.strip():
        raise Unlawful("Say why you disagree.", "45 CFR 164.526(d)(2)")
    actor = _may_ask(asked.patient, by, now=now, place=place)
    with atomic():
        asked.disagreement = text.strip()
        asked.save(update_fields=["disagreement"])
        tell(EventKind.AMENDMENT_REQUESTED, asked.patient, by=reference(actor), now=now, place=place)


def attach(asked: AmendmentRequest, *, by: Account, now: datetime, place: Place) -> None:
    """Have the request and its denial go along with every later copy (45 CFR 164.526(d)(5)(ii))."""
    if asked.accepted is not False:
        raise Unlawful("Only a denied correction goes along with its denial.", "45 CFR 164.526(d)(5)(ii)")
    actor = _may_ask(asked.patient, by, now=now, place=place)
    with atomic():
        asked.attached = True
        asked.save(update_fields=["attached"])
        tell(EventKind.AMENDMENT_REQUESTED, asked.patient, by=reference(actor), now=now, place=place)


def ask_restriction(
    patient: Patient,
    *,
    recipients: Collection[RecipientKind],
    bases: Collection[Basis],
    by: Account,
    now: datetime,
    place: Place,
    paid_in_full: bool = False,
    studies: Collection[Study] = (),
    text: str = "",
) -> Restriction:
    """Ask for a restriction; one that the law gives (paid in full, towards a health plan) is agreed to at once."""
    actor = _may_ask(patient, by, now=now, place=place)
    must = all(wishes.must_agree(to, on, paid_in_full=paid_in_full) for to in recipients for on in bases)
    with atomic():
        asked = Restriction.objects.create(
            patient=patient,
            recipient_kinds=sorted(kind.value for kind in recipients),
            bases=sorted(basis.value for basis in bases),
            paid_in_full=paid_in_full,
            text=text.strip(),
            asked_at=now,
            agreed=True if must and recipients and bases else None,
            decided_at=now if must else None,
        )
        asked.studies.set(studies)
        tell(EventKind.RESTRICTION_SET, patient, by=reference(actor), now=now, place=place)
    return asked


def decide_restriction(asked: Restriction, *, agreed: bool, by: Account, now: datetime, place: Place) -> None:
    """Agree to a restriction or not; one that the law gives can't be declined."""
    actor = may_answer(asked.patient, by, now=now, place=place)
    with atomic():
        asked.refresh_from_db(from_queryset=Restriction.objects.select_for_update())
        if asked.agreed:
            raise Unlawful("This restriction is in force and can't be declined.", "45 CFR 164.522(a)(1)(vi)")
        asked.agreed, asked.decided_by, asked.decided_at = agreed, by, now
        asked.save(update_fields=["agreed", "decided_by", "decided_at"])
        tell(EventKind.RESTRICTION_SET, asked.patient, by=reference(actor), now=now, place=place)
        letters.send_to_patient(
            "restriction",
            {"agreed": agreed, "asked": asked.text},
            patient=asked.patient,
            language=_language(asked.patient),
            by=reference(actor),
            now=now,
            place=place,
        )


def end_restriction(asked: Restriction, *, individual_agrees: bool, by: Account, now: datetime, place: Place) -> None:
    """End a restriction; one that was paid for in full ends only if the patient agrees."""
    if not wishes.may_end_restriction(asked.as_law(), individual_agrees=individual_agrees):
        raise Unlawful("What was paid for in full stays restricted.", "45 CFR 164.522(a)(2)(iii)")
    actor = may_answer(asked.patient, by, now=now, place=place)
    with atomic():
        asked.ended_at = now
        asked.save(update_fields=["ended_at"])
        tell(EventKind.RESTRICTION_ENDED, asked.patient, by=reference(actor), now=now, place=place)


def set_address(
    patient: Patient, *, address: str, email: str, phone: str, by: Account, now: datetime, place: Place
) -> AlternativeAddress:
    """Be reached somewhere else from now on; no reason is asked (45 CFR 164.522(b)(2)(iii))."""
    given = bool(address.strip() or email.strip() or phone.strip())
    if not wishes.accept_address(reasonable=True, address_given=given, reason_demanded=False):
        raise Unlawful("Give an address, an e-mail address or a telephone number.", "45 CFR 164.522(b)(1)(i)")
    actor = _may_ask(patient, by, now=now, place=place)
    with atomic():
        patient.alternative_addresses.filter(ended_at=None).update(ended_at=now)
        chosen = AlternativeAddress.objects.create(
            patient=patient, address=address.strip(), email=email.strip(), phone=phone.strip(), since=now
        )
        tell(EventKind.CONTACT_CHANGED, patient, by=reference(actor), now=now, place=place)
    return chosen


def _may_ask(patient: Patient, by: Account, *, now: datetime, place: Place) -> Actor:
    """The patient or who stands for her, or the desk that writes down what she asked."""
    actor = actor_of(by, now=now)
    wanted = RecordFacts(patient.pk)
    action = Action.ASK_RIGHTS if for_herself(actor, wanted, now=now) else Action.ANSWER_RIGHTS
    authorize(actor, action, wanted, purpose_of(actor, wanted, now=now), now=now, place=place, told=True)
    return actor


def may_answer(patient: Patient, by: Account, *, now: datetime, place: Place) -> Actor:
    """Return who of the house answers what a patient asked; nobody answers herself.

    Raises:
        AccessRefused: the person may not; the refusal is in the ledger.
    """
    actor = actor_of(by, now=now)
    wanted, purpose = RecordFacts(patient.pk), PurposeOfUse.RECORDS
    own = {str(by.pk): "nobody decides what she asks herself."} if for_herself(actor, wanted, now=now) else {}
    context = Context(barred=own)
    authorize(actor, Action.ANSWER_RIGHTS, wanted, purpose, now=now, place=place, told=True, context=context)
    return actor


def write_about(
    asked: AmendmentRequest, outcome: str, answer: str, *, by: ActorRef, now: datetime, place: Place
) -> None:
    """Send the letter about a correction, with all that a denial has to say (45 CFR 164.526(d)(1))."""
    ground = wishes.AmendmentGround(asked.ground) if asked.ground else None
    values = {
        "outcome": outcome,
        "asked": asked.text,
        "answer": answer,
        "due": asked.extended_to,
        "ground": ground.name if ground else "",
        "ground_text": ground.value if ground else "",
        "clause": wishes.amendment_ground(ground) if ground else "",
        "privacy_contact": house.privacy_contact(),
    }
    letters.send_to_patient(
        "amendment", values, patient=asked.patient, language=_language(asked.patient), by=by, now=now, place=place
    )


def _language(patient: Patient) -> str:
    """The language in which the patient reads."""
    link = patient.account_links.filter(ended_at=None).select_related("account").first()
    return (link.account.language or "en")[:2] if link else "en"


def _accounting_values(
    patient: Patient, span: accounting.Period, entries: tuple[accounting.Entry, ...]
) -> dict[str, object]:
    """What the accounting's letter says."""
    rows = [
        {
            "date": house.today(entry.first.at),
            "recipient": entry.first.recipient,
            "address": entry.first.address,
            "what": told(entry.first.description),
            "purpose": gettext(entry.first.purpose),
            "times": entry.times,
            "last": entry.last_on,
        }
        for entry in entries
    ]
    # Whom the letter may send to the portal for the rest.
    account = patient.account_links.filter(ended_at=None).exists()
    return {
        "patient": patient.full_name, "first": span.first, "last": span.last, "entries": rows, "account": account
    }  # fmt: skip


def tell(kind: EventKind, patient: Patient, *, by: ActorRef, now: datetime, place: Place) -> None:
    """Write the entry of a deed on what a patient asked."""
    record(
        kind,
        actor=by,
        subject=SubjectRef(SubjectKind.PATIENT, str(patient.pk), patient=str(patient.pk)),
        purpose=PurposeOfUse.PATIENT_REQUEST,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
    )
