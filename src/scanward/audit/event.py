"""An event before it is written, and the exact bytes of it that the ledger commits to.

The bytes of entry `seq` are, in ASCII (docs/why/ledger.md):

    scanward entry 1 LF
    <seq, decimal> LF
    <body: one JSON object, keys sorted, no spaces, everything but ASCII escaped>

The body has 128 random bits, so that a leaf hash kept outside tells nothing about the entry, not even to
someone who guesses it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from scanward.audit.kinds import Channel, EventKind, Outcome, SubjectKind
from scanward.audit.merkle import leaf_hash
from scanward.law.purpose import PurposeOfUse

MAX_ID = 200
MAX_TEXT = 300
MAX_BODY = 16_384
HEADER = b"scanward entry 1\n"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)

Detail = Mapping[str, str | int]


class NotAnEvent(ValueError):
    """What should be recorded can't stand in the ledger; the text names the field, never its value."""


@dataclass(frozen=True, slots=True)
class ActorRef:
    """Who did it: an opaque id, and what name and role the person had at that time."""

    id: str
    display: str
    role: str

    @classmethod
    def system(cls, part: str) -> Self:
        """Return the reference of a part of Scanward that acts on its own."""
        return cls(id=f"system:{part}", display=part, role="system")

    @classmethod
    def nobody(cls) -> Self:
        """Return the reference of someone who did not say who he is, or did not prove it."""
        return cls(id="", display="", role="unknown")


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """What it was done to; `patient` is the opaque id of the patient whom it concerns, or empty."""

    kind: SubjectKind
    id: str
    patient: str = ""
    display: str = ""

    @classmethod
    def nothing(cls) -> Self:
        """Return the reference for an event that is about nothing in particular."""
        return cls(SubjectKind.NONE, "")


@dataclass(frozen=True, slots=True)
class Place:
    """From where: network address, program (user agent, AE title), way in, opaque id of the session."""

    address: str
    agent: str = ""
    channel: Channel = Channel.PORTAL
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event to be recorded."""

    kind: EventKind
    actor: ActorRef
    subject: SubjectRef
    purpose: PurposeOfUse | None
    outcome: Outcome
    at: datetime
    place: Place
    detail: Detail = field(default_factory=dict)


def body_of(event: Event) -> str:
    """Return the event as canonical JSON with fresh random bits.

    Raises:
        NotAnEvent: an id is too long, the time has no zone, or the detail is not short text and whole
        numbers.
    """
    if event.at.tzinfo is None:
        raise NotAnEvent("The time of an event needs a time zone.")
    actor, subject, place = event.actor, event.subject, event.place
    body = canonical(
        {
            "actor": {"display": _clip(actor.display), "id": _id(actor.id), "role": _clip(actor.role)},
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "detail": _checked(event.detail),
            "kind": EventKind(event.kind).value,
            "outcome": Outcome(event.outcome).value,
            "place": {
                "address": _clip(place.address),
                "agent": _clip(place.agent),
                "channel": place.channel.value,
                "session": _id(place.session),
            },
            "purpose": event.purpose.value if event.purpose else None,
            "salt": os.urandom(16).hex(),
            "subject": {
                "display": _clip(subject.display),
                "id": _id(subject.id),
                "kind": subject.kind.value,
                "patient": _id(subject.patient),
            },
        }
    )
    if len(body) > MAX_BODY:
        raise NotAnEvent(f"An entry of the ledger has at most {MAX_BODY} characters; the detail is too long.")
    return body


def canonical(content: Mapping[str, Any]) -> str:
    """Return the one JSON text of the content: sorted keys, no spaces, ASCII."""
    return _ENCODER.encode(content)


def leaf_of(seq: int, body: str) -> bytes:
    """Return the leaf hash of entry `seq`."""
    return leaf_hash(entry_bytes(seq, body))


def entry_bytes(seq: int, body: str) -> bytes:
    """Return the bytes of entry `seq` that the ledger commits to."""
    return b"%s%d\n%s" % (HEADER, seq, body.encode("utf-8", "surrogateescape"))


def _id(value: str) -> str:
    if len(value) > MAX_ID or not value.isprintable():
        raise NotAnEvent(f"An id in the ledger is at most {MAX_ID} printable characters.")
    return value


def _clip(text: str) -> str:
    """Shorten what comes from outside (a user agent, a name), so that nobody can swell the ledger."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _checked(detail: Detail) -> dict[str, str | int]:
    for key, value in detail.items():
        if not all(isinstance(item, allowed) for item, allowed in ((key, str), (value, str | int))):
            raise NotAnEvent("The detail of an event is text and whole numbers by name.")
    return dict(detail)
