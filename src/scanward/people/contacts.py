"""Addresses on file: how the house reaches a patient, and who is told when one changes (I12, 45 CFR 164.522(b))."""

from datetime import datetime

from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from scanward.audit.event import ActorRef, Detail, Place
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.people.actions import NotAllowed, note
from scanward.people.invitations import is_address
from scanward.people.kinds import ContactSystem
from scanward.people.models import ContactPoint, Patient, PatientLink


def change_contact(
    patient: Patient,
    system: ContactSystem,
    value: str,
    *,
    confidential: bool,
    actor: ActorRef,
    place: Place,
    now: datetime,
) -> ContactPoint:
    """Put an address on file in place of the one before; that one is told, and so is the patient's account.

    Raises:
        NotAllowed: there is no address, or it is none.
    """
    said = " ".join(value.split())[:300]
    if not said or (system is ContactSystem.EMAIL and not is_address(said)):
        raise NotAllowed(_("Type the whole address."))
    with transaction.atomic():
        before = ContactPoint.objects.filter(patient=patient, system=system.value, confidential=confidential)
        tell = {row.value for row in before if system is ContactSystem.EMAIL and row.value != said}
        before.delete()
        made = ContactPoint.objects.create(
            patient=patient, system=system.value, value=said, confidential=confidential, since=now
        )
        # Which address it is stays out of the ledger.
        detail: Detail = {"system": system.value}
        note(
            EventKind.CONTACT_CHANGED,
            SubjectKind.PATIENT,
            patient.id,
            patient=patient,
            actor=actor,
            place=place,
            now=now,
            detail=detail,
        )
        links = PatientLink.objects.filter(patient=patient, ended_at=None)
        tell |= set(links.values_list("account__email", flat=True))
        transaction.on_commit(lambda: _tell(sorted(tell)))
    return made


def _tell(addresses: list[str]) -> None:
    """Write to the address before and to the account; the mail says nothing about the record."""
    for address in addresses:
        send_mail(
            _("Your contact details were changed"),
            _(
                "The address under which we reach you was changed. If you asked for that, there is nothing to do."
                " If you did not, please call us."
            ),
            None,
            [address],
        )
