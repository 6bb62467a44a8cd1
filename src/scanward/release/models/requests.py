"""A request for records: who asks, for what, how it should arrive, until when, and every step that was taken."""

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from scanward.archive.models import Study
from scanward.law.bases import Basis, RecipientKind
from scanward.law.denials import Outcome
from scanward.law.holds import Item
from scanward.law.identity import How, Proof
from scanward.law.tracks import Track
from scanward.people.models import Account, IdentityProof, Patient
from scanward.release.kinds import Event, State
from scanward.release.ways import Arrival, Channel, Medium

if TYPE_CHECKING:
    from scanward.release.models.papers import Denial


class Recipient(models.Model):
    """Who gets the copy, and where; read back before anything leaves (C6)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64, choices=[(kind.value, kind.value) for kind in RecipientKind])
    name = models.CharField(max_length=200)
    organization = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=400, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    # Two letters, or empty for abroad.
    state = models.CharField(max_length=2, blank=True)
    # The connected hospital that it goes to, as the house's own list names it; nothing is sent to any other.
    peer = models.CharField(max_length=100, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return str(self.id)

    def details(self) -> dict[str, str]:
        """What is read back."""
        names = ("name", "organization", "address", "email", "phone", "peer")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class ReleaseRequest(models.Model):
    """FHIR Task. Its legal date is written once, at receipt, and can only move forward, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=24, choices=[(state.value, state.value) for state in State])
    track = models.CharField(max_length=48, choices=[(track.value, track.value) for track in Track])
    # Empty until somebody decides; then exactly one (A10).
    basis = models.CharField(max_length=64, blank=True, choices=[(basis.value, basis.value) for basis in Basis])
    purpose = models.CharField(max_length=16)
    # What the person picked as the reason (B21); nobody has to give one.
    reason = models.CharField(max_length=24, blank=True)
    channel = models.CharField(max_length=16, choices=[(way.value, way.value) for way in Channel])
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="release_requests")
    requester = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="release_requests")
    entered_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    # What the form or the letter says; the record it belongs to is matched by a person.
    asked_name = models.CharField(max_length=200)
    asked_birth_date = models.DateField(null=True, blank=True)
    requester_name = models.CharField(max_length=200)
    contact = models.CharField(max_length=400, blank=True)
    exam = models.CharField(max_length=200, blank=True)
    exam_first = models.DateField(null=True, blank=True)
    exam_last = models.DateField(null=True, blank=True)
    wants_images = models.BooleanField(default=True)
    wants_report = models.BooleanField(default=True)
    medium = models.CharField(max_length=24, choices=[(item.value, item.value) for item in Medium])
    delivery = models.CharField(max_length=24, choices=[(way.value, way.value) for way in Arrival])
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, null=True, related_name="requests")
    studies = models.ManyToManyField(Study, related_name="release_requests")
    # Empty means every series of the studies.
    series_ids = models.JSONField(default=list, blank=True)
    signature = models.CharField(max_length=200, blank=True)
    signed_on = models.DateField(null=True, blank=True)
    expedited = models.BooleanField(default=False)
    expedited_reason = models.CharField(max_length=400, blank=True)
    language = models.CharField(max_length=8, default="en")
    large_print = models.BooleanField(default=False)
    identity = models.ForeignKey(IdentityProof, on_delete=models.PROTECT, null=True, related_name="+")
    # How somebody without an account was verified (C1, C4): way, proof, what else there is to say, who, when.
    shown_how = models.CharField(max_length=24, blank=True, choices=[(how.value, how.value) for how in How])
    shown_proof = models.CharField(max_length=64, blank=True, choices=[(proof.value, proof.value) for proof in Proof])
    verified_how = models.CharField(max_length=200, blank=True)
    verified_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    authority_checked = models.BooleanField(default=False)
    by_representative = models.BooleanField(default=False)
    local_rules_note = models.CharField(max_length=400, blank=True)
    self_pay_restricted = models.BooleanField(default=False)
    plain_email_warned_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    extended_to = models.DateField(null=True, blank=True)
    extension_reason = models.CharField(max_length=400, blank=True)
    extension_sent_at = models.DateTimeField(null=True, blank=True)
    expected_soonest = models.DateField(null=True, blank=True)
    expected_latest = models.DateField(null=True, blank=True)
    # The rows of law that run, by code, so that the date can be explained for good.
    rules = models.JSONField(default=list, blank=True)
    # What was read back of who asks for herself, as it agreed (C6); another address takes another read-back.
    read_back = models.JSONField(default=dict, blank=True)
    waiting_on_requester = models.BooleanField(default=False)
    claimed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="claimed_requests")
    granted = models.JSONField(default=list, blank=True)
    builder = models.CharField(max_length=64, blank=True)
    checker = models.CharField(max_length=64, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="followers")
    elsewhere = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_on"]), models.Index(fields=["patient", "-received_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(extended_to=None) | Q(extended_to__gt=F("due_on")), name="a_due_date_moves_forward_only"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[State.DRAFT.value, State.CANCELLED.value]) | Q(due_on__isnull=False),
                name="what_was_received_has_a_due_date",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.READY.value, State.DELIVERED.value, State.RETURNED_MAIL.value])
                | (~Q(basis="") & ~Q(checker="") & ~Q(builder="") & ~Q(checker=F("builder"))),
                name="nothing_leaves_without_basis_and_second_person",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def due(self) -> object:
        """The date that holds now."""
        return self.extended_to or self.due_on

    @property
    def items(self) -> frozenset[Item]:
        """What was asked for."""
        wanted = {Item.IMAGES: self.wants_images, Item.REPORT: self.wants_report}
        return frozenset(item for item, asked in wanted.items() if asked)

    @property
    def grantable(self) -> frozenset[Item]:
        """What was asked for, without what a denial that stands withholds."""
        return self.items - self._withheld(self.denials.exclude(outcome=Outcome.GRANTED))

    @property
    def reviewed(self) -> frozenset[Item]:
        """What a review has granted, against the denial (45 CFR 164.524(d)(4))."""
        return self._withheld(self.denials.filter(outcome=Outcome.GRANTED))

    @staticmethod
    def _withheld(denials: "models.QuerySet[Denial]") -> frozenset[Item]:
        return frozenset(Item(item) for items in denials.values_list("withheld", flat=True) for item in items)

    @property
    def granted_items(self) -> frozenset[Item]:
        """What was granted."""
        return frozenset(Item(item) for item in self.granted)


class Step(models.Model):
    """One line of a request's history; nobody changes it."""

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="steps")
    event = models.CharField(max_length=24, choices=[(event.value, event.value) for event in Event])
    before = models.CharField(max_length=24)
    after = models.CharField(max_length=24)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    # Whether the requester sees the note.
    public = models.BooleanField(default=False)

    class Meta:
        ordering = ["at", "id"]
