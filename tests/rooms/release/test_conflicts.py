"""People on both sides of a request, decisions that meet each other, and what comes between a package and the door."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections

from cast import NOW, PLACE, Cast, represent
from cast import actions as people
from rooms.release.helping import TODAY, free, in_review, later, likely_cancer
from scanward.access.actions import AccessRefused
from scanward.access.actors import actor_of
from scanward.archive.models import Study
from scanward.audit.event import ActorRef
from scanward.law.authorization import Statement
from scanward.law.bases import Basis, RecipientKind
from scanward.law.denials import Ground
from scanward.law.documents import Document
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.tracks import Track
from scanward.law.wishes import AmendmentGround
from scanward.people.kinds import Role
from scanward.people.models import Account, PatientLink
from scanward.release import actions, rights
from scanward.release.holds import denied
from scanward.release.machine import NotNow
from scanward.release.models import AmendmentRequest, Authorization, Delivery, Denial, Disclosure, ReleaseRequest
from scanward.release.ways import Arrival, Channel

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
BY = ActorRef.system("tests")


@pytest.fixture
def withhold(cast: Cast, lena: Account) -> Callable[..., Denial]:
    """The lead denies some of a request on what Dana judged."""

    def denied(request: ReleaseRequest, *withheld: Item, **changes: Any) -> Denial:
        wanted: dict[str, Any] = {
            "by": lena, "judged_by": cast.dana, "ground": Ground.ENDANGERS_LIFE.value, "now": NOW, **changes,
        }  # fmt: skip
        return actions.deny(request, withheld=withheld, rationale="A risk.", place=PLACE, **wanted)

    return denied


def of_representative(cast: Cast, ask: Ask, withhold: Callable[..., Denial]) -> Denial:
    """Ruth asks for Alice's scan, and is denied the report."""
    request = ask(by=cast.ruth)
    in_review(request, cast.hal)
    return withhold(request, Item.REPORT, ground=Ground.REPRESENTATIVE_HARM.value)


def test_staff_check_no_package_of_their_own_record(cast: Cast, ask: Ask, lena: Account) -> None:
    """Requirement C6, fault C16: the second person is somebody else than who builds, and than the patient."""
    request = ask(delivery=Arrival.EMAIL, contact="alice@example.org")
    in_review(request, cast.hal)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    PatientLink.objects.filter(account=cast.alice).update(account=lena)
    with pytest.raises(AccessRefused, match="own"):
        actions.check_passed(request, by=lena, note="", now=later(minutes=1), place=PLACE)


def test_a_clerk_decides_nothing_about_somebody_whom_she_represents(cast: Cast, ask: Ask, lena: Account) -> None:
    """Fault C16: she would enter it as a telephone call, and say yes to it herself."""
    represent(lena, cast.alices, until=None)
    request = ask(by=lena, channel=Channel.PHONE, by_representative=True)
    assert request.requester is None
    with pytest.raises(AccessRefused, match="own"):
        actions.claim(request, by=lena, now=NOW, place=PLACE)
    in_review(request, cast.hal)
    assert request.state == "in_review"


def test_nobody_notes_the_review_of_a_denial_of_her_own(
    cast: Cast, ask: Ask, withhold: Callable[..., Denial], dora: Account
) -> None:
    """Fault C16: the privacy officer is a patient, too."""
    request = ask()
    in_review(request, cast.hal)
    denial = withhold(request, Item.REPORT)
    actions.ask_review(denial, by=cast.alice, now=NOW, place=PLACE)
    PatientLink.objects.filter(account=cast.alice).update(account=cast.priya)
    with pytest.raises(AccessRefused, match="own"):
        actions.decide_review(denial, by=cast.priya, reviewer=dora, granted=True, now=NOW, place=PLACE)


def test_a_patient_who_gets_her_own_report_opens_it_for_no_representative(
    cast: Cast, ask: Ask, withhold: Callable[..., Denial]
) -> None:
    """Requirement A12; 45 CFR 164.524(a)(3)(iii): what would harm her in his hands stays out of them."""
    of_representative(cast, ask, withhold)
    own = ask(now=later(days=1))
    in_review(own, cast.hal, now=later(days=1))
    actions.approve(own, by=cast.hal, basis="access", now=later(days=1), place=PLACE)
    assert denied(cast.chest, actor=actor_of(cast.ruth, now=later(days=1))) == {Item.REPORT}


