"""Papers that come with a request: scanned, sealed, looked at by who may, and destroyed when their time is over."""

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import EventKind
from scanward.law.errors import Unlawful
from scanward.law.retention import Kind, keep_until
from scanward.people.models import Account
from scanward.people.proofing import DOCUMENT_STARTS, MOST_DOCUMENT
from scanward.people.seals import seal, unseal
from scanward.release import house
from scanward.release.models import Paper, PaperKind, ReleaseRequest
from scanward.release.moving import lock, permit, tell

SEALED_FOR = "papers of requests"
# What shows who somebody is goes soon (C7); everything else is kept as long as the law says.
SHORT = frozenset({PaperKind.IDENTITY})


def attach(
    request: ReleaseRequest, kind: PaperKind, content: bytes, *, by: Account, now: datetime, place: Place
) -> Paper:
    """Keep a scanned paper with its request, sealed (B10, B11).

    Raises:
        AccessRefused: this person does not work on requests.
        Unlawful: it is no picture and no PDF, or too large.
    """
    actor = permit(by, Action.VERIFY_IDENTITY, request, now=now, place=place)
    if not content.startswith(DOCUMENT_STARTS) or len(content) > MOST_DOCUMENT:
        raise Unlawful("The paper has to be a JPEG, PNG or PDF of at most 8 MB.", "45 CFR 164.312(c)(1)")
    with atomic():
        row = lock(request)
        sha256 = hashlib.sha256(content).hexdigest()
        kept = Paper(request=row, kind=kind.value, sha256=sha256, size=len(content), by=by, at=now)
        kept.content = seal(content, purpose=SEALED_FOR, bound_to=str(kept.pk))
        kept.save(force_insert=True)
        detail = {"paper": str(kept.pk), "of": kind.value, "step": "kept"}
        tell(row, EventKind.REQUEST_CHANGED, by=reference(actor), now=now, place=place, detail=detail)
    return kept


def open_paper(kept: Paper, *, by: Account, now: datetime, place: Place) -> bytes:
    """Return the paper for who works on its request; each look is in the ledger.

    Raises:
        AccessRefused: this person does not work on requests.
        Unlawful: it was destroyed when its time was over.
    """
    actor = permit(by, Action.VERIFY_IDENTITY, kept.request, now=now, place=place)
    if kept.content is None:
        raise Unlawful("The copy was destroyed, as it should be.", "45 CFR 164.530(c)(1)")
    with atomic():
        detail = {"paper": str(kept.pk)}
        tell(kept.request, EventKind.IDENTITY_EVIDENCE_VIEWED, by=reference(actor), now=now, place=place, detail=detail)
    return unseal(bytes(kept.content), purpose=SEALED_FOR, bound_to=str(kept.pk))


def purge(*, now: datetime) -> int:
    """Destroy the papers whose time is over, each with an entry; return how many."""
    place, by, count = Place("", agent="worker"), ActorRef.system("release"), 0
    soon = Q(kind__in=[kind.value for kind in SHORT], at__lte=now - timedelta(days=settings.DOCUMENT_KEPT_DAYS))
    done = Q(request__closed_at__isnull=False) & ~Q(kind__in=[kind.value for kind in SHORT])
    for kept in Paper.objects.filter(soon | done, purged_at=None).select_related("request"):
        if kept.kind not in SHORT and not _over(kept, now):
            continue
        with atomic():
            kept.content, kept.purged_at = None, now
            kept.save(update_fields=["content", "purged_at"])
            detail = {"paper": str(kept.pk)}
            tell(kept.request, EventKind.IDENTITY_EVIDENCE_PURGED, by=by, now=now, place=place, detail=detail)
        count += 1
    return count


def _over(kept: Paper, now: datetime) -> bool:
    """Whether the years are over for which documentation is kept, counted from the request's end."""
    closed = kept.request.closed_at
    if closed is None:
        return False
    since, state = house.today(max(closed, kept.at)), house.facility().state
    return house.today(now) > keep_until(Kind.DOCUMENTATION, since=since, state=state).until
