"""What waits for somebody on the staff, for the desk's first page: numbers and dates, nobody's name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext_lazy

from scanward.access.actors import in_care
from scanward.access.models import BrokenGlass
from scanward.archive.models import HeldObject
from scanward.audit.queries import flags_unread
from scanward.oversight.actions import access_review_due
from scanward.oversight.models import Incident, ReviewTask
from scanward.oversight.safeguards import standing
from scanward.people import staff
from scanward.people.contracts import contracts_in_force
from scanward.people.kinds import CLINICIANS, DESK, OFFICERS, RECORDS, RECORDS_AND_PRIVACY, Role
from scanward.people.models import Account
from scanward.release import clocks, house, questions
from scanward.release.actions.denying import reviews_open
from scanward.release.models import AmendmentRequest, Restriction

# How long an urgent finding stands on the first page of a doctor who has not read it.
URGENT_FOR = timedelta(days=30)
# How long before its end a contract is brought to mind.
CONTRACT_NOTICE = timedelta(days=30)


class Found(TypedDict):
    """How much waits, and by which day the first of it is due where there is one."""

    n: int
    day: str


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work: whose it is, where it is done, how much of it waits, and how that is said."""

    roles: frozenset[Role]
    url: str
    title: str | Promise
    count: Callable[[Account, datetime], Found | int]
    says: str | Promise


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the page shows of it."""

    url: str
    title: str
    says: str


def waiting(account: Account, *, roles: frozenset[Role], now: datetime) -> list[Waiting]:
    """Return what waits for somebody with these roles, in the order in which it matters."""
    shown = []
    for work in WORKS:
        found = work.count(account, now) if work.roles & roles else 0
        values = Found(n=found, day="") if isinstance(found, int) else found
        if values["n"]:
            shown.append(Waiting(work.url, str(work.title), str(work.says % values)))
    return shown


def _urgent(account: Account, now: datetime) -> int:
    unread = flags_unread(str(account.pk), since=now - URGENT_FOR).values_list("patient_id", flat=True)
    flags = {UUID(patient) for patient in unread}
    return in_care(account, now=now).filter(patient__in=flags).values("patient").distinct().count()


def _reviews(_account: Account, _now: datetime) -> int:
    unreviewed, undecided = BrokenGlass.objects.filter(reviewed_at=None), ReviewTask.objects.filter(decided_at=None)
    return unreviewed.count() + undecided.count() + Incident.objects.filter(closed_at=None).count()


def _requests(_account: Account, _now: datetime) -> Found:
    rows = clocks.unanswered().values_list("extended_to", "due_on")
    dates = [day for extended, due in rows if (day := extended or due)]
    return Found(n=len(dates), day=date_format(min(dates)) if dates else "")


def _denials(_account: Account, _now: datetime) -> int:
    return reviews_open().count()


def _questions(account: Account, now: datetime) -> int:
    return questions.waiting(account, now=now).filter(answered_at=None).count()


def _wishes(_account: Account, _now: datetime) -> int:
    asked = AmendmentRequest.objects.filter(answered_at=None).count()
    return asked + Restriction.objects.filter(agreed=None).count()


def _cases(_account: Account, _now: datetime) -> int:
    return HeldObject.objects.count()


def _proposals(account: Account, _now: datetime) -> int:
    return staff.waiting().exclude(proposed_by=account).exclude(account=account).count()


def _who_needs_access(_account: Account, now: datetime) -> int:
    return int(access_review_due(now=now))


def _contracts(_account: Account, now: datetime) -> int:
    today = house.today(now)
    return contracts_in_force(on=today).filter(ends_on__lte=today + CONTRACT_NOTICE).count()


def _safeguards(_account: Account, now: datetime) -> int:
    return sum(one.due for one in standing(now=now))


WORKS: tuple[Work, ...] = (
    Work(CLINICIANS, "my-patients", gettext_lazy("Urgent findings"), _urgent, ngettext_lazy(
        "%(n)s of your patients has an urgent finding that you have not read.",
        "%(n)s of your patients have an urgent finding that you have not read.", "n")),
    Work(OFFICERS, "reviews", gettext_lazy("Reviews"), _reviews, ngettext_lazy(
        "%(n)s emergency access, pattern or incident is open.",
        "%(n)s emergency accesses, patterns or incidents are open.", "n")),
    Work(DESK, "desk-requests", gettext_lazy("Requests"), _requests, ngettext_lazy(
        "%(n)s request is open. Its answer is due on %(day)s.",
        "%(n)s requests are open. The next answer is due on %(day)s.", "n")),
    Work(DESK, "desk-requests", gettext_lazy("Reviews of denials"), _denials, ngettext_lazy(
        "%(n)s review of a denial is open.", "%(n)s reviews of denials are open.", "n")),
    Work(CLINICIANS | RECORDS_AND_PRIVACY, "desk-questions", gettext_lazy("Questions"), _questions, ngettext_lazy(
        "%(n)s question has no answer yet.", "%(n)s questions have no answer yet.", "n")),
    Work(RECORDS_AND_PRIVACY, "wishes", gettext_lazy("Corrections"), _wishes, ngettext_lazy(
        "%(n)s correction or restriction waits for an answer.",
        "%(n)s corrections or restrictions wait for an answer.", "n")),
    Work(RECORDS, "cases", gettext_lazy("Decisions"), _cases, ngettext_lazy(
        "%(n)s image or file arrived and needs a decision: it is not certain whose it is, or it can't be read.",
        "%(n)s images or files arrived and need a decision: it is not certain whose they are, or they can't be read.",
        "n")),
    Work(frozenset({Role.ADMINISTRATOR}), "people", gettext_lazy("People"), _proposals, ngettext_lazy(
        "%(n)s change waits for a second person: you.", "%(n)s changes wait for a second person: you.", "n")),
    Work(frozenset({Role.PRIVACY_OFFICER}), "access-reviews", gettext_lazy("Who needs access"), _who_needs_access,
        gettext_lazy("Nobody has looked through the roles of the staff for 90 days.")),
    Work(frozenset({Role.PRIVACY_OFFICER, Role.HIM_LEAD}), "contracts", gettext_lazy("Contracts"), _contracts,
        ngettext_lazy("%(n)s contract ends within a month.", "%(n)s contracts end within a month.", "n")),
    Work(OFFICERS, "safeguards", gettext_lazy("Rooms and devices"), _safeguards, ngettext_lazy(
        "%(n)s safeguard has to be looked at.", "%(n)s safeguards have to be looked at.", "n")),
)  # fmt: skip
