"""What was built, what was delivered, and to whom it was disclosed."""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

from scanward.law import accounting
from scanward.law.bases import Basis
from scanward.people.models import Account, Patient
from scanward.release.models.requests import Recipient, ReleaseRequest
from scanward.release.ways import Arrival


class ReleasePackage(models.Model):
    """A built copy: its hash list and signature are fixed, its bytes are made again at each sending (D8)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="packages")
    built_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    built_at = models.DateTimeField()
    language = models.CharField(max_length=8)
    images = models.BooleanField()
    # The reports that go along, by id: one held back by law is left out.
    report_ids = models.JSONField(default=list)
    encrypted = models.BooleanField()
    # With the seed, the same package is the same bytes at each sending; both go when it expires.
    passphrase = models.CharField(max_length=64, blank=True)
    seed = models.BinaryField(max_length=32)
    files = models.PositiveIntegerField()
    size = models.BigIntegerField()
    # The manifest as it was signed: names, sizes, SHA-256 of each file (G19).
    manifest = models.BinaryField()
    manifest_sha256 = models.CharField(max_length=64)
    checked_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    check_note = models.CharField(max_length=400, blank=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-built_at"]

    def __str__(self) -> str:
        return str(self.id)


class Disclosure(models.Model):
    """One disclosure: who got what, why, on which basis, when. Made by `disclosures.disclose` and by nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="disclosures")
    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, null=True, related_name="disclosures")
    share = models.ForeignKey("release.Share", on_delete=models.PROTECT, null=True, related_name="disclosures")
    recipient = models.CharField(max_length=300)
    address = models.CharField(max_length=500, blank=True)
    description = models.CharField(max_length=500)
    purpose = models.CharField(max_length=300)
    # Empty: it was impermissible, and counts.
    basis = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=24)
    study_ids = models.JSONField(default=list)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["patient", "-at"])]

    def __str__(self) -> str:
        return str(self.id)

    def as_law(self) -> accounting.Disclosure:
        """The row as the accounting reads it."""
        return accounting.Disclosure(
            at=self.at,
            recipient=self.recipient,
            address=self.address,
            description=self.description,
            purpose=self.purpose,
            basis=Basis(self.basis) if self.basis else None,
        )

    @property
    def accountable(self) -> bool:
        """Whether it counts in the accounting of 164.528; derived, never stored."""
        return accounting.exclusion(self.as_law(), zone=ZoneInfo(settings.FACILITY_TIME_ZONE)) is None


class Delivery(models.Model):
    """One sending or handing over, with its proof (G19)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="deliveries")
    package = models.ForeignKey(ReleasePackage, on_delete=models.PROTECT, related_name="deliveries")
    way = models.CharField(max_length=24, choices=[(way.value, way.value) for way in Arrival])
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, null=True, related_name="+")
    recipient_name = models.CharField(max_length=200)
    address = models.CharField(max_length=400, blank=True)
    disclosure = models.ForeignKey(Disclosure, on_delete=models.PROTECT, related_name="+")
    tracking = models.CharField(max_length=64, blank=True)
    # How the person who picked it up was identified, and the name they signed with (G10).
    identified_by = models.CharField(max_length=200, blank=True)
    receipt_signature = models.CharField(max_length=200, blank=True)
    passphrase_by = models.CharField(max_length=16, blank=True)
    # The recipient's certificate (PEM), where it went as S/MIME.
    certificate = models.TextField(blank=True)
    # When the mail server had it; empty for what goes another way, and for a mail whose sender died (fault D8).
    posted_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at"]


class TransferState(models.TextChoices):
    """How far a transfer to another hospital has come."""

    WAITING = "waiting"
    RUNNING = "running"
    # It broke off; what the other side has acknowledged is not sent again.
    FAILED = "failed"
    # What it rested on ended, or it can't go on.
    STOPPED = "stopped"
    DONE = "done"


class Transfer(models.Model):
    """One transfer to another hospital, done by the worker; which objects were acknowledged is kept, so it resumes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="transfers")
    package = models.ForeignKey(ReleasePackage, on_delete=models.PROTECT, related_name="transfers")
    started_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    # Where the person was, as the ledger keeps it.
    place = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=TransferState.choices, default=TransferState.WAITING)
    total = models.PositiveIntegerField(default=0)
    # The UIDs that the other side says it has stored.
    held = models.JSONField(default=list)
    # How many of them the register of disclosures has been told of.
    told = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    touched_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=models.Q(state__in=[TransferState.WAITING, TransferState.RUNNING]),
                name="one_transfer_of_a_request_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def sent(self) -> int:
        """How many objects the other side has acknowledged."""
        return len(self.held)


class Custody(models.Model):
    """One link of a medium's chain of custody: who held it, from whom, when (O1)."""

    package = models.ForeignKey(ReleasePackage, on_delete=models.PROTECT, related_name="custody")
    serial = models.CharField(max_length=64)
    label = models.CharField(max_length=120)
    holder = models.CharField(max_length=200)
    received_from = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
