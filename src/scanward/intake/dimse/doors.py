"""The doors of a house that others call: sockets that listen, caps on who is let in, and how it all ends.

What is said inside is another's business: the DICOM server's, or that of the server for reports.
"""

import contextlib
import errno
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from scanward.intake.dimse.alerts import Alerts, Why
from scanward.intake.dimse.peers import BadSettings, Listener, Tls
from scanward.intake.dimse.wire import Wire

BACKLOG: Final = 256
STOP_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.1
# BCP 195 (RFC 9325) 4.2 for TLS 1.2; TLS 1.3 has only good ones.
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL:!PSK:!SRP"
Read = TypeVar("Read")

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

    def among(self, processes: int) -> "Caps":
        """Return what each of several processes may have, so that together they have no more."""
        return Caps(
            max(1, self.pending_of_address // processes),
            max(1, self.pending // processes),
            max(1, self.of_address // processes),
            max(1, self.all // processes),
        )


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


# Looks after one connection, whatever comes, until it is closed and has left the register.
Attend = Callable[[Wire, Connection, Listener, ssl.SSLContext | None], None]


class Doors:
    """Listens on every address of the settings until it is closed."""

    def __init__(self, name: str, register: Register, alerts: Alerts, attend: Attend) -> None:
        self._name, self._register, self._alerts, self._attend = name, register, alerts, attend
        self._sockets: list[tuple[socket.socket, Listener, ssl.SSLContext | None]] = []
        self.closing = threading.Event()

    def open(self, listeners: Sequence[Listener]) -> list[tuple[Listener, int]]:
        """Open the doors, where callers wait until `start`; return each listener with its port.

        Raises:
            OSError: an address is in use or not ours. BadSettings: a certificate or key is missing or no good.
        """
        for listener, context in [(listener, tls_context(listener.tls)) for listener in listeners]:
            family = socket.AF_INET6 if ipaddress.ip_address(listener.address).version == 6 else socket.AF_INET
            sock = socket.create_server((listener.address, listener.port), family=family, backlog=BACKLOG)
            self._sockets.append((sock, listener, context))
        return [(listener, sock.getsockname()[1]) for sock, listener, _context in self._sockets]

    def start(self) -> None:
        """Begin to let callers in."""
        for sock, listener, context in self._sockets:
            name = f"{self._name} {listener.name}"
            threading.Thread(target=self._accept, args=(sock, listener, context), name=name, daemon=True).start()

    def close(self, *, pending_only: bool) -> None:
        """Let nobody in any more, end connections (all, or those that have not begun), and wait for the others."""
        self.closing.set()
        for sock, _listener, _context in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._register.cut_all(pending_only=pending_only)
        until = time.monotonic() + STOP_SECONDS
        while len(self._register) and time.monotonic() < until:
            time.sleep(0.02)

    def _accept(self, sock: socket.socket, listener: Listener, context: ssl.SSLContext | None) -> None:
        while not self.closing.is_set():
            try:
                accepted, address = sock.accept()
            except OSError as error:
                # EINVAL: a sibling process that ends has shut the door for all.
                if self.closing.is_set() or error.errno == errno.EINVAL:
                    return
                # Out of descriptors or memory: wait until others have ended.
                log.error("a connection could not be accepted: %s", type(error).__name__)
                time.sleep(PAUSE_SECONDS)
                continue
            connection = Connection(address[0].partition("%")[0], accepted)
            if loser := self._register.enter(connection):
                loser.cut()
                self._alerts(Why.LIMIT, loser.address, listener=listener.name)
            try:
                threading.Thread(target=self._begin, args=(connection, listener, context), daemon=True).start()
            except RuntimeError:
                self._register.leave(connection)
                accepted.close()

    def _begin(self, connection: Connection, listener: Listener, context: ssl.SSLContext | None) -> None:
        try:
            wire = Wire(connection.sock)
        except OSError:
            self._register.leave(connection)
            connection.sock.close()
            return
        self._attend(wire, connection, listener, context)


class Fresh(Generic[Read]):
    """What a file of settings says now: it is read again when it changes; one that is wrong changes nothing."""

    def __init__(self, file: Path, read: Callable[[Path], Read]) -> None:
        self._file, self._read = file, read
        self._stamp, self._said = _stamp(file), read(file)

    def __call__(self) -> Read:
        """Return it."""
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._said = self._read(self._file)
            except BadSettings as error:
                log.error("the settings of a listener were not read again: %s", error)
        return self._said


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
