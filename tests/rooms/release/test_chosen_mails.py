"""Each person chooses of what an e-mail tells her, and is reminded only if she wants it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cast import NOW, PLACE, Cast, sender
from rooms.intake.test_marked_reports import marked
from rooms.release.helping import TODAY, later
from rooms.reporting.messages import oru
from scanward.archive.results import read, take
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people.actions import choose_mails
from scanward.people.kinds import MailKind
from scanward.people.models import Account
from scanward.release import actions, sharing
from scanward.release.housekeeping import tidy
from scanward.release.models import Authorization, ReleaseRequest
from scanward.release.reminding import is_due

Ask = Callable[..., ReleaseRequest]
pytestmark = pytest.mark.django_db


@pytest.fixture
def told(mailoutbox: list[Any], django_capture_on_commit_callbacks: Any) -> Callable[[Callable[[], object]], list[str]]:
    """Do something; return to whom a mail went meanwhile, after looking that it says nothing about anybody."""

    def done(deed: Callable[[], object]) -> list[str]:
        mailoutbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            deed()
        for sent in mailoutbox:
            said = sent.subject + sent.body
            assert not [word for word in ("Rivera", "Alice", "chest", "CT", "LH-") if word in said]
        return sorted(sent.to[0] for sent in mailoutbox)

    return done


def choose(account: Account, *kinds: MailKind) -> None:
    choose_mails(account, kinds, place=PLACE, now=NOW)
    account.refresh_from_db()


def shared(cast: Cast, *, by: Account, days: int = 20) -> sharing.Made:
    wish = sharing.Wish(
        recipient_name="Dr. Bell", studies=[cast.chest], expires_at=NOW + timedelta(days=days), max_uses=3
    )
    return sharing.create(wish, by=by, now=NOW, place=PLACE)


def test_news_and_links_are_told_until_somebody_says_no(cast: Cast, ask: Ask, told: Any) -> None:
    """Requirements I13, J3: on as the law needs it, off when she chooses so, and each kind by itself."""
    made = shared(cast, by=cast.alice)
    redeem = lambda: sharing.redeem(made.secret, passcode="", visitor="Dr. Bell", now=NOW, place=PLACE)  # noqa: E731
    assert told(ask) == ["alice@example.org"]
    assert told(redeem) == ["alice@example.org"]
    choose(cast.alice, MailKind.LINKS)
    assert told(ask) == []
    assert told(redeem) == ["alice@example.org"]
    choose(cast.alice, MailKind.REQUESTS)
    assert told(ask) == ["alice@example.org"]
    assert told(redeem) == []


def test_a_message_of_hers_is_work_for_the_clerk_and_told_in_any_event(cast: Cast, ask: Ask, told: Any) -> None:
    request = ask()
    actions.claim(request, by=cast.hal, now=NOW, place=PLACE)
    choose(cast.hal)
    write = lambda: actions.say(request, by=cast.alice, body="When?", now=NOW, place=PLACE)  # noqa: E731
    assert told(write) == ["hal@example.org"]


def test_a_reminder_comes_to_who_chose_it_a_week_before_the_end_and_once(cast: Cast, told: Any) -> None:
    """Requirement D13: by e-mail; nobody gets one unasked, and a link that has ended is no reason for one."""
    made = shared(cast, by=cast.alice)

    def at(days: int) -> list[str]:
        return told(lambda: tidy(now=later(days=days)))  # type: ignore[no-any-return]

    assert at(14) == []
    choose(cast.alice, MailKind.REMINDERS)
    assert at(12) == []
    assert at(14) == ["alice@example.org"]
    assert at(15) == []
    other = shared(cast, by=cast.alice)
    sharing.revoke(other.share, by=cast.alice, now=NOW, place=PLACE)
    assert at(14) == []
    made.share.refresh_from_db()
    assert made.share.reminded_at == later(days=14)


@pytest.mark.parametrize("taken_back", [False, True])
def test_a_permission_is_brought_to_mind_a_week_before_its_end(cast: Cast, told: Any, taken_back: bool) -> None:
    """Requirement D13: by e-mail and once, to who chose it; one that was taken back is no reason for one."""
    Authorization.objects.create(
        patient=cast.alices, description="CT of the chest", recipient="Lawson & Partners", purpose="my claim",
        expires_on=TODAY + timedelta(days=30), signature="Alice Rivera", signed_on=TODAY, created_at=NOW,
        revoked_at=NOW if taken_back else None,
    )  # fmt: skip
    choose(cast.alice, MailKind.REMINDERS)
    reached = [told(lambda day=day: tidy(now=later(days=day))) for day in (20, 24, 25)]
    assert reached == [[], [] if taken_back else ["alice@example.org"], []]


def days(*numbers: int) -> Iterable[Any]:
    return (later(days=number) for number in numbers)


@pytest.mark.parametrize(
    ("last", "ends", "now", "due"),
    [
        (0, 20, 12, False),
        (0, 20, 13, True),
        (13, 20, 14, False),
        # It was made in the last week of its time: nobody has forgotten it yet.
        (0, 6, 3, False),
        (0, 365, 89, False),
        (0, 365, 90, True),
    ],
)
def test_when_a_reminder_is_due(last: int, ends: int, now: int, due: bool) -> None:
    begun, end, today = days(last, ends, now)
    assert is_due(begun, end, now=today) is due


def test_the_choice_is_made_on_the_page_and_is_in_the_ledger(cast: Cast, client: Client) -> None:
    """Requirement I13: four boxes; reminders and reports are empty at first."""
    client.force_login(cast.alice)
    page = client.get("/security/").content.decode()
    assert [name for name in MailKind if f'name="{name.value}" value="1" checked' in page] == ["requests", "links"]
    client.post("/security/mails", {"reminders": "1"})
    cast.alice.refresh_from_db()
    assert [kind for kind in MailKind if cast.alice.wants_mail(kind)] == ["reminders"]
    entry = Entry.objects.get(subject_id=str(cast.alice.pk), kind=EventKind.CONTACT_CHANGED)
    assert dict(entry.detail) == {"mails_requests": 0, "mails_links": 0, "mails_reminders": 1, "mails_reports": 0}


def arrives(data: bytes, *, now: datetime = NOW) -> None:
    """Another version of the report of Alice's chest comes in, or what takes it back."""
    take(read(data), data, sender=sender(), now=now)


