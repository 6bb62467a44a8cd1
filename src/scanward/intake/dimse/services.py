"""What is done with a message: echo, store, storage commitment, and the refusal of everything else."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from scanward.archive.arrivals import arrival_of
from scanward.archive.store import Digest, Sender
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.json_model import Memo
from scanward.dicom.read import inspect
from scanward.intake import malware
from scanward.intake.dimse import classes, commitment
from scanward.intake.dimse.alerts import Alerts, Why
from scanward.intake.dimse.command import Command, Field, Status, Tag
from scanward.intake.dimse.courier import Courier
from scanward.intake.dimse.keeper import OLDEST_SECONDS, CanNotKeep, Keeper
from scanward.intake.dimse.negotiation import Caller
from scanward.intake.dimse.peers import Peer

# Another process of ours indexes what it has taken within OLDEST_SECONDS, and the transaction takes a moment.
SIBLINGS_SECONDS: Final = OLDEST_SECONDS + 1.0 if settings.LISTEN_WORKERS > 1 else 0.0
PAUSE_SECONDS: Final = 0.1

QUERIES: Final = {
    Field.C_FIND_RQ: Status.OUT_OF_RESOURCES,
    Field.C_GET_RQ: Status.OUT_OF_RESOURCES,
    Field.C_MOVE_RQ: Status.MOVE_DESTINATION_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """The status of a response, and a comment for the people behind the sender."""

    status: int
    comment: str = ""
    # For storage commitment: what is reported after the response, unless the courier brings it.
    report: commitment.Answer | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message of one association."""

    command: Command
    abstract_syntax: str
    transfer_syntax: str
    # For C-STORE the whole file, its header made here; else the data set, or nothing.
    data: memoryview
    sender: Sender
    # Of a C-STORE's file, taken while it came in.
    digest: Digest | None = None
    # What the association's earlier objects had.
    memo: Memo | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that an answer may need."""

    keeper: Keeper
    alerts: Alerts
    clock: Callable[[], datetime]
    issuer: str
    courier: Courier

    def answer(self, message: Message, peer: Peer, caller: Caller) -> Reply:
        """Do what the message asks for, or say why not."""
        field = message.command.field
        if field == Field.C_ECHO_RQ:
            return Reply(Status.SUCCESS)
        if field == Field.C_STORE_RQ:
            return self._store(message, peer, caller)
        if field == Field.N_ACTION_RQ:
            return self._commit(message, peer, caller)
        if field in QUERIES:
            self.alerts(Why.MAY_NOT_QUERY, caller.address, title=peer.ae_title, listener=caller.listener.name)
            return Reply(QUERIES[Field(field)], "This peer may only store here.")
        return Reply(Status.UNRECOGNIZED_OPERATION)

    def _store(self, message: Message, peer: Peer, caller: Caller) -> Reply:
        """Keep an object (PS3.4 annex B). What is held apart is safe here, so the sender may forget it: success."""
        if not peer.may_store:
            self.alerts(Why.MAY_NOT_STORE, caller.address, title=peer.ae_title, listener=caller.listener.name)
            return Reply(Status.NOT_AUTHORIZED, "This peer may not store here.")
        try:
            seen = inspect(message.data, memo=message.memo)
            malware.check(message.data)
            arrival = arrival_of(seen, message.data, digest=message.digest)
        except Refused as refused:
            return self._refuse(refused, peer, caller)
        named = message.command.uid(Tag.AFFECTED_SOP_CLASS), message.command.uid(Tag.AFFECTED_SOP_INSTANCE)
        if named != (seen.sop_class_uid, seen.sop_instance_uid) or named[0] != message.abstract_syntax:
            return self._refuse(Refused(RefusalReason.META_MISMATCH), peer, caller)
        try:
            self.keeper.keep(arrival, message.sender)
        except CanNotKeep:
            return Reply(Status.OUT_OF_RESOURCES, "Not kept. Send it again later.")
        return Reply(Status.SUCCESS)

    def _refuse(self, refused: Refused, peer: Peer, caller: Caller) -> Reply:
        """Say what is wrong with an object: the element, never its value."""
        # The header that the guard compares with was made from the command.
        if refused.reason is RefusalReason.META_MISMATCH:
            self._tell(Why.MISMATCH, peer, caller, refused.reason.value)
            return Reply(Status.DATA_SET_MISMATCH, "Command and data set name different objects.")
        self._tell(Why.NOT_READABLE, peer, caller, refused.reason.value)
        if refused.reason is RefusalReason.NOT_SCANNED:
            return Reply(Status.OUT_OF_RESOURCES, "Not kept. Send it again later.")
        return Reply(Status.CANNOT_UNDERSTAND, f"{refused.element} {refused.reason.value}".strip())

    def _commit(self, message: Message, peer: Peer, caller: Caller) -> Reply:
        """Answer a request for storage commitment."""
        if message.abstract_syntax != classes.STORAGE_COMMITMENT:
            return Reply(Status.NO_SUCH_SOP_CLASS)
        if message.command.number(Tag.ACTION_TYPE) != commitment.REQUEST:
            return Reply(Status.NO_SUCH_ACTION)
        try:
            asked = commitment.read(message.data, message.transfer_syntax)
        except Refused as refused:
            self._tell(Why.NOT_READABLE, peer, caller, refused.reason.value)
            return Reply(0x0115, f"{refused.element} {refused.reason.value}".strip())
        try:
            report = self._look_for(asked)
        except CanNotKeep:
            return Reply(0x0110, "The index does not answer. Ask again later.")
        return Reply(Status.SUCCESS, report=None if self.courier.takes(report, peer, caller.listener) else report)

    def _look_for(self, asked: commitment.Asked) -> commitment.Answer:
        """Look the objects up; what a sibling has taken and not yet indexed is waited for, as long as that may take."""
        until = time.monotonic() + SIBLINGS_SECONDS
        report = self.keeper.do(lambda: commitment.check(asked))
        while report.failed and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
            report = self.keeper.do(lambda: commitment.check(asked))
        return report

    def _tell(self, why: Why, peer: Peer, caller: Caller, detail: str) -> None:
        self.alerts(why, caller.address, title=peer.ae_title, detail=detail, listener=caller.listener.name)

    def sender(self, peer: Peer, caller: Caller) -> Sender:
        """Return who brings the objects, as the archive and the ledger want to know it."""
        who = ActorRef(f"device:{peer.ae_title}", peer.ae_title, "device")
        return Sender(who, Place(caller.address, peer.ae_title, Channel.DICOM), peer.issuer or self.issuer)
