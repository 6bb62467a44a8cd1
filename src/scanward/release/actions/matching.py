"""Which record and which scans a request is about; until something is decided, a wrong match can be taken back."""

from collections.abc import Sequence
from datetime import date, datetime

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action
from scanward.archive.models import Study
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law.errors import Unlawful
from scanward.law.identity import check_same_person
from scanward.people.models import Account, Patient, PatientIdentifier
from scanward.release import house
from scanward.release.kinds import Event
from scanward.release.models import Authorization, ReleaseRequest
from scanward.release.moving import lock, move, permit, tell

_WORK, _SAFE = Action.VERIFY_IDENTITY, "45 CFR 164.530(c)(1)"


def patient_of(number: str) -> Patient:
    """Return the one patient who has this number.

    Raises:
        Unlawful: nobody has it, or more than one.
    """
    found = {row.patient for row in PatientIdentifier.objects.filter(value=number.strip()).select_related("patient")}
    if len(found) != 1:
        raise Unlawful("No patient has this number here, or more than one. Check the number.", _SAFE)
    return found.pop()


def check_meant(patient: Patient, *, name: str, birth_date: date | None, by_number: bool) -> None:
    """Refuse a record that the request does not clearly mean (B3, B4).

    Raises:
        Unlawful: fewer than two of name, date of birth and number agree, or the date of birth is another one.
    """
    check_same_person(
        said_name=name,
        said_birth=birth_date,
        said_number=by_number,
        name=patient.full_name,
        family=patient.family_name,
        birth=patient.birth_date,
    )


def match(
    request: ReleaseRequest,
    studies: Sequence[Study],
    *,
    patient: Patient,
    by: Account,
    now: datetime,
    place: Place,
    by_number: bool = False,
) -> None:
    """Say which record and which scans the request is about; of one patient only."""
    if any(study.patient_id != patient.pk for study in studies):
        raise Unlawful("These scans are not all of this patient.", _SAFE)
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.patient_id not in (None, patient.pk):
            raise Unlawful("The request is about another patient.", _SAFE)
        if row.patient_id is None:
            check_meant(patient, name=row.asked_name, birth_date=row.asked_birth_date, by_number=by_number)
        _check_not_wider(row, studies)
        row.patient = patient
        row.studies.set(studies)
        Authorization.objects.filter(request=row).update(patient=patient)
        detail = {"studies": len(studies)}
        move(row, Event.MATCH, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place, detail=detail)


def unmatch(request: ReleaseRequest, *, by: Account, reason: str, now: datetime, place: Place) -> None:
    """Take a wrong match back: who asks is verified anew, for it was done against the wrong record. The clock runs on.

    Raises:
        Unlawful: no reason; she asked in the portal for a record that is hers; or something was denied already.
        NotNow: it is not in review.
    """
    if not reason.strip():
        raise Unlawful("Say why it is not this patient.", _SAFE)
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.patient_id is None:
            raise Unlawful("No patient is matched to the request.", _SAFE)
        if row.requester_id is not None or row.denials.exists():
            raise Unlawful("This can't be changed any more. Cancel the request, and enter a new one.", _SAFE)
        # The ledger tells of the wrong record, too: its number stood with somebody else's request.
        taken = {"event": Event.UNMATCH.value, "step": "taken back"}
        tell(row, EventKind.REQUEST_CHANGED, by=reference(actor), now=now, place=place, detail=taken)
        _forget(row)
        move(row, Event.UNMATCH, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place, note=reason.strip()[:400])


def _forget(row: ReleaseRequest) -> None:
    """Forget whatever was found out with the wrong record at hand."""
    row.studies.clear()
    row.patient, row.series_ids, row.read_back, row.local_rules_note = None, [], {}, ""
    row.verified_at, row.verified_by, row.verified_how, row.shown_how, row.shown_proof = None, None, "", "", ""
    row.authority_checked, row.self_pay_restricted = False, False
    Authorization.objects.filter(request=row).update(patient=None)
    if row.recipient is not None:
        row.recipient.confirmed_at, row.recipient.confirmed_by = None, None
        row.recipient.save(update_fields=["confirmed_at", "confirmed_by"])


def restate(
    request: ReleaseRequest, *, name: str, birth_date: date | None, by: Account, now: datetime, place: Place
) -> None:
    """Write down whose record is meant, as whoever asks has said since, or as it was misread (B3, B4).

    Raises:
        Unlawful: nothing is given, the day is in the future, or a patient is matched already.
    """
    if not name.strip() or (birth_date is not None and birth_date > house.today(now)):
        raise Unlawful("Give the full name, and a date of birth that is not in the future.", _SAFE)
    actor = permit(by, _WORK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.patient_id is not None:
            raise Unlawful("A patient is matched to the request. Take that back first.", _SAFE)
        row.asked_name, row.asked_birth_date, row.waiting_on_requester = name.strip(), birth_date, False
        move(row, Event.INFO_GIVEN, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place)


def _check_not_wider(request: ReleaseRequest, studies: Sequence[Study]) -> None:
    """Refuse to send somebody else more scans than the patient named herself in the portal (B13, D10)."""
    named = set(request.studies.values_list("pk", flat=True))
    chosen = request.requester_id is not None and request.recipient_id is not None and named
    if chosen and not {study.pk for study in studies} <= named:
        raise Unlawful(
            "The patient has named which scans go there. Another scan takes a request of its own.",
            "45 CFR 164.524(c)(3)(ii)",
        )
