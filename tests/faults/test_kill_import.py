"""An import is killed with signal 9, hundreds of times; nothing that was acknowledged is lost, nothing half is served.

More points: SCANWARD_TEST_KILL_POINTS=5000. One point again: SCANWARD_TEST_KILL_POINTS=1 SCANWARD_TEST_KILL_SEED=n.
"""

import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faults.commands import CLEAN, command, typed
from kill_runner import first_seed, points

PROGRAM = str(Path(__file__).with_name("killed_imports.py"))
TOGETHER = 3
IMPORT = ("import", "--issuer", "LAKESIDE")

pytestmark = pytest.mark.timeout(900)


def run(*words: object) -> "subprocess.Popen[str]":
    """Start the program with nothing of this process's settings."""
    command = [sys.executable, PROGRAM, *map(str, words)]
    return subprocess.Popen(command, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def all_points(place: Path, count: int) -> list[dict[str, object]]:
    """Kill at `count` points, several at a time."""
    children = [run("kill", place, first_seed() + turn, TOGETHER, count - turn) for turn in range(min(TOGETHER, count))]
    said = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0] * len(children), said
    return [json.loads(line) for text in said for line in text.splitlines()]


def test_an_import_that_is_killed_loses_nothing_that_was_acknowledged(prepared: Path) -> None:
    """fault D1: 200 points, at calls and inside commits; each is recovered, judged, imported again and judged again."""
    count = points(200)
    found = all_points(prepared, count)
    assert len(found) == count
    assert [point for point in found if point["problems"]] == []
    if count >= 50:
        reached = {point["acknowledged"] for point in found}
        assert min(reached) == 0
        assert max(reached) > 6


def test_the_same_seed_kills_at_the_same_place(prepared: Path) -> None:
    """fault D1: what fails can be replayed."""
    seed = next(seed for seed in range(1, 99) if stops_at_a_step(seed))
    once, twice = (run("kill", prepared, seed, 1, 1).communicate()[0] for _ in range(2))
    assert once == twice


def stops_at_a_step(seed: int) -> bool:
    """Return whether a seed stands for a call, and not for a time (see `killed_imports.kill`)."""
    chance = random.Random(seed)
    chance.randint(1, 4)
    return chance.random() >= 0.5


TIMES = [0.05, 0.2, *[pytest.param(number / 100, marks=pytest.mark.long) for number in range(40)]]


@pytest.mark.parametrize("after", TIMES)
def test_the_command_that_is_killed_is_typed_again_and_ends_the_same(
    prepared: Path, tmp_path: Path, after: float
) -> None:
    """fault D1, for `scanward import` and `vault scrub` as they are typed."""
    shutil.copytree(prepared / "hospital", tmp_path / "hospital")
    child = command(tmp_path / "hospital", *IMPORT, prepared / "incoming")
    assert child.stderr is not None
    child.stderr.readline()  # It has begun.
    try:
        child.wait(after)
    except subprocess.TimeoutExpired:
        child.kill()
    child.communicate()
    said = typed(tmp_path / "hospital", *IMPORT, prepared / "incoming")
    counts = {label: int(number) for number, label in re.findall(r"^ +(\d+) (.+)$", said, re.MULTILINE)}
    assert counts["kept"] + counts["here already"] == 9
    assert counts["kept apart, waiting for a decision"] == counts["refused"] == 1
    assert "0 found damaged" in typed(tmp_path / "hospital", "vault", "scrub")
