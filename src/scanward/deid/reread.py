"""The other parser: outputs read again by pydicom, in a process of its own that loads nothing of the engine.

Only elements are read, never pixels. The slices of a series share nearly all of their bytes, so an element whose bytes
pydicom has read before, and that was found clean, is not read and searched again; what came unchanged side by side is
recognised in one comparison.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from io import BytesIO
from typing import IO, Any, Final, NamedTuple

from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.filereader import data_element_generator, read_sequence

from scanward.deid.check import Finding, Rules
from scanward.deid.profiles import Dates
from scanward.dicom.errors import Refused
from scanward.dicom.walk import DEFLATED, EXPLICIT, Encoding, encoding_of, inflate

_LOOK: Final = 1 << 14
_PIXELS: Final = 0x7FE00010
_UNDEFINED: Final = 0xFFFFFFFF
_SYNTAX, _MARK, _CODES, _ADDRESS = 0x00020010, 0x00120062, 0x00120064, 0x00101040
_LAST_OF_META: Final = 0x00020013
_MUST_BE_ABSENT: Final = frozenset(
    (0x00101000, 0x00101001, 0x00101040, 0x00102154, 0x00104000, 0x00080081, 0x00081050, 0x00081070, 0x00880200)
)
_DUMMIES: Final = (b"", b"000000", b"19000101", b"00")
# What pydicom and the decoders raise on files they can't read; an output of that kind is held, never passed.
_BROKEN: Final = (Refused, OSError, ValueError, EOFError, KeyError, NotImplementedError, RecursionError)


class _Raw(NamedTuple):
    """One element of the outermost level: its bytes as they stand in the file, and pydicom's reading of them."""

    data: bytes
    tag: int
    value: bytes
    vr: str | None


class _Run(NamedTuple):
    """Elements that came unchanged side by side: their bytes together, and each of them by its tag."""

    data: bytes
    elements: dict[int, _Raw]
    steady: bool = True  # none of them has changed yet


_Known = dict[bytes, _Run]  # by the first four bytes, which are the first tag
_MOST_KNOWN: Final = 5_000


class _CutOff(Exception):
    """An element goes on behind what was read of the file."""


@dataclass
class Reader:
    """Reads one output after the other and judges what is new in each."""

    rules: Rules
    originals: tuple[bytes, ...] = ()
    _texts: tuple[bytes, ...] = ()
    _numbers: re.Pattern[bytes] | None = None
    _meta: _Known = field(default_factory=dict)
    _body: _Known = field(default_factory=dict)
    _syntax: str = ""

    def __post_init__(self) -> None:
        self._prepare()

    def check(self, root: str, path: str) -> list[Finding]:
        """Everything that this output should not have."""
        handle = -1
        try:
            handle = os.open(f"{root}/{path}", os.O_RDONLY)
            size = os.fstat(handle).st_size
            try:
                found = self._read(os.pread(handle, _LOOK, 0), size)
            except _CutOff:
                found = self._read(os.pread(handle, size, 0), size)
        except (*_BROKEN, _CutOff) as broken:
            self._forget()
            return [Finding(path, "the file", f"can't be read again: {type(broken).__name__}")]
        finally:
            if handle >= 0:
                os.close(handle)
        if found:
            self._forget()
        return [Finding(path, element, what) for element, what in found]

    def _forget(self) -> None:
        self._meta, self._body = {}, {}

    def search_for(self, originals: tuple[bytes, ...]) -> None:
        """From now on other original values may not be found: nothing counts as clean any more."""
        if originals != self.originals:
            self.originals = originals
            self._prepare()
            self._forget()

    def _prepare(self) -> None:
        self._texts = tuple(one for one in self.originals if not one.isdigit())
        numbers = b"|".join(one for one in self.originals if one.isdigit())
        self._numbers = re.compile(rb"(?<!\d)(?<!\d\.)0*(?:%b)(?!\.?\d)" % numbers) if numbers else None

    def _read(self, data: bytes, size: int) -> list[tuple[str, str]]:
        if data[:132] != bytes(128) + b"DICM":
            raise ValueError("the preamble is not zero")
        meta, fresh, at = _elements(data, 132, size, EXPLICIT, self._meta, last=_LAST_OF_META)
        syntax = meta[_SYNTAX].value.decode("ascii").rstrip("\0 ")
        encoding = encoding_of(syntax)
        if syntax != self._syntax or len(self._body) > _MOST_KNOWN:
            self._syntax, self._body = syntax, {}
        if syntax == DEFLATED:
            if len(data) < size:
                raise _CutOff
            data, at = bytes(inflate(data[at:])), 0
            size = len(data)
        body, more, at = _elements(data, at, size, encoding, self._body, last=_PIXELS - 1)
        found = [(_name(tag), what) for tag, what in self._judge(body, [*fresh, *more], encoding)]
        if not _ends_well(data[at : at + 12], at, size, encoding):
            found.append(("the file", "bytes behind its end, or missing"))
        _learn(fresh, self._meta)
        _learn(more, self._body)
        return found

    def _judge(self, body: dict[int, _Raw], fresh: list[_Raw], encoding: Encoding) -> Iterator[tuple[int, str]]:
        """What no de-identified object may have, and no original value in anything that is new."""
        for one in fresh:
            if (what := _wrong(one.tag, one.value, self.rules)) is not None:
                yield one.tag, what
            if _vr(one) == "SQ" and one.value:
                yield from _inside(one.value, encoding, self.rules)
            if self._original_in(one.data) and one.tag != _ADDRESS:  # of which `_wrong` lets only a ZIP code pass
                yield one.tag, "an original value"
        if _MARK not in body:
            yield _MARK, "no mark of its de-identification"
        if _CODES not in body:
            yield _CODES, "no codes of its de-identification"

    def _original_in(self, data: bytes) -> bool:
        """Does an original value stand here? One of digits only by itself: in longer numbers they meet by chance."""
        if any(original in data for original in self._texts):
            return True
        return self._numbers is not None and self._numbers.search(data) is not None


