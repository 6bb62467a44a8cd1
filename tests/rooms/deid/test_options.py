"""S1, S3, R1: the option columns in pairs, and each ready-made profile: readable, and no more kept than asked."""

import io
import random
from functools import cache
from itertools import combinations

import pydicom
import pytest

from scanward.deid.held import Held
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE, Option, Profile, with_options
from scanward.deid.rewrite import Deidentifier

from .corpus import Case, cases
from .test_tokens import accidental, inflated

PROJECT = Project("options", b"o" * 32)
KINDS = ("text explicit False", "SR", "GSPS", "enhanced", "KOS", "private")
PAIRS = [pair for pair in combinations(Option, 2) if set(pair) != {Option.FULL_DATES, Option.MODIFIED_DATES}]
QUICK = random.Random(19).sample(PAIRS, 8)
# What these options keep is what they are for: numbers of devices, names of institutions, dates, UIDs.
KEEPING = {Option.UIDS, Option.DEVICE, Option.INSTITUTION, Option.FULL_DATES}


@cache
def some() -> tuple[Case, ...]:
    """One case of each kind."""
    chosen = {}
    for case in cases(23):
        kind = next((kind for kind in KINDS if case.name.startswith(kind)), None)
        if kind:
            chosen.setdefault(kind, case)
    return tuple(chosen.values())


@cache
def left(options: frozenset[Option]) -> frozenset[tuple[str, bytes]]:
    """The tokens that are left by the basic profile with these options, after each output was read again."""
    return frozenset(_left(with_options(READY_MADE["basic"], options)))


def _left(profile: Profile):
    engine = Deidentifier(profile, PROJECT)
    for case in some():
        try:
            done = engine.clean(case.data)
        except Held:
            continue
        output = inflated(done.assemble(case.data))
        read = pydicom.dcmread(io.BytesIO(done.assemble(case.data)))
        assert [one.CodeValue for one in read.DeidentificationMethodCodeSequence] == list(profile.codes)
        assert sum(1 for _ in read.iterall()) > 10
        found = (token for token in case.tokens - accidental(case.tokens, done.scope.days) if token in output)
        yield from ((case.name, token) for token in found)


def test_the_corpus_has_one_of_each():
    assert len(some()) >= 5


@pytest.mark.parametrize("pair", QUICK, ids="+".join)
def test_two_options_keep_no_more_than_each_of_them(pair):
    """S3"""
    _check(pair)


@pytest.mark.long
@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_any_two_options_keep_no_more_than_each_of_them(pair):
    """S3"""
    _check(pair)


def _check(pair: tuple[Option, Option]) -> None:
    alone = left(frozenset(pair[:1])) | left(frozenset(pair[1:]))
    assert left(frozenset(pair)) <= alone
    assert KEEPING & set(pair) or not alone


@pytest.mark.parametrize("name", list(READY_MADE))
def test_each_ready_made_profile_names_its_pathway_and_leaves_nothing(name):
    """S1, R1"""
    profile = READY_MADE[name]
    assert "164.514" in profile.pathway.value
    kept = {token for _, token in _left(profile)}
    assert all(name == "limited-data-set" and token.isdigit() and len(token) == 8 for token in kept)  # its dates
