"""The languages in which a package speaks, and how each writes a date."""

from datetime import date, datetime
from enum import StrEnum

_EN = "January February March April May June July August September October November December"
_ES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
_MONTHS = {"en": _EN.split(), "es": _ES.split()}


class Language(StrEnum):
    """A language of letters, headings and read-me files (BCP 47)."""

    EN = "en"
    ES = "es"


def day(when: date, language: Language) -> str:
    """Write a date in full, with the month as a word: no one can read it the other way round."""
    month = _MONTHS[language][when.month - 1]
    if language is Language.ES:
        return f"{when.day} de {month} de {when.year}"
    return f"{month} {when.day}, {when.year}"


def moment(when: datetime, language: Language) -> str:
    """Write a time with its zone as an offset, because abbreviations of zones are not unique."""
    offset = when.strftime("%z")
    zone = f" (UTC{offset[:3]}:{offset[3:5]})" if offset else ""
    return f"{day(when, language)}, {when:%H:%M}{zone}"
