"""Results that a state's law keeps back for some days: the report by electronic means, never the images (T8)."""

from datetime import datetime

from scanward.access.kinds import Action, Actor, Context
from scanward.archive.models import Report, Study
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.holds import Hold, Item, Means, Sensitivity, report_hold, withheld
from scanward.law.purpose import PurposeOfUse
from scanward.release import house
from scanward.release.models import ReportLabel
from scanward.release.moving import atomic


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


def hold_of(report: Report) -> Hold | None:
    """The statutory hold on a report; most have none."""
    found = ReportLabel.objects.filter(report=report).first()
    if found is None or report.finalized_at is None:
        return None
    return report_hold(
        sensitivity=Sensitivity(found.sensitivity), finalized_at=report.finalized_at, facility=house.facility()
    )


def withheld_report(study: Study, *, now: datetime, means: Means = Means.ELECTRONIC) -> Hold | None:
    """The hold that keeps the study's latest report back now."""
    latest = study.reports.first()
    hold = hold_of(latest) if latest else None
    return hold if withheld(hold, item=Item.REPORT, means=means, now=now) else None


def context_for(actor: Actor, study: Study, *, now: datetime) -> Context:
    """What a decision about the study has to know: the hold binds patients and those they chose, not clinicians."""
    hold = None if actor.roles else withheld_report(study, now=now)
    return Context(held={Action.VIEW_REPORT: hold.citation}) if hold else Context()
