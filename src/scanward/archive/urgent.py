"""Early notice of an urgent finding (H9): by e-mail to who ordered the examination; the mail itself says nothing.

The mail is a job of the worker, written in the transaction that has the report: it is sent if and only if that is
kept, and a mail server that is down holds up no report.
"""

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from scanward.archive.models import Report
from scanward.people.kinds import CareKind, Role
from scanward.people.models import Account, CareRelation, Patient, PatientLink

logger = logging.getLogger(__name__)
# Who has to find somebody, where nobody is known who treats the patient.
LEADS: Final = (Role.HIM_LEAD, Role.PRIVACY_OFFICER)


def tell(report: Report, *, now: datetime) -> int:
    """Have the mails sent; return how many people are told. Called in the transaction that keeps the report."""
    people = whom(report.study.patient, now=now)
    for account in people:
        send.enqueue(str(account.pk))
    if settings.URGENT_TELLS_PATIENT:
        for link in PatientLink.objects.filter(patient=report.study.patient_id, ended_at=None):
            send_to_patient.enqueue(str(link.account_id))
    return len(people)


def whom(patient: Patient, *, now: datetime) -> list[Account]:
    """Return who ordered; or else who treats the patient; or else who has to find somebody, the records leads first."""
    if found := treating(patient, now=now):
        return found
    leads = [account for role in LEADS for account in Account.objects.holding((role,), now=now)]
    return list(dict.fromkeys(leads))


def treating(patient: Patient, *, now: datetime) -> list[Account]:
    """Return the clinicians who ordered for the patient, or else all who treat the patient now."""
    in_force = Q(valid_until=None) | Q(valid_until__gt=now)
    care = CareRelation.objects.filter(in_force, patient=patient, valid_from__lte=now)
    return _accounts(care.filter(kind=CareKind.ORDERING.value)) or _accounts(care)


def _accounts(care: QuerySet[CareRelation]) -> list[Account]:
    return list(Account.objects.filter(care_relations__in=care, is_active=True).distinct())


@task()
def send(account_id: str) -> None:
    """Tell a member of staff that there is something urgent to read; no name, no number (I13)."""
    _mail(account_id, urgent=True)


@task()
def send_to_patient(account_id: str) -> None:
    """Tell the patient that there is news; not that it is urgent: that is for a person to say."""
    _mail(account_id, urgent=False)


def _mail(account_id: str, *, urgent: bool) -> None:
    account = Account.objects.filter(pk=account_id, is_active=True).first()
    if account is None or not account.email:
        return
    with override(account.language):
        subject = _("An urgent result waits for you") if urgent else _("There is news for you")
        body = _("Sign in to read it: {address}").format(address=settings.PUBLIC_ADDRESS)
    try:
        send_mail(subject, f"{body}\n", settings.DEFAULT_FROM_EMAIL, [account.email])
    except (SMTPException, OSError):
        # The job fails, and is seen to have failed; the worklist shows the mark in any event.
        logger.error("an urgent notice could not be sent")
        raise
