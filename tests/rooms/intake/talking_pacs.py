"""A PACS to ask: pynetdicom as a real server, which a test may make slow, forgetful or talkative."""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom import Dataset
from pynetdicom import AE, evt

from rooms.dicom.making import CT, EXPLICIT, IMPLICIT

FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{kind}" for kind in (1, 2, 3))
COMPRESSED = ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.5"]


@dataclass
class Pacs:
    """What it has, how it misbehaves, and what it was asked."""

    objects: list[Dataset] = field(default_factory=list)
    # Answers with everything, whatever is asked.
    leaks: bool = False
    # How often it leaves an object out before it sends it.
    withheld: dict[str, int] = field(default_factory=dict)
    # Whom it may send to: title, address, port.
    known: dict[str, tuple[str, int]] = field(default_factory=dict)
    asked: list[Dataset] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    # Objects that it sends before it waits for `go`; None: all. It goes on very slowly meanwhile: who hears nothing at
    # all for half a minute gives up.
    stops_after: int | None = None
    go: threading.Event = field(default_factory=threading.Event)
    # What it was told about each object that it sent.
    answered: dict[str, int] = field(default_factory=dict)
    _server: Any = None

    def hold(self, *files: bytes) -> None:
        """Put files into it."""
        self.objects += [pydicom.dcmread(BytesIO(file)) for file in files]

    def start(self, tls: ssl.SSLContext | None = None) -> int:
        """Serve; the port."""
        entity = AE(ae_title="PACS")
        entity.maximum_associations = 30
        for model in (FIND, MOVE, GET):
            entity.add_supported_context(model, [IMPLICIT, EXPLICIT])
        for uid in {CT, *(one.SOPClassUID for one in self.objects)}:
            entity.add_supported_context(uid, [EXPLICIT, IMPLICIT], scu_role=True, scp_role=True)
            entity.add_requested_context(uid, [EXPLICIT, IMPLICIT])
        does: list[Any] = [(evt.EVT_C_FIND, self._find), (evt.EVT_C_GET, self._get), (evt.EVT_C_MOVE, self._move)]
        does.append((evt.EVT_DIMSE_RECV, self._note))
        self._server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=does, ssl_context=tls)
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Stop serving."""
        self.go.set()
        server, self._server = self._server, None
        if server:
            server.shutdown()

    def _note(self, event: Any) -> None:
        """Keep the answers to what was sent (C-STORE-RSP)."""
        command = event.message.command_set
        if command.CommandField == 0x8001:
            self.answered[str(command.AffectedSOPInstanceUID)] = int(command.Status)

    def _matching(self, asked: Dataset) -> list[Dataset]:
        self.asked.append(asked)
        return [one for one in self.objects if self.leaks or _fits(one, asked)]

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        asked = event.identifier
        seen = set()
        for one in self._matching(asked):
            answer = Dataset()
            for element in asked:
                setattr(answer, element.keyword, one.get(element.keyword, ""))
            answer.QueryRetrieveLevel = asked.QueryRetrieveLevel
            of_study = [other for other in self.objects if other.StudyInstanceUID == one.StudyInstanceUID]
            if asked.QueryRetrieveLevel == "STUDY":
                answer.NumberOfStudyRelatedInstances, answer.ModalitiesInStudy = len(of_study), "CT"
            if (key := tuple(str(answer.get(name, "")) for name in KEYS)) not in seen:
                seen.add(key)
                yield 0xFF00, answer
        yield 0x0000, None

    def _chosen(self, asked: Dataset) -> list[Dataset]:
        chosen = []
        for one in self._matching(asked):
            uid = one.SOPInstanceUID
            if self.withheld.get(uid, 0) > 0:
                self.withheld[uid] -= 1
            else:
                chosen.append(one)
        return chosen

    def _get(self, event: Any) -> Iterator[Any]:
        chosen = self._chosen(event.identifier)
        yield len(chosen)
        yield from self._sending(chosen)

    def _move(self, event: Any) -> Iterator[Any]:
        where = self.known.get(event.move_destination)
        yield (*where, {"ae_title": event.move_destination}) if where else (None, None)
        chosen = self._chosen(event.identifier)
        yield len(chosen)
        yield from self._sending(chosen)

    def _sending(self, chosen: list[Dataset]) -> Iterator[tuple[int, Dataset]]:
        for one in chosen:
            if self.stops_after is not None and len(self.sent) >= self.stops_after:
                self.go.wait(10)
            self.sent.append(one.SOPInstanceUID)
            yield 0xFF00, one


KEYS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


def _fits(one: Dataset, asked: Dataset) -> bool:
    """Whether an object is meant by the keys: single values and lists of UIDs, as PS3.4 C.2.2.2 has them."""
    for name in (*KEYS, "PatientID", "AccessionNumber"):
        wanted = asked.get(name) or ""
        values = [wanted] if isinstance(wanted, str) else [str(value) for value in wanted]
        if any(values) and str(one.get(name, "")) not in values:
            return False
    return True


def write_file(path: Path, **values: object) -> Path:
    """Write the house's file with one PACS in it, called Archive."""
    row = {"name": "Archive", **values}
    path.write_text("[[pacs]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in row.items()))
    return path
