"""Signs people out who are not there any more, and lets no staff work without a second factor."""

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone

from scanward.people.directory import has_vouched
from scanward.people.factors import lacks_factor
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.people.sessions import ENDED, WhyEnded, why_ended

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
            if over := why_over(request, request.user, now=now):
                logout(request)
                request.session[ENDED] = over
            elif LAST not in request.session or not only_asks(request):
                note(request, now=now)
        elif told := _ended_elsewhere(request):
            request.session[ENDED] = told
        return self.get_response(request)


def _ended_elsewhere(request: HttpRequest) -> list[str | int] | None:
    """Return why the session of this browser was ended from elsewhere."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    # Django has looked for the session by now, and forgotten a key that leads to none.
    why = why_ended(key) if key and not request.session.session_key else None
    return [why.value, 0] if why else None


def roles_of(request: HttpRequest, account: Account, *, now: datetime) -> frozenset[Role]:
    """Return the roles of who asks, looked up once for each request: every page needs them several times."""
    found: frozenset[Role] | None = getattr(request, "roles_held", None)
    if found is None:
        found = account.roles_at(now)
        request.roles_held = found  # type: ignore[attr-defined]
    return found


def idle_limit(request: HttpRequest, account: Account, *, now: datetime) -> timedelta:
    """Return how long the account may be idle."""
    staff = bool(roles_of(request, account, now=now))
    return timedelta(minutes=settings.IDLE_MINUTES_STAFF if staff else settings.IDLE_MINUTES_PATIENT)


def time_left(request: HttpRequest, account: Account, *, now: datetime) -> timedelta:
    """Return how long the session lasts if nothing more is asked for."""
    return min(_ends(request, account, now=now).values()) - now


def why_over(request: HttpRequest, account: Account, *, now: datetime) -> list[str | int] | None:
    """Return whether the session was idle for too long or is too old, with the limit in minutes; None if neither."""
    ends = _ends(request, account, now=now)
    why = min(ends, key=lambda one: ends[one])
    if ends[why] >= now:
        return None
    limit = (
        idle_limit(request, account, now=now)
        if why is WhyEnded.IDLE
        else timedelta(seconds=settings.SESSION_COOKIE_AGE)
    )
    return [why.value, round(limit.total_seconds() / 60)]


def _ends(request: HttpRequest, account: Account, *, now: datetime) -> dict[WhyEnded, datetime]:
    """Return when the session ends by each of the two limits."""
    began, last = (datetime.fromisoformat(request.session.get(name, now.isoformat())) for name in (BEGAN, LAST))
    longest = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return {WhyEnded.IDLE: last + idle_limit(request, account, now=now), WhyEnded.LONG: began + longest}


# Pages ask these by themselves: nobody has touched them.
ONLY_ASK = ("session-left", "study-still", "desk-study-still")


def only_asks(request: HttpRequest) -> bool:
    """Return whether a page only asks whether it may still be shown, and for how long."""
    return request.method in ("GET", "HEAD") and _name(request.path_info) in ONLY_ASK


def note(request: HttpRequest, *, now: datetime, grain: timedelta = GRAIN) -> None:
    """Write down when the person was last here; very short sessions need it more often."""
    last = request.session.get(LAST)
    grain = min(grain, timedelta(minutes=min(settings.IDLE_MINUTES_STAFF, settings.IDLE_MINUTES_PATIENT)) / 10)
    request.session.setdefault(BEGAN, now.isoformat())
    if last is None or now - datetime.fromisoformat(last) > grain:
        request.session[LAST] = now.isoformat()
        # The row of the list of devices.
        UserSession.objects.create_from_request(request)


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
        if isinstance(user, Account) and not _is_open(request.path_info) and _lacks_one(request, user):
            return redirect("second-factor")
        return self.get_response(request)


def _lacks_one(request: HttpRequest, user: Account) -> bool:
    """Return whether somebody must set up a second factor here, and none was asked for by the house's directory."""
    roles = roles_of(request, user, now=timezone.now())
    return lacks_factor(user, roles) and not has_vouched(request.session, user)


def _is_open(path: str) -> bool:
    """Return whether the address may be opened without a second factor."""
    return _name(path).startswith(OPEN_WITHOUT_FACTOR)


def _name(path: str) -> str:
    """Return the name of an address, or nothing where there is none."""
    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return ""
