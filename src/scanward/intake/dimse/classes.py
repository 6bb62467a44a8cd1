"""Which SOP classes and transfer syntaxes the listener takes: the conformance statement's tables are made from this."""

from typing import Final

from scanward.dicom import codestream, walk

VERIFICATION: Final = "1.2.840.10008.1.1"
STORAGE_COMMITMENT: Final = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"

_IMAGE: Final = "1.2.840.10008.5.1.4.1.1."
# CT, and what comes with a CT examination (PS3.4 B.5).
STORAGE: Final = {
    f"{_IMAGE}2": "CT Image Storage",
    f"{_IMAGE}2.1": "Enhanced CT Image Storage",
    f"{_IMAGE}2.2": "Legacy Converted Enhanced CT Image Storage",
    f"{_IMAGE}7": "Secondary Capture Image Storage",
    f"{_IMAGE}7.1": "Multi-frame Single Bit Secondary Capture Image Storage",
    f"{_IMAGE}7.2": "Multi-frame Grayscale Byte Secondary Capture Image Storage",
    f"{_IMAGE}7.3": "Multi-frame Grayscale Word Secondary Capture Image Storage",
    f"{_IMAGE}7.4": "Multi-frame True Color Secondary Capture Image Storage",
    f"{_IMAGE}11.1": "Grayscale Softcopy Presentation State Storage",
    f"{_IMAGE}11.2": "Color Softcopy Presentation State Storage",
    f"{_IMAGE}11.3": "Pseudo-Color Softcopy Presentation State Storage",
    f"{_IMAGE}11.4": "Blending Softcopy Presentation State Storage",
    f"{_IMAGE}11.8": "Advanced Blending Presentation State Storage",
    f"{_IMAGE}11.11": "Volume Rendering Volumetric Presentation State Storage",
    f"{_IMAGE}66": "Raw Data Storage",
    f"{_IMAGE}66.1": "Spatial Registration Storage",
    f"{_IMAGE}66.2": "Spatial Fiducials Storage",
    f"{_IMAGE}66.4": "Segmentation Storage",
    f"{_IMAGE}66.5": "Surface Segmentation Storage",
    f"{_IMAGE}67": "Real World Value Mapping Storage",
    f"{_IMAGE}88.11": "Basic Text SR Storage",
    f"{_IMAGE}88.22": "Enhanced SR Storage",
    f"{_IMAGE}88.33": "Comprehensive SR Storage",
    f"{_IMAGE}88.34": "Comprehensive 3D SR Storage",
    f"{_IMAGE}88.35": "Extensible SR Storage",
    f"{_IMAGE}88.59": "Key Object Selection Document Storage",
    f"{_IMAGE}88.65": "Chest CAD SR Storage",
    f"{_IMAGE}88.67": "X-Ray Radiation Dose SR Storage",
    f"{_IMAGE}88.69": "Colon CAD SR Storage",
    f"{_IMAGE}88.73": "Patient Radiation Dose SR Storage",
    f"{_IMAGE}104.1": "Encapsulated PDF Storage",
    f"{_IMAGE}104.2": "Encapsulated CDA Storage",
    f"{_IMAGE}128": "Positron Emission Tomography Image Storage",
    f"{_IMAGE}200.1": "CT Defined Procedure Protocol Storage",
    f"{_IMAGE}200.2": "CT Performed Procedure Protocol Storage",
    f"{_IMAGE}481.1": "RT Image Storage",
    f"{_IMAGE}481.2": "RT Dose Storage",
    f"{_IMAGE}481.3": "RT Structure Set Storage",
    f"{_IMAGE}481.5": "RT Plan Storage",
}
# Asking is not offered: these are taken into an association only to be answered with a refusal that says so (A9).
QUERY: Final = {
    "1.2.840.10008.5.1.4.1.2.1.1": "Patient Root Q/R - FIND",
    "1.2.840.10008.5.1.4.1.2.1.2": "Patient Root Q/R - MOVE",
    "1.2.840.10008.5.1.4.1.2.1.3": "Patient Root Q/R - GET",
    "1.2.840.10008.5.1.4.1.2.2.1": "Study Root Q/R - FIND",
    "1.2.840.10008.5.1.4.1.2.2.2": "Study Root Q/R - MOVE",
    "1.2.840.10008.5.1.4.1.2.2.3": "Study Root Q/R - GET",
    "1.2.840.10008.5.1.4.31": "Modality Worklist - FIND",
}
# For objects: everything that the guard can read.
OBJECT_SYNTAXES: Final = frozenset((*walk.UNCOMPRESSED, *codestream.KINDS))
# For messages without pixels: the plain ones.
PLAIN_SYNTAXES: Final = frozenset((walk.IMPLICIT_LITTLE, walk.EXPLICIT_LITTLE))


def syntaxes(abstract_syntax: str) -> frozenset[str]:
    """Return the transfer syntaxes that are taken for an abstract syntax; none if it is not offered."""
    if abstract_syntax in STORAGE:
        return OBJECT_SYNTAXES
    if abstract_syntax in (VERIFICATION, STORAGE_COMMITMENT) or abstract_syntax in QUERY:
        return PLAIN_SYNTAXES
    return frozenset()
