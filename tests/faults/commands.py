"""`scanward` as it is typed: in a process of its own, with an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("SCANWARD_", "DJANGO_"))}


def command(folder: Path, *words: object, **settings: str) -> "subprocess.Popen[str]":
    """Start `scanward` on a data folder; `settings` are the names behind SCANWARD_."""
    chosen = {f"SCANWARD_{name}": value for name, value in {"DEMO": "1", **settings}.items()}
    environment = {**CLEAN, "SCANWARD_DATA": str(folder), "TERM": "dumb", "COLUMNS": "200", **chosen}
    arguments = [sys.executable, "-m", "scanward.cli", *map(str, words)]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def typed(folder: Path, *words: object, ends: int = 0, **settings: str) -> str:
    """Return what `scanward` says; it must end with this code, and never with a traceback."""
    child = command(folder, *words, **settings)
    said, wrong = child.communicate(timeout=500)
    assert child.returncode == ends, said + wrong
    assert "Traceback" not in wrong
    return said + wrong
