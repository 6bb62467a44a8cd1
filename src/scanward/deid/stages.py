"""What a worker is busy with, in a file beside its output, for whoever waits in front of a screen."""

import os
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

_SELDOM: Final = 0.2  # seconds between two words


class Stage(StrEnum):
    """What takes its time."""

    READING = "reading"
    NARROWING = "cropping"
    FACES = "finding faces"
    CUTTING = "cutting faces"
    TEXT = "finding text"
    WRITING = "writing"


class Busy:
    """One worker's word for what it does; without a path it says nothing."""

    def __init__(self, path: str = "") -> None:
        self._path, self._said = path, 0.0

    def __call__(self, stage: Stage, done: int = 0, of: int = 0) -> None:
        """Say it, at most some times a second while it is counted."""
        now = time.monotonic()
        if not self._path or (done and now < self._said + _SELDOM):
            return
        self._said = now
        with suppress(OSError):
            Path(self._path).write_text(f"{stage}, {done:,} of {of:,}" if of else stage)

    def over(self) -> None:
        """Nothing more."""
        if self._path:
            with suppress(OSError):
                os.unlink(self._path)


def busy_in(destination: str, process: str) -> Busy:
    """A worker's word, in a file that the next run sweeps if this one is killed."""
    return Busy(f"{destination}/.SW{process}.busy.part")


def busy(destination: Path) -> list[str]:
    """What the workers say at this moment."""
    said = []
    for path in sorted(destination.glob(".SW*.busy.part")):
        with suppress(OSError):
            said.append(path.read_text())
    return [one for one in said if one]