def test_a_representative_who_gets_it_later_opens_it_for_herself_and_not_for_the_patient(
    cast: Cast, ask: Ask, withhold: Callable[..., Denial]
) -> None:
    """Requirement A12: each answer is to who asked."""
    first = ask()
    in_review(first, cast.hal)
    withhold(first, Item.REPORT)
    again = ask(by=cast.ruth, now=later(days=1))
    in_review(again, cast.hal, now=later(days=1))
    basis = "access by a personal representative"
    actions.approve(again, by=cast.hal, basis=basis, now=later(days=1), place=PLACE)
    seen = {name: denied(cast.chest, actor=actor_of(who, now=later(days=1))) for name, who in vars(cast).items()
            if name in ("alice", "ruth")}  # fmt: skip
    assert seen == {"alice": {Item.REPORT}, "ruth": frozenset()}


def test_an_approval_that_was_cancelled_ends_no_denial(cast: Cast, ask: Ask, withhold: Callable[..., Denial]) -> None:
    """Requirement A12: it was entered by mistake, so nothing was granted."""
    first = ask()
    in_review(first, cast.hal)
    withhold(first, Item.REPORT)
    again = ask(now=later(days=1))
    in_review(again, cast.hal, now=later(days=1))
    actions.approve(again, by=cast.hal, basis="access", now=later(days=1), place=PLACE)
    actions.cancel(again, by=cast.hal, reason="of somebody else", now=later(days=1), place=PLACE)
    assert denied(cast.chest, actor=actor_of(cast.alice, now=later(days=2))) == {Item.REPORT}


def test_what_was_approved_is_denied_no_more(cast: Cast, approved: Ask, withhold: Callable[..., Denial]) -> None:
    """45 CFR 164.524(d): a letter that says no to what is on its way would be untrue."""
    request = approved()
    with pytest.raises(NotNow):
        withhold(request, Item.REPORT)
    assert not Denial.objects.exists()


def test_less_than_was_asked_for_is_denied_in_writing_and_not_left_out(cast: Cast, ask: Ask) -> None:
    """Requirement A12; 45 CFR 164.524(d)(1): whoever gets a part is told why, and how to complain."""
    request = ask()
    in_review(request, cast.hal)
    with pytest.raises(Unlawful, match="in writing"):
        actions.approve(request, by=cast.hal, basis="access", granted=[Item.IMAGES], now=NOW, place=PLACE)


def test_asking_for_a_review_again_moves_no_date(
    cast: Cast, ask: Ask, withhold: Callable[..., Denial], dora: Account
) -> None:
    """Fault C16: the date that the house has promised stays, and a decided review is not decided again."""
    request = ask()
    in_review(request, cast.hal)
    denial = withhold(request, Item.REPORT)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    stale = Denial.objects.get(pk=denial.pk)
    actions.ask_review(denial, by=cast.alice, now=NOW, place=PLACE)
    due = Denial.objects.get().review_due_on
    with pytest.raises(Unlawful, match="asked for already"):
        actions.ask_review(stale, by=cast.alice, now=later(days=9), place=PLACE)
    assert Denial.objects.get().review_due_on == due
    stale = Denial.objects.get(pk=denial.pk)
    actions.decide_review(denial, by=cast.priya, reviewer=dora, granted=True, now=later(days=2), place=PLACE)
    for granted in (True, False):
        with pytest.raises(Unlawful, match="decided"):
            actions.decide_review(stale, by=cast.priya, reviewer=dora, granted=granted, now=later(days=3), place=PLACE)
    assert Denial.objects.get().outcome == "granted"
    assert request.followers.count() == 1


def test_whoever_entered_a_denial_does_not_review_it(
    cast: Cast, ask: Ask, withhold: Callable[..., Denial], lena: Account
) -> None:
    """45 CFR 164.524(a)(4): also where somebody else judged, and the lead is a doctor as well."""
    people.assign_role(lena, Role.REFERRING_CLINICIAN, by=None, actor=BY, place=PLACE, now=NOW)
    request = ask()
    in_review(request, cast.hal)
    denial = withhold(request, Item.REPORT)
    actions.ask_review(denial, by=cast.alice, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="did not take part"):
        actions.decide_review(denial, by=cast.priya, reviewer=lena, granted=False, now=NOW, place=PLACE)


@pytest.mark.parametrize(("delivery", "leaves"), [(Arrival.EMAIL, False), (Arrival.MAIL, True)])
def test_a_hold_that_came_after_the_package_stops_it_at_the_door(
    cast: Cast, ask: Ask, lena: Account, settings: Any, delivery: Arrival, leaves: bool
) -> None:
    """Requirement A16, trap T8: marked between the check and the sending; a parcel goes, electronic copies wait."""
    settings.FACILITY_STATE = "TX"
    request = ask(delivery=delivery, contact="alice@example.org")
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    likely_cancer(cast.chest)
    over = actions.HandOver(passphrase_by="phone", tracking="1Z")
    if leaves:
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    else:
        with pytest.raises(Unlawful, match="law"):
            actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
        actions.build(request, by=cast.hal, now=NOW, place=PLACE)
        actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    assert ("report" in Disclosure.objects.get().description) is leaves
    assert request.followers.exists() is not leaves


