"""Who has looked at a patient's record, read from the ledger in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from scanward.archive.models import Study
from scanward.audit.event import ActorRef
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.audit.models import Entry
from scanward.audit.queries import SEEN_BY_PATIENTS
from scanward.release.models import ReleasePackage, Share
from scanward.release.suspensions import unsaid
from scanward.web.showing import title
from scanward.web.wording import purpose_words, role_words


@dataclass(frozen=True, slots=True)
class NamedStudy:
    """A study as the list refers to it."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class Look:
    """One line of the list."""

    number: int
    at: datetime
    who: str
    what: str
    purpose: str
    place: str
    study: NamedStudy | None


class Looks(Sequence[Look]):
    """The lines, newest first; only those of the page that is shown are read."""

    def __init__(self, patients: Sequence[UUID], reader: str, *, now: datetime) -> None:
        ids = [str(patient) for patient in patients]
        rows = Entry.objects.filter(patient_id__in=ids, kind__in=SEEN_BY_PATIENTS)
        self._rows = rows.exclude(subject_id__in=_kept_back(patients, now=now)).order_by("-seq")
        self._reader = reader

    def __len__(self) -> int:
        return self._rows.count()

    def __getitem__(self, key: int | slice) -> Any:
        entries = list(self._rows[key]) if isinstance(key, slice) else [self._rows[key]]
        studies = _titles(entries)
        lines = [_line(entry, studies, self._reader) for entry in _latest_of_sittings(entries)]
        return lines if isinstance(key, slice) else lines[0]


def _kept_back(patients: Sequence[UUID], *, now: datetime) -> list[str]:
    """What would tell of a disclosure that the accounting leaves out for now: it, its request, packages and links."""
    left_off = unsaid(patients, now=now)
    rows, requests = left_off.rows, left_off.requests
    made = [kind.objects.filter(request__in=requests).values_list("pk", flat=True) for kind in (ReleasePackage, Share)]
    return [str(one) for one in (*(row.pk for row in rows), *requests, *chain(*made))]


def _latest_of_sittings(entries: Sequence[Entry]) -> list[Entry]:
    """Leave out what a later entry of the same sitting says more fully: each counts the whole sitting so far."""
    told: set[str] = set()
    kept = []
    for entry in entries:
        sitting = str(entry.detail.get("sitting", ""))
        if sitting not in told:
            kept.append(entry)
        if sitting:
            told.add(sitting)
    return kept


def _study_id(entry: Entry) -> str:
    """Return which study an entry is about; of a series the ledger names it beside."""
    return entry.subject.display if entry.subject_kind == SubjectKind.SERIES.value else entry.subject_id


def _titles(entries: Sequence[Entry]) -> dict[str, NamedStudy]:
    """Return the studies that the entries speak of."""
    ids = [item for item in map(_study_id, entries) if _is_uuid(item)]
    return {str(study.id): NamedStudy(study.id, title(study)) for study in Study.objects.filter(pk__in=ids)}


def _line(entry: Entry, studies: dict[str, NamedStudy], reader: str) -> Look:
    """Put one entry into words."""
    actor, count = entry.actor, entry.detail.get("images")
    who = _("You") if actor.id == reader else _name(actor)
    what = entry.sentence
    if count and entry.kind == EventKind.IMAGES_VIEWED.value:
        pictures = _("Pictures: {count}").format(count=count)
        what = f"{what} {pictures}"
    purpose = purpose_words(entry.purpose)
    return Look(entry.seq, entry.at, who, what, purpose, _place(entry), studies.get(_study_id(entry)))


def _name(actor: ActorRef) -> str:
    """Return the name, and what the person is here."""
    if actor.role == "system":
        return _("The hospital's system")
    return f"{actor.display} ({role_words(actor.role)})" if actor.role else actor.display


def _place(entry: Entry) -> str:
    """Say from where, as far as it is known."""
    place = entry.place
    return place.address or str(_("inside the hospital"))


def _is_uuid(text: str) -> bool:
    """Return whether the text is a UUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
