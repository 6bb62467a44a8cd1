"""What is done with a message: read it, find out who sends it, keep the report, and say what became of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.archive.results import read, take
from scanward.archive.store import Sender
from scanward.archive.versions import OutOfOrder
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel
from scanward.intake.dimse.alerts import Alerts, Why
from scanward.intake.dimse.keeper import CanNotKeep, Keeper
from scanward.intake.mllp.partners import Caller, Partner, Partners
from scanward.reporting.acks import ack, not_kept
from scanward.reporting.hl7 import BadMessage, Segment, Wrong, header_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, and whether the sender is somebody whom we know."""

    data: bytes
    known: bool


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that an answer may need."""

    keeper: Keeper
    alerts: Alerts
    clock: Callable[[], datetime]
    issuer: str
    facility: str

    def answer(self, data: bytes, caller: Caller, partners: Partners) -> Answer:
        """Keep the report of a message; an answer that says yes is durable."""
        head: Segment | None = None
        partner: Partner | None = None
        bad: BadMessage | None = None
        try:
            head = header_of(data)
            partner = partners.sender(head.get(3), head.get(4), caller)
            if partner is None:
                self.alerts(Why.UNKNOWN_PEER, caller.address, listener=caller.listener)
                raise BadMessage(Wrong.UNKNOWN_KEY, "MSH-3", "This sender is not known here. Ask who runs Scanward.")
            self._keep(data, partner, caller)
        except BadMessage as refused:
            bad = refused
            if partner or head is None:
                title = partner.application if partner else ""
                detail = f"{refused.place} {refused.wrong.code}".strip()
                self.alerts(Why.BAD_MESSAGE, caller.address, title=title, detail=detail, listener=caller.listener)
        except CanNotKeep:
            bad = not_kept()
        return Answer(ack(head, name=self.facility, now=self.clock(), bad=bad), partner is not None)

    def too_long(self, caller: Caller) -> bytes:
        """Answer a message that was not read to its end."""
        self.alerts(Why.LIMIT, caller.address, listener=caller.listener)
        bad = BadMessage(Wrong.INTERNAL, "", "The message is longer than is taken here, or there is no room now.")
        return ack(None, name=self.facility, now=self.clock(), bad=bad)

    def _keep(self, data: bytes, partner: Partner, caller: Caller) -> None:
        """Take the reports in.

        Raises:
            BadMessage: there is something wrong with them. CanNotKeep: the house can't keep them now.
        """
        who = ActorRef(f"system:{partner.application}"[:64], partner.application[:64], "device")
        place = Place(caller.address, partner.application[:64], Channel.HL7)
        sender = Sender(who, place, partner.issuer or self.issuer)
        found = read(data, default_codec=partner.codec)
        try:
            # Images that came a moment ago are indexed first, so that the report finds its examination.
            self.keeper.do(lambda: take(found, data, codec=partner.codec, sender=sender, now=self.clock()))
        except OutOfOrder:
            raise BadMessage(
                Wrong.VALUE,
                "OBR-25",
                "A later state of this report is here already: it was signed, or taken back, since.",
            ) from None
