"""Turns records into what people read: plain titles, labels and dates."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from scanward.access.ended import Ended
from scanward.access.kinds import Actor, Representing
from scanward.archive.models import Report, ReportStatus, Study
from scanward.archive.reports import SectionKind
from scanward.people.kinds import AUTHORITY_NAMES, Authority
from scanward.people.models import Patient, Representation

# Words in the scanner's description or body part, and what people call it; the first that fits is taken.
BODY_PARTS: tuple[tuple[str, str | Promise], ...] = (
    (r"abd.*pel|thorax.*abd|chest.*abd", gettext_lazy("CT of the chest, abdomen and pelvis")),
    (r"chest|thora|lung|pulm", gettext_lazy("CT of the chest")),
    (r"abd", gettext_lazy("CT of the abdomen")),
    (r"pelvi", gettext_lazy("CT of the pelvis")),
    (r"head|brain|skull|cran", gettext_lazy("CT of the head")),
    (r"sinus", gettext_lazy("CT of the sinuses")),
    (r"neck|cerv", gettext_lazy("CT of the neck")),
    (r"spine|lumb", gettext_lazy("CT of the spine")),
    (r"heart|cardi|coron", gettext_lazy("CT of the heart")),
    (r"knee|leg|foot|ankle|hip", gettext_lazy("CT of the leg")),
    (r"arm|hand|wrist|elbow|shoulder", gettext_lazy("CT of the arm")),
)

STATUS_NAMES = {
    ReportStatus.PRELIMINARY: gettext_lazy("Preliminary report"),
    ReportStatus.FINAL: gettext_lazy("Final report"),
    ReportStatus.AMENDED: gettext_lazy("Corrected report"),
    ReportStatus.CANCELLED: gettext_lazy("Report cancelled"),
    ReportStatus.WITHDRAWN: gettext_lazy("Report taken back"),
}

SECTION_NAMES: dict[SectionKind, str | Promise] = {
    SectionKind.EXAM: gettext_lazy("What was done"),
    SectionKind.INDICATION: gettext_lazy("Why it was done"),
    SectionKind.TECHNIQUE: gettext_lazy("How it was done"),
    SectionKind.COMPARISON: gettext_lazy("Compared with"),
    SectionKind.FINDINGS: gettext_lazy("What the radiologist saw"),
    SectionKind.IMPRESSION: gettext_lazy("What it means: the summary"),
    SectionKind.RECOMMENDATION: gettext_lazy("What should happen next"),
    SectionKind.OTHER: pgettext_lazy("part of a report", "More"),
}

SECTION_HELP: dict[SectionKind, str | Promise] = {
    SectionKind.EXAM: gettext_lazy("Names the kind of scan, the part of the body and the protocol."),
    SectionKind.INDICATION: gettext_lazy("The question that your doctor asked the radiologist."),
    SectionKind.TECHNIQUE: gettext_lazy(
        "Says how the scanner was set and whether a contrast dye was given. It says nothing about your health."
    ),
    SectionKind.COMPARISON: gettext_lazy(
        "Lists earlier scans that the radiologist looked at, to see what has changed."
    ),
    SectionKind.FINDINGS: gettext_lazy(
        "Goes through the body part by part. Most of it usually describes what is normal."
    ),
    SectionKind.IMPRESSION: gettext_lazy(
        "The most important points. If you read only one part, read this one, and talk about it with your doctor."
    ),
    SectionKind.RECOMMENDATION: gettext_lazy(
        "What the radiologist advises, for example another scan later. Ask your doctor whether it was arranged."
    ),
}


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One study as the timeline shows it."""

    id: UUID
    title: str
    performed_at: datetime | None
    image_count: int
    report_status: str
    report_label: str
    patient: Patient


@dataclass(frozen=True, slots=True)
class Record:
    """One patient's studies, and in what relation the reader stands to them."""

    patient: Patient
    own: bool
    authority: str
    until: datetime | None
    studies: list[StudyCard]


@dataclass(frozen=True, slots=True)
class ShownSection:
    """One part of a report with its plain title and what the part is for."""

    title: str
    help: str
    text: str
    # Of recommendations: one by one, so that people can act on them (H11).
    points: tuple[str, ...] = ()


def records_of(actor: Actor, *, now: datetime) -> list[Record]:
    """Return the records that a patient or representative may see, her own first."""
    own = [
        Record(patient, True, "", None, cards(Study.objects.filter(patient=patient)))
        for patient in Patient.objects.filter(pk__in=actor.own_patients)
    ]
    return own + [_represented(authority, actor) for authority in actor.representing if _in_force(authority, now)]


def timelines_of(actor: Actor, *, now: datetime) -> list[Record]:
    """Return the records as people think of them: what is kept under several numbers is one person's timeline."""
    records = records_of(actor, now=now)
    own = [record for record in records if record.own]
    if len(own) < 2:
        return records
    studies = cards(Study.objects.filter(patient__in=[record.patient for record in own]))
    return [replace(own[0], studies=studies), *(record for record in records if not record.own)]


def _in_force(authority: Representing, now: datetime) -> bool:
    """Return whether the authority holds at this time."""
    return authority.valid_from <= now and (authority.valid_until is None or now < authority.valid_until)


def _represented(authority: Representing, actor: Actor) -> Record:
    """Return the record of a patient for whom the reader acts, as far as the authority goes."""
    patient = Patient.objects.get(pk=authority.patient)
    studies = Study.objects.filter(patient=patient)
    if authority.study_ids:
        studies = studies.filter(pk__in=authority.study_ids)
    row = Representation.objects.filter(account_id=UUID(actor.id), patient=patient).order_by("-valid_from").first()
    name = str(AUTHORITY_NAMES[Authority(row.authority)]) if row else ""
    return Record(patient, False, name, authority.valid_until, cards(studies))


@dataclass(frozen=True, slots=True)
class EndedAuthority:
    """An authority that has ended, in words; whose record it was, its holder knows by the kind and the days."""

    kind: str
    since: datetime
    until: datetime | None


def authority_words(ended: Ended) -> EndedAuthority:
    """Return it as pages show it. No name: the one on file may be newer than what she knew."""
    return EndedAuthority(str(AUTHORITY_NAMES[ended.authority]), ended.since, ended.until)


def cards(studies: QuerySet[Study]) -> list[StudyCard]:
    """Return the studies for a timeline, the newest first; without images and report there is nothing to show yet."""
    latest = Report.objects.filter(study=OuterRef("pk")).order_by("-version")
    found = studies.select_related("patient").annotate(
        image_count=Count("series__instances", filter=Q(series__instances__frames__gt=0)),
        report_status=Subquery(latest.values("status")[:1]),
    )
    shown = found.exclude(image_count=0, report_status=None).order_by("-performed_at", "-received_at")
    return [card(study, study.image_count, study.report_status or "") for study in shown]


def card(study: Study, image_count: int, report_status: str) -> StudyCard:
    """Return one study as pages show it."""
    label = str(STATUS_NAMES[ReportStatus(report_status)]) if report_status else ""
    return StudyCard(study.id, title(study), study.performed_at, image_count, report_status, label, study.patient)


def title(study: Study) -> str:
    """Return what people call this scan."""
    words = f"{study.body_part} {study.description}".lower()
    for pattern, name in BODY_PARTS:
        if re.search(pattern, words):
            return str(name)
    # A description without a word in it ("e+1") tells nobody anything.
    return study.description if re.search(r"[^\W\d_]{3}", study.description) else _("CT scan")
