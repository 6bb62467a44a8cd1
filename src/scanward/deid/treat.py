"""What becomes of one value under an action: its new bytes, or None when it may not stay."""

import re
import struct
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, Protocol

from scanward.deid import codes
from scanward.deid.actions import Action
from scanward.deid.binary import integers, reads_as_text
from scanward.deid.geography import zip_of
from scanward.deid.keyed import Project
from scanward.deid.profiles import Dates, Profile
from scanward.deid.sweep import Known, digits_of
from scanward.deid.text import CODECS, clean_prose, clean_values, codec_of, legal_code_string
from scanward.dicom.dictionary import ELEMENTS
from scanward.dicom.standard_uids import STANDARD_UIDS
from scanward.dicom.walk import Encoding

__all__ = ["codec_of", "dummy", "value"]


class Surroundings(Protocol):
    """What a value's treatment depends on beside the value: `scope.Scope` is one."""

    profile: Profile
    project: Project
    known: Known
    codec: str
    days: int
    token: str
    encoding: Encoding


_DECIMAL: Final = re.compile(rb" *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})? *")
_INTEGER: Final = re.compile(rb" *[+-]?\d{1,11} *")
_DATE: Final = re.compile(rb"(\d{4})\.?(\d\d)\.?(\d\d)")
_TIME: Final = re.compile(rb"\d\d(?::?[0-5]\d(?::?[0-6]\d(?:\.\d{1,6})?)?)?")
_DATE_TIME: Final = re.compile(rb"(\d{8})((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?")
# Measures that are often five or six digits long, so that they meet a record's number by chance. Of the first the image
# needs every value: only longer numbers count. Of the others it needs none: what meets a number and isn't round goes.
_NEEDED_MEASURES: Final = frozenset(
    (
        0x00181074,  # RadionuclideTotalDose
        0x00181242,  # ActualFrameDuration
        0x00280008,  # NumberOfFrames
        0x00281050,  # WindowCenter
        0x00281051,  # WindowWidth
        0x00281052,  # RescaleIntercept
        0x00281053,  # RescaleSlope
        0x00541300,  # FrameReferenceTime
        0x00541322,  # DoseCalibrationFactor
    )
)
_OTHER_MEASURES: Final = frozenset(
    (
        0x00180084,  # ImagingFrequency
        0x00181060,  # TriggerTime
        0x00181063,  # FrameTime
        0x00181150,  # ExposureTime
        0x00181151,  # XRayTubeCurrent
        0x00181152,  # Exposure
        0x00181153,  # ExposureInuAs
        0x00188150,  # ExposureTimeInuS
        0x00188151,  # XRayTubeCurrentInuA
    )
)
# Without one of these an image is another one: where it is no number there is none to put in its place.
_PLACED_BY: Final = frozenset(
    (
        0x00200032,  # ImagePositionPatient
        0x00200037,  # ImageOrientationPatient
        0x00280030,  # PixelSpacing
        0x00281052,  # RescaleIntercept
        0x00281053,  # RescaleSlope
    )
)
_SOFTWARE: Final = 0x00181020
# What scanners call their software, where it looks like a record's number: GE, Siemens, Canon.
_VERSION: Final = re.compile(
    r"\d\d[A-Z]{2}\d\d\.\d{1,2}|V[A-Z]\d\d[A-Z](?:_SP\d\d[A-Z]?)?|V\d{1,2}\.\d{1,2}(?:ER\d{3}|SP\d{4})"
    r"|syngo CT (?:V[A-Z]\d\d[A-Z]|20\d\d[A-Z])|revo_ct_\d\d[a-z]{2}\.\d\d"
)
_ROUND: Final = re.compile(r"\d+00|32767|32768|65535|65536")
# Whole numbers of nine digits and more are telephone and insurance numbers; only these count that far.
_LONGEST_COUNT, _ROUNDED = 8, 5  # digits of all, and of what stands before the zeros of a round one
_COUNTS: Final = _NEEDED_MEASURES | {
    0x00180070,  # CountsAccumulated
    0x00541310,  # PrimaryPromptsCountsAccumulated
    0x00541311,  # SecondaryCountsAccumulated
}
_LIMITS_OF_TYPES: Final = frozenset(("2147483647", "2147483648", "4294967295", "4294967296"))
# What a person can measure, in metres (or centimetres) and kilograms.
_OF_PEOPLE: Final = {0x00101020: 300.0, 0x00101030: 800.0}
_TIMEZONE: Final = 0x00080201
_ZONE: Final = re.compile(rb"[+-]\d{4}")
_AGE: Final = re.compile(rb"(\d{3})([DWMY])")
_GRAPHIC_LAYERS: Final = frozenset((0x00700002, 0x00700402))  # names that refer to each other


