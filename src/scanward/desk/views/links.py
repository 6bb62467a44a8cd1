"""The links that open a patient's records now, and the button by which the staff end one (J6)."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scanward.access.kinds import Action
from scanward.desk.views.circle import worker_of
from scanward.release import sharing
from scanward.release.models import Share
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import done, typed


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def links_of(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """List what is open and for whom, and end it when the patient asks by letter or telephone, or it must end."""
    patient = worker_of(request, patient_id, Action.ANSWER_RIGHTS)
    rows = Share.objects.filter(patient=patient, revoked_at=None, expires_at__gt=request.now)
    if request.method == "POST":
        share = next((row for row in rows if str(row.pk) == typed(request, "link")), None)
        if share is None:
            raise Http404
        done(
            request,
            lambda: sharing.revoke(share, by=request.user, now=request.now, place=place_of(request)),
            _("The link has ended. Nobody can open it any more."),
        )
        return redirect("patient-links", patient.pk)
    shares = rows.select_related("created_by").prefetch_related("studies")
    return render(request, "desk/patient_links.html", {"patient": patient, "shares": shares})
