"""Notices a sign-in from a device or a network that is new, and tells the person (I9)."""

import ipaddress
from datetime import datetime

from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.people.models import Account, KnownDevice
from scanward.people.seals import digest


def notice(account: Account, *, place: Place, now: datetime) -> bool:
    """Remember the device; return whether it is new to an account that had one before, and then tell the person."""
    device, network = _digest(account, place.agent), _digest(account, network_of(place.address))
    with transaction.atomic():
        known = KnownDevice.objects.filter(account=account)
        is_first = not known.exists()
        _row, new = known.update_or_create(
            account=account,
            device=device,
            network=network,
            defaults={"last_seen": now},
            create_defaults={
                "account": account,
                "device": device,
                "network": network,
                "first_seen": now,
                "last_seen": now,
            },
        )
        if is_first or not new:
            return False
        record(
            EventKind.NEW_DEVICE,
            actor=ActorRef(str(account.id), account.full_name, ""),
            subject=SubjectRef(SubjectKind.ACCOUNT, str(account.id)),
            purpose=None,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
        )
    transaction.on_commit(lambda: _tell(account.email))
    return True


def network_of(address: str) -> str:
    """Return the neighbourhood of an address: people's addresses change within it every day."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((known, 24 if known.version == 4 else 48), strict=False))


def _digest(account: Account, text: str) -> str:
    """Return what is kept: enough to know it again, for this account only."""
    return digest(f"{account.id}:{text}", purpose="known devices")


def _tell(address: str) -> None:
    """Write to the person; the mail says nothing about the record."""
    send_mail(
        _("New sign-in to your account"),
        _(
            "Somebody signed in to your account from a device or place that we have not seen before."
            " If that was you, there is nothing to do."
            ' If it was not, sign in, open "Sign-in and security", sign out everywhere and change your password.'
        ),
        None,
        [address],
    )