def test_a_report_that_was_held_back_follows_by_e_mail_within_the_legal_date(
    cast: Cast, ask: Ask, lena: Account, settings: Any
) -> None:
    """Requirements A12, A16, F1, trap T8: a request of its own, which can be built once the hold has ended."""
    settings.FACILITY_STATE = "TX"
    likely_cancer(cast.chest)
    request = ask(delivery=Arrival.EMAIL, contact="alice@example.org")
    in_review(request, cast.hal)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    send(request, cast, lena, now=NOW)
    second = request.followers.get()
    assert (second.granted, second.due_on, second.state) == (["report"], request.due_on, "approved")
    with pytest.raises(Unlawful, match="held back by law"):
        actions.build(second, by=cast.hal, now=later(days=1), place=PLACE)
    send(second, cast, lena, now=later(days=3))
    described = Disclosure.objects.order_by("at").values_list("description", flat=True)
    assert [text.split(" of ")[0] for text in described] == ["CT images", "report"]
    assert not second.followers.exists()


def send(request: ReleaseRequest, cast: Cast, lena: Account, *, now: datetime) -> None:
    """Build, check and e-mail a copy."""
    actions.build(request, by=cast.hal, now=now, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=now, place=PLACE)
    actions.deliver(request, actions.HandOver(passphrase_by="phone"), by=cast.hal, now=now, place=PLACE)


def at_once(*deeds: Callable[[], object]) -> list[bool]:
    """Do several things at the same moment, each with a connection of its own; return which came about."""
    gate, done = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        gate.wait()
        try:
            deed()
            done.append(True)
        except (NotNow, Unlawful):
            done.append(False)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_a_correction_is_decided_by_whichever_clerk_was_first(cast: Cast, lena: Account) -> None:
    """Requirement H7; fault C16: who looks at an old page does not turn a decision over, nor extend it twice."""
    asked = rights.ask_amendment(cast.alices, text="I never smoked.", by=cast.alice, now=NOW, place=PLACE)
    first, second = (AmendmentRequest.objects.get() for _clerk in range(2))
    longer = asked.due_on + timedelta(days=30)
    rights.extend_amendment(first, by=cast.hal, reason="Abroad.", new_date=longer, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="extension"):
        rights.extend_amendment(second, by=lena, reason="Ill.", new_date=longer, now=NOW, place=PLACE)
    second = AmendmentRequest.objects.get()
    rights.decide_amendment(first, accepted=True, answer="", by=cast.hal, now=NOW, place=PLACE)
    ground = AmendmentGround.ACCURATE
    with pytest.raises(Unlawful, match="decided already"):
        rights.decide_amendment(second, accepted=False, answer="No.", ground=ground, by=lena, now=NOW, place=PLACE)
    assert AmendmentRequest.objects.get().accepted


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_at_once_one_delivers_and_one_notes_the_review(
    cast: Cast, ask: Ask, lena: Account, dora: Account, withhold: Callable[..., Denial]
) -> None:
    """Requirements A10, G19; fault C16: one copy leaves, with one row, and one request follows the review."""
    request = ask(delivery=Arrival.EMAIL, contact="alice@example.org")
    in_review(request, cast.hal)
    denial = withhold(request, Item.REPORT)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    over = actions.HandOver(passphrase_by="phone")
    sent = at_once(
        *(
            partial(actions.deliver, request, over, by=who, now=later(minutes=1), place=PLACE)
            for who in (cast.hal, lena)
        )
    )
    assert sorted(sent) == [False, True]
    assert (Delivery.objects.count(), Disclosure.objects.count()) == (1, 1)
    actions.ask_review(denial, by=cast.alice, now=later(minutes=2), place=PLACE)
    copies = [Denial.objects.get() for _turn in range(2)]
    noted = at_once(
        *(
            partial(
                actions.decide_review, copy, by=cast.priya, reviewer=dora, granted=True, now=later(hours=1), place=PLACE
            )
            for copy in copies
        )
    )
    assert sorted(noted) == [False, True]
    assert request.followers.count() == 1


@pytest.mark.parametrize(
    ("asked", "named"),
    [("Ann Lee", True), ("An", False), ("Lee", True), ("Le", False), ("Leeds Clinic", False), ("ann  LEE", True)],
)
def test_a_recipient_is_named_by_whole_words(asked: str, named: bool) -> None:
    """Requirements D1, D10: a part of somebody's name is somebody else."""
    assert Authorization(recipient="Dr. Ann Lee, Lee & Partners").names(asked, "") is named


