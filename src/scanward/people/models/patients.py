"""Patients, how it is known who they are, and who may act for them or treats them."""

import uuid

from django.db import models
from django.db.models import Q

from scanward.people.kinds import Authority, CareKind, ContactSystem, ProofMethod
from scanward.people.models.accounts import Account


class Patient(models.Model):
    """A person whose scans are kept here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family_name = models.CharField(max_length=200, blank=True)
    given_name = models.CharField(max_length=200, blank=True)
    # As DICOM holds it, with all of its component groups (PS3.5 6.2.1.2).
    dicom_name = models.CharField(max_length=400, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # The record is protected for fifty years after, 45 CFR 164.502(f); who acts for the person changes.
    died_on = models.DateField(null=True, blank=True)
    # A minor whom a court has made of age.
    emancipated = models.BooleanField(default=False)
    # A public figure, a member of the staff: every look is shown to the privacy officer (K10).
    watched = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["family_name", "birth_date"])]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def full_name(self) -> str:
        """The name as people write it."""
        return f"{self.given_name} {self.family_name}".strip()


class PatientIdentifier(models.Model):
    """A number that somebody gave to the patient; it means something only together with its issuer."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    value = models.CharField(max_length=64)
    issuer = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "issuer"], name="one_patient_per_identifier")]


class IdentityProof(models.Model):
    """The record that someone made sure who a person is, 45 CFR 164.514(h)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="proofs")
    method = models.CharField(max_length=32, choices=[(method.value, method.value) for method in ProofMethod])
    evidence = models.CharField(max_length=200)
    verified_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField()
    # A copy of the document, sealed (people.documents); purged after a set time (C7).
    document = models.BinaryField(null=True)
    purge_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)


class PatientLink(models.Model):
    """This account is this patient; it exists only with a proof."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="patient_links")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="account_links")
    proof = models.ForeignKey(IdentityProof, on_delete=models.PROTECT)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "patient"], condition=Q(ended_at=None), name="one_open_link_per_patient"
            )
        ]


class Representation(models.Model):
    """This account acts for this patient, within a scope and a time, 45 CFR 164.502(g)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="representations")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="representations")
    authority = models.CharField(max_length=32, choices=[(item.value, item.value) for item in Authority])
    proof = models.ForeignKey(IdentityProof, on_delete=models.PROTECT)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Empty means: all of the patient's studies.
    study_ids = models.JSONField(default=list, blank=True)
    # The authority does not reach studies that are labelled as sensitive.
    without_sensitive = models.BooleanField(default=False)
    # A professional believes that it would endanger the patient, 45 CFR 164.502(g)(5).
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    refusal_reason = models.CharField(max_length=300, blank=True)


class CareRelation(models.Model):
    """This clinician treats this patient, from and until a time: what makes a record theirs to see (A4)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="care_relations")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="care_relations")
    kind = models.CharField(max_length=32, choices=[(kind.value, kind.value) for kind in CareKind])
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "patient"])]


class ContactPoint(models.Model):
    """An address on file by which the house reaches a patient; a confidential one goes first, 45 CFR 164.522(b)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="contacts")
    system = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in ContactSystem])
    value = models.CharField(max_length=300)
    confidential = models.BooleanField(default=False)
    since = models.DateTimeField()


class AddressCode(models.Model):
    """A code that was sent to the address on file, to prove that an account belongs to a patient."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="address_codes")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=32, choices=[(method.value, method.value) for method in ProofMethod])
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
