"""Accounts, their roles, and the devices they sign in from."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from scanward.people.kinds import MailKind, ProposalKind, Role


def in_force(since: datetime, ended: datetime | None, *, now: datetime) -> bool:
    """Return whether what began holds at this time; what was ended stays so, also when the clock is set back (D10)."""
    return since <= now and ended is None


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts; e-mail addresses are compared in lower case."""

    def holding(self, roles: Iterable[Role], *, now: datetime) -> "models.QuerySet[Account]":
        """Return the active accounts that hold one of these roles now."""
        held = RoleAssignment.objects.filter(
            role__in=[role.value for role in roles], valid_from__lte=now, ended_at=None
        )
        return self.filter(assignments__in=held, is_active=True).distinct()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        """Make an account that can sign in."""
        account = self.model(email=email.strip().lower(), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def get_by_natural_key(self, username: str | None) -> "Account":
        """Return the account with this e-mail address."""
        return self.get(email=(username or "").strip().lower())


class Account(AbstractBaseUser):
    """One person who can sign in; never shared (K2)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    full_name = models.CharField(_("name"), max_length=200)
    language = models.CharField(max_length=8, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When the person last said that the contact details are right; asked once a year (I12).
    contact_confirmed_at = models.DateTimeField(null=True, blank=True)
    # When the person last went through the links and apps that are open; asked every three months (I11).
    links_reviewed_at = models.DateTimeField(null=True, blank=True)
    # Of what an e-mail tells (I13). What the law has us write (an extension, a denial) is told unless she says no.
    mails_requests = models.BooleanField(default=True)
    mails_links = models.BooleanField(default=True)
    mails_reminders = models.BooleanField(default=False)
    mails_reports = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects = AccountManager()

    def __str__(self) -> str:
        return str(self.id)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the address in lower case."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def wants_mail(self, kind: MailKind) -> bool:
        """Return whether an e-mail tells the person of this."""
        chosen = {
            MailKind.REQUESTS: self.mails_requests,
            MailKind.LINKS: self.mails_links,
            MailKind.REMINDERS: self.mails_reminders,
            MailKind.REPORTS: self.mails_reports,
        }
        return chosen[kind]

    def roles_at(self, now: datetime) -> frozenset[Role]:
        """Return the staff roles that are in force."""
        rows = RoleAssignment.objects.filter(account_id=self.pk).values_list("role", "valid_from", "ended_at")
        return frozenset(Role(role) for role, since, ended in rows if in_force(since, ended, now=now))


class RoleAssignment(models.Model):
    """A staff role that someone gave to an account, from and until a time."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=32, choices=[(role.value, role.value) for role in Role])
    assigned_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    valid_from = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role"], condition=Q(ended_at=None), name="one_open_assignment_per_role"
            )
        ]


class Proposal(models.Model):
    """What one administrator wants and another one has to approve: a role, or a new second factor (K1, K3)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in ProposalKind])
    # None: the person gets an account when it is approved.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="proposals")
    email = models.EmailField()
    full_name = models.CharField(max_length=200)
    role = models.CharField(max_length=32, blank=True, choices=[(role.value, role.value) for role in Role])
    reason = models.CharField(max_length=300, blank=True)
    proposed_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    approved = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=models.F("proposed_by")), name="proposal_takes_two_people")
        ]
        ordering = ["proposed_at"]

    def __str__(self) -> str:
        return str(self.id)


class KnownDevice(models.Model):
    """A browser and a network from which an account has signed in; a new one is told to the person (I9)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="devices")
    # A digest: the list of devices would tell where somebody was.
    device = models.CharField(max_length=64)
    network = models.CharField(max_length=64)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "device", "network"], name="one_row_per_device")]
