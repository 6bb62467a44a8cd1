"""What the tests of this room share: two more people, and a request that has come so far."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from cast import NOW, PLACE, Cast
from rooms.release.helping import free, in_review, staff
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.release import actions, letters
from scanward.release.models import ReleaseRequest


@pytest.fixture
def lena(cast: Cast) -> Account:
    """The lead of medical records."""
    return staff("lena", Role.HIM_LEAD)


@pytest.fixture
def dora(cast: Cast) -> Account:
    """Another clinician, who had no part in anything."""
    return staff("dora", Role.REFERRING_CLINICIAN)


@pytest.fixture
def ask(cast: Cast) -> Callable[..., ReleaseRequest]:
    """Alice asks for her chest CT, in the portal unless told otherwise."""

    def asked(by: Account | None = None, *, now: datetime = NOW, **changes: Any) -> ReleaseRequest:
        wish = {"patient": cast.alices, "studies": [cast.chest], **changes}
        return actions.receive(actions.Asked(**wish), by=by or cast.alice, now=now, place=PLACE)

    return asked


@pytest.fixture
def approved(cast: Cast, ask: Callable[..., ReleaseRequest]) -> Callable[..., ReleaseRequest]:
    """A request of Alice that Hal has approved."""

    def made(basis: str = "access", **changes: Any) -> ReleaseRequest:
        request = ask(**changes)
        in_review(request, cast.hal)
        if request.delivery in ("mail", "pickup"):
            actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
        if stated := letters.to_read_back(request):
            actions.confirm_recipient(request, stated, by=cast.hal, now=NOW, place=PLACE)
        actions.approve(request, by=cast.hal, basis=basis, now=NOW, place=PLACE)
        request.refresh_from_db()
        return request

    return made
