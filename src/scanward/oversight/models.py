"""Tasks for the privacy officer, incidents, and reviews of who has access."""

import uuid

from django.db import models
from django.db.models import F, Q

from scanward.access.models import BrokenGlass
from scanward.oversight.kinds import AnomalyRule, IncidentOrigin, Safeguard, TaskOutcome
from scanward.people.models import Account, Patient, RoleAssignment


class ReviewTask(models.Model):
    """Something unusual in the ledger that a person has to look at (K10)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.CharField(max_length=32, choices=[(rule.value, rule.value) for rule in AnomalyRule])
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="review_tasks")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    # What makes it one case: the rule finds the same thing again at its next run.
    fingerprint = models.CharField(max_length=200, unique=True)
    count = models.PositiveIntegerField()
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, blank=True, choices=[(one.value, one.value) for one in TaskOutcome])
    words = models.TextField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=F("account")), name="nobody_decides_about_themselves")
        ]
        ordering = ["due_at"]

    def __str__(self) -> str:
        return str(self.id)


class Incident(models.Model):
    """Something that may have been wrong with somebody's data; whether it is a breach is decided later (N8)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    origin = models.CharField(max_length=16, choices=[(one.value, one.value) for one in IncidentOrigin])
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    glass = models.OneToOneField(BrokenGlass, on_delete=models.PROTECT, null=True, related_name="incident")
    task = models.OneToOneField(ReviewTask, on_delete=models.PROTECT, null=True, related_name="incident")
    words = models.TextField(max_length=1000)
    # When the house knew, or could have known: the clocks of 45 CFR 164.404(b) start here.
    discovered_at = models.DateTimeField()
    opened_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class AccessReview(models.Model):
    """A round in which somebody looks at every role that is in force and signs what stays (K7)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    signed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    # SHA-256 over the lines as they were signed.
    evidence = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class AccessReviewLine(models.Model):
    """One role of one person in a review: when it was last used, and whether it stays."""

    review = models.ForeignKey(AccessReview, on_delete=models.PROTECT, related_name="lines")
    assignment = models.ForeignKey(RoleAssignment, on_delete=models.PROTECT, related_name="+")
    last_use = models.DateTimeField(null=True, blank=True)
    keep = models.BooleanField(null=True)
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "assignment"], name="one_line_per_role")]


class SafeguardCheck(models.Model):
    """Somebody looked at one physical safeguard, and says what was found (O6); never changed, only followed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    safeguard = models.CharField(max_length=32, choices=[(one.value, one.value) for one in Safeguard])
    fine = models.BooleanField()
    words = models.TextField(max_length=1000, blank=True)
    by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["safeguard", "-at"])]
        ordering = ["-at"]

    def __str__(self) -> str:
        return str(self.id)
