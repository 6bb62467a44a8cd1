"""Item 4: a file that was valid stays valid, by the judgement of dicom3tools' dciodvfy, whatever options are chosen."""

import os
import random
import re
import subprocess
import tempfile
from functools import cache
from itertools import combinations

import pytest

from scanward.deid.held import Held
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE, Option, Profile, with_options
from scanward.deid.rewrite import Deidentifier, Permissions

from .corpus import cases

PROJECT = Project("valid", b"v" * 32)
# dciodvfy can't read these inputs at all, so it has nothing to compare with.
UNREADABLE = ("unordered", "odd groups")
READY = ["research", "basic", "safe-harbor", "limited-data-set"]
PAIRS = [pair for pair in combinations(Option, 2) if set(pair) != {Option.FULL_DATES, Option.MODIFIED_DATES}]
CHOICES = [*((one,) for one in Option), *PAIRS]
QUICK = [(Option.UIDS,), *random.Random(31).sample(CHOICES, 2)]
ASKED = CHOICES if os.environ.get("SCANWARD_TEST_LONG") else QUICK


@cache
def errors(data: bytes) -> frozenset[str]:
    """dciodvfy's errors, without the values in them."""
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        file.write(data)
        file.flush()
        run = subprocess.run(["dciodvfy", "-new", file.name], capture_output=True, check=False)
    lines = (run.stderr + run.stdout).decode("utf-8", "replace").splitlines()
    return frozenset(re.sub(r"= <[^>]*>", "", line) for line in lines if line.startswith("Error"))


def new_errors(engine, data: bytes) -> frozenset[str]:
    return errors(engine.clean(data).assemble(data)) - errors(data)


def of_corpus(profile: Profile) -> dict[str, frozenset[str]]:
    """The new errors of each case of the corpus that is not held."""
    engine, found = Deidentifier(profile, PROJECT), {}
    for case in cases():
        if case.name.startswith(UNREADABLE) or "deflated" in case.name or "big" in case.name:
            continue
        try:
            found[case.name] = new_errors(engine, case.data)
        except Held:
            assert case.name == "PDF"
    assert len(found) > 20
    return {name: some for name, some in found.items() if some}


def of_real_scans(profile: Profile, real_data) -> dict[str, frozenset[str]]:
    """The new errors of slices of real scans."""
    engine = Deidentifier(profile, PROJECT, permissions=Permissions("a test", "a test"))
    files = [*(real_data / "ct" / "compressed").iterdir(), *sorted((real_data / "ct" / "ge-head").iterdir())[:3]]
    files += sorted((real_data / "ct" / "philips-phantom" / "S2010").glob("I1?"))
    found = {path.name: new_errors(engine, path.read_bytes()) for path in files}
    return {name: some for name, some in found.items() if some}


def with_choice(options: tuple[Option, ...]) -> Profile:
    return with_options(READY_MADE["basic"], frozenset(options))


def named(options: tuple[Option, ...]) -> str:
    return "+".join(one.name.lower() for one in options)


@pytest.mark.dcmtk
@pytest.mark.parametrize("profile", READY)
def test_no_new_error_over_the_corpus(profile):
    assert not of_corpus(READY_MADE[profile])


@pytest.mark.dcmtk
@pytest.mark.real
@pytest.mark.parametrize("profile", READY)
def test_no_new_error_over_real_scans(profile, real_data):
    assert not of_real_scans(READY_MADE[profile], real_data)


@pytest.mark.dcmtk
@pytest.mark.parametrize("options", ASKED, ids=named)
def test_no_new_error_with_an_option_or_two(options):
    assert not of_corpus(with_choice(options))


@pytest.mark.dcmtk
@pytest.mark.real
@pytest.mark.parametrize("options", ASKED, ids=named)
def test_no_new_error_over_real_scans_with_an_option_or_two(options, real_data):
    assert not of_real_scans(with_choice(options), real_data)