def _elements(
    data: bytes, at: int, size: int, encoding: Encoding, known: _Known, *, last: int
) -> tuple[dict[int, _Raw], list[_Raw], int]:
    """All elements up to the tag `last`, those of them that are new, and where they end."""
    found: dict[int, _Raw] = {}
    fresh: list[_Raw] = []
    buffer, end = BytesIO(data), len(data)
    before: _Run | None = None
    while at < end:
        run = known.get(data[at : at + 4])
        if run is not None and not data.startswith(run.data, at):
            run = _apart(run, known, data, at)
        if run is None:
            new = _next(data, buffer, at, size, encoding, last=last)
            if new is None:
                break
            fresh.append(new)
            run = _Run(new.data, {new.tag: new}, steady=False)
        found.update(run.elements)
        at += len(run.data)
        before = None if not run.steady else run if before is None else _together(before, run, known)
    if at >= end and end < size:
        raise _CutOff
    return found, fresh, at


def _learn(fresh: list[_Raw], known: _Known) -> None:
    """Know what was new from now on."""
    for one in fresh:
        known[one.data[:4]] = _Run(one.data, {one.tag: one}, steady=one.data[:4] not in known)


def _apart(run: _Run, known: _Known, data: bytes, at: int) -> _Run | None:
    """Cut a run at the element that changed; what stands before that one, if anything does."""
    place, elements = at, list(run.elements.values())
    while data.startswith(elements[0].data, place):
        place += len(elements.pop(0).data)
    changed, *right = elements
    left = list(run.elements.values())[: -len(elements)]
    known[changed.data[:4]] = _Run(changed.data, {changed.tag: changed}, steady=False)
    for part in filter(None, (left, right)):
        known[part[0].data[:4]] = _Run(b"".join(one.data for one in part), {one.tag: one for one in part})
    return known[left[0].data[:4]] if left else None


def _together(before: _Run, run: _Run, known: _Known) -> _Run:
    """One run of two that came side by side."""
    del known[run.data[:4]]
    joined = _Run(before.data + run.data, before.elements | run.elements)
    known[joined.data[:4]] = joined
    return joined


