"""A request comes in: from the portal, or entered by staff from a form, a call or a letter."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_noop

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, RecordFacts
from scanward.archive.models import Study
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law.bases import RecipientKind
from scanward.law.documents import Document
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Directive, Field, Track, directive_gaps, may_ask, track_of
from scanward.people.models import Account, Patient
from scanward.release import clocks, letters, sharing
from scanward.release.actions import pricing
from scanward.release.actions.matching import check_meant, patient_of
from scanward.release.capacity import for_herself, purpose_of
from scanward.release.kinds import Event, State
from scanward.release.models import Evidence, Recipient, ReleaseRequest
from scanward.release.moving import end_packages, lock, move, permit_requester
from scanward.release.ways import Arrival, Channel, Medium, check_format


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientDetails:
    """Who should get the copy, where that is not the requester."""

    kind: RecipientKind
    name: str
    organization: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    state: str = ""
    # The connected hospital that it goes to, by the name of the house's list.
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for; no more than the track may ask."""

    track: Track = Track.ACCESS
    patient: Patient | None = None
    # The patient's number, as a form or letter gives it; what else it says of her has to agree.
    number: str = ""
    studies: Sequence[Study] = ()
    series_ids: Sequence[str] = ()
    name: str = ""
    birth_date: date | None = None
    requester_name: str = ""
    contact: str = ""
    exam: str = ""
    exam_first: date | None = None
    exam_last: date | None = None
    images: bool = True
    report: bool = True
    medium: Medium = Medium.DICOM
    delivery: Arrival = Arrival.PORTAL
    recipient: RecipientDetails | None = None
    purpose: PurposeOfUse = PurposeOfUse.PATIENT_REQUEST
    reason: str = ""
    signature: str = ""
    signed_on: date | None = None
    expedited: bool = False
    expedited_reason: str = ""
    language: str = "en"
    large_print: bool = False
    by_representative: bool = False
    channel: Channel = Channel.PORTAL
    # When it really arrived: a letter of Friday that is entered on Monday counts from Friday.
    received_at: datetime | None = None
    follows: ReleaseRequest | None = field(default=None)
    # What the recipient treats the patient for; asked for treatment only.
    care: str = ""
    # The fee that was shown before sending and accepted with the signature (E5).
    fee_accepted: Decimal | None = None
    # She read what can happen to a plain e-mail, and still wants it (T10, G17).
    plain_email_warned: bool = False


def receive(asked: Asked, *, by: Account, now: datetime, place: Place) -> ReleaseRequest:
    """Take a request in: number, legal date, receipt. The clock starts at receipt, whatever is missing (F1, T1).

    Raises:
        AccessRefused: this person may not ask for this record.
        Unlawful: what is asked contradicts its track, or the number is another patient's.
    """
    actor = _permitted(asked, by=by, now=now, place=place)
    _check(asked, now)
    if asked.number.strip():
        asked = _of_number(asked)
        actor = _permitted(asked, by=by, now=now, place=place)
    with atomic():
        request = _draft(asked, by=by, staff=_at_work(asked, actor, now=now))
        request.save(force_insert=True)
        request.studies.set(asked.studies)
        _recognize(request, asked, by=by, now=now)
        clocks.begin(request, received_at=asked.received_at or now)
        request.plain_email_warned_at = now if asked.plain_email_warned else None
        move(
            request, Event.SUBMIT, EventKind.REQUEST_RECEIVED, by=actor, now=now, place=place, public=True,
            detail={"channel": request.channel, "track": Track(request.track).name} | _warned(asked),
        )  # fmt: skip
        letters.receipt(request, by=reference(actor), now=now, place=place)
        if asked.care.strip():
            note = asked.care.strip()[:400]
            Evidence.objects.create(
                request=request, document=Document.CARE_RELATIONSHIP.value, note=note, by=by, at=now
            )
        if asked.fee_accepted is not None:
            pricing.agree_beforehand(request, asked.fee_accepted, by=actor, now=now, place=place)
    return request


