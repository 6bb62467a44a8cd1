"""A police or oversight official asks to stay off a patient's list for a time; the privacy officer writes it down."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from cast import NOW, PLACE, Cast
from journeys.test_release_pages import page_of
from rooms.release.helping import TODAY
from scanward.access.actions import AccessRefused
from scanward.access.actors import reference
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.people.models import Account
from scanward.portal.looks import Looks
from scanward.release import suspensions
from scanward.release.disclosures import account_for, disclose
from scanward.release.models import AccountingSuspension, Disclosure

pytestmark = pytest.mark.django_db
SHERIFF = "Det. Jones, County Sheriff"


@pytest.fixture
def told(cast: Cast) -> Disclosure:
    """What the sheriff got, on a court's process."""
    return given(cast, SHERIFF, Basis.POLICE_PROCESS)


def given(cast: Cast, to: str, basis: Basis) -> Disclosure:
    by = reference(cast_actor(cast.hal))
    return disclose(
        [cast.chest], recipient=to, address="5 Hill Road", description="CT images", basis=basis, channel="mail",
        by=by, now=NOW, place=PLACE,
    )  # fmt: skip


def cast_actor(account: Account) -> Any:
    from cast import actor

    return actor(account)


def statement(**changes: Any) -> suspensions.Statement:
    said = {
        "recipient": SHERIFF, "official": "Det. Jones, badge 411", "written": True, "statement": "Letter, cabinet 2",
        "stated_on": TODAY, "until": TODAY + timedelta(days=60),
    } | changes  # fmt: skip
    return suspensions.Statement(**said)


def listed(cast: Cast, *, days: int = 0) -> set[str]:
    """Who stands on Alice's list some days from now."""
    return {entry.first.recipient for entry in account_for(cast.alices, now=NOW + timedelta(days=days))}


def test_it_is_left_off_until_its_day_and_comes_back_by_itself(cast: Cast, told: Disclosure) -> None:
    """Requirement L5; 45 CFR 164.528(a)(2)(i)."""
    given(cast, "Health Board", Basis.PUBLIC_HEALTH)
    assert listed(cast) == {SHERIFF, "Health Board"}
    suspensions.suspend(cast.alices, statement(), by=cast.priya, now=NOW, place=PLACE)
    assert listed(cast) == listed(cast, days=60) == {"Health Board"}
    assert listed(cast, days=61) == {SHERIFF, "Health Board"}
    assert told.accountable


def test_the_privacy_officer_writes_it_down_and_the_patient_reads_nothing_of_it(cast: Cast, told: Disclosure) -> None:
    """Requirements L5, D12: no page of hers tells what the list leaves off, and the page of the desk ends it early."""
    alice, priya = page_of(cast.alice), page_of(cast.priya)
    assert SHERIFF in alice.get(reverse("sent")).content.decode()
    entry = Entry.objects.get(kind=EventKind.DISCLOSED.value).seq
    assert entry in looks(cast)
    form = {
        "recipient": SHERIFF, "official": "Det. Jones", "how": "spoken", "statement": "By telephone, called back",
        "stated_on": TODAY.isoformat(), "until": (TODAY + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    assert priya.post(reverse("accounting-suspend", args=[cast.alices.pk]), form).status_code == 302
    page = priya.get(reverse("patient-accounting", args=[cast.alices.pk])).content.decode()
    assert "Left off until" in page
    assert SHERIFF not in alice.get(reverse("sent")).content.decode()
    assert entry not in looks(cast)
    kept = AccountingSuspension.objects.get()
    assert priya.post(reverse("suspension-end", args=[kept.pk])).status_code == 302
    assert SHERIFF in alice.get(reverse("sent")).content.decode()
    kinds = [EventKind.ACCOUNTING_SUSPENDED.value, EventKind.ACCOUNTING_RESUMED.value]
    assert list(Entry.objects.filter(kind__in=kinds).order_by("seq").values_list("kind", flat=True)) == kinds


def looks(cast: Cast) -> set[int]:
    """The entries of the ledger that Alice reads."""
    return {look.number for look in Looks([cast.alices.pk], "", now=NOW)[:50]}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"written": False, "until": TODAY + timedelta(days=31)}, "30 days at most"),
        ({"until": None}, "last day of the time"),
        ({"stated_on": TODAY + timedelta(days=1)}, "made already"),
        ({"stated_on": TODAY - timedelta(days=9), "until": TODAY - timedelta(days=1)}, "still to come"),
        ({"recipient": "Health Board"}, "who received the records"),
        ({"official": " "}, "who made the statement"),
        ({"statement": ""}, "where the paper is kept"),
    ],
)
def test_a_statement_that_lacks_something_is_not_taken(
    cast: Cast, told: Disclosure, changes: dict[str, date | str | None], why: str
) -> None:
    """45 CFR 164.528(a)(2)(ii): only said, it lasts 30 days; and who said it is written down."""
    given(cast, "Health Board", Basis.PUBLIC_HEALTH)
    with pytest.raises(Unlawful, match=why):
        suspensions.suspend(cast.alices, statement(**changes), by=cast.priya, now=NOW, place=PLACE)
    assert not AccountingSuspension.objects.exists()


def test_nobody_else_suspends_and_a_clerk_does_not_read_of_it(cast: Cast, told: Disclosure) -> None:
    """Requirement K1."""
    suspensions.suspend(cast.alices, statement(), by=cast.priya, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused):
        suspensions.suspend(cast.alices, statement(), by=cast.hal, now=NOW, place=PLACE)
    hal = page_of(cast.hal)
    assert SHERIFF not in hal.get(reverse("patient-accounting", args=[cast.alices.pk])).content.decode()
    assert hal.post(reverse("accounting-suspend", args=[cast.alices.pk]), {}).status_code == 404
    assert hal.post(reverse("suspension-end", args=[AccountingSuspension.objects.get().pk])).status_code == 404


def test_the_desk_makes_the_list_for_who_wrote_a_letter(cast: Cast, told: Disclosure) -> None:
    """Requirement L5: the same letter as in the portal, in the reader's language."""
    answer = page_of(cast.hal).post(reverse("patient-accounting", args=[cast.alices.pk]), {"language": "es"})
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    asked = cast.alices.accounting_requests.get()
    assert (asked.asked_by, asked.free) == (cast.hal, True)
