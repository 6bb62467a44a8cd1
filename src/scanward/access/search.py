"""Finding a patient: what comes back depends on the role, and each search is in the ledger (L1)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from scanward.access.actions import authorize
from scanward.access.actors import in_care, reference
from scanward.access.kinds import HOUSE, SHOWS, Action, Actor, Part, Projection
from scanward.access.purposes import usual_purpose
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.people.models import Account, Patient

MOST_FOUND = 50
LEAST_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed; every part may be empty."""

    number: str = ""
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None

    @property
    def enough(self) -> bool:
        """Whether it is enough to search for: nobody leafs through all patients."""
        return bool(self.number) or len(self.family_name) >= LEAST_LETTERS

    @property
    def exact(self) -> bool:
        """Whether it names one person: a number, or a full name with the date of birth."""
        return bool(self.number) or bool(self.family_name and self.birth_date)

    def query(self) -> Q:
        """Return who fits, by the beginnings of names."""
        found = Q()
        if self.number:
            found &= Q(identifiers__value=self.number)
        if self.family_name:
            found &= Q(family_name__istartswith=self.family_name)
        if self.given_name:
            found &= Q(given_name__istartswith=self.given_name)
        if self.birth_date:
            found &= Q(birth_date=self.birth_date)
        return found


@dataclass(frozen=True, slots=True)
class Hit:
    """One patient who fits, and how much of her the searcher may see now."""

    patient: Patient
    in_care: bool
    shows: frozenset[Part]

    @property
    def can_open(self) -> bool:
        """Whether the record opens without breaking the glass."""
        return self.in_care or Part.DATE in self.shows


def find_patients(account: Account, actor: Actor, wanted: Wanted, *, place: Place, now: datetime) -> list[Hit]:
    """Return who fits, as far as the role may know.

    A clinician sees her own patients by any part of the name; of all others she learns only whether the one person
    whom she names exactly is a patient here.

    Raises:
        AccessRefused: the role does not search for patients.
    """
    purpose = usual_purpose(actor, HOUSE, now=now, action=Action.FIND_PATIENT)
    grant = authorize(actor, Action.FIND_PATIENT, HOUSE, purpose, now=now, place=place, told=True)
    care = in_care(account, now=now).filter(patient=OuterRef("pk"))
    rows = Patient.objects.annotate(cared_for=Exists(care)).filter(wanted.query())
    if grant.projection is Projection.NOTHING:
        rows = rows.filter(Q(cared_for=True) | (_named(wanted) if wanted.exact else Q(pk__in=[])))
    found = list(rows.distinct().order_by("family_name", "given_name", "id")[:MOST_FOUND]) if wanted.enough else []
    with transaction.atomic():
        used = (wanted.number, wanted.family_name, wanted.given_name, wanted.birth_date)
        names = [name for name, value in zip(("number", "family", "given", "born"), used, strict=True) if value]
        record(
            EventKind.RECORDS_SEARCHED,
            actor=reference(actor),
            subject=SubjectRef(SubjectKind.PATIENT, "search"),
            purpose=purpose,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            detail={"by": " ".join(names), "found": len(found), "rule": grant.rule},
        )
    return [_hit(patient, SHOWS[grant.projection]) for patient in found]


def _named(wanted: Wanted) -> Q:
    """Match the one person who is named exactly."""
    if wanted.number:
        return wanted.query()
    return Q(family_name__iexact=wanted.family_name, birth_date=wanted.birth_date)


def _hit(patient: Patient, shows: frozenset[Part]) -> Hit:
    """Return one result; a clinician's own patient is shown in full."""
    cared_for = bool(getattr(patient, "cared_for", False)) and not shows
    return Hit(patient, cared_for, SHOWS[Projection.ALL] if cared_for else shows)
