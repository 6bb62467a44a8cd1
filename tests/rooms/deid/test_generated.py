"""What is generated is what its data say, and the docs name every command and option."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scanward.cli.deid import command
from scanward.deid.profiles import OPTION_NAMES, READY_MADE
from scanward.deid.table import METHODS, ROWS

ROOT = Path(__file__).resolve().parents[3]


def tool(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_regenerating_the_tables_gives_the_same_files():
    """In a process of its own: other libraries add to pydicom's dictionaries once they are imported."""
    checked = subprocess.run([sys.executable, "tools/make_deid_tables.py", "--check"], cwd=ROOT, check=False)
    assert checked.returncode == 0


def test_the_conformance_page_is_what_the_code_does():
    made = tool("make_deid_conformance")
    assert made.TARGET.read_text() == made.page()


def test_every_row_of_the_edition_is_there():
    rows = json.loads((ROOT / "tools" / "standard" / "ps315_e1_1.json").read_text())
    plain = [r for r in rows if not r.get("pattern")]
    assert len(rows) == 621 and all(int(r["tag"][1:5] + r["tag"][6:10], 16) in ROWS for r in plain)
    assert len(METHODS) == 13


@pytest.mark.parametrize("name", [*OPTION_NAMES, *READY_MADE])
def test_the_how_to_names_every_profile_and_option(name):
    assert f"`{name}`" in (ROOT / "docs" / "how-to" / "deidentify.md").read_text()


def test_the_how_to_names_every_flag_and_command():
    text = (ROOT / "docs" / "how-to" / "deidentify.md").read_text()
    for name, sub in command.commands.items():
        assert name == "run" or f"deid {name}" in text
        assert all(option.opts[0] in text for option in sub.params if option.opts[0].startswith("--"))
