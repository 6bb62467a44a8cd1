"""Records staff bring a disc in for a patient who stands before them."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from scanward.access.kinds import Action, RecordFacts
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Patient
from scanward.web.doors import SignedInRequest, granted, signed_in
from scanward.web.sending import as_id, send

PAGE = "desk/bring.html"


# The token is checked by `send`, as the first part of the body: Django's own check would read all of it first.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bring(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Ask for the files of a patient's disc, or take them in (B14)."""
    found = get_object_or_404(Patient, pk=patient_id)
    granted(request, Action.IMPORT, RecordFacts(found.id), purpose=PurposeOfUse.RECORDS, told=True)

    def chosen(value: str) -> Patient:
        if as_id(value) != found.id:
            raise Http404
        return found

    if request.method == "POST":
        return send(request, chosen, by_staff=True, again=PAGE)
    return render(request, PAGE, {"patient": found, "most": settings.UPLOAD_MAX_BYTES})
