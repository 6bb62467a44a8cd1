"""Typesetting with typst: tagged PDF (PDF/UA-1) from our templates, with values that stay values.

Values reach a template as JSON through `sys.inputs` and are shown as strings; they are never part of the
source, so no report can run a command, read a file or break a page, whatever characters it holds.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import typst

from scanward.bundles.language import Language, day, moment
from scanward.bundles.text import printable

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z_]{0,40}")
_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)", re.DOTALL)
_MISSING_VALUE = re.compile(r'does not contain key "([a-z_]+)"')
_DEEPEST = 8


class NotTypeset(Exception):
    """A document could not be made.

    The message names the template and the value, never what the value holds.
    """


def typeset(template: str, values: Mapping[str, Any], *, language: Language, large_print: bool, on: date) -> bytes:
    """Make a PDF of `templates/<template>.typ`; `on` becomes the document's date. Same values, same bytes.

    The fonts inside typst come first, the system's help with scripts that those lack (so only such a document
    may differ between machines), and a character that none has is shown as its number, as [U+4E00].
    Raises: NotTypeset, TextRefused.
    """
    if not _NAME.fullmatch(template) or not (_TEMPLATES / f"{template}.typ").is_file():
        raise NotTypeset("There is no template of this name.")
    content: dict[str, Any] = _plain(values, language)
    settings = {"language": language.value, "large_print": large_print, "date": [on.year, on.month, on.day]}
    return _compiled(template, {**content, "document": settings}, on)


def _compiled(template: str, content: dict[str, Any], on: date) -> bytes:
    unknown: frozenset[str] = frozenset()
    for with_system in (False, True, True):
        try:
            return typst.compile(
                _TEMPLATES / f"{template}.typ",
                root=_TEMPLATES,
                font_paths=_fonts(with_system),
                sys_inputs={"data": json.dumps(_shown(content, unknown))},
                format="pdf",
                pdf_standards=["ua-1"],
                timestamp=datetime.combine(on, time(), UTC),
            )
        except typst.TypstError as error:
            lacking = _without_glyph(error)
            if not lacking:
                raise NotTypeset(_explained(template, error)) from None
            unknown = unknown | lacking if with_system else unknown
    raise NotTypeset(f"The document '{template}' has characters that can't be printed.")


@cache
def _fonts(with_system: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=with_system, include_embedded_fonts=True)


def _without_glyph(error: typst.TypstError) -> frozenset[str]:
    found = (_ESCAPED.sub(_unescaped, text) for text in _NO_GLYPH.findall(error.diagnostic))
    return frozenset(character for text in found for character in text)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[2]


def _explained(template: str, error: typst.TypstError) -> str:
    missing = _MISSING_VALUE.search(error.message)
    if missing:
        return f"The document '{template}' needs the value '{missing[1]}'."
    return f"The document '{template}' could not be made: a value is of the wrong kind."


def _plain(value: Any, language: Language, depth: int = 0) -> Any:
    """Turn a value into JSON that a template can show. Dates become words, text becomes printable."""
    if depth > _DEEPEST:
        raise NotTypeset("The values of this document are nested too deeply.")
    match value:
        case None | bool() | int():
            return value
        case str():
            return printable(value)
        case datetime():
            return moment(value, language)
        case date():
            return day(value, language)
        case Mapping():
            return {str(key): _plain(each, language, depth + 1) for key, each in value.items()}
        case Sequence():
            return [_plain(each, language, depth + 1) for each in value]
    raise NotTypeset("A value of this document is neither text, number, date nor list.")


def _shown(value: Any, unknown: frozenset[str]) -> Any:
    """Put numbers in place of the characters that no font has."""
    if not unknown:
        return value
    match value:
        case str():
            return "".join(f"[U+{ord(c):04X}]" if c in unknown else c for c in value)
        case dict():
            return {key: _shown(each, unknown) for key, each in value.items()}
        case list():
            return [_shown(each, unknown) for each in value]
    return value
