"""The list of who received a patient's records, made at the desk; and what an official asks to leave off it."""

from io import BytesIO
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from scanward.access.kinds import Action
from scanward.desk.views.circle import may, worker_of
from scanward.people.models import Patient
from scanward.release import house, letters, rights, suspensions
from scanward.release.models import AccountingSuspension
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import day, done, typed


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def accounting(request: SignedInRequest, patient_id: UUID) -> HttpResponse | FileResponse:
    """Make the accounting of 45 CFR 164.528 for a patient who wrote, called or came (L5)."""
    patient = worker_of(request, patient_id, Action.ANSWER_RIGHTS)
    if request.method == "POST":
        language = typed(request, "language") if typed(request, "language") in ("en", "es") else "en"
        kept = rights.give_accounting(
            patient, by=request.user, language=language, now=request.now, place=place_of(request)
        )
        return FileResponse(BytesIO(letters.pdf(kept)), filename="accounting.pdf", content_type="application/pdf")
    return render(request, "desk/patient_accounting.html", _shown(request, patient))


@require_POST
@signed_in
def suspend(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Write an official's statement down."""
    patient = worker_of(request, patient_id, Action.SUSPEND_ACCOUNTING)
    said = suspensions.Statement(
        recipient=typed(request, "recipient"),
        official=typed(request, "official"),
        written=typed(request, "how") == "written",
        statement=typed(request, "statement"),
        stated_on=day(request, "stated_on"),
        until=day(request, "until"),
    )
    if not done(
        request,
        lambda: suspensions.suspend(patient, said, by=request.user, now=request.now, place=place_of(request)),
        _("It is noted. What went to them comes back onto the list by itself."),
    ):
        return render(request, "desk/patient_accounting.html", _shown(request, patient), status=422)
    return redirect("patient-accounting", patient.id)


@require_POST
@signed_in
def end(request: SignedInRequest, suspension_id: UUID) -> HttpResponse:
    """Put the disclosures back on the list before the day that was stated."""
    kept = get_object_or_404(AccountingSuspension.objects.select_related("patient"), pk=suspension_id)
    deed = suspensions.end
    done(
        request,
        lambda: deed(kept, by=request.user, now=request.now, place=place_of(request)),
        _("It stands on the list again."),
    )
    return redirect("patient-accounting", kept.patient_id)


def _shown(request: SignedInRequest, patient: Patient) -> dict[str, object]:
    """What the page shows: of statements, only to who writes them down."""
    suspends = may(request, Action.SUSPEND_ACCOUNTING, patient)
    today = house.today(request.now)
    kept = patient.accounting_suspensions.select_related("entered_by") if suspends else []
    return {
        "patient": patient,
        "given": patient.accounting_requests.order_by("-received_at"),
        "suspends": suspends,
        "recipients": suspensions.recipients(patient) if suspends else [],
        "statements": [(row, row.ended_at is None and row.until >= today) for row in kept],
        "posted": request.POST,
        "today": today,
    }
