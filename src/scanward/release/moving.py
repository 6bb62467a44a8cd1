"""How every verb of this room works: lock the request, ask the table, change it, write the step and the entry."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from scanward.access.actions import authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, Context, RecordFacts
from scanward.access.standing import has_died
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law import wishes
from scanward.law.bases import Basis, RecipientKind
from scanward.law.defects import Verdict, examine
from scanward.law.holds import Item
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track
from scanward.people.contracts import has_contract
from scanward.people.models import Account
from scanward.release import house
from scanward.release.capacity import purpose_of
from scanward.release.faces import may_go_on, may_show_face
from scanward.release.kinds import Event, Need, State
from scanward.release.letters import to_read_back
from scanward.release.machine import Case, NotNow, after, missing
from scanward.release.models import Authorization, FeeQuote, ReleaseRequest, Restriction, Step
from scanward.release.ways import ON_MEDIA, Arrival, Medium

# What the desk does with a request before it knows whose record it is about.
_OF_NO_RECORD = frozenset({Action.VERIFY_IDENTITY, Action.ANSWER_RIGHTS})


def lock(request: ReleaseRequest) -> ReleaseRequest:
    """Return the request as it is now, locked until the transaction ends."""
    return ReleaseRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)


def permit(
    by: Account,
    action: Action,
    request: ReleaseRequest,
    *,
    now: datetime,
    place: Place,
    barred: Mapping[str, str] | None = None,
) -> Actor:
    """Return who of the staff acts, after `access` has said yes for every study of the request.

    Raises:
        AccessRefused: the person may not do this; the refusal is in the ledger.
        NotNow: it is about a record, and nobody has said yet whose.
    """
    own = {str(by.pk): "nobody on the staff works on a request of her own."} if _own(by, request) else {}
    if request.patient_id is None and action not in _OF_NO_RECORD:
        _permitted(by, Action.VERIFY_IDENTITY, request, own, now=now, place=place)
        raise NotNow(Need.PATIENT.value, needs=(Need.PATIENT,))
    return _permitted(by, action, request, own | dict(barred or {}), now=now, place=place)


def _permitted(
    by: Account, action: Action, request: ReleaseRequest, barred: Mapping[str, str], *, now: datetime, place: Place
) -> Actor:
    """Return who acts, after `access` has said yes for every study of the request."""
    actor = actor_of(by, now=now)
    named = frozenset(request.studies.values_list("pk", flat=True))
    context = Context(barred=barred, requested=named)
    # Without scans yet it is about the record as a whole.
    studies: list[UUID | None] = list(named)
    for study in studies or [None]:
        wanted = RecordFacts(request.patient_id, study) if request.patient_id else RecordFacts(None)
        purpose = purpose_of(actor, wanted, now=now)
        authorize(actor, action, wanted, purpose, now=now, place=place, context=context, told=True)
    return actor


def asked_by(by: Account, request: ReleaseRequest) -> bool:
    """Whether the request is this person's: she sent it, or it is about herself."""
    if request.requester_id == by.pk or request.patient_id is None:
        return request.requester_id == by.pk
    return by.patient_links.filter(patient_id=request.patient_id, ended_at=None).exists()


def _own(by: Account, request: ReleaseRequest) -> bool:
    """Whether the request is this person's, or is about somebody whom she represents."""
    return asked_by(by, request) or by.representations.filter(patient=request.patient_id, ended_at=None).exists()


def permit_requester(by: Account, request: ReleaseRequest, *, now: datetime, place: Place) -> Actor:
    """Return who acts, if it is the requester, and still may ask for this record."""
    return _permitted(by, Action.CREATE_REQUEST, request, _not_requester(by, request), now=now, place=place)


def _not_requester(by: Account, request: ReleaseRequest) -> dict[str, str]:
    """Everybody but the requester and the patient herself is barred."""
    return {} if asked_by(by, request) else {str(by.pk): "only who asked may change the request."}


def verdict(authorization: Authorization, *, now: datetime) -> Verdict:
    """Every defect of an authorization at this moment; a clock that was set back revives no revoked one (fault D10)."""
    return examine(authorization.as_law(), now=max(now, authorization.revoked_at or now), zone=house.zone())


