"""The server for reports: what is said on a connection, message by message."""

import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from scanward.audit.kinds import Channel
from scanward.intake.dimse.alerts import Alerts, Why
from scanward.intake.dimse.doors import Caps, Connection, Doors, Fresh, Register
from scanward.intake.dimse.keeper import Keeper
from scanward.intake.dimse.peers import Listener
from scanward.intake.dimse.wire import Closed, Late, Wire
from scanward.intake.mllp.framing import Blocks, NotMllp, Room, TooLong, block
from scanward.intake.mllp.partners import Caller, load
from scanward.intake.mllp.service import Service


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds."""

    handshake: float = 15.0
    # Interface engines connect when they start and then wait for a report to be signed.
    idle: float = 3600.0
    # For a whole message: so much, and more for every byte that came.
    message: float = 30.0
    least_bytes_per_second: int = 32 * 1024
    answer: float = 30.0


TIMING: Final = Timing()
# A connection is "pending" until its first message came from somebody whom we know.
CAPS: Final = Caps(pending_of_address=16, pending=64, of_address=16, all=32)


class ReportServer:
    """Takes reports on every address of the settings until it is stopped."""

    def __init__(
        self,
        settings_file: Path,
        keeper: Keeper,
        *,
        port: int,
        issuer: str,
        facility: str,
        clock: Callable[[], datetime],
        timing: Timing = TIMING,
        caps: Caps = CAPS,
    ) -> None:
        self._timing, self._keeper = timing, keeper
        self._partners = Fresh(settings_file, partial(load, port=port))
        self._alerts = Alerts(keeper.tell, clock=clock, channel=Channel.HL7)
        self._service = Service(keeper, self._alerts, clock, issuer, facility)
        self._register = Register(caps)
        self._room = Room()
        self._doors = Doors("reports", self._register, self._alerts, self._attend)

    def open(self) -> list[tuple[Listener, int]]:
        """Open the doors, where callers wait until `start`; return each listener with its port.

        Raises:
            OSError: an address is in use or not ours. BadSettings: a certificate or key is missing or no good.
        """
        return self._doors.open(self._partners().listeners)

    def start(self) -> None:
        """Begin to take what comes."""
        self._doors.start()

    def stop(self) -> None:
        """Take no more messages, and let the one that is being kept be kept; its sender sends it again and is told."""
        self._doors.close(pending_only=False)

    def _attend(self, wire: Wire, connection: Connection, listener: Listener, context: ssl.SSLContext | None) -> None:
        """Look after one connection, whatever comes."""
        last = b""
        try:
            last = self._converse(wire, connection, listener, context)
        finally:
            wire.close(last)
            self._register.leave(connection)
            self._keeper.leave()

    def _converse(
        self, wire: Wire, connection: Connection, listener: Listener, context: ssl.SSLContext | None
    ) -> bytes:
        """Talk until the end; return the last word that is still to be said."""
        caller = Caller(connection.address, "", listener.name)
        blocks = Blocks(wire, self._room, least_bytes_per_second=self._timing.least_bytes_per_second)
        try:
            if context:
                wire.within(self._timing.handshake)
                connection.sock = wire.wrap(context)
                wire.handshake()
                fingerprint = hashlib.sha256(wire.fingerprint()).hexdigest()
                caller = Caller(connection.address, fingerprint, listener.name)
            if not self._partners().may_call(caller):
                self._alerts(Why.UNKNOWN_PEER, caller.address, listener=listener.name)
                return b""
            while not self._doors.closing.is_set():
                self._next(wire, blocks, connection, caller)
        except ssl.SSLError as error:
            self._alerts(Why.TLS, caller.address, detail=error.reason or "", listener=listener.name)
        except NotMllp:
            self._alerts(Why.NOT_MLLP, caller.address, listener=listener.name)
        except TooLong:
            return block(self._service.too_long(caller))
        except Late:
            self._alerts(Why.TOO_SLOW, caller.address, listener=listener.name)
        except (Closed, _OneTooMany):
            pass
        finally:
            blocks.done()
        return b""

    def _next(self, wire: Wire, blocks: Blocks, connection: Connection, caller: Caller) -> None:
        """Read one message and answer it.

        Raises:
            Closed, Late, NotMllp, TooLong: the connection is over.
        """
        wire.within(self._timing.idle)
        blocks.begin()
        wire.within(self._timing.message)
        data = blocks.message()
        answer = self._service.answer(data, caller, self._partners())
        blocks.done()
        wire.within(self._timing.answer)
        wire.send(block(answer.data))
        if not answer.known:
            # Somebody else may be behind the same address, but nobody guesses names here.
            raise Closed
        if not connection.established and not self._register.establish(connection):
            self._alerts(Why.LIMIT, caller.address, listener=caller.listener)
            raise _OneTooMany


class _OneTooMany(Exception):
    """There are as many connections as are taken."""
