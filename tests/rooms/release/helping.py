"""What the tests of this room do again and again."""

from datetime import datetime, timedelta
from typing import Any

import cast as people
from cast import NOW, PLACE
from scanward.law.fees import Actual
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.release import actions, house
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
    actions.verify(request, by=by, method="photo ID", authority="power of attorney", now=now, place=PLACE)
    request.refresh_from_db()


def later(**span: int) -> datetime:
    """A moment after NOW."""
    return NOW + timedelta(**span)