def _of_number(asked: Asked) -> Asked:
    """The patient whose number is given, if the rest of what is said is about her, too."""
    meant = patient_of(asked.number)
    check_meant(meant, name=asked.name, birth_date=asked.birth_date, by_number=True)
    return replace(asked, patient=meant)


def _warned(asked: Asked) -> dict[str, str]:
    """What the ledger says of plain e-mail: that the person was warned, and wants it all the same (T10)."""
    return {"plain_email": "warned, and still wanted"} if asked.plain_email_warned else {}


def withdraw(request: ReleaseRequest, *, by: Account, reason: str, now: datetime, place: Place) -> None:
    """The requester takes the request back."""
    actor = permit_requester(by, request, now=now, place=place)
    with atomic():
        row = lock(request)
        row.closed_at = now
        end_packages(row, now=now)
        sharing.end_of(row, by=reference(actor), now=now, place=place)
        move(row, Event.WITHDRAW, EventKind.REQUEST_WITHDRAWN, by=actor, now=now, place=place, note=reason, public=True)


def _permitted(asked: Asked, *, by: Account, now: datetime, place: Place) -> Actor:
    """Ask `access` for each study, or for the record as a whole."""
    actor = actor_of(by, now=now)
    if asked.patient is None:
        authorize(
            actor, Action.CREATE_REQUEST, RecordFacts(None), PurposeOfUse.RECORDS, now=now, place=place, told=True
        )
        return actor
    studies: list[UUID | None] = [item.pk for item in asked.studies]
    for study in studies or [None]:
        wanted = RecordFacts(asked.patient.pk, study)
        purpose = purpose_of(actor, wanted, now=now)
        authorize(actor, Action.CREATE_REQUEST, wanted, purpose, now=now, place=place, told=True)
    return actor


def _check(asked: Asked, now: datetime) -> None:
    """Refuse what no clerk should have to send back; what is merely missing is asked for later."""
    if not (asked.images or asked.report):
        raise Unlawful("Choose the images, the report, or both.", "45 CFR 164.524(c)(1)")
    if asked.expedited and not asked.expedited_reason.strip():
        raise Unlawful("Say why it is urgent, so that it can go first.", "45 CFR 164.524(b)(2)")
    if any(study.patient_id != (asked.patient.pk if asked.patient else None) for study in asked.studies):
        raise Unlawful("A request is about one patient's scans.", "45 CFR 164.530(c)(1)")
    if asked.received_at is not None and asked.received_at > now:
        raise Unlawful("A request can't be received in the future.", "45 CFR 164.524(b)(2)(i)")
    if asked.delivery is Arrival.EXCHANGE and asked.recipient is None:
        raise Unlawful("Name the doctor or hospital that it goes to.", "45 CFR 164.530(c)(1)")
    check_format(asked.medium, asked.delivery, images=asked.images)
    _check_track(asked)


def _check_track(asked: Asked) -> None:
    """Take no more than the track may ask, and not less than it must (T2, T4)."""
    if asked.care.strip() and Field.CARE not in may_ask(asked.track):
        raise Unlawful("Only a request for treatment says what is treated.", "45 CFR 164.524(b)(1)")
    if asked.recipient and Field.RECIPIENT not in may_ask(asked.track):
        raise Unlawful("A copy for yourself goes to you.", "45 CFR 164.524(c)(3)(ii)")
    if asked.track is Track.DIRECTIVE:
        _check_directive(asked)
    if asked.track is Track.TREATMENT and asked.channel is Channel.PORTAL:
        to = asked.recipient
        if to is None or to.kind is not RecipientKind.PROVIDER or not asked.care.strip():
            raise Unlawful("Name the doctor or hospital, and what you are treated for.", "45 CFR 164.506(c)(2)")