def test_a_report_is_told_once_to_who_wants_it_and_has_not_read_it(cast: Cast, told: Any) -> None:
    """Requirement I13: to the patient, and to who acts for her; what was corrected or taken back is news again."""
    arrived = lambda: tidy(now=later(hours=1))  # noqa: E731
    assert told(arrived) == []
    choose(cast.alice, MailKind.REPORTS)
    choose(cast.ruth, MailKind.REPORTS)
    choose(cast.charlie, MailKind.REPORTS)
    arrives(oru("FINDINGS: Clear."))
    assert told(arrived) == ["alice@example.org", "charlie@example.org", "ruth@example.org"]
    assert told(arrived) == []
    arrives(oru(lines=["OBX|1|TX|||Of another.||||||W"], control="2"))
    cast.authority.ended_at = NOW
    cast.authority.save()
    assert told(arrived) == ["alice@example.org"]


def test_what_she_has_read_already_is_no_news(
    cast: Cast, told: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(cast.alice, MailKind.REPORTS)
    arrives(oru("FINDINGS: Clear."))
    monkeypatch.setattr(timezone, "now", lambda: later(minutes=5))
    client.force_login(cast.alice)
    assert client.get(f"/scans/{cast.chest.pk}/").status_code == 200
    assert told(lambda: tidy(now=later(hours=1))) == []
    arrives(oru("FINDINGS: A second look.", status="C", control="2"), now=later(hours=2))
    assert told(lambda: tidy(now=later(hours=3))) == ["alice@example.org"]


def test_a_report_that_a_law_holds_back_is_told_when_it_may_be_read(cast: Cast, told: Any, settings: Any) -> None:
    """Requirement I13, trap T8: nobody is called to a page on which she finds nothing."""
    settings.FACILITY_STATE = "TX"
    choose(cast.alice, MailKind.REPORTS)
    tidy(now=NOW)
    arrives(marked(signed=NOW))
    assert told(lambda: tidy(now=later(hours=1))) == []
    assert told(lambda: tidy(now=later(days=4))) == ["alice@example.org"]
    assert told(lambda: tidy(now=later(days=5))) == []
