"""What else a patient may ask: an accounting, a correction, a restriction, another address. Each has its own clock."""

import uuid

from django.db import models
from django.db.models import F, Q

from scanward.archive.models import Report, Study
from scanward.law.accounting import Suspension as LawSuspension
from scanward.law.bases import Basis, RecipientKind
from scanward.law.holds import Sensitivity
from scanward.law.wishes import Restriction as LawRestriction
from scanward.people.models import Account, Patient


class Clocked(models.Model):
    """A request with a clock of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField()
    due_on = models.DateField()
    extended_to = models.DateField(null=True, blank=True)
    extension_reason = models.CharField(max_length=400, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["due_on"]

    def __str__(self) -> str:
        return str(self.id)


class AccountingRequest(Clocked):
    """A request for the accounting of disclosures (45 CFR 164.528): 60 days, and 30 more once."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="accounting_requests")
    first = models.DateField(null=True, blank=True)
    last = models.DateField(null=True, blank=True)
    free = models.BooleanField(default=True)

    class Meta(Clocked.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(extended_to=None) | Q(extended_to__gt=F("due_on")), name="accounting_moves_forward_only"
            )
        ]


class AccountingSuspension(models.Model):
    """An official's statement that to list disclosures to them would impede their work (45 CFR 164.528(a)(2))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="accounting_suspensions")
    # As the register names who received it.
    recipient = models.CharField(max_length=300)
    # Who made the statement, and for which agency.
    official = models.CharField(max_length=300)
    written = models.BooleanField()
    # What was said, or where the paper is kept.
    statement = models.CharField(max_length=400)
    stated_on = models.DateField()
    until = models.DateField()
    entered_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-entered_at"]
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("stated_on")), name="a_suspension_ends_after_its_statement")
        ]

    def __str__(self) -> str:
        return str(self.id)

    def as_law(self) -> LawSuspension:
        """The statement as the accounting reads it."""
        return LawSuspension(recipient=self.recipient, stated_on=self.stated_on, until=self.until, written=self.written)


class AmendmentRequest(Clocked):
    """A request to correct the record (45 CFR 164.526): 60 days, and 30 more once (H7)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="amendment_requests")
    study = models.ForeignKey(Study, on_delete=models.PROTECT, null=True, related_name="amendment_requests")
    text = models.TextField(max_length=4000)
    accepted = models.BooleanField(null=True)
    ground = models.CharField(max_length=120, blank=True)
    answer = models.TextField(blank=True)
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    # What goes along with every later disclosure: the statement, or else the request and its denial, if so wished.
    disagreement = models.TextField(max_length=4000, blank=True)
    attached = models.BooleanField(default=False)
    # What the house says to the statement, if it says anything (45 CFR 164.526(d)(3)).
    rebuttal = models.TextField(max_length=4000, blank=True)
    rebutted_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    rebutted_at = models.DateTimeField(null=True, blank=True)

    class Meta(Clocked.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(extended_to=None) | Q(extended_to__gt=F("due_on")), name="amendment_moves_forward_only"
            )
        ]


class CorrectionTold(models.Model):
    """Somebody who has the old text, or whom the patient names, was told of a correction (45 CFR 164.526(c)(3))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked = models.ForeignKey(AmendmentRequest, on_delete=models.PROTECT, related_name="told")
    # As the register names who received it, or as the patient names them.
    recipient = models.CharField(max_length=500)
    told_on = models.DateField()
    told_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["told_on", "at"]
        constraints = [models.UniqueConstraint(fields=["asked", "recipient"], name="each_is_written_down_once_as_told")]

    def __str__(self) -> str:
        return str(self.id)


class Restriction(models.Model):
    """A restriction that was asked for; once agreed to, it binds every decision and delivery (45 CFR 164.522(a))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="restrictions")
    recipient_kinds = models.JSONField(default=list)
    bases = models.JSONField(default=list)
    studies = models.ManyToManyField(Study, related_name="restrictions")
    paid_in_full = models.BooleanField(default=False)
    text = models.CharField(max_length=400, blank=True)
    asked_at = models.DateTimeField()
    agreed = models.BooleanField(null=True)
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return str(self.id)

    def as_law(self) -> LawRestriction:
        """The restriction as the law's functions read it."""
        named = frozenset(str(study) for study in self.studies.values_list("pk", flat=True))
        return LawRestriction(
            recipients=frozenset(RecipientKind(kind) for kind in self.recipient_kinds),
            bases=frozenset(Basis(basis) for basis in self.bases),
            studies=named or None,
            paid_in_full=self.paid_in_full,
        )


class AlternativeAddress(models.Model):
    """Where else a patient wants to be reached; no reason is asked (45 CFR 164.522(b))."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alternative_addresses")
    address = models.CharField(max_length=400, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-since"]


class ReportLabel(models.Model):
    """What a report is reasonably likely to show, as its author marked it; some states hold such reports back (T8)."""

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="label")
    sensitivity = models.CharField(max_length=24, choices=[(item.value, item.value) for item in Sensitivity])
    labelled_by = models.CharField(max_length=200)
    at = models.DateTimeField()


class ReportNotice(models.Model):
    """This person was told by e-mail that this version of a report is there to be read (I13)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "report"], name="told_once_of_a_report")]
