"""Results that a law of the state keeps back for some days: which, until when, and who said so (T8)."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from scanward.access.kinds import Action
from scanward.archive.models import Report
from scanward.desk.views.circle import worker_of
from scanward.law.holds import Hold, Sensitivity
from scanward.people.actions import NotAllowed
from scanward.people.models import Patient
from scanward.release import holds
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import chosen, done, typed

SAYS = {
    Sensitivity.ORDINARY: gettext_lazy("Nothing of the kind"),
    Sensitivity.MALIGNANCY: gettext_lazy("It is likely to show cancer"),
    Sensitivity.GENETIC_MARKER: gettext_lazy("It is likely to show a genetic marker"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def results(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Mark reports whose author says that they are likely to show what the state's law is about."""
    patient = worker_of(request, patient_id, Action.LABEL_STUDY)
    if request.method == "POST":
        done(request, lambda: _mark(request, patient), _("Saved."))
        return redirect("patient-held-results", patient.id)
    rows = [_row(report, now=request.now) for report in _latest(patient)]
    context = {"patient": patient, "rows": rows, "says": SAYS.items(), "law": holds.state_holds(now=request.now)}
    return render(request, "desk/patient_held.html", context)


def _row(report: Report, *, now: datetime) -> tuple[showing.StudyCard, holds.Said, Hold | None]:
    """A study with what was said of its report, and the hold that this makes now."""
    study = report.study
    return showing.card(study, 0, report.status), holds.said_of(report), holds.withheld_report(study, now=now)


def _mark(request: SignedInRequest, patient: Patient) -> None:
    """Put down what the author says about the latest report of one study."""
    report = next((one for one in _latest(patient) if str(one.study_id) == typed(request, "study")), None)
    if report is None:
        raise Http404
    says = chosen(request, "says", Sensitivity)
    if says is None:
        raise NotAllowed(_("Choose what the author of the report says."))
    holds.mark(report, says, by=request.user, now=request.now, place=place_of(request))


def _latest(patient: Patient) -> list[Report]:
    """Return the latest report of each study, the newest study first."""
    found: dict[UUID, Report] = {}
    reports = Report.objects.filter(study__patient=patient).select_related("study__patient")
    for report in reports.order_by("-study__performed_at", "study", "-version"):
        found.setdefault(report.study_id, report)
    return list(found.values())
