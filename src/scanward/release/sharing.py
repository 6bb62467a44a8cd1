"""Links for sharing: made by the patient or by staff, opened by whoever has the secret, ended at any moment.

The address is `/shared/#<secret>`: what stands behind # never leaves the browser by itself, so it is in no log, no
Referer and no mail scanner's request. The page sends it by POST, and only that uses the link up (fault C6, C7).
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F, Q

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, Context, RecordFacts, Sharing
from scanward.archive.models import Study
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome, SubjectKind
from scanward.law.bases import Basis, RecipientKind
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import OFFICERS, MailKind
from scanward.people.models import Account
from scanward.release import notices
from scanward.release.capacity import for_herself
from scanward.release.disclosures import described, disclose
from scanward.release.models import Attempt, Authorization, ReleaseRequest, SealedFile, Share, ShareVisit
from scanward.release.moving import holds_still, kept_from, verdict

# 32 bytes are 256 bits: 10^6 guesses find one of 10^6 links with a chance of 10^-65.
SECRET_BYTES = 32
# 28 signs have 4.8 bits each: 28 of them are 134 bits, in seven groups of four.
SPOKEN, SPOKEN_LENGTH, SPOKEN_LASTS = "23456789BCDFGHJKMNPQRSTVWXYZ", 28, timedelta(hours=24)
LONGEST = timedelta(days=365)
VISIT_LASTS = timedelta(hours=8)
PASSCODE_TRIES = 5
WINDOW = timedelta(minutes=15)
MOST_FAILURES = 20
# An app fetches its files within minutes of the manifest.
FETCHED = timedelta(hours=1)
ANY = Q()


class LinkRefused(Exception):
    """The link can't be opened; the one sentence is the same whether it never was, is used up, expired or revoked."""

    def __init__(self, *, passcode: bool = False, slow_down: bool = False, tries_left: int | None = None) -> None:
        super().__init__("This link can't be opened.")
        self.passcode, self.slow_down = passcode, slow_down
        # None: no passcode would help.
        self.tries_left = tries_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to share, with whom, how often and until when."""

    recipient_name: str
    studies: Sequence[Study]
    expires_at: datetime
    recipient_organization: str = ""
    recipient_contact: str = ""
    reason: str = ""
    series_ids: Sequence[str] = ()
    images: bool = True
    report: bool = True
    may_download: bool = False
    passcode: str = ""
    max_uses: int = 1
    health_link: bool = False
    direct: bool = False
    # A code that is read out, instead of a link: short enough to say, and good for a day at most (H10).
    spoken: bool = False
    # Nobody says it: a patient directs, and staff share for treatment (A10).
    basis: Basis | None = None
    authorization: Authorization | None = None
    request: ReleaseRequest | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Made:
    """A new link; its secret is here and nowhere else."""

    share: Share
    secret: str


def create(wish: Wish, *, by: Account, now: datetime, place: Place) -> Made:
    """Make a link: named recipient, named studies, a last day (J1 to J7).

    Raises:
        AccessRefused: this person may not share one of these studies.
        Unlawful: something that every link needs is missing.
    """
    _check(wish, now)
    actor = actor_of(by, now=now)
    requested = frozenset(study.pk for study in wish.studies) if wish.request else frozenset()
    purpose = _purpose(actor, RecordFacts(wish.studies[0].patient_id, wish.studies[0].pk), now, place)
    for study in wish.studies:
        wanted = RecordFacts(study.patient_id, study.pk)
        authorize(
            actor, Action.CREATE_SHARE, wanted, purpose, now=now, place=place,
            context=Context(requested=requested), told=True,
        )  # fmt: skip
    basis = wish.basis or (Basis.TREATMENT if purpose is PurposeOfUse.TREATMENT else Basis.DIRECTIVE)
    if wish.request is None and _is_kept(basis, wish.studies[0].patient_id, [study.pk for study in wish.studies]):
        raise Unlawful("The patient keeps this from other doctors, and the house has agreed.", "45 CFR 164.522(a)(1)")
    secret = _spoken() if wish.spoken else secrets.token_urlsafe(SECRET_BYTES)
    with atomic():
        share = Share.objects.create(
            patient=wish.studies[0].patient,
            created_by=by,
            created_at=now,
            recipient_name=wish.recipient_name.strip(),
            recipient_organization=wish.recipient_organization.strip(),
            recipient_contact=wish.recipient_contact.strip(),
            reason=wish.reason,
            basis=basis.value,
            series_ids=list(wish.series_ids),
            images=wish.images,
            report=wish.report,
            may_download=wish.may_download,
            token_hash=hashed(secret),
            passcode_hash=make_password(wish.passcode) if wish.passcode else "",
            passcode_tries_left=PASSCODE_TRIES,
            max_uses=wish.max_uses,
            health_link=wish.health_link,
            direct=wish.direct,
            expires_at=wish.expires_at,
            authorization=wish.authorization,
            request=wish.request,
        )
        share.studies.set(wish.studies)
        _tell(share, EventKind.SHARE_CREATED, by=reference(actor), now=now, place=place, purpose=purpose)
    return Made(share, secret)


def redeem(secret: str, *, visitor: str, passcode: str, now: datetime, place: Place, only: Q = ANY) -> ShareVisit:
    """Open a link once: one use is taken, atomically, and the visit, the disclosure and the entry are written.

    Of any number of visitors at the same moment exactly as many win as uses are left (fault C6). `only` narrows to
    the kind of link that a door is for.

    Raises:
        LinkRefused: with one and the same sentence for every reason; too many failures slow the address down.
    """
    _check_pace(place, now)
    share = Share.objects.filter(only, token_hash=hashed(secret)).select_related("patient", "created_by").first()
    if share is None or not _passes(share, passcode, now):
        _refused(share, now=now, place=place)
        raise LinkRefused(**_told(share, now=now))
    with atomic():
        won = Share.objects.filter(_open(now), pk=share.pk).update(uses=F("uses") + 1, last_used_at=now)
        if won:
            return _visit(share, visitor=visitor.strip() or share.recipient_name, now=now, place=place)
    _refused(share, now=now, place=place)
    raise LinkRefused


def revoke(share: Share, *, by: Account, now: datetime, place: Place) -> None:
    """End a link at once: the next request and the running download fail (J6, D9).

    Raises:
        AccessRefused: only the patient, who made it, the desk and the officers may.
    """
    actor = actor_of(by, now=now)
    requested = frozenset(share.studies.values_list("pk", flat=True))
    for study in requested:
        wanted = RecordFacts(share.patient_id, study)
        authorize(
            actor, Action.REVOKE_SHARE, wanted, _ending(actor, wanted, now), now=now, place=place,
            context=Context(requested=requested), told=True,
        )  # fmt: skip
    with atomic():
        end(share, by=reference(actor), now=now, place=place)


def end(share: Share, *, by: ActorRef, now: datetime, place: Place, kind: EventKind = EventKind.SHARE_REVOKED) -> None:
    """Close a link; what was seen stays written."""
    if Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=now):
        SealedFile.objects.filter(share=share).delete()
        _tell(share, kind, by=by, now=now, place=place)


def end_of(request: ReleaseRequest, *, by: ActorRef, now: datetime, place: Place) -> None:
    """Close every link by which a request was delivered."""
    for share in request.shares.filter(revoked_at=None):
        end(share, by=by, now=now, place=place)


def end_over(*, now: datetime) -> int:
    """End the links whose time is over, so that no clock that is set back opens one again; return how many.

    What was sealed for an app goes with them, and also an hour after the last use that a link allows.
    """
    place, by, count = Place("", agent="worker"), ActorRef.system("release"), 0
    for share in Share.objects.filter(revoked_at=None, expires_at__lte=now):
        with atomic():
            end(share, by=by, now=now, place=place, kind=EventKind.SHARE_EXPIRED)
        count += 1
    SealedFile.objects.filter(share__uses__gte=F("share__max_uses"), share__last_used_at__lt=now - FETCHED).delete()
    return count


def alive(share: Share, *, now: datetime) -> bool:
    """Whether a link that was opened still holds: not revoked, not expired, and what it rests on is in force."""
    if share.revoked_at is not None or now >= share.expires_at or not share.created_by.is_active:
        return False
    if share.authorization is not None and not verdict(share.authorization, now=now).valid:
        return False
    if share.request is not None and not holds_still(share.request, now=now):
        return False
    return not _kept_from_care(share) and still_may_share(share, now=now)


def _kept_from_care(share: Share) -> bool:
    """Whether the patient keeps this from other doctors, and staff made the link for care (45 CFR 164.522(a))."""
    studies = share.studies.values_list("pk", flat=True)
    return _is_kept(Basis(share.basis), share.patient_id, studies) if share.request_id is None else False


def _is_kept(basis: Basis, patient: UUID, studies: Iterable[UUID]) -> bool:
    care = basis is Basis.TREATMENT
    return care and kept_from(RecipientKind.PROVIDER, basis, patient=patient, studies=studies)


def still_may_share(share: Share, *, now: datetime) -> bool:
    """Whether who made the link may still share this: an authority that ended takes its links along (fault C14)."""
    from scanward.access.decide import decide  # noqa: PLC0415  one pure question, not an entry in the ledger
    from scanward.access.kinds import Grant  # noqa: PLC0415

    actor = actor_of(share.created_by, now=now)
    requested = frozenset(share.studies.values_list("pk", flat=True)) if share.request_id else frozenset()
    context = Context(requested=requested)
    shared = [RecordFacts(share.patient_id, study) for study in share.studies.values_list("pk", flat=True)]
    return all(
        isinstance(decide(actor, Action.CREATE_SHARE, wanted, _purpose(actor, wanted, now), context, now=now), Grant)
        for wanted in shared
    )


def holder(visit: ShareVisit, *, now: datetime) -> Actor:
    """Who a visitor is for `access`: nobody but the holder of this link, for as long as it holds."""
    share = visit.share
    actions = {Action.VIEW_STUDY}
    actions |= {Action.VIEW_IMAGES} if share.images else set()
    actions |= {Action.VIEW_REPORT} if share.report else set()
    actions |= {Action.DOWNLOAD} if share.may_download else set()
    given = Sharing(
        patient=share.patient_id,
        study_ids=frozenset(share.studies.values_list("pk", flat=True)),
        actions=frozenset(actions),
        valid_from=visit.began_at,
        valid_until=min(visit.ends_at, share.expires_at),
    )
    name = f"{visit.visitor} (link)"
    return Actor(id=f"visit:{visit.pk}", display=name, shares=(given,) if alive(share, now=now) else ())


def hashed(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so a plain hash can't be searched backwards.

    A code that was read out has 132, however it is typed: in groups or not, in capitals or not.
    """
    plain = "".join(secret.split()).replace("-", "").upper()
    if len(plain) == SPOKEN_LENGTH and set(plain) <= set(SPOKEN):
        secret = plain
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _spoken() -> str:
    """Return a new code to read out: groups of four, without letters or digits that sound or look alike."""
    drawn = "".join(secrets.choice(SPOKEN) for _place in range(SPOKEN_LENGTH))
    return "-".join(drawn[start : start + 4] for start in range(0, SPOKEN_LENGTH, 4))


