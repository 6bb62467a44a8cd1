"""Denials: only real grounds, the rest granted, another licensed reviewer, a complete letter."""

from typing import Any

import pytest

from scanward.law.bases import Basis
from scanward.law.denials import (
    GROUND_CITATIONS,
    NEVER_CITATIONS,
    REVIEWABLE,
    Denial,
    Fact,
    Ground,
    LetterPart,
    NeverAGround,
    Outcome,
    Person,
    check_letter,
    check_reviewer,
    deny,
    ground_of,
    letter_parts,
    review,
)
from scanward.law.errors import Unlawful
from scanward.law.holds import Item

DANA = Person("dana", licensed=True)
ANOTHER = Person("another", licensed=True)
HAL = Person("hal", licensed=False)


def denial(ground: Ground = Ground.ENDANGERS_LIFE, **changes: Any) -> Denial:
    given: dict[str, Any] = {
        "ground": ground,
        "asked": set(Item),
        "withheld": {Item.REPORT},
        "decided_by": DANA,
        "rationale": "see the note of today",
        "basis": Basis.REPRESENTATIVE_ACCESS if ground is Ground.REPRESENTATIVE_HARM else Basis.ACCESS,
        "facts": set(Fact),
    }
    return deny(**(given | changes))


@pytest.mark.parametrize("ground", Ground)
def test_each_ground_works_with_its_facts_and_the_rest_is_granted(ground: Ground) -> None:
    """A12."""
    denied = denial(ground)
    assert denied.granted == {Item.IMAGES}
    assert denied.citation == GROUND_CITATIONS[ground]
    assert denied.reviewable == (ground in REVIEWABLE) == ("(a)(3)" in denied.citation)


@pytest.mark.parametrize("never", NeverAGround)
def test_what_is_never_a_ground_says_why(never: NeverAGround) -> None:
    """A11, A13, F9, T9."""
    with pytest.raises(Unlawful) as refusal:
        ground_of(never)
    assert refusal.value.sentence == never.value
    assert refusal.value.citation == NEVER_CITATIONS[never]


def test_a_word_that_names_no_ground_is_refused_and_one_that_does_is_read() -> None:
    assert ground_of(Ground.INMATE.value) is Ground.INMATE
    with pytest.raises(Unlawful, match="no ground that the law knows"):
        ground_of("policy")


@pytest.mark.parametrize("ground", sorted(REVIEWABLE))
def test_only_a_licensed_professional_judges_harm(ground: Ground) -> None:
    with pytest.raises(Unlawful, match="licensed health care professional"):
        denial(ground, decided_by=HAL)


@pytest.mark.parametrize("ground", [Ground.RESEARCH, Ground.INMATE, Ground.CONFIDENTIAL_SOURCE, Ground.HARMS_OTHER])
def test_a_ground_without_its_facts_is_refused(ground: Ground) -> None:
    with pytest.raises(Unlawful, match="presupposes"):
        denial(ground, facts=())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"withheld": ()}, "names what it withholds"),
        ({"asked": {Item.IMAGES}}, "out of what was asked"),
        ({"rationale": " "}, "rationale"),
        ({"ground": Ground.REPRESENTATIVE_HARM, "basis": Basis.ACCESS}, "personal representative"),
    ],
)
def test_an_incomplete_denial_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Unlawful, match=why):
        denial(**change)


def test_another_licensed_professional_reviews_and_the_outcome_binds() -> None:
    denied = denial()
    assert review(denied, reviewer=ANOTHER, outcome=Outcome.GRANTED).granted == set(Item)
    assert review(denied, reviewer=ANOTHER, outcome=Outcome.UPHELD).granted == {Item.IMAGES}


@pytest.mark.parametrize(
    ("reviewer", "took_part", "why"),
    [(DANA, False, "did not take part"), (ANOTHER, True, "did not take part"), (HAL, False, "licensed")],
)
def test_who_denied_took_part_or_has_no_licence_can_t_review(reviewer: Person, took_part: bool, why: str) -> None:
    with pytest.raises(Unlawful, match=why):
        review(denial(), reviewer=reviewer, outcome=Outcome.UPHELD, took_part=took_part)


@pytest.mark.parametrize("ground", sorted(set(Ground) - REVIEWABLE))
def test_an_unreviewable_ground_has_no_review(ground: Ground) -> None:
    with pytest.raises(Unlawful, match="can't be reviewed"):
        check_reviewer(denial(ground), ANOTHER)


def test_the_letter_says_what_the_ground_calls_for() -> None:
    assert letter_parts(denial(), kept_elsewhere=True) == set(LetterPart)
    plain = letter_parts(denial(Ground.PRIVACY_ACT, withheld=set(Item)))
    assert plain == {LetterPart.BASIS, LetterPart.COMPLAIN_HERE, LetterPart.COMPLAIN_HHS}


@pytest.mark.parametrize("part", LetterPart)
def test_a_letter_that_lacks_any_part_is_not_sent(part: LetterPart) -> None:
    check_letter(denial(), set(LetterPart), kept_elsewhere=True)
    with pytest.raises(Unlawful, match="still has to say"):
        check_letter(denial(), set(LetterPart) - {part}, kept_elsewhere=True)