def value(chosen: Action, tag: int, vr: bytes, old: bytes, scope: Surroundings, *, parent: int) -> bytes | None:
    """The new value of a non-empty element; None when it may not stay."""
    if chosen in (Action.WITHDRAW, Action.EMPTY, Action.DUMMY, Action.REMOVE):
        return None
    return _HOW[chosen](tag, vr, old, scope, parent)


def _keep(tag: int, vr: bytes, old: bytes, scope: Surroundings, parent: int) -> bytes | None:
    if vr == b"CS":
        return _check(tag, vr, old, scope, parent)
    if tag == _TIMEZONE:
        return old if _ZONE.fullmatch(old.strip(b"\0 ")) else None
    if vr in _LEGAL and not all(_LEGAL[vr].fullmatch(part.strip(b" \0")) for part in old.split(b"\\")):
        return None  # what was written under another VR, or breaks its own, is not what the standard lets stay
    if vr == b"AT" and _names_attributes(old, scope.encoding):
        return old
    if vr in _FIXED or vr in _BULK:
        broken = vr in _FIXED and len(old) % _FIXED[vr]
        little = scope.encoding.little
        text = reads_as_text(vr, old, little=little) or scope.known.in_bytes(old)
        return None if broken or text or any(map(scope.known.is_whole, integers(vr, old, little=little))) else old
    known = scope.known.of_people if vr == b"UI" else scope.known
    return None if known.in_text(old.decode(scope.codec, "replace")) else old.rstrip(b" \0")


_LEGAL: Final = {
    b"UI": re.compile(rb"(?:\d{1,63}(?:\.\d{1,62})*)?"),
    b"DA": re.compile(rb"(?:\d{4}(?:\d{4}|\.\d\d\.\d\d))?"),
    b"DT": re.compile(rb"(?:\d{4}(?:\d\d){0,5}(?:\.\d{1,6})?(?:[+-]\d{4})?)?"),
    b"TM": re.compile(rb"(?:\d\d(?::?[0-5]\d(?::?[0-6]\d(?:\.\d{1,6})?)?)?)?"),
    b"AS": re.compile(rb"(?:\d{3}[DWMY])?"),
}


def _names_attributes(old: bytes, encoding: Encoding) -> bool:
    """Are all values tags of the dictionary? Tags can look like letters: (0020,0032) is a digit and a space."""
    if len(old) % 4:
        return False
    pairs = struct.iter_unpack("<HH" if encoding.little else ">HH", old)
    return all(group << 16 | element in ELEMENTS for group, element in pairs)


_BULK: Final = frozenset((b"OB", b"OW", b"OD", b"OF", b"OL", b"OV", b"UN"))
_FIXED: Final = {b"US": 2, b"SS": 2, b"UL": 4, b"SL": 4, b"FL": 4, b"AT": 4, b"FD": 8, b"SV": 8, b"UV": 8}


def _check(tag: int, vr: bytes, old: bytes, scope: Surroundings, _parent: int) -> bytes | None:
    if vr == b"CS":
        return _code_strings(tag, old, scope)
    legal = _DECIMAL if vr == b"DS" else _INTEGER
    parts = old.rstrip(b"\0 ").split(b"\\")
    for part in parts:
        if part.strip() and (len(part) > 32 or not legal.fullmatch(part)):
            return None
    return None if record_number(tag, old, scope.known) else old


def _is_measure(tag: int, part: str) -> bool:
    """May this be a measure or a count of this attribute, whatever the file says of its patient?"""
    if not _DECIMAL.fullmatch(part.encode("latin-1")):
        return True  # no number at all, and judged as that
    digits, whole = digits_of(part)
    if tag in _OF_PEOPLE:
        return len(digits) <= _LONGEST_COUNT and 0 <= float(part) <= _OF_PEOPLE[tag]
    long = whole and len(digits) > _LONGEST_COUNT and len(digits.rstrip("0")) > _ROUNDED
    return not long or tag in _COUNTS or digits in _LIMITS_OF_TYPES


def record_number(tag: int, old: bytes, known: Known) -> bool:
    """Is one of these numbers that of a record, known or too long to be a measure?"""
    parts = [part for part in old.decode("latin-1").rstrip("\0 ").split("\\") if part.strip()]
    if not all(_is_measure(tag, part) for part in parts):
        return True
    return any(known.is_number(part) and not _by_chance(tag, digits_of(part)[0]) for part in parts)


