"""Reads the text of a radiology report out of a DICOM SR document: Basic Text, Enhanced, Comprehensive; TID 2000.

The tree is the DICOM JSON that the guard made within its bounds (depth, elements, size).
"""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any, Final

from scanward.reporting.codes import KIND_OF_CODE, URGENT_CATEGORIES
from scanward.reporting.headings import kind_of, sections_of_text
from scanward.reporting.hl7 import moment
from scanward.reporting.kinds import MOST_TEXT, ReportText, Section, SectionKind, Standing, in_order
from scanward.reporting.plain import plain

_CONTENT, _NAME, _CODED, _TYPE, _RELATION = "0040A730", "0040A043", "0040A168", "0040A040", "0040A010"
_MEASURED, _UNITS = "0040A300", "004008EA"
_PLAIN: Final = {
    "TEXT": "0040A160",
    "DATE": "0040A121",
    "DATETIME": "0040A120",
    "PNAME": "0040A123",
}
# What says who, with what and in which words something was observed: not part of what a reader reads.
_ABOUT: Final = frozenset(("HAS OBS CONTEXT", "HAS ACQ CONTEXT", "HAS CONCEPT MOD"))
_NOT_SHOWN: Final = "(This part is too long to be shown here. It is in the copy of the examination.)"

Json = dict[str, Any]


def read(header: Json, *, any_text: bool, zone: tzinfo) -> ReportText | None:
    """Return the report of a document; None if it is none: no part of it is one that reports have.

    `any_text` takes a document without such parts, too; times without an offset are in `zone`.
    """
    walked = list(_walk(header.get(_CONTENT, {}).get("Value", []), None))
    parts = [Section(kind, text) for kind, text in walked if kind]
    loose = "\n".join(text for kind, text in walked if kind is None)
    if not parts and not any_text:
        return None
    found = sections_of_text(loose[:MOST_TEXT]) if loose.strip() and not parts else ()
    rest = [Section(SectionKind.OTHER, plain(loose))] if loose.strip() and parts else []
    sections = in_order([*parts, *found, *rest])
    if not sections or sum(len(section.text) for section in sections) > 2 * MOST_TEXT:
        return None
    return ReportText(sections, _standing(header), _signed(header, zone), is_urgent(header))


def _walk(items: list[Any], kind: SectionKind | None) -> Iterator[tuple[SectionKind | None, str]]:
    """Yield what the items say, each with the part that it belongs to. The guard bounds the depth."""
    for item in items:
        if not isinstance(item, dict) or _word(item, _RELATION) in _ABOUT:
            continue
        # A container begins a part; what stands in it belongs there, whatever it is called.
        own = kind if kind and _word(item, _TYPE) != "CONTAINER" else _kind(item) or kind
        if text := _text(item, named=own is kind):
            yield own, plain(text)
        yield from _walk(item.get(_CONTENT, {}).get("Value", []), own)


def _kind(item: Json) -> SectionKind | None:
    """Return which part an item's concept names, by its code or its words."""
    code, meaning = _code(item.get(_NAME, {}))
    return KIND_OF_CODE.get(code) or kind_of(meaning)


def _text(item: Json, *, named: bool) -> str:
    """Return what one item says; `named` puts its concept's words before a value that needs them."""
    form, (_code_value, meaning) = _word(item, _TYPE), _code(item.get(_NAME, {}))
    if form in _PLAIN:
        element = item.get(_PLAIN[form], {})
        said = _NOT_SHOWN if "Length" in element else _first(element)
        return said if form == "TEXT" or not said else f"{meaning}: {said}"
    if form == "CODE":
        code, said = _code(item.get(_CODED, {}))
        if code in URGENT_CATEGORIES:
            return ""
        return f"{meaning}: {said}" if named and meaning else said
    if form == "NUM":
        value: Json = next(iter(item.get(_MEASURED, {}).get("Value", [])), {})
        unit, _words = _code(value.get(_UNITS, {}))
        number = _first(value.get("0040A30A", {}))
        return f"{meaning}: {number} {unit}".strip() if number else ""
    return ""


def is_urgent(header: Json) -> bool:
    """Return whether a coded item names an urgent category of ACR (CID 7035)."""
    waiting: list[Any] = list(header.get(_CONTENT, {}).get("Value", []))
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if _word(item, _TYPE) == "CODE" and _code(item.get(_CODED, {}))[0] in URGENT_CATEGORIES:
                return True
            waiting += item.get(_CONTENT, {}).get("Value", [])
    return False


def _standing(header: Json) -> Standing:
    """Return how final the document is: verified, or not; a verified one that has a predecessor corrects it."""
    if _word(header, "0040A493") != "VERIFIED" or _word(header, "0040A491") == "PARTIAL":
        return Standing.PRELIMINARY
    return Standing.AMENDED if header.get("0040A360", {}).get("Value") else Standing.FINAL


def _signed(header: Json, zone: tzinfo) -> datetime | None:
    """Return when the document was verified, or written."""
    observers = header.get("0040A073", {}).get("Value", [])
    times = [_first(each.get("0040A030", {})) for each in observers if isinstance(each, dict)]
    written = _first(header.get("00080023", {})) + _first(header.get("00080033", {}))
    return next((found for each in [*times, written] if (found := moment(each, zone=zone))), None)


def _word(item: Json, tag: str) -> str:
    return _first(item.get(tag, {})).upper()


def _first(element: Json) -> str:
    """Return the first value of an element as text, or ""."""
    value = next(iter(element.get("Value", [])), "")
    if isinstance(value, dict):
        return " ".join(str(value.get("Alphabetic", "")).replace("^", " ").split())
    return str(value) if value is not None else ""


def _code(sequence: Json) -> tuple[str, str]:
    """Return the code and its meaning of a code sequence, or two empty texts."""
    item = next(iter(sequence.get("Value", [])), None)
    return (_first(item.get("00080100", {})), _first(item.get("00080104", {}))) if isinstance(item, dict) else ("", "")
