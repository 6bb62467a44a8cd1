"""How a request ends: closed, cancelled, or stopped at once because the permission behind it ended."""

from datetime import datetime, timedelta

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Context, RecordFacts
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.authorization import Revocation, RevocationForm, revoked_at
from scanward.law.defects import Defect
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account
from scanward.release import house, letters, sharing
from scanward.release.capacity import purpose_of
from scanward.release.kinds import OPEN, Event, State
from scanward.release.models import Authorization, ReleasePackage, ReleaseRequest
from scanward.release.moving import end_packages, lock, move, permit, verdict

QUIET = timedelta(days=30)


def cancel(request: ReleaseRequest, *, by: Account, reason: str, now: datetime, place: Place) -> None:
    """Staff cancel what was entered twice or by mistake; the reason is kept."""
    if not reason.strip():
        raise Unlawful("Say why the request is cancelled.", "45 CFR 164.530(j)(1)")
    actor = permit(by, Action.VERIFY_IDENTITY, request, now=now, place=place)
    with atomic():
        row = lock(request)
        row.closed_at = now
        end_packages(row, now=now)
        sharing.end_of(row, by=reference(actor), now=now, place=place)
        move(row, Event.CANCEL, EventKind.REQUEST_CLOSED, by=actor, now=now, place=place, note=reason)


def close(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> None:
    """Close what is done; its retention starts now."""
    actor = permit(by, Action.VERIFY_IDENTITY, request, now=now, place=place)
    with atomic():
        row = lock(request)
        row.closed_at = now
        move(row, Event.CLOSE, EventKind.REQUEST_CLOSED, by=actor, now=now, place=place)


def revoke(
    authorization: Authorization,
    *,
    by: Account,
    form: RevocationForm,
    now: datetime,
    place: Place,
    received_at: datetime | None = None,
) -> None:
    """Revoke in writing: from its receipt on nothing more leaves; what has left stays written (D8, D9).

    Approvals, packages, links and running downloads all ask whether the authorization holds, so they stop by
    themselves at the next piece; here they are also closed and the people told.
    """
    actor = actor_of(by, now=now)
    wanted = RecordFacts(authorization.patient_id)
    purpose = purpose_of(actor, wanted, now=now)
    # The desk decides nothing here: it writes down what came in writing, and that holds from its receipt on.
    writes_down = purpose is PurposeOfUse.RECORDS and form is not RevocationForm.PORTAL
    action = Action.RECORD_AUTHORIZATION if writes_down else Action.REVOKE_AUTHORIZATION
    authorize(actor, action, wanted, purpose, now=now, place=place, context=Context(), told=True)
    word = Revocation(form=form, received_at=min(received_at or now, now))
    with atomic():
        row = Authorization.objects.select_for_update().get(pk=authorization.pk)
        row.revoked_at, row.revoked_by = revoked_at(word, row.revoked_at), by.full_name
        row.revocation_form = form.value
        row.save(update_fields=["revoked_at", "revoked_by", "revocation_form"])
        _tell(row, EventKind.AUTHORIZATION_REVOKED, by=reference(actor), now=now, place=place)
        stop(row, by=reference(actor), now=now, place=place)
    authorization.refresh_from_db()


def stop(authorization: Authorization, *, by: ActorRef, now: datetime, place: Place) -> None:
    """Close everything that rests on an authorization which ended."""
    for share in authorization.shares.filter(revoked_at=None):
        sharing.end(share, by=by, now=now, place=place)
    request = authorization.request
    if request is not None:
        block(request, by=by, now=now, place=place)
        letters.send(
            "revocation",
            {"received": house.today(authorization.revoked_at or now), "recipient_name": authorization.recipient},
            request=request,
            by=by,
            now=now,
            place=place,
        )


def block(request: ReleaseRequest, *, by: ActorRef, now: datetime, place: Place) -> None:
    """Stop a request: its packages and links end; what was delivered stays."""
    row = lock(request)
    end_packages(row, now=now)
    sharing.end_of(row, by=by, now=now, place=place)
    if State(row.state) in OPEN or row.state == State.DELIVERED.value:
        row.closed_at = row.closed_at or now
        move(row, Event.BLOCK, EventKind.REQUEST_BLOCKED, by=by, now=now, place=place, public=True)


def happened(authorization: Authorization, *, by: Account, now: datetime, place: Place) -> None:
    """Note that the event at which an authorization expires has happened."""
    actor = actor_of(by, now=now)
    wanted = RecordFacts(authorization.patient_id)
    authorize(actor, Action.RECORD_AUTHORIZATION, wanted, PurposeOfUse.RECORDS, now=now, place=place, told=True)
    with atomic():
        row = Authorization.objects.select_for_update().get(pk=authorization.pk)
        row.event_happened, row.ended_at = True, now
        row.save(update_fields=["event_happened", "ended_at"])
        _tell(row, EventKind.AUTHORIZATION_EXPIRED, by=reference(actor), now=now, place=place)
        stop(row, by=reference(actor), now=now, place=place)


def end_expired(*, now: datetime) -> int:
    """Close what rests on authorizations that expired by their date (D11); nothing left through them meanwhile."""
    place, by, count = Place("", agent="worker"), ActorRef.system("release"), 0
    for found in Authorization.objects.filter(ended_at=None, revoked_at=None, expires_on__lt=house.today(now)):
        if Defect.EXPIRED in verdict(found, now=now).defects:
            with atomic():
                found.ended_at = now
                found.save(update_fields=["ended_at"])
                _tell(found, EventKind.AUTHORIZATION_EXPIRED, by=by, now=now, place=place)
                stop(found, by=by, now=now, place=place)
            count += 1
    return count


def close_quiet(*, now: datetime) -> int:
    """Close what was delivered 30 days ago."""
    by, place, count = ActorRef.system("release"), Place("", agent="worker"), 0
    for found in ReleaseRequest.objects.filter(state=State.DELIVERED.value, answered_at__lt=now - QUIET):
        with atomic():
            row = lock(found)
            row.closed_at = now
            move(row, Event.CLOSE, EventKind.REQUEST_CLOSED, by=by, now=now, place=place)
        count += 1
    return count


def end_packages_of_time(*, now: datetime) -> int:
    """Forget seed and passphrase of the packages whose time is over; nothing left through them meanwhile."""
    due = ReleasePackage.objects.filter(ended_at=None, expires_at__lte=now)
    return due.update(ended_at=now, passphrase="", seed=b"")


def _tell(row: Authorization, kind: EventKind, *, by: ActorRef, now: datetime, place: Place) -> None:
    record(
        kind,
        actor=by,
        subject=SubjectRef(SubjectKind.AUTHORIZATION, str(row.pk), patient=str(row.patient_id or "")),
        purpose=PurposeOfUse.PATIENT_REQUEST,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
    )
