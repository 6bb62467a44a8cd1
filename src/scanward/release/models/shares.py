"""Links for sharing: who may open what, how often, until when. Of the secret only its hash is kept."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop

from scanward.archive.models import Study
from scanward.law.bases import Basis
from scanward.law.documents import BASIS_ROWS
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account, Patient
from scanward.release.models.papers import Authorization
from scanward.release.models.requests import ReleaseRequest

# Whom a code for emergencies is for: our own words, which are kept in English and said in the reader's language.
EMERGENCY_ROOM = gettext_noop("Emergency room")


def shown_recipient(name: str) -> str:
    """Say whom something was for; a name that somebody typed stays as it is."""
    return gettext(name) if name == EMERGENCY_ROOM else name


class Share(models.Model):
    """One link. Its secret exists only in the address that was given away."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="shares")
    created_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="shares")
    created_at = models.DateTimeField()
    recipient_name = models.CharField(max_length=200)
    recipient_organization = models.CharField(max_length=200, blank=True)
    recipient_contact = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    basis = models.CharField(max_length=64)
    studies = models.ManyToManyField(Study, related_name="shares")
    # Empty means every series of the studies (J4).
    series_ids = models.JSONField(default=list, blank=True)
    images = models.BooleanField(default=True)
    report = models.BooleanField(default=True)
    may_download = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    # Also a SMART Health Link: apps open it at an address of its own; `direct`: one file, without a manifest (flag U).
    health_link = models.BooleanField(default=False)
    direct = models.BooleanField(default=False)
    passcode_hash = models.CharField(max_length=200, blank=True)
    passcode_tries_left = models.PositiveSmallIntegerField(default=5)
    max_uses = models.PositiveIntegerField()
    uses = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    authorization = models.ForeignKey(Authorization, on_delete=models.PROTECT, null=True, related_name="shares")
    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, null=True, related_name="shares")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(uses__lte=F("max_uses")), name="a_link_is_used_no_more_than_allowed"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def recipient_shown(self) -> str:
        """Whom it is for, as pages say it."""
        return shown_recipient(self.recipient_name)

    @property
    def purpose(self) -> PurposeOfUse:
        """What it is for: what its request says, or else what its basis serves."""
        return PurposeOfUse(self.request.purpose) if self.request else BASIS_ROWS[Basis(self.basis)].purpose


class SealedFile(models.Model):
    """A file of a health link, encrypted (JWE); the key is in the link and nowhere here. It goes when the link ends."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="files")
    content_type = models.CharField(max_length=64)
    jwe = models.TextField()
    # The reports inside, by id: what is denied, held or taken back since is not handed out in it.
    report_ids = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at", "id"]

    def __str__(self) -> str:
        return str(self.id)


class ShareVisit(models.Model):
    """One use of a link: from its redemption until it ends, bound to one browser."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="visits")
    visitor = models.CharField(max_length=200)
    address = models.CharField(max_length=64, blank=True)
    began_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["-began_at"]

    def __str__(self) -> str:
        return str(self.id)


class Attempt(models.Model):
    """Failed redemptions of one network address in one quarter of an hour: guessing is slowed to nothing."""

    address = models.CharField(max_length=64)
    window = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address", "window"], name="one_count_per_address_and_window")]
