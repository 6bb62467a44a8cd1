"""Which other hospitals we may send to: one TOML file that the house keeps. No request names an address (fault C9)."""

import ipaddress
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings


class BadPeers(ValueError):
    """The file says something that can't be; the sentence says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One hospital, and how it is reached."""

    name: str
    kind: Literal["dicom", "dicomweb"]
    # DICOM: where its listener is, the titles, and the files of TLS.
    host: str = ""
    port: int = 0
    ae_title: str = ""
    our_ae_title: str = "SCANWARD"
    ca: str = ""
    certificate: str = ""
    key: str = ""
    # DICOMweb: the root of its service, and the file with its bearer token.
    url: str = ""
    token_file: str = ""


def load() -> tuple[Peer, ...]:
    """Read the file; without it there is nobody to send to.

    Raises:
        BadPeers: with what is wrong.
    """
    path = Path(settings.PEERS_FILE)
    if not path.is_file():
        return ()
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPeers(f"{path.name} is not TOML: {error}") from None
    return tuple(_peer(row, number) for number, row in enumerate(content.get("peer", []), 1))


def find(name: str) -> Peer | None:
    """Return the hospital of that name."""
    return next((peer for peer in load() if peer.name == name), None)


def _peer(row: dict[str, Any], number: int) -> Peer:
    where = f"[[peer]] number {number}"
    try:
        peer = Peer(**row)
    except TypeError:
        raise BadPeers(f"{where}: a name is misspelt or missing.") from None
    if peer.kind == "dicom" and (not peer.host or not peer.port or not peer.ae_title):
        raise BadPeers(f"{where}: DICOM needs host, port and ae_title.")
    if peer.kind == "dicom" and not peer.ca and not _here(peer.host):
        raise BadPeers(f"{where}: records go to others over TLS only. Give it ca.")
    if peer.kind == "dicomweb":
        parts = urlsplit(peer.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _here(parts.hostname or "")):
            raise BadPeers(f"{where}: url begins with https://.")
    if peer.kind not in ("dicom", "dicomweb"):
        raise BadPeers(f"{where}: kind is dicom or dicomweb.")
    return peer


def _here(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
