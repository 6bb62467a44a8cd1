"""The life of a request, as a table: (state, event) -> where it leads, what it needs, and which clause says so.

What no row allows does not happen. The verbs in `actions` ask `after` first, change second, and write third.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from scanward.law.holds import Item
from scanward.law.tracks import Track
from scanward.release.kinds import ENDED, OPEN, Event, Need, State

AUTOMATIC = "automatic"
_ACCESS, _CLOCK = "45 CFR 164.524(b)(2)", "45 CFR 164.524(b)(2)(i)"
_AUTH, _IDENTITY = "45 CFR 164.508(b)", "45 CFR 164.514(h)"
_FEE, _DENIAL, _REVIEW = "45 CFR 164.524(c)(4)", "45 CFR 164.524(d)", "45 CFR 164.524(a)(4)"
_GIVE, _SAFE = "45 CFR 164.524(c)", "45 CFR 164.530(c)(1)"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the state that it leads to (None: the same), what it needs, and the clause."""

    to: State | None
    citation: str
    needs: tuple[Need, ...] = ()


_GRANTABLE = (
    Need.IDENTITY,
    Need.AUTHORITY,
    Need.LIVING,
    Need.MATCHED,
    Need.SAME_PATIENT,
    Need.AUTHORIZATION,
    Need.RECIPIENT,
    Need.FEE,
    Need.UNRESTRICTED,
    Need.BASIS,
    Need.GRANTED,
)
# What was true at the approval is asked once more: an authority, a link to the record or an address may have ended.
_STILL = (
    Need.BASIS,
    Need.GRANTED,
    Need.IDENTITY,
    Need.AUTHORITY,
    Need.LIVING,
    Need.SAME_PATIENT,
    Need.FACELESS,
    Need.AUTHORIZATION,
    Need.RECIPIENT,
    Need.UNRESTRICTED,
    Need.CONTRACT,
)
_LEAVING = (*_STILL, Need.CHECKED, Need.SECOND_PERSON)
_S, _E = State, Event