def irreplaceable(tag: int, old: bytes) -> bool:
    """Is this no number, where the image needs one?"""
    return tag in _PLACED_BY and not all(_DECIMAL.fullmatch(part) for part in old.rstrip(b"\0 ").split(b"\\"))


def _by_chance(tag: int, digits: str) -> bool:
    """May a measure meet a record's number by chance, and has to stay?"""
    if len(digits) > 6:
        return False
    return tag in _NEEDED_MEASURES or (tag in _OTHER_MEASURES and _ROUND.fullmatch(digits) is not None)


def _code_strings(tag: int, old: bytes, scope: Surroundings) -> bytes | None:
    parts = [part.strip() for part in old.decode("latin-1").rstrip("\0 ").split("\\")]
    if tag == 0x00080005:
        return old if all(part.encode() in CODECS or _ISO.fullmatch(part) for part in parts) else b"ISO_IR 192"
    if tag in _GRAPHIC_LAYERS:
        return "\\".join(scope.project.pseudonym(part, kind="layer") for part in parts).encode()
    checked = [part if legal_code_string(part, scope.known) else "" for part in parts]
    if checked == parts:
        return old
    if tag in _IMAGE_TYPES:
        checked[:2] = [one or other for one, other in zip(checked, _IMAGE_TYPE, strict=False)]
    if not checked[0]:
        return None
    return "\\".join(checked).rstrip("\\").encode()


_IMAGE_TYPES: Final = frozenset((0x00080008, 0x00089007))
_IMAGE_TYPE: Final = ("DERIVED", "SECONDARY")  # the terms that promise least, where others were found
_ISO: Final = re.compile(r"ISO[_ ](?:2022 )?IR \d{1,3}")


def _clean(tag: int, vr: bytes, old: bytes, scope: Surroundings, _parent: int) -> bytes | None:
    if vr in (b"LO", b"SH", b"UC"):
        cleaned = clean_values(old.strip(b"\0 "), scope.codec, scope.known)
        return _shortened(cleaned, 16 if vr == b"SH" else 64) if cleaned and vr != b"UC" else cleaned
    if tag == _TIMEZONE:
        return old if _ZONE.fullmatch(old.strip(b"\0 ")) else None
    return clean_prose(old, scope.codec, scope.known) if vr in (b"ST", b"LT", b"UT") else None


def _technical(tag: int, vr: bytes, old: bytes, scope: Surroundings, _parent: int) -> bytes | None:
    if tag == _SOFTWARE and _is_version(old, scope):
        return old
    cleaned = clean_values(old.strip(b"\0 "), scope.codec, scope.known, technical=True)
    return _shortened(cleaned, 16) if cleaned and vr == b"SH" else cleaned


def _is_version(old: bytes, scope: Surroundings) -> bool:
    parts = [part.strip() for part in old.decode(scope.codec, "replace").rstrip("\0 ").split("\\")]
    return all(map(_VERSION.fullmatch, parts)) and not any(map(scope.known.in_text, parts))


def _shortened(cleaned: bytes, longest: int) -> bytes:
    """Each value of a cleaned text as long as its VR allows."""
    return b"\\".join(part[:longest].rstrip() for part in cleaned.split(b"\\"))


def _code(tag: int, _vr: bytes, old: bytes, scope: Surroundings, parent: int) -> bytes | None:
    text = old.decode(scope.codec, "replace").strip(" \0")
    if not parent or scope.known.in_text(text):
        return None
    if tag == 0x00080102:
        return old if text in codes.SCHEMES else None
    if tag == 0x00080103:
        return old if codes.VERSION.fullmatch(text) else None
    if tag == 0x00080104:
        return clean_values(text.encode(scope.codec, "ignore"), scope.codec, scope.known)
    if tag in _LONG_CODES:  # for codes that are too long for the other attribute
        return old if len(text) > 16 and codes.is_snomed(text) else None
    return old if codes.is_snomed(text) or codes.may_be(text) else None


def _uid(_tag: int, _vr: bytes, old: bytes, scope: Surroundings, _parent: int) -> bytes | None:
    parts = [part.strip(b" \0") for part in old.split(b"\\")]
    return b"\\".join(_new_uid(part, scope) for part in parts)


def _new_uid(part: bytes, scope: Surroundings) -> bytes:
    if not part or part.decode("latin-1") in STANDARD_UIDS:
        return part
    return scope.project.uid(part).encode()


