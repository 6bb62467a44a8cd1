"""Sharing by link: making one, seeing who used it, ending it; and the pages that its holder sees."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

import segno
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from scanward.access.actions import AccessRefused, authorize
from scanward.access.kinds import Action, Grant, RecordFacts
from scanward.archive.models import TAKEN_BACK, Report, Study
from scanward.archive.reports import read_report
from scanward.law.purpose import PurposeOfUse
from scanward.people.actions import confirm_links
from scanward.portal import viewer_data
from scanward.portal.drafts import hospitals
from scanward.portal.views.images import pixels
from scanward.release import health_links, house, sharing
from scanward.release.corrections import statements_of
from scanward.release.holds import context_for
from scanward.release.linked import open_shared
from scanward.release.models import Share, ShareVisit
from scanward.release.suspensions import unsaid
from scanward.web import showing
from scanward.web.doors import SignedInRequest, at_desk, place_of, signed_in
from scanward.web.forms import day, done, typed
from scanward.web.ranges import ranged

P = ParamSpec("P")
VISIT = "share_visit"
# How long a link or an app may stay open before its owner is asked whether it should.
LOOK_AGAIN = timedelta(days=90)


@require_safe
@signed_in
def shares(request: SignedInRequest) -> HttpResponse:
    """List one's links and the apps that have one: for whom, what, until when, and every use (J6, I11)."""
    mine = Q(created_by=request.user) | Q(patient_id__in=request.actor.own_patients)
    left_off = unsaid(request.actor.own_patients, now=request.now).requests
    rows = Share.objects.filter(mine).exclude(request__in=left_off)
    rows = rows.select_related("created_by").prefetch_related("visits", "studies")
    shown = [(row, sharing.alive(row, now=request.now) and row.uses < row.max_uses) for row in rows[:200]]
    oldest = min((row.created_at for row, is_open in shown if is_open), default=request.now)
    since = max(oldest, request.user.links_reviewed_at or oldest)
    return render(request, "portal/shares.html", {"shares": shown, "ask": since <= request.now - LOOK_AGAIN})


@require_POST
@signed_in
def looked_through(request: SignedInRequest) -> HttpResponse:
    """Take note that somebody went through what is open (I11)."""
    confirm_links(request.user, place=place_of(request), now=request.now)
    messages.success(request, _("Thank you. We will ask again in three months."))
    return redirect("shares")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: SignedInRequest, study_id: UUID) -> HttpResponse:
    """Make a link to a scan for a person who is named; its address is shown once (J1 to J7)."""
    study = get_object_or_404(Study.objects.select_related("patient"), pk=study_id)
    _may_share(request, study)
    card = showing.card(study, 0, "")
    context = {"study": card, "posted": request.POST, "latest": house.today(request.now) + timedelta(days=365)}
    context["hospitals"] = hospitals()
    if request.method != "POST":
        return render(request, "portal/share_new.html", context)
    made: list[tuple[Share, str]] = []

    def deed() -> None:
        made.append(_made(request, _wish(request, study)))

    if not done(request, deed, _("The link is ready.")):
        return render(request, "portal/share_new.html", context, status=422)
    share, address = made[0]
    context = {"share": share, "address": address, "study": card, "picture": picture(address)}
    return render(request, "portal/share_made.html", context)


@require_POST
@signed_in
def revoke(request: SignedInRequest, share_id: UUID) -> HttpResponse:
    """End a link at once."""
    share = get_object_or_404(Share, pk=share_id)
    done(
        request,
        lambda: sharing.revoke(share, by=request.user, now=request.now, place=place_of(request)),
        _("The link has ended. Nobody can open it any more."),
    )
    return redirect("shares")


def _made(request: SignedInRequest, wish: sharing.Wish) -> tuple[Share, str]:
    """Make the link that was chosen, and return it with its address, which nobody sees again."""
    by, now, place = request.user, request.now, place_of(request)
    if request.POST.get("kind") == "health":
        site = request.build_absolute_uri("/").rstrip("/")
        made = health_links.create(wish, by=by, site=site, now=now, place=place)
        return made.share, made.address
    plain = sharing.create(wish, by=by, now=now, place=place)
    return plain.share, f"{request.build_absolute_uri(reverse('shared'))}#{plain.secret}"


def picture(address: str) -> str:
    """The address as a QR code with error correction M, as the specification recommends: an image in the page."""
    code = segno.make(address, error="m", boost_error=False, micro=False)
    return str(code.svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))


def _may_share(request: SignedInRequest, study: Study) -> None:
    """Answer 404 to who may not share this, before anything about it is shown; the desk's page is for who works."""
    if at_desk(request) and not request.actor.roles:
        raise Http404
    try:
        authorize(
            request.actor,
            Action.CREATE_SHARE,
            RecordFacts(study.patient_id, study.pk),
            PurposeOfUse.TREATMENT if request.actor.roles else PurposeOfUse.PATIENT_REQUEST,
            now=request.now,
            place=place_of(request),
            told=True,
        )
    except AccessRefused:
        raise Http404 from None


def _wish(request: SignedInRequest, study: Study) -> sharing.Wish:
    """Read the form."""
    last = day(request, "last_day")
    end = timezone.make_aware(datetime.combine(last, time(23, 59, 59)), house.zone()) if last else request.now
    uses = typed(request, "uses")
    return sharing.Wish(
        recipient_name=typed(request, "name")[:200],
        recipient_organization=typed(request, "organization")[:200],
        recipient_contact=typed(request, "contact")[:200],
        studies=[study],
        images=bool(request.POST.get("images")),
        report=bool(request.POST.get("report")),
        may_download=bool(request.POST.get("download")),
        passcode=typed(request, "passcode"),
        max_uses=int(uses) if uses.isdecimal() and len(uses) < 5 else 1,
        expires_at=end,
    )


