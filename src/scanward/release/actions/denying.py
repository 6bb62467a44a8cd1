"""A denial on a ground that exists, its review by somebody else, and what the review grants."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action
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
from scanward.release import house, letters
from scanward.release.actions.following import follow
from scanward.release.kinds import ENDED, Event, State
from scanward.release.machine import missing
from scanward.release.models import Denial, ReleaseRequest
from scanward.release.moving import case_of, lock, move, permit, permit_requester, tell

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

    Raises:
        Unlawful: there is no such ground, or what it needs is not there.
        NotNow: the request is not in review.
    """
    actor = permit(by, Action.DENY, request, now=now, place=place)
    judge = judged_by or by
    with atomic():
        row = lock(request)
        # Also a part is denied in review only: what was approved is on its way.
        missing(case_of(row, now=now), Event.DENY)
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
            entered_by=by,
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
        denial.refresh_from_db()
        if denial.review_asked_at:
            raise Unlawful("A review was asked for already.", "45 CFR 164.524(a)(4)")
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
    took_part = {denial.decided_by_id, denial.entered_by_id} - {None}
    barred = {str(account): "who denied does not review." for account in took_part}
    actor = permit(by, Action.REVIEW_DENIAL, denial.request, now=now, place=place, barred=barred)
    with atomic():
        row = lock(denial.request)
        denial.refresh_from_db()
        if denial.review_asked_at is None:
            raise Unlawful("Nobody has asked for a review.", "45 CFR 164.524(a)(4)")
        if denial.outcome:
            raise Unlawful("The review has been decided.", "45 CFR 164.524(d)(4)")
        judged = denials.review(
            _as_law(denial),
            reviewer=_person(reviewer, now),
            outcome=_outcome(granted),
            took_part=reviewer.pk in took_part,
        )
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
            because = gettext("A review has granted it.")
            items = frozenset(Item(item) for item in denial.withheld)
            follow(row, items, because=because, received_at=now, by=actor, now=now, place=place)


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
