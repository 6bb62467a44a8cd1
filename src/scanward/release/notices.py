"""E-mails that say that there is news, and nothing else: no name, no scan, no number (I13, fault C23)."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from scanward.people.models import Account

logger = logging.getLogger(__name__)


def news(account: Account | None) -> None:
    """Tell somebody, when the transaction has committed, that there is something to read after signing in."""
    if account is not None and account.is_active and account.email:
        transaction.on_commit(lambda: _send(account))


def _send(account: Account) -> None:
    """Send it; a mail server that is down holds nothing up, for the news itself is in the portal."""
    with override(account.language):
        subject = _("There is news for you")
        body = _("Sign in to read it: {address}").format(address=settings.PUBLIC_ADDRESS)
    try:
        send_mail(subject, f"{body}\n", settings.DEFAULT_FROM_EMAIL, [account.email])
    except (SMTPException, OSError):
        logger.warning("a notice could not be sent")
