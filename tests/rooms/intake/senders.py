"""Who sends: pynetdicom, with objects that the tests make byte by byte."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BytesIO
from typing import Any

import pydicom
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from rooms.dicom.making import BIG, CT, EXPLICIT, IMPLICIT, ct
from rooms.intake.listening import Listening
from scanward.dicom.association import STEADY

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
# Seconds that a busy machine may take.
PATIENCE = 240
NAMES = {"LH-1": "Liddell^Alice", "LH-2": "Novak^Charlie"}
_numbers = itertools.count(1)


def new_uid() -> str:
    return f"1.2.826.0.1.3680043.10.543.{next(_numbers)}"


def slice_of(number: str = "LH-1", *, uid: str = "", study: str = "1.2.3.77", syntax: str = EXPLICIT, **other: Any):
    """A small CT slice of a patient, as pydicom sees it."""
    change = {
        0x00080018: ("UI", uid or new_uid()),
        0x00100010: ("PN", NAMES.get(number, "Stranger^Someone")),
        0x00100020: ("LO", number),
        0x00100030: ("DA", "19610417"),
        0x0020000D: ("UI", study),
        0x0020000E: ("UI", f"{study}.1"),
        **other,
    }
    data = ct({key: value for key, value in change.items() if isinstance(key, int)}, syntax=syntax)
    made = pydicom.dcmread(BytesIO(data))
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


@contextmanager
def association(
    port: int, *contexts: tuple[str, list[str]], title: str = "TESTS", evt_handlers: Sequence[Any] = (), **more: Any
) -> Iterator[Association]:
    """An association with the contexts, released at the end."""
    ae = AE(ae_title=title)
    ae.dimse_timeout = ae.network_timeout = PATIENCE
    for abstract, transfer in contexts or ((CT, [EXPLICIT]),):
        ae.add_requested_context(abstract, transfer)
    found = ae.associate("127.0.0.1", port, evt_handlers=[*STEADY, *evt_handlers], **more)
    try:
        yield found
    finally:
        if found.is_established:
            found.release()


def send(port: int, *objects: pydicom.Dataset, **more: Any) -> list[int]:
    """Send objects on one association; the statuses."""
    with association(port, **more) as found:
        assert found.is_established
        return [found.send_c_store(each).Status for each in objects]


def echo(port: int, **more: Any) -> int:
    """Ask whether anybody is there; the status."""
    with association(port, (VERIFICATION, [IMPLICIT]), **more) as found:
        assert found.is_established
        return found.send_c_echo().Status


def warm(running: Listening) -> None:
    """Let each process serve somebody, so that what it takes once does not count as what a test costs."""
    with ExitStack() as stack:
        for _ in range(4 * len(running.processes())):
            found = stack.enter_context(association(running.port))
            assert found.send_c_store(slice_of()).Status == 0


@contextmanager
def served_meanwhile(running: Listening, *, megabytes: int = 64, stores: bool = True, **who: str) -> Iterator[None]:
    """Somebody good is served all the while, each time with success, and the listener's memory does not grow much."""
    stop, statuses = threading.Event(), []

    def go() -> None:
        while not stop.is_set() or not statuses:
            statuses.extend(send(running.port, slice_of(), **who) if stores else [echo(running.port, **who)])

    assert echo(running.port, **who) == 0
    good, before = threading.Thread(target=go), running.memory()
    good.start()
    try:
        yield
    finally:
        stop.set()
        good.join(PATIENCE)
    assert set(statuses) == {0}
    assert running.memory() - before < megabytes << 20


def commit(port: int, *named: tuple[str, str]) -> list[tuple[int, pydicom.Dataset]]:
    """Ask for storage commitment of objects, named by class and instance; the reports that came."""
    reports: list[tuple[int, pydicom.Dataset]] = []
    came = threading.Event()

    def report(event: Any) -> tuple[int, None]:
        reports.append((event.event_type, event.event_information))
        came.set()
        return 0, None

    asked = pydicom.Dataset()
    asked.TransactionUID = new_uid()
    asked.ReferencedSOPSequence = []
    for sop_class, instance in named:
        one = pydicom.Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = sop_class, instance
        asked.ReferencedSOPSequence.append(one)
    handlers = [(evt.EVT_N_EVENT_REPORT, report)]
    role = build_role(COMMITMENT, scu_role=True)
    with association(port, (COMMITMENT, [EXPLICIT]), evt_handlers=handlers, ext_neg=[role]) as found:
        status, _ = found.send_n_action(asked, 1, COMMITMENT, "1.2.840.10008.1.20.1.1")
        assert status.Status == 0
        assert came.wait(PATIENCE)
    return reports


def store_bytes(found: Association, one: pydicom.Dataset, *, uid: str = "", syntax: str = EXPLICIT) -> int:
    """Send an object as it should not be sent: under another UID, or in another syntax than agreed; the status."""
    request = C_STORE()
    request.MessageID, request.Priority = 7, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = one.SOPClassUID, uid or one.SOPInstanceUID
    request.DataSet = BytesIO(encode(one, syntax == IMPLICIT, syntax != BIG))
    # The association's own thread would take the answer.
    found._reactor_checkpoint.clear()
    while not found._is_paused:
        time.sleep(0.01)
    found.dimse.send_msg(request, found.accepted_contexts[0].context_id)
    _, response = found.dimse.get_msg(True)
    found._reactor_checkpoint.set()
    return response.Status
