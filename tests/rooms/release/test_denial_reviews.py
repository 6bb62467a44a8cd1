"""What a review of a denial grants is given, wherever the request stands by then (45 CFR 164.524(d)(4))."""

from collections.abc import Callable, Collection

import pytest
from django.test import Client
from django.urls import reverse

from cast import BY, NOW, PLACE, Cast
from rooms.release.helping import free, in_review, later, staff
from scanward.access.actions import AccessRefused
from scanward.access.actors import actor_of
from scanward.access.kinds import Action, Actor, Sharing
from scanward.audit.models import Entry
from scanward.law.denials import Ground
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.people.representing import end_representation
from scanward.release import actions, packages
from scanward.release.actions.denying import reviewable, to_be_decided
from scanward.release.holds import context_for, denied
from scanward.release.kinds import State
from scanward.release.machine import AUTOMATIC, NotNow
from scanward.release.models import Denial, Disclosure, Package, ReleaseRequest
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]


@pytest.fixture
def deny(cast: Cast, lena: Account) -> Callable[..., Denial]:
    """The lead denies on what Dana judged."""

    def denied(request: ReleaseRequest, *withheld: Item) -> Denial:
        return actions.deny(
            request, by=lena, judged_by=cast.dana, ground=Ground.ENDANGERS_LIFE.value, withheld=withheld or [*Item],
            rationale="She said that she would harm herself.", now=NOW, place=PLACE,
        )  # fmt: skip

    return denied


@pytest.fixture
def review(cast: Cast, dora: Account) -> Callable[..., None]:
    """Alice asks for a review, and Dora decides it; the privacy officer writes it down."""

    def reviewed(denial: Denial, *, granted: bool = True) -> None:
        actions.ask_review(denial, by=cast.alice, now=later(days=1), place=PLACE)
        actions.decide_review(denial, by=cast.priya, reviewer=dora, granted=granted, now=later(days=2), place=PLACE)

    return reviewed


def send(request: ReleaseRequest, by: Account) -> None:
    """Approve, build and deliver a copy for the portal."""
    actions.approve(request, by=by, basis="access", now=NOW, place=PLACE)
    actions.build(request, by=by, now=NOW, place=PLACE)
    actions.deliver(request, actions.HandOver(), by=by, now=NOW, place=PLACE)


def given(request: ReleaseRequest) -> Collection[str]:
    return ReleaseRequest.objects.get(pk=request.pk).granted


