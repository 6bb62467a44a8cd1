"""Tracks: the shortest form for one's own record, validation per track, directives after Ciox."""

from dataclasses import replace

import pytest

from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.law.tracks import (
    BASES,
    Demand,
    Directive,
    DirectiveGap,
    Field,
    Track,
    bases_of,
    check_demands,
    directive_gaps,
    may_ask,
    must_ask,
    track_of,
)

DIRECTIVE = Directive(
    in_writing=True,
    signed=True,
    recipient="Dr. Stone",
    destination="1 Main Street",
    electronic_copy=True,
    in_ehr=True,
)


@pytest.mark.parametrize("track", Track)
def test_a_form_may_ask_what_it_must_ask(track: Track) -> None:
    assert must_ask(track) <= may_ask(track)


def test_one_s_own_record_takes_the_shortest_form_and_no_authorization() -> None:
    """T2, B14."""
    assert len(must_ask(Track.ACCESS)) == 3
    assert not may_ask(Track.ACCESS) & {Field.PURPOSE, Field.EXPIRY, Field.STATEMENTS, Field.RECIPIENT}


def test_an_authorization_names_purpose_and_expiration_and_a_directive_need_not() -> None:
    """T4, D3, D4, B12."""
    assert {Field.PURPOSE, Field.EXPIRY} <= must_ask(Track.AUTHORIZATION)
    assert not may_ask(Track.DIRECTIVE) & {Field.PURPOSE, Field.EXPIRY}


def test_every_basis_belongs_to_exactly_one_track() -> None:
    """A10."""
    owned = [basis for track in Track for basis in bases_of(track)]
    assert sorted(owned) == sorted(Basis)
    assert set(BASES) == set(Track)


@pytest.mark.parametrize("demand", Demand)
def test_no_demand_may_stand_before_one_s_own_record(demand: Demand) -> None:
    """A11, A12, A13, B14, G13, C4, F9."""
    with pytest.raises(Unlawful, match="Nobody may be asked"):
        check_demands([demand])


def test_no_demands_pass() -> None:
    check_demands([])


@pytest.mark.parametrize(
    ("directive", "gap"),
    [
        (replace(DIRECTIVE, in_writing=False), DirectiveGap.WRITING),
        (replace(DIRECTIVE, signed=False), DirectiveGap.SIGNATURE),
        (replace(DIRECTIVE, recipient=" "), DirectiveGap.RECIPIENT),
        (replace(DIRECTIVE, destination=""), DirectiveGap.DESTINATION),
    ],
)
def test_a_directive_is_written_signed_and_names_person_and_place(directive: Directive, gap: DirectiveGap) -> None:
    """D6, T4."""
    assert directive_gaps(directive) == (gap,)


def test_a_complete_directive_to_anybody_is_complete() -> None:
    """A2, D14."""
    assert directive_gaps(replace(DIRECTIVE, recipient="my neighbour")) == ()


@pytest.mark.parametrize(
    ("electronic", "in_ehr", "images_count", "track"),
    [
        (True, True, False, Track.DIRECTIVE),
        (True, False, True, Track.DIRECTIVE),
        (True, False, False, Track.AUTHORIZATION),
        (False, True, True, Track.AUTHORIZATION),
        (False, False, True, Track.AUTHORIZATION),
    ],
)
def test_after_ciox_only_electronic_copies_from_the_ehr_can_be_directed(
    electronic: bool, in_ehr: bool, images_count: bool, track: Track
) -> None:
    """T3."""
    directive = replace(DIRECTIVE, electronic_copy=electronic, in_ehr=in_ehr)
    assert track_of(directive, images_count_as_ehr=images_count) is track


def test_by_default_a_pacs_counts_as_part_of_the_record() -> None:
    """T3, A15."""
    assert track_of(replace(DIRECTIVE, in_ehr=False)) is Track.DIRECTIVE
