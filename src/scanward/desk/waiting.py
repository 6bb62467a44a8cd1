"""What waits for somebody on the staff, for the desk's first page: numbers and dates, nobody's name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

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


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work: whose it is, where it is done, and what to say while some waits ("" when none does)."""

    roles: frozenset[Role]
    url: str
    title: str | Promise
    says: Callable[[Account, datetime], str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the page shows of it."""

    url: str
    title: str
    says: str


def waiting(account: Account, *, roles: frozenset[Role], now: datetime) -> list[Waiting]:
    """Return what waits for somebody with these roles, in the order in which it matters."""
    said = [(work, work.says(account, now)) for work in WORKS if work.roles & roles]
    return [Waiting(work.url, str(work.title), says) for work, says in said if says]


def _urgent(account: Account, now: datetime) -> str:
    unread = flags_unread(str(account.pk), since=now - URGENT_FOR).values_list("patient_id", flat=True)
    flags = {UUID(patient) for patient in unread}
    count = in_care(account, now=now).filter(patient__in=flags).values("patient").distinct().count()
    text = ngettext(
        "%(n)s of your patients has an urgent finding that you have not read.",
        "%(n)s of your patients have an urgent finding that you have not read.",
        count,
    )
    return text % {"n": count} if count else ""


def _requests(_account: Account, _now: datetime) -> str:
    found = clocks.unanswered()
    dates = [day for dates in found.values_list("extended_to", "due_on") if (day := dates[0] or dates[1])]
    text = ngettext(
        "%(n)s request is open. Its answer is due on %(day)s.",
        "%(n)s requests are open. The next answer is due on %(day)s.",
        len(dates),
    )
    return text % {"n": len(dates), "day": date_format(min(dates))} if dates else ""


def _denials(_account: Account, _now: datetime) -> str:
    count = reviews_open().count()
    text = ngettext("%(n)s review of a denial is open.", "%(n)s reviews of denials are open.", count)
    return text % {"n": count} if count else ""


def _questions(account: Account, now: datetime) -> str:
    count = questions.waiting(account, now=now).filter(answered_at=None).count()
    text = ngettext("%(n)s question has no answer yet.", "%(n)s questions have no answer yet.", count)
    return text % {"n": count} if count else ""


def _wishes(_account: Account, _now: datetime) -> str:
    asked = AmendmentRequest.objects.filter(answered_at=None).count()
    count = asked + Restriction.objects.filter(agreed=None).count()
    text = ngettext(
        "%(n)s correction or restriction waits for an answer.",
        "%(n)s corrections or restrictions wait for an answer.",
        count,
    )
    return text % {"n": count} if count else ""


def _cases(_account: Account, _now: datetime) -> str:
    count = HeldObject.objects.count()
    text = ngettext(
        "%(n)s image or file arrived and needs a decision: it is not certain whose it is, or it can't be read.",
        "%(n)s images or files arrived and need a decision: it is not certain whose they are, or they can't be read.",
        count,
    )
    return text % {"n": count} if count else ""


def _reviews(_account: Account, _now: datetime) -> str:
    unreviewed, undecided = BrokenGlass.objects.filter(reviewed_at=None), ReviewTask.objects.filter(decided_at=None)
    count = unreviewed.count() + undecided.count() + Incident.objects.filter(closed_at=None).count()
    text = ngettext(
        "%(n)s emergency access, pattern or incident is open.",
        "%(n)s emergency accesses, patterns or incidents are open.",
        count,
    )
    return text % {"n": count} if count else ""


def _proposals(account: Account, _now: datetime) -> str:
    count = staff.waiting().exclude(proposed_by=account).exclude(account=account).count()
    text = ngettext(
        "%(n)s change waits for a second person: you.", "%(n)s changes wait for a second person: you.", count
    )
    return text % {"n": count} if count else ""


def _who_needs_access(_account: Account, now: datetime) -> str:
    return _("Nobody has looked through the roles of the staff for 90 days.") if access_review_due(now=now) else ""


def _contracts(_account: Account, now: datetime) -> str:
    today = house.today(now)
    ending = contracts_in_force(on=today).filter(ends_on__lte=today + CONTRACT_NOTICE)
    count = ending.count()
    text = ngettext("%(n)s contract ends within a month.", "%(n)s contracts end within a month.", count)
    return text % {"n": count} if count else ""


def _safeguards(_account: Account, now: datetime) -> str:
    due = sum(1 for one in standing(now=now) if one.due)
    text = ngettext("%(n)s safeguard has to be looked at.", "%(n)s safeguards have to be looked at.", due)
    return text % {"n": due} if due else ""


WORKS: tuple[Work, ...] = (
    Work(CLINICIANS, "my-patients", gettext_lazy("Urgent findings"), _urgent),
    Work(OFFICERS, "reviews", gettext_lazy("Reviews"), _reviews),
    Work(DESK, "desk-requests", gettext_lazy("Requests"), _requests),
    Work(DESK, "desk-requests", gettext_lazy("Reviews of denials"), _denials),
    Work(CLINICIANS | RECORDS_AND_PRIVACY, "desk-questions", gettext_lazy("Questions"), _questions),
    Work(RECORDS_AND_PRIVACY, "wishes", gettext_lazy("Corrections"), _wishes),
    Work(RECORDS, "cases", gettext_lazy("Decisions"), _cases),
    Work(frozenset({Role.ADMINISTRATOR}), "people", gettext_lazy("People"), _proposals),
    Work(frozenset({Role.PRIVACY_OFFICER}), "access-reviews", gettext_lazy("Who needs access"), _who_needs_access),
    Work(frozenset({Role.PRIVACY_OFFICER, Role.HIM_LEAD}), "contracts", gettext_lazy("Contracts"), _contracts),
    Work(OFFICERS, "safeguards", gettext_lazy("Rooms and devices"), _safeguards),
)
