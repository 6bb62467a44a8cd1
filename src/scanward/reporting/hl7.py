"""Reads HL7 v2 messages within bounds (HL7 2.3 to 2.8, chapter 2): segments, fields, escapes, character sets.

The `hl7` package makes an object of every repetition, component and subcomponent: 450 bytes for each separator, so that
one megabyte of separators takes half a gigabyte. Here a field is cut only when it is asked for, and into a bounded
number of pieces.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from enum import Enum
from typing import Final

from scanward.dicom import charsets

MOST_SEGMENTS: Final = 10_000
_FIELDS, _REPETITIONS, _COMPONENTS = 64, 32, 24
_SEPARATORS: Final = "|^~\\&"
# HL7 table 0211, and the spellings that are met.
CHARACTER_SETS: Final = {
    "": "",
    "ASCII": "ascii",
    **{f"8859/{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "UNICODE UTF-8": "utf_8",
    "UTF-8": "utf_8",
    "UNICODE": "",  # UCS-2 can't be framed by MLLP; in practice this is UTF-8
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
}
# These are DICOM's, with the same escape sequences (ISO 2022).
_ISO_2022: Final = {
    "ISO IR6": "",
    "ISO IR14": "ISO 2022 IR 13",
    "ISO IR87": "ISO 2022 IR 87",
    "ISO IR159": "ISO 2022 IR 159",
}


class Wrong(Enum):
    """HL7 table 0357: what is wrong with a message; and whether it is rejected (AR) or in error (AE)."""

    SEQUENCE = ("100", "Segment sequence error", "AE")
    MISSING = ("101", "Required field missing", "AE")
    DATA_TYPE = ("102", "Data type error", "AE")
    VALUE = ("103", "Table value not found", "AE")
    MESSAGE_TYPE = ("200", "Unsupported message type", "AR")
    EVENT = ("201", "Unsupported event code", "AR")
    PROCESSING_ID = ("202", "Unsupported processing id", "AR")
    VERSION = ("203", "Unsupported version id", "AR")
    UNKNOWN_KEY = ("204", "Unknown key identifier", "AE")
    INTERNAL = ("207", "Application internal error", "AR")

    @property
    def code(self) -> str:
        """The number in table 0357."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """The table's words."""
        return self.value[1]

    @property
    def answer(self) -> str:
        """MSA-1."""
        return self.value[2]


class BadMessage(Exception):
    """What is wrong, where, and what to do; never a value."""

    def __init__(self, wrong: Wrong, place: str, sentence: str) -> None:
        super().__init__(wrong, place, sentence)
        # As in "PID-3".
        self.wrong, self.place, self.sentence = wrong, place, sentence

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of a message; fields are counted from 1 as in the standard."""

    name: str
    fields: tuple[str, ...]
    separators: Separators
    codec: str

    def raw(self, number: int) -> str:
        """Return a field as it stands there, or ""."""
        # MSH-1 is the separator itself.
        at = number - 1 if self.name == "MSH" else number
        return self.fields[at] if 0 <= at < len(self.fields) else ""

    def repetitions(self, number: int) -> list[str]:
        """Return the repetitions of a field as they stand there."""
        found = self.raw(number)
        return found.split(self.separators.repetition, _REPETITIONS)[:_REPETITIONS] if found else []

    def part(self, text: str, component: int, sub: int = 1) -> str:
        """Return a component (and its subcomponent) of a repetition, unescaped; "" if it is not there."""
        pieces = text.split(self.separators.component, _COMPONENTS)
        if component > len(pieces):
            return ""
        inner = pieces[component - 1].split(self.separators.subcomponent, _COMPONENTS)
        return self.unescaped(inner[sub - 1]).strip() if sub <= len(inner) else ""

    def get(self, number: int, component: int = 1) -> str:
        """Return a component of the field's first repetition."""
        first = self.raw(number).split(self.separators.repetition, 1)[0]
        found = self.part(first, component)
        # HL7 2.5.1, 2.5.3: two quotation marks say "delete what you have", so there is no value.
        return "" if found == '""' else found

    def text(self, number: int) -> str:
        """Return the whole field as text, each repetition on a line of its own (TX, FT)."""
        lines = self.raw(number).replace(self.separators.repetition, "\n")
        return self.unescaped(lines)

    def unescaped(self, text: str) -> str:
        """Return text with its escape sequences carried out (HL7 2.7)."""
        mark = self.separators.escape
        if mark not in text:
            return text
        pattern = _escape_pattern(mark)
        return pattern.sub(lambda found: self._meant(found[1], found[0]), text)

    def _meant(self, escape: str, as_it_stands: str) -> str:
        marks = self.separators
        plain = {
            "F": marks.field,
            "S": marks.component,
            "T": marks.subcomponent,
            "R": marks.repetition,
            "E": marks.escape,
            "P": "#",
            "H": "",
            "N": "",
        }
        if escape in plain:
            return plain[escape]
        if escape.startswith("."):
            return "\n" if escape[1:3] in ("br", "sp", "ce") else ""
        if escape.startswith("X") and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", escape[1:]):
            return bytes.fromhex(escape[1:]).decode(self.codec or "latin_1", "replace")
        # Local escapes and switches of character sets are for other programs; anything else is no escape.
        return "" if re.fullmatch(r"[CMZ][0-9A-Za-z]*", escape) else as_it_stands


