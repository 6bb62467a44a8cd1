"""Patient > study > series > instance, and reports: the index of what the vault holds.

The vault has everything that is needed to make these rows again (see `rebuild.py`), so none of them is the only copy.
"""

import json
import uuid
import zlib
from typing import Any

from django.db import models
from isal import isal_zlib

from scanward.dicom.json_model import written
from scanward.people.models import Patient


class ReportStatus(models.TextChoices):
    """FHIR DiagnosticReport.status, as far as it is used here."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    WITHDRAWN = "entered-in-error"


# Signed by its author; and what has no words any more that anybody may go by.
SIGNED = (ReportStatus.FINAL, ReportStatus.AMENDED)
TAKEN_BACK = (ReportStatus.CANCELLED, ReportStatus.WITHDRAWN)


class Study(models.Model):
    """A CT examination."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="studies")
    study_instance_uid = models.CharField(max_length=64, unique=True)
    # The data key of everything in the study; erased with it.
    key_id = models.CharField(max_length=64, unique=True)
    accession_number = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=200, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    performed_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "-performed_at"])]

    def __str__(self) -> str:
        return str(self.id)


class Series(models.Model):
    """Images that were made in one go."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="series")
    series_instance_uid = models.CharField(max_length=64)
    modality = models.CharField(max_length=16, blank=True)
    number = models.BigIntegerField(null=True, blank=True)
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "series_instance_uid"], name="one_series_per_uid")]
        ordering = ["number", "id"]

    def __str__(self) -> str:
        return str(self.id)


class StoredObject(models.Model):
    """Where the vault keeps an object, and what it must be when it comes back."""

    locator = models.CharField(max_length=200, unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    crc32 = models.BigIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        abstract = True


class Instance(StoredObject):
    """One DICOM object, exactly as it arrived."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    sop_instance_uid = models.CharField(max_length=64, unique=True)
    sop_class_uid = models.CharField(max_length=64)
    transfer_syntax_uid = models.CharField(max_length=64)
    number = models.BigIntegerField(null=True, blank=True)
    frames = models.PositiveIntegerField(default=0)
    preamble = models.CharField(max_length=16)
    # The DICOM JSON model (PS3.18 Annex F) without bulk data, deflated: a tenth of its size.
    dicom_json_deflated = models.BinaryField()

    class Meta:
        ordering = ["number", "sop_instance_uid"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def dicom_json(self) -> dict[str, Any]:
        """The header as DICOM JSON."""
        return inflate(self.dicom_json_deflated)


class Report(StoredObject):
    """One version of the radiologist's report; an amendment is a new version beside the old one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=16, choices=ReportStatus.choices)
    finalized_at = models.DateTimeField(null=True, blank=True)
    # A finding that somebody has to act on soon (H9).
    critical = models.BooleanField(default=False)
    # How its sender marked it, as it came; what that means is for the law's rows (T8).
    mark = models.CharField(max_length=20, blank=True)
    # The DICOM object that the report was read from, where it was one.
    source = models.ForeignKey(Instance, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "version"], name="one_report_per_version")]
        ordering = ["-version"]

    def __str__(self) -> str:
        return str(self.id)


class HeldReason(models.TextChoices):
    """Why something that arrived was not attached to a patient."""

    PATIENT_UNKNOWN = "patient_unknown"
    PATIENT_DIFFERS = "patient_differs"
    PATIENT_MAYBE_DOUBLE = "patient_maybe_double"
    STUDY_OF_OTHER_PATIENT = "study_of_other_patient"
    CONTENT_DIFFERS = "content_differs"
    # Somebody brought it for a patient, and what it says does not prove that it is theirs.
    NOT_CERTAIN = "not_certain"
    # Of reports that came over HL7.
    STUDY_UNKNOWN = "study_unknown"
    # In quarantine.
    UNREADABLE = "unreadable"
    MALWARE = "malware"


QUARANTINE = (HeldReason.UNREADABLE, HeldReason.MALWARE)


class HeldForm(models.TextChoices):
    """What the bytes of something held are."""

    DICOM = "dicom"
    HL7 = "hl7"


class HeldObject(StoredObject):
    """An object that is kept safe and apart until somebody has decided where it belongs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=32, choices=HeldReason.choices)
    form = models.CharField(max_length=8, choices=HeldForm.choices, default=HeldForm.DICOM)
    # In quarantine: the reader's word for what is wrong, or what the scanner of malware called it.
    detail = models.CharField(max_length=200, blank=True)
    # What is no DICOM object, or not to be read, has a UID made of its hash.
    sop_instance_uid = models.CharField(max_length=64)
    study_instance_uid = models.CharField(max_length=64)
    dicom_json_deflated = models.BinaryField()
    # The patient or instance that it seems to belong to, or is at odds with.
    near_patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    near_instance = models.ForeignKey(Instance, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            # The same bytes that come again are the same case.
            models.UniqueConstraint(fields=["sop_instance_uid", "sha256"], name="one_case_per_content")
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def dicom_json(self) -> dict[str, Any]:
        """The header as DICOM JSON."""
        return inflate(self.dicom_json_deflated)


class VaultPosition(models.Model):
    """How far the index has followed the vault; what lies behind it is taken in at the next start."""

    position = models.CharField(max_length=200)


def deflate(dicom_json: dict[str, Any], text: str = "") -> bytes:
    """Return a header, whose text may be here already, in the form that the index keeps."""
    return isal_zlib.compress((text or written(dicom_json)).encode(), level=1)


def inflate(deflated: bytes | memoryview) -> dict[str, Any]:
    """Return a header from the form that the index keeps."""
    header: dict[str, Any] = json.loads(zlib.decompress(deflated))
    return header
