"""The two wires to another hospital: C-STORE over TLS, and STOW-RS. Each object is acknowledged by name, or it counts
as not sent.
"""

import http.client
import json
import secrets
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from pynetdicom import AE

from scanward.dicom.association import STEADY
from scanward.dicom.read import dataset
from scanward.release.peers import Peer

PATIENCE_SECONDS = 60
MOST_CONTEXTS = 128
# Warnings of PS3.4 B.2.3: stored, with elements coerced or unknown.
STORED = frozenset({0x0000, 0xB000, 0xB006, 0xB007})


@dataclass(frozen=True, slots=True)
class Item:
    """One object: its names, its transfer syntax, and its bytes when they are asked for."""

    sop_class: str
    uid: str
    syntax: str
    read: Callable[[], bytes]


class NotReached(Exception):
    """The other side could not be reached, or broke off; what it had acknowledged by then stays so."""


def send(peer: Peer, items: Iterable[Item]) -> Iterator[str]:
    """Send the objects one by one, and yield the UID of each that the other side says it has stored.

    Raises:
        NotReached: the connection failed.
    """
    yield from _dicom(peer, list(items)) if peer.kind == "dicom" else _web(peer, items)


def _dicom(peer: Peer, items: list[Item]) -> Iterator[str]:
    entity = AE(ae_title=peer.our_ae_title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = PATIENCE_SECONDS
    for sop_class, syntax in sorted({(item.sop_class, item.syntax) for item in items})[:MOST_CONTEXTS]:
        entity.add_requested_context(sop_class, syntax)
    tls = (_context(peer), peer.host) if peer.ca else None
    found = entity.associate(peer.host, peer.port, ae_title=peer.ae_title, tls_args=tls, evt_handlers=[*STEADY])
    if not found.is_established:
        raise NotReached
    try:
        for item in items:
            try:
                status = found.send_c_store(dataset(item.read()))
            except (ValueError, RuntimeError):
                # Not accepted by the other side, or the association is gone.
                if not found.is_established:
                    raise NotReached from None
                continue
            if "Status" not in status:
                raise NotReached
            if status.Status in STORED:
                yield item.uid
    finally:
        if found.is_established:
            found.release()


def _context(peer: Peer) -> ssl.SSLContext:
    """TLS 1.2 or newer, with their certificate checked, and ours shown where there is one."""
    context = ssl.create_default_context(cafile=peer.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if peer.certificate:
        context.load_cert_chain(peer.certificate, peer.key)
    return context


def _web(peer: Peer, items: Iterable[Item]) -> Iterator[str]:
    """STOW-RS (PS3.18 10.5), an object a request: no redirect is followed, no other host is asked."""
    parts = urlsplit(peer.url)
    context = _context(peer) if parts.scheme == "https" else None
    host, port = parts.hostname or "", parts.port
    wire = (
        http.client.HTTPSConnection(host, port, timeout=PATIENCE_SECONDS, context=context)
        if context
        else http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
    )
    try:
        for item in items:
            yield from _stored(wire, f"{parts.path.rstrip('/')}/studies", peer, item)
    except (OSError, http.client.HTTPException):
        raise NotReached from None
    finally:
        wire.close()


def _stored(wire: http.client.HTTPConnection, path: str, peer: Peer, item: Item) -> Iterator[str]:
    mark = secrets.token_hex(16)
    body = BytesIO()
    body.write(f"--{mark}\r\nContent-Type: application/dicom\r\n\r\n".encode())
    body.write(item.read())
    body.write(f"\r\n--{mark}--\r\n".encode())
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={mark}',
        "Accept": "application/dicom+json",
    }
    if peer.token_file:
        headers["Authorization"] = f"Bearer {Path(peer.token_file).read_text('ascii').strip()}"
    wire.request("POST", path, body.getvalue(), headers)
    answer = wire.getresponse()
    content = answer.read()
    if answer.status in (200, 202) and item.uid in _named(content):
        yield item.uid


def _named(content: bytes) -> frozenset[str]:
    """The objects that the answer lists as stored: Referenced SOP Sequence (0008,1199)."""
    try:
        rows = json.loads(content)["00081199"]["Value"]
        return frozenset(uid for row in rows for uid in row["00081155"]["Value"])
    except (ValueError, KeyError, TypeError):
        return frozenset()
