"""The known-value sweep: what identifies this patient and these people, looked for in everything that would stay.

No table is complete. But the file itself says whose it is: its names, numbers, dates of birth, addresses,
phones, institution and physicians. Whatever text or binary would be kept is searched for them, in any order
and case.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scanward.deid.actions import dictionary_vr
from scanward.deid.vocabulary import WORDS
from scanward.dicom.walk import Buffer, Encoding, walk

_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_MIXED: Final = re.compile(r"(?=[^\W_]*\d)(?=\d*[^\W\d_])[^\W_]{3,}")  # letters and digits: a short record number
_NUMBER: Final = re.compile(r"\d[\d.\-/ ]{2,}\d|\d{4,}")
_FEW: Final = 100  # known values that are simply tried one after the other
_ALPHANUMERIC: Final = re.compile(r"[^\W_]+")
_DIGITS: Final = re.compile(r"\d+")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,9})?")
_SPACED_NUMBER: Final = re.compile(r"\d[\d.\-/ ()+,_]{2,}\d")  # more ways to set digits apart than a list would have
_DAY_AND_MONTH: Final = re.compile(
    r"(?<![^\W_])(?<![./-])(?:\d{1,2}[-/_]\d{1,2}(?![^\W_]|[/-]|\.\d)|\d{1,2}\.\d{1,2}\.(?![^\W_]))"
)
_SET_APART: Final = re.compile(r"(?<![^\W_])[(+]*\d[\d.\-/ ()+,_]{2,}\d(?![^\W_])")
_ESCAPE: Final = re.compile(rb"\x1b[$(][^A-Z]?[@-Z]")
_CODECS: Final = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "iso8859-2",
    "iso8859-5",
    "iso8859-7",
    "cp1251",
    "koi8-r",
    "shift_jis",
    "euc_jp",
    "iso2022_jp",
    "euc_kr",
    "gb18030",
    "big5",
)
# Text that names people, places or records; with every PN these are the values that must not turn up
# elsewhere.
IDENTIFYING: Final = frozenset(
    (
        0x00080050,  # AccessionNumber
        0x00080080,  # InstitutionName
        0x00080081,  # InstitutionAddress
        0x00080092,  # ReferringPhysicianAddress
        0x00080094,  # ReferringPhysicianTelephoneNumbers
        0x00081010,  # StationName
        0x00081040,  # InstitutionalDepartmentName
        0x00181000,  # DeviceSerialNumber
        0x00200010,  # StudyID
        0x00321032,  # RequestingPhysician
        0x00321033,  # RequestingService
        0x00402016,
        0x00402017,
        0x00401001,
        0x00400253,
        0x00400009,
        0x00101000,
        0x0040A123,
        0x0040A075,
        0x0040A027,
    )
)
# Days of the examination: what is told of them elsewhere, in figures, goes when dates don't stay.
WHEN: Final = frozenset((0x00080020, 0x00080021, 0x00080022, 0x00080023))
_PLACES: Final = frozenset((0x00080080, 0x00080081, 0x00081010, 0x00081040, 0x00321033, 0x0040A027))
_PATIENT_TEXT: Final = frozenset(["LO", "SH", "PN", "DA", "ST", "LT", "UT"])


def fold(text: str) -> str:
    """Lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


