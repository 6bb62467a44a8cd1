"""Results that a state's law keeps back for some days: the report by electronic means, never the images (T8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import QuerySet

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, Context, RecordFacts
from scanward.archive.models import TAKEN_BACK, Report, Study
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.days import local_day
from scanward.law.denials import Outcome as Reviewed
from scanward.law.holds import Hold, Item, Means, Sensitivity, report_hold, withheld
from scanward.law.marks import read_mark
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track
from scanward.people.models import Account
from scanward.release import house
from scanward.release.capacity import for_herself
from scanward.release.kinds import State
from scanward.release.models import Denial, ReleaseRequest, ReportLabel

DENIED: Final = "45 CFR 164.524(d)"


def label(report: Report, sensitivity: Sensitivity, *, by: ActorRef, now: datetime, place: Place) -> None:
    """Write down what the report is reasonably likely to show, as its author marked it."""
    with atomic():
        ReportLabel.objects.update_or_create(
            report=report, defaults={"sensitivity": sensitivity.value, "labelled_by": by.display, "at": now}
        )
        hold = hold_of(Report.objects.get(pk=report.pk))
        kind = EventKind.HOLD_PLACED if hold and hold.holds(now) else EventKind.STUDY_LABELLED
        record(
            kind,
            actor=by,
            subject=SubjectRef(SubjectKind.STUDY, str(report.study_id), patient=str(report.study.patient_id)),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            detail={"citation": hold.citation, "until": hold.ends_at.isoformat()} if hold else None,
        )


def mark(report: Report, sensitivity: Sensitivity, *, by: Account, now: datetime, place: Place) -> None:
    """Enter what the author of a report says that it is likely to show.

    Raises:
        AccessRefused: this person may not label the study.
    """
    actor = actor_of(by, now=now)
    wanted = RecordFacts(report.study.patient_id, report.study_id)
    authorize(actor, Action.LABEL_STUDY, wanted, PurposeOfUse.RECORDS, now=now, place=place, told=True)
    label(report, sensitivity, by=reference(actor), now=now, place=place)


def state_holds(*, now: datetime) -> Hold | None:
    """The hold that the facility's state would put on a sensitive report that is finalized now; most have none."""
    return report_hold(sensitivity=Sensitivity.MALIGNANCY, finalized_at=now, facility=house.facility())


def hold_of(report: Report) -> Hold | None:
    """The statutory hold on a report; most have none.

    What an earlier version was marked with counts for the later ones, and the days from the first that was final.
    What was taken back had no result, so the days of the report that follows it are its own.
    """
    says, since = Sensitivity.ORDINARY, None
    for version in _versions(report):
        says = _said(version) or says
        if says is Sensitivity.ORDINARY or version.status in TAKEN_BACK:
            since = None
        elif version.finalized_at:
            since = min(since or version.finalized_at, version.finalized_at)
    if since is None:
        return None
    return report_hold(sensitivity=says, finalized_at=since, facility=house.facility())


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a report, and whether its sender's mark says it and nobody at the desk."""

    what: Sensitivity
    by_sender: bool = False


def said_of(report: Report) -> Said:
    """What is said of a report now; the last word counts."""
    found = Said(Sensitivity.ORDINARY)
    for version in _versions(report):
        if what := _said(version):
            found = Said(what, by_sender=not hasattr(version, "label"))
    return found


def _versions(report: Report) -> QuerySet[Report]:
    """The report's versions up to this one, the first one first, with what the desk wrote down."""
    versions = Report.objects.filter(study=report.study_id, version__lte=report.version)
    return versions.select_related("label").order_by("version")


def _said(version: Report) -> Sensitivity | None:
    """What a version brought: the word of a person at the desk, or else what the law reads in its sender's mark."""
    if label := getattr(version, "label", None):
        return Sensitivity(label.sensitivity)
    facility = house.facility()
    on = local_day(version.finalized_at or version.received_at, facility.zone)
    return read_mark(version.mark, on=on, state=facility.state, site=settings.SENSITIVE_MARKS)


def withheld_report(study: Study, *, now: datetime, means: Means = Means.ELECTRONIC) -> Hold | None:
    """The hold that keeps the study's latest report back now."""
    latest = study.reports.first()
    hold = hold_of(latest) if latest else None
    return hold if withheld(hold, item=Item.REPORT, means=means, now=now) else None


