"""DICOM headers of a study: what its objects share, and how one is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from scanward.dicom.synthetic.model import SeriesKind, SyntheticFile, SyntheticPatient, TransferSyntax, uid
from scanward.dicom.synthetic.scanner import Kind

CT, CAPTURE, DOSE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.88.67"
IMPLEMENTATION = uid(("scanward", "synthetic", "implementation"))
_COMPRESSED = {
    TransferSyntax.RLE: "pydicom",
    TransferSyntax.JPEG_LS: "pyjpegls",
    TransferSyntax.JPEG_2000: "pylibjpeg",
}


@dataclass(frozen=True)
class Order:
    """What all objects of a study agree on."""

    kind: Kind
    patient: SyntheticPatient
    performed: datetime
    accession: str
    description: str
    uids: tuple[object, ...]
    syntax: TransferSyntax

    def uid(self, *purpose: object) -> str:
        """A UID within this study."""
        return uid((*self.uids, *purpose))


@dataclass(frozen=True)
class SeriesHead:
    """A series: which, its number, its name, its modality."""

    kind: SeriesKind
    number: int
    description: str
    modality: str = "CT"


def base(order: Order, head: SeriesHead, sop_class: str) -> Dataset:
    """Patient, study, series and equipment of an object that still lacks its instance."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = sop_class
    _patient(ds, order)
    _study(ds, order)
    ds.Modality = head.modality
    ds.SeriesInstanceUID = order.uid("series", head.kind)
    ds.SeriesNumber = head.number
    ds.SeriesDescription = head.description
    ds.SeriesDate, ds.SeriesTime = day(order.performed), clock(order.performed)
    ds.BodyPartExamined = str(order.kind).upper()
    ds.OperatorsName = "Delgado^Pia"
    ds.ProtocolName = order.description
    ds.Manufacturer = "Scanward Synthetic"
    ds.ManufacturerModelName = "Phantom 64"
    ds.InstitutionName = "Synthetic General Hospital"
    ds.InstitutionAddress = "1 Example Avenue, Springfield"
    ds.StationName = "SYNCT01"
    ds.DeviceSerialNumber = "SYN-0001"
    ds.SoftwareVersions = "1.0"
    return ds


def _patient(ds: Dataset, order: Order) -> None:
    person = order.patient
    ds.PatientName = person.name
    ds.PatientID = person.patient_id
    ds.IssuerOfPatientID = person.issuer
    ds.PatientBirthDate = day(person.birth_date)
    ds.PatientSex = person.sex
    ds.PatientAge = f"{person.age(order.performed.date()):03d}Y"
    ds.PatientWeight = str(person.weight_kg)


def _study(ds: Dataset, order: Order) -> None:
    ds.StudyInstanceUID = order.uid("study")
    ds.StudyDate, ds.StudyTime = day(order.performed), clock(order.performed)
    ds.AccessionNumber = order.accession
    ds.StudyID = order.accession[-6:]
    ds.StudyDescription = order.description
    ds.ReferringPhysicianName = "Amari^Leila^^Dr."


def day(moment: date) -> str:
    """A DICOM DA."""
    return moment.strftime("%Y%m%d")


def clock(moment: datetime) -> str:
    """A DICOM TM."""
    return moment.strftime("%H%M%S")


def pixels(ds: Dataset, image: NDArray[np.uint16] | NDArray[np.uint8], bits: int) -> None:
    """Describe one grey frame and put it in, uncompressed."""
    allocated = image.dtype.itemsize * 8
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = image.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, bits, bits - 1, 0
    ds.PixelData = image.astype(image.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW" if allocated == 16 else "OB"


def finish(ds: Dataset, order: Order, head: SeriesHead, number: int) -> SyntheticFile:
    """Number the instance, compress it when the order says so, and write it."""
    instance = order.uid("instance", head.kind, number)
    ds.SOPInstanceUID = instance
    ds.InstanceNumber = number
    ds.file_meta = _meta(ds, order.syntax)
    plugin = _COMPRESSED.get(order.syntax)
    if plugin and "PixelData" in ds:
        ds.file_meta.TransferSyntaxUID = UID(TransferSyntax.EXPLICIT)
        ds.compress(UID(order.syntax), encoding_plugin=plugin, generate_instance_uid=False)
    elif plugin:
        ds.file_meta.TransferSyntaxUID = UID(TransferSyntax.EXPLICIT)
    out = BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    return SyntheticFile(
        name=f"S{head.number:03d}/I{number:04d}.dcm",
        data=out.getvalue(),
        kind=head.kind,
        series_description=head.description,
        series_number=head.number,
        instance_number=number,
        sop_class_uid=str(ds.SOPClassUID),
        sop_instance_uid=instance,
        series_instance_uid=str(ds.SeriesInstanceUID),
    )


def _meta(ds: Dataset, syntax: TransferSyntax) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(ds.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    meta.ImplementationVersionName = "SCANWARD_SYN_1"
    return meta


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    """A code sequence item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def decimals(values: Sequence[float]) -> list[str]:
    """DS values that never exceed 16 characters."""
    return [f"{v:.4f}".rstrip("0").rstrip(".") if abs(v) > 1e-6 else "0" for v in values]
