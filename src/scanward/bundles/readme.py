"""The two read-me files of a package: plain words, in English and Spanish, for a reader of twelve."""

import re
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from string import Template
from textwrap import fill

from scanward.bundles.language import Language, day

_TEMPLATES = Path(__file__).parent / "templates"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_WIDTH = 78
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # tells old Notepads that this is UTF-8


@dataclass(frozen=True, slots=True)
class Notes:
    """What the read-me files say about one package. Nothing of it is about the person."""

    facility: str
    department: str
    phone: str
    email: str
    check_at: str
    release: str
    made_on: date
    images: int
    reports: int
    encrypted: bool
    viewer: bool


def readme(notes: Notes, language: Language) -> bytes:
    """Fill in the text of one language: UTF-8 with a mark, lines of 78 that end as Windows ends them.

    A line of the template that begins with `?name ` stays only when `name` is true of the package, `!name `
    only when not.
    """
    values = {name: _inert(value) for name, value in asdict(notes).items()}
    values["made_on"] = day(notes.made_on, language)
    text = (_TEMPLATES / f"readme.{language}.txt").read_text("utf-8")
    kept = [line for raw in text.splitlines() if (line := _kept(raw, notes)) is not None]
    lines = [_wrapped(Template(line).substitute(values)) for line in kept]
    return (_MARK + "\r\n".join("\n".join(lines).split("\n")) + "\r\n").encode()


def _inert(value: object) -> str:
    return _CONTROL.sub(" ", str(value)).strip()


def _kept(line: str, notes: Notes) -> str | None:
    condition = re.match(r"([?!])(\w+) ", line)
    if condition is None:
        return line
    wanted = condition[1] == "?"
    return line[condition.end() :] if bool(getattr(notes, condition[2])) is wanted else None


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return fill(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
