"""A hospital on the disk, which tests copy and then break."""

import subprocess
import sys
from pathlib import Path

import pytest

from faults.commands import CLEAN

PROGRAM = str(Path(__file__).with_name("killed_imports.py"))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`hospital` with something in it, `incoming` files, and `timed`: the hospital that has imported them."""
    place = tmp_path_factory.mktemp("prepared")
    command = [sys.executable, PROGRAM, "prepare", str(place)]
    child = subprocess.run(command, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert child.returncode == 0, child.stdout
    return place
