"""Signs people out who are not there any more, and lets no staff work without a second factor."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from scanward.people.directory import has_vouched
from scanward.people.factors import lacks_factor
from scanward.people.models import Account

BEGAN, LAST = "began_at", "last_seen_at"
# Writing the time at every request would cost a write for each image.
GRAIN = timedelta(seconds=30)


class SessionLimits:
    """Automatic logoff, 45 CFR 164.312(a)(2)(iii): after idle minutes, and after twelve hours in any case (K4)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End the session if it is over; note the time otherwise."""
        if isinstance(request.user, Account):
            now = timezone.now()
            if is_over(request, request.user, now=now):
                logout(request)
            elif not only_asks(request) or LAST not in request.session:
                note(request, now=now)
        return self.get_response(request)


def idle_limit(account: Account, *, now: datetime) -> timedelta:
    """Return how long the account may be idle."""
    staff = bool(account.roles_at(now))
    return timedelta(minutes=settings.IDLE_MINUTES_STAFF if staff else settings.IDLE_MINUTES_PATIENT)


def time_left(request: HttpRequest, account: Account, *, now: datetime) -> timedelta:
    """Return how long the session lasts if nothing more is asked for."""
    began, last = (datetime.fromisoformat(request.session.get(name, now.isoformat())) for name in (BEGAN, LAST))
    return min(began + timedelta(seconds=settings.SESSION_COOKIE_AGE), last + idle_limit(account, now=now)) - now


def is_over(request: HttpRequest, account: Account, *, now: datetime) -> bool:
    """Return whether the session was idle for too long, or is too old."""
    return time_left(request, account, now=now) < timedelta()


def only_asks(request: HttpRequest) -> bool:
    """Return whether a page only asks how long the session lasts: nobody has touched it."""
    return request.method in ("GET", "HEAD") and request.path_info == reverse("session-left")


def note(request: HttpRequest, *, now: datetime, grain: timedelta = GRAIN) -> None:
    """Write down when the person was last here; very short sessions need it more often."""
    last = request.session.get(LAST)
    grain = min(grain, timedelta(minutes=min(settings.IDLE_MINUTES_STAFF, settings.IDLE_MINUTES_PATIENT)) / 10)
    request.session.setdefault(BEGAN, now.isoformat())
    if last is None or now - datetime.fromisoformat(last) > grain:
        request.session[LAST] = now.isoformat()


# Where somebody without a second factor may go: to set one up, and out again.
OPEN_WITHOUT_FACTOR = (
    "mfa_",
    "account_logout",
    "account_reauthenticate",
    "account_reset",
    "set_language",
    "second-factor",
    "session-left",
)


class StaffSecondFactor:
    """Leads staff without a passkey or an app to setting one up, whatever they ask for (K3, 45 CFR 164.312(d))."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as usual, or lead to the page about the second factor."""
        user = request.user
        if isinstance(user, Account) and _lacks_one(request, user) and not _is_open(request.path_info):
            return redirect("second-factor")
        return self.get_response(request)


def _lacks_one(request: HttpRequest, user: Account) -> bool:
    """Return whether somebody must set up a second factor here, and none was asked for by the house's directory."""
    return lacks_factor(user, now=timezone.now()) and not has_vouched(request.session, user)


def _is_open(path: str) -> bool:
    """Return whether the address may be opened without a second factor."""
    try:
        name = resolve(path).url_name or ""
    except Resolver404:
        return False
    return name.startswith(OPEN_WITHOUT_FACTOR)
