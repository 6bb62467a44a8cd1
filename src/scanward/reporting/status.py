"""How final the report of an order is, by what its segments say (HL7 2.5.1 tables 0038, 0085, 0119, 0123).

The least final word wins: what says that a report is taken back outweighs every line that still says "final".
"""

from collections.abc import Sequence
from typing import Final

from scanward.reporting.hl7 import BadMessage, Segment, Wrong
from scanward.reporting.kinds import Standing

# Table 0123: how far the report is. What is not here says that there is none yet.
_STANDING: Final = {
    "F": Standing.FINAL,
    "C": Standing.AMENDED,
    "P": Standing.PRELIMINARY,
    "R": Standing.PRELIMINARY,
    "A": Standing.PRELIMINARY,
}
# Table 0123: "no results available; order canceled".
_NO_REPORT: Final = "X"
# Table 0119 (ORC-1): cancel it, it was cancelled, it was cancelled as requested. An order that is discontinued
# (DC, OD, DR) keeps the results that it has.
_CANCELLED: Final = frozenset(("CA", "OC", "CR"))
# Table 0085: a line that is not there (yet), one that goes or never comes, and one that is there by mistake.
_NO_LINE: Final = frozenset("DINOSX")
_GONE: Final = frozenset("DX")
_BY_MISTAKE: Final = "W"
# Observations that name the study and say nothing about it (DCM).
NAMES_OF_STUDY: Final = ("113014", "110180")


def is_cancelled(control: Segment | None, order: Segment) -> bool:
    """Return whether the order was cancelled: ORC-1, ORC-5 (table 0038), or OBR-25."""
    if control and (control.get(1) in _CANCELLED or control.get(5) == "CA"):
        return True
    return order.get(25) == _NO_REPORT


def there(lines: Sequence[Segment]) -> list[Segment]:
    """Return the lines that are part of the report."""
    return [line for line in lines if line.get(11) not in _NO_LINE]


def standing(control: Segment | None, order: Segment, lines: Sequence[Segment]) -> Standing:
    """Return how final the report is.

    Raises: BadMessage: there is no report yet, or the message does not say.
    """
    if any(line.get(11) == _BY_MISTAKE for line in lines):
        # It may be somebody else's: nobody can tell which of its lines are right.
        return Standing.WITHDRAWN
    said = {line.get(11) for line in lines if line.get(3) not in NAMES_OF_STUDY}
    if is_cancelled(control, order) or (said and said <= _GONE):
        return Standing.CANCELLED
    return _least(order.get(25), {line.get(11) for line in there(lines)})


def _least(order: str, lines: set[str]) -> Standing:
    """Return the least final of the words for the order and its lines.

    Raises: BadMessage
    """
    said = [_STANDING.get(order) if order else None] + [_STANDING.get(line) for line in lines if line]
    if order and said[0] is None:
        raise BadMessage(Wrong.VALUE, "OBR-25", "This status means that there is no report.")
    for each in (Standing.PRELIMINARY, Standing.AMENDED, Standing.FINAL):
        if each in said:
            return each
    raise BadMessage(Wrong.MISSING, "OBR-25", "The message does not say whether the report is final.")
