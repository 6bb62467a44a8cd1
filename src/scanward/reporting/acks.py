"""Answers to HL7 v2 messages: MSA says what became of it, ERR what is wrong and where, never a value."""

from datetime import datetime
from typing import Final

from scanward.reporting.hl7 import BadMessage, Segment, Wrong

# MSA-2 is at most 199 characters long (HL7 2.7, 2.14.8.2), and so are the names of applications here.
_LONGEST: Final = 199
_OLD_ERR: Final = ("2.1", "2.2", "2.3", "2.3.1", "2.4")


def ack(head: Segment | None, *, name: str, now: datetime, bad: BadMessage | None = None) -> bytes:
    """Return the answer (original acknowledgment mode, HL7 2.9.2): AA, or AE or AR with what is wrong."""
    version = _echo(head, 12) or "2.5.1"
    stamp = f"{now:%Y%m%d%H%M%S}"
    control = _echo(head, 10)
    segments = [
        f"MSH|^~\\&|SCANWARD|{_safe(name)}|{_echo(head, 3)}|{_echo(head, 4)}|{stamp}||ACK^R01^ACK|{stamp}{now:%f}"
        f"|{_echo(head, 11) or 'P'}|{version}||||||UNICODE UTF-8",
        f"MSA|{bad.wrong.answer if bad else 'AA'}|{control}" + (f"|{_safe(str(bad))[:80]}" if bad else ""),
    ]
    if bad:
        segments.append(_err(bad, version))
    return ("\r".join(segments) + "\r").encode()


def _err(bad: BadMessage, version: str) -> str:
    """Return ERR as the sender's version has it: since 2.5 in fields of their own."""
    segment, _, field = bad.place.partition("-")
    if version in _OLD_ERR:
        return f"ERR|{segment}^^{field}^{bad.wrong.code}&{bad.wrong.meaning}&HL70357"
    where = f"{segment}^1^{field}" if field else segment
    return f"ERR||{where}|{bad.wrong.code}^{bad.wrong.meaning}^HL70357|E||||{_safe(str(bad))}"


def not_kept() -> BadMessage:
    """Return what is said when the house can't keep it now."""
    return BadMessage(Wrong.INTERNAL, "", "Not kept. Send it again later.")


def _echo(head: Segment | None, field: int) -> str:
    """Return a component of the header to be given back: letters that mean nothing in HL7 only."""
    return _safe(head.get(field)) if head else ""


def _safe(text: str) -> str:
    kept = "".join(letter for letter in text if letter.isprintable() and letter not in "|^~\\&")
    return kept[:_LONGEST]
