"""The decision: a grant on exactly one basis, inside what was asked; and the one extension."""

from collections.abc import Collection
from datetime import date, datetime

from django.conf import settings

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action, Actor
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law import clock, necessary, scope
from scanward.law.bases import Basis, check_recipient, only_basis
from scanward.law.documents import Document, check_documents
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.prompts import Prompt, check_onward, local_rules, state_in
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track, bases_of
from scanward.people.kinds import ContactSystem
from scanward.people.models import Account
from scanward.release import clocks, house, letters
from scanward.release.faces import may_show_face
from scanward.release.holds import denied_since
from scanward.release.kinds import Event, Need
from scanward.release.machine import NotNow, missing
from scanward.release.models import Authorization, ReleaseRequest
from scanward.release.moving import case_of, has_contract_of, lock, move, permit, recipient_kind, restricted

# The tracks on which a person asks for what is hers; on the others less can be enough (45 CFR 164.502(b)).
_RIGHT_OF_ACCESS = frozenset({Track.ACCESS, Track.DIRECTIVE})


def approve(
    request: ReleaseRequest,
    *,
    by: Account,
    basis: str,
    now: datetime,
    place: Place,
    granted: Collection[Item] | None = None,
) -> None:
    """Grant all or part of what was asked, on exactly one basis (A10), inside what it covers (D10).

    Raises:
        Unlawful: the basis, its documents, the recipient or the scope does not carry the release.
        NotNow: something is still missing; the text lists all of it.
    """
    if not request.studies.exists():
        # Nothing to give: whoever works on the request is told what is missing, and nobody else is told anything.
        permit(by, Action.VERIFY_IDENTITY, request, now=now, place=place)
        needs = lacking(request, now=now)
        raise NotNow(" ".join(needs), needs=needs)
    actor = permit(by, Action.APPROVE_RELEASE, request, now=now, place=place)
    with atomic():
        row = lock(request)
        grant(row, basis, row.grantable if granted is None else granted, by=actor, now=now, place=place)


def lacking(request: ReleaseRequest, *, now: datetime) -> tuple[Need, ...]:
    """What an approval still needs, beside the basis and the grant that it brings itself.

    Raises:
        NotNow: the request can't be approved in this state at all.
    """
    brought = (Need.BASIS, Need.GRANTED)
    return tuple(need for need in missing(case_of(request, now=now), Event.APPROVE) if need not in brought)


def grant(
    row: ReleaseRequest, basis: str, granted: Collection[Item], *, by: Actor, now: datetime, place: Place
) -> None:
    """Grant these items of a locked request on this basis, and tell the requester.

    Raises:
        Unlawful: as for `approve`.
        NotNow: as for `approve`.
    """
    rests_on, items = only_basis([basis]), frozenset(granted)
    _check_basis(row, rests_on, items, now=now)
    move(
        row, Event.APPROVE, EventKind.REQUEST_APPROVED, by=by, now=now, place=place, public=True,
        basis=rests_on.value, granted=items, unrestricted=not restricted(row, rests_on.value),
        detail={"basis": rests_on.name, "items": ", ".join(sorted(items))},
    )  # fmt: skip
    letters.send("approval", _granted_values(row), request=row, by=reference(by), now=now, place=place)


def prompts(request: ReleaseRequest) -> tuple[Prompt, ...]:
    """Which local rules the desk has to look up before it approves (A17)."""
    here = house.facility().state
    where = request.recipient.state or None if request.recipient else here
    return local_rules(
        facility_state=here,
        # Where the house has not said in which state it is, every patient would seem to live in another.
        patient_state=(settings.FACILITY_STATE and _lives_in(request)) or here,
        recipient_state=where,
        recipient=recipient_kind(request),
    )


def _lives_in(request: ReleaseRequest) -> str | None:
    """The state in which the patient lives: by her address on file, or else by the one that she gave as who asks.

    A confidential address says where she wants to be reached, which is not where she lives.
    """
    on_file: list[str] = []
    if request.patient is not None:
        posts = request.patient.contacts.filter(system=ContactSystem.POST.value, confidential=False)
        on_file = list(posts.values_list("value", flat=True))
    asks_herself = Track(request.track) in _RIGHT_OF_ACCESS and not request.by_representative
    given = [request.contact] if asks_herself else []
    return next((state for state in map(state_in, (*on_file, *given)) if state), None)


def documents_of(request: ReleaseRequest, *, now: datetime) -> frozenset[Document]:
    """Which of the documents that bases need are on file."""
    case = case_of(request, now=now)
    there = {
        Document.ACCESS_REQUEST: True,
        Document.IDENTITY_PROOF: case.identity,
        Document.AUTHORITY_PROOF: request.by_representative and request.authority_checked,
        Document.SIGNED_DIRECTIVE: request.track == Track.DIRECTIVE.value and bool(request.signature),
        Document.VALID_AUTHORIZATION: case.authorized is True,
        Document.CONTRACT: has_contract_of(request, now=now),
    }
    # A contract is in force or it is not: a note that there is one does not count (A7).
    filed = {Document(value) for value in request.evidence.values_list("document", flat=True)} - {Document.CONTRACT}
    return frozenset({document for document, present in there.items() if present} | filed)