def _date(_tag: int, vr: bytes, old: bytes, scope: Surroundings, _parent: int) -> bytes | None:
    one = {b"DA": _one_date, b"DT": _one_date_time, b"TM": _one_time}.get(vr)
    if one is None:
        return old if vr == b"SH" and _ZONE.fullmatch(old.strip(b"\0 ")) else None
    done = [one(part.strip(b" \0"), scope) for part in old.split(b"\\")]
    return None if any(part is None for part in done) else b"\\".join(part or b"" for part in done)


def _one_date(old: bytes, scope: Surroundings) -> bytes | None:
    found = _DATE.fullmatch(old)
    if not old or not found:
        return b"" if not old else None
    dates = scope.profile.dates
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        if dates is Dates.YEAR:
            return b"%04d0101" % day.year
        if dates is Dates.SHIFTED:
            day += timedelta(days=scope.days)
    except (ValueError, OverflowError):
        return None
    return b"%04d%02d%02d" % (day.year, day.month, day.day)


def _one_time(old: bytes, scope: Surroundings) -> bytes | None:
    if scope.profile.dates is Dates.YEAR:
        return None
    return old if not old or (_TIME.fullmatch(old) and not _is_record(old, scope)) else None


def _is_record(clock: bytes, scope: Surroundings) -> bool:
    """Is a time, or its fraction of a second, the number of a record?"""
    whole, _, fraction = clock.decode("latin-1").replace(":", "").partition(".")
    numbers = scope.known.numbers
    return (len(whole) > 5 and whole in numbers) or (len(fraction) > 4 and fraction in numbers)


def _one_date_time(old: bytes, scope: Surroundings) -> bytes | None:
    found = _DATE_TIME.fullmatch(old)
    if not old or not found:
        return b"" if not old else None
    day = _one_date(found[1], scope)
    if day is None or scope.profile.dates is Dates.YEAR:
        return day[:4] if day else None
    if _is_record(found[2], scope):
        return day
    return day + found[2] + (found[3] or b"")


def _age(_tag: int, _vr: bytes, old: bytes, scope: Surroundings, _parent: int) -> bytes | None:
    found = _AGE.fullmatch(old.strip(b" \0"))
    if not found:
        return None
    years = int(found[1]) / {b"D": 365.25, b"W": 52.18, b"M": 12, b"Y": 1}[found[2]]
    return b"090Y" if scope.profile.cap_ages and years >= 90 else old


def _pseudonym(tag: int, _vr: bytes, old: bytes, scope: Surroundings, parent: int) -> bytes | None:
    if not parent or tag == 0x00100010:
        return scope.token.encode()
    text = old.decode("latin-1").strip(" \0")
    return scope.project.pseudonym(text).encode() if text else b""


def _address(_tag: int, _vr: bytes, old: bytes, scope: Surroundings, _parent: int) -> bytes | None:
    found = zip_of(old.decode(scope.codec, "replace"), scope.profile.zip_digits)
    return found.encode() if found else None


_HOW: Final[dict[Action, Callable[[int, bytes, bytes, Surroundings, int], bytes | None]]] = {
    Action.KEEP: _keep,
    Action.CHECK: _check,
    Action.CLEAN: _clean,
    Action.TECHNICAL: _technical,
    Action.CODE: _code,
    Action.UID: _uid,
    Action.DATE: _date,
    Action.AGE: _age,
    Action.PSEUDONYM: _pseudonym,
    Action.ADDRESS: _address,
}

_DUMMIES: Final = {
    b"DA": b"19000101",
    b"DT": b"19000101000000",
    b"TM": b"000000",
    b"AS": b"000Y",
    b"DS": b"0",
    b"IS": b"0",
    b"UR": b"urn:removed",
    b"OB": b"\0\0",
    b"OW": b"\0\0",
}


_LONG_CODES: Final = {0x00080119: b"REMOVED BY DE-IDENTIFICATION", 0x00080120: b"urn:removed"}


def dummy(tag: int, vr: bytes, old: bytes, scope: Surroundings) -> bytes:
    """A value that says nothing, legal in its VR (PS3.15 E.1.1, D)."""
    if vr == b"CS":
        return scope.project.pseudonym(old.decode("latin-1"), kind="code").encode()
    if vr == b"UI":
        return _uid(tag, vr, old, scope, 0) or b""
    if vr in _FIXED:
        return bytes(_FIXED[vr])
    if tag == 0x00080102:
        return b"99REMOVED"
    if tag in _LONG_CODES:
        return _LONG_CODES[tag]
    return _DUMMIES.get(vr, b"REMOVED")
