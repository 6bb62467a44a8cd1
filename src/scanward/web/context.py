"""What every page knows about the site and about the person in front of it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.access.actors import actor_of
from scanward.access.glass import open_for
from scanward.access.models import BrokenGlass
from scanward.people.kinds import CLINICIANS, DESK, FINDERS, OFFICERS, RECORDS, RECORDS_AND_PRIVACY, Role
from scanward.people.middleware import roles_of
from scanward.people.models import Account
from scanward.release.clocks import overdue
from scanward.web.idle import idle, why_signed_out

# Address, label, and for whom: None for patients and representatives.
PLACES: tuple[tuple[str, str | Promise, frozenset[Role] | None], ...] = (
    ("scans", _("My scans"), None),
    ("requests", _("My requests"), None),
    ("shares", _("My links"), None),
    ("sent", _("Where my scans went"), None),
    ("rights", _("My rights"), None),
    ("access-log", _("Who has looked"), None),
    ("desk", _("Today"), frozenset(Role)),
    ("my-patients", _("My patients"), CLINICIANS),
    ("find-patient", _("Find a patient"), FINDERS),
    ("desk-requests", _("Requests"), DESK),
    ("desk-questions", _("Questions"), CLINICIANS | RECORDS_AND_PRIVACY),
    ("wishes", _("Corrections"), RECORDS_AND_PRIVACY),
    ("cases", _("Decisions"), RECORDS),
    ("reviews", _("Reviews"), OFFICERS),
    ("who-saw-what", _("Who saw what"), OFFICERS),
    ("explain-access", _("May they?"), OFFICERS),
    ("people", _("People"), frozenset({Role.ADMINISTRATOR, Role.SECURITY_OFFICER})),
    ("access-reviews", _("Who needs access"), frozenset({Role.PRIVACY_OFFICER})),
    ("contracts", _("Contracts"), frozenset({Role.PRIVACY_OFFICER, Role.HIM_LEAD})),
    ("safeguards", _("Rooms and devices"), OFFICERS),
    ("security", _("Sign-in and security"), frozenset(Role)),
    ("security", _("Sign-in and security"), None),
)

PATIENTS = tuple(name for name, _label, roles in PLACES if roles is None and name != "security")
OWN = PATIENTS[:1]


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation."""

    url: str
    label: str
    current: bool


def site(request: HttpRequest) -> dict[str, object]:
    """Return the facility's name and telephone, whether this is the demo, and the navigation."""
    return {
        "facility_name": settings.FACILITY_NAME,
        "facility_phone": settings.FACILITY_PHONE,
        "demo": settings.DEMO,
        "directory": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        "navigation": _navigation(request),
        "late_requests": _late(request),
        "emergencies": _emergencies(request),
        "signed_out": why_signed_out(request) if request.path == reverse("account_login") else "",
        "idle": idle(request, now=timezone.now()),
    }


def _emergencies(request: HttpRequest) -> list[BrokenGlass]:
    """Return the records that this person has open in an emergency: every page says so (K8)."""
    account = getattr(request, "user", None)
    return list(open_for(account, now=timezone.now())) if isinstance(account, Account) else []


def _navigation(request: HttpRequest) -> list[Place]:
    """Return where this person may go."""
    account = getattr(request, "user", None)
    if not isinstance(account, Account):
        return []
    now = timezone.now()
    roles, own = roles_of(request, account, now=now), OWN if request.path.startswith("/desk/") else PATIENTS
    # Staff who are patients here, or act for one, find those scans, too; on these pages also all that goes with them.
    mine = frozenset(own) if roles and _has_record(request, account, now=now) else frozenset[str]()
    shown = [
        (name, label)
        for name, label, allowed in PLACES
        if (name in mine or not roles if allowed is None else allowed & roles)
    ]
    return [Place(reverse(name), str(label), request.path == reverse(name)) for name, label in shown]


def _has_record(request: HttpRequest, account: Account, *, now: datetime) -> bool:
    """Return whether somebody is a patient here or acts for one; most pages have asked for that already."""
    actor = getattr(request, "actor", None) or actor_of(account, now=now)
    return bool(actor.own_patients or actor.representing)


def _late(request: HttpRequest) -> int:
    """How many requests are overdue by law: on every page of the desk until none is (F6)."""
    account = getattr(request, "user", None)
    if not request.path.startswith("/desk/") or not isinstance(account, Account):
        return 0
    now = timezone.now()
    return overdue(now=now).count() if roles_of(request, account, now=now) & DESK else 0