def test_what_the_review_grants_later_comes_with_its_own_package_check_and_row(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """Requirements A10, A12, G19, L6: the images left on Monday; the report, granted on Wednesday, follows them."""
    first = ask()
    in_review(first, cast.hal)
    denial = deny(first, Item.REPORT)
    send(first, cast.hal)
    review(denial)
    second = first.followers.get()
    assert (second.state, second.basis, second.granted, second.expedited) == (
        State.APPROVED,
        "access",
        ["report"],
        True,
    )
    package = actions.build(second, by=cast.hal, now=later(days=2), place=PLACE)
    assert (package.images, len(package.report_ids)) == (False, 1)
    done = actions.deliver(second, actions.HandOver(), by=cast.hal, now=later(days=2), place=PLACE)
    second.refresh_from_db()
    assert (second.state, second.checker) == (State.DELIVERED, AUTOMATIC)
    assert (given(first), given(second)) == (["images"], ["report"])
    rows = Disclosure.objects.order_by("at")
    assert [row.request_id for row in rows] == [first.pk, second.pk]
    assert rows[1].manifest_sha256 == done.delivery.package.manifest_sha256 != rows[0].manifest_sha256


def test_it_is_written_step_by_step_with_a_receipt_and_an_approval(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """Requirements B17, L1: its history and the ledger agree, and the letters say number and date."""
    first = ask()
    in_review(first, cast.hal)
    denial = deny(first, Item.REPORT)
    send(first, cast.hal)
    review(denial)
    second = first.followers.get()
    assert [step.event for step in second.steps.all()] == ["submit", "claim", "verify", "approve"]
    told = Entry.objects.filter(subject_kind="request", subject_id=str(second.pk)).order_by("seq")
    assert [entry.detail["event"] for entry in told if "event" in entry.detail] == [
        "submit", "claim", "verify", "approve",
    ]  # fmt: skip
    # Both are of the same moment, so which stands first is chance.
    assert sorted(letter.template for letter in second.letters.all()) == ["approval", "receipt"]


def test_a_second_parcel_costs_nothing_and_is_checked_by_a_second_person(
    cast: Cast, lena: Account, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """Requirements C6, E9: the house's own denial made it necessary; the check is not saved."""
    first = ask(delivery=Arrival.MAIL, contact="1 Main Street")
    in_review(first, cast.hal)
    denial = deny(first, Item.REPORT)
    actions.quote(first, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(first, by=cast.hal, basis="access", now=NOW, place=PLACE)
    review(denial)
    second = first.followers.get()
    assert (second.quotes.get().total, second.state) == (0, State.APPROVED)
    actions.build(second, by=cast.hal, now=later(days=2), place=PLACE)
    with pytest.raises(AccessRefused, match="does not check"):
        actions.check_passed(second, by=cast.hal, note="", now=later(days=2), place=PLACE)
    actions.check_passed(second, by=lena, note="the report", now=later(days=2), place=PLACE)
    over = actions.HandOver(tracking="1Z999", passphrase_by="phone")
    assert actions.deliver(second, over, by=cast.hal, now=later(days=2), place=PLACE).delivery


def test_before_the_approval_the_review_widens_what_is_approved(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """Nothing has left yet, so all of it leaves at once, and less can't be approved, nor the same denied again."""
    request = ask()
    in_review(request, cast.hal)
    review(deny(request, Item.REPORT))
    with pytest.raises(Unlawful, match="review"):
        actions.approve(request, by=cast.hal, basis="access", granted=[Item.IMAGES], now=later(days=3), place=PLACE)
    with pytest.raises(Unlawful, match="review"):
        deny(request, Item.REPORT)
    actions.approve(request, by=cast.hal, basis="access", now=later(days=3), place=PLACE)
    assert given(request) == ["images", "report"]
    assert not request.followers.exists()


def test_a_review_of_one_denial_does_not_release_what_another_withholds(
    cast: Cast, lena: Account, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """Fault C16: the report's review was won; the images stay denied, whoever types them in."""
    request = ask()
    in_review(request, cast.hal)
    report = deny(request, Item.REPORT)
    deny(request, Item.IMAGES)
    review(report)
    with pytest.raises(Unlawful, match="denial that stands"):
        actions.approve(request, by=lena, basis="access", granted=[*Item], now=later(days=3), place=PLACE)
    actions.approve(request, by=lena, basis="access", now=later(days=3), place=PLACE)
    assert given(request) == ["report"]


def test_a_denial_that_was_closed_and_then_overturned_is_followed(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    request = ask()
    in_review(request, cast.hal)
    denial = deny(request)
    actions.close(request, by=cast.hal, now=NOW, place=PLACE)
    review(denial)
    assert given(request.followers.get()) == ["images", "report"]


def test_what_was_granted_can_be_neither_closed_nor_cancelled(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """The house must follow the review: the only way on is to give it."""
    request = ask()
    in_review(request, cast.hal)
    review(deny(request))
    for verb, words in ((actions.close, {}), (actions.cancel, {"reason": "entered twice"})):
        with pytest.raises(NotNow, match="granted"):
            verb(request, by=cast.hal, now=later(days=3), place=PLACE, **words)


def test_a_review_that_upholds_gives_nothing(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    request = ask()
    in_review(request, cast.hal)
    denial = deny(request, Item.REPORT)
    send(request, cast.hal)
    review(denial, granted=False)
    assert not request.followers.exists()


def test_whoever_lost_the_authority_meanwhile_gets_nothing(
    cast: Cast, lena: Account, dora: Account, ask: Ask, deny: Callable[..., Denial]
) -> None:
    """Fault C14: Ruth's authority ended during the review, so the grant waits for somebody to look at it."""
    request = ask(by=cast.ruth)
    in_review(request, cast.hal)
    denial = deny(request, Item.REPORT)
    actions.approve(request, by=lena, basis="access by a personal representative", now=NOW, place=PLACE)
    actions.ask_review(denial, by=cast.ruth, now=later(days=1), place=PLACE)
    for held in cast.ruth.representations.all():
        end_representation(held, actor=BY, place=PLACE, now=later(days=1))
    actions.decide_review(denial, by=cast.priya, reviewer=dora, granted=True, now=later(days=2), place=PLACE)
    assert request.followers.get().state == State.VERIFYING


def test_who_took_the_request_back_asks_anew(cast: Cast, ask: Ask, deny: Callable[..., Denial]) -> None:
    request = ask()
    in_review(request, cast.hal)
    denial = deny(request, Item.REPORT)
    actions.withdraw(request, by=cast.alice, reason="I have it.", now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="new one"):
        actions.ask_review(denial, by=cast.alice, now=NOW, place=PLACE)


def test_only_a_denial_that_can_be_reviewed_is_offered_for_it(
    cast: Cast, lena: Account, ask: Ask, deny: Callable[..., Denial]
) -> None:
    """Requirement I18: the button is there for exactly the denials that the law lets be reviewed, once."""
    request = ask()
    in_review(request, cast.hal)
    assert reviewable(request) is None
    denial = deny(request, Item.REPORT)
    actions.deny(
        request, by=lena, judged_by=cast.dana, ground=Ground.LEGAL_PROCEEDING.value, withheld=[Item.IMAGES],
        rationale="Made for the trial.", now=later(hours=1), place=PLACE,
    )  # fmt: skip
    assert reviewable(request) == denial
    actions.ask_review(denial, by=cast.alice, now=later(days=1), place=PLACE)
    assert (reviewable(request), to_be_decided(request)) == (None, denial)


def test_the_desk_sees_each_review_that_waits_and_each_grant_not_yet_given(
    cast: Cast, lena: Account, dora: Account, ask: Ask, deny: Callable[..., Denial]
) -> None:
    """Requirement F6: an answered request is not forgotten while its review runs."""
    page = Client()
    page.force_login(staff("rita", Role.HIM_CLERK))
    request = ask()
    in_review(request, cast.hal)
    denial = deny(request)
    actions.ask_review(denial, by=cast.alice, now=NOW, place=PLACE)
    assert "Waits for another licensed professional" in page.get("/desk/requests/").content.decode()
    actions.decide_review(denial, by=cast.priya, reviewer=dora, granted=True, now=NOW, place=PLACE)
    assert "Granted: approve it" in page.get("/desk/requests/").content.decode()
    actions.approve(request, by=lena, basis="access", now=NOW, place=PLACE)
    assert "Granted: approve it" not in page.get("/desk/requests/").content.decode()


def seen_by(account: Account, cast: Cast) -> tuple[str, dict[str, int]]:
    """The study's page, and how the addresses behind it answer."""
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("study", args=[cast.chest.pk])).content.decode()
    names = {"report-pdf": client.get, "viewer-data": client.get, "download": client.post}
    return page, {name: ask(reverse(name, args=[cast.chest.pk])).status_code for name, ask in names.items()}


def test_what_was_denied_is_not_lying_in_the_portal_meanwhile(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """Requirement A12: the report is kept from her, from who acts for her, and out of copies; a review opens it."""
    request = ask()
    in_review(request, cast.hal)
    denial = deny(request, Item.REPORT)
    for reader in (cast.alice, cast.ruth):
        page, answers = seen_by(reader, cast)
        assert "The hospital keeps this report back" in page
        assert "nodule" not in page
        assert answers == {"report-pdf": 404, "viewer-data": 200, "download": 302}
    assert not Package.objects.exclude(report=None).exists()
    assert "nodule" in seen_by(cast.dana, cast)[0]
    review(denial)
    page, answers = seen_by(cast.alice, cast)
    assert "nodule" in page
    assert answers["report-pdf"] == 200


def test_denied_images_have_words_in_their_place(cast: Cast, ask: Ask, deny: Callable[..., Denial]) -> None:
    """Requirement A12: no picture and no copy gets round the denial, nor a link she made; the report stays readable."""
    request = ask()
    in_review(request, cast.hal)
    deny(request, Item.IMAGES)
    page, answers = seen_by(cast.alice, cast)
    assert "The hospital keeps these images back" in page
    assert "nodule" in page
    assert answers == {"report-pdf": 200, "viewer-data": 404, "download": 404}
    given = Sharing(cast.alices.pk, frozenset({cast.chest.pk}), frozenset({Action.VIEW_IMAGES}), NOW, later(days=9))
    holder = Actor(id="visit:1", display="Dr. Okoye", shares=(given,))
    assert set(context_for(holder, cast.chest, now=NOW).held) == {Action.VIEW_IMAGES, Action.DOWNLOAD}


def test_what_a_representative_was_denied_is_still_the_patients_own(
    cast: Cast, ask: Ask, deny: Callable[..., Denial]
) -> None:
    """Requirement A12: 45 CFR 164.524(a)(3)(iii) is about who asks in her stead, not about her."""
    request = ask(by=cast.ruth)
    in_review(request, cast.hal)
    deny(request, Item.REPORT)
    assert denied(cast.chest, actor=actor_of(cast.ruth, now=NOW)) == {Item.REPORT}
    assert denied(cast.chest, actor=actor_of(cast.alice, now=NOW)) == frozenset()
    ReleaseRequest.objects.filter(pk=request.pk).update(requester=None)
    assert denied(cast.chest, actor=actor_of(cast.ruth, now=NOW)) == {Item.REPORT}
    assert denied(cast.chest, actor=actor_of(cast.alice, now=NOW)) == frozenset()


def test_a_running_copy_ends_when_its_report_is_denied(cast: Cast, ask: Ask, deny: Callable[..., Denial]) -> None:
    """Requirement A12, fault D15: a copy that was made before does not carry the report out afterwards."""
    purpose = PurposeOfUse.PATIENT_REQUEST
    package = packages.prepare(cast.alice, cast.chest, purpose=purpose, language="en", now=NOW, place=PLACE)
    request = ask()
    in_review(request, cast.hal)
    deny(request, Item.REPORT)
    with pytest.raises(packages.PackageEnded, match="held back"):
        packages.open_package(package, now=NOW, place=PLACE)


def test_a_later_approval_ends_what_was_denied_before(cast: Cast, ask: Ask, deny: Callable[..., Denial]) -> None:
    """Requirement A12: times change; what the house grants anew is open again everywhere."""
    first = ask()
    in_review(first, cast.hal)
    deny(first, Item.REPORT)
    again = ask(now=later(days=40))
    assert denied(cast.chest, actor=actor_of(cast.alice, now=NOW)) == {Item.REPORT}
    in_review(again, cast.hal, now=later(days=41))
    actions.approve(again, by=cast.hal, basis="access", now=later(days=41), place=PLACE)
    assert denied(cast.chest, actor=actor_of(cast.alice, now=later(days=41))) == frozenset()


def test_a_denial_of_a_part_is_in_what_happened(
    cast: Cast, ask: Ask, deny: Callable[..., Denial], review: Callable[..., None]
) -> None:
    """Requirements A12, B18: both sides' pages say what was kept back, and what a review decided."""
    request = ask()
    in_review(request, cast.hal)
    denial = deny(request, Item.REPORT)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    review(denial)
    for who, name in ((cast.alice, "request"), (cast.hal, "desk-request")):
        client = Client()
        client.force_login(who, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(reverse(name, args=[request.pk])).content.decode()
        for words in ("What happened", "Kept back: Report", "Review asked for", "The review granted it"):
            assert words in page, (name, words)
    assert "Taken up" not in page.split("What happened")[0]


def test_who_took_a_request_back_may_ask_again(cast: Cast, ask: Ask) -> None:
    """Requirements A13, F1: a new number, a new date, and the first one stays withdrawn."""
    first = ask()
    actions.withdraw(first, by=cast.alice, reason="I found the disc.", now=NOW, place=PLACE)
    second = ask(now=later(days=3))
    first.refresh_from_db()
    assert (first.state, second.state) == (State.WITHDRAWN, State.RECEIVED)
    assert first.number != second.number
    assert first.due_on is not None
    assert second.due_on is not None
    assert second.due_on > first.due_on
