"""The papers of a request: authorization, evidence, fee, denial, letters, messages."""

import re
import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from scanward.archive.models import Study
from scanward.law import authorization as law
from scanward.law.denials import Ground
from scanward.law.documents import Document
from scanward.law.scope import Scope
from scanward.people.models import Account, Patient
from scanward.release.models.requests import Recipient, ReleaseRequest


class Authorization(models.Model):
    """A permission to disclose, with its six elements and three statements (45 CFR 164.508); FHIR Consent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="authorizations")
    request = models.OneToOneField(ReleaseRequest, on_delete=models.PROTECT, null=True, related_name="authorization")
    recipient_row = models.ForeignKey(Recipient, on_delete=models.PROTECT, null=True, related_name="+")
    description = models.TextField(blank=True)
    discloser = models.CharField(max_length=300, blank=True)
    recipient = models.CharField(max_length=300, blank=True)
    purpose = models.CharField(max_length=300, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    expires_when = models.CharField(max_length=300, blank=True)
    event_happened = models.BooleanField(default=False)
    signature = models.CharField(max_length=200, blank=True)
    signed_on = models.DateField(null=True, blank=True)
    by_representative = models.BooleanField(default=False)
    authority = models.CharField(max_length=300, blank=True)
    statements = models.JSONField(default=list, blank=True)
    individual_initiated = models.BooleanField(default=False)
    known_false = models.BooleanField(default=False)
    combined_with = models.JSONField(default=list, blank=True)
    conditioned_on = models.JSONField(default=list, blank=True)
    # What it covers; empty studies: not narrowed to studies.
    studies = models.ManyToManyField(Study, related_name="authorizations")
    images = models.BooleanField(default=True)
    report = models.BooleanField(default=True)
    first = models.DateField(null=True, blank=True)
    last = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=200, blank=True)
    revocation_form = models.CharField(max_length=24, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)

    def as_law(self) -> law.Authorization:
        """What the law's checklist looks at."""
        return law.Authorization(
            description=self.description,
            discloser=self.discloser,
            recipient=self.recipient,
            purpose=self.purpose,
            expiry=self.expiry(),
            signature=self.signature,
            signed_on=self.signed_on,
            signer=law.Signer.REPRESENTATIVE if self.by_representative else law.Signer.INDIVIDUAL,
            authority=self.authority,
            statements=frozenset(law.Statement(item) for item in self.statements),
            individual_initiated=self.individual_initiated,
            combined_with=frozenset(law.CombinedWith(item) for item in self.combined_with),
            conditioned_on=frozenset(law.Condition(item) for item in self.conditioned_on),
            known_false=self.known_false,
            revoked_at=self.revoked_at,
        )

    def expiry(self) -> law.Expiry | None:
        """When it ends by itself."""
        if self.expires_on:
            return law.ExpiresOn(self.expires_on)
        return law.ExpiresWhen(self.expires_when, self.event_happened) if self.expires_when else None

    def scope(self) -> Scope:
        """What it covers."""
        named = frozenset(str(study) for study in self.studies.values_list("pk", flat=True))
        return Scope(
            studies=named or None,
            images=self.images,
            report=self.report,
            first=self.first,
            last=self.last,
            recipients=frozenset({self.recipient}),
        )

    def names(self, person: str, organization: str) -> bool:
        """Whether the paper names this recipient: the person or the organization, as it is written there."""
        text = _words(self.recipient)
        return any(len(name.strip()) > 1 and name in text for name in (_words(person), _words(organization)))


def _words(text: str) -> str:
    """The words of a name, each between spaces: a part of a word is somebody else's name."""
    words = " ".join(re.findall(r"[^\W_]+", text.casefold()))
    return f" {words} "


class Evidence(models.Model):
    """A document that a basis needs is on file: which, what it says, who saw it (A9)."""

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="evidence")
    document = models.CharField(max_length=120, choices=[(item.value, item.value) for item in Document])
    note = models.CharField(max_length=400)
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class PaperKind(models.TextChoices):
    """What a scanned paper is."""

    FORM = "form", _("Request form or letter")
    AUTHORIZATION = "authorization", _("Signed permission")
    IDENTITY = "identity", _("Proof of identity")
    AUTHORITY = "authority", _("Proof of authority")
    RECEIPT = "receipt", _("Signed receipt")
    OTHER = "other", _("Other paper")


class Paper(models.Model):
    """A paper that came with a request, scanned and sealed; destroyed when its time is over (C7, 164.530(j)(2))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=16, choices=PaperKind.choices)
    # AES-256-GCM, bound to the row's id (people.seals).
    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return str(self.id)


class FeeQuote(models.Model):
    """What a copy costs; only the four kinds of line that the law knows are in it (E1 to E3)."""

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="quotes")
    # Label, amount in dollars as text, citation; made by law.fees and by nothing else.
    charges = models.JSONField(default=list)
    total = models.DecimalField(max_digits=9, decimal_places=2)
    quoted_at = models.DateTimeField()
    quoted_by = models.CharField(max_length=200)
    accepted_at = models.DateTimeField(null=True, blank=True)
    waived_because = models.CharField(max_length=400, blank=True)
    replaced = models.BooleanField(default=False)

    class Meta:
        ordering = ["-quoted_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(total__gte=0), name="a_fee_is_never_negative"),
        ]


class Denial(models.Model):
    """What is withheld, on which ground, decided by whom; and its review by somebody else."""

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="denials")
    ground = models.CharField(max_length=200, choices=[(ground.value, ground.value) for ground in Ground])
    withheld = models.JSONField(default=list)
    rationale = models.TextField()
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    # Who put it in, where somebody else judged; both took part in it (45 CFR 164.524(a)(4)).
    entered_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    licensed = models.BooleanField(default=False)
    decided_at = models.DateTimeField()
    review_asked_at = models.DateTimeField(null=True, blank=True)
    review_due_on = models.DateField(null=True, blank=True)
    reviewer = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=16, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["decided_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reviewer=None) | ~models.Q(reviewer=models.F("decided_by")),
                name="nobody_reviews_their_own_denial",
            ),
        ]


class Letter(models.Model):
    """A letter as values: the same values and day give the same PDF, so the bytes are made when they are read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, null=True, related_name="letters")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="letters")
    template = models.CharField(max_length=40)
    values: models.JSONField[Any, Any] = models.JSONField(default=dict)
    language = models.CharField(max_length=8)
    large_print = models.BooleanField(default=False)
    dated = models.DateField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["sent_at", "id"]

    def __str__(self) -> str:
        return str(self.id)


class Question(models.Model):
    """What a patient asks about a scan or its report: a thread of its own, with her doctor and the desk (H4)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="questions")
    asked_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # Empty while the last word is the patient's.
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["study", "asked_by"], name="one_thread_for_each_scan_and_asker")]

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    """One message of a secure thread, of a request or about a scan; e-mails only say that it is there."""

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, null=True, related_name="messages")
    question = models.ForeignKey("release.Question", on_delete=models.PROTECT, null=True, related_name="messages")
    author = models.CharField(max_length=200)
    from_staff = models.BooleanField()
    body = models.TextField(max_length=4000)
    at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(request=None) ^ models.Q(question=None), name="a_message_belongs_to_one_thread"
            )
        ]
