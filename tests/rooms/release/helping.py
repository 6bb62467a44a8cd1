"""What the tests of this room do again and again."""

from datetime import datetime, timedelta
from typing import Any

import cast as people
from cast import NOW, PLACE
from scanward.archive.models import Study
from scanward.audit.event import ActorRef
from scanward.law.fees import Actual
from scanward.law.holds import Sensitivity
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.release import actions, holds, house
from scanward.release.models import ReleaseRequest

# The facility's wall shows this day at NOW.
TODAY = house.today(NOW)


def staff(name: str, role: Role) -> Account:
    """Somebody on the staff."""
    account = people.person(name)
    people.actions.assign_role(account, role, by=None, actor=people.BY, place=PLACE, now=NOW)
    return account


def free() -> Any:
    """A method by which nothing is owed."""
    return Actual(())


def in_review(request: ReleaseRequest, by: Account, *, now: datetime = NOW) -> None:
    """Claim a request and verify who asks."""
    actions.claim(request, by=by, now=now, place=PLACE)
    actions.verify(request, by=by, shown=people.PHOTO_ID, authority="power of attorney", now=now, place=PLACE)
    request.refresh_from_db()


def likely_cancer(study: Study) -> None:
    """Mark a study's report, as its author does, as one that Texas holds back until the third day."""
    by = ActorRef.system("tests")
    holds.label(study.reports.get(), Sensitivity.MALIGNANCY, by=by, now=NOW, place=PLACE)


def later(**span: int) -> datetime:
    """A moment after NOW."""
    return NOW + timedelta(**span)
