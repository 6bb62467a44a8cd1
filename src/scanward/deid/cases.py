"""A case for a reviewer: one held series with its pictures, sealed, so that a decision belongs to what was seen.

It lives in the folder of what is held, which is PHI, and never in an export.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from scanward.deid.held import HeldReason
from scanward.deid.keyed import Project

FOLDER: Final = "cases"
FILE: Final = "case.json"
NAME: Final = re.compile(r"SW[A-Z2-7]{14}")
# What a person may decide, having looked. All else needs another export, another permission or another engine.
DECIDED: Final = frozenset(
    (
        *(HeldReason.BURNED_IN, HeldReason.CAPTURE, HeldReason.SCOUT, HeldReason.FACE),
        *(HeldReason.HEAD, HeldReason.FEATURES, HeldReason.FIELD),
    )
)
# What somebody who paints boxes has judged by that; not a face, not metal, not a crop that could not be made.
BY_BOXES: Final = frozenset((HeldReason.CAPTURE, HeldReason.SCOUT, HeldReason.BURNED_IN))
Box = tuple[int, int, int, int]  # top, left, bottom, right


class CaseRefused(Exception):
    """A case that can't be read, or is not as it was when it was made."""


@dataclass(frozen=True)
class File:
    """One object of a case as it would leave: where its bytes are below the held folder, and what was done to it."""

    token: str
    path: str
    sha256: str
    marks: tuple[str, ...] = ()  # what was proven or changed: names of a Clearance


@dataclass(frozen=True)
class Picture:
    """A picture to be looked at; of a frame it tells which, so that boxes can be drawn on it."""

    name: str
    title: str
    token: str = ""
    frame: int = -1
    size: tuple[int, int] = (0, 0)  # rows, columns
    boxes: tuple[Box, ...] = ()  # where text was found, or is still


@dataclass(frozen=True)
class Case:
    """What a reviewer is shown."""

    case: str
    series: str
    reasons: tuple[str, ...]
    files: tuple[File, ...]
    pictures: tuple[Picture, ...]
    whole: bool  # are all its frames among the pictures?
    figures: list[dict[str, Any]] = field(default_factory=list)
    seal: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be decided: nothing is accepted without pictures, nothing redacted that isn't all shown, or that
        boxes don't settle.
        """
        drawable = self.whole and any(one.frame >= 0 for one in self.pictures)
        redact = ("redact",) * (drawable and set(self.reasons) <= BY_BOXES)
        return ("accept",) * bool(self.pictures) + redact + ("reject",)


def name_of(project: Project, series: str, reasons: tuple[str, ...], files: list[File]) -> str:
    """The name of a case: it follows from what is in it."""
    parts = [series, *reasons, *sorted(f"{one.token} {one.sha256}" for one in files)]
    return project.pseudonym(hashlib.sha256("\n".join(parts).encode()).hexdigest(), kind="case")


def sealed(case: Case, project: Project) -> Case:
    """The case with a seal that only the project's key can make."""
    return Case(**{**vars(case), "seal": _seal(case, project)})


def _seal(case: Case, project: Project) -> str:
    content = {key: value for key, value in asdict(case).items() if key != "seal"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return project.pseudonym(hashlib.sha256(text.encode()).hexdigest(), kind="case seal")


def read(folder: Path) -> Case:
    """Read a case, without checking its seal.

    Raises: CaseRefused
    """
    try:
        found = json.loads((folder / FILE).read_text())
        files = tuple(File(**{**one, "marks": tuple(one["marks"])}) for one in found["files"])
        pictures = tuple(_picture(one) for one in found["pictures"])
        case = Case(**{**found, "files": files, "pictures": pictures, "reasons": tuple(found["reasons"])})
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise CaseRefused("This is not a case of Scanward.") from broken
    if case.case != folder.name or not set(case.reasons) <= DECIDED:
        raise CaseRefused("The case was moved or renamed.")
    return case


def _picture(one: dict[str, Any]) -> Picture:
    boxes = tuple((int(b[0]), int(b[1]), int(b[2]), int(b[3])) for b in one["boxes"])
    return Picture(one["name"], one["title"], one["token"], one["frame"], (one["size"][0], one["size"][1]), boxes)


def write(case: Case, folder: Path) -> None:
    """Write a case into its folder."""
    (folder / FILE).write_text(json.dumps(asdict(case), indent=1))


def all_of(held: Path) -> list[Case]:
    """The cases of a held folder, in the order of their names.

    Raises: CaseRefused
    """
    root = held / FOLDER
    names = sorted(one.name for one in root.iterdir() if NAME.fullmatch(one.name)) if root.is_dir() else []
    return [read(root / name) for name in names]


def checked(case: Case, held: Path, project: Project) -> list[Path]:
    """The files of a case, after its seal and their hashes were checked.

    Raises: CaseRefused
    """
    if case.seal != _seal(case, project):
        raise CaseRefused(f"Case {case.case} was changed after it was made, or belongs to another project.")
    paths = []
    for one in case.files:
        path = held / one.path
        if not path.resolve().is_relative_to(held.resolve()) or not path.is_file():
            raise CaseRefused(f"Case {case.case} lacks a file.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != one.sha256:
            raise CaseRefused(f"A file of case {case.case} was changed.")
        paths.append(path)
    return paths
