"""What changes a decision and is nobody's role: a broken glass, and a study that needs more care than others."""

import uuid

from django.db import models
from django.db.models import F, Q

from scanward.law.representatives import Care
from scanward.people.kinds import GlassReason
from scanward.people.models import Account, Patient


class BrokenGlass(models.Model):
    """An emergency access, 45 CFR 164.312(a)(2)(ii): who, to whose record, why, until when, and its review."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="broken_glass")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="broken_glass")
    reason = models.CharField(max_length=32, choices=[(reason.value, reason.value) for reason in GlassReason])
    words = models.TextField(max_length=1000)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # An extension is a new row with a new reason.
    extends = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="extensions")
    review_due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    justified = models.BooleanField(null=True)
    review_words = models.TextField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reviewed_by=F("account")), name="nobody_reviews_their_own_glass")
        ]
        indexes = [models.Index(fields=["account", "ends_at"]), models.Index(fields=["reviewed_at", "review_due_at"])]
        ordering = ["opened_at"]

    def __str__(self) -> str:
        return str(self.id)


class SensitiveStudy(models.Model):
    """A study about care that needs more protection than other care, 45 CFR 164.502(g)(3)."""

    study_id = models.UUIDField(primary_key=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="sensitive_studies")
    care = models.CharField(max_length=64, choices=[(care.value, care.value) for care in Care])
    # (A) the minor alone consented, (B) the law let somebody else consent, (C) the parent agreed to confidentiality.
    consented_alone = models.BooleanField(default=False)
    other_consent = models.BooleanField(default=False)
    parent_agreed = models.BooleanField(default=False)
    labelled_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    labelled_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.study_id)
