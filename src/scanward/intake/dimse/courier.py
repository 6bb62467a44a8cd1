"""Brings the report of a storage commitment to the peer that asked, over an association of our own (PS3.4 J.3.3).

Only to a peer whose host and port are in the settings; others are told on the association on which they asked.
"""

import logging
import ssl
import threading
from collections.abc import Sequence
from typing import Final

from pydicom import Dataset
from pynetdicom import AE, build_role

from scanward.dicom import walk
from scanward.dicom.association import STEADY
from scanward.intake.dimse.classes import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from scanward.intake.dimse.commitment import Answer, Named
from scanward.intake.dimse.peers import Listener, Peer

SECONDS: Final = 30
# How long to wait before each try; a peer that hears none of them asks again.
TRIES: Final = (0.5, 5.0, 30.0, 120.0)
MOST_AT_ONCE: Final = 16

log = logging.getLogger(__name__)


class Courier:
    """Delivers a bounded number of reports at a time, each in a thread of its own."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._stopping = threading.Event()

    def takes(self, answer: Answer, peer: Peer, listener: Listener) -> bool:
        """Begin to deliver a report; False: it has to be told on the association itself."""
        if not peer.host or not self._free.acquire(blocking=False):
            return False
        threading.Thread(target=self._bring, args=(answer, peer, listener), name="courier", daemon=True).start()
        return True

    def stop(self) -> None:
        """Try nothing more."""
        self._stopping.set()

    def _bring(self, answer: Answer, peer: Peer, listener: Listener) -> None:
        try:
            for seconds in TRIES:
                if self._stopping.wait(seconds) or deliver(answer, peer, listener):
                    return
            log.warning("a storage commitment report could not be delivered")
        finally:
            self._free.release()


def deliver(answer: Answer, peer: Peer, listener: Listener) -> bool:
    """Deliver a report; return whether the peer has taken it."""
    entity = AE(ae_title=listener.ae_title or "SCANWARD")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = SECONDS
    entity.add_requested_context(STORAGE_COMMITMENT, [walk.EXPLICIT_LITTLE, walk.IMPLICIT_LITTLE])
    role = build_role(STORAGE_COMMITMENT, scp_role=True)
    try:
        tls = (_context(listener), peer.host) if listener.tls else None
        wire = entity.associate(
            peer.host, peer.port, ae_title=peer.ae_title, ext_neg=[role], evt_handlers=[*STEADY], tls_args=tls
        )
        if not wire.is_established:
            return False
        try:
            status, _data = wire.send_n_event_report(
                report_of(answer), answer.event_type, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
            )
            return bool(status.get("Status") == 0)
        finally:
            wire.release()
    except (OSError, ValueError, RuntimeError) as error:
        log.warning("a storage commitment report was not delivered: %s", type(error).__name__)
        return False


def report_of(answer: Answer) -> Dataset:
    """Return the event information."""
    found = Dataset()
    found.TransactionUID = answer.transaction
    if answer.committed:
        found.ReferencedSOPSequence = _rows(answer.committed)
    if answer.failed:
        found.FailedSOPSequence = _rows([failed.named for failed in answer.failed])
        for row, failed in zip(found.FailedSOPSequence, answer.failed, strict=True):
            row.FailureReason = failed.reason
    return found


def _rows(objects: Sequence[Named]) -> list[Dataset]:
    rows = []
    for named in objects:
        row = Dataset()
        row.ReferencedSOPClassUID, row.ReferencedSOPInstanceUID = named.sop_class, named.sop_instance
        rows.append(row)
    return rows


def _context(listener: Listener) -> ssl.SSLContext:
    """As the request came, so the report goes: with the listener's own certificate, to a peer that its CA knows."""
    assert listener.tls
    context = ssl.create_default_context(cafile=str(listener.tls.client_ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(listener.tls.certificate, listener.tls.key)
    return context
