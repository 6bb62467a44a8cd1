"""Letters: what they say is kept as values, and the PDF is made from these when somebody reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.bundles.language import Language
from scanward.bundles.letters import letter
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track
from scanward.people.kinds import ContactSystem, MailKind
from scanward.people.models import ContactPoint, Patient
from scanward.release import house, notices
from scanward.release.models import Letter, ReleaseRequest
from scanward.release.ways import ADDRESSED, MAILBOX, SPOKEN, Arrival

_DAY = "$day"
_REACHED = {ContactSystem.POST: "address", ContactSystem.EMAIL: "email", ContactSystem.PHONE: "phone"}
# What each letter is called on pages, as its reader is told.
NAMES: dict[str, str | Promise] = {
    "receipt": _("Receipt"),
    "more_information": _("A question to you"),
    "extension": _("We need more time"),
    "fee_quote": _("What it costs"),
    "approval": _("Approval"),
    "denial": _("Denial"),
    "review": _("Result of the review"),
    "returned": _("The permission was sent back"),
    "revocation": _("Your permission has ended"),
    "authorization": _("The permission that you signed"),
    "not_here": _("We do not have this scan"),
    "delivery": _("With your copy"),
    "accounting": _("Who received your records"),
    "amendment": _("About your correction"),
    "restriction": _("About your restriction"),
}


def titled(rows: Iterable[Letter]) -> list[tuple[Letter, str]]:
    """Return letters with what each is called on pages."""
    return [(row, str(NAMES.get(row.template, row.template))) for row in rows]


def send(
    template: str,
    values: Mapping[str, Any],
    *,
    request: ReleaseRequest,
    by: ActorRef,
    now: datetime,
    place: Place,
) -> Letter:
    """Write a letter of a request; it is in the portal at once, and the desk prints it for who has no account.

    Raises:
        NotTypeset: a value is missing, so nothing is sent.
    """
    given = {"sender": house.sender(), "recipient": addressed(request), "request": request.number, **values}
    sent = _write(template, given, request=request, patient=request.patient, by=by, now=now, place=place)
    notices.news(request.requester, MailKind.REQUESTS)
    return sent


def receipt(request: ReleaseRequest, *, by: ActorRef, now: datetime, place: Place) -> Letter:
    """Send the receipt: the number, when it came, and until when it is answered (B17)."""
    received = house.today(request.received_at or now)
    values = {"received": received, "due": request.due_on, "expected": request.expected_latest}
    return send("receipt", values, request=request, by=by, now=now, place=place)


def send_to_patient(
    template: str,
    values: Mapping[str, Any],
    *,
    patient: Patient,
    language: str,
    by: ActorRef,
    now: datetime,
    place: Place,
) -> Letter:
    """Write a letter that belongs to no request for a release."""
    given = {"sender": house.sender(), "recipient": [patient.full_name], **values}
    return _write(template, given, request=None, patient=patient, by=by, now=now, place=place, language=language)


def pdf(kept: Letter) -> bytes:
    """Return the letter; the same values and day give the same bytes."""
    return letter(kept.template, _thawed(kept.values), Language(kept.language), kept.large_print, on=kept.dated)


def opened(kept: Letter, *, by: ActorRef, now: datetime, place: Place) -> None:
    """Write down that somebody reads a letter (L1)."""
    about = (SubjectKind.REQUEST, kept.request_id) if kept.request_id else (SubjectKind.PATIENT, kept.patient_id)
    with transaction.atomic():
        record(
            EventKind.RECORD_OPENED,
            actor=by,
            subject=SubjectRef(about[0], str(about[1] or ""), patient=str(kept.patient_id or "")),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            detail={"letter": kept.template},
        )


def addressed(request: ReleaseRequest) -> list[str]:
    """Whom a letter to the requester is addressed to; another address that the patient chose comes first (G9)."""
    chosen = chosen_address(request)
    where = chosen.address or chosen.email or chosen.phone if chosen else request.contact
    return [line for line in (request.requester_name, *where.splitlines()) if line.strip()]


def destination(request: ReleaseRequest) -> tuple[str, str]:
    """Who gets it, and where: another address that the patient chose wins over every other (45 CFR 164.522(b))."""
    by_mail = request.delivery in MAILBOX
    if request.recipient is not None:
        to = request.recipient
        return ", ".join(part for part in (to.name, to.organization) if part), to.email if by_mail else to.address
    chosen = chosen_address(request)
    other = (chosen.email if by_mail else chosen.address) if chosen else ""
    return request.requester_name, other or request.contact


def to_read_back(request: ReleaseRequest) -> dict[str, str]:
    """What is read back before anything leaves: whom it goes to, or where she wants it who asked by word (C6).

    Who asks in the portal, by form or by letter has written the address herself, unless it is another one since, which
    she told the desk.
    """
    if request.recipient is not None:
        return request.recipient.details()
    way, (name, where) = Arrival(request.delivery), destination(request)
    if way not in ADDRESSED or not (request.channel in SPOKEN or _typed_at_desk(request, where)):
        return {}
    return {field: value for field, value in (("name", name), (ADDRESSED[way], where)) if value.strip()}


def _typed_at_desk(request: ReleaseRequest, where: str) -> bool:
    """Whether it goes to a confidential address that the desk wrote down for her."""
    rows = ContactPoint.objects.filter(patient=request.patient_id, confidential=True, value=where)
    return request.patient_id is not None and rows.exists()


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a patient wants to be reached, by mail, e-mail and telephone."""

    address: str = ""
    email: str = ""
    phone: str = ""


