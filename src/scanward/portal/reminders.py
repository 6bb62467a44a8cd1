"""A reminder for one's own calendar to look at a link or a permission again (D13, iCalendar RFC 5545).

It names nobody and no scan: a calendar is synchronized, shared and shown on locked screens.
"""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from scanward.release import house

BEFORE = timedelta(days=7)


def reminder(uid: str, *, ends: date, page: str, now: datetime) -> bytes:
    """Return a calendar with one whole-day event, a week before the end or tomorrow, whichever is later."""
    day = max(ends - BEFORE, house.today(now) + timedelta(days=1))
    words = _("Look again: who may still see my records? Sign in: {address}").format(
        address=f"{settings.PUBLIC_ADDRESS}{page}"
    )
    title = _("Look at who may see my records")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Scanward//Reminder//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}@scanward",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(title)}",
        f"DESCRIPTION:{_escaped(words)}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(title)}",
        "TRIGGER:PT9H",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _escaped(text: str) -> str:
    """Escape what has a meaning in a text (RFC 5545 3.3.11)."""
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Break a line after at most 75 octets, never inside a character (RFC 5545 3.1)."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > 73:
            pieces.append(piece)
            piece = b""
        piece += encoded
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
