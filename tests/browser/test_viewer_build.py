"""How the viewer is built: from pinned packages, only when something has changed, with a Node that is new enough."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from browser.viewing import REPOSITORY, load_file

VIEWER = REPOSITORY / "viewer"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """tools/build_viewer.py."""
    return load_file(REPOSITORY / "tools/build_viewer.py")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The viewer's sources, to be changed at will."""
    return Path(shutil.copytree(VIEWER, tmp_path / "viewer", ignore=shutil.ignore_patterns("node_modules", ".tests")))


@pytest.mark.parametrize(
    ("version", "enough"), [("v20.0.0", True), ("v24.19.0\n", True), ("v18.20.1", False), ("", False)]
)
def test_an_old_node_is_not_taken(tool: ModuleType, version: str, enough: bool) -> None:
    assert tool.is_new_enough(version) is enough


def test_any_change_of_a_source_is_noticed_and_nothing_else(tool: ModuleType, copy: Path) -> None:
    before = tool.fingerprint(copy)
    (copy / "dev/serve.py").write_text("")
    assert tool.fingerprint(copy) == before
    (copy / "src/view.ts").rename(copy / "src/views.ts")
    renamed = tool.fingerprint(copy)
    (copy / "src/views.ts").write_text("")
    assert len({before, renamed, tool.fingerprint(copy)}) == 3


def test_a_build_with_a_missing_file_is_not_fresh(tool: ModuleType, tmp_path: Path) -> None:
    for name in ("viewer.js", "viewer.css"):
        (tmp_path / name).touch()
    assert not tool.is_fresh(tmp_path, "a")
    (tmp_path / tool.STAMP).write_text("a")
    assert tool.is_fresh(tmp_path, "a")
    assert not tool.is_fresh(tmp_path, "b")
    (tmp_path / "viewer.css").unlink()
    assert not tool.is_fresh(tmp_path, "a")


def test_the_lock_names_no_registry_and_hashes_every_package() -> None:
    text = (VIEWER / "package-lock.json").read_text()
    assert "://" not in text.replace("https://opencollective.com", "").replace("https://github.com/sponsors", "")
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert packages
    assert [name for name, one in packages.items() if not one.get("integrity", "").startswith("sha512-")] == []


def test_the_viewer_carries_no_foreign_code_and_pins_its_tools() -> None:
    package = json.loads((VIEWER / "package.json").read_text())
    assert "dependencies" not in package
    assert all(version[0].isdigit() for version in package["devDependencies"].values())


def test_types_hold_and_the_viewers_own_tests_pass() -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "tools/build_viewer.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