@dataclass(frozen=True)
class Known:
    """The words and numbers that may not stay."""

    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    raw: tuple[bytes, ...] = ()  # for searching bytes, each at least 5 long
    days: frozenset[str] = frozenset()  # dates with a short year or none, as 3/17/48 and 3/17
    exams: frozenset[str] = frozenset()  # those of the numbers that are days of the examination only

    def in_word(self, word: str) -> bool:
        """True for a known word, or a longer one that contains a known word of four letters or more."""
        low = fold(word)
        return low in self.words or self._long_words.is_in(low)

    def in_number(self, text: str) -> bool:
        """True when the text's digits are, or contain, a known number of at least five digits."""
        digits = re.sub(r"\D", "", text)
        return digits in self.numbers or self._long_numbers.is_in(digits)

    def is_number(self, text: str) -> bool:
        """True when this decimal or integer is a known number of at least five digits, however it is written."""
        digits, whole = digits_of(text)
        return len(digits) > (4 if whole else 7) and digits in self._without_zeros  # fewer would hit measures by chance

    def is_whole(self, number: int) -> bool:
        """True when this number is a known one, without its zeros in front."""
        return str(number) in self._without_zeros

    @cached_property
    def _long_words(self) -> "_Parts":
        return _Parts(word for word in self.words if len(word) > 3)

    @cached_property
    def _long_numbers(self) -> "_Parts":
        return _Parts(number for number in self.numbers if len(number) > 4)

    @cached_property
    def _without_zeros(self) -> frozenset[str]:
        return frozenset(number.lstrip("0") for number in self.numbers)

    def in_text(self, text: str) -> bool:
        """True when any known value turns up."""
        if any(self.in_word(word) for word in (*_WORD.findall(text), *_MIXED.findall(text))):
            return True
        if any(self.in_number(number) for number in (*_NUMBER.findall(text), *_SPACED_NUMBER.findall(text))):
            return True
        if any(joined in self.words for joined in _joined(_ALPHANUMERIC.findall(text))):
            return True
        groups = _DIGITS.findall(text)
        if any("/".join(three) in self.days for three in zip(groups, groups[1:], groups[2:], strict=False)):
            return True
        return any(joined in self.numbers for joined in _joined(groups))

    @cached_property
    def of_people(self) -> "Known":
        """The same without the days of the examination, of which nearly every UID that a scanner makes has one."""
        return Known(self.words, self.numbers - self.exams, self.raw)

    def without(self, text: str) -> str:
        """The text without numbers in which a known one is set apart, and without a known day and month.

        Those stand by themselves, as 17/03 or 17.03.; C5/6 and 0.6/1 are none.
        """
        text = _SET_APART.sub(lambda span: " " if self.in_number(span[0]) else span[0], text)
        return _DAY_AND_MONTH.sub(lambda two: " " if "/".join(_DIGITS.findall(two[0])) in self.days else two[0], text)

    def in_row(self, parts: list[str]) -> bool:
        """True when a known number was cut into the values of one element."""
        return len(parts) > 1 and all(map(str.isdigit, parts)) and "".join(parts).lstrip("0") in self._without_zeros

    def in_bytes(self, data: bytes) -> bool:
        """True when a known value stands in the bytes, in any case and also in wide letters of several bytes."""
        views = [data]
        if b"\0" in data:
            views.append(data.replace(b"\0", b""))
        if b"\xef\xbc" in data or b"\xef\xbd" in data:
            views.append(unicodedata.normalize("NFKC", data.decode("utf-8", "ignore")).encode())
        return any(raw in view for view in views for raw in self.raw)

    def __or__(self, other: "Known") -> "Known":
        numbers, exams = self.numbers | other.numbers, self.exams | other.exams
        return Known(self.words | other.words, numbers, self.raw + other.raw, self.days | other.days, exams)


def _joined(pieces: list[str]) -> Iterator[str]:
    """What two to six pieces in a row make when they are put together, if it is long enough to say anything."""
    for at in range(len(pieces)):
        for end in range(at + 2, min(at + 6, len(pieces)) + 1):
            if len(joined := "".join(pieces[at:end])) > 4:
                yield fold(joined)


class _Parts:
    """Values that are looked for inside of longer ones, at no more than so much cost for each that is known."""

    def __init__(self, values: Iterable[str]) -> None:
        self.values = frozenset(values)
        self.lengths = sorted({len(one) for one in self.values})

    def is_in(self, text: str) -> bool:
        if len(self.values) < _FEW:
            return any(one in text for one in self.values)
        return any(text[at : at + n] in self.values for n in self.lengths for at in range(len(text) - n + 1))


def digits_of(text: str) -> tuple[str, bool]:
    """The digits of a decimal without leading zeros, and whether it is a whole number, however it is written.

    What is no legal decimal counts by all of its digits.
    """
    if _DECIMAL.fullmatch(text.strip()) is None:
        return re.sub(r"[^0-9]", "", text).lstrip("0"), True
    mantissa, _, exponent = text.strip().lower().partition("e")
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent or 0)
    digits += "0" * min(point - len(digits), 20)
    behind = digits[max(point, 0) :]
    if not behind.strip("0"):
        return digits[: max(point, 0)].lstrip("0"), True
    return digits.lstrip("0").rstrip("0"), False


def identifying(tag: int, vr: str) -> bool:
    """Does this element's value identify somebody, so that it may not be found anywhere else?"""
    if vr == "PN" or tag in IDENTIFYING or tag in WHEN:
        return True
    return tag >> 16 in (0x0010, 0x0038) and vr in _PATIENT_TEXT and tag not in _NOT_IDENTIFYING


