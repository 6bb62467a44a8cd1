"""Where my scans went: every copy, every opened link; the permissions behind them; and the accounting of the law."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from scanward.law.authorization import RevocationForm
from scanward.people.models import Patient
from scanward.portal.reminders import reminder
from scanward.release import actions, house, letters, rights
from scanward.release.disclosures import told
from scanward.release.models import Authorization, Delivery, Disclosure, Share
from scanward.release.models.shares import shown_recipient
from scanward.release.suspensions import unsaid
from scanward.release.ways import ARRIVAL_NAMES, Arrival
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import done

PER_PAGE = 50


@require_safe
@signed_in
def sent(request: SignedInRequest) -> HttpResponse:
    """Show every release and every opened link (D12, L5), and the permissions that can be taken back (D8)."""
    left_off = [row.pk for row in unsaid(request.actor.own_patients, now=request.now).rows]
    rows = Disclosure.objects.filter(patient_id__in=request.actor.own_patients).exclude(pk__in=left_off)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    back = Delivery.objects.filter(disclosure__in=list(page.object_list)).exclude(returned_at=None)
    returned = dict(back.values_list("disclosure", "returned_at"))
    permissions = Authorization.objects.filter(patient_id__in=request.actor.own_patients, signed_on__isnull=False)
    context = {
        "rows": [
            (row, _way(row.channel), told(row.description), shown_recipient(row.recipient), returned.get(row.pk))
            for row in page.object_list
        ],
        "page": page,
        "permissions": permissions.order_by("-created_at"),
    }
    return render(request, "portal/sent.html", context)


@require_POST
@signed_in
def accounting(request: SignedInRequest) -> HttpResponse | FileResponse:
    """Make the accounting of 45 CFR 164.528 at once; the law would give sixty days."""
    patient = get_object_or_404(Patient, pk__in=request.actor.own_patients)
    kept = rights.give_accounting(
        patient, by=request.user, language=(get_language() or "en")[:2], now=request.now, place=place_of(request)
    )
    return FileResponse(BytesIO(letters.pdf(kept)), filename="accounting.pdf", content_type="application/pdf")


@require_POST
@signed_in
def revoke(request: SignedInRequest, authorization_id: UUID) -> HttpResponse:
    """Take a permission back; the portal counts as writing (D8)."""
    found = get_object_or_404(Authorization, pk=authorization_id, patient_id__in=request.actor.own_patients)
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
    found = get_object_or_404(Authorization, pk=authorization_id, patient_id__in=request.actor.own_patients)
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


def _calendar(content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="reminder.ics"'
    return answer


def _way(channel: str) -> object:
    """Put a channel into words."""
    return ARRIVAL_NAMES[Arrival(channel)] if channel in list(Arrival) else channel
