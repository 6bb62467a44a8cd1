"""E-mails that say that there is news, and nothing else: no name, no scan, no number (I13, fault C23)."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from scanward.people.kinds import MailKind
from scanward.people.models import Account

logger = logging.getLogger(__name__)


def news(account: Account | None, kind: MailKind | None = None) -> None:
    """Tell somebody, when the transaction has committed, that there is something to read after signing in.

    With a kind only who wants to be told of it by e-mail; without one it is somebody's work, and always told.
    """
    if account is not None and account.is_active and account.email and (kind is None or account.wants_mail(kind)):
        transaction.on_commit(lambda: _send(account, kind))


def _send(account: Account, kind: MailKind | None) -> None:
    """Send it; a mail server that is down holds nothing up, for the news itself is in the portal."""
    with override(account.language):
        subject, body = _words(kind)
    try:
        send_mail(subject, f"{body}\n", settings.DEFAULT_FROM_EMAIL, [account.email])
    except (SMTPException, OSError):
        logger.warning("a notice could not be sent")


def _words(kind: MailKind | None) -> tuple[str, str]:
    """What the mail says, and where its reader chooses another time not to be told."""
    signed_in = _("Sign in to read it: {address}").format(address=settings.PUBLIC_ADDRESS)
    if kind is None:
        return _("There is news for you"), signed_in
    choose = _('You choose which e-mails you get: sign in and open "Sign-in and security".')
    if kind is MailKind.REMINDERS:
        look = _("Look again: who may still see my records? Sign in: {address}")
        return _("Look at who may see my records"), f"{look.format(address=settings.PUBLIC_ADDRESS)}\n\n{choose}"
    return _("There is news for you"), f"{signed_in}\n\n{choose}"
