"""Authorizations: every missing element and every defect blocks, alone and in pairs; valid kinds pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.law.authorization import (
    Authorization,
    CombinedWith,
    Condition,
    ExpiresOn,
    ExpiresWhen,
    ResearchExpiry,
    Revocation,
    RevocationForm,
    Signer,
    Statement,
    Subject,
    copy_owed,
    revoked_at,
    signed_copy_due,
    stops,
)
from scanward.law.defects import CITATIONS, Defect, examine, filled_in
from scanward.law.errors import Unlawful

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 6, 15, 18, tzinfo=UTC)
ALL = frozenset(Statement)

GOOD = Authorization(
    description="CT images and report of the chest, March 2026",
    discloser="General Hospital, radiology",
    recipient="Dr. Charlie Stone",
    purpose="second opinion",
    expiry=ExpiresOn(date(2026, 12, 31)),
    signature="Alice Adams",
    signed_on=date(2026, 6, 1),
    statements=ALL,
)
RESEARCH = replace(GOOD, subject=Subject.RESEARCH, expiry=ResearchExpiry.NONE)
NOTES = replace(GOOD, subject=Subject.PSYCHOTHERAPY_NOTES)

Change = Callable[[Authorization], Authorization]

# Each breaks one thing, independently of the others.
BREAKS: dict[Defect, Change] = {
    Defect.DESCRIPTION: lambda a: replace(a, description=""),
    Defect.DISCLOSER: lambda a: replace(a, discloser="____"),
    Defect.RECIPIENT: lambda a: replace(a, recipient="TBD"),
    Defect.PURPOSE: lambda a: replace(a, purpose="  "),
    Defect.EXPIRY: lambda a: replace(a, expiry=None),
    Defect.SIGNATURE: lambda a: replace(a, signature=""),
    Defect.SIGNATURE_DATE: lambda a: replace(a, signed_on=None),
    Defect.AUTHORITY: lambda a: replace(a, signer=Signer.REPRESENTATIVE, authority=""),
    Defect.NO_REVOCATION: lambda a: replace(a, statements=a.statements - {Statement.REVOCATION}),
    Defect.NO_CONDITIONING: lambda a: replace(a, statements=a.statements - {Statement.CONDITIONING}),
    Defect.NO_REDISCLOSURE: lambda a: replace(a, statements=a.statements - {Statement.REDISCLOSURE}),
    Defect.REVOKED: lambda a: replace(a, revoked_at=NOW),
    Defect.COMPOUND: lambda a: replace(a, combined_with=frozenset({CombinedWith.OTHER_DOCUMENT})),
    Defect.MIXED_CONDITIONS: lambda a: replace(a, mixes_conditions=True),
    Defect.CONDITIONED: lambda a: replace(a, conditioned_on=frozenset({Condition.TREATMENT})),
    Defect.FALSE: lambda a: replace(a, known_false=True),
    Defect.REMUNERATION: lambda a: replace(a, subject=Subject.MARKETING),
}
# These take the place of another break of the same field.
VARIANTS: dict[Defect, Change] = {
    Defect.PURPOSE_NOT_INDIVIDUAL: lambda a: replace(a, purpose="At the request of the individual"),
    Defect.EXPIRY_RESEARCH_ONLY: lambda a: replace(a, expiry=ResearchExpiry.NONE),
    Defect.EXPIRED: lambda a: replace(a, expiry=ExpiresOn(date(2026, 6, 14))),
    Defect.EVENT_HAPPENED: lambda a: replace(a, expiry=ExpiresWhen("end of the lawsuit", happened=True)),
    Defect.SIGNED_IN_FUTURE: lambda a: replace(a, signed_on=date(2026, 6, 16)),
}


def defects(authorization: Authorization, now: datetime = NOW) -> frozenset[Defect]:
    return examine(authorization, now=now, zone=ZONE).defects


def test_every_defect_is_tried_below_and_has_its_clause() -> None:
    """D7."""
    assert set(BREAKS) | set(VARIANTS) == set(Defect) == set(CITATIONS)
    assert all(citation.startswith("45 CFR 164.508") for citation in CITATIONS.values())


@pytest.mark.parametrize("defect", Defect)
def test_each_defect_alone_blocks_and_is_named_with_its_clause(defect: Defect) -> None:
    """D1, D2, D3, D4, D5, D6, D7."""
    verdict = examine((BREAKS | VARIANTS)[defect](GOOD), now=NOW, zone=ZONE)
    assert not verdict.valid
    assert [(f.defect, f.citation) for f in verdict.findings] == [(defect, CITATIONS[defect])]


@pytest.mark.parametrize(("one", "other"), list(combinations(BREAKS, 2)))
def test_two_defects_are_both_named(one: Defect, other: Defect) -> None:
    """D7."""
    assert defects(BREAKS[one](BREAKS[other](GOOD))) == {one, other}


@pytest.mark.parametrize(("one", "other"), [(v, b) for v in VARIANTS for b in BREAKS])
def test_a_variant_and_another_defect_still_block(one: Defect, other: Defect) -> None:
    """D7."""
    found = defects(VARIANTS[one](BREAKS[other](GOOD)))
    assert one in found or other in found
    assert found <= {one, other}


@given(st.sets(st.sampled_from(sorted(BREAKS)), max_size=8))
def test_any_set_of_defects_is_found_exactly(wanted: set[Defect]) -> None:
    """D7."""
    broken = GOOD
    for defect in wanted:
        broken = BREAKS[defect](broken)
    assert defects(broken) == wanted


@pytest.mark.parametrize(
    "valid",
    [
        GOOD,
        replace(GOOD, expiry=ExpiresWhen("when the claim is settled")),
        replace(GOOD, recipient="any physician of the tumour board of General Hospital"),
        replace(GOOD, description="my entire medical record"),
        replace(GOOD, purpose="At the request of the individual.", individual_initiated=True),
        replace(GOOD, signer=Signer.REPRESENTATIVE, signature="Ruth Adams", authority="mother of the minor"),
        RESEARCH,
        replace(RESEARCH, expiry=ResearchExpiry.END_OF_STUDY),
        replace(RESEARCH, combined_with=frozenset({CombinedWith.RESEARCH_PERMISSION})),
        replace(RESEARCH, conditioned_on=frozenset({Condition.RESEARCH_TREATMENT})),
        replace(RESEARCH, mixes_conditions=True, separable=True),
        NOTES,
        replace(NOTES, combined_with=frozenset({CombinedWith.PSYCHOTHERAPY_AUTHORIZATION})),
        replace(GOOD, combined_with=frozenset({CombinedWith.OTHER_AUTHORIZATION})),
        replace(GOOD, conditioned_on=frozenset({Condition.EXAM_FOR_THIRD_PARTY})),
        replace(GOOD, conditioned_on=frozenset({Condition.ENROLMENT})),
        replace(GOOD, subject=Subject.SALE, remuneration_stated=True),
        replace(GOOD, subject=Subject.MARKETING, remuneration_stated=True),
    ],
)
def test_every_valid_kind_is_accepted(valid: Authorization) -> None:
    """D1, D7."""
    assert examine(valid, now=NOW, zone=ZONE).valid


@pytest.mark.parametrize(
    ("authorization", "defect"),
    [
        (replace(GOOD, combined_with=frozenset({CombinedWith.RESEARCH_PERMISSION})), Defect.COMPOUND),
        (replace(GOOD, combined_with=frozenset({CombinedWith.PSYCHOTHERAPY_AUTHORIZATION})), Defect.COMPOUND),
        (replace(NOTES, combined_with=frozenset({CombinedWith.OTHER_AUTHORIZATION})), Defect.COMPOUND),
        (replace(RESEARCH, mixes_conditions=True), Defect.MIXED_CONDITIONS),
        (replace(GOOD, mixes_conditions=True, separable=True), Defect.MIXED_CONDITIONS),
        (replace(GOOD, conditioned_on=frozenset({Condition.RESEARCH_TREATMENT})), Defect.CONDITIONED),
        (replace(NOTES, conditioned_on=frozenset({Condition.ENROLMENT})), Defect.CONDITIONED),
        (replace(GOOD, conditioned_on=frozenset({Condition.PAYMENT})), Defect.CONDITIONED),
        (replace(GOOD, conditioned_on=frozenset({Condition.BENEFITS})), Defect.CONDITIONED),
        (replace(GOOD, expiry=ResearchExpiry.END_OF_STUDY), Defect.EXPIRY_RESEARCH_ONLY),
        (replace(GOOD, expiry=ExpiresWhen(" ")), Defect.EXPIRY),
    ],
)
def test_the_compound_and_conditioning_rules_depend_on_the_kind(authorization: Authorization, defect: Defect) -> None:
    """D7."""
    assert defects(authorization) == {defect}


def test_it_runs_to_the_end_of_its_last_day_on_the_facility_s_wall() -> None:
    """D4, D11."""
    ends_today = replace(GOOD, expiry=ExpiresOn(date(2026, 6, 15)))
    midnight = datetime(2026, 6, 16, tzinfo=ZONE)
    assert not defects(ends_today, midnight - timedelta(seconds=1))
    assert defects(ends_today, midnight) == {Defect.EXPIRED}


@pytest.mark.parametrize("text", ["", "-", "____", "n/a", "N.A.", "TBD", "xxx", "see attached", "?"])
def test_a_placeholder_is_not_filled_in(text: str) -> None:
    """D7."""
    assert not filled_in(text)


def test_a_revocation_stops_from_the_moment_it_is_received_and_leaves_the_past_intact() -> None:
    """D8."""
    revocation = Revocation(form=RevocationForm.PORTAL, received_at=NOW)
    assert stops(revocation, disclosed_at=NOW)
    assert stops(revocation, disclosed_at=NOW + timedelta(days=1))
    assert not stops(revocation, disclosed_at=NOW - timedelta(microseconds=1))


def test_a_revoked_authorization_was_valid_before() -> None:
    """D8."""
    revoked = replace(GOOD, revoked_at=NOW)
    assert not defects(revoked, NOW - timedelta(seconds=1))
    assert defects(revoked) == {Defect.REVOKED}


def test_the_first_of_two_revocations_counts() -> None:
    """D8."""
    again = Revocation(form=RevocationForm.LETTER, received_at=NOW)
    assert revoked_at(again, NOW - timedelta(days=2)) == NOW - timedelta(days=2)
    assert revoked_at(again, None) == NOW


def test_a_spoken_revocation_is_no_form_of_revocation_in_writing() -> None:
    """D8."""
    assert not [form for form in RevocationForm if "phone" in form or "oral" in form or "spoken" in form]
    with pytest.raises(ValueError, match="aware"):
        Revocation(form=RevocationForm.LETTER, received_at=datetime(2026, 1, 1))


def test_who_asks_for_an_authorization_gives_a_copy_and_keeps_the_signed_one() -> None:
    """D6."""
    assert copy_owed(asked_by_entity=True)
    assert not copy_owed(asked_by_entity=False)
    signed_copy_due(copy_kept=True)
    with pytest.raises(Unlawful, match="must be kept"):
        signed_copy_due(copy_kept=False)
