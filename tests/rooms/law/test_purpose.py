"""Purpose of use: HL7 codes that audit and access share."""

import pytest

from scanward.law.purpose import PurposeOfUse


@pytest.mark.parametrize("purpose", PurposeOfUse)
def test_every_purpose_says_itself_in_one_sentence(purpose: PurposeOfUse) -> None:
    assert purpose.sentence[0].isupper()
    assert purpose.sentence.endswith(".")
    assert purpose.sentence.count(".") == 1


def test_sentences_differ_so_that_a_reader_of_the_ledger_can_tell_them_apart() -> None:
    assert len({purpose.sentence for purpose in PurposeOfUse}) == len(PurposeOfUse)


def test_the_value_is_the_hl7_code() -> None:
    assert PurposeOfUse("BTG") is PurposeOfUse.BREAK_GLASS
    assert PurposeOfUse.PATIENT_REQUEST == "PATRQT"


def test_only_emergency_care_is_an_emergency() -> None:
    """K8."""
    assert {p for p in PurposeOfUse if p.emergency} == {PurposeOfUse.EMERGENCY, PurposeOfUse.BREAK_GLASS}