def _check(wish: Wish, now: datetime) -> None:
    """What every link needs."""
    if not wish.recipient_name.strip():
        raise Unlawful("Say for whom the link is.", "45 CFR 164.524(c)(3)(ii)")
    if not wish.studies or not (wish.images or wish.report):
        raise Unlawful("Choose what the link shows.", "45 CFR 164.524(c)(3)(ii)")
    if len({study.patient_id for study in wish.studies}) != 1:
        raise Unlawful("A link shows one patient's scans.", "45 CFR 164.530(c)(1)")
    if not now < wish.expires_at <= now + LONGEST:
        raise Unlawful("Choose a last day, at most a year from now.", "45 CFR 164.530(c)(1)")
    if not 1 <= wish.max_uses <= 1000:
        raise Unlawful("A link can be opened between 1 and 1,000 times.", "45 CFR 164.530(c)(1)")
    if wish.spoken and wish.expires_at > now + SPOKEN_LASTS:
        raise Unlawful("A code that is read out is good for a day at most.", "45 CFR 164.530(c)(1)")
    if wish.passcode and len(wish.passcode) < 6:
        raise Unlawful("A passcode has at least six characters.", "45 CFR 164.312(d)")


def _open(now: datetime) -> Q:
    """What must hold of a row for a use to be taken."""
    return Q(revoked_at=None, expires_at__gt=now, uses__lt=F("max_uses"), passcode_tries_left__gt=0)


