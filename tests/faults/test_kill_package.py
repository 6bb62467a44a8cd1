"""The building, checking and sending of a package is killed with signal 9: nothing leaves by half, nothing lies about.

More points: SCANWARD_TEST_KILL_POINTS=1000. One point again: SCANWARD_TEST_KILL_POINTS=1 SCANWARD_TEST_KILL_SEED=n.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faults.commands import CLEAN
from kill_runner import first_seed, points

PROGRAM = str(Path(__file__).with_name("killed_packages.py"))
QUICK, LONG = 8, 300

pytestmark = pytest.mark.timeout(1800)


def run(*words: object) -> str:
    """Run the program with nothing of this process's settings, and return what it says."""
    command = [sys.executable, PROGRAM, *map(str, words)]
    child = subprocess.run(command, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert child.returncode == 0, child.stdout
    return child.stdout


def test_a_package_whose_maker_is_killed_is_whole_or_not_there(prepared: Path, tmp_path: Path) -> None:
    """Requirement G19; fault D8: at each point what was acknowledged holds, and whoever goes on comes to the same end.

    A copy that left has its row in the register, a row its copy: a mail whose sender died is sent by the worker.
    """
    count = points(LONG if os.environ.get("SCANWARD_TEST_LONG") else QUICK)
    shutil.copytree(prepared / "hospital", tmp_path / "hospital")
    run("prepare", tmp_path)
    found = [json.loads(line) for line in run("kill", tmp_path, first_seed(), 1, count).splitlines()]
    assert len(found) == count
    assert [point for point in found if point["problems"]] == []
    if count >= 50:
        assert len({len(point["told"]) for point in found}) > 3


@pytest.fixture(autouse=True)
def no_database(django_db_blocker: object) -> None:
    """Everything here is in processes of its own."""
