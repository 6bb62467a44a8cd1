"""What the index says about an object, read from its DICOM JSON alone, so that a lost index comes out the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from scanward.people.matching import Demographics

Header = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What the object says about its study."""

    study_instance_uid: str
    accession_number: str
    description: str
    body_part: str
    performed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What the object says about its series."""

    series_instance_uid: str
    modality: str
    number: int | None
    description: str


def value(header: Header, tag: str) -> Any:
    """Return the first value of an element, or None."""
    values = header.get(tag, {}).get("Value") or [None]
    return values[0]


def text(header: Header, tag: str, limit: int) -> str:
    """Return the element's first value as text of at most `limit` characters."""
    found = value(header, tag)
    return str(found).strip()[:limit] if found is not None and not isinstance(found, dict | list) else ""


def whole_number(header: Header, tag: str) -> int | None:
    """Return the element's first value as a 64-bit whole number, or None."""
    try:
        number = int(float(value(header, tag)))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 2**63 else None


def demographics(header: Header, *, default_issuer: str = "") -> Demographics:
    """Read the Patient module (PS3.3 C.7.1.1)."""
    name = value(header, "00100010")
    groups = name if isinstance(name, dict) else {}
    # Ideographic names are kept whole in dicom_name; matching and pages use the alphabetic group where there is one.
    main = str(groups.get("Alphabetic") or groups.get("Ideographic") or groups.get("Phonetic") or "")
    family, _, rest = main.partition("^")
    full = "=".join(str(groups.get(group, "")) for group in ("Alphabetic", "Ideographic", "Phonetic")).rstrip("=")
    return Demographics(
        patient_id=text(header, "00100020", 64),
        issuer=text(header, "00100021", 64) or default_issuer,
        dicom_name=full[:400],
        family_name=family.strip()[:200],
        given_name=" ".join(rest.replace("^", " ").split())[:200],
        birth_date=dicom_date(text(header, "00100030", 10)),
        sex=text(header, "00100040", 1).upper(),
    )


def study_facts(header: Header, *, zone: str) -> StudyFacts:
    """Read the Study module (PS3.3 C.7.2.1); times without an offset are the facility's."""
    return StudyFacts(
        study_instance_uid=text(header, "0020000D", 64),
        accession_number=text(header, "00080050", 64),
        description=text(header, "00081030", 200),
        body_part=text(header, "00180015", 64),
        performed_at=_moment(header, zone=zone),
    )


def series_facts(header: Header) -> SeriesFacts:
    """Read the Series module (PS3.3 C.7.3.1)."""
    return SeriesFacts(
        series_instance_uid=text(header, "0020000E", 64),
        modality=text(header, "00080060", 16),
        number=whole_number(header, "00200011"),
        description=text(header, "0008103E", 200),
    )


@lru_cache(maxsize=256)
def dicom_date(found: str) -> date | None:
    """Return a DICOM date (PS3.5 DA, also the old form with points), or None if it is none."""
    digits = found.replace(".", "")
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def dicom_time(found: str) -> time:
    """Return a DICOM time (PS3.5 TM) to the second; midnight if it is none."""
    digits = found.replace(":", "").partition(".")[0].ljust(6, "0")
    try:
        return time(int(digits[:2]), int(digits[2:4]), min(int(digits[4:6]), 59))
    except ValueError:
        return time()


def _moment(header: Header, *, zone: str) -> datetime | None:
    """Return when the study was made: its date, or the acquisition's or the series' where it has none."""
    for day_tag, time_tag in (("00080020", "00080030"), ("00080022", "00080032"), ("00080021", "00080031")):
        day = dicom_date(text(header, day_tag, 10))
        if day:
            moment = dicom_time(text(header, time_tag, 16))
            return datetime.combine(day, moment, tzinfo=_zone(text(header, "00080201", 5), zone))
    return None


def _zone(offset: str, zone: str) -> tzinfo:
    """Return the zone of Timezone Offset From UTC (0008,0201), or the facility's."""
    if len(offset) == 5 and offset[0] in "+-" and offset[1:].isdigit():
        minutes = int(offset[1:3]) * 60 + int(offset[3:])
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return ZoneInfo(zone)