def _passes(share: Share, passcode: str, now: datetime) -> bool:
    """Whether the passcode is right; each wrong one costs one of five tries, for everybody together."""
    if not alive(share, now=now):
        return False
    if not share.passcode_hash:
        return True
    taken = Share.objects.filter(pk=share.pk, passcode_tries_left__gt=0)
    if not taken.update(passcode_tries_left=F("passcode_tries_left") - 1):
        return False
    if not check_password(passcode, share.passcode_hash):
        return False
    # Only this try is given back: wrong ones count for the whole life of the link (SMART Health Links, manifest).
    Share.objects.filter(pk=share.pk).update(passcode_tries_left=F("passcode_tries_left") + 1)
    return True


def _told(share: Share | None, *, now: datetime) -> dict[str, Any]:
    """What whoever has the link may know about a refusal: that a passcode is asked, and how many tries are left."""
    if share is None or not share.passcode_hash or not alive(share, now=now):
        return {}
    share.refresh_from_db(fields=["passcode_tries_left", "uses"])
    spent = share.uses >= share.max_uses
    return {"passcode": True, "tries_left": None if spent else share.passcode_tries_left}


def _visit(share: Share, *, visitor: str, now: datetime, place: Place) -> ShareVisit:
    """Begin the visit, with its disclosure and its entry, and tell the owner."""
    visit = ShareVisit.objects.create(
        share=share, visitor=visitor[:200], address=place.address[:64], began_at=now, ends_at=now + VISIT_LASTS
    )
    who = ActorRef(f"visit:{visit.pk}", visitor[:200], "holder of a link")
    studies = list(share.studies.select_related("patient"))
    disclose(
        studies,
        recipient=", ".join(part for part in (share.recipient_name, share.recipient_organization) if part),
        address=share.recipient_contact,
        description=described(images=share.images, report=share.report, studies=studies),
        basis=Basis(share.basis),
        purpose=share.purpose,
        channel="link",
        by=who,
        now=now,
        place=place,
        request=share.request,
        share=share,
    )
    _tell(share, EventKind.SHARE_REDEEMED, by=who, now=now, place=place)
    notices.news(share.created_by, MailKind.LINKS)
    return visit


