"""The start, the page of who has looked, the check of a download, and the demo's outbox."""

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from scanward.access.actions import authorize
from scanward.access.kinds import Action, RecordFacts
from scanward.access.viewing import flush
from scanward.law.purpose import PurposeOfUse
from scanward.people import outbox as letters_out
from scanward.people.models import Account
from scanward.portal.looks import Looks
from scanward.release.packages import manifest_key
from scanward.web.doors import SignedInRequest, place_of, signed_in

PER_PAGE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead everybody to where their work or their scans are."""
    if not isinstance(request.user, Account):
        return redirect("account_login")
    return redirect("desk" if request.user.roles_at(timezone.now()) else "scans")


@require_safe
@signed_in
def access_log(request: SignedInRequest) -> HttpResponse:
    """Show who has looked at one's own record (L5)."""
    patients = sorted(request.actor.own_patients, key=str)
    place = place_of(request)
    for patient in patients:
        wanted, purpose = RecordFacts(patient), PurposeOfUse.PATIENT_REQUEST
        authorize(request.actor, Action.VIEW_ACCESS_LOG, wanted, purpose, now=request.now, place=place)
    flush(now=request.now)
    page = Paginator(Looks(patients, request.actor.id, now=request.now), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/access_log.html", {"entries": page.object_list, "page": page})


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Let anyone check, in the browser, that nothing in a download was altered (A14)."""
    public = manifest_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return render(request, "portal/verify.html", {"public_key": public.hex()})


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Show the demo's mail; anywhere else there is no such page."""
    if not settings.DEMO:
        raise Http404
    return render(request, "portal/outbox.html", {"letters": letters_out.letters()})
