"""One association, from the first byte to the last (PS3.8 9.2), in a thread of its own.

Every wait has a deadline for the whole of what it waits for, so that a byte now and then keeps nothing alive.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanward.dicom.json_model import Memo
from scanward.dicom.limits import DEFAULT
from scanward.intake.dimse import classes, command, commitment, pdu
from scanward.intake.dimse.alerts import Why
from scanward.intake.dimse.command import Command, Field, Tag
from scanward.intake.dimse.incoming import Incoming, Room, TooLarge, part10_header
from scanward.intake.dimse.keeper import CanNotKeep
from scanward.intake.dimse.negotiation import Agreed, Caller, negotiate
from scanward.intake.dimse.pdu import AbortReason, BadPdu, PduType
from scanward.intake.dimse.peers import Neighbours
from scanward.intake.dimse.services import Message, Reply, Services
from scanward.intake.dimse.wire import Closed, Late, Wire

REPORT_ID: Final = 1
MESSAGE_MAX: Final = 8 * 1024 * 1024
_KINDS: Final = {int(kind): kind for kind in PduType}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds."""

    # PS3.8 9.1.4, ARTIM: from the connection to the whole association request, TLS included.
    associate: float = 15.0
    # Between two messages.
    idle: float = 300.0
    # For a whole message: so much, and more for every byte that came.
    message: float = 60.0
    least_bytes_per_second: int = 32 * 1024
    answer: float = 30.0


class NotPdu(Exception):
    """What came is not even the header of a PDU: there is nobody to be answered."""


class Association:
    """Reads messages and has them answered, until the other side releases, aborts or goes too far."""

    def __init__(
        self, wire: Wire, caller: Caller, services: Services, *, spool: Path, timing: Timing, neighbours: Neighbours
    ) -> None:
        self.wire, self.caller, self.services = wire, caller, services
        self.spool, self.timing, self.neighbours = spool, timing, neighbours
        self.room = 0
        self.agreed: Agreed | None = None
        self.title = ""
        self._memo = Memo()
        self.memory = Room()

    def negotiate(self) -> Agreed | None:
        """Read the request and answer it; None if it was rejected."""
        kind, body = self._read({PduType.ASSOCIATE_RQ: pdu.ASSOCIATE_MAX, PduType.ABORT: 4})
        if kind is PduType.ABORT:
            raise Closed
        request = pdu.read_associate(bytes(body))
        self.title, self.room = request.calling, request.max_length
        answer = negotiate(request, self.caller, self.neighbours)
        if not isinstance(answer, Agreed):
            if answer.why:
                self.tell(answer.why)
            self.wire.close(pdu.associate_reject(answer.reject))
            return None
        self.agreed = answer
        self._request, self._sender = request, self.services.sender(answer.peer, self.caller)
        return answer

    def accept(self) -> None:
        """Say yes."""
        assert self.agreed
        self.wire.within(self.timing.answer)
        self.wire.send(pdu.associate_accept(self._request, self.agreed.contexts, self.agreed.roles))

    def serve(self) -> None:
        """Answer messages until the association is released or aborted."""
        while True:
            self.wire.within(self.timing.idle)
            kind, body = self._read({PduType.P_DATA_TF: pdu.P_DATA_MAX, PduType.RELEASE_RQ: 4, PduType.ABORT: 4})
            if kind is PduType.P_DATA_TF:
                self._message(body)
                continue
            self._flush()
            if kind is PduType.RELEASE_RQ:
                self.wire.within(self.timing.answer)
                self.wire.close(pdu.release_reply())
            return

    def tell(self, why: Why, detail: str = "") -> None:
        """Tell the ledger of something that was refused."""
        name = self.caller.listener.name
        self.services.alerts(why, self.caller.address, title=self.title, detail=detail, listener=name)

    def _flush(self) -> None:
        """Before the release is answered, everything that came can be seen."""
        try:
            self.services.keeper.flush()
        except CanNotKeep:
            log.warning("released while the index is behind")

    def _read(self, allowed: dict[PduType, int]) -> tuple[PduType, memoryview]:
        """Read one PDU whose kind and length may be here."""
        kind, reserved, length = pdu.HEADER.unpack(self.wire.read(pdu.HEADER_SIZE))
        if reserved != 0:
            raise NotPdu
        if kind not in _KINDS:
            raise BadPdu(AbortReason.UNRECOGNIZED_PDU, "There is no such PDU.")
        found = _KINDS[kind]
        if found not in allowed:
            raise BadPdu(AbortReason.UNEXPECTED_PDU, "This PDU may not come here.")
        if length > allowed[found]:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "The PDU is longer than agreed.")
        return found, self.wire.read(length)

    def _message(self, body: memoryview) -> None:
        """Read one message, whose first PDU is here, and answer it."""
        self.wire.within(self.timing.message)
        reading = _Reading(self)
        try:
            while not reading.take(body):
                kind, body = self._read({PduType.P_DATA_TF: pdu.P_DATA_MAX, PduType.ABORT: 4})
                if kind is PduType.ABORT:
                    raise Closed
                self.wire.more_time(len(body) / self.timing.least_bytes_per_second)
            self._answer(reading)
        finally:
            reading.close()

    def _answer(self, reading: "_Reading") -> None:
        assert self.agreed
        assert reading.command
        if reading.command.field == Field.C_CANCEL_RQ or reading.command.field & command.RESPONSE:
            return
        abstract, syntax = self.agreed.open[reading.context]
        incoming = reading.incoming or Incoming(0)
        message = Message(
            reading.command, abstract, syntax, incoming.bytes(), self._sender, incoming.digest(), self._memo
        )
        reply = self.services.answer(message, self.agreed.peer, self.caller)
        self.wire.within(self.timing.answer)
        content = command.response(reading.command, reply.status, comment=reply.comment)
        self.wire.send(*pdu.data(reading.context, content, command=True, room=self.room))
        if reply.report:
            self._report(reading.context, syntax, reply)

    def _report(self, context: int, syntax: str, reply: Reply) -> None:
        """Send the report of a storage commitment on the same association (PS3.4 J.3.3)."""
        assert reply.report
        content = command.write(
            {
                Tag.AFFECTED_SOP_CLASS: classes.STORAGE_COMMITMENT,
                Tag.COMMAND_FIELD: Field.N_EVENT_REPORT_RQ,
                Tag.MESSAGE_ID: REPORT_ID,
                Tag.DATA_SET_TYPE: 0x0001,
                Tag.AFFECTED_SOP_INSTANCE: classes.STORAGE_COMMITMENT_INSTANCE,
                Tag.EVENT_TYPE: reply.report.event_type,
            }
        )
        self.wire.send(*pdu.data(context, content, command=True, room=self.room))
        data = commitment.write(reply.report, syntax)
        self.wire.send(*pdu.data(context, data, command=False, room=self.room))


