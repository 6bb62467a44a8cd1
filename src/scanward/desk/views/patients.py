"""Finding patients, the clinician's worklist, a patient's studies, and breaking the glass."""

from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scanward.access.decide import decide
from scanward.access.glass import break_glass, close_glass, open_for
from scanward.access.kinds import HOUSE, SHOWS, Action, Context, Grant, Part, RecordFacts
from scanward.access.models import BrokenGlass
from scanward.access.purposes import usual_purpose
from scanward.access.search import Hit, Wanted, find_patients
from scanward.archive.models import Study
from scanward.archive.visible import urgent, worklist
from scanward.desk.views.circle import may_people
from scanward.intake.pull.pacs import any_configured
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import CLINICIANS, GLASS_REASON_NAMES, GlassReason, Role
from scanward.people.models import Patient
from scanward.web import showing
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, day, done, typed

PER_PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def search(request: SignedInRequest) -> HttpResponse:
    """Find a patient. What is typed goes by POST, so that no name stands in an address or a log (fault C23)."""
    granted(request, Action.FIND_PATIENT, HOUSE, told=True)
    context: dict[str, object] = {"asked": request.method == "POST"}
    if request.method == "POST":
        wanted = Wanted(
            typed(request, "number"), typed(request, "family"), typed(request, "given"), day(request, "born")
        )
        hits = find_patients(request.user, request.actor, wanted, place=place_of(request), now=request.now)
        shown = [_hit(request, hit) for hit in hits]
        context |= {"hits": shown, "wanted": wanted, "may_break": _may_break(request)}
    return render(request, "desk/search.html", context)


def _hit(request: SignedInRequest, hit: Hit) -> dict[str, object]:
    """Return a result with the pages that open to this person: the record, and the people around the patient."""
    return {"patient": hit.patient, "opens": _sees(request, hit.patient), "people": may_people(request, hit.patient)}


def _sees(request: SignedInRequest, patient: Patient) -> bool:
    """Return whether the patient's page opens without breaking the glass."""
    return _may(request, Action.VIEW_STUDY, patient)


def _may(request: SignedInRequest, action: Action, patient: Patient) -> bool:
    """Return whether this person may do it with the patient's record."""
    wanted = RecordFacts(patient.id)
    purpose = usual_purpose(request.actor, wanted, now=request.now, at_desk=True, action=action)
    return isinstance(decide(request.actor, action, wanted, purpose, Context(), now=request.now), Grant)


def _may_break(request: SignedInRequest) -> bool:
    """Return whether this person has a role that may break the glass."""
    return bool(request.actor.roles & (CLINICIANS | {Role.PRIVACY_OFFICER}))


@require_safe
@signed_in
def patients(request: SignedInRequest) -> HttpResponse:
    """Show the scans of the patients whom a clinician treats (A4)."""
    if not request.actor.roles & CLINICIANS:
        raise Http404
    page = Paginator(worklist(request.user, now=request.now), PER_PAGE).get_page(request.GET.get("page"))
    marked = urgent(page.object_list)
    rows = [(showing.card(study, 0, ""), study.pk in marked) for study in page.object_list]
    return render(request, "desk/worklist.html", {"rows": rows, "page": page})


@require_safe
@signed_in
def patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show a patient's studies as far as the role may see them: minimum necessary (K5, 45 CFR 164.502(b))."""
    found = get_object_or_404(Patient, pk=patient_id)
    grant = granted(request, Action.VIEW_STUDY, RecordFacts(found.id))
    studies = Study.objects.filter(patient=found).select_related("patient").order_by("-performed_at", "id")
    context = {
        "patient": found if grant.shows(Part.IDENTITY) else None,
        "rows": [_row(study, grant) for study in studies],
        "full": grant.shows(Part.IMAGES),
        "glass": open_for(request.user, now=request.now).filter(patient=found).last(),
        "reason": grant.reason,
        "people": may_people(request, found),
        "may_bring": _may(request, Action.IMPORT, found),
        "may_pull": any_configured(),
    }
    return render(request, "desk/patient.html", context)


def _row(study: Study, grant: Grant) -> dict[str, object]:
    """Return the parts of a study that the grant lets be seen, and nothing else: what is not here can't be shown."""
    parts = {
        Part.DATE: ("performed_at", study.performed_at),
        Part.CODE: ("code", study.accession_number),
        Part.EXAM: ("title", showing.title(study)),
        Part.IMAGES: ("id", study.id),
    }
    return dict(value for part, value in parts.items() if part in SHOWS[grant.projection])


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def emergency(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Break the glass: say why, and the record opens at once (K8)."""
    found = get_object_or_404(Patient, pk=patient_id)
    asked = RecordFacts(found.id)
    decision = decide(request.actor, Action.BREAK_GLASS, asked, PurposeOfUse.BREAK_GLASS, Context(), now=request.now)
    if not isinstance(decision, Grant):
        # The refusal belongs in the ledger, too.
        granted(request, Action.BREAK_GLASS, asked, purpose=PurposeOfUse.BREAK_GLASS, told=True)
    glass = open_for(request.user, now=request.now).filter(patient=found).last()
    context = {
        "patient": found,
        "reasons": GLASS_REASON_NAMES.items(),
        "glass": glass,
        "minutes": settings.GLASS_MINUTES,
        "words": typed(request, "words"),
    }
    if request.method != "POST":
        return render(request, "desk/emergency.html", context)
    reason = chosen(request, "reason", GlassReason)
    if reason is None:
        return render(request, "desk/emergency.html", context | {"missing": True}, status=422)

    def deed() -> None:
        break_glass(
            request.user,
            found,
            reason=reason,
            words=typed(request, "words"),
            place=place_of(request),
            now=request.now,
        )

    if done(request, deed, _("The record is open. Everything you open is written down, and will be reviewed.")):
        return redirect("desk-patient", found.id)
    return render(request, "desk/emergency.html", context | {"missing": True}, status=422)


@require_POST
@signed_in
def close_emergency(request: SignedInRequest, glass_id: UUID) -> HttpResponse:
    """End one's own emergency access before its time."""
    glass = get_object_or_404(BrokenGlass, pk=glass_id, account=request.user, ends_at__gt=request.now)
    close_glass(glass, place=place_of(request), now=request.now)
    return redirect("desk")
