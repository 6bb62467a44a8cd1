"""From hospital to hospital (G12): queued, sent by the worker, acknowledged object by object, resumed, and proven."""

import time
import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext_noop
from django_tasks import task

from scanward.access.actions import AccessRefused, atomic
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor
from scanward.archive.models import Instance
from scanward.audit.event import Place
from scanward.audit.kinds import Channel, EventKind
from scanward.dicom.preamble import PreambleKind
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import MailKind
from scanward.people.models import Account
from scanward.release import encapsulated, notices, peers, wires
from scanward.release.actions.preparing import clerk_permit, current_package, wanted_of
from scanward.release.contents import Permit, Wanted, instances
from scanward.release.disclosures import described, disclose
from scanward.release.kinds import Event
from scanward.release.machine import NotNow, missing
from scanward.release.models import Delivery, Disclosure, ReleasePackage, ReleaseRequest, Transfer, TransferState
from scanward.release.moving import case_of, lock, move, permit, tell
from scanward.release.ways import Arrival

TRIES = 3
PAUSE_SECONDS = 2.0
ASK_AGAIN_SECONDS = 1.0
# A transfer that runs and did not move for so long has lost its worker.
STILL_AFTER = timedelta(minutes=15)
PREAMBLE = 128
HARMLESS = (PreambleKind.EMPTY, PreambleKind.ABSENT)
# Why a transfer did not get through: kept in English, said in the reader's language.
NOT_REACHED = gettext_noop("The other hospital could not be reached, or broke off.")
NOT_TAKEN = gettext_noop("The other hospital did not take the rest.")
ENDED = gettext_noop("The permission ended while it was being sent.")
NOT_YOU = gettext_noop("You may not send it any more.")


