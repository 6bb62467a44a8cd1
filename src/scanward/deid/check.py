"""The independent check: every output read again by another parser (pydicom), in a pass and a process of its own.

It looks for the original values in what was written, and for everything that a de-identified object must not have. It
needs no key, so whoever receives the data can run it too. The process is apart so that no byte of the engine takes part
in it, and so that pydicom can be had without the pixel libraries it would load (a third of the time and memory).
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

from scanward.deid.profiles import OPTION_NAMES, Dates, Option, Profile

_AT_ONCE: Final = 1000  # files in one question
# For pixels, downloads and archives: pydicom and the standard library go without, and headers need none of it.
_NOT_NEEDED: Final = ("numpy", "PIL", "gdcm", "jpeg_ls", "pylibjpeg", "requests", "tqdm", "ssl", "bz2", "lzma")
_READER: Final = (
    "import sys; sys.modules.update(dict.fromkeys(sys.argv[1:])); from scanward.deid.reread import serve; serve()"
)
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
    command = [sys.executable, "-P", "-c", _READER, *_NOT_NEEDED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603  (our own)
        assert other.stdin is not None
        assert other.stdout is not None
        while some := list(islice(waiting, _AT_ONCE)):
            groups = [
                ([value.decode("latin-1") for value in originals], [path for path, _ in members])
                for originals, members in groupby(some, key=lambda one: one[1])
            ]
            asked = {"root": str(root), "dates": rules.dates, "kept": sorted(rules.kept), "groups": groups}
            try:
                other.stdin.write(json.dumps(asked).encode() + b"\n")
                other.stdin.flush()
                answer = json.loads(other.stdout.readline())
            except (OSError, ValueError) as broken:
                raise CheckFailed("The independent reader (pydicom) could not be run.") from broken
            yield from (Finding(**one) for one in answer)
        other.stdin.close()
