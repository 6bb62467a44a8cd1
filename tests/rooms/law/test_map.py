"""The map of the law: every function cites its clause and is proved, and the page is up to date."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def law_map() -> ModuleType:
    spec = importlib.util.spec_from_file_location("law_map", ROOT / "tools/law_map.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["law_map"] = module
    spec.loader.exec_module(module)
    return module


def test_every_public_function_cites_its_clause(law_map: ModuleType) -> None:
    assert [key for key, function in law_map.functions().items() if not function.clauses] == []


def test_every_public_function_is_reached_by_a_test(law_map: ModuleType) -> None:
    found = law_map.functions()
    law_map.prove(found)
    assert [key for key, function in found.items() if not function.tests] == []


def test_the_page_is_up_to_date(law_map: ModuleType) -> None:
    assert law_map.main(["--check"]) == 0, "run: python tools/law_map.py"


def test_the_room_reads_no_clock_and_no_file() -> None:
    for path in (ROOT / "src/scanward/law").glob("*.py"):
        code = path.read_text()
        for word in (".now(", ".today(", "open(", "import os", "django", "time.time"):
            assert word not in code.replace("is_open(", ""), f"{path.name} uses {word}"
