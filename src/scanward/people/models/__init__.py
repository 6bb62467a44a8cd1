"""Who uses Scanward, and whose scans it keeps.

Ids are random (UUID 4): an address shows nothing about the person behind it.
"""

from scanward.people.models.accounts import Account, KnownDevice, Proposal, RoleAssignment, in_force
from scanward.people.models.companies import Contract
from scanward.people.models.patients import (
    AddressCode,
    CareRelation,
    ContactPoint,
    IdentityProof,
    Patient,
    PatientIdentifier,
    PatientLink,
    Representation,
)

__all__ = [
    "Account",
    "AddressCode",
    "CareRelation",
    "ContactPoint",
    "Contract",
    "IdentityProof",
    "KnownDevice",
    "Patient",
    "PatientIdentifier",
    "PatientLink",
    "Proposal",
    "Representation",
    "RoleAssignment",
    "in_force",
]
