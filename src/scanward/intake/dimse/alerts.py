"""Tells the ledger about refused connections and bad messages, without letting an attacker swell it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final

from scanward.audit.event import ActorRef, Event, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome
from scanward.law.purpose import PurposeOfUse

# Of refused connections the first few of one kind from one address are told one by one; then one in ten seconds, with
# the number left out. Anybody can make those. A refused object came from a peer that we let in: each one is told.
AT_ONCE: Final = 5
EVERY_SECONDS: Final = 10.0
REMEMBERED: Final = 2_000


class Why(StrEnum):
    """What was refused; the value stands in the ledger."""

    NOT_DICOM = "not DICOM"
    BAD_PDU = "bad PDU"
    TOO_SLOW = "too slow"
    TLS = "TLS handshake refused"
    UNKNOWN_PEER = "unknown peer"
    CALLED_TITLE = "called title"
    LIMIT = "limit of connections"
    MAY_NOT_QUERY = "query by a peer that may only store"
    MAY_NOT_STORE = "storing by a peer that may not"
    NOT_READABLE = "object refused"
    MISMATCH = "command and object differ"
    NOT_MLLP = "not MLLP"
    BAD_MESSAGE = "message refused"


SECURITY: Final = frozenset((Why.TLS, Why.UNKNOWN_PEER, Why.CALLED_TITLE, Why.MAY_NOT_QUERY, Why.MAY_NOT_STORE))
OBJECTS: Final = frozenset((Why.NOT_READABLE, Why.MISMATCH, Why.BAD_MESSAGE))


class Alerts:
    """Makes ledger entries of refusals."""

    def __init__(
        self, tell: Callable[[Event], None], *, clock: Callable[[], datetime], channel: Channel = Channel.DICOM
    ) -> None:
        self._tell, self._clock, self._channel = tell, clock, channel
        self._lock = threading.Lock()
        # (why, address) -> how many were told at once, when the last one was told, how many were left out since
        self._seen: OrderedDict[tuple[Why, str], tuple[int, float, int]] = OrderedDict()

    def __call__(self, why: Why, address: str, *, title: str = "", detail: str = "", listener: str = "") -> None:
        """Tell of one refusal, unless there are too many of its kind."""
        left_out = 0 if why in OBJECTS else self._left_out(why, address)
        if left_out is None:
            return
        kind = EventKind.OBJECT_REFUSED if why in OBJECTS else EventKind.CONNECTION_REFUSED
        told: dict[str, str | int] = {"reason": why.value, "listener": listener}
        if detail:
            told["detail"] = detail
        if left_out:
            told["more_of_the_same"] = left_out
        self._tell(
            Event(
                kind=EventKind.SECURITY_ALERT if why in SECURITY else kind,
                actor=ActorRef("", title, "device"),
                subject=SubjectRef.nothing(),
                purpose=PurposeOfUse.SYSTEM,
                outcome=Outcome.SERIOUS_FAILURE if why in SECURITY else Outcome.MINOR_FAILURE,
                at=self._clock(),
                place=Place(address, title, self._channel),
                detail=told,
            )
        )

    def _left_out(self, why: Why, address: str) -> int | None:
        """Return how many were left out before this one, or None if this one is left out too."""
        now, key = time.monotonic(), (why, address)
        with self._lock:
            told, last, left_out = self._seen.pop(key, (0, now, 0))
            if now - last > EVERY_SECONDS:
                told = 0 if not left_out else AT_ONCE - 1
            if told < AT_ONCE:
                self._seen[key] = (told + 1, now, 0)
            else:
                self._seen[key] = (told, last, left_out + 1)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            return left_out if told < AT_ONCE else None
