"""The table of a request's life: what no row allows does not happen, whatever order things come in."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scanward.law.holds import Item
from scanward.law.tracks import Track
from scanward.release.kinds import ENDED, Event, Need, State
from scanward.release.machine import AUTOMATIC, TABLE, Case, NotNow, after, events, missing

DAY = date(2026, 11, 23)
ALL = frozenset(Item)
READY_TO_APPROVE = Case(
    state=State.IN_REVIEW, due_on=DAY, identity=True, matched=True, basis="access", granted=ALL, fee_settled=True
)
LEFT = {State.DELIVERED, State.RETURNED_MAIL}


def test_every_row_cites_its_clause() -> None:
    """Requirement A10, F1: the citation stands beside the row."""
    assert all("CFR" in row.citation for row in TABLE.values())


def test_every_state_can_be_reached_and_every_open_state_can_end() -> None:
    reached, edge = {State.DRAFT}, {State.DRAFT}
    while edge:
        edge = {row.to for (at, _), row in TABLE.items() if at in edge and row.to} - reached
        reached |= edge
    assert reached == set(State)
    assert all(events(state) for state in set(State) - ENDED)
    assert all(not events(state) for state in ENDED)


def test_the_straight_way_leads_to_delivery() -> None:
    case = Case(due_on=DAY)
    for event, brings in (
        (Event.SUBMIT, {}),
        (Event.CLAIM, {}),
        (Event.VERIFY, {"identity": True}),
        (Event.MATCH, {"matched": True}),
        (Event.APPROVE, {"basis": "access", "granted": ALL}),
        (Event.BUILD, {}),
        (Event.BUILT, {"builder": "hal"}),
        (Event.CHECK_PASSED, {"checker": "lena"}),
        (Event.DELIVER, {}),
        (Event.CLOSE, {}),
    ):
        case = after(replace(case, **brings), event)  # type: ignore[arg-type]
    assert case.state is State.CLOSED


@pytest.mark.parametrize(
    ("lacking", "need"),
    [
        ({"identity": False}, Need.IDENTITY),
        ({"authority": False}, Need.AUTHORITY),
        ({"living": False}, Need.LIVING),
        ({"matched": False}, Need.MATCHED),
        ({"same_patient": False}, Need.SAME_PATIENT),
        ({"authorized": False}, Need.AUTHORIZATION),
        ({"recipient_confirmed": False}, Need.RECIPIENT),
        ({"fee_settled": False}, Need.FEE),
        ({"unrestricted": False}, Need.UNRESTRICTED),
        ({"basis": ""}, Need.BASIS),
        ({"granted": frozenset()}, Need.GRANTED),
    ],
)
def test_an_approval_needs_everything(lacking: dict[str, Any], need: Need) -> None:
    """Requirements A8, A10, C1, C5, C6, D7, E5: each missing thing stops the approval, and is named."""
    with pytest.raises(NotNow, match=need.value) as refused:
        after(replace(READY_TO_APPROVE, **lacking), Event.APPROVE)
    assert refused.value.needs == (need,)


def test_who_built_a_package_does_not_check_it() -> None:
    case = Case(state=State.QUALITY_CHECK, due_on=DAY, builder="hal", checker="hal", basis="access", granted=ALL)
    with pytest.raises(NotNow, match="somebody else"):
        after(case, Event.CHECK_PASSED)
    assert after(replace(case, checker="lena"), Event.CHECK_PASSED).state is State.READY


@pytest.mark.parametrize("track", list(Track))
def test_only_a_copy_of_ones_own_record_in_the_portal_is_checked_by_machine(track: Track) -> None:
    case = Case(
        state=State.QUALITY_CHECK,
        due_on=DAY,
        track=track,
        builder="hal",
        checker=AUTOMATIC,
        self_service=True,
        basis="access",
        granted=ALL,
    )
    assert (Need.SECOND_PERSON in missing(case, Event.CHECK_PASSED)) is (track is not Track.ACCESS)


def test_a_second_extension_is_impossible() -> None:
    """Requirements F2, F3; fault C16."""
    case = after(Case(state=State.IN_REVIEW, due_on=DAY), Event.EXTEND)
    with pytest.raises(NotNow, match="never a second"):
        after(case, Event.EXTEND)


def test_a_failed_check_makes_a_new_package_necessary() -> None:
    case = Case(state=State.QUALITY_CHECK, due_on=DAY, builder="hal", basis="access", granted=ALL)
    again = after(case, Event.CHECK_FAILED)
    assert (again.state, again.builder, again.checker) == (State.PREPARING, "", "")


def test_asking_for_information_stops_nothing() -> None:
    """Trap T1: the state and the date stay, whatever is missing."""
    case = Case(state=State.VERIFYING, due_on=DAY)
    assert after(case, Event.ASK_INFO) == case


def proper(case: Case) -> None:
    """What must hold in every state that can ever be reached."""
    assert case.state is State.DRAFT or case.state is State.CANCELLED or case.due_on is not None
    if case.state in LEFT or case.state is State.READY:
        assert case.basis
        assert case.granted
        assert case.builder
        assert case.checker
        assert case.checker != case.builder
    if case.state in (State.APPROVED, State.PREPARING, State.QUALITY_CHECK):
        assert case.basis
        assert case.granted
        assert case.identity


class AnyOrder(RuleBasedStateMachine):
    """Events and facts in any order; the table lets through only what is proper."""

    def __init__(self) -> None:
        super().__init__()
        self.case = Case()
        self.dates: list[date] = []

    @rule(days=st.integers(0, 40))
    @precondition(lambda self: self.case.state is State.DRAFT)
    def receive(self, days: int) -> None:
        self.case = replace(self.case, due_on=DAY + timedelta(days=days))
        self.case = after(self.case, Event.SUBMIT)

    @rule(
        identity=st.booleans(),
        matched=st.booleans(),
        authorized=st.sampled_from([None, True, False]),
        fee_settled=st.booleans(),
        unrestricted=st.booleans(),
        recipient_confirmed=st.booleans(),
    )
    @precondition(lambda self: self.case.state in (State.VERIFYING, State.IN_REVIEW))
    def learn(self, **facts: Any) -> None:
        self.case = replace(self.case, **facts)

    @rule(event=st.sampled_from(Event), who=st.sampled_from(["hal", "lena", "", AUTOMATIC]), basis=st.booleans())
    def happen(self, event: Event, who: str, basis: bool) -> None:
        brought = {
            Event.APPROVE: {"basis": "access" if basis else "", "granted": ALL if basis else frozenset()},
            Event.BUILT: {"builder": who},
            Event.CHECK_PASSED: {"checker": who},
        }.get(event, {})
        before = self.case
        try:
            self.case = after(replace(before, **brought), event)  # type: ignore[arg-type]
        except NotNow:
            self.case = before

    @invariant()
    def is_proper(self) -> None:
        proper(self.case)

    @invariant()
    def due_dates_never_move_back(self) -> None:
        if self.case.due_on:
            self.dates.append(self.case.due_on)
        assert self.dates == sorted(self.dates)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)


def walk(steps: int, seed: int) -> dict[State, int]:
    """Random events and random facts from draft to an end, again and again; every step is looked at."""
    dice = random.Random(seed)
    seen: dict[State, int] = dict.fromkeys(State, 0)
    case, event_list, people = Case(), list(Event), ("hal", "lena", "")
    for _ in range(steps):
        case = Case() if case.state in ENDED else case
        onward = sorted(events(case.state) - {Event.WITHDRAW, Event.CANCEL, Event.BLOCK})
        event = dice.choice(onward if onward and dice.random() < 0.85 else event_list)
        facts: dict[str, Any] = {
            "due_on": case.due_on or (DAY if dice.random() < 0.7 else None),
            "identity": case.identity or dice.random() < 0.5,
            "matched": case.matched or dice.random() < 0.5,
        }
        if event in (Event.APPROVE, Event.CHECK_AUTHORIZATION):
            facts |= {"authorized": dice.choice((None, True, False)), "unrestricted": dice.random() < 0.8}
        if event is Event.APPROVE:
            facts |= {"basis": dice.choice(("", "access")), "granted": dice.choice((frozenset(), ALL))}
        if event is Event.BUILT:
            facts |= {"builder": dice.choice(people)}
        if event is Event.CHECK_PASSED:
            facts |= {"checker": dice.choice((*people, AUTOMATIC)), "self_service": dice.random() < 0.5}
        try:
            case = after(replace(case, **facts), event)
        except NotNow:
            continue
        proper(case)
        seen[case.state] += 1
    return seen


def test_a_long_random_walk_meets_every_state_and_nothing_improper() -> None:
    assert min(count for state, count in walk(60_000, 7).items() if state is not State.DRAFT) > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_millions_of_events_and_nothing_improper(seed: int) -> None:
    assert sum(walk(1_000_000, seed).values()) > 300_000