@dataclass(frozen=True, slots=True)
class Message:
    """A message, cut into segments."""

    segments: tuple[Segment, ...]
    version: str

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    def all(self, *names: str) -> Iterator[Segment]:
        """Yield the segments of these names."""
        return (segment for segment in self.segments if segment.name in names)

    def first(self, name: str) -> Segment | None:
        """Return the first segment of this name."""
        return next(self.all(name), None)


def header_of(data: bytes) -> Segment:
    """Read MSH alone, so that even a message that can't be read gets an answer.

    Raises: BadMessage when there is none.
    """
    line = re.split(rb"[\r\n]", data[:4096].lstrip(b"\r\n"), maxsplit=1)[0].decode("latin_1")
    if not line.startswith("MSH") or len(line) < 9:
        raise BadMessage(Wrong.SEQUENCE, "MSH", "The message does not begin with a header segment. Send HL7 version 2.")
    marks = line[3:8]
    if len(set(marks)) != 5 or any(mark.isalnum() or mark.isspace() for mark in marks):
        raise BadMessage(Wrong.VALUE, "MSH-2", "The separators are not five different marks. Use |^~\\& .")
    separators = Separators(*marks)
    return Segment("MSH", tuple(line.split(separators.field, _FIELDS)), separators, "latin_1")


def read(data: bytes, *, default_codec: str = "") -> Message:
    """Read a message; `default_codec` is what a sender means that names no character set.

    Raises: BadMessage, and nothing else, whatever the bytes.
    """
    head = header_of(data)
    codec, text = _decoded(data, head, default_codec)
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    if text.count("\r") > MOST_SEGMENTS:
        raise BadMessage(Wrong.SEQUENCE, "", f"The message has more than {MOST_SEGMENTS} segments. Send it in parts.")
    lines = [line for line in text.split("\r") if line.strip()]
    mark = head.separators.field
    segments = tuple(
        Segment(line[:3], tuple(line.split(mark, _FIELDS)), head.separators, codec)
        for line in lines
        if line[3:4] in (mark, "")
    )
    if len(segments) != len(lines):
        raise BadMessage(
            Wrong.SEQUENCE, "", "A line is no segment. Write a line end in a text as the escape sequence .br ."
        )
    return Message(segments, segments[0].get(12) or "2.3")


def _decoded(data: bytes, head: Segment, default: str) -> tuple[str, str]:
    """Return the codec of the message, and its text.

    Raises: BadMessage for an unknown character set, or bytes that are not in it.
    """
    named = [head.part(each, 1).upper() for each in head.repetitions(18)]
    if any(name in _ISO_2022 for name in named):
        names = charsets.encodings([_ISO_2022.get(name, "") for name in named])
        codec, text = names[-1], charsets.decode(data, names)
    else:
        known = CHARACTER_SETS.get(named[0] if named else "")
        if known is None:
            raise BadMessage(Wrong.VALUE, "MSH-18", "This character set is not known here. Use UNICODE UTF-8.")
        codec = known or default or "utf_8"
        text = data.decode(codec, "replace")
    if "\ufffd" in text:
        raise BadMessage(
            Wrong.DATA_TYPE,
            "MSH-18",
            "The text is not in the character set that the message names. Name the right one.",
        )
    return codec, text


def moment(text: str, *, zone: tzinfo) -> datetime | None:
    """Return a time stamp (TS, DTM) to the second; what has no zone is in `zone`; None if it is none."""
    found = re.match(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d{1,6})?([+-]\d{4})?$", text.strip())
    if found is None:
        return None
    year, *rest = (int(part) if part else None for part in found.groups()[:6])
    month, day, hour, minute, second = (
        part if part is not None else low for part, low in zip(rest, (1, 1, 0, 0, 0), strict=True)
    )
    try:
        return datetime(year or 0, month, day, hour, minute, min(second, 59), tzinfo=_offset(found[7]) or zone)
    except ValueError:
        return None


def _offset(text: str | None) -> tzinfo | None:
    """Return the zone of an offset such as -0600."""
    if not text or int(text[1:3]) > 14 or int(text[3:]) > 59:
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _escape_pattern(mark: str) -> re.Pattern[str]:
    mark = re.escape(mark)
    return re.compile(rf"{mark}([^{mark}\r\n]{{0,512}}){mark}")
