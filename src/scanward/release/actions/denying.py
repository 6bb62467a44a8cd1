"""A denial on a ground that exists, its review by somebody else, and what the review grants."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from scanward.access.actors import reference
from scanward.access.kinds import Action, Actor
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law import clock, denials
from scanward.law.bases import Basis
from scanward.law.denials import Fact, Ground, LetterPart, Outcome, Person
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.rules import Duty
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.release import clocks, house, letters
from scanward.release.actions.asking import new_number
from scanward.release.actions.deciding import grant
from scanward.release.kinds import ENDED, Event, State
from scanward.release.machine import NotNow, missing
from scanward.release.models import Denial, FeeQuote, ReleaseRequest
from scanward.release.moving import atomic, case_of, lock, move, permit, permit_requester, tell
from scanward.release.ways import ON_MEDIA, Arrival, Medium

LICENSED = frozenset({Role.TREATING_CLINICIAN, Role.REFERRING_CLINICIAN})
# Where a request stands when what was not denied has gone its way, so that the rest needs one of its own.
_GONE_ON = frozenset(
    {
        State.APPROVED,
        State.PREPARING,
        State.QUALITY_CHECK,
        State.READY,
        State.DELIVERED,
        State.RETURNED_MAIL,
        State.CLOSED,
    }
)
# What the request that follows has in common with the one that it follows.
_SAME = (
    "track", "purpose", "reason", "channel", "patient", "requester", "entered_by", "asked_name", "asked_birth_date",
    "requester_name", "contact", "exam", "exam_first", "exam_last", "medium", "delivery", "recipient", "series_ids",
    "signature", "signed_on", "language", "large_print", "identity", "verified_how", "verified_by", "verified_at",
    "authority_checked", "by_representative", "local_rules_note", "self_pay_restricted", "plain_email_warned_at",
    "claimed_by",
)  # fmt: skip
# The steps that the first request has gone through already, and that hold for this one too.
_AT_ONCE = (
    (Event.SUBMIT, EventKind.REQUEST_RECEIVED),
    (Event.CLAIM, EventKind.REQUEST_CHANGED),
    (Event.VERIFY, EventKind.REQUEST_VERIFIED),
)


def reviews_open() -> QuerySet[Denial]:
    """The reviews that wait for a decision, and those that were granted and not followed yet, the first due first."""
    asked = Denial.objects.exclude(review_asked_at=None).select_related("request")
    followed = Q(outcome=Outcome.GRANTED, request__state=State.REVIEW_DECIDED.value)
    return asked.filter(Q(outcome="") | followed).order_by("review_due_on")


def deny(
    request: ReleaseRequest,
    *,
    by: Account,
    ground: str,
    withheld: Collection[Item],
    rationale: str,
    now: datetime,
    place: Place,
    judged_by: Account | None = None,
    facts: Collection[Fact] = (),
) -> Denial:
    """Withhold some or all of what was asked, on one ground; what is left may still be approved (45 CFR 164.524(d)).

    A reviewable ground is judged by a licensed professional, whom `judged_by` names.
    """
    actor = permit(by, Action.DENY, request, now=now, place=place)
    judge = judged_by or by
    with atomic():
        row = lock(request)
        if not row.reviewed.isdisjoint(withheld):
            raise Unlawful("What a review has granted is given.", "45 CFR 164.524(d)(4)")
        decided = denials.deny(
            ground=denials.ground_of(ground),
            asked=row.grantable,
            withheld=withheld,
            decided_by=_person(judge, now),
            rationale=rationale,
            basis=Basis.REPRESENTATIVE_ACCESS if row.by_representative else Basis.ACCESS,
            facts=facts,
        )
        kept = Denial.objects.create(
            request=row,
            ground=decided.ground.value,
            withheld=sorted(item.value for item in decided.withheld),
            rationale=decided.rationale,
            decided_by=judge,
            licensed=decided.decided_by.licensed,
            decided_at=now,
        )
        detail: dict[str, str | int] = {"ground": decided.ground.name, "withheld": ", ".join(sorted(decided.withheld))}
        if decided.granted:
            tell(row, EventKind.REQUEST_DENIED, by=reference(actor), now=now, place=place, detail=detail)
        else:
            row.answered_at = now
            move(
                row, Event.DENY, EventKind.REQUEST_DENIED, by=actor, now=now, place=place, public=True,
                granted=frozenset(), detail=detail,
            )  # fmt: skip
        letters.send("denial", _denial_values(row, decided), request=row, by=reference(actor), now=now, place=place)
    return kept


def ask_review(denial: Denial, *, by: Account, now: datetime, place: Place) -> None:
    """The requester asks for a review by another licensed professional (45 CFR 164.524(a)(4))."""
    actor = permit_requester(by, denial.request, now=now, place=place)
    if Ground(denial.ground) not in denials.REVIEWABLE:
        raise Unlawful("This ground can't be reviewed; you can still complain.", "45 CFR 164.524(a)(2)")
    with atomic():
        row = lock(denial.request)
        if State(row.state) in ENDED - {State.CLOSED}:
            raise Unlawful("This request has ended. Ask with a new one.", "45 CFR 164.524(b)(1)")
        denial.review_asked_at = now
        denial.review_due_on = clock.start(Duty.DENIAL_REVIEW, at=now, facility=house.facility()).due_on
        denial.save(update_fields=["review_asked_at", "review_due_on"])
        if row.state == "denied":
            move(row, Event.ASK_REVIEW, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place, public=True)
        else:
            tell(row, EventKind.REQUEST_CHANGED, by=reference(actor), now=now, place=place, detail={"review": 1})


def decide_review(
    denial: Denial, *, by: Account, reviewer: Account, granted: bool, now: datetime, place: Place
) -> None:
    """Write down what the reviewer decided; the house must follow it (45 CFR 164.524(d)(4))."""
    barred = {str(denial.decided_by_id): "who denied does not review."}
    actor = permit(by, Action.REVIEW_DENIAL, denial.request, now=now, place=place, barred=barred)
    if denial.review_asked_at is None:
        raise Unlawful("Nobody has asked for a review.", "45 CFR 164.524(a)(4)")
    with atomic():
        row = lock(denial.request)
        judged = denials.review(_as_law(denial), reviewer=_person(reviewer, now), outcome=_outcome(granted))
        denial.reviewer, denial.outcome, denial.reviewed_at = reviewer, judged.outcome.value, now
        denial.save(update_fields=["reviewer", "outcome", "reviewed_at"])
        if row.state == "review_requested":
            move(
                row, Event.DECIDE_REVIEW, EventKind.DENIAL_REVIEWED, by=actor, now=now, place=place, public=True,
                review_granted=granted, detail={"outcome": judged.outcome.value},
            )  # fmt: skip
        else:
            tell(row, EventKind.DENIAL_REVIEWED, by=reference(actor), now=now, place=place)
        letters.send("review", {"granted": granted}, request=row, by=reference(actor), now=now, place=place)
        if granted and State(row.state) in _GONE_ON:
            _follow(row, frozenset(Item(item) for item in denial.withheld), by=actor, now=now, place=place)


def _follow(
    request: ReleaseRequest, items: frozenset[Item], *, by: Actor, now: datetime, place: Place
) -> ReleaseRequest:
    """Give what the review granted, after the rest went its way: a request of its own, urgent and already approved.

    It has its own package, its own check, its own row in the register. What it lacks is asked for at the desk.
    """
    row = ReleaseRequest(
        **{name: getattr(request, name) for name in _SAME},
        number=new_number(),
        state=State.DRAFT.value,
        wants_images=Item.IMAGES in items,
        wants_report=Item.REPORT in items,
        expedited=True,
        expedited_reason=gettext("A review has granted it."),
        follows=request,
    )
    clocks.begin(row, received_at=now)
    row.save(force_insert=True)
    row.studies.set(request.studies.all())
    if Arrival(row.delivery) in ON_MEDIA or row.medium == Medium.PAPER.value:
        _free_of_charge(row, by=by, now=now, place=place)
    who = reference(by)
    for event, kind in _AT_ONCE:
        if missing(case_of(row, now=now), event):
            break
        move(row, event, kind, by=by, now=now, place=place, public=event is Event.SUBMIT)
    letters.receipt(row, by=who, now=now, place=place)
    basis = request.basis or (Basis.REPRESENTATIVE_ACCESS if row.by_representative else Basis.ACCESS).value
    # What is still missing, for example a new look at a paper, is listed on the request's page.
    with suppress(Unlawful, NotNow), atomic():
        grant(row, basis, items, by=by, now=now, place=place)
    return row


def _free_of_charge(row: ReleaseRequest, *, by: Actor, now: datetime, place: Place) -> None:
    """Charge nothing for a second parcel that the house's own denial made necessary (E9)."""
    FeeQuote.objects.create(
        request=row, total=Decimal("0.00"), quoted_at=now, quoted_by=by.display, waived_because=row.expedited_reason
    )
    tell(row, EventKind.FEE_WAIVED, by=reference(by), now=now, place=place)


