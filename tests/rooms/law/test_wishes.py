"""Restrictions, other addresses and amendments."""

from dataclasses import replace

import pytest

from scanward.law.bases import Basis, RecipientKind
from scanward.law.errors import Unlawful
from scanward.law.wishes import (
    AmendmentGround,
    AmendmentLetter,
    Restriction,
    accept_address,
    amendment_ground,
    may_end_restriction,
    missing_in_amendment_letter,
    must_agree,
    restricted,
)

SELF_PAID = Restriction(
    recipients=frozenset({RecipientKind.HEALTH_PLAN}),
    bases=frozenset({Basis.PAYMENT, Basis.OTHERS_OPERATIONS}),
    studies=frozenset({"chest"}),
    paid_in_full=True,
)


@pytest.mark.parametrize("basis", [Basis.PAYMENT, Basis.OPERATIONS, Basis.OTHERS_OPERATIONS])
def test_who_pays_in_full_can_keep_it_from_the_health_plan(basis: Basis) -> None:
    assert must_agree(RecipientKind.HEALTH_PLAN, basis, paid_in_full=True)
    assert not must_agree(RecipientKind.HEALTH_PLAN, basis, paid_in_full=False)
    assert not must_agree(RecipientKind.PROVIDER, basis, paid_in_full=True)
    assert not must_agree(RecipientKind.HEALTH_PLAN, Basis.TREATMENT, paid_in_full=True)


@pytest.mark.parametrize(
    ("recipient", "basis", "study", "forbidden"),
    [
        (RecipientKind.HEALTH_PLAN, Basis.PAYMENT, "chest", True),
        (RecipientKind.HEALTH_PLAN, Basis.PAYMENT, "knee", False),
        (RecipientKind.PROVIDER, Basis.TREATMENT, "chest", False),
        (RecipientKind.HEALTH_PLAN, Basis.REQUIRED_BY_LAW, "chest", False),
    ],
)
def test_a_restriction_forbids_what_it_names(
    recipient: RecipientKind, basis: Basis, study: str, forbidden: bool
) -> None:
    assert restricted([SELF_PAID], recipient=recipient, basis=basis, study=study) is forbidden


def test_emergency_treatment_may_break_a_restriction_and_a_whole_record_one_covers_every_study() -> None:
    whole = replace(
        SELF_PAID,
        studies=None,
        recipients=frozenset({RecipientKind.PROVIDER}),
        bases=frozenset({Basis.TREATMENT}),
    )
    asked = {"recipient": RecipientKind.PROVIDER, "basis": Basis.TREATMENT, "study": "any"}
    assert restricted([whole], **asked)  # type: ignore[arg-type]  # keyword dict of mixed types
    assert not restricted([whole], **asked, emergency=True)  # type: ignore[arg-type]  # as above


def test_a_restriction_that_was_paid_for_ends_only_with_the_person_s_word() -> None:
    assert not may_end_restriction(SELF_PAID, individual_agrees=False)
    assert may_end_restriction(SELF_PAID, individual_agrees=True)
    assert may_end_restriction(replace(SELF_PAID, paid_in_full=False), individual_agrees=False)


def test_another_address_is_accepted_without_a_reason() -> None:
    assert accept_address(reasonable=True, address_given=True, reason_demanded=False)
    assert not accept_address(reasonable=False, address_given=True, reason_demanded=False)
    with pytest.raises(Unlawful, match="asked why"):
        accept_address(reasonable=True, address_given=True, reason_demanded=True)


@pytest.mark.parametrize("ground", AmendmentGround)
def test_an_amendment_is_denied_only_on_four_grounds(ground: AmendmentGround) -> None:
    """H7."""
    assert amendment_ground(ground).startswith("45 CFR 164.526(a)(2)")


def test_not_ours_is_no_ground_when_nobody_else_can_be_asked() -> None:
    """H7."""
    with pytest.raises(Unlawful, match="can't be asked any more"):
        amendment_ground(AmendmentGround.NOT_OURS, originator_available=False)


@pytest.mark.parametrize("part", AmendmentLetter)
def test_a_letter_that_denies_an_amendment_lacks_what_it_does_not_say(part: AmendmentLetter) -> None:
    """H7."""
    assert missing_in_amendment_letter(set(AmendmentLetter) - {part}) == {part}