class VisitRequest(SignedInRequest):
    """A request of somebody who opened a link."""

    visit: ShareVisit


def visiting(page: Callable[Concatenate[VisitRequest, P], Any]) -> Callable[Concatenate[HttpRequest, P], Any]:
    """Let in who opened a link in this browser, for as long as the link holds; anybody else is sent to its door."""

    @wraps(page)
    def door(request: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        request.now = timezone.now()
        found = ShareVisit.objects.select_related("share__created_by", "share__authorization")
        visit = found.filter(pk=request.session.get(VISIT), ends_at__gt=request.now).first()
        if visit is None or not sharing.alive(visit.share, now=request.now):
            return render(request, "portal/shared_ended.html", status=410)
        request.visit, request.actor = visit, sharing.holder(visit, now=request.now)
        return page(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], Any]", door)


@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest) -> HttpResponse:
    """The door of a link: a GET shows a form and uses nothing up; the browser puts the code in from behind the #."""
    if request.method != "POST":
        return render(request, "portal/shared_door.html")
    now, visitor = timezone.now(), typed(request, "visitor")[:200]
    try:
        visit = sharing.redeem(
            typed(request, "code")[:200],
            visitor=visitor,
            passcode=typed(request, "passcode")[:200],
            now=now,
            place=place_of(request),
        )
    except sharing.LinkRefused as refused:
        said = {"refused": True, "passcode": refused.passcode, "slow_down": refused.slow_down}
        context = {**said, "visitor": visitor}
        return render(request, "portal/shared_door.html", context, status=429 if refused.slow_down else 403)
    # A new key, so that a session that was fixed beforehand is worth nothing.
    request.session.cycle_key()
    request.session[VISIT] = str(visit.pk)
    return redirect("shared-scans")


@require_safe
@visiting
def scans(request: VisitRequest) -> HttpResponse:
    """Show what was shared, and by whom."""
    share = request.visit.share
    cards = [showing.card(study, 0, "") for study in share.studies.select_related("patient")]
    return render(request, "portal/shared_scans.html", {"share": share, "studies": cards, "patient": share.patient})


@require_safe
@visiting
def study(request: VisitRequest, study_id: UUID) -> HttpResponse:
    """Show one shared scan: the report and the images, as far as the link goes."""
    found = _study(request, study_id)
    _granted(request, Action.VIEW_STUDY, found)
    share = request.visit.share
    report = found.reports.first() if share.report else None
    taken_back = report if report and report.status in TAKEN_BACK else None
    context = {
        "study": showing.card(found, 0, ""),
        "share": share,
        "sections": _sections(request, found, report) if report and not taken_back else None,
        "taken_back": taken_back,
        "statements": statements_of([found]),
    }
    return render(request, "portal/shared_study.html", context)


@require_safe
@visiting
def viewer_json(request: VisitRequest, study_id: UUID) -> JsonResponse:
    """Tell the viewer which of the series the link shows."""
    found = _study(request, study_id)
    _granted(request, Action.VIEW_IMAGES, found, told=True)
    base = f"{reverse('shared-study', args=[found.pk])}images/"
    return JsonResponse(viewer_data.study_json(found, base=base, series=request.visit.share.series_ids))


@require_GET
@visiting
def frame(request: VisitRequest, study_id: UUID, instance_id: UUID, index: int) -> HttpResponse:
    """Send one frame; each is decided upon anew, so a link that ends, ends the pictures."""
    found = _study(request, study_id)
    grant = _granted(request, Action.VIEW_IMAGES, found, told=True)
    return pixels(request, grant, found, instance_id, index, series=request.visit.share.series_ids)


@require_GET
@visiting
def copy(request: VisitRequest, study_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Send a copy of a shared scan, if the link allows it; ending the link cuts it within seconds."""
    found = _study(request, study_id)
    _granted(request, Action.DOWNLOAD, found)
    opened = open_shared(request.visit, found, language=get_language() or "en", place=place_of(request))
    return ranged(request, opened, name="ct-scan.zip", content_type="application/zip")


def _study(request: VisitRequest, study_id: UUID) -> Study:
    """Return a study of the link, or the answer of a page that is not there."""
    return get_object_or_404(request.visit.share.studies.select_related("patient"), pk=study_id)


def _granted(request: VisitRequest, action: Action, found: Study, *, told: bool = False) -> Grant:
    """Ask `access` as the holder of this link."""
    try:
        return authorize(
            request.actor,
            action,
            RecordFacts(found.patient_id, found.pk),
            request.visit.share.purpose,
            now=request.now,
            place=place_of(request),
            context=context_for(request.actor, found, now=request.now),
            told=told,
        )
    except AccessRefused:
        raise Http404 from None


def _sections(request: VisitRequest, found: Study, report: Report) -> list[showing.ShownSection] | None:
    """Return the report; nothing while it is held back."""
    if Action.VIEW_REPORT in context_for(request.actor, found, now=request.now).held:
        return None
    grant = _granted(request, Action.VIEW_REPORT, found)
    return [
        showing.ShownSection(str(showing.SECTION_NAMES[section.kind]), "", section.text)
        for section in read_report(grant, report, now=request.now)
    ]
