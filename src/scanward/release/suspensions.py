"""What an official asks to keep off a patient's list of disclosures for a time (45 CFR 164.528(a)(2))."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, RecordFacts
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.accounting import SUSPENDABLE, Suspension, suspended
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track
from scanward.people.models import Account, Patient
from scanward.release import house
from scanward.release.disclosures import suspensions_of
from scanward.release.letters import destination
from scanward.release.models import AccountingSuspension, Disclosure, ReleaseRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the official stated: about disclosures to whom, on which day, how, and until when."""

    recipient: str
    official: str
    written: bool
    statement: str
    stated_on: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What no page tells the patients of today: rows of the register, and requests."""

    rows: list[Disclosure]
    requests: list[UUID]


def unsaid(patients: Iterable[UUID], *, now: datetime) -> Unsaid:
    """What an official asked not to tell these patients, and has asked for until today or longer.

    What the accounting leaves out, no other page may say: neither the disclosure nor the request that it answers.
    """
    found = Unsaid([], [])
    for patient in patients:
        stated = [said for said in suspensions_of(patient) if said.stated_on <= house.today(now) <= said.until]
        if stated:
            _add_unsaid(found, patient, stated, now=now)
    return found


def _add_unsaid(found: Unsaid, patient: UUID, stated: list[Suspension], *, now: datetime) -> None:
    rows = Disclosure.objects.filter(patient=patient, recipient__in=[said.recipient for said in stated])
    left_out = [row for row in rows if suspended(row.as_law(), stated, on=house.today(now))]
    found.rows.extend(left_out)
    found.requests.extend(row.request_id for row in left_out if row.request_id)
    named = {said.recipient for said in stated}
    found.requests.extend(request.pk for request in _asking(patient) if destination(request)[0] in named)


def _asking(patient: UUID) -> QuerySet[ReleaseRequest]:
    """The requests of officials for this record."""
    asked = ReleaseRequest.objects.filter(patient=patient, track=Track.PERMITTED.value).exclude(recipient=None)
    return asked.select_related("recipient")


def recipients(patient: Patient) -> list[str]:
    """Whose disclosures can be kept off the list: the officials of the register, and of requests that are under way."""
    bases = [basis.value for basis in SUSPENDABLE]
    told = Disclosure.objects.filter(patient=patient, basis__in=bases).values_list("recipient", flat=True)
    return sorted({*told, *(destination(request)[0] for request in _asking(patient.pk))})


def suspend(patient: Patient, said: Statement, *, by: Account, now: datetime, place: Place) -> AccountingSuspension:
    """Leave the disclosures to this official off the list until the day that was stated; it ends by itself.

    Raises:
        AccessRefused: only the privacy officer does this.
        Unlawful: something is missing, it is over, or what was only said would last longer than 30 days.
    """
    actor = _may(patient, by, now=now, place=place)
    stated_on, until = _days(said, today=house.today(now))
    if said.recipient not in recipients(patient):
        raise Unlawful("Choose who received the records.", "45 CFR 164.528(a)(2)(i)")
    if not said.official.strip() or not said.statement.strip():
        raise Unlawful(
            "Say who made the statement, and what was said or where the paper is kept.", "45 CFR 164.528(a)(2)(ii)(A)"
        )
    with atomic():
        kept = AccountingSuspension(
            patient=patient,
            recipient=said.recipient,
            official=said.official.strip()[:300],
            written=said.written,
            statement=said.statement.strip()[:400],
            stated_on=stated_on,
            until=until,
            entered_by=by,
            entered_at=now,
        )
        # The law's own limits, before anything is kept.
        kept.as_law()
        kept.save(force_insert=True)
        _tell(EventKind.ACCOUNTING_SUSPENDED, kept, by=actor, now=now, place=place)
    return kept


def end(kept: AccountingSuspension, *, by: Account, now: datetime, place: Place) -> None:
    """Put the disclosures back on the list before the stated day, because the official says so or it was a mistake."""
    actor = _may(kept.patient, by, now=now, place=place)
    with atomic():
        if AccountingSuspension.objects.filter(pk=kept.pk, ended_at=None).update(ended_at=now):
            _tell(EventKind.ACCOUNTING_RESUMED, kept, by=actor, now=now, place=place)


def _days(said: Statement, *, today: date) -> tuple[date, date]:
    """The two days of a statement, which is made already and not over yet."""
    if said.stated_on is None or said.until is None:
        raise Unlawful("Give the day of the statement, and the last day of the time.", "45 CFR 164.528(a)(2)(i)")
    if said.stated_on > today or said.until < today:
        raise Unlawful("The statement is made already, and its last day is still to come.", "45 CFR 164.528(a)(2)(i)")
    return said.stated_on, said.until


def _may(patient: Patient, by: Account, *, now: datetime, place: Place) -> Actor:
    actor = actor_of(by, now=now)
    wanted, purpose = RecordFacts(patient.pk), PurposeOfUse.RECORDS
    authorize(actor, Action.SUSPEND_ACCOUNTING, wanted, purpose, now=now, place=place, told=True)
    return actor


def _tell(kind: EventKind, kept: AccountingSuspension, *, by: Actor, now: datetime, place: Place) -> None:
    """Write the entry; the patient does not see it, and it says whose disclosures are meant nowhere."""
    record(
        kind,
        actor=reference(by),
        subject=SubjectRef(SubjectKind.PATIENT, str(kept.patient_id), patient=str(kept.patient_id)),
        purpose=PurposeOfUse.COMPLIANCE,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"suspension": str(kept.pk), "until": kept.until.isoformat(), "written": int(kept.written)},
    )
