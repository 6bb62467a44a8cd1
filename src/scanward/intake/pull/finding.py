"""What a PACS has of one patient. Whatever else it answers is dropped and counted, and shown to nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from scanward.access.actions import authorize
from scanward.access.actors import reference
from scanward.access.kinds import Action, Actor, RecordFacts
from scanward.archive import facts
from scanward.archive.models import Instance
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.dicom.uids import is_uid
from scanward.intake.pull import dimse, web
from scanward.intake.pull.pacs import Header, Opened, Pacs, Unreached
from scanward.law.purpose import PurposeOfUse
from scanward.people.actions import NotAllowed
from scanward.people.matching import Verdict, match_claimed
from scanward.people.models import Patient

# They would make a question about one patient a question about many (PS3.4 C.2.2.2.4).
WILD: Final = frozenset("*?\\")
# The longest value of SH (PS3.5 6.2).
MOST_ACCESSION: Final = 16


@dataclass(frozen=True, slots=True)
class Offered:
    """A study that the PACS has of the patient: what it takes to recognise it, and no more."""

    uid: str
    accession_number: str
    description: str
    performed_at: datetime | None
    # How many objects the PACS says that it has (0: it does not say), and how many are here.
    objects: int
    here: int


@dataclass(frozen=True, slots=True)
class Found:
    """The patient's CT studies at a PACS, the newest first, and how many answers were about somebody else."""

    studies: tuple[Offered, ...]
    dropped: int


def opened(pacs: Pacs) -> Opened:
    """Open the way to a PACS."""
    return dimse.opened(pacs) if pacs.kind == "dicom" else web.opened(pacs)


def look(
    pacs: Pacs,
    patient: Patient,
    *,
    actor: Actor,
    place: Place,
    now: datetime,
    study_uid: str = "",
    accession: str = "",
) -> Found:
    """Ask a PACS for a patient's CT studies (or for those named); the question is in the ledger, answered or not.

    Raises:
        AccessRefused: this person may not bring records in. NotAllowed: it can't be asked, and why.
    """
    authorize(actor, Action.IMPORT, RecordFacts(patient.id), PurposeOfUse.RECORDS, now=now, place=place, told=True)
    numbers = _numbers(pacs, patient)
    if WILD & set(accession) or len(accession) > MOST_ACCESSION:
        raise NotAllowed(_("This is no accession number. It was not asked for."))
    try:
        with opened(pacs) as wire:
            headers = [header for number in numbers for header in wire.studies(number, study_uid, accession)]
    except Unreached as error:
        _tell(pacs, patient, actor=actor, place=place, now=now, answers=None)
        raise NotAllowed(_("The PACS was not reached, or did not answer. Try again later.")) from error
    hers = [header for header in headers if _is_hers(header, patient, pacs, study_uid)]
    # A PACS that doesn't look at this key answers with all of hers.
    offered = {one.uid: one for one in _offered(hers) if accession in ("", one.accession_number)}
    _tell(pacs, patient, actor=actor, place=place, now=now, answers=(len(hers), len(headers) - len(hers)))
    newest = sorted(offered.values(), key=lambda one: (one.performed_at is not None, one.performed_at), reverse=True)
    return Found(tuple(newest), len(headers) - len(hers))


def _numbers(pacs: Pacs, patient: Patient) -> list[str]:
    """Return the patient's numbers that this PACS knows.

    Raises:
        NotAllowed: there is none that can be asked for.
    """
    rows = patient.identifiers.filter(issuer=pacs.issued_by).values_list("value", flat=True)
    numbers = sorted(number for number in rows if not WILD & set(number))
    if not numbers or not patient.birth_date or not patient.family_name:
        raise NotAllowed(
            _("This patient has no number that this PACS knows, or no name or date of birth. It was not asked.")
        )
    return numbers


def _is_hers(header: Header, patient: Patient, pacs: Pacs, study_uid: str) -> bool:
    """Return whether an answer is this patient's for certain: number, name and date of birth, all three."""
    who = facts.demographics(header, default_issuer=pacs.issued_by)
    uid = facts.text(header, "0020000D", 65)
    asked_for = is_uid(uid) and (not study_uid or uid == study_uid)
    return asked_for and match_claimed(who, patient, numbered=True).verdict is Verdict.FOUND


def _offered(headers: list[Header]) -> Iterator[Offered]:
    """Yield the CT studies among the answers."""
    for header in headers:
        kinds = header.get("00080061", {}).get("Value") or ["CT"]
        if "CT" not in kinds:
            continue
        about = facts.study_facts(header, zone=settings.FACILITY_TIME_ZONE)
        uid = about.study_instance_uid
        here = Instance.objects.filter(series__study__study_instance_uid=uid).count()
        objects = max(0, facts.whole_number(header, "00201208") or 0)
        yield Offered(uid, about.accession_number, about.description, about.performed_at, objects, here)


def _tell(
    pacs: Pacs, patient: Patient, *, actor: Actor, place: Place, now: datetime, answers: tuple[int, int] | None
) -> None:
    """Write down who asked which PACS about whom."""
    detail: dict[str, str | int] = {"pacs": pacs.name}
    if answers:
        detail |= {"found": answers[0], "dropped": answers[1]}
    with transaction.atomic():
        record(
            EventKind.PACS_ASKED,
            actor=reference(actor),
            subject=SubjectRef(SubjectKind.PATIENT, str(patient.id), str(patient.id)),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS if answers else Outcome.SERIOUS_FAILURE,
            at=now,
            place=place,
            detail=detail,
        )
