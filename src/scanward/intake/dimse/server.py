"""The DICOM server: what is said on a connection, from the first byte to the last word."""

import hashlib
import logging
import ssl
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from scanward.intake.dimse import pdu
from scanward.intake.dimse.alerts import Alerts, Why
from scanward.intake.dimse.association import Association, NotPdu, Timing
from scanward.intake.dimse.courier import Courier
from scanward.intake.dimse.doors import Caps, Connection, Doors, Fresh, Register
from scanward.intake.dimse.keeper import Keeper
from scanward.intake.dimse.negotiation import Caller
from scanward.intake.dimse.pdu import AbortReason, BadPdu, Reject
from scanward.intake.dimse.peers import Listener, load
from scanward.intake.dimse.services import Services
from scanward.intake.dimse.wire import Closed, Late, Wire

log = logging.getLogger(__name__)
TIMING: Final = Timing()
CAPS: Final = Caps()


class Server:
    """Listens on every address of the settings until it is stopped."""

    def __init__(
        self,
        settings_file: Path,
        *,
        port: int,
        spool: Path,
        issuer: str,
        clock: Callable[[], datetime],
        timing: Timing = TIMING,
        caps: Caps = CAPS,
    ) -> None:
        self._spool, self._timing = spool, timing
        self._neighbours = Fresh(settings_file, partial(load, port=port))
        self.keeper = Keeper(clock=clock)
        self.alerts = Alerts(self.keeper.tell, clock=clock)
        self._courier = Courier()
        self._services = Services(self.keeper, self.alerts, clock, issuer, self._courier)
        self.register = Register(caps)
        self._doors = Doors("listen", self.register, self.alerts, self._attend)

    def open(self) -> list[tuple[Listener, int]]:
        """Open the doors, where callers wait until `start`; return each listener with its port.

        Raises:
            OSError: an address is in use or not ours. BadSettings: a certificate or key is missing or no good.
        """
        return self._doors.open(self._neighbours().listeners)

    def start(self) -> None:
        """Begin to take what comes."""
        self.keeper.start()
        self._doors.start()

    def stop(self) -> None:
        """Take no more, let what is under way end, and finish the index."""
        self._courier.stop()
        self._doors.close(pending_only=True)
        self.register.cut_all()
        self.keeper.stop()

    def _attend(self, wire: Wire, connection: Connection, listener: Listener, context: ssl.SSLContext | None) -> None:
        """Look after one connection, whatever comes."""
        last = b""
        try:
            last = self._converse(wire, connection, listener, context)
        finally:
            self.register.leave(connection)
            wire.close(last)
            self.keeper.leave()

    def _converse(
        self, wire: Wire, connection: Connection, listener: Listener, context: ssl.SSLContext | None
    ) -> bytes:
        """Talk until the end; return the last word that is still to be said."""
        wire.within(self._timing.associate)
        caller = Caller(connection.address, "", listener)
        association: Association | None = None
        try:
            if context:
                connection.sock = wire.wrap(context)
                wire.handshake()
                caller = Caller(connection.address, hashlib.sha256(wire.fingerprint()).hexdigest(), listener)
            association = self._association(wire, caller)
            if association.negotiate() is None:
                return b""
            if not self.register.establish(connection):
                association.tell(Why.LIMIT)
                return pdu.associate_reject(Reject.LOCAL_LIMIT)
            association.accept()
            association.serve()
        except ssl.SSLError as error:
            self.alerts(Why.TLS, caller.address, detail=error.reason or "", listener=listener.name)
        except NotPdu:
            self.alerts(Why.NOT_DICOM, caller.address, listener=listener.name)
        except BadPdu as bad:
            self._tell(association, caller, Why.BAD_PDU, str(bad))
            return pdu.abort(bad.reason)
        except Late:
            self._tell(association, caller, Why.TOO_SLOW)
            return pdu.abort(AbortReason.NOT_SPECIFIED) if connection.established else b""
        except OSError as error:
            # The spool's disk is full, or the machine is out of descriptors.
            log.error("an association ended: %s", type(error).__name__)
            return pdu.abort(AbortReason.NOT_SPECIFIED)
        except Closed:
            pass
        return b""

    def _association(self, wire: Wire, caller: Caller) -> Association:
        neighbours = self._neighbours()
        return Association(wire, caller, self._services, spool=self._spool, timing=self._timing, neighbours=neighbours)

    def _tell(self, association: Association | None, caller: Caller, why: Why, detail: str = "") -> None:
        title = association.title if association else ""
        self.alerts(why, caller.address, title=title, detail=detail, listener=caller.listener.name)
