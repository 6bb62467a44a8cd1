"""Whose record is it? Sure, or not sure; never a guess.

A wrong attachment shows one person's body to another, and can't be taken back. So only an identifier of a known
issuer attaches, and only if name, date of birth and sex do not speak against it; twins and namesakes are asked about.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scanward.people.models import Patient, PatientIdentifier


@dataclass(frozen=True, slots=True)
class Demographics:
    """Who the patient is, as an arriving object says."""

    patient_id: str
    issuer: str
    dicom_name: str
    family_name: str
    given_name: str
    birth_date: date | None
    sex: str


class Verdict(StrEnum):
    """What the comparison came to."""

    FOUND = "found"
    NEW = "new"
    UNKNOWN = "unknown"
    DIFFERS = "differs"
    MAYBE_DOUBLE = "maybe_double"
    NOT_CERTAIN = "not_certain"


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict, and the patient that it is about."""

    verdict: Verdict
    patient: Patient | None = None


def match(arrived: Demographics) -> Match:
    """Find the patient of an arriving object."""
    if not arrived.patient_id:
        return Match(Verdict.UNKNOWN)
    found = _by_number(arrived)
    if found:
        return found
    namesake = _namesake(arrived)
    if namesake is None:
        return Match(Verdict.NEW)
    # Another process may have made this very record between the two questions: then its number is known by now.
    return _by_number(arrived) or Match(Verdict.MAYBE_DOUBLE, namesake)


def _by_number(arrived: Demographics) -> Match | None:
    """Compare with the patient who has this number, if anybody has."""
    known = PatientIdentifier.objects.filter(value=arrived.patient_id, issuer=arrived.issuer)
    identifier = known.select_related("patient").first()
    if identifier is None:
        return None
    sure = agrees(identifier.patient, arrived)
    return Match(Verdict.FOUND if sure else Verdict.DIFFERS, identifier.patient)


def match_claimed(arrived: Demographics, patient: Patient, *, numbered: bool) -> Match:
    """Compare with the one patient for whom somebody brings it; `numbered` asks for a number of hers as well.

    Name and date of birth must both be stated: a disc of a twin or of nobody in particular is not hers for sure.
    """
    stated = arrived.birth_date and letters(arrived.family_name) and letters(arrived.given_name)
    known = bool(stated) and patient.birth_date is not None and agrees(patient, arrived)
    numbers = patient.identifiers.filter(value=arrived.patient_id, issuer=arrived.issuer)
    sure = known and (not numbered or (bool(arrived.patient_id) and numbers.exists()))
    return Match(Verdict.FOUND if sure else Verdict.NOT_CERTAIN, patient)


def agrees(patient: Patient, arrived: Demographics) -> bool:
    """Return whether nothing in name, date of birth and sex speaks against this being the patient."""
    return (
        _compatible(patient.birth_date, arrived.birth_date)
        and _compatible(_definite(patient.sex), _definite(arrived.sex))
        and _compatible(letters(patient.family_name), letters(arrived.family_name))
        and _given_names_agree(letters(patient.given_name), letters(arrived.given_name))
    )


def letters(name: str) -> str:
    """Return a name as it is compared: letters only, without accents and case."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in plain if letter.isalpha()).casefold()


def enrol(arrived: Demographics) -> Patient:
    """Make the record of a patient who is new here."""
    patient = Patient.objects.create(
        family_name=arrived.family_name,
        given_name=arrived.given_name,
        dicom_name=arrived.dicom_name,
        birth_date=arrived.birth_date,
        sex=arrived.sex,
    )
    if arrived.patient_id:
        PatientIdentifier.objects.create(patient=patient, value=arrived.patient_id, issuer=arrived.issuer)
    return patient


def _namesake(arrived: Demographics) -> Patient | None:
    """Return a known patient with the same name and date of birth, who may be the same person or may not."""
    if not arrived.birth_date or not arrived.family_name:
        return None
    born_then = Patient.objects.filter(birth_date=arrived.birth_date)
    return next((patient for patient in born_then if agrees(patient, arrived)), None)


def _compatible(known: object, arrived: object) -> bool:
    """Return whether the two are equal, or one of them is missing."""
    return not known or not arrived or known == arrived


def _definite(sex: str) -> str:
    """Return the sex if it is one that can contradict (PS3.3 C.7.1.1: M and F; O says nothing)."""
    return sex if sex in ("M", "F") else ""


def _given_names_agree(known: str, arrived: str) -> bool:
    """Return whether one is the beginning of the other: an initial, or a middle name left out."""
    return known.startswith(arrived) or arrived.startswith(known)