TABLE: dict[tuple[State, Event], Row] = {
    (_S.DRAFT, _E.SUBMIT): Row(_S.RECEIVED, _CLOCK, (Need.RECEIPT,)),
    (_S.RECEIVED, _E.CLAIM): Row(_S.VERIFYING, _IDENTITY),
    (_S.VERIFYING, _E.CLAIM): Row(None, _IDENTITY),
    (_S.IN_REVIEW, _E.CLAIM): Row(None, _ACCESS),
    (_S.VERIFYING, _E.VERIFY): Row(_S.IN_REVIEW, _IDENTITY, (Need.IDENTITY, Need.AUTHORITY)),
    (_S.IN_REVIEW, _E.MATCH): Row(None, "45 CFR 164.524(a)(1)"),
    # The wrong record: who asks was verified against it, and is verified anew.
    (_S.IN_REVIEW, _E.UNMATCH): Row(_S.VERIFYING, _SAFE),
    (_S.IN_REVIEW, _E.CHECK_AUTHORIZATION): Row(None, f"{_AUTH}(2)"),
    (_S.IN_REVIEW, _E.RETURN_DEFECTIVE): Row(_S.RETURNED_DEFECTIVE, f"{_AUTH}(2)", (Need.DEFECTS,)),
    (_S.IN_REVIEW, _E.CONFIRM_RECIPIENT): Row(None, _SAFE),
    (_S.IN_REVIEW, _E.QUOTE): Row(_S.FEE_QUOTED, _FEE),
    (_S.FEE_QUOTED, _E.ACCEPT_FEE): Row(_S.IN_REVIEW, _FEE, (Need.FEE,)),
    (_S.FEE_QUOTED, _E.CHANGE_FORMAT): Row(_S.IN_REVIEW, f"{_GIVE}(2)"),
    (_S.IN_REVIEW, _E.CHANGE_FORMAT): Row(None, f"{_GIVE}(2)"),
    (_S.IN_REVIEW, _E.APPROVE): Row(_S.APPROVED, _ACCESS, _GRANTABLE),
    (_S.IN_REVIEW, _E.DENY): Row(_S.DENIED, _DENIAL, (Need.NOTHING_GRANTED,)),
    (_S.DENIED, _E.ASK_REVIEW): Row(_S.REVIEW_REQUESTED, _REVIEW),
    (_S.REVIEW_REQUESTED, _E.DECIDE_REVIEW): Row(_S.REVIEW_DECIDED, f"{_DENIAL}(4)"),
    (_S.REVIEW_DECIDED, _E.APPROVE): Row(_S.APPROVED, f"{_DENIAL}(4)", (Need.REVIEW_GRANTED, *_GRANTABLE)),
    (_S.APPROVED, _E.BUILD): Row(_S.PREPARING, f"{_GIVE}(2)", _STILL),
    (_S.PREPARING, _E.BUILD): Row(None, f"{_GIVE}(2)", _STILL),
    # A package that expired, or that the record has outgrown, is made anew, and checked anew.
    (_S.READY, _E.BUILD): Row(_S.PREPARING, f"{_GIVE}(2)", _STILL),
    (_S.PREPARING, _E.BUILT): Row(_S.QUALITY_CHECK, f"{_GIVE}(2)", (Need.BUILDER,)),
    (_S.QUALITY_CHECK, _E.CHECK_FAILED): Row(_S.PREPARING, _SAFE, (Need.BUILDER,)),
    (_S.QUALITY_CHECK, _E.CHECK_PASSED): Row(_S.READY, _SAFE, (Need.BUILDER, Need.SECOND_PERSON)),
    (_S.READY, _E.DELIVER): Row(_S.DELIVERED, f"{_GIVE}(3)", _LEAVING),
    (_S.DELIVERED, _E.MAIL_RETURNED): Row(_S.RETURNED_MAIL, f"{_GIVE}(3)(i)"),
    # A new address is a new way out: somebody else than who typed it looks at it before anything leaves again.
    (_S.RETURNED_MAIL, _E.READDRESS): Row(_S.QUALITY_CHECK, f"{_GIVE}(3)(i)", (Need.BUILDER,)),
    (_S.DELIVERED, _E.CLOSE): Row(_S.CLOSED, "45 CFR 164.530(j)(2)"),
    (_S.DENIED, _E.CLOSE): Row(_S.CLOSED, "45 CFR 164.530(j)(2)"),
    (_S.REVIEW_DECIDED, _E.CLOSE): Row(_S.CLOSED, f"{_DENIAL}(4)", (Need.REVIEW_UPHELD,)),
    (_S.DELIVERED, _E.BLOCK): Row(None, f"{_AUTH}(5)"),
}
# She may give another address at any time, and that is read back, too.
for _state in (_S.REVIEW_DECIDED, _S.APPROVED, _S.PREPARING, _S.QUALITY_CHECK, _S.READY):
    TABLE[_state, _E.CONFIRM_RECIPIENT] = Row(None, _SAFE)
for _state in (_S.RECEIVED, _S.VERIFYING, _S.IN_REVIEW, _S.FEE_QUOTED):
    # The clock runs on while somebody is asked (trap T1).
    TABLE[_state, _E.ASK_INFO] = Row(None, _CLOCK)
    TABLE[_state, _E.INFO_GIVEN] = Row(None, _CLOCK)
    # The exam was made elsewhere: said in writing, and where, if that is known.
    TABLE[_state, _E.NOT_HERE] = Row(_S.CLOSED, f"{_DENIAL}(3)")
for _state in OPEN:
    TABLE[_state, _E.WITHDRAW] = Row(_S.WITHDRAWN, "45 CFR 164.524(b)(1)")
    TABLE[_state, _E.CANCEL] = Row(_S.CANCELLED, "45 CFR 164.530(j)(1)")
    TABLE[_state, _E.BLOCK] = Row(_S.BLOCKED, f"{_AUTH}(5)")
for _state in OPEN - {_S.DENIED, _S.REVIEW_REQUESTED, _S.REVIEW_DECIDED, _S.RETURNED_MAIL}:
    TABLE[_state, _E.EXTEND] = Row(None, f"{_ACCESS}(ii)", (Need.UNEXTENDED,))
