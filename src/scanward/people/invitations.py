"""Opens accounts for people whom somebody at the desk has met, and tells them how to begin."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from scanward.audit.event import ActorRef, Place
from scanward.people.actions import NotAllowed, create_account
from scanward.people.models import Account


def account_for(email: str, full_name: str, *, actor: ActorRef, place: Place, now: datetime) -> Account:
    """Return the account with this address; a new one is made and invited if there is none.

    Raises:
        NotAllowed: the address or the name is missing, or the account was closed.
    """
    address, name = email.strip().lower(), " ".join(full_name.split())[:200]
    found = Account.objects.filter(email=address).first()
    if found is not None and not found.is_active:
        raise NotAllowed(_("This account was closed."))
    if found is not None:
        return found
    if not is_address(address) or not name:
        raise NotAllowed(_("Nobody has this e-mail address here yet. To open an account, fill in address and name."))
    with transaction.atomic():
        made = create_account(email=address, full_name=name, password=None, actor=actor, place=place, now=now)
        transaction.on_commit(lambda: invite(address))
    return made


def is_address(text: str) -> bool:
    """Return whether the text is an e-mail address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def invite(address: str) -> None:
    """Tell somebody how to begin; the mail has no secret: the code for a password comes when it is asked for."""
    send_mail(
        _("Your account is ready"),
        _('Open the sign-in page, choose "I forgot my password", and enter this e-mail address. You get a code there.'),
        None,
        [address],
    )
