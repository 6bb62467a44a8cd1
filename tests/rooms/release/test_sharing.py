"""Links: exactly as many winners as uses, nothing after the end, and the secret nowhere but in the address."""

import base64
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast
from rooms.release.helping import later
from rooms.release.test_hostile import checked
from scanward.access.actions import AccessRefused, authorize
from scanward.access.kinds import Action, RecordFacts
from scanward.audit.event import Place
from scanward.audit.models import Entry
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account
from scanward.release import actions, sharing
from scanward.release.models import Attempt, Disclosure, ReleaseRequest, Share, ShareVisit
from scanward.release.ways import Arrival

Make = Callable[..., sharing.Made]


@pytest.fixture
def make(cast: Cast) -> Make:
    """Alice shares her chest CT with a doctor."""

    def made(by: Account | None = None, **changes: Any) -> sharing.Made:
        wish = {
            "recipient_name": "Dr. Okoye",
            "recipient_organization": "Riverside Clinic",
            "studies": [cast.chest],
            "expires_at": later(days=7),
            **changes,
        }
        return sharing.create(sharing.Wish(**wish), by=by or cast.alice, now=NOW, place=PLACE)

    return made


def opened(secret: str, *, passcode: str = "", now: Any = NOW, place: Place = PLACE) -> ShareVisit:
    return sharing.redeem(secret, visitor="Dr. Okoye", passcode=passcode, now=now, place=place)


@pytest.mark.django_db
def test_only_the_hash_of_a_secret_is_kept(make: Make) -> None:
    """Requirement J3; faults C6, C7: 256 random bits, in no row and in no entry."""
    made = make()
    assert len(made.secret) >= 43
    rows = [str(row) for row in Share.objects.values()] + list(Entry.objects.values_list("body", flat=True))
    assert not [row for row in rows if made.secret in row]


@pytest.mark.django_db
def test_a_one_time_link_opens_once(make: Make) -> None:
    """Requirement J1; fault C6: the replay after a one-time use is refused."""
    made = make()
    opened(made.secret)
    with pytest.raises(sharing.LinkRefused):
        opened(made.secret)


@pytest.mark.django_db
def test_it_ends_with_its_last_second(make: Make) -> None:
    """Requirement J2; fault C6: a second before the end it opens, at the end it does not."""
    made = make(max_uses=5)
    opened(made.secret, now=later(days=7) - timedelta(seconds=1))
    with pytest.raises(sharing.LinkRefused):
        opened(made.secret, now=later(days=7))


@pytest.mark.django_db
def test_whoever_opens_it_is_in_the_register_and_the_owner_is_told(
    make: Make, django_capture_on_commit_callbacks: Any, mailoutbox: list[Any]
) -> None:
    """Requirements J5, L2, L5: name, organization and time, and a message at each use."""
    made = make()
    with django_capture_on_commit_callbacks(execute=True):
        opened(made.secret)
    row = Disclosure.objects.get(share=made.share)
    assert (row.recipient, row.accountable) == ("Dr. Okoye, Riverside Clinic", True)
    assert [sent.to for sent in mailoutbox] == [["alice@example.org"]]


@pytest.mark.django_db
@pytest.mark.parametrize(("by", "purpose"), [("alice", PurposeOfUse.PATIENT_REQUEST), ("dana", PurposeOfUse.TREATMENT)])
def test_the_ledger_says_for_what_a_link_was_opened(cast: Cast, make: Make, by: str, purpose: PurposeOfUse) -> None:
    """Requirements L2, A10: what the patient wants, or what treatment needs."""
    opened_for(make(getattr(cast, by)).secret, purpose)


@pytest.mark.django_db
def test_the_ledger_says_for_what_the_desk_made_a_link(cast: Cast, lena: Account, ask: Any) -> None:
    """Requirements L2, A10: what the request states."""
    request = checked(ask(delivery=Arrival.LINK), cast, lena, basis=Basis.ACCESS)
    ReleaseRequest.objects.filter(pk=request.pk).update(purpose=PurposeOfUse.LEGAL)
    over = actions.HandOver(expires_at=later(days=9))
    made = actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    opened_for(made.secret, PurposeOfUse.LEGAL)


def opened_for(secret: str, purpose: PurposeOfUse) -> None:
    """Open a link, and see what entry and register say that it was for."""
    visit = opened(secret)
    entry = Entry.objects.get(kind="share_redeemed", subject_id=str(visit.share_id))
    assert entry.purpose == purpose
    assert Disclosure.objects.get(share=visit.share).purpose == purpose.sentence