def _check_basis(request: ReleaseRequest, basis: Basis, items: frozenset[Item], *, now: datetime) -> None:
    """Everything about the basis that the law checks before a release."""
    if basis not in bases_of(Track(request.track)):
        raise Unlawful("This basis does not belong to the way this request goes.", "45 CFR 164.502(a)(1)")
    if not items <= request.items:
        raise Unlawful("More than what was asked for can't be granted.", "45 CFR 164.508(a)(1)")
    if not items <= request.grantable:
        raise Unlawful("A denial that stands withholds some of it.", "45 CFR 164.524(d)(1)")
    if items & denied_since(request):
        raise Unlawful("The same was denied to the same person since. Look at that decision.", "45 CFR 164.524(d)(1)")
    if not request.reviewed <= items:
        raise Unlawful("What a review has granted is given.", "45 CFR 164.524(d)(4)")
    if Track(request.track) in _RIGHT_OF_ACCESS and items != request.grantable:
        raise Unlawful("What was asked for is given, or denied in writing.", "45 CFR 164.524(d)(1)")
    check_recipient(basis, recipient_kind(request))
    check_documents(basis, documents_of(request, now=now))
    if prompts(request) and not request.local_rules_note:
        raise Unlawful("Look up the local rules, and note what they say.", "45 CFR 160.203(b)")
    _check_least(basis, items)
    _check_research(request, basis, items)
    held = Authorization.objects.filter(request=request).first()
    if basis is Basis.AUTHORIZATION and held is not None:
        _check_scope(request, held, items)


def _check_least(basis: Basis, items: frozenset[Item]) -> None:
    """Cut to the minimum necessary where that applies, never a person's own copy (T9, A5, A6)."""
    allowed = {detail.value for detail in necessary.most(basis)}
    if necessary.minimum_applies(basis) and not {item.value for item in items} <= allowed:
        raise Unlawful("This is more than the basis allows as a matter of routine.", "45 CFR 164.514(d)(3)")


def _check_research(request: ReleaseRequest, basis: Basis, items: frozenset[Item]) -> None:
    """What goes on to research as it is: never as a limited data set, and no head with its face (D15, R7)."""
    if basis is Basis.LIMITED_DATA_SET:
        raise Unlawful(
            "This copy names the patient. A limited data set has to be de-identified first.", "45 CFR 164.514(e)(2)"
        )
    if Item.IMAGES in items:
        check_onward(head_ct=any(map(may_show_face, request.studies.all())), defaced=False, basis=basis)


def _check_scope(request: ReleaseRequest, held: Authorization, items: frozenset[Item]) -> None:
    """Stay inside the authorization: studies, images, report, dates, recipient (D10)."""
    studies = list(request.studies.all())
    outgoing = scope.Outgoing(
        studies=frozenset(str(study.pk) for study in studies),
        series=frozenset(request.series_ids),
        images=Item.IMAGES in items,
        report=Item.REPORT in items,
        exam_dates=frozenset(house.today(study.performed_at) for study in studies if study.performed_at),
        recipient=_named_in(held, request),
        purpose=PurposeOfUse(request.purpose),
    )
    if (held.first or held.last) and any(study.performed_at is None for study in studies):
        raise Unlawful("The authorization names dates, and one of these scans has none.", "45 CFR 164.508(a)(1)")
    if excess := scope.beyond(held.scope(), outgoing):
        raise Unlawful(f"The authorization does not cover {'; '.join(excess)}.", "45 CFR 164.508(a)(1)")


def _named_in(held: Authorization, request: ReleaseRequest) -> str:
    """Return the recipient as the paper has it, if the paper names whom the copy goes to."""
    to = request.recipient
    person, organization = (to.name, to.organization) if to else (request.requester_name, "")
    return held.recipient if held.names(person, organization) else person


def extend(request: ReleaseRequest, *, by: Account, reason: str, new_date: date, now: datetime, place: Place) -> None:
    """Extend once, with a letter that gives the reason and the new date, inside the first period (F2, F3).

    It gives nothing away, and is needed most while the record is still looked for.

    Raises:
        Unlawful: too late, too far, twice, without a reason, or against a state's deadline.
    """
    actor = permit(by, Action.ANSWER_RIGHTS, request, now=now, place=place)
    with atomic():
        row = lock(request)
        longer = clock.extend(clocks.clock_of(row), sent_at=now, reason=reason, new_date=new_date)
        assert longer.extension
        move(
            row, Event.EXTEND, EventKind.REQUEST_EXTENDED, by=actor, now=now, place=place, note=reason, public=True,
            detail={"until": new_date.isoformat()},
        )  # fmt: skip
        row.extended_to, row.extension_reason, row.extension_sent_at = new_date, longer.extension.reason, now
        row.save(update_fields=["extended_to", "extension_reason", "extension_sent_at"])
        values = {"reason": reason, "old": row.due_on, "due": new_date}
        letters.send("extension", values, request=row, by=reference(actor), now=now, place=place)


def _granted_values(request: ReleaseRequest) -> dict[str, object]:
    """What the letter of approval says."""
    return {
        "images": Item.IMAGES in request.granted_items,
        "report": Item.REPORT in request.granted_items,
        "delivery": request.delivery,
        "due": request.extended_to or request.due_on,
    }