def _refused(share: Share | None, *, now: datetime, place: Place) -> None:
    """Count the failure against the address, and write it down."""
    with atomic():
        window = _window(now)
        Attempt.objects.get_or_create(address=place.address[:64], window=window)
        Attempt.objects.filter(address=place.address[:64], window=window).update(failures=F("failures") + 1)
        record(
            EventKind.SHARE_REFUSED,
            actor=ActorRef.nobody(),
            subject=_subject(share) if share else SubjectRef.nothing(),
            purpose=None,
            outcome=Outcome.MINOR_FAILURE,
            at=now,
            place=place,
        )


def _check_pace(place: Place, now: datetime) -> None:
    """Slow down an address that fails again and again."""
    found = Attempt.objects.filter(address=place.address[:64], window=_window(now)).first()
    if found is not None and found.failures >= MOST_FAILURES:
        raise LinkRefused(slow_down=True)


def _window(now: datetime) -> datetime:
    """The quarter of an hour in which an attempt counts."""
    return now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)


def _purpose(actor: Actor, wanted: RecordFacts, now: datetime, place: Place | None = None) -> PurposeOfUse:
    """For what somebody shares: staff for care, patients because they want to; who is both, by the page she is on."""
    at_work = PurposeOfUse.TREATMENT if place and place.channel is Channel.DESK else None
    herself = for_herself(actor, wanted, now=now, purpose=at_work)
    return PurposeOfUse.PATIENT_REQUEST if herself else PurposeOfUse.TREATMENT


def _ending(actor: Actor, wanted: RecordFacts, now: datetime) -> PurposeOfUse:
    """For what somebody ends a link; officers watch over those of others."""
    purpose = _purpose(actor, wanted, now)
    watches = actor.roles & OFFICERS and purpose is PurposeOfUse.TREATMENT
    return PurposeOfUse.COMPLIANCE if watches else purpose


def _tell(
    share: Share,
    kind: EventKind,
    *,
    by: ActorRef,
    now: datetime,
    place: Place,
    purpose: PurposeOfUse | None = None,
) -> None:
    """Write the entry of a deed on a link, for what the link itself is unless the deed has a purpose of its own."""
    record(
        kind,
        actor=by,
        subject=_subject(share),
        purpose=purpose or share.purpose,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"uses": share.uses, "of": share.max_uses},
    )


def _subject(share: Share) -> SubjectRef:
    return SubjectRef(SubjectKind.SHARE, str(share.pk), patient=str(share.patient_id))
