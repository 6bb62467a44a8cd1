"""Companies that handle records for this house, each under a contract (A7)."""

import uuid

from django.db import models
from django.db.models import F, Q

from scanward.people.models.accounts import Account


class Contract(models.Model):
    """A business associate contract, 45 CFR 164.504(e): with whom, for what, from when until when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.CharField(max_length=200)
    # The name as it is compared: one case, single spaces.
    company_key = models.CharField(max_length=200, db_index=True)
    services = models.CharField(max_length=300)
    kept_at = models.CharField(max_length=200)
    signed_on = models.DateField()
    # The last day; empty: until it is ended.
    ends_on = models.DateField(null=True, blank=True)
    entered_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("signed_on")), name="a_contract_ends_after_it_began"
            )
        ]
        ordering = ["company_key", "-signed_on"]

    def __str__(self) -> str:
        return str(self.id)