def _check_directive(asked: Asked) -> None:
    """A directive is written, signed, and says who and where (D6, T4); nothing else is asked."""
    to = asked.recipient
    directive = Directive(
        in_writing=True,
        signed=bool(asked.signature.strip()),
        recipient=to.name if to else "",
        destination=(to.address or to.email or to.organization) if to else "",
        electronic_copy=asked.medium is not Medium.PAPER,
        in_ehr=True,
    )
    if gaps := directive_gaps(directive):
        raise Unlawful(" ".join(gap.value for gap in gaps), "45 CFR 164.524(c)(3)(ii)")
    if track_of(directive) is not Track.DIRECTIVE:
        raise Unlawful(
            "Paper for somebody else takes a signed permission. Choose a digital copy, or sign one.",
            "45 CFR 164.524(c)(3)(ii)",
        )


def _at_work(asked: Asked, actor: Actor, *, now: datetime) -> bool:
    """Whether staff enter what somebody else asks for, and not what they ask for themselves in the portal."""
    if not asked.patient or asked.channel is not Channel.PORTAL:
        return bool(actor.roles)
    first = asked.studies[0].pk if asked.studies else None
    return not for_herself(actor, RecordFacts(asked.patient.pk, first), now=now)


def _draft(asked: Asked, *, by: Account, staff: bool) -> ReleaseRequest:
    """Make the row, without its dates."""
    return ReleaseRequest(
        number=new_number(),
        state=State.DRAFT.value,
        track=asked.track.value,
        purpose=asked.purpose.value,
        reason=asked.reason,
        channel=asked.channel.value,
        patient=asked.patient,
        requester=None if staff else by,
        entered_by=by if staff else None,
        asked_name=asked.name or (asked.patient.full_name if asked.patient else ""),
        asked_birth_date=asked.birth_date or (asked.patient.birth_date if asked.patient else None),
        requester_name=asked.requester_name or ("" if staff else by.full_name) or asked.name,
        contact=asked.contact or ("" if staff else by.email),
        exam=asked.exam,
        exam_first=asked.exam_first,
        exam_last=asked.exam_last,
        wants_images=asked.images,
        wants_report=asked.report,
        medium=asked.medium.value,
        delivery=asked.delivery.value,
        recipient=_recipient(asked.recipient),
        series_ids=list(asked.series_ids),
        signature=asked.signature,
        signed_on=asked.signed_on,
        expedited=asked.expedited,
        expedited_reason=asked.expedited_reason,
        language=asked.language,
        large_print=asked.large_print,
        by_representative=asked.by_representative,
        follows=asked.follows,
    )


def _recipient(details: RecipientDetails | None) -> Recipient | None:
    """Keep who should get the copy."""
    if details is None:
        return None
    return Recipient.objects.create(
        kind=details.kind.value,
        name=details.name,
        organization=details.organization,
        address=details.address,
        email=details.email,
        phone=details.phone,
        state=details.state,
        peer=details.peer,
    )


def _recognize(request: ReleaseRequest, asked: Asked, *, by: Account, now: datetime) -> None:
    """Whoever signed in with two steps and is linked by a proof needs no other proof (C3)."""
    if request.requester is None or asked.patient is None:
        return
    link = by.patient_links.filter(patient=asked.patient, ended_at=None).select_related("proof").first()
    acting = by.representations.filter(patient=asked.patient, ended_at=None).select_related("proof").first()
    proof = link.proof if link else acting.proof if acting else None
    if proof is None:
        return
    request.identity, request.verified_at = proof, now
    request.verified_how = gettext_noop("signed in to the portal")
    request.by_representative = link is None
    request.authority_checked = link is None


def new_number() -> str:
    """A number that says nothing about how many requests there are: three groups of digits."""
    while True:
        digits = f"{secrets.randbelow(10**10):010d}"
        number = f"R-{digits[:4]}-{digits[4:7]}-{digits[7:]}"
        if not ReleaseRequest.objects.filter(number=number).exists():
            return number