_NOT_IDENTIFYING: Final = frozenset(
    (
        0x00102180,
        0x001021B0,
        0x00104000,
        0x00102000,
        0x00102110,
        0x00380500,
        0x00380050,
        0x00384000,
        0x00102160,
    )
)


def known_values(values: Iterable[tuple[int, str, str]], *, dates_stay: bool = False) -> Known:
    """Gather what `(tag, vr, text)` say about who this is. Dates that stay are looked for in text only."""
    words: set[str] = set()
    numbers: set[str] = set()
    raw: set[bytes] = set()
    days: set[str] = set()
    exams: set[str] = set()
    for tag, vr, text in values:
        if tag in WHEN:
            if not dates_stay and len(text) == 8 and text.isdigit():
                exams |= {text, text[4:] + text[:4], text[6:] + text[4:6] + text[:4]}
                days |= _short(text[2:4], text[4:6], text[6:]) | _short(text[:4], text[4:6], text[6:])
            continue
        generic = WORDS if tag in _PLACES else frozenset[str]()
        found = {fold(word) for word in _WORD.findall(text)}
        words |= {word for word in found if word not in generic}
        words |= {low for code in _MIXED.findall(text) if (low := fold(code)) not in WORDS}
        long = {digits for n in _NUMBER.findall(text) if len(digits := re.sub(r"\D", "", n)) > 3}
        bare = {digits for one in long if len(digits := one.lstrip("0")) > 4}
        numbers |= long | bare
        if text.startswith("+"):  # a telephone number, also without its country
            numbers |= {digits[n:] for digits in long for n in (1, 2, 3) if len(digits) > 9}
        if vr == "DA" and len(text) == 8 and text.isdigit():
            numbers |= {text[4:] + text[:4], text[6:] + text[4:6] + text[:4], text[6:] + text[4:6] + text[2:4]}
            numbers |= {text[2:], text[4:] + text[2:4]}
            days |= _short(text[2:4], text[4:6], text[6:])
        if vr != "DA" or not dates_stay:
            parts = (part.strip() for part in re.split(r"[\\^=,;]", text))
            raw |= {one for part in parts if fold(part) not in WORDS for one in _written(part)}
            raw |= {one.encode() for one in bare if len(one) > 6}
    people = frozenset(numbers)
    return Known(frozenset(words), people | exams, tuple(sorted(raw)), frozenset(days), frozenset(exams) - people)


def _written(part: str) -> Iterator[bytes]:
    """A value as bytes, in each case; with letters beyond ASCII in every way that they are written, declared or not."""
    cases = {part, part.lower(), part.upper(), part.title()}
    if part.isascii():
        yield from (case.encode() for case in cases if len(part) > 4)
        return
    bare = {fold(part), fold(part).upper(), fold(part).title(), unicodedata.normalize("NFD", part)}
    for case in cases | bare:
        for codec in _CODECS:
            one = _ESCAPE.sub(b"", case.encode(codec, "ignore"))
            if len(one) > 4 and len(one) >= len(case):
                yield one


def _short(year: str, month: str, day: str) -> set[str]:
    """A date with its parts set apart, in each order, with and without zeros in front, also without its year."""
    months, days = {month, month.lstrip("0")}, {day, day.lstrip("0")}
    orders = [((m, d, year), (d, m, year), (year, m, d), (m, d), (d, m)) for m in months for d in days]
    return {"/".join(order) for each in orders for order in each}


def gather(data: Buffer, start: int, end: int, encoding: Encoding, codec: str) -> Iterator[tuple[int, str, str]]:
    """`(tag, vr, text)` of every identifying element at every depth of a data set."""
    for element in walk(data, start, end, encoding):
        vr = dictionary_vr(element.tag) or element.vr.decode("ascii", "replace")
        if vr != "SQ" and 0 <= element.end - element.value <= 1024 and identifying(element.tag, vr):
            value = bytes(data[element.value : element.end]).strip(b" \0")
            yield from ((element.tag, vr, text) for text in _readings(value, codec) if text)


def _readings(value: bytes, codec: str) -> set[str]:
    """A value as it is declared; beyond ASCII also as UTF-8 and byte by byte, for what is declared is often wrong."""
    if value.isascii() and b"\x1b" not in value:
        return {value.decode("ascii")}
    return {value.decode(codec, "replace"), value.decode("latin-1"), value.decode("utf-8", "ignore")}