@pytest.mark.django_db
def test_a_visit_reaches_what_was_shared_and_nothing_else(cast: Cast, make: Make) -> None:
    """Requirement J4: the named study, the named deeds."""
    visit = opened(make(report=False).secret)
    actor = sharing.holder(visit, now=NOW)
    facts = RecordFacts(cast.alices.pk, cast.chest.pk)
    purpose = PurposeOfUse.PATIENT_REQUEST
    assert authorize(actor, Action.VIEW_IMAGES, facts, purpose, now=NOW, place=PLACE)
    for action, study in (
        (Action.VIEW_REPORT, cast.chest),
        (Action.DOWNLOAD, cast.chest),
        (Action.VIEW_IMAGES, cast.abdomen),
    ):
        with pytest.raises(AccessRefused):
            authorize(actor, action, RecordFacts(study.patient_id, study.pk), purpose, now=NOW, place=PLACE)


@pytest.mark.django_db
def test_a_revoked_link_ends_the_visits_that_run(cast: Cast, make: Make) -> None:
    """Requirements J6, D9; fault C6: the next decision is no."""
    made = make()
    visit = opened(made.secret)
    sharing.revoke(made.share, by=cast.alice, now=NOW, place=PLACE)
    visit = ShareVisit.objects.select_related("share__created_by").get(pk=visit.pk)
    assert not sharing.holder(visit, now=NOW).shares


@pytest.mark.django_db
def test_an_authority_that_ended_takes_its_links_along(cast: Cast, make: Make) -> None:
    """Fault C14: also links that were given away before."""
    made = make(by=cast.ruth)
    cast.authority.ended_at = later(minutes=5)
    cast.authority.save()
    with pytest.raises(sharing.LinkRefused):
        opened(made.secret, now=later(minutes=6))


@pytest.mark.django_db
def test_a_stranger_can_neither_make_nor_end_a_link(cast: Cast, make: Make) -> None:
    """Fault C16."""
    with pytest.raises(AccessRefused):
        make(by=cast.charlie)
    with pytest.raises(AccessRefused):
        sharing.revoke(make().share, by=cast.charlie, now=NOW, place=PLACE)


@pytest.mark.django_db
def test_an_officer_may_end_any_link(cast: Cast, make: Make) -> None:
    """Requirement J6: by the patient and by staff."""
    made = make()
    sharing.revoke(made.share, by=cast.priya, now=NOW, place=PLACE)
    with pytest.raises(sharing.LinkRefused):
        opened(made.secret)


@pytest.mark.django_db
def test_five_wrong_passcodes_close_it_also_for_who_knows_it(make: Make) -> None:
    """Fault C6: the passcode can't be tried out, and wrong ones take no use."""
    made = make(passcode="open-sesame")
    for _ in range(5):
        with pytest.raises(sharing.LinkRefused):
            opened(made.secret, passcode="guess")
    with pytest.raises(sharing.LinkRefused):
        opened(made.secret, passcode="open-sesame")
    made.share.refresh_from_db()
    assert made.share.uses == 0


@pytest.mark.django_db
def test_the_right_passcode_opens_it_also_after_a_slip(make: Make) -> None:
    made = make(passcode="open-sesame")
    with pytest.raises(sharing.LinkRefused):
        opened(made.secret, passcode="open-sesam")
    assert opened(made.secret, passcode="open-sesame")


@pytest.mark.django_db
def test_guessing_is_slowed_down_and_hopeless_anyway(make: Make) -> None:
    """Fault C6: after 20 failures the address waits; 10^6 guesses at 10^6 links succeed with a chance of 10^-65."""
    made, guesser = make(), Place("198.51.100.9")
    for number in range(20):
        with pytest.raises(sharing.LinkRefused) as refused:
            opened(f"guess-{number}", place=guesser)
        assert not refused.value.slow_down
    with pytest.raises(sharing.LinkRefused) as refused:
        opened(made.secret, place=guesser)
    assert refused.value.slow_down
    assert opened(made.secret)
    assert Attempt.objects.get().failures == 20
    assert 10**6 * 10**6 / 2 ** (8 * sharing.SECRET_BYTES) < 1e-64


