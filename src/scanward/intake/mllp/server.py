"""The listening sockets for reports: who gets a connection, who loses one, and how it all ends."""

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

from scanward.audit.kinds import Channel
from scanward.intake.dimse.alerts import Alerts, Why
from scanward.intake.dimse.keeper import Keeper
from scanward.intake.dimse.peers import BadSettings, Listener
from scanward.intake.dimse.server import BACKLOG, PAUSE_SECONDS, STOP_SECONDS, Caps, Connection, Register, tls_context
from scanward.intake.dimse.wire import Closed, Late, Wire
from scanward.intake.mllp.framing import Blocks, NotMllp, Room, TooLong, block
from scanward.intake.mllp.partners import Caller, Partners, load
from scanward.intake.mllp.service import Service

log = logging.getLogger(__name__)


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
    """Listens on every address of the settings until it is stopped."""

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
        self._file, self._port, self._timing = settings_file, port, timing
        self._partners = load(settings_file, port=port)
        self._stamp = _stamp(settings_file)
        self._keeper = keeper
        self._alerts = Alerts(keeper.tell, clock=clock, channel=Channel.HL7)
        self._service = Service(keeper, self._alerts, clock, issuer, facility)
        self._register = Register(caps)
        self._room = Room()
        self._stopping = threading.Event()
        self._sockets: list[tuple[socket.socket, Listener]] = []

    def open(self) -> list[tuple[Listener, int]]:
        """Begin to listen; return each listener with its port.

        Raises:
            OSError: an address is in use or not ours. BadSettings: a certificate or key is missing or no good.
        """
        ready = [(listener, tls_context(listener.tls)) for listener in self._partners.listeners]
        for listener, context in ready:
            family = socket.AF_INET6 if ipaddress.ip_address(listener.address).version == 6 else socket.AF_INET
            sock = socket.create_server((listener.address, listener.port), family=family, backlog=BACKLOG)
            self._sockets.append((sock, listener))
            name = f"reports {listener.name}"
            threading.Thread(target=self._accept, args=(sock, listener, context), name=name, daemon=True).start()
        return [(listener, sock.getsockname()[1]) for sock, listener in self._sockets]

    def stop(self) -> None:
        """Take no more messages, and let the one that is being kept be kept; its sender sends it again and is told."""
        self._stopping.set()
        for sock, _listener in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._register.cut_all()
        until = time.monotonic() + STOP_SECONDS
        while len(self._register) and time.monotonic() < until:
            time.sleep(0.02)

    def _accept(self, sock: socket.socket, listener: Listener, context: ssl.SSLContext | None) -> None:
        while not self._stopping.is_set():
            try:
                accepted, address = sock.accept()
            except OSError as error:
                if self._stopping.is_set():
                    return
                log.error("a connection could not be accepted: %s", type(error).__name__)
                time.sleep(PAUSE_SECONDS)
                continue
            connection = Connection(address[0].partition("%")[0], accepted)
            if loser := self._register.enter(connection):
                loser.cut()
                self._alerts(Why.LIMIT, loser.address, listener=listener.name)
            try:
                threading.Thread(target=self._serve, args=(connection, listener, context), daemon=True).start()
            except RuntimeError:
                self._register.leave(connection)
                accepted.close()

    def _serve(self, connection: Connection, listener: Listener, context: ssl.SSLContext | None) -> None:
        """Look after one connection, whatever comes."""
        try:
            wire = Wire(connection.sock)
        except OSError:
            self._register.leave(connection)
            connection.sock.close()
            return
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
            if not self._current().may_call(caller):
                self._alerts(Why.UNKNOWN_PEER, caller.address, listener=listener.name)
                return b""
            while not self._stopping.is_set():
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
        answer = self._service.answer(data, caller, self._current())
        blocks.done()
        wire.within(self._timing.answer)
        wire.send(block(answer.data))
        if not answer.known:
            # Somebody else may be behind the same address, but nobody guesses names here.
            raise Closed
        if not connection.established and not self._register.establish(connection):
            self._alerts(Why.LIMIT, caller.address, listener=caller.listener)
            raise _OneTooMany

    def _current(self) -> Partners:
        """Return the senders of the file as it is now; a file that is wrong changes nothing. Listeners stay."""
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._partners = load(self._file, port=self._port)
            except BadSettings as error:
                log.error("the settings of the reports were not read again: %s", error)
        return self._partners


class _OneTooMany(Exception):
    """There are as many connections as are taken."""


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
