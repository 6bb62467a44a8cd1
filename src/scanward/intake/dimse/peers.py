"""Who may connect, and where we listen (M5, M9): one TOML file, read at the start and again when it changes.

Without the file we listen on this machine's own address only, and take whoever is on this machine.
"""

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSettings(ValueError):
    """The file says something that can't be; the sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a listener's TLS: its own certificate and key, and who signs the peers' certificates."""

    certificate: Path
    key: Path
    client_ca: Path


@dataclass(frozen=True, slots=True)
class Listener:
    """One address to listen on, for example one for each network segment."""

    name: str
    address: str
    port: int
    # Empty: any called title is taken.
    ae_title: str = ""
    tls: Tls | None = None
    # Plain DICOM beyond this machine needs a reason that somebody wrote down.
    without_tls_because: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """A machine that we know: it is who it says only if title, address and certificate agree."""

    ae_title: str
    addresses: tuple[Network, ...]
    certificate_sha256: str = ""
    listeners: tuple[str, ...] = ()
    issuer: str = ""
    may_store: bool = True
    # Where it answers itself: for storage commitment reports, and for asking it (find, move, get).
    host: str = ""
    port: int = 0

    def is_it(self, calling: str, address: str, fingerprint: str, listener: str) -> bool:
        """Return whether the caller is this peer, on a listener that it may use."""
        at = ipaddress.ip_address(address)
        return (
            self.ae_title == calling
            and any(at in network for network in self.addresses)
            and (not self.certificate_sha256 or self.certificate_sha256 == fingerprint)
            and (not self.listeners or listener in self.listeners)
        )


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Everything that the file says."""

    listeners: tuple[Listener, ...]
    peers: tuple[Peer, ...] = ()
    # Without a list of peers, this machine's own programs may store; nobody else.
    open_to_this_machine: bool = False

    def peer(self, calling: str, address: str, fingerprint: str, listener: str) -> Peer | None:
        """Return who the caller is, or None if he is nobody we know."""
        known = next((peer for peer in self.peers if peer.is_it(calling, address, fingerprint, listener)), None)
        if known or not self.open_to_this_machine or not ipaddress.ip_address(address).is_loopback:
            return known
        return Peer(calling, (ipaddress.ip_network(address),))


def load(path: Path, *, port: int) -> Neighbours:
    """Read the file, or return what holds without one.

    Raises:
        BadSettings: with what is wrong in the file, and where.
    """
    if not path.is_file():
        return Neighbours((Listener("this machine", "127.0.0.1", port),), open_to_this_machine=True)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path.name} is not TOML: {error}") from None
    unknown = content.keys() - {"listener", "peer"}
    if unknown:
        raise BadSettings(f"{path.name} may have [[listener]] and [[peer]] only, not {', '.join(sorted(unknown))}.")
    listeners = tuple(listener_of(row, number) for number, row in enumerate(content.get("listener", []), 1))
    peers = tuple(_peer(row, number) for number, row in enumerate(content.get("peer", []), 1))
    mine = Listener("this machine", "127.0.0.1", port)
    return Neighbours(listeners or (mine,), peers, open_to_this_machine=not peers)


def listener_of(row: Mapping[str, Any], number: int) -> Listener:
    """Return a listener of the file. Raises: BadSettings."""
    where = f"[[listener]] number {number}"
    known = {"name", "address", "port", "ae_title", "certificate", "key", "client_ca", "without_tls_because"}
    only(row, known, where)
    tls_names = [name for name in ("certificate", "key", "client_ca") if row.get(name)]
    if tls_names and len(tls_names) < 3:
        raise BadSettings(f"{where}: TLS needs certificate, key and client_ca, all three.")
    tls = Tls(Path(row["certificate"]), Path(row["key"]), Path(row["client_ca"])) if tls_names else None
    address = text_of(row, "address", where) or "127.0.0.1"
    try:
        plain_is_safe = ipaddress.ip_address(address).is_loopback
    except ValueError:
        raise BadSettings(f"{where}: address must be an IP address.") from None
    reason = text_of(row, "without_tls_because", where)
    if tls is None and not plain_is_safe and len(reason) < 10:
        raise BadSettings(
            f"{where}: others can reach it and there is no TLS. Give it certificate, key and client_ca,"
            " or write the reason of the exception into without_tls_because."
        )
    name = text_of(row, "name", where) or f"listener {number}"
    return Listener(name, address, port_of(row, where), text_of(row, "ae_title", where), tls, reason)


def _peer(row: Mapping[str, Any], number: int) -> Peer:
    where = f"[[peer]] number {number}"
    names = {"ae_title", "addresses", "certificate_sha256", "listeners", "issuer", "may_store", "host", "port"}
    only(row, names, where)
    title = text_of(row, "ae_title", where)
    if not 0 < len(title) <= 16 or not title.isascii():
        raise BadSettings(f"{where}: ae_title has 1 to 16 letters.")
    return Peer(
        title,
        addresses_of(row, where),
        fingerprint_of(row, where),
        tuple(str(name) for name in row.get("listeners", [])),
        text_of(row, "issuer", where),
        bool(row.get("may_store", True)),
        text_of(row, "host", where),
        port_of(row, where) if "port" in row else 0,
    )


def addresses_of(row: Mapping[str, Any], where: str) -> tuple[Network, ...]:
    """Return from where a machine may come. Raises: BadSettings."""
    try:
        addresses = tuple(ipaddress.ip_network(address) for address in row.get("addresses", []))
    except (ValueError, TypeError):
        raise BadSettings(f"{where}: addresses is a list of IP addresses or networks such as 10.1.0.0/24.") from None
    if not addresses:
        raise BadSettings(f"{where}: addresses is missing; a title alone proves nothing.")
    return addresses


def fingerprint_of(row: Mapping[str, Any], where: str) -> str:
    """Return the SHA-256 of the one certificate that a machine may have, or "". Raises: BadSettings."""
    fingerprint = text_of(row, "certificate_sha256", where).replace(":", "").lower()
    if fingerprint and (len(fingerprint) != 64 or set(fingerprint) - set("0123456789abcdef")):
        raise BadSettings(f"{where}: certificate_sha256 has 64 hexadecimal digits.")
    return fingerprint


def only(row: Mapping[str, Any], known: set[str], where: str) -> None:
    """Refuse names that mean nothing: a misspelt line would silently protect nothing."""
    unknown = row.keys() - known
    if unknown:
        raise BadSettings(f"{where}: {', '.join(sorted(unknown))} means nothing here.")


def text_of(row: Mapping[str, Any], name: str, where: str) -> str:
    """Return a text of the row, or "". Raises: BadSettings."""
    value = row.get(name, "")
    if not isinstance(value, str):
        raise BadSettings(f"{where}: {name} is text, in quotation marks.")
    return value.strip()


def port_of(row: Mapping[str, Any], where: str) -> int:
    """Return the port of the row. Raises: BadSettings."""
    port = row.get("port", 11112)
    if not isinstance(port, int) or not 0 <= port < 65536:
        raise BadSettings(f"{where}: port is a number below 65536.")
    return port
