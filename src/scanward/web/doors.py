"""What every page needs before it may show a record: who asks, from where, and the decision."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from scanward.access.actions import AccessRefused, authorize
from scanward.access.actors import actor_of
from scanward.access.ended import Ended, ended_for
from scanward.access.kinds import Action, Actor, Context, Grant, RecordFacts
from scanward.access.purposes import usual_purpose
from scanward.archive.models import Study
from scanward.audit.event import Place
from scanward.audit.kinds import Channel
from scanward.law.purpose import PurposeOfUse
from scanward.people.middleware import roles_of
from scanward.people.models import Account
from scanward.release.holds import context_for

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: Account
    actor: Actor
    now: datetime
    # Why this is not shown, where the person may know.
    ended: Ended | None


Page = Callable[Concatenate[SignedInRequest, P], Any]


def signed_in(page: Page[P]) -> Callable[Concatenate[HttpRequest, P], Any]:
    """Ask for a sign-in first, and give the page its actor and the time."""

    @login_required
    @wraps(page)
    def door(request: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        request.now = timezone.now()
        roles = roles_of(request, request.user, now=request.now)
        request.actor = actor_of(request.user, now=request.now, roles=roles)
        _note_language(request)
        return page(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], Any]", door)


def _note_language(request: SignedInRequest) -> None:
    """Keep in which language somebody reads, as chosen here or in her browser: mails and letters speak it, too."""
    chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES or "Accept-Language" in request.headers
    reads = (get_language() or "en")[:2]
    if chosen and request.user.language != reads:
        request.user.language = reads
        request.user.save(update_fields=["language"])


# The way by which somebody came, by the beginning of the address (L2); everything else is the portal's.
WAYS = {
    "/desk/": Channel.DESK,
    "/shared/": Channel.LINK,
    "/shl/": Channel.LINK,
    "/dicom-web/": Channel.DICOMWEB,
}


def place_of(request: HttpRequest) -> Place:
    """Return from where the request came, as the ledger keeps it."""
    way = next((way for beginning, way in WAYS.items() if request.path.startswith(beginning)), Channel.PORTAL)
    return Place(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_USER_AGENT", ""), way, _session(request))


def at_desk(request: HttpRequest) -> bool:
    """Whether it is a page of the desk, where people work, and not one of the portal, where they are for themselves."""
    return request.path.startswith("/desk/")


def here(request: HttpRequest, name: str, *args: UUID) -> str:
    """Return the address of a page of a scan for who came by this one: the desk's pages lead to the desk's."""
    return reverse(f"desk-{name}" if at_desk(request) else name, args=args)


def purpose_here(request: SignedInRequest, wanted: RecordFacts, action: Action | None = None) -> PurposeOfUse:
    """Return for what somebody deals with a record on this page."""
    return usual_purpose(request.actor, wanted, now=request.now, at_desk=at_desk(request), action=action)


def kept_back(request: SignedInRequest, study: Study, action: Action | None = None) -> Context:
    """Return what is held back from whoever opened this page: at the desk, nothing from who treats the patient."""
    purpose = purpose_here(request, RecordFacts(study.patient_id, study.pk), action)
    return context_for(request.actor, study, now=request.now, action=action, purpose=purpose)


def study_or_404(study_id: UUID) -> Study:
    """Return the study, or the same answer as for a stranger's."""
    study = Study.objects.select_related("patient").filter(pk=study_id).first()
    if study is None:
        raise Http404
    return study


def allowed(request: SignedInRequest, action: Action, study: Study, *, told: bool = False) -> Grant:
    """Return the grant for this page, or answer 404 as if the study did not exist (fault C1).

    Raises:
        Http404: it is refused; the ledger says why.
    """
    context = kept_back(request, study, action)
    try:
        return granted(request, action, RecordFacts(study.patient_id, study.id), told=told, context=context)
    except Http404:
        raise not_here(request, study) from None


def not_here(request: SignedInRequest, study: Study) -> Http404:
    """Return the answer as if there were no such study; whoever could see it as a representative is told of the end."""
    wanted = RecordFacts(study.patient_id, study.id)
    request.ended = ended_for(request.user, wanted, here_since=study.received_at, now=request.now)
    return Http404()


def granted(
    request: SignedInRequest,
    action: Action,
    wanted: RecordFacts,
    *,
    purpose: PurposeOfUse | None = None,
    told: bool = False,
    context: Context = Context(),  # noqa: B008  frozen
) -> Grant:
    """Return the grant for a study, for a patient's whole record, or for the house (`HOUSE`), or answer 404.

    Raises:
        Http404: it is refused; the ledger says why.
    """
    try:
        return authorize(
            request.actor,
            action,
            wanted,
            purpose or purpose_here(request, wanted, action),
            now=request.now,
            place=place_of(request),
            told=told,
            context=context,
        )
    except AccessRefused:
        raise Http404 from None


def gone(request: HttpRequest) -> HttpResponse:
    """Say that something was here and has ended."""
    return render(request, "errors/410.html", status=410)


def _session(request: HttpRequest) -> str:
    """Return an opaque id of the session: enough to tell two apart, useless for taking one over."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    return sha256(key.encode()).hexdigest()[:16] if key else ""