def _next(data: bytes, buffer: BytesIO, at: int, size: int, encoding: Encoding, *, last: int) -> _Raw | None:
    """pydicom's reading of the element at `at`; None behind the last."""
    stop: Callable[..., bool] = lambda tag, _vr, _length: int(tag) > last  # noqa: E731  pydicom asks for a function
    buffer.seek(at)
    try:
        one: Any = next(data_element_generator(buffer, not encoding.explicit, encoding.little, stop), None)
    except (OSError, EOFError):
        if len(data) < size:
            raise _CutOff from None
        raise
    if one is None:
        return None
    end = buffer.tell()
    defined = isinstance(one, RawDataElement) and one.length != _UNDEFINED
    if end >= len(data) < size or (defined and one.value_tell + one.length > len(data)):
        raise _CutOff
    value = (one.value or b"") if defined else data[one.value_tell : end]
    return _Raw(data[at:end], int(one.tag), value, str(one.VR) if one.VR else None)


def _ends_well(header: bytes, at: int, size: int, encoding: Encoding) -> bool:
    """Is there nothing behind the last element, and behind the pixels?"""
    if at == size:
        return True
    order = "<" if encoding.little else ">"
    place = 8 if encoding.explicit else 4
    tag = [int.from_bytes(header[n : n + 2], "little" if order == "<" else "big") for n in (0, 2)]
    length = int.from_bytes(header[place : place + 4], "little" if order == "<" else "big")
    return tag == [0x7FE0, 0x0010] and (length == _UNDEFINED or at + place + 4 + length == size)


def _inside(value: bytes, encoding: Encoding, rules: Rules) -> Iterator[tuple[int, str]]:
    """The same for what is in a sequence, at every depth."""
    buffer = BytesIO(value)
    pending = [read_sequence(buffer, not encoding.explicit, encoding.little, len(value), "iso8859")]
    while pending:
        for item in pending.pop():
            for one in item.values():
                if _vr(one) == "SQ":
                    pending.append(item[one.tag].value)
                elif (what := _wrong(int(one.tag), one.value or b"", rules)) is not None:
                    yield int(one.tag), what


def _wrong(tag: int, value: bytes, rules: Rules) -> str | None:
    """What is wrong with one element, if anything is."""
    if tag <= 0x0002FFFF:
        return None if tag <= _LAST_OF_META else "more than the file meta information's own elements"
    if tag >> 16 & 1:
        return "a private element" if len(value) > 64 else None  # safe ones are short, judged by the engine
    if tag == _MARK and value.strip() != b"YES":
        return "no mark of its de-identification"
    if tag == _CODES and not value:
        return "no codes of its de-identification"
    if tag == _ADDRESS and value.strip(b"\0 ").isdigit() and len(value.strip(b"\0 ")) in (3, 5):
        return None  # a ZIP code is all that a profile may keep
    if tag in _MUST_BE_ABSENT and tag not in rules.kept and value.strip(b"\0 ") not in (b"", b"REMOVED"):
        return "an identifying element"
    return _wrong_date(value, rules.dates) if _is_date(tag) and tag not in rules.kept else None


def _wrong_date(value: bytes, dates: Dates) -> str | None:
    text = value.strip(b"\0 ")[:8]
    if dates is Dates.REMOVED and text not in _DUMMIES:
        return "a date"
    if dates is Dates.YEAR and text not in _DUMMIES and not (text[:4].isdigit() and text[4:] in (b"", b"0101")):
        return "more of a date than its year"
    return None


@cache
def _is_date(tag: int) -> bool:
    return dictionary_has_tag(tag) and dictionary_VR(tag) in ("DA", "DT", "TM")


def _vr(one: Any) -> str:
    """The VR as the file says it, or that of the dictionary."""
    told = one.vr if isinstance(one, _Raw) else one.VR
    return str(told) if told else dictionary_VR(one.tag) if dictionary_has_tag(one.tag) else ""


def _name(tag: int) -> str:
    keyword = dictionary_keyword(tag) if dictionary_has_tag(tag) else ""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {keyword}".strip()


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer a line of JSON for each line of JSON that asks."""
    reader: Reader | None = None
    for line in questions:
        asked = json.loads(line)
        if reader is None:
            reader = Reader(Rules(Dates(asked["dates"]), frozenset(asked["kept"])))
        findings = []
        for originals, paths in asked["groups"]:
            reader.search_for(tuple(value.encode("latin-1") for value in originals))
            findings += [asdict(one) for path in paths for one in reader.check(asked["root"], path)]
        answers.write(json.dumps(findings).encode() + b"\n")
        answers.flush()