@pytest.mark.django_db
def test_two_thousand_seeded_guesses_from_fifty_addresses_find_nothing(make: Make) -> None:
    """Fault C6: a sample of the million; fifty addresses get twenty tries each in a quarter of an hour, and no more.

    At that pace (4,000 an hour) a million guesses take 250 hours, and hit one of 2^256 with a chance of 10^-71.
    """
    chance, made, tried = random.Random(6), make(), 0
    for number in range(2_000):
        guess = base64.urlsafe_b64encode(chance.randbytes(sharing.SECRET_BYTES)).decode().rstrip("=")
        with pytest.raises(sharing.LinkRefused) as refused:
            opened(guess, place=Place(f"198.51.100.{number % 50}"))
        tried += not refused.value.slow_down
    assert (tried, sum(Attempt.objects.values_list("failures", flat=True))) == (1_000, 1_000)
    made.share.refresh_from_db()
    assert (made.share.uses, ShareVisit.objects.count()) == (0, 0)
    assert 10**6 / 2 ** (8 * sharing.SECRET_BYTES) < 1e-70


@pytest.mark.django_db
def test_a_mail_scanner_that_follows_the_link_burns_nothing(make: Make) -> None:
    """Fault C6: GET, HEAD and OPTIONS of the address, as often as they like; the doctor's POST still opens it."""
    made, address = make(), reverse("shared")
    for method in ("get", "head", "options"):
        for _turn in range(3):
            assert getattr(Client(), method)(f"{address}?{made.secret}").status_code in (200, 405)
            assert getattr(Client(), method)(address).status_code in (200, 405)
    made.share.refresh_from_db()
    assert (made.share.uses, ShareVisit.objects.count()) == (0, 0)
    assert opened(made.secret)


@pytest.mark.django_db
def test_a_link_that_is_passed_on_leaves_no_trace_for_the_next_site(make: Make) -> None:
    """Faults C6, C7: no page of a link sends a Referer, is kept in a cache, or has the secret in its address."""
    made, client = make(), Client()
    pages = [
        client.get(reverse("shared")),
        client.post(reverse("shared"), {"code": made.secret, "visitor": "Dr. Okoye"}),
    ]
    pages.append(client.get(pages[-1]["Location"]))
    for page in pages:
        assert page["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page["Cache-Control"]
        assert made.secret not in f"{page.headers} {page.content.decode()}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient_name": " "},
        {"studies": []},
        {"images": False, "report": False},
        {"expires_at": NOW},
        {"expires_at": later(days=366)},
        {"max_uses": 0},
        {"passcode": "12345"},
    ],
)
def test_every_link_needs_a_person_a_scope_and_an_end(make: Make, wrong: dict[str, Any]) -> None:
    """Requirements J2, J4, J5, J7: recipient, scope and last day are never left out."""
    with pytest.raises(Unlawful):
        make(**wrong)


def race(secret: str, count: int) -> list[bool]:
    """Open the link from many threads at the same moment, each with a connection of its own."""
    # PostgreSQL takes a hundred connections as it comes: who finds none free waits for one.
    gate, free, won = threading.Barrier(count), threading.BoundedSemaphore(80), []

    def run(number: int) -> None:
        gate.wait()
        with free:
            try:
                opened(secret, place=Place(f"203.0.113.{number}"))
                won.append(True)
            except sharing.LinkRefused:
                won.append(False)
            finally:
                connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


@pytest.mark.django_db(transaction=True)
def test_of_two_first_uses_at_the_same_moment_one_wins(make: Make) -> None:
    """Requirement J1; fault C6: ten times over, with two visitors each."""
    for _turn in range(10):
        won = race(make().secret, 2)
        assert (len(won), sum(won)) == (2, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("uses", [1, 3])
def test_of_many_at_the_same_moment_exactly_as_many_win_as_uses_are_left(make: Make, uses: int) -> None:
    """Requirement J1; fault C6: on the embedded database and on PostgreSQL (SCANWARD_TEST_DATABASE)."""
    made = make(max_uses=uses)
    won = race(made.secret, 40)
    assert (len(won), sum(won)) == (40, uses)
    assert ShareVisit.objects.count() == Disclosure.objects.filter(share=made.share).count() == uses


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_exactly_one_wins(make: Make) -> None:
    """Requirement J1; fault C6."""
    won = race(make().secret, 200)
    assert (len(won), sum(won)) == (200, 1)
