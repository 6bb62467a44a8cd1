"""A patient brings scans of another hospital: a ZIP, files or the image of a disc; and what became of them."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from scanward.access.decide import decide
from scanward.access.kinds import Action, Context, Grant, RecordFacts
from scanward.access.purposes import usual_purpose
from scanward.intake.models import Upload, UploadState
from scanward.intake.receive import OUTCOME_NAMES, Outcome
from scanward.people.models import Patient
from scanward.web.doors import SignedInRequest, granted, signed_in
from scanward.web.sending import as_id, send

PAGE = "portal/bring.html"
GOING = (UploadState.WAITING, UploadState.WORKING)


# The token is checked by `send`, as the first part of the body: Django's own check would read all of it first.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bring(request: SignedInRequest) -> HttpResponse:
    """Ask for the files, or take them in (B14)."""
    patients = _patients(request)
    if request.method == "POST":
        if not patients:
            raise Http404
        return send(request, lambda value: _chosen(request, value), by_staff=False, again=PAGE)
    return render(request, PAGE, {"patients": patients, "most": settings.UPLOAD_MAX_BYTES})


def _chosen(request: SignedInRequest, value: str) -> Patient:
    """Return the patient whom the form names, if this person may bring scans for them."""
    found = get_object_or_404(Patient, pk=as_id(value))
    granted(request, Action.IMPORT, RecordFacts(found.id), told=True)
    return found


def _patients(request: SignedInRequest) -> list[Patient]:
    """Return everybody for whom this person may bring scans: herself first."""
    actor = request.actor
    own = sorted(actor.own_patients, key=str)
    ids = dict.fromkeys([*own, *(authority.patient for authority in actor.representing)])
    known = Patient.objects.in_bulk(list(ids))
    return [known[one] for one in ids if _may(request, one)]


def _may(request: SignedInRequest, patient: UUID) -> bool:
    """Return whether this person may bring scans for the patient, as one of them or in their place."""
    wanted = RecordFacts(patient)
    purpose = usual_purpose(request.actor, wanted, now=request.now)
    answer = decide(request.actor, Action.IMPORT, wanted, purpose, Context(), now=request.now)
    return isinstance(answer, Grant)


@require_safe
@signed_in
def brought(request: SignedInRequest, upload_id: UUID) -> HttpResponse:
    """Show what became of everything that one has brought, or that it is still being looked at."""
    upload = get_object_or_404(Upload.objects.select_related("patient"), pk=upload_id, account=request.user)
    rows = [(name, OUTCOME_NAMES[Outcome(outcome)], outcome, reason) for name, outcome, reason in upload.left_out]
    counts = [(outcome.value, label, upload.counts.get(outcome.value, 0)) for outcome, label in OUTCOME_NAMES.items()]
    context = {
        "upload": upload,
        "going": upload.state in GOING,
        "counts": [row for row in counts if row[2]],
        "kept": upload.counts.get(Outcome.KEPT, 0),
        "waiting": upload.counts.get(Outcome.CONFLICT, 0),
        "rows": rows,
        "unnamed": _left_out(upload) - len(rows),
    }
    return render(request, "portal/brought.html", context)


def _left_out(upload: Upload) -> int:
    """Return how many were not kept, named or not."""
    return sum(upload.counts.get(outcome, 0) for outcome in (Outcome.REFUSED, Outcome.CONFLICT))
