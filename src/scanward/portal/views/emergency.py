"""A code for an emergency room, made in one step: read it out, or let it be scanned (H10)."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from scanward.archive.models import Study
from scanward.portal.views.shares import picture
from scanward.release import sharing
from scanward.release.models.shares import EMERGENCY_ROOM
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import done, typed

USES = 5


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def code(request: SignedInRequest) -> HttpResponse:
    """Say what the code does; on a press of the button make it, for all scans of one person, for a day."""
    records = [record for record in showing.records_of(request.actor, now=request.now) if record.studies]
    if request.method != "POST":
        return render(request, "portal/emergency.html", {"records": records})
    wanted = next((record for record in records if str(record.patient.pk) == typed(request, "patient")), None)
    if wanted is None:
        raise Http404
    ids: list[UUID] = [card.id for card in wanted.studies]
    made: list[sharing.Made] = []

    def deed() -> None:
        wish = sharing.Wish(
            recipient_name=EMERGENCY_ROOM,
            studies=list(Study.objects.filter(pk__in=ids).select_related("patient")),
            reason="emergency",
            may_download=True,
            max_uses=USES,
            expires_at=request.now + sharing.SPOKEN_LASTS,
            spoken=True,
        )
        made.append(sharing.create(wish, by=request.user, now=request.now, place=place_of(request)))

    if not done(request, deed, None):
        return render(request, "portal/emergency.html", {"records": records}, status=422)
    door = request.build_absolute_uri(reverse("shared"))
    context = {
        "code": made[0].secret,
        "share": made[0].share,
        "door": door,
        "picture": picture(f"{door}#{made[0].secret}"),
        "patient": wanted.patient,
    }
    return render(request, "portal/emergency_made.html", context)