def to_research(cast: Cast, ask: Ask, document: Document, **study: str) -> ReleaseRequest:
    """A request of a research group for Alice's scan, with the document that its basis needs."""
    Study.objects.filter(pk=cast.chest.pk).update(**study)
    to = actions.RecipientDetails(kind=RecipientKind.RESEARCHER, name="Lung Trial", address="1 Lab Street", state="DC")
    request = ask(by=cast.hal, track=Track.RESEARCH, recipient=to, requester_name="Lung Trial", delivery=Arrival.LINK)
    in_review(request, cast.hal)
    back = {"name": "Lung Trial", "address": "1 Lab Street"}
    actions.confirm_recipient(request, back, by=cast.hal, now=NOW, place=PLACE)
    actions.note_local_rules(request, note="None.", by=cast.hal, now=NOW, place=PLACE)
    actions.file_evidence(request, document, note="Cabinet 2", by=cast.hal, now=NOW, place=PLACE)
    return request


@pytest.mark.parametrize(
    "study", [{"body_part": "HEAD"}, {"description": "CT brain"}, {"body_part": "", "description": ""}]
)
def test_a_head_with_its_face_goes_to_no_research_without_her_permission(
    cast: Cast, ask: Ask, study: dict[str, str]
) -> None:
    """Requirement D15: not under a waiver, and not where no word says what the scan shows."""
    if study.get("body_part") == "":
        cast.chest.series.update(description="")
    request = to_research(cast, ask, Document.WAIVER, **study)
    with pytest.raises(Unlawful, match="shows the face"):
        actions.approve(request, by=cast.hal, basis=Basis.RESEARCH_WAIVER, now=NOW, place=PLACE)


def test_a_chest_goes_to_research_under_a_waiver(cast: Cast, ask: Ask) -> None:
    """Requirement D15, the other side."""
    request = to_research(cast, ask, Document.WAIVER)
    actions.approve(request, by=cast.hal, basis=Basis.RESEARCH_WAIVER, now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == "approved"


def test_a_copy_that_names_her_is_no_limited_data_set(cast: Cast, ask: Ask) -> None:
    """45 CFR 164.514(e)(2): sixteen kinds of identifiers go first, whatever agreement is on file."""
    request = to_research(cast, ask, Document.DATA_USE_AGREEMENT)
    with pytest.raises(Unlawful, match="de-identified"):
        actions.approve(request, by=cast.hal, basis=Basis.LIMITED_DATA_SET, now=NOW, place=PLACE)


def test_a_scan_without_a_date_is_in_no_range_of_dates(cast: Cast, ask: Ask) -> None:
    """Requirement D10: what a permission for March covers is not guessed."""
    to = actions.RecipientDetails(kind=RecipientKind.ATTORNEY, name="Ada Lawson", address="9 Court Street", state="DC")
    request = ask(by=cast.hal, track=Track.AUTHORIZATION, recipient=to, requester_name="Ada Lawson")
    in_review(request, cast.hal)
    actions.confirm_recipient(
        request, {"name": "Ada Lawson", "address": "9 Court Street"}, by=cast.hal, now=NOW, place=PLACE
    )
    actions.note_local_rules(request, note="None.", by=cast.hal, now=NOW, place=PLACE)
    paper = Authorization(
        patient=cast.alices, description="CT of the chest", discloser="Lakeside Hospital", recipient="Ada Lawson",
        purpose="my claim", expires_on=date(2099, 1, 1), signature="Alice Rivera", signed_on=TODAY, created_at=NOW,
        statements=[statement.value for statement in Statement], first=date(2000, 1, 1),
    )  # fmt: skip
    assert actions.check_authorization(request, paper, by=cast.hal, now=NOW, place=PLACE) == ()
    Study.objects.filter(pk=cast.chest.pk).update(performed_at=None)
    with pytest.raises(Unlawful, match="has none"):
        actions.approve(request, by=cast.hal, basis=Basis.AUTHORIZATION, now=NOW, place=PLACE)


def test_a_law_about_patients_keeps_no_report_from_who_treats_her(
    cast: Cast, ask: Ask, lena: Account, settings: Any
) -> None:
    """Requirements A4, A16, trap T8: the next hospital gets the report at once."""
    settings.FACILITY_STATE = "TX"
    likely_cancer(cast.chest)
    to = actions.RecipientDetails(kind=RecipientKind.PROVIDER, name="Riverside", address="1 Bank Street", state="TX")
    request = ask(track=Track.TREATMENT, recipient=to, delivery=Arrival.LINK, care="a second look")
    in_review(request, cast.hal)
    back = {"name": "Riverside", "address": "1 Bank Street"}
    actions.confirm_recipient(request, back, by=cast.hal, now=NOW, place=PLACE)
    actions.file_evidence(request, Document.CARE_RELATIONSHIP, note="her doctor", by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis=Basis.TREATMENT, now=NOW, place=PLACE)
    assert actions.build(request, by=cast.hal, now=NOW, place=PLACE).report_ids
