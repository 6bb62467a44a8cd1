"""Where my scans went: every copy, every opened link; the permissions behind them; and the accounting of the law."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from scanward.access.kinds import RecordFacts
from scanward.law.authorization import RevocationForm
from scanward.law.bases import Basis
from scanward.people.models import Patient
from scanward.portal.reminders import reminder
from scanward.release import actions, house, letters, rights
from scanward.release.disclosures import BY_WORD, told
from scanward.release.models import Authorization, Delivery, Disclosure, Share
from scanward.release.models.shares import shown_recipient
from scanward.release.suspensions import unsaid
from scanward.release.ways import ARRIVAL_NAMES, Arrival
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import done, typed

PER_PAGE = 50


@require_safe
@signed_in
def sent(request: SignedInRequest) -> HttpResponse:
    """Show every release and every opened link (D12, L5), and the permissions that can be taken back (D8)."""
    left_off = [row.pk for row in unsaid(_records(request), now=request.now).rows]
    rows = (
        Disclosure.objects.filter(patient_id__in=_records(request)).exclude(pk__in=left_off).select_related("patient")
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    back = Delivery.objects.filter(disclosure__in=list(page.object_list)).exclude(returned_at=None)
    returned = dict(back.values_list("disclosure", "returned_at"))
    permissions = Authorization.objects.filter(patient_id__in=_records(request), signed_on__isnull=False)
    context = {
        "rows": [
            (row, _way(row.channel), told(row.description), shown_recipient(row.recipient), returned.get(row.pk),
             _shown_address(request, row))
            for row in page.object_list
        ],
        "page": page,
        "permissions": permissions.select_related("patient").order_by("-created_at"),
        "records": Patient.objects.filter(pk__in=_records(request)),
        "own": request.actor.own_patients,
    }  # fmt: skip
    return render(request, "portal/sent.html", context)


@require_POST
@signed_in
def accounting(request: SignedInRequest) -> HttpResponse | FileResponse:
    """Make the accounting of 45 CFR 164.528 at once; the law would give sixty days."""
    patient = _whose(request)
    kept = rights.give_accounting(
        patient, by=request.user, language=(get_language() or "en")[:2], now=request.now, place=place_of(request)
    )
    return FileResponse(BytesIO(letters.pdf(kept)), filename="accounting.pdf", content_type="application/pdf")


@require_POST
@signed_in
def revoke(request: SignedInRequest, authorization_id: UUID) -> HttpResponse:
    """Take a permission back; the portal counts as writing (D8)."""
    found = get_object_or_404(Authorization, pk=authorization_id, patient_id__in=_records(request))
    done(
        request,
        lambda: actions.revoke(
            found, by=request.user, form=RevocationForm.PORTAL, now=request.now, place=place_of(request)
        ),
        _("The permission has ended. Nothing more goes out on it."),
    )
    return redirect("sent")


@require_safe
@signed_in
def permission_reminder(request: SignedInRequest, authorization_id: UUID) -> HttpResponse:
    """Give a reminder to look at a permission again before it ends (D13)."""
    found = get_object_or_404(Authorization, pk=authorization_id, patient_id__in=_records(request))
    ends = found.expires_on or house.today(request.now) + timedelta(days=90)
    return _calendar(reminder(f"permission-{found.pk}", ends=ends, page=reverse("sent"), now=request.now))


@require_safe
@signed_in
def link_reminder(request: SignedInRequest, share_id: UUID) -> HttpResponse:
    """Give a reminder to look at a link again before it ends (D13)."""
    mine = Q(created_by=request.user) | Q(patient_id__in=request.actor.own_patients)
    found = get_object_or_404(Share.objects.filter(mine), pk=share_id)
    ends = house.today(found.expires_at)
    return _calendar(reminder(f"link-{found.pk}", ends=ends, page=reverse("shares"), now=request.now))


def _records(request: SignedInRequest) -> set[UUID]:
    """One's own record, and those that one's authority reaches as a whole (A3, 45 CFR 164.502(g)(1))."""
    acting = {authority.patient for authority in request.actor.representing
              if authority.covers(RecordFacts(authority.patient), now=request.now)}  # fmt: skip
    return set(request.actor.own_patients) | acting


def _whose(request: SignedInRequest) -> Patient:
    """Whose list is asked for: the one that the form names, or one's own."""
    mine = Patient.objects.filter(pk__in=_records(request))
    try:
        named = {UUID(typed(request, "patient"))} if typed(request, "patient") else set(request.actor.own_patients)
    except ValueError:
        raise Http404 from None
    return get_object_or_404(mine, pk__in=named)


def _shown_address(request: SignedInRequest, row: Disclosure) -> str:
    """Where it went; where the patient herself is reached is not told to who acts for her (45 CFR 164.522(b))."""
    return row.address if row.patient_id in request.actor.own_patients or row.basis != Basis.ACCESS.value else ""


def _calendar(content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="reminder.ics"'
    return answer


def _way(channel: str) -> object:
    """Put a channel into words."""
    if channel == BY_WORD:
        return _("By telephone, letter or e-mail")
    return ARRIVAL_NAMES[Arrival(channel)] if channel in list(Arrival) else channel