def denied(study: Study, *, actor: Actor) -> frozenset[Item]:
    """What a denial that stands withholds of this study from those it binds (45 CFR 164.524(d)).

    A denial of the patient's own request binds her, who acts for her, and the links they gave. One of a
    representative's binds that representative (all of them, if who asked has no account) and the links, not her.
    A review that grants it ends it, and so does an approval of what the same person, or who reads, asked for later.
    """
    requests = ReleaseRequest.objects.filter(studies=study, track__in=(Track.ACCESS, Track.DIRECTIVE))
    standing = Denial.objects.filter(request__in=requests).exclude(outcome=Reviewed.GRANTED).select_related("request")
    # What was taken back, or entered by mistake, gives nothing.
    approved = requests.exclude(state__in=(State.WITHDRAWN, State.CANCELLED))
    found: set[Item] = set()
    for denial in standing:
        if _binds(denial.request, actor):
            later = approved.filter(received_at__gt=denial.decided_at).exclude(pk=denial.request_id)
            answers = (request for request in later if _answers(request, denial.request, actor))
            given = {item for request in answers for item in request.granted_items}
            found |= {Item(item) for item in denial.withheld} - given
    return frozenset(found)


def denied_since(request: ReleaseRequest) -> frozenset[Item]:
    """What was denied to the same person, of the same scans, after this request came in, and is denied still.

    What was asked for earlier must not leave on the way that a denial has closed since.
    """
    if request.track not in (Track.ACCESS, Track.DIRECTIVE) or request.received_at is None:
        return frozenset()
    since = Denial.objects.filter(
        request__studies__in=request.studies.all(), request__track__in=(Track.ACCESS, Track.DIRECTIVE),
        decided_at__gt=request.received_at,
    ).exclude(outcome=Reviewed.GRANTED).exclude(request=request)  # fmt: skip
    return frozenset(
        Item(item) for denial in since.distinct().select_related("request") if _same_asker(request, denial.request)
        for item in denial.withheld
    )  # fmt: skip


def _same_asker(one: ReleaseRequest, other: ReleaseRequest) -> bool:
    """Whether two requests are of one person, as far as anybody knows; of two without accounts it may be so."""
    if one.by_representative != other.by_representative:
        return False
    return not one.by_representative or one.requester_id == other.requester_id


def _answers(later: ReleaseRequest, denied_one: ReleaseRequest, actor: Actor) -> bool:
    """Whether a later request is that of who was denied, or of who reads: what one gets harms by another's hands.

    Of two representatives without accounts nobody knows that they are the same.
    """
    if str(later.requester_id) == actor.id:
        return True
    if not denied_one.by_representative:
        return not later.by_representative
    return later.by_representative and later.requester_id is not None and later.requester_id == denied_one.requester_id


def _binds(request: ReleaseRequest, actor: Actor) -> bool:
    """Whether the denial of this request binds this reader."""
    if not request.by_representative or actor.shares:
        return True
    if request.requester_id is None:
        return request.patient_id not in actor.own_patients
    return str(request.requester_id) == actor.id


def context_for(
    actor: Actor, study: Study, *, now: datetime, action: Action | None = None, purpose: PurposeOfUse | None = None
) -> Context:
    """What a decision about the study has to know.

    Holds and denials bind patients and those they chose, whatever else these do here: a clinician meets her own
    record as its patient. They don't bind who treats the patient or works on her request; who also represents her
    says for which of the two by the purpose. A decision about one deed names it: a state's hold keeps back the report
    alone and is not looked up for an image.
    """
    if not for_herself(actor, RecordFacts(study.patient_id, study.pk), now=now, purpose=purpose):
        return Context()
    hold = withheld_report(study, now=now) if action in (None, Action.VIEW_REPORT) else None
    kept = denied(study, actor=actor)
    held: dict[Action, str] = {}
    if hold:
        held[Action.VIEW_REPORT] = hold.citation
    elif Item.REPORT in kept:
        held[Action.VIEW_REPORT] = DENIED
    if Item.IMAGES in kept:
        held |= {Action.VIEW_IMAGES: DENIED, Action.DOWNLOAD: DENIED}
    return Context(held=held)


def context_about(
    actor: Actor, record: RecordFacts, *, now: datetime, action: Action, purpose: PurposeOfUse | None = None
) -> Context:
    """What a decision about a record has to know, where it is about one study."""
    if record.study is None:
        return Context()
    study = Study.objects.select_related("patient").get(pk=record.study)
    return context_for(actor, study, now=now, action=action, purpose=purpose)