def case_of(request: ReleaseRequest, *, now: datetime) -> Case:
    """Everything about the request that the table looks at, as of now."""
    return Case(
        state=State(request.state),
        track=Track(request.track),
        due_on=request.due_on,
        identity=request.verified_at is not None and _still_herself(request),
        authority=not request.by_representative or _still_acts(request, now),
        living=_living(request, now),
        matched=request.studies.exists(),
        same_patient=not request.studies.exclude(patient=request.patient_id).exists(),
        faceless=_faceless(request),
        authorized=_authorized(request, now),
        recipient_confirmed=_confirmed(request),
        fee_settled=_fee_settled(request),
        unrestricted=not restricted(request),
        contracted=contracted(request, now=now),
        basis=request.basis,
        granted=request.granted_items,
        review_granted=request.denials.filter(outcome="granted").exists(),
        builder=request.builder,
        checker=request.checker,
        self_service=request.delivery == Arrival.PORTAL.value,
        extended=request.extended_to is not None,
    )


def _confirmed(request: ReleaseRequest) -> bool:
    """Whether the address was read back: of a recipient, or of who asked for herself by word (C6)."""
    if request.recipient is not None:
        return request.recipient.confirmed_at is not None
    # What has left is not asked for again when she moves.
    left = State(request.state) in (State.DELIVERED, State.CLOSED)
    return left or request.read_back == to_read_back(request)


def check_still(request: ReleaseRequest, *, now: datetime) -> None:
    """Look whether all that a release rests on holds now, also of one that was written down as handed over already.

    Raises:
        NotNow: it does not; the text says what has ended.
    """
    after(_at_the_door(request, now), Event.DELIVER)


def holds_still(request: ReleaseRequest, *, now: datetime) -> bool:
    """Whether what was delivered by a link may still be looked at: all that the release rested on holds (fault C14)."""
    there = State(request.state) in (State.DELIVERED, State.CLOSED)
    return there and not missing(_at_the_door(request, now), Event.DELIVER)


def _at_the_door(request: ReleaseRequest, now: datetime) -> Case:
    """The request as if it were about to leave once more."""
    return replace(case_of(request, now=now), state=State.READY)


def move(
    request: ReleaseRequest,
    event: Event,
    kind: EventKind,
    *,
    by: Actor | ActorRef,
    now: datetime,
    place: Place,
    note: str = "",
    public: bool = False,
    detail: Mapping[str, str | int] | None = None,
    **brings: Any,
) -> None:
    """Make one event happen to a locked request: the row, its history and the ledger, or none of them.

    Raises:
        NotNow: the table has no such row, or something is missing.
    """
    who = by if isinstance(by, ActorRef) else reference(by)
    was = request.state
    case = after(replace(case_of(request, now=now), **brings), event)
    request.state, request.basis = case.state.value, case.basis
    request.granted = sorted(item.value for item in case.granted)
    request.builder, request.checker = case.builder, case.checker
    request.save()
    Step.objects.create(
        request=request, event=event.value, before=was, after=request.state, by=who.display, at=now, note=note,
        public=public,
    )  # fmt: skip
    told = {"event": event.value, "state": request.state} | dict(detail or {})
    tell(request, kind, by=who, now=now, place=place, detail=told)


def tell(
    request: ReleaseRequest,
    kind: EventKind,
    *,
    by: ActorRef,
    now: datetime,
    place: Place,
    detail: Mapping[str, str | int] | None = None,
) -> None:
    """Write the entry of a deed on a request."""
    patient = str(request.patient_id) if request.patient_id else ""
    record(
        kind,
        actor=by,
        subject=SubjectRef(SubjectKind.REQUEST, str(request.pk), patient=patient, display=request.number),
        purpose=PurposeOfUse(request.purpose),
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail=detail,
    )


def contracted(request: ReleaseRequest, *, now: datetime) -> bool:
    """Whether nothing of this goes to a company without a contract in force (A7, 45 CFR 164.502(e))."""
    return request.basis != Basis.BUSINESS_ASSOCIATE.value or has_contract_of(request, now=now)


def has_contract_of(request: ReleaseRequest, *, now: datetime) -> bool:
    """Whether whoever gets the copy has a contract in force."""
    to = request.recipient
    return to is not None and has_contract(to.organization or to.name, on=house.today(now))


