"""The independent check: every output read again by another parser (pydicom), in a pass and a process of its own.

It looks for the original values in what was written, and for everything that a de-identified object must not have. It
needs no key, so whoever receives the data can run it too. The process is apart so that no byte of the engine takes part
in it, and so that pydicom can be had without the pixel libraries it would load (a third of the time and memory). It is
forked where that is safe, because starting a second Python would be most of the check of a small export.
"""

import gc
import json
import os
import sys
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby, islice
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final

from scanward.deid.profiles import OPTION_NAMES, Dates, Option, Profile

_AT_ONCE: Final = 1000  # files in one question
# For pixels, downloads and archives: pydicom and the standard library go without, and headers need none of it.
_NOT_NEEDED: Final = ("numpy", "PIL", "gdcm", "jpeg_ls", "pylibjpeg", "requests", "tqdm", "ssl", "bz2", "lzma")
# Of pydicom itself: whatever is imported of these is None there. They are two thirds of what it loads.
_PIXELS_OF_PYDICOM: Final = (
    *("pydicom." + name for name in ("_version", "examples", "overlays", "waveforms", "pixels", "pixels.utils")),
    "pydicom.pixel_data_handlers",
    *(f"pydicom.pixel_data_handlers.{name}_handler" for name in ("numpy", "rle", "pillow", "jpeg_ls", "gdcm")),
    "pydicom.pixel_data_handlers.pylibjpeg_handler",
)
_READER: Final = "import sys; from scanward.deid.check import answer; answer(sys.stdin.buffer, sys.stdout.buffer)"
_THREADS: Final = Path("/proc/self/task")
_Pipes = tuple[IO[bytes], IO[bytes]]  # where questions are written, and where answers come
_BY_OPTION: Final = {0x00080081: Option.INSTITUTION, 0x00104000: Option.DESCRIPTORS}  # kept, or kept when clean
Checked = tuple[str, tuple[bytes, ...]]  # an output's path and the original values that it is searched for


@dataclass(frozen=True)
class Finding:
    """Something that an output should not have: where and what kind, never the value."""

    path: str
    element: str
    what: str


@dataclass(frozen=True)
class Rules:
    """What the outputs were promised to be."""

    dates: Dates
    kept: frozenset[int] = frozenset()  # identifying attributes that the profile keeps, with its reason


def rules_of(profile: Profile) -> Rules:
    """What a profile promises."""
    return _rules(profile.dates, profile.options, profile.keep)


def promised(profile: dict[str, Any]) -> Rules:
    """The same from the profile as the evidence names it."""
    options = {OPTION_NAMES[name] for name in profile["options"]}
    return _rules(Dates(profile["dates"]), options, [int(tag, 16) for tag in profile["keep"]])


def _rules(dates: Dates, options: AbstractSet[Option], keep: Iterable[int]) -> Rules:
    return Rules(dates, frozenset(keep) | {tag for tag, option in _BY_OPTION.items() if option in options})


class CheckFailed(RuntimeError):
    """The other parser could not be run, so nothing can be said of the outputs."""


def check_all(root: Path, files: Iterable[Checked], rules: Rules) -> Iterator[Finding]:
    """Everything that is wrong with the outputs. Files with the same original values stand together.

    Raises: CheckFailed
    """
    waiting = iter(files)
    with _forked() if _alone() else _started() as (questions, answers):
        while some := list(islice(waiting, _AT_ONCE)):
            groups = [
                ([value.decode("latin-1") for value in originals], [path for path, _ in members])
                for originals, members in groupby(some, key=lambda one: one[1])
            ]
            asked = {"root": str(root), "dates": rules.dates, "kept": sorted(rules.kept), "groups": groups}
            try:
                questions.write(json.dumps(asked).encode() + b"\n")
                questions.flush()
                said = json.loads(answers.readline())
            except (OSError, ValueError) as broken:
                raise CheckFailed("The independent reader (pydicom) could not be run.") from broken
            yield from (Finding(**one) for one in said)


def answer(questions: IO[bytes], answers: IO[bytes]) -> None:
    """What the other process does: load pydicom, without what it would load for pixels, and read with it."""
    gc.set_threshold(20_000, 20, 20)
    for name in (*_NOT_NEEDED, *_PIXELS_OF_PYDICOM):
        sys.modules.setdefault(name, _Absent(name) if name.startswith("pydicom.") else None)  # type: ignore[arg-type]
    import_module("scanward.deid.reread").serve(questions, answers)  # with pydicom, which only this process loads


class _Absent(ModuleType):
    """A module of pydicom that is not loaded."""

    def __getattr__(self, name: str) -> None:
        return None


def _alone() -> bool:
    """Is this the only thread, so that a forked process lacks nothing?"""
    return _THREADS.is_dir() and len(list(_THREADS.iterdir())) == 1


@contextmanager
def _forked() -> Iterator[_Pipes]:
    """The other process as a fork of this one."""
    there, back = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(there[1])
            os.close(back[0])
            answer(open(there[0], "rb"), open(back[1], "wb"))  # noqa: SIM115  (closed with the process)
        finally:
            os._exit(0)  # nothing of the first process's end is done twice
    os.close(there[0])
    os.close(back[1])
    questions = open(there[1], "wb")  # noqa: SIM115  (closed below, even when nobody reads it any more)
    try:
        with open(back[0], "rb") as answers:
            yield questions, answers
    finally:
        with suppress(BrokenPipeError):
            questions.close()
        os.waitpid(child, 0)


@contextmanager
def _started() -> Iterator[_Pipes]:
    """The other process as a Python of its own."""
    import subprocess  # noqa: PLC0415  (seldom needed, and slow to load)

    command = [sys.executable, "-P", "-c", _READER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603  (our own)
        assert other.stdin is not None
        assert other.stdout is not None
        yield other.stdin, other.stdout
