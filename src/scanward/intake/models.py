"""Machines that bring records over the web, each with a key of its own; and what people bring by hand."""

import uuid

from django.db import models

from scanward.people.models import Account, Patient


class ServiceKey(models.Model):
    """A machine that may store. The key itself is shown once and never kept, only its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=64)
    # SHA-256 of a key with 256 random bits: there is nothing to guess, so nothing slow is needed.
    key_sha256 = models.CharField(max_length=64, unique=True)
    # Whose patient numbers its objects mean, where they don't say.
    issuer = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class UploadState(models.TextChoices):
    """How far an upload has come."""

    OPEN = "open"
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    # It broke off, and everything that was sent is still there: it may be tried again.
    STUCK = "stuck"
    ENDED = "ended"


class Upload(models.Model):
    """Files that a person sends over the web, from the first byte to the summary."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    # Whose scans they are, as the person says; none: the files say it, as with any import.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    # Records staff bring it: they have seen whose disc it is.
    by_staff = models.BooleanField()
    state = models.CharField(max_length=8, choices=UploadState.choices, default=UploadState.OPEN)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    # The parts that arrived whole, in their order; each is a folder of the spool.
    parts = models.JSONField(default=list)
    files = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    # How many files of it were looked at, and what became of what they hold.
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    studies = models.PositiveIntegerField(default=0)
    left_out = models.JSONField(default=list)
    # Why it broke off: the vault's word for it.
    problem = models.CharField(max_length=16, blank=True)
    # Where the person was, as the ledger keeps it: the work may be done later, by a worker.
    place = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["account", "-started_at"]), models.Index(fields=["state", "touched_at"])]

    def __str__(self) -> str:
        return str(self.id)


class WatchedDay(models.Model):
    """What came of the watched folder on one day (by the house's clock); no names of files, which may be of people."""

    day = models.DateField(unique=True)
    looked_at = models.DateTimeField()
    counts = models.JSONField(default=dict)
    # How often each reason for a refusal was met.
    reasons = models.JSONField(default=dict)
    # The last look broke off: the name of what happened.
    problem = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return str(self.day)


class RetrievalState(models.TextChoices):
    """How far a study has come that is fetched from a PACS."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    # It was tried as often as makes sense, or may not be done any more; a person may start it again.
    ENDED = "ended"


class Retrieval(models.Model):
    """A study that somebody has asked a PACS for, until all of it is here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    # Its name in the file of those that may be asked.
    pacs = models.CharField(max_length=64)
    study_instance_uid = models.CharField(max_length=64)
    description = models.CharField(max_length=200, blank=True)
    performed_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=RetrievalState.choices, default=RetrievalState.WAITING)
    tries = models.PositiveIntegerField(default=0)
    # How many objects the PACS says that it has, how many of them are here, which are not, and which can't be kept.
    expected = models.PositiveIntegerField(default=0)
    here = models.PositiveIntegerField(default=0)
    missing = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    problem = models.CharField(max_length=16, blank=True)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    place = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["patient", "-started_at"]), models.Index(fields=["state", "touched_at"])]

    def __str__(self) -> str:
        return str(self.id)
