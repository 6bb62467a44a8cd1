"""Delivery: the last look, the proof, the row in the register, and the passphrase by another channel."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action, Actor
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.bundles import smime
from scanward.bundles.labels import plain_label
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.prompts import may_mail_plainly
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account
from scanward.release import house, letters, sharing
from scanward.release.actions import mailing
from scanward.release.actions.following import follow
from scanward.release.actions.preparing import current_package, is_held
from scanward.release.disclosures import described, disclose
from scanward.release.kinds import Event
from scanward.release.models import Authorization, Custody, Delivery, Disclosure, ReleasePackage, ReleaseRequest
from scanward.release.moving import lock, move, permit, tell
from scanward.release.ways import MAILBOX, ON_MEDIA, Arrival, Medium

# What a mailbox takes; images go another way.
MAILBOX_BYTES = 20 * 1024 * 1024
_LETTER = {
    Arrival.PORTAL: "download",
    Arrival.LINK: "download",
    Arrival.EMAIL: "encrypted_zip",
    Arrival.PLAIN_EMAIL: "download",
    Arrival.MAIL: "media",
    Arrival.PICKUP: "media",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """What the desk notes when something leaves: tracking, serial of the medium, who picked it up and their proof."""

    tracking: str = ""
    serial: str = ""
    identified_by: str = ""
    signature: str = ""
    # phone, mail or message: never the way that the package itself goes.
    passphrase_by: str = ""
    passcode: str = ""
    # The recipient's certificate (PEM): the mail then goes as S/MIME, and needs no passphrase.
    certificate: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """The proof, and what the desk needs once: the link's address, the passphrase to say on the telephone."""

    delivery: Delivery
    secret: str = ""
    passphrase: str = ""


def deliver(request: ReleaseRequest, over: HandOver, *, by: Account, now: datetime, place: Place) -> Delivered:
    """Send it, hand it over, or open it in the portal; with its row in the register and its proof (G19, L6).

    Raises:
        Unlawful: the way of delivery lacks something, or a restriction or the address forbids it.
        NotNow: basis, grant, second-person check or a valid authorization is missing.
    """
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        package = current_package(row, by=by, now=now, place=place)
        _check_way(row, package, over)
        row.answered_at = now
        move(
            row, Event.DELIVER, EventKind.DELIVERED, by=actor, now=now, place=place, public=True, detail=_proof(package)
        )
        name, address = letters.destination(row)
        disclosed = _register(row, package, name, address, actor=actor, now=now, place=place)
        sent = _record(row, package, over, disclosed, by=by, now=now)
        secret = _by_link(row, over, by=by, now=now, place=place) if row.delivery == Arrival.LINK.value else ""
        if Arrival(row.delivery) in ON_MEDIA and row.medium != Medium.PAPER.value:
            hand_on(package, over, to=name, actor=actor, now=now, place=place)
        letters.send("delivery", _values(row, package, over), request=row, by=reference(actor), now=now, place=place)
        if row.delivery in MAILBOX:
            mailing.send(sent, place=place)
            _report_later(row, package, by=actor, now=now, place=place)
    return Delivered(sent, secret, "" if over.certificate else package.passphrase)


def _report_later(request: ReleaseRequest, package: ReleasePackage, *, by: Actor, now: datetime, place: Place) -> None:
    """Have a report that a law holds back follow by e-mail; a link and the portal show it by themselves (T8).

    The legal date is that of the request: no law that holds a report moves it.
    """
    if Item.REPORT not in request.granted_items or not is_held(request, now=now) or not package.images:
        return
    because = gettext("A law held the report back until now.")
    assert request.received_at
    items = frozenset({Item.REPORT})
    follow(request, items, because=because, received_at=request.received_at, by=by, now=now, place=place)


