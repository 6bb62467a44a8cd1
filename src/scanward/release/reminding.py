"""Reminds who wants it to look again at the links and permissions that are open (D13)."""

from datetime import date, datetime, timedelta

from scanward.access.actions import atomic
from scanward.law.days import first_instant
from scanward.people.kinds import MailKind
from scanward.people.models import PatientLink
from scanward.release import house, notices
from scanward.release.models import Authorization, Share

BEFORE = timedelta(days=7)
AGAIN = timedelta(days=90)


def remind(*, now: datetime) -> int:
    """Send each person one mail for all that is due, and return how many people were told."""
    with atomic():
        people = {share.created_by for share in _links(now)} | {
            link.account for permission in _permissions(now) for link in _who_wants(permission)
        }
        for account in people:
            notices.news(account, MailKind.REMINDERS)
    return len(people)


def is_due(last: datetime, ends: datetime | None, *, now: datetime) -> bool:
    """Whether a reminder is due: a week before the end, and every three months while it is open."""
    return last <= now - AGAIN or (ends is not None and last < ends - BEFORE <= now)


def _links(now: datetime) -> list[Share]:
    """The open links whose makers are reminded now; they are marked."""
    rows = Share.objects.filter(revoked_at=None, expires_at__gt=now, created_by__mails_reminders=True)
    due = [row for row in rows.select_related("created_by") if is_due(_last(row), row.expires_at, now=now)]
    Share.objects.filter(pk__in=[row.pk for row in due]).update(reminded_at=now)
    return due


def _permissions(now: datetime) -> list[Authorization]:
    """The permissions that hold and whose patients are reminded now; they are marked."""
    wanting = PatientLink.objects.filter(ended_at=None, account__mails_reminders=True).values("patient_id")
    rows = Authorization.objects.filter(patient_id__in=wanting, revoked_at=None, ended_at=None, signed_on__isnull=False)
    due = [row for row in rows if is_due(_last(row), _end(row.expires_on), now=now)]
    Authorization.objects.filter(pk__in=[row.pk for row in due]).update(reminded_at=now)
    return due


def _who_wants(permission: Authorization) -> list[PatientLink]:
    links = PatientLink.objects.filter(patient=permission.patient, ended_at=None, account__mails_reminders=True)
    return list(links.select_related("account"))


def _last(row: Share | Authorization) -> datetime:
    """When somebody was last made to look at it."""
    return row.reminded_at or row.created_at


def _end(day: date | None) -> datetime | None:
    return first_instant(day, house.zone()) if day else None