class _Reading:
    """A message while it comes in."""

    def __init__(self, association: Association) -> None:
        self.association = association
        self.raw = bytearray()
        self.command: Command | None = None
        self.incoming: Incoming | None = None
        self.context = 0

    def take(self, body: memoryview) -> bool:
        """Add a P-DATA-TF; True when the message is whole."""
        done = False
        for fragment in pdu.read_fragments(body):
            if done:
                raise BadPdu(AbortReason.UNEXPECTED_PARAMETER, "A second message came before the first was answered.")
            done = self._add(fragment)
        return done

    def close(self) -> None:
        """Let go of what came."""
        if self.incoming:
            self.incoming.close()

    def _add(self, fragment: pdu.Fragment) -> bool:
        if self.context not in (0, fragment.context):
            raise BadPdu(AbortReason.UNEXPECTED_PARAMETER, "A message changes its presentation context.")
        self.context = fragment.context
        assert self.association.agreed
        if self.context not in self.association.agreed.open:
            raise BadPdu(AbortReason.UNEXPECTED_PARAMETER, "The presentation context was not agreed.")
        if fragment.command is not (self.command is None):
            raise BadPdu(AbortReason.UNEXPECTED_PARAMETER, "Command and data set come in the wrong order.")
        return self._add_command(fragment) if fragment.command else self._add_data(fragment)

    def _add_command(self, fragment: pdu.Fragment) -> bool:
        self.raw += fragment.data
        if len(self.raw) > command.COMMAND_MAX:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "The command set is too long.")
        if not fragment.last:
            return False
        self.command = command.read(self.raw)
        # What a response repeats has to be there (BadPdu if not).
        if not self.command.field & command.RESPONSE and self.command.field != Field.C_CANCEL_RQ:
            _ = self.command.message_id
        if not self.command.has_data_set:
            return True
        self.incoming = self._incoming(self.command)
        return False

    def _incoming(self, asked: Command) -> Incoming:
        association = self.association
        assert association.agreed
        _abstract, syntax = association.agreed.open[self.context]
        if asked.field != Field.C_STORE_RQ:
            return Incoming(MESSAGE_MAX)
        header = part10_header(asked.uid(Tag.AFFECTED_SOP_CLASS), asked.uid(Tag.AFFECTED_SOP_INSTANCE), syntax)
        return Incoming(DEFAULT.max_file, association.spool, header, association.memory)

    def _add_data(self, fragment: pdu.Fragment) -> bool:
        assert self.incoming
        try:
            self.incoming.write(fragment.data)
        except TooLarge:
            raise BadPdu(AbortReason.NOT_SPECIFIED, "The data set is larger than this archive accepts.") from None
        return fragment.last


__all__ = ["Association", "Late", "NotPdu", "Timing"]
