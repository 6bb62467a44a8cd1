"""What time does to requests: permissions expire, quiet requests close, what will be late is told to the leads."""

from datetime import datetime

from scanward.access.actions import atomic
from scanward.law.clock import Level
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.release import arriving, clocks, notices, papers, reminding, sharing
from scanward.release.actions.ending import close_quiet, end_expired, end_packages_of_time
from scanward.release.actions.exchanging import resume_broken
from scanward.release.actions.mailing import send_again
from scanward.release.kinds import ANSWERED, State
from scanward.release.models import ReleaseRequest

# Whom a request that is about to be late is brought to.
LEADS = (Role.HIM_LEAD, Role.PRIVACY_OFFICER)


def tidy(*, now: datetime) -> dict[str, int]:
    """Do all of it, and return how many of each; running it again does nothing twice.

    Nothing depends on it: what has expired is refused at once anyway.
    """
    return {
        "expired": end_expired(now=now),
        "links": sharing.end_over(now=now),
        "closed": close_quiet(now=now),
        "packages": end_packages_of_time(now=now),
        "resumed": resume_broken(now=now),
        "mailed": send_again(now=now),
        "papers": papers.purge(now=now),
        "escalated": escalate(now=now),
        "reminded": reminding.remind(now=now),
        "reports": arriving.tell(now=now),
    }


def escalate(*, now: datetime) -> int:
    """Tell the leads by e-mail, once for each request, when nine tenths of its time are gone (F6)."""
    answered = [state.value for state in ANSWERED | {State.DRAFT}]
    waiting = ReleaseRequest.objects.exclude(state__in=answered).filter(escalated_at=None)
    urgent = [row for row in waiting if clocks.read(row, now=now).level in (Level.NINE_TENTHS, Level.OVERDUE)]
    with atomic():
        ReleaseRequest.objects.filter(pk__in=[row.pk for row in urgent]).update(escalated_at=now)
        for account in leads(now=now) if urgent else []:
            notices.news(account)
    return len(urgent)


def leads(*, now: datetime) -> list[Account]:
    """Who has to know when a date is in danger."""
    return list(Account.objects.holding(LEADS, now=now))