def _still_herself(request: ReleaseRequest) -> bool:
    """Whether the account that was recognized by its link to the record is linked still."""
    if request.identity_id is None or request.by_representative or request.requester is None:
        return True
    return request.requester.patient_links.filter(patient=request.patient, ended_at=None).exists()


def _still_acts(request: ReleaseRequest, now: datetime) -> bool:
    """Whether the representative's authority is on file, and for who has an account reaches these scans now (C14)."""
    if not request.authority_checked:
        return False
    if request.requester is None or request.patient_id is None:
        # A paper that was looked at before the patient died says nothing about who may ask now.
        return not _has_died(request, now) or _looked_at_since(request)
    authorities = actor_of(request.requester, now=now).representing
    wanted = [RecordFacts(request.patient_id, study) for study in request.studies.values_list("pk", flat=True)]
    return all(any(authority.covers(record, now=now) for authority in authorities) for record in wanted)


def _faceless(request: ReleaseRequest) -> bool:
    """Whether what is granted may go on as it is: series that arrive later can show a head, too (D15)."""
    if Item.IMAGES not in request.granted_items or not request.basis:
        return True
    basis, studies = Basis(request.basis), request.studies.all()
    return may_go_on(head_ct=True, basis=basis) or may_go_on(head_ct=any(map(may_show_face, studies)), basis=basis)


def _living(request: ReleaseRequest, now: datetime) -> bool:
    """Whether who asks for herself is alive: her own copy, or her word where it goes, ends with her."""
    for_herself = request.track in (Track.ACCESS.value, Track.DIRECTIVE.value) and not request.by_representative
    return not (for_herself and _has_died(request, now))


def _has_died(request: ReleaseRequest, now: datetime) -> bool:
    return request.patient is not None and has_died(request.patient.died_on, now=now)


def _looked_at_since(request: ReleaseRequest) -> bool:
    """Whether the authority was looked at on the day of the death, or later."""
    died, looked = request.patient.died_on if request.patient else None, request.verified_at
    return died is not None and looked is not None and house.today(looked) >= died


def _authorized(request: ReleaseRequest, now: datetime) -> bool | None:
    """Whether the authorization holds now; None where the track asks for none."""
    found = Authorization.objects.filter(request=request).first()
    if found is None:
        return False if request.track == Track.AUTHORIZATION.value else None
    return verdict(found, now=now).valid


def _fee_settled(request: ReleaseRequest) -> bool:
    """Whether nothing is owed, or what is owed was accepted; where something may cost, it is told first (E5)."""
    quote = current_quote(request)
    if quote is None:
        return Arrival(request.delivery) not in ON_MEDIA and request.medium != Medium.PAPER.value
    return quote.total == 0 or quote.accepted_at is not None


def current_quote(request: ReleaseRequest) -> FeeQuote | None:
    """The quote that holds."""
    return request.quotes.filter(replaced=False).first()


def recipient_kind(request: ReleaseRequest) -> RecipientKind:
    """Who would receive it, as far as it decides about bases."""
    if request.recipient:
        return RecipientKind(request.recipient.kind)
    return RecipientKind.REPRESENTATIVE if request.by_representative else RecipientKind.INDIVIDUAL


def restricted(request: ReleaseRequest, basis: str = "") -> bool:
    """Whether an agreed restriction forbids this release to this recipient on this basis."""
    named = basis or request.basis
    if request.patient_id is None or not named:
        return False
    studies = request.studies.values_list("pk", flat=True)
    return kept_from(recipient_kind(request), Basis(named), patient=request.patient_id, studies=studies)


def kept_from(recipient: RecipientKind, basis: Basis, *, patient: UUID, studies: Iterable[UUID]) -> bool:
    """Whether the patient keeps one of these studies from such a recipient (45 CFR 164.522(a))."""
    rows = Restriction.objects.filter(patient_id=patient, agreed=True, ended_at=None)
    agreed = [row.as_law() for row in rows]
    return any(wishes.restricted(agreed, recipient=recipient, basis=basis, study=str(study)) for study in studies)


def end_packages(request: ReleaseRequest, *, now: datetime) -> None:
    """End what was built; without seed and passphrase it can't be made again."""
    request.packages.filter(ended_at=None).update(ended_at=now, passphrase="", seed=b"")


def enter(request: ReleaseRequest, names: Iterable[str]) -> None:
    """Save the named fields."""
    request.save(update_fields=list(names))