def warn_plain_email(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> None:
    """Write down that the patient was told that others could read plain e-mail, and still wants it (G17, T10).

    Raises:
        Unlawful: the copy goes to somebody else; only the patient may choose that risk.
    """
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.recipient is not None:
            raise Unlawful("Only the patient may choose plain e-mail, for her own copy.", "45 CFR 164.524(c)(2)(i)")
        row.plain_email_warned_at = now
        row.save(update_fields=["plain_email_warned_at"])
        detail = {"plain_email": "warned, and still wanted"}
        tell(row, EventKind.REQUEST_CHANGED, by=reference(actor), now=now, place=place, detail=detail)


def mail_returned(request: ReleaseRequest, *, by: Account, note: str, now: datetime, place: Place) -> None:
    """The parcel came back; what was disclosed is noted as not received, and the address is asked for."""
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        mailing.came_back(row, note=note, by=reference(actor), now=now, place=place)
        if last := Custody.objects.filter(package__request=row).last():
            Custody.objects.create(
                package=last.package, serial=last.serial, label=last.label, holder=actor.display,
                received_from=last.holder, note=note[:200], at=now,
            )  # fmt: skip


def readdress(request: ReleaseRequest, *, by: Account, address: str, now: datetime, place: Place) -> None:
    """Send it again, to another address; who typed it is not who checks it."""
    if not address.strip():
        raise Unlawful("Give the new address.", "45 CFR 164.524(c)(3)(i)")
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        if row.recipient is None:
            row.contact = address.strip()
        else:
            row.recipient.address, row.recipient.confirmed_at, row.recipient.confirmed_by = address.strip(), None, None
            row.recipient.save(update_fields=["address", "confirmed_at", "confirmed_by"])
        move(row, Event.READDRESS, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place, builder=str(by.pk))


def hand_on(package: ReleasePackage, over: HandOver, *, to: str, actor: Actor, now: datetime, place: Place) -> None:
    """Write the next link of a medium's chain of custody (G9, O1)."""
    last = package.custody.order_by("-at", "-id").first()
    Custody.objects.create(
        package=package,
        serial=over.serial or (last.serial if last else str(package.pk)[:8]),
        label=media_label(package),
        holder=to,
        received_from=last.holder if last else actor.display,
        note=over.tracking or over.identified_by,
        at=now,
    )
    record(
        EventKind.MEDIA_HANDED_OVER,
        actor=reference(actor),
        subject=SubjectRef(SubjectKind.MEDIA, str(package.pk), patient=str(package.request.patient_id)),
        purpose=PurposeOfUse.RECORDS,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
    )


def media_label(package: ReleasePackage) -> str:
    """The label of a disc or stick: date and body part, and no name (G15)."""
    studies = package.request.studies.order_by("performed_at")
    parts = [
        f"{house.today(study.performed_at)} {plain_label(f'{study.body_part} {study.description}', otherwise='ct')}"
        for study in studies
        if study.performed_at
    ]
    return "; ".join(parts)[:120] or "CT"


def _check_way(request: ReleaseRequest, package: ReleasePackage, over: HandOver) -> None:
    """What each way of delivery needs before something leaves."""
    way, (_name, address) = Arrival(request.delivery), letters.destination(request)
    lacking = {
        "the address": way in (Arrival.MAIL, Arrival.EMAIL, Arrival.PLAIN_EMAIL) and not address.strip(),
        "the tracking number": way is Arrival.MAIL and not over.tracking.strip(),
        "how the person was identified": way is Arrival.PICKUP and not over.identified_by.strip(),
        "the signed receipt": way is Arrival.PICKUP and not over.signature.strip(),
        "how the passphrase goes, by another way than the package": package.encrypted
        and not over.certificate
        and over.passphrase_by not in ("phone", "message", "portal", *(("mail",) if way is not Arrival.MAIL else ())),
        "the last day of the link": way is Arrival.LINK and over.expires_at is None,
    }
    if found := [what for what, missing in lacking.items() if missing]:
        raise Unlawful(f"Before it can leave, it needs {'; '.join(found)}.", "45 CFR 164.530(c)(1)")
    if way is Arrival.PORTAL and request.recipient_id is not None:
        raise Unlawful("The portal shows a copy to you alone. Choose a link for others.", "45 CFR 164.524(c)(3)")
    if way is Arrival.EXCHANGE:
        raise Unlawful("Choose to which hospital it goes.", "45 CFR 164.524(c)(2)")
    if over.certificate:
        _check_certificate(over.certificate, way, address)
    if way is Arrival.PLAIN_EMAIL and not may_mail_plainly(
        to_individual=request.recipient is None,
        warned=request.plain_email_warned_at is not None,
        still_wants_it=request.plain_email_warned_at is not None,
    ):
        raise Unlawful(
            "Plain e-mail goes only to the patient, who was warned and still wants it.", "45 CFR 164.524(c)(2)(i)"
        )
    if way in (Arrival.EMAIL, Arrival.PLAIN_EMAIL) and package.size > MAILBOX_BYTES:
        raise Unlawful("This is too large for a mailbox. Choose the portal, a link or a stick.", "45 CFR 164.524(c)(2)")


def _proof(package: ReleasePackage) -> dict[str, str | int]:
    """What the ledger keeps of a delivery: the package and the hash of its signed list."""
    return {"package": str(package.pk), "manifest": package.manifest_sha256, "files": package.files}


def _register(
    request: ReleaseRequest,
    package: ReleasePackage,
    name: str,
    address: str,
    *,
    actor: Actor,
    now: datetime,
    place: Place,
) -> Disclosure:
    """Write the row of the register."""
    studies = list(request.studies.select_related("patient"))
    return disclose(
        studies,
        recipient=name,
        address=address,
        description=described(images=package.images, report=bool(package.report_ids), studies=studies),
        basis=Basis(request.basis),
        purpose=PurposeOfUse(request.purpose),
        channel=request.delivery,
        by=reference(actor),
        now=now,
        place=place,
        request=request,
        manifest_sha256=package.manifest_sha256,
    )


def _record(
    request: ReleaseRequest,
    package: ReleasePackage,
    over: HandOver,
    disclosed: Disclosure,
    *,
    by: Account,
    now: datetime,
) -> Delivery:
    """Keep the proof of the delivery."""
    return Delivery.objects.create(
        request=request,
        package=package,
        way=request.delivery,
        recipient=request.recipient,
        recipient_name=disclosed.recipient[:200],
        address=disclosed.address[:400],
        disclosure=disclosed,
        tracking=over.tracking,
        identified_by=over.identified_by,
        receipt_signature=over.signature,
        passphrase_by=over.passphrase_by,
        certificate=over.certificate,
        sent_by=by,
        at=now,
    )


def _by_link(request: ReleaseRequest, over: HandOver, *, by: Account, now: datetime, place: Place) -> str:
    """Make the link that carries the delivery; its secret is shown once, to whom passes it on."""
    assert over.expires_at
    name, address = letters.destination(request)
    wanted = sharing.Wish(
        recipient_name=name,
        recipient_contact=address,
        studies=list(request.studies.all()),
        # What was granted, and not what was asked (D10).
        images=Item.IMAGES in request.granted_items,
        report=Item.REPORT in request.granted_items,
        series_ids=request.series_ids,
        may_download=True,
        passcode=over.passcode,
        max_uses=5,
        expires_at=over.expires_at,
        basis=Basis(request.basis),
        request=request,
        authorization=Authorization.objects.filter(request=request).first(),
    )
    return sharing.create(wanted, by=by, now=now, place=place).secret


def _check_certificate(pem: str, way: Arrival, address: str) -> None:
    """S/MIME goes by e-mail, and only to the address that the certificate names."""
    if way is not Arrival.EMAIL:
        raise Unlawful("A certificate is for encrypted e-mail only.", "45 CFR 164.312(e)(1)")
    try:
        smime.check(pem, address, now=timezone.now())
    except smime.BadCertificate as wrong:
        raise Unlawful(str(wrong), "45 CFR 164.312(e)(1)") from None


def _values(request: ReleaseRequest, package: ReleasePackage, over: HandOver) -> dict[str, object]:
    """What the letter with the delivery says."""
    studies = request.studies.order_by("performed_at")
    items = [
        {
            "date": house.today(study.performed_at),
            "what": plain_label(f"{study.body_part} {study.description}", otherwise="ct"),
            "files": package.files,
        }
        for study in studies
        if study.performed_at
    ]
    expires: date | None = house.today(package.expires_at) if request.delivery == Arrival.PORTAL.value else None
    return {
        "items": items,
        "delivery": "paper" if request.medium == Medium.PAPER.value else _LETTER[Arrival(request.delivery)],
        "passphrase_by": over.passphrase_by or None,
        "tracking": over.tracking or None,
        "expires": expires,
        "check_at": f"{settings.PUBLIC_ADDRESS}/check-a-download/",
        "qr": None,
    }
