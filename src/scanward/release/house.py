"""What the law and the letters need to know of this house, from the settings."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from scanward.law.days import local_day
from scanward.law.facility import Facility, FacilityKind, Promise, own_promise


def zone() -> ZoneInfo:
    """The zone on whose wall the days are counted."""
    return ZoneInfo(settings.FACILITY_TIME_ZONE)


def facility() -> Facility:
    """The facility as the law's functions see it; without a state only federal rules run, as in the District."""
    return Facility(zone=zone(), state=settings.FACILITY_STATE or "DC", kind=FacilityKind(settings.FACILITY_KIND))


def promise() -> Promise:
    """What the house promises beside the law (F4)."""
    return own_promise(FacilityKind(settings.FACILITY_KIND), settings.FACILITY_TARGET)


def today(now: datetime) -> date:
    """The day on the facility's wall."""
    return local_day(now, zone())


def wall(moment: datetime) -> datetime:
    """The same moment as the clock on the facility's wall shows it: what people and other systems read."""
    return moment.astimezone(zone())


def sender() -> dict[str, object]:
    """The head of every letter."""
    return {
        "facility": settings.FACILITY_NAME,
        "department": settings.FACILITY_DEPARTMENT,
        "address": list(settings.FACILITY_ADDRESS),
        "phone": settings.FACILITY_PHONE,
        "email": settings.FACILITY_EMAIL,
    }


def privacy_contact() -> str:
    """Whom letters name for complaints: title, and the telephone number (45 CFR 164.524(d)(2)(iii))."""
    return ", ".join(part for part in (settings.FACILITY_PRIVACY_CONTACT, settings.FACILITY_PHONE) if part)
