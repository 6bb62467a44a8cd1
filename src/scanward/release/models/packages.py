"""What leaves the house."""

import uuid

from django.db import models

from scanward.archive.models import Report, Study
from scanward.people.models import Account


class Package(models.Model):
    """A copy that somebody is taking: which study, which report, as of when, for whom, until when.

    Only the facts are kept. The bytes are made anew at each download, and are the same each time: the archive never
    changes an object, and the manifest's signature is deterministic.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="packages")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="packages")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(max_length=16)
    language = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)
