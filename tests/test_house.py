"""The house keeps its shape: what lies above is not known below, and what is promised is there."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey, ManyToManyField

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "scanward"
# From the ground up; a room's tables may point at those of the same or a lower storey only.
STOREYS = [{"audit"}, {"people"}, {"access"}, {"archive"}, {"intake", "release", "research", "oversight"}]
LIBRARIES = {
    "auth",
    "contenttypes",
    "sessions",
    "messages",
    "staticfiles",
    "account",
    "mfa",
    "usersessions",
    "socialaccount",
}


def storey(label):
    return next(number for number, rooms in enumerate(STOREYS) if label in rooms)


def own_models():
    return [model for model in apps.get_models() if model.__module__.startswith("scanward.")]


def test_foreign_keys_point_down():
    wrong = []
    for model in own_models():
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey | ManyToManyField):
                target = field.related_model._meta.app_label
                here = model._meta.app_label
                if target in LIBRARIES or target == here:
                    continue
                if storey(target) >= storey(here):
                    wrong.append(f"{here}.{model.__name__}.{field.name} -> {target}")
    assert wrong == []


def test_the_ledger_points_at_nothing():
    """Entries outlive what they speak of."""
    for model in own_models():
        if model._meta.app_label == "audit":
            assert not [field for field in model._meta.get_fields() if isinstance(field, ForeignKey)]


@pytest.mark.parametrize("face", ["portal", "desk", "api", "web", "cli"])
def test_faces_have_no_models(face):
    assert not [model for model in own_models() if model.__module__.startswith(f"scanward.{face}.")]


def test_there_is_no_room_without_a_name():
    forbidden = {"utils", "util", "common", "core", "helpers", "misc"}
    names = {path.stem for path in PACKAGE.rglob("*.py")} | {path.name for path in PACKAGE.rglob("*") if path.is_dir()}
    assert not names & forbidden


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if "migrations" not in path.parts and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_every_setting_is_documented():
    named = set(re.findall(r'(?:env|flag|listed)\("([A-Z0-9_]+)"', (PACKAGE / "settings.py").read_text("utf-8")))
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    assert {name for name in named if f"`SCANWARD_{name}`" not in page} == set()


def test_every_command_is_documented():
    from scanward.cli import COMMANDS

    page = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    assert {name for name in COMMANDS if f"`scanward {name}" not in page} == set()


def test_every_command_can_be_loaded():
    from scanward.cli import COMMANDS, main

    for name in COMMANDS:
        assert main.get_command(None, name) is not None, name


def test_no_file_names_a_registry_or_a_place_of_one_machine():
    hosts = re.compile("py" + r"pi\.org|python" + r"hosted|npm" + r"js\.|deb" + r"\.debian|/work/" + "(main|shared)")
    suffixes = {".py", ".md", ".toml", ".lock", ".json", ".ts", ".mjs", ".html", ".css", ".js", ".typ", ".txt"}
    skipped = {".venv", "node_modules", "var", ".git", "artefacts", ".mypy_cache", ".ruff_cache", ".hypothesis"}
    named = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file() and path.suffix in suffixes and not skipped & set(path.relative_to(ROOT).parts)
        if hosts.search(path.read_text("utf-8", "ignore"))
    ]
    assert named == []


def test_pages_carry_no_inline_style_or_script():
    """The policy would refuse them; the page would be broken without a word."""
    inline = re.compile(
        r"\sstyle=|\son[a-z]+=\"|<script(?![^>]*(src=|type=\"application/json\"))|javascript:", re.IGNORECASE
    )
    wrong = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("templates/**/*.html")
        if inline.search(path.read_text("utf-8"))
    ]
    assert wrong == []


def test_the_default_database_is_encrypted():
    if settings.DATABASES["default"]["ENGINE"] != "scanward.database":
        pytest.skip("this run is on PostgreSQL")
    from django.db import connection

    assert connection.display_name.startswith("SQLite (encrypted")
