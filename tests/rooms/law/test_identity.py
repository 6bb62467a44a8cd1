"""Who asks, and whose record it is (45 CFR 164.514(h), 164.530(c)(1))."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.law.errors import Unlawful
from scanward.law.identity import WAYS_OF, How, Proof, Shown, check_same_person, check_shown

BORN = date(1961, 4, 17)
ALICE = {"name": "Alice Rivera", "family": "Rivera", "birth": BORN}


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("proof", Proof)
def test_what_has_to_be_seen_is_not_seen_on_the_telephone(how: How, proof: Proof) -> None:
    """Requirement C1."""
    if how is How.TELEPHONE and proof not in (Proof.FACTS, Proof.CODE):
        with pytest.raises(Unlawful, match="telephone") as refused:
            check_shown(Shown(how, proof))
        assert refused.value.citation == "45 CFR 164.514(h)(1)"
    else:
        check_shown(Shown(how, proof))


@pytest.mark.parametrize("proof", Proof)
def test_no_proof_makes_anybody_come(proof: Proof) -> None:
    """Requirement C4: each has a way by mail and an electronic one."""
    assert {How.POST, How.ELECTRONIC} <= WAYS_OF[proof]


@pytest.mark.parametrize(
    "said",
    [
        {"said_name": "Alice Rivera", "said_birth": BORN, "said_number": False},
        {"said_name": "RIVERA, Alice", "said_birth": BORN, "said_number": False},
        {"said_name": "A. Rivera", "said_birth": BORN, "said_number": False},
        {"said_name": "Mrs. Alice M. Rivera-Lopez", "said_birth": BORN, "said_number": False},
        {"said_name": "\u00c1lice Rivera", "said_birth": None, "said_number": True},
        # She has married, or it can't be read.
        {"said_name": "Alice Summers", "said_birth": BORN, "said_number": True},
        {"said_name": "", "said_birth": BORN, "said_number": True},
    ],
)
def test_two_that_agree_are_enough(said: dict) -> None:
    """Requirements B3, B4."""
    check_same_person(**said, **ALICE)


@pytest.mark.parametrize(
    "said",
    [
        {"said_name": "Alice Rivera", "said_birth": None, "said_number": False},
        {"said_name": "", "said_birth": BORN, "said_number": False},
        {"said_name": "", "said_birth": None, "said_number": True},
        {"said_name": "", "said_birth": None, "said_number": False},
        # A mistyped number is somebody else's.
        {"said_name": "Charlie Novak", "said_birth": None, "said_number": True},
        # Twins, and people who share a house.
        {"said_name": "Bianca Rivera", "said_birth": BORN, "said_number": False},
        {"said_name": "Bianca A. Rivera", "said_birth": BORN, "said_number": False},
        {"said_name": "Rivera", "said_birth": BORN, "said_number": False},
        {"said_name": "Alice", "said_birth": BORN, "said_number": False},
    ],
)
def test_one_alone_names_nobody(said: dict) -> None:
    """Requirements B3, B4."""
    with pytest.raises(Unlawful, match="Two of these"):
        check_same_person(**said, **ALICE)


@pytest.mark.parametrize("number", [True, False])
@given(other=st.dates(date(1900, 1, 1), date(2026, 1, 1)).filter(lambda day: day != BORN))
def test_another_date_of_birth_is_another_person_whatever_else_agrees(number: bool, other: date) -> None:
    """Requirement B4."""
    with pytest.raises(Unlawful, match="date of birth"):
        check_same_person(said_name="Alice Rivera", said_birth=other, said_number=number, **ALICE)


def test_a_record_without_a_date_of_birth_takes_name_and_number() -> None:
    """Requirement B4: what is not known agrees with nothing."""
    bare = {"name": "Alice Rivera", "family": "Rivera", "birth": None}
    check_same_person(said_name="Alice Rivera", said_birth=BORN, said_number=True, **bare)
    with pytest.raises(Unlawful, match="Two of these"):
        check_same_person(said_name="Alice Rivera", said_birth=BORN, said_number=False, **bare)


@pytest.mark.parametrize(("name", "family"), [("Suharto", "Suharto"), ("Suharto", "")])
def test_somebody_with_one_name_only_is_named_by_it(name: str, family: str) -> None:
    check_same_person(said_name="suharto", said_birth=BORN, said_number=False, name=name, family=family, birth=BORN)
    with pytest.raises(Unlawful, match="Two of these"):
        check_same_person(said_name="Sukarno", said_birth=BORN, said_number=False, name=name, family=family, birth=BORN)


@given(said=st.text(max_size=30), name=st.text(max_size=20), family=st.text(max_size=20))
def test_no_name_breaks_the_comparison(said: str, name: str, family: str) -> None:
    """An empty name agrees with nothing, not even with a record that has none."""

    def agrees(words: str) -> bool:
        try:
            check_same_person(
                said_name=words, said_birth=BORN, said_number=False, name=f"{name} {family}", family=family, birth=BORN
            )
        except Unlawful:
            return False
        return True

    agrees(said)
    assert not agrees("")