def send_to_peer(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> Transfer:
    """Queue what was granted for the hospital that was read back; the worker sends it, and goes on where it broke off.

    Raises:
        Unlawful: that hospital is not connected, there is nothing to send, or it is under way already.
        NotNow: basis, grant, second-person check or a valid authorization is missing.
    """
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    peer, package = _prepared(request, by=by, now=now, place=place)
    earlier = package.transfers.first()
    where = {"address": place.address, "agent": place.agent, "session": place.session}
    try:
        with atomic():
            transfer = Transfer.objects.create(
                request=request, package=package, started_by=by, place=where, asked_at=now, touched_at=now,
                total=earlier.total if earlier else 0, held=earlier.held if earlier else [],
                told=earlier.told if earlier else 0,
            )  # fmt: skip
            # Written before the first byte leaves, so that a power cut leaves a trace of it.
            detail = {"peer": peer.name, "package": str(package.pk), "step": "queued"}
            tell(request, EventKind.IMAGES_SENT, by=reference(actor), now=now, place=place, detail=detail)
            carry_later.enqueue(str(transfer.pk))
    except IntegrityError:
        raise Unlawful("It is under way already.", "45 CFR 164.524(c)(3)") from None
    return transfer


@task()
def carry_later(transfer: str) -> None:
    """Carry a transfer that waits."""
    found = Transfer.objects.filter(pk=uuid.UUID(transfer)).first()
    if found:
        carry(found, now=timezone.now())


def carry(transfer: Transfer, *, now: datetime) -> None:
    """Send what has not arrived yet, once: of two workers only one takes it up."""
    waiting = Transfer.objects.filter(pk=transfer.pk, state=TransferState.WAITING)
    if not waiting.update(state=TransferState.RUNNING, touched_at=now):
        return
    transfer.refresh_from_db()
    by = transfer.started_by
    where = transfer.place
    place = Place(where["address"], where["agent"], Channel.WORKER, where["session"])
    try:
        permit(by, Action.QUALITY_CHECK, transfer.request, now=now, place=place)
        peer, package = _prepared(transfer.request, by=by, now=now, place=place)
    except (Unlawful, NotNow) as why:
        _failed(transfer, TransferState.STOPPED, str(why), place=place, now=now)
    except AccessRefused:
        _failed(transfer, TransferState.STOPPED, NOT_YOU, place=place, now=now)
    else:
        _carry(transfer, peer, package, by=by, place=place, now=now)


def resume_broken(*, now: datetime) -> int:
    """Put transfers back into the queue whose worker is gone; what had arrived is not sent again."""
    count = 0
    lost = Transfer.objects.filter(state=TransferState.RUNNING, touched_at__lt=now - STILL_AFTER)
    for found in lost.values_list("pk", flat=True):
        with atomic():
            if lost.filter(pk=found).update(state=TransferState.WAITING, touched_at=now):
                carry_later.enqueue(str(found))
                count += 1
    return count


def _carry(
    transfer: Transfer, peer: peers.Peer, package: ReleasePackage, *, by: Account, place: Place, now: datetime
) -> None:
    """Send, and write down how it ended."""
    items = _items(package, by=by, place=place)
    transfer.total = len(items)
    ended, why = _send(transfer, peer, items)
    moment = max(now, timezone.now())
    if not ended and transfer.sent == transfer.total:
        _delivered(transfer, peer, by=by, now=moment, place=place)
        return
    state = TransferState.STOPPED if ended else TransferState.FAILED
    _failed(transfer, state, why, place=place, now=moment)


def _prepared(
    request: ReleaseRequest, *, by: Account, now: datetime, place: Place
) -> tuple[peers.Peer, ReleasePackage]:
    """Look once more before anything leaves: to whom, what, and whether it still may."""
    request.refresh_from_db()
    try:
        peer = peers.find(request.recipient.peer) if request.recipient and request.recipient.peer else None
    except peers.BadPeers as wrong:
        raise Unlawful(f"The list of hospitals can't be used. {wrong}", "45 CFR 164.312(e)(1)") from None
    if request.delivery != Arrival.EXCHANGE.value or peer is None:
        raise Unlawful("That hospital's system is not connected. Choose another way.", "45 CFR 164.524(c)(2)")
    package = current_package(request, by=by, now=now, place=place)
    if lacking := missing(case_of(request, now=now), Event.DELIVER):
        raise NotNow(" ".join(need.value for need in lacking), "45 CFR 164.524(c)(3)", lacking)
    return peer, package


def _send(transfer: Transfer, peer: peers.Peer, items: list[wires.Item]) -> tuple[bool, str]:
    """Try up to three times, each time only what has not arrived; return whether it has to stop, and why."""
    why = ""
    for attempt in range(TRIES):
        held, why = set(transfer.held), NOT_TAKEN
        try:
            for uid in wires.send(peer, [item for item in items if item.uid not in held]):
                transfer.held.append(uid)
                _keep(transfer)
        except wires.NotReached:
            why = NOT_REACHED
        except _Ended:
            return True, ENDED
        except AccessRefused:
            return True, NOT_YOU
        except Unlawful as changed:
            return True, changed.sentence
        if transfer.sent == transfer.total:
            return False, ""
        if attempt + 1 < TRIES:
            time.sleep(PAUSE_SECONDS * (attempt + 1))
    return False, why


def _keep(transfer: Transfer) -> None:
    """Keep how far it is, at most once a second: whoever looks sees it move, and a killed worker loses a second."""
    now = timezone.now()
    if now - transfer.touched_at > timedelta(seconds=1) or transfer.sent == transfer.total:
        transfer.touched_at = now
        transfer.save(update_fields=["held", "total", "touched_at"])


class _Ended(Exception):
    """What the release rests on has ended."""


class _Watch:
    """Asks every second whether the release still may leave (D9, D11)."""

    def __init__(self, package: ReleasePackage) -> None:
        self._package, self._asked = package, 0.0

    def look(self) -> None:
        if time.monotonic() - self._asked < ASK_AGAIN_SECONDS:
            return
        fresh = ReleasePackage.objects.select_related("request").get(pk=self._package.pk)
        if fresh.ended_at is not None or missing(case_of(fresh.request, now=timezone.now()), Event.DELIVER):
            raise _Ended
        self._asked = time.monotonic()


def _items(package: ReleasePackage, *, by: Account, place: Place) -> list[wires.Item]:
    """Every object of the package: the images, and each report as an encapsulated PDF (G2)."""
    wanted, permit_, watch = wanted_of(package), clerk_permit(package, by, place=place), _Watch(package)
    found = [_image(image, permit_, watch) for image in _images(wanted)] if package.images else []
    for report in wanted.reports:
        found.append(encapsulated.item(report, wanted, permit_, before=watch.look))
    along = (encapsulated.statement(study, wanted, permit_, before=watch.look) for study in wanted.studies)
    return [*found, *(item for item in along if item)]


def _images(wanted: Wanted) -> list[Instance]:
    found: list[Instance] = []
    for study in wanted.studies:
        rows = instances(study, as_of=wanted.as_of, series_ids=wanted.series_ids).select_related("series__study")
        found += list(rows.defer("dicom_json_deflated"))
    return found


def _image(image: Instance, permit_: Permit, watch: _Watch) -> wires.Item:
    def read() -> bytes:
        watch.look()
        permit_.check()
        with permit_.open(image) as stream:
            data: bytes = stream.read()
        return data if image.preamble in HARMLESS else bytes(PREAMBLE) + data[PREAMBLE:]

    return wires.Item(image.sop_class_uid, image.sop_instance_uid, image.transfer_syntax_uid, read)


def _failed(transfer: Transfer, state: TransferState, why: str, *, place: Place, now: datetime) -> None:
    """Write down that it failed, and tell who sent it; what arrived all the same is disclosed, once."""
    actor, request = actor_of(transfer.started_by, now=now), transfer.request
    peer = request.recipient.peer if request.recipient else ""
    with atomic():
        detail: dict[str, str | int] = {
            "peer": peer, "sent": transfer.sent, "of": transfer.total, "package": str(transfer.package_id),
        }  # fmt: skip
        tell(request, EventKind.DELIVERY_FAILED, by=reference(actor), now=now, place=place, detail=detail)
        if transfer.sent > transfer.told:
            part = f"{transfer.sent} of {transfer.total}: "
            _register(transfer, peer, part, actor=actor, now=now, place=place)
        transfer.told, transfer.state, transfer.problem, transfer.touched_at = transfer.sent, state, why[:200], now
        transfer.save()
        notices.news(transfer.started_by)


def _delivered(transfer: Transfer, peer: peers.Peer, *, by: Account, now: datetime, place: Place) -> None:
    """Move the request on, with the row and the proof; a permission that ended in the last moment stops it here."""
    actor, package = actor_of(by, now=now), transfer.package
    try:
        with atomic():
            row = lock(transfer.request)
            row.answered_at = now
            detail: dict[str, str | int] = {
                "package": str(package.pk), "manifest": package.manifest_sha256, "peer": peer.name,
                "sent": transfer.sent,
            }  # fmt: skip
            move(row, Event.DELIVER, EventKind.DELIVERED, by=actor, now=now, place=place, public=True, detail=detail)
            disclosed = _register(transfer, peer.name, "", actor=actor, now=now, place=place)
            Delivery.objects.create(
                request=row, package=package, way=row.delivery, recipient=row.recipient,
                recipient_name=disclosed.recipient[:200], address=disclosed.address[:400], disclosure=disclosed,
                sent_by=by, at=now,
            )  # fmt: skip
            transfer.state, transfer.touched_at, transfer.problem = TransferState.DONE, now, ""
            transfer.told = transfer.sent
            transfer.save()
            notices.news(row.requester, MailKind.REQUESTS)
    except NotNow as why:
        _failed(transfer, TransferState.STOPPED, str(why), place=place, now=now)


def _register(transfer: Transfer, peer: str, part: str, *, actor: Actor, now: datetime, place: Place) -> Disclosure:
    request, package = transfer.request, transfer.package
    studies = list(request.studies.select_related("patient"))
    to = request.recipient.name if request.recipient else request.requester_name
    what = described(images=package.images, report=bool(package.report_ids), studies=studies)
    return disclose(
        studies, recipient=f"{peer} ({to})", address=peer, description=part + what, basis=Basis(request.basis),
        purpose=PurposeOfUse(request.purpose), channel=request.delivery, by=reference(actor), now=now, place=place,
        request=request, manifest_sha256=package.manifest_sha256,
    )  # fmt: skip
