"""One's own account: where one is signed in, what happened at the door, and connecting a record."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scanward.access.actors import reference
from scanward.audit.kinds import EventKind
from scanward.audit.queries import by_actor
from scanward.people.actions import choose_mails, confirm_contact
from scanward.people.kinds import MailKind
from scanward.people.middleware import note
from scanward.people.models import Account, AddressCode
from scanward.people.proofing import try_code
from scanward.people.sessions import end_session, end_sessions
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import day, typed
from scanward.web.idle import idle

RECENT = 20
ASK_AGAIN = timedelta(days=365)
AT_THE_DOOR = [
    kind.value
    for kind in (
        EventKind.SIGNED_IN,
        EventKind.NEW_DEVICE,
        EventKind.SIGNED_OUT,
        EventKind.SIGNED_OUT_EVERYWHERE,
        EventKind.PASSWORD_CHANGED,
        EventKind.PASSWORD_RESET,
        EventKind.FACTOR_ADDED,
        EventKind.FACTOR_REMOVED,
        EventKind.CONTACT_CHANGED,
    )
]


@require_safe
@signed_in
def security(request: SignedInRequest) -> HttpResponse:
    """Show where one is signed in, one's second step, and the last sign-ins (I9, I10)."""
    confirmed = request.user.contact_confirmed_at
    context = {
        "sessions": _sessions(request),
        "here": request.session.session_key,
        "strong": is_mfa_enabled(request.user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]),
        "history": by_actor(request.actor.id).filter(kind__in=AT_THE_DOOR)[:RECENT],
        "ask_contact": confirmed is None or confirmed < request.now - ASK_AGAIN,
        "can_connect": not request.actor.roles,
    }
    return render(request, "portal/security.html", context)


def _sessions(request: SignedInRequest) -> list[UserSession]:
    """Return where one is signed in: this device first, then the last that was used; what has run out is gone."""
    here = request.session.session_key
    found = UserSession.objects.purge_and_list(request.user)
    return sorted(found, key=lambda one: (one.session_key == here, one.last_seen_at), reverse=True)


@require_safe
@signed_in
def second_factor(request: SignedInRequest) -> HttpResponse:
    """Say why staff need a second factor, and how to set one up."""
    return render(request, "portal/second_factor.html")


@require_POST
@signed_in
def sign_out(request: SignedInRequest) -> HttpResponse:
    """Sign out somewhere else: in one place, or everywhere but here."""
    place, actor = place_of(request), reference(request.actor)
    number = typed(request, "session")
    if not number:
        end_sessions(request.user, but=request.session.session_key, actor=actor, place=place, now=request.now)
        messages.success(request, _("You are signed out everywhere but here."))
    elif number.isdecimal() and end_session(request.user, int(number), actor=actor, place=place, now=request.now):
        messages.success(request, _("That device is signed out."))
    else:
        raise Http404
    return redirect("security")


@require_POST
@signed_in
def contact(request: SignedInRequest) -> HttpResponse:
    """Take note that the contact details are still right (I12)."""
    confirm_contact(request.user, place=place_of(request), now=request.now)
    messages.success(request, _("Thank you."))
    return redirect("security")


@require_POST
@signed_in
def mails(request: SignedInRequest) -> HttpResponse:
    """Keep what the person wants to be told by e-mail (I13)."""
    wanted = {kind for kind in MailKind if typed(request, kind.value)}
    choose_mails(request.user, wanted, place=place_of(request), now=request.now)
    messages.success(request, _("Saved. It holds from the next e-mail on."))
    return redirect("security")


@require_http_methods(["GET", "HEAD", "POST"])
def time_left(request: HttpRequest) -> HttpResponse:
    """Say how long the session lasts and what is open, without making it longer; a POST says that one is still here.

    Who signs in again gets a new token, which a page that is still open puts into its forms.
    """
    now = timezone.now()
    if request.method == "POST" and isinstance(request.user, Account):
        note(request, now=now, grain=timedelta())
    found = idle(request, now=now)
    if found is None:
        return JsonResponse({"seconds": 0})
    told = {"seconds": found.seconds, "who": found.who, "marks": found.marks, "token": get_token(request)}
    return JsonResponse(told)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connect(request: SignedInRequest) -> HttpResponse:
    """Connect one's account with one's record by a code and the date of birth; nobody has to come (C4, G13)."""
    if request.method == "POST":
        born = day(request, "born")
        place = place_of(request)
        if born and try_code(request.user, typed(request, "code"), born, place=place, now=request.now):
            messages.success(request, _("Your record is connected."))
            return redirect("scans")
        messages.error(request, _("The code and the date of birth don't fit. After five tries you need a new code."))
    waiting = AddressCode.objects.filter(account=request.user, ended_at=None, expires_at__gt=request.now).exists()
    return render(request, "portal/connect.html", {"waiting": waiting})
