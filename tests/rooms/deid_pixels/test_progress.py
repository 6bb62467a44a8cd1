"""Whoever waits sees at what the workers are, and nothing of it stays behind (issue 7, progress per stage)."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from scanward.deid.keyed import new_project, write_key
from scanward.deid.stages import Stage, busy, busy_in
from scanward.dicom.synthetic import SeriesKind, study


def _on_a_terminal(command: list[str]) -> tuple[int, str]:
    """The exit code, and all that was drawn."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    drawn = b""
    with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:  # the terminal ends with the command
        while piece := terminal.read(1 << 16):
            drawn += piece
    return process.wait(), drawn.decode()


def test_a_person_at_a_terminal_sees_files_rate_and_stage(tmp_path: Path) -> None:
    """S7."""
    (tmp_path / "in").mkdir()
    for n, one in enumerate(study("chest", matrix=128, slices=6, series=[SeriesKind.SOFT]).files):
        (tmp_path / "in" / f"{n}.dcm").write_bytes(one.data)
    write_key(tmp_path / "key", new_project("shown"))
    words = ["deid", tmp_path / "in", tmp_path / "out", "--profile", "research", "--project", tmp_path / "key"]
    code, drawn = _on_a_terminal([sys.executable, "-m", "scanward.cli", *map(str, words)])
    assert code == 0, drawn
    assert "6/6" in drawn and "MB/s" in drawn and Stage.TEXT in drawn
    assert not [path for path in (tmp_path / "out").rglob(".*")]


def test_each_worker_says_its_own_word_and_then_none(tmp_path: Path) -> None:
    one, other = busy_in(str(tmp_path), "a"), busy_in(str(tmp_path), "b")
    one(Stage.FACES)
    other(Stage.TEXT, 3, 1200)
    assert busy(tmp_path) == ["finding faces", "finding text, 3 of 1,200"]
    one.over()
    other.over()
    assert not busy(tmp_path) and not list(tmp_path.iterdir())
