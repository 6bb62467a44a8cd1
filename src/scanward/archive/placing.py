"""To which examination a report belongs that came without images: sure, or a case for a person; never a guess.

It has to name the patient by a number that is known here, with name, birth date and sex that do not speak against it,
and one examination of that patient, by its UID or by its accession number.
"""

from dataclasses import dataclass

from scanward.archive.models import HeldReason, Study
from scanward.people.matching import Demographics, Match, Verdict, match
from scanward.people.models import Patient
from scanward.reporting.kinds import Person, Result

_HELD_FOR = {
    Verdict.UNKNOWN: HeldReason.PATIENT_UNKNOWN,
    # Images make a record of somebody new; a report alone does not.
    Verdict.NEW: HeldReason.STUDY_UNKNOWN,
    Verdict.DIFFERS: HeldReason.PATIENT_DIFFERS,
    Verdict.MAYBE_DOUBLE: HeldReason.PATIENT_MAYBE_DOUBLE,
}


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Why it is not sure where the report belongs, and whom it may be about."""

    reason: HeldReason
    near: Patient | None = None


def place(result: Result, *, issuer: str) -> Study | Nowhere:
    """Return the study of a report; `issuer` is whose numbers are meant where the sender does not say."""
    patient = _patient(result.person, issuer=issuer)
    if isinstance(patient, Nowhere):
        return patient
    return _study(result, patient)


def demographics(person: Person, number: tuple[str, str], *, issuer: str) -> Demographics:
    """Return a person under one of their numbers, as patients are compared."""
    return Demographics(
        patient_id=number[0],
        issuer=number[1] or issuer,
        dicom_name=f"{person.family_name}^{person.given_name}"[:400],
        family_name=person.family_name[:200],
        given_name=person.given_name[:200],
        birth_date=person.birth_date,
        sex=person.sex,
    )


def _patient(person: Person, *, issuer: str) -> Patient | Nowhere:
    """Return the one patient whom all the numbers that are known here name."""
    found = [match(demographics(person, number, issuer=issuer)) for number in person.numbers]
    known = [each for each in found if each.verdict in (Verdict.FOUND, Verdict.DIFFERS)]
    worst = next((each for each in known if each.verdict is Verdict.DIFFERS), None)
    if worst or len({each.patient for each in known}) > 1:
        return Nowhere(HeldReason.PATIENT_DIFFERS, (worst or known[0]).patient)
    if known and known[0].patient:
        return known[0].patient
    best = next((each for each in found if each.verdict is Verdict.MAYBE_DOUBLE), Match(Verdict.NEW))
    return Nowhere(_HELD_FOR[best.verdict], best.patient)


def _study(result: Result, patient: Patient) -> Study | Nowhere:
    """Return the one study of the patient that the report names."""
    if result.study_uid:
        found = Study.objects.filter(study_instance_uid=result.study_uid).select_related("patient").first()
        if found and found.patient_id != patient.pk:
            return Nowhere(HeldReason.STUDY_OF_OTHER_PATIENT, found.patient)
        return found or Nowhere(HeldReason.STUDY_UNKNOWN, patient)
    for accession in result.accessions:
        studies = list(Study.objects.filter(patient=patient, accession_number=accession).select_related("patient")[:2])
        if len(studies) == 1:
            return studies[0]
        if studies:
            # Several examinations under one number: a person has to say which.
            break
    return Nowhere(HeldReason.STUDY_UNKNOWN, patient)
