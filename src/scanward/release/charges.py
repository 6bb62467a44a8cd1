"""The lines of a price in the reader's language: `law` keeps them in English, because it knows no translations."""

import re

from django.utils.translation import gettext

# "Supplies: 2 x CD", "Postage: tracked mail", "Labour for copying (12 minutes)".
CHARGE = re.compile(r"(?P<what>[^:(]+?)(?:: (?:(?P<pieces>\d+) x )?(?P<kind>.+)| \((?P<minutes>\d+) minutes\))")


def charge_words(label: str) -> str:
    """Say a line of a price."""
    line = CHARGE.fullmatch(label)
    if line is None:
        return gettext(label) if label else ""
    what, pieces, kind, minutes = (line[name] for name in ("what", "pieces", "kind", "minutes"))
    if minutes:
        return gettext("{what} ({minutes} minutes)").format(what=gettext(what), minutes=minutes)
    return f"{gettext(what)}: {pieces + ' × ' if pieces else ''}{gettext(kind)}"
