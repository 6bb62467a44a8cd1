"""Copies that go by e-mail: sent when the delivery is committed, and again if the sender died in between (fault D8)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from scanward.access.actions import AccessRefused, atomic
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import EventKind
from scanward.bundles import smime
from scanward.bundles.aes_zip import Aes256
from scanward.bundles.zip_stream import ZipStream
from scanward.law.errors import Unlawful
from scanward.people.kinds import MailKind
from scanward.release import letters, notices, sharing
from scanward.release.actions.preparing import clerk_permit, laid_out
from scanward.release.contents import Download, Permit, locked_pdf
from scanward.release.kinds import Event, State
from scanward.release.machine import NotNow
from scanward.release.models import Delivery, ReleasePackage, ReleaseRequest
from scanward.release.moving import check_still, lock, move, tell
from scanward.release.ways import MAILBOX, Medium

# A mail that was not handed over for so long has lost its sender.
STILL_AFTER = timedelta(minutes=15)


class SealedMail(EmailMessage):
    """A mail that goes as S/MIME where there is a certificate: outside are the addresses and the subject only."""

    certificate = ""

    def message(self, *args: Any, **kwargs: Any) -> Any:
        """Return the message, sealed if it has to be."""
        plain = super().message(*args, **kwargs)
        return smime.sealed(plain, self.certificate) if self.certificate else plain


def send(sent: Delivery, *, place: Place) -> None:
    """Make the mail now, and hand it to the mail server when the delivery is committed."""
    transaction.on_commit(partial(_post, _mail(sent, place=place), sent, place))


def send_again(*, now: datetime) -> int:
    """Send what was written down as delivered, and whose sender died before the mail server had it.

    At worst somebody gets the same encrypted file twice; nothing goes out for a request that was stopped meanwhile.
    """
    place, by, count = Place("", agent="worker"), ActorRef.system("release"), 0
    lost = Delivery.objects.filter(way__in=MAILBOX, posted_at=None, returned_at=None, at__lt=now - STILL_AFTER)
    alive = lost.filter(request__state=State.DELIVERED.value, package__ended_at=None)
    for sent in alive.select_related("request", "package", "sent_by"):
        try:
            with atomic():
                check_still(sent.request, now=now)
                if letters.destination(sent.request)[1] != sent.address:
                    raise Unlawful("The patient is reached somewhere else now.", "45 CFR 164.522(b)(1)(i)")
                detail = {"step": "sent again", "package": str(sent.package_id)}
                tell(lock(sent.request), EventKind.DELIVERED, by=by, now=now, place=place, detail=detail)
                send(sent, place=place)
            count += 1
        except (Unlawful, AccessRefused, NotNow):
            with atomic():
                came_back(lock(sent.request), note="It could not be sent.", by=by, now=now, place=place)
    return count


def came_back(row: ReleaseRequest, *, note: str, by: ActorRef, now: datetime, place: Place) -> None:
    """Note on a locked request that what was sent did not arrive."""
    row.deliveries.filter(returned_at=None).update(returned_at=now)
    row.answered_at = None
    # The link that reached nobody, or somebody else, opens nothing any more.
    sharing.end_of(row, by=by, now=now, place=place)
    move(row, Event.MAIL_RETURNED, EventKind.DELIVERY_FAILED, by=by, now=now, place=place, note=note, public=True)
    notices.news(row.requester, MailKind.REQUESTS)


def open_for(package: ReleasePackage, permit_: Permit, *, plain: bool = False) -> Download:
    """The package's bytes, the same at each sending: encrypted with its own passphrase where it travels.

    `plain` leaves that to the envelope around it.
    """
    locked = package.encrypted and not plain
    body = Aes256(package.passphrase, seed=bytes(package.seed)) if locked else None
    zipped = ZipStream(laid_out(package, permit_), at=package.built_at, check=permit_.check, body=body)
    return Download(zipped.size, zipped.tag, zipped.iterate)


def locked_reports(package: ReleasePackage, permit_: Permit) -> Iterator[tuple[str, bytes]]:
    """The package's reports, each a PDF that opens with its passphrase: a telephone opens it, and a ZIP it may not.

    Raises:
        Unlawful: one is a PDF with a lock of its own.
    """
    for member in laid_out(package, permit_):
        if member.name.startswith("report/"):
            with member.open() as stream:
                yield member.name.removeprefix("report/"), locked_pdf(stream.read(), package.passphrase)


def _mail(sent: Delivery, *, place: Place) -> SealedMail:
    """Put the mail together; its subject and text say nothing about anybody."""
    assert sent.sent_by
    permit_ = clerk_permit(sent.package, sent.sent_by, place=place)
    mail = SealedMail(
        "Your records", "The records that you asked for are attached.\n", settings.DEFAULT_FROM_EMAIL, [sent.address]
    )
    if sent.request.medium == Medium.LOCKED_PDF.value and not sent.certificate:
        for name, locked in locked_reports(sent.package, permit_):
            mail.attach(name, locked, "application/pdf")
    else:
        whole = b"".join(open_for(sent.package, permit_, plain=bool(sent.certificate)).iterate(0, None))
        mail.attach("records.zip", whole, "application/zip")
    mail.certificate = sent.certificate
    return mail


def _post(mail: EmailMessage, sent: Delivery, place: Place) -> None:
    """Hand the mail to the mail server; what it does not take has come back, and is sent again from there."""
    now, by = timezone.now(), ActorRef.system("release")
    try:
        mail.send()
    except (SMTPException, OSError):
        with atomic():
            came_back(lock(sent.request), note="The mail server did not take it.", by=by, now=now, place=place)
    else:
        Delivery.objects.filter(pk=sent.pk).update(posted_at=now)