def to_be_decided(request: ReleaseRequest) -> Denial | None:
    """The denial whose review has been asked for and not decided."""
    return request.denials.exclude(review_asked_at=None).filter(outcome="").first()


def reviewable(request: ReleaseRequest) -> Denial | None:
    """The denial of which the requester can still ask a review."""
    grounds = [ground.value for ground in denials.REVIEWABLE]
    return request.denials.filter(review_asked_at=None, ground__in=grounds).last()


def _person(account: Account, now: datetime) -> Person:
    return Person(str(account.pk), licensed=bool(account.roles_at(now) & LICENSED))


def _outcome(granted: bool) -> Outcome:
    return Outcome.GRANTED if granted else Outcome.UPHELD


def _as_law(kept: Denial) -> denials.Denial:
    """A stored denial as the law's functions read it."""
    return denials.Denial(
        ground=Ground(kept.ground),
        withheld=frozenset(Item(item) for item in kept.withheld),
        granted=frozenset(),
        decided_by=Person(str(kept.decided_by_id), kept.licensed),
        rationale=kept.rationale,
    )


def _denial_values(request: ReleaseRequest, decided: denials.Denial) -> dict[str, object]:
    """What the letter of denial says; the law's list of parts is checked against it."""
    parts = set(denials.letter_parts(decided, kept_elsewhere=bool(request.elsewhere)))
    denials.check_letter(decided, parts, kept_elsewhere=bool(request.elsewhere))
    return {
        "ground": decided.ground.name,
        "ground_text": decided.ground.value,
        "clause": decided.citation,
        "withheld_images": Item.IMAGES in decided.withheld,
        "withheld_report": Item.REPORT in decided.withheld,
        "review": LetterPart.REVIEW_RIGHT in parts,
        "granted": LetterPart.STILL_GRANTED in parts,
        "elsewhere": request.elsewhere,
        "privacy_contact": house.privacy_contact(),
    }
