"""What the desk must look at before a release."""

import pytest

from scanward.law.bases import Basis, RecipientKind
from scanward.law.errors import Unlawful
from scanward.law.prompts import (
    Prompt,
    check_confirmed,
    check_onward,
    local_rules,
    may_mail_plainly,
    read_back_differs,
    state_in,
)

STATED = {"name": "Dr. Charlie Stone", "e-mail": "stone@example.org", "organization": "Stone Clinic"}


@pytest.mark.parametrize(
    ("patient", "place", "recipient", "raised"),
    [
        ("TX", "TX", RecipientKind.PROVIDER, ()),
        ("NM", "TX", RecipientKind.PROVIDER, (Prompt.ANOTHER_STATE,)),
        ("TX", "CA", RecipientKind.PROVIDER, (Prompt.RECIPIENT_STATE,)),
        ("TX", None, RecipientKind.PROVIDER, (Prompt.ABROAD,)),
        ("TX", "TX", RecipientKind.SCHOOL, (Prompt.UNUSUAL_RECIPIENT,)),
        ("NM", None, RecipientKind.MEDIA, (Prompt.ANOTHER_STATE, Prompt.ABROAD, Prompt.UNUSUAL_RECIPIENT)),
    ],
)
def test_other_states_and_unusual_recipients_raise_a_prompt(
    patient: str, place: str | None, recipient: RecipientKind, raised: tuple[Prompt, ...]
) -> None:
    """A17."""
    found = local_rules(facility_state="TX", patient_state=patient, recipient_state=place, recipient=recipient)
    assert found == raised


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("12 Elm Street, Springfield, IL 62701", "IL"),
        ("12 Elm Street\nSpringfield\nil, 62701-1234", "IL"),
        ("PO Box 20001, TX 75001 c/o Ann, Reno NV 89501", "NV"),
        ("12 Elm Street, Springfield", None),
        ("alice@example.org", None),
        ("Calle 5, ZZ 12345", None),
        ("", None),
    ],
)
def test_an_address_says_in_which_state_somebody_lives(address: str, state: str | None) -> None:
    """A17."""
    assert state_in(address) == state


def test_a_read_back_agrees_whatever_its_case_and_spacing() -> None:
    """C6."""
    check_confirmed(STATED, {**STATED, "name": " dr.  charlie STONE "})


def test_a_read_back_that_differs_names_the_field_and_never_the_value() -> None:
    """C6."""
    with pytest.raises(Unlawful, match="e-mail") as refusal:
        check_confirmed(STATED, {**STATED, "e-mail": "stone@example.com"})
    assert "stone" not in str(refusal.value)


def test_a_detail_that_was_not_read_back_or_not_stated_differs() -> None:
    """C6."""
    assert read_back_differs(STATED, {"name": STATED["name"]}) == ("e-mail", "organization")
    assert read_back_differs({}, {"fax": "1"}) == ("fax",)


@pytest.mark.parametrize("basis", [Basis.RESEARCH_WAIVER, Basis.RESEARCH_DECEDENTS, Basis.LIMITED_DATA_SET])
def test_a_head_ct_with_its_face_is_not_shared_onward_without_authorization(basis: Basis) -> None:
    """D15, S16."""
    check_onward(head_ct=True, defaced=True, basis=basis)
    check_onward(head_ct=False, defaced=False, basis=basis)
    with pytest.raises(Unlawful, match="authorization"):
        check_onward(head_ct=True, defaced=False, basis=basis)


@pytest.mark.parametrize("basis", [Basis.ACCESS, Basis.TREATMENT, Basis.AUTHORIZATION])
def test_the_patient_care_and_an_authorization_get_the_whole_head(basis: Basis) -> None:
    """D15, A14."""
    check_onward(head_ct=True, defaced=False, basis=basis)


def test_plain_e_mail_goes_only_to_the_person_who_was_warned_and_still_wants_it() -> None:
    """T10, G17."""
    assert may_mail_plainly(to_individual=True, warned=True, still_wants_it=True)
    assert not may_mail_plainly(to_individual=False, warned=True, still_wants_it=True)
    assert not may_mail_plainly(to_individual=True, warned=False, still_wants_it=True)
    assert not may_mail_plainly(to_individual=True, warned=True, still_wants_it=False)