def chosen_address(request: ReleaseRequest) -> Reached | None:
    """Where else the patient wants to be reached, if it is she who asks (45 CFR 164.522(b)).

    She said so in the portal or at the desk; of the two the last word counts. It is nobody's business but hers:
    neither a representative's nor an attorney's letter or parcel goes there.
    """
    patient = request.patient
    if patient is None or request.by_representative:
        return None
    names = {patient.full_name.casefold(), request.asked_name.casefold()}
    hers = request.requester_id is not None or request.track in (Track.ACCESS.value, Track.DIRECTIVE.value)
    if not hers and request.requester_name.strip().casefold() not in names:
        return None
    at_desk = ContactPoint.objects.filter(patient=patient, confidential=True)
    said = [(row.since, _REACHED[ContactSystem(row.system)], row.value) for row in at_desk]
    for row in patient.alternative_addresses.filter(ended_at=None):
        said += [(row.since, name, getattr(row, name)) for name in _REACHED.values() if getattr(row, name)]
    return Reached(**{name: value for _since, name, value in sorted(said)}) if said else None


def _write(
    template: str,
    values: dict[str, Any],
    *,
    request: ReleaseRequest | None,
    patient: Patient | None,
    by: ActorRef,
    now: datetime,
    place: Place,
    language: str = "",
) -> Letter:
    """Keep the letter and its entry."""
    kept = Letter(
        request=request,
        patient=patient,
        template=template,
        values=_frozen(values),
        language=language or (request.language if request else "en"),
        large_print=request.large_print if request else False,
        dated=house.today(now),
        sent_at=now,
    )
    # A letter that can't be printed must not count as sent.
    pdf(kept)
    subject = (
        (SubjectKind.REQUEST, str(request.pk)) if request else (SubjectKind.PATIENT, str(patient.pk if patient else ""))
    )
    with transaction.atomic():
        kept.save(force_insert=True)
        record(
            EventKind.LETTER_SENT,
            actor=by,
            subject=SubjectRef(*subject, patient=str(patient.pk) if patient else ""),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            detail={"letter": template},
        )
    return kept


def _frozen(value: Any) -> Any:
    """Turn dates into JSON that `_thawed` knows again."""
    match value:
        case date():
            return {_DAY: value.isoformat()}
        case Mapping():
            return {str(key): _frozen(each) for key, each in value.items()}
        case list() | tuple():
            return [_frozen(each) for each in value]
    return value if isinstance(value, bool | int) or value is None else str(value)


def _thawed(value: Any) -> Any:
    """Turn JSON back into what was said."""
    match value:
        case {"$day": day}:
            return date.fromisoformat(day)
        case dict():
            return {key: _thawed(each) for key, each in value.items()}
        case list():
            return [_thawed(each) for each in value]
    return value
