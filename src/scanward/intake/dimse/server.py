"""The listening sockets: who gets a connection, who loses one, and how it all ends."""

import contextlib
import hashlib
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from scanward.intake.dimse import pdu
from scanward.intake.dimse.alerts import Alerts, Why
from scanward.intake.dimse.association import Association, NotPdu, Timing
from scanward.intake.dimse.courier import Courier
from scanward.intake.dimse.keeper import Keeper
from scanward.intake.dimse.negotiation import Caller
from scanward.intake.dimse.pdu import AbortReason, BadPdu, Reject
from scanward.intake.dimse.peers import BadSettings, Listener, Neighbours, Tls, load
from scanward.intake.dimse.services import Services
from scanward.intake.dimse.wire import Closed, Late, Wire

BACKLOG: Final = 256
STOP_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.1
# BCP 195 (RFC 9325) 4.2 for TLS 1.2; TLS 1.3 has only good ones.
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL:!PSK:!SRP"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caps:
    """How many connections there may be."""

    # That have not yet asked for an association. The oldest makes room for the newest.
    pending_of_address: int = 32
    pending: int = 256
    # Associations. One too many is told to come back later.
    of_address: int = 32
    all: int = 64


TIMING: Final = Timing()
CAPS: Final = Caps()


@dataclass(slots=True, eq=False)
class Connection:
    """One connection, as the caps see it."""

    address: str
    sock: socket.socket
    established: bool = False

    def cut(self) -> None:
        """End it, from outside its thread."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Register:
    """All connections, and the caps on them."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._lock = threading.Lock()
        self._all: list[Connection] = []

    def enter(self, connection: Connection) -> Connection | None:
        """Add a connection; return the one that lost its place to it, if any."""
        with self._lock:
            pending = [other for other in self._all if not other.established]
            mine = [other for other in pending if other.address == connection.address]
            loser = None
            if len(mine) >= self._caps.pending_of_address:
                loser = mine[0]
            elif len(pending) >= self._caps.pending:
                loser = pending[0]
            if loser:
                self._all.remove(loser)
            self._all.append(connection)
            return loser

    def establish(self, connection: Connection) -> bool:
        """Count a connection as an association; False if there are too many."""
        with self._lock:
            established = [other for other in self._all if other.established]
            of_address = sum(other.address == connection.address for other in established)
            if len(established) >= self._caps.all or of_address >= self._caps.of_address:
                return False
            connection.established = True
            return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        with self._lock, contextlib.suppress(ValueError):
            self._all.remove(connection)

    def cut_all(self, *, pending_only: bool = False) -> None:
        """End connections."""
        with self._lock:
            chosen = [each for each in self._all if not (pending_only and each.established)]
        for connection in chosen:
            connection.cut()

    def __len__(self) -> int:
        return len(self._all)


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
        self._file, self._port, self._spool, self._timing = settings_file, port, spool, timing
        self._neighbours = load(settings_file, port=port)
        self._stamp = _stamp(settings_file)
        self.keeper = Keeper(clock=clock)
        self.alerts = Alerts(self.keeper.tell, clock=clock)
        self._courier = Courier()
        self._services = Services(self.keeper, self.alerts, clock, issuer, self._courier)
        self.register = Register(caps)
        self._stopping = threading.Event()
        self._sockets: list[tuple[socket.socket, Listener]] = []

    def open(self) -> list[tuple[Listener, int]]:
        """Begin to listen; return each listener with its port.

        Raises:
            OSError: an address is in use or not ours. BadSettings: a certificate or key is missing or no good.
        """
        ready = [(listener, tls_context(listener.tls)) for listener in self._neighbours.listeners]
        for listener, context in ready:
            family = socket.AF_INET6 if ipaddress.ip_address(listener.address).version == 6 else socket.AF_INET
            sock = socket.create_server((listener.address, listener.port), family=family, backlog=BACKLOG)
            self._sockets.append((sock, listener))
            name = f"listen {listener.name}"
            threading.Thread(target=self._accept, args=(sock, listener, context), name=name, daemon=True).start()
        self.keeper.start()
        return [(listener, sock.getsockname()[1]) for sock, listener in self._sockets]

    def stop(self) -> None:
        """Take no more, let what is under way end, and finish the index."""
        self._stopping.set()
        self._courier.stop()
        for sock, _listener in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self.register.cut_all(pending_only=True)
        until = time.monotonic() + STOP_SECONDS
        while len(self.register) and time.monotonic() < until:
            time.sleep(0.02)
        self.register.cut_all()
        self.keeper.stop()

    def _accept(self, sock: socket.socket, listener: Listener, context: ssl.SSLContext | None) -> None:
        while not self._stopping.is_set():
            try:
                accepted, address = sock.accept()
            except OSError as error:
                if self._stopping.is_set():
                    return
                # Out of descriptors or memory: wait until others have ended.
                log.error("a connection could not be accepted: %s", type(error).__name__)
                time.sleep(PAUSE_SECONDS)
                continue
            connection = Connection(address[0].partition("%")[0], accepted)
            loser = self.register.enter(connection)
            if loser:
                loser.cut()
                self.alerts(Why.LIMIT, loser.address, listener=listener.name)
            try:
                threading.Thread(target=self._serve, args=(connection, listener, context), daemon=True).start()
            except RuntimeError:
                self.register.leave(connection)
                accepted.close()

    def _serve(self, connection: Connection, listener: Listener, context: ssl.SSLContext | None) -> None:
        """Look after one connection, whatever comes."""
        try:
            wire = Wire(connection.sock)
        except OSError:
            self.register.leave(connection)
            connection.sock.close()
            return
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
        neighbours = self._current()
        return Association(wire, caller, self._services, spool=self._spool, timing=self._timing, neighbours=neighbours)

    def _tell(self, association: Association | None, caller: Caller, why: Why, detail: str = "") -> None:
        title = association.title if association else ""
        self.alerts(why, caller.address, title=title, detail=detail, listener=caller.listener.name)

    def _current(self) -> Neighbours:
        """Return the peers of the file as it is now; a file that is wrong changes nothing. Listeners stay."""
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._neighbours = load(self._file, port=self._port)
            except BadSettings as error:
                log.error("the DICOM settings were not read again: %s", error)
        return self._neighbours


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def tls_context(tls: Tls | None) -> ssl.SSLContext | None:
    """Make the context of a listener: mutual TLS, 1.2 or better (DICOM PS3.15 B.12, BCP 195)."""
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(CIPHERS)
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        context.load_verify_locations(tls.client_ca)
    except (OSError, ssl.SSLError) as error:
        raise BadSettings(f"A certificate or key of a listener can't be read: {type(error).__name__}.") from None
    return context
