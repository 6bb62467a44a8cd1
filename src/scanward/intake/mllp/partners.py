"""Who may send reports, and where we listen for them: one TOML file in the manner of the DICOM listener's.

Without the file we listen on this machine's own address only, and take whoever is on this machine.
"""

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanward.intake.dimse.peers import (
    BadSettings,
    Listener,
    Network,
    addresses_of,
    fingerprint_of,
    listener_of,
    only,
    text_of,
)
from scanward.reporting.hl7 import CHARACTER_SETS


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end, as far as the connection shows it."""

    address: str
    fingerprint: str
    listener: str


@dataclass(frozen=True, slots=True)
class Partner:
    """A system that we know: it is who it says only if names, address and certificate agree."""

    application: str
    addresses: tuple[Network, ...]
    facility: str = ""
    certificate_sha256: str = ""
    listeners: tuple[str, ...] = ()
    issuer: str = ""
    # Python's name of what it sends when it names no character set; "": UTF-8.
    codec: str = ""

    def may_call(self, caller: Caller) -> bool:
        """Return whether the connection can be this partner's."""
        at = ipaddress.ip_address(caller.address)
        return (
            any(at in network for network in self.addresses)
            and (not self.certificate_sha256 or self.certificate_sha256 == caller.fingerprint)
            and (not self.listeners or caller.listener in self.listeners)
        )


@dataclass(frozen=True, slots=True)
class Partners:
    """Everything that the file says."""

    listeners: tuple[Listener, ...]
    senders: tuple[Partner, ...] = ()
    # Without a list of senders, this machine's own programs may send; nobody else.
    open_to_this_machine: bool = False

    def may_call(self, caller: Caller) -> bool:
        """Return whether anybody whom we know may be at the other end; asked before a byte is read."""
        return self._is_local(caller) or any(sender.may_call(caller) for sender in self.senders)

    def sender(self, application: str, facility: str, caller: Caller) -> Partner | None:
        """Return who sends a message (MSH-3, MSH-4), or None if it is nobody we know."""
        for each in self.senders:
            if each.application == application and each.facility in ("", facility) and each.may_call(caller):
                return each
        here = (ipaddress.ip_network(caller.address),)
        return Partner(application, here, facility) if self._is_local(caller) else None

    def _is_local(self, caller: Caller) -> bool:
        return self.open_to_this_machine and ipaddress.ip_address(caller.address).is_loopback


def load(path: Path, *, port: int) -> Partners:
    """Read the file, or return what holds without one.

    Raises:
        BadSettings: with what is wrong in the file, and where.
    """
    mine = (Listener("this machine", "127.0.0.1", port),)
    if not path.is_file():
        return Partners(mine, open_to_this_machine=True)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path.name} is not TOML: {error}") from None
    if unknown := content.keys() - {"listener", "sender"}:
        raise BadSettings(f"{path.name} may have [[listener]] and [[sender]] only, not {', '.join(sorted(unknown))}.")
    listeners = tuple(
        listener_of({"port": port, **row}, number) for number, row in enumerate(content.get("listener", []), 1)
    )
    senders = tuple(_sender(row, number) for number, row in enumerate(content.get("sender", []), 1))
    return Partners(listeners or mine, senders, open_to_this_machine=not senders)


def _sender(row: Mapping[str, Any], number: int) -> Partner:
    where = f"[[sender]] number {number}"
    names = {"application", "facility", "addresses", "certificate_sha256", "listeners", "issuer", "character_set"}
    only(row, names, where)
    application = text_of(row, "application", where)
    if not application:
        raise BadSettings(f"{where}: application is missing: what the sender writes into MSH-3.")
    codec = CHARACTER_SETS.get(text_of(row, "character_set", where).upper())
    if codec is None:
        raise BadSettings(f"{where}: character_set is one of {', '.join(filter(None, CHARACTER_SETS))}.")
    return Partner(
        application,
        addresses_of(row, where),
        text_of(row, "facility", where),
        fingerprint_of(row, where),
        tuple(str(name) for name in row.get("listeners", [])),
        text_of(row, "issuer", where),
        codec,
    )