# What a review decides is done: a grant can't be put away.
TABLE[_S.REVIEW_DECIDED, _E.CANCEL] = Row(_S.CANCELLED, f"{_DENIAL}(4)", (Need.REVIEW_UPHELD,))
TABLE[_S.DRAFT, _E.CANCEL] = Row(_S.CANCELLED, "45 CFR 164.530(j)(1)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything about a request that its table looks at."""

    state: State = State.DRAFT
    track: Track = Track.ACCESS
    due_on: date | None = None
    identity: bool = False
    # For whom no representative acts, authority is not asked.
    authority: bool = True
    # What one asks for oneself ends with one's life (45 CFR 164.502(g)(4)).
    living: bool = True
    matched: bool = False
    # No scan of the request has been given to another patient since.
    same_patient: bool = True
    # No image that came since shows a face to a research group (D15).
    faceless: bool = True
    # None: this basis needs no authorization; False: missing, defective, revoked or expired.
    authorized: bool | None = None
    recipient_confirmed: bool = True
    fee_settled: bool = True
    unrestricted: bool = True
    # A company that works for the house gets something only while its contract is in force.
    contracted: bool = True
    basis: str = ""
    granted: frozenset[Item] = frozenset()
    review_granted: bool = False
    builder: str = ""
    checker: str = ""
    # The requester takes a copy of her own record in the portal: machines check, nobody else sees it.
    self_service: bool = False
    extended: bool = False


class NotNow(Exception):
    """This can't happen in this state, or something is missing; the text says which, in plain words."""

    def __init__(self, sentence: str, citation: str = "", needs: tuple[Need, ...] = ()) -> None:
        super().__init__(sentence)
        self.citation, self.needs = citation, needs


def _second_person(case: Case) -> bool:
    """Whether the checker is not the builder; a copy for oneself in the portal may be checked by machine."""
    if case.checker == AUTOMATIC:
        return case.self_service and case.track is Track.ACCESS
    return bool(case.checker) and case.checker != case.builder


MET: dict[Need, Callable[[Case], bool]] = {
    Need.RECEIPT: lambda case: case.due_on is not None,
    Need.IDENTITY: lambda case: case.identity,
    Need.AUTHORITY: lambda case: case.authority,
    Need.LIVING: lambda case: case.living,
    Need.MATCHED: lambda case: case.matched,
    Need.SAME_PATIENT: lambda case: case.same_patient,
    Need.FACELESS: lambda case: case.faceless,
    Need.AUTHORIZATION: lambda case: case.authorized is not False,
    Need.DEFECTS: lambda case: case.authorized is False,
    Need.RECIPIENT: lambda case: case.recipient_confirmed,
    Need.FEE: lambda case: case.fee_settled,
    Need.BASIS: lambda case: bool(case.basis),
    Need.GRANTED: lambda case: bool(case.granted),
    Need.NOTHING_GRANTED: lambda case: not case.granted,
    Need.UNRESTRICTED: lambda case: case.unrestricted,
    Need.CONTRACT: lambda case: case.contracted,
    Need.REVIEW_GRANTED: lambda case: case.review_granted,
    Need.REVIEW_UPHELD: lambda case: not case.review_granted,
    Need.BUILDER: lambda case: bool(case.builder),
    Need.SECOND_PERSON: _second_person,
    Need.CHECKED: lambda case: bool(case.checker),
    Need.UNEXTENDED: lambda case: not case.extended,
}


def missing(case: Case, event: Event) -> tuple[Need, ...]:
    """What the event still needs; empty when it may happen.

    Raises:
        NotNow: the state has no row for the event at all.
    """
    return tuple(need for need in _row(case.state, event).needs if not MET[need](case))


def after(case: Case, event: Event) -> Case:
    """The case after the event; `case` already holds what the event brings (who checked, what was granted).

    Raises:
        NotNow: there is no such row, or a need is not met.
    """
    row = _row(case.state, event)
    if lacking := missing(case, event):
        raise NotNow(" ".join(need.value for need in lacking), row.citation, lacking)
    return replace(_forgotten(case, event), state=row.to or case.state)


def events(state: State) -> frozenset[Event]:
    """The events for which a state has a row, met or not."""
    return frozenset(event for at, event in TABLE if at is state)


def _row(state: State, event: Event) -> Row:
    found = TABLE.get((state, event))
    if found is None:
        ended = " It has ended." if state in ENDED else ""
        raise NotNow(f"This can't be done with the request as it stands now.{ended} Open it again to see where it is.")
    return found


def _forgotten(case: Case, event: Event) -> Case:
    """What does not survive an event: a check is of one package, so a failed or new one has none."""
    if event in (Event.CHECK_FAILED, Event.BUILD):
        return replace(case, checker="", builder="")
    if event is Event.READDRESS:
        return replace(case, checker="")
    return replace(case, extended=True) if event is Event.EXTEND else case
