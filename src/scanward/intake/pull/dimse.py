"""The DICOM way to a PACS (PS3.4 annex C): C-FIND, and C-GET or C-MOVE."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from pydicom import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.events import Event

from scanward.dicom import walk
from scanward.dicom.association import STEADY
from scanward.intake.dimse import classes
from scanward.intake.dimse.command import Status
from scanward.intake.pull.pacs import Header, Pacs, Take, Taken, Unreached

# Study Root Query/Retrieve Information Model (PS3.4 C.6.2).
FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"
SECONDS: Final = 30
MOST_ANSWERS: Final = 20_000
PENDING: Final = frozenset({0xFF00, 0xFF01})
SUCCESS, SOME_FAILED = 0x0000, 0xB000
# The words of the storage service, as our own listener uses them (PS3.4 B.2.3).
ANSWERS: Final = {
    Taken.SAFE: Status.SUCCESS,
    Taken.NOT_NOW: Status.OUT_OF_RESOURCES,
    Taken.MISMATCH: Status.DATA_SET_MISMATCH,
    Taken.UNREADABLE: Status.CANNOT_UNDERSTAND,
}
ABOUT_A_STUDY: Final = (
    "PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID", "StudyDate", "StudyTime", "AccessionNumber",
    "StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
)  # fmt: skip


@contextmanager
def opened(pacs: Pacs) -> "Iterator[Dimse]":
    """Open an association for questions, and end it. Raises: Unreached."""
    wire = Dimse(pacs)
    try:
        yield wire
    finally:
        wire.close()


class Dimse:
    """A PACS that is asked over DICOM."""

    def __init__(self, pacs: Pacs) -> None:
        self._pacs = pacs
        self._find: Association | None = None

    def studies(self, number: str, study_uid: str, accession: str) -> list[Header]:
        """Return the header of each study of the patient number, or of those of it that are named."""
        wanted = dict.fromkeys(ABOUT_A_STUDY, "") | {"AccessionNumber": accession}
        asked = _level("STUDY", StudyInstanceUID=study_uid, PatientID=number, **wanted)
        return [_json(answer) for answer in self._ask(asked)]

    def instances(self, study_uid: str) -> dict[str, str]:
        """Return the series of each object that the PACS has of the study, by the object's UID."""
        found: dict[str, str] = {}
        for series in self._ask(_level("SERIES", StudyInstanceUID=study_uid, SeriesInstanceUID="")):
            uid = str(series.get("SeriesInstanceUID", ""))
            if not _is_below(series, StudyInstanceUID=study_uid):
                continue
            asked = _level("IMAGE", StudyInstanceUID=study_uid, SeriesInstanceUID=uid, SOPInstanceUID="")
            below = (
                one for one in self._ask(asked) if _is_below(one, StudyInstanceUID=study_uid, SeriesInstanceUID=uid)
            )
            found |= {str(one.get("SOPInstanceUID", "")): uid for one in below}
        found.pop("", None)
        return found

    def bring(self, study_uid: str, series_uid: str, uids: Sequence[str], take: Take) -> None:
        """Have the objects sent: over an association of our own (C-GET), or to our listener (C-MOVE)."""
        keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid, "SOPInstanceUID": list(uids)}
        if self._pacs.retrieve == "move":
            self._move(_level("IMAGE", **keys))
        else:
            self._get(_level("IMAGE", **keys), take)

    def close(self) -> None:
        """End the association."""
        if self._find and self._find.is_established:
            self._find.release()

    def _ask(self, asked: Dataset) -> Iterable[Dataset]:
        """Send one C-FIND and return its answers."""
        if self._find is None or not self._find.is_established:
            self._find = self._associate([(FIND, sorted(classes.PLAIN_SYNTAXES))])
        answers: list[Dataset] = []
        for status, answer in self._find.send_c_find(asked, FIND):
            code = _code(status)
            if code in PENDING and answer is not None:
                answers.append(answer)
            elif code != SUCCESS:
                raise Unreached("It refused the question.")
            if len(answers) > MOST_ANSWERS:
                self._find.abort()
                raise Unreached("It answers without end.")
        return answers

    def _get(self, asked: Dataset, take: Take) -> None:
        """Send one C-GET; each object is safe before the PACS has its answer."""

        def keep(event: Event) -> int:
            uid = str(getattr(event.request, "AffectedSOPInstanceUID", ""))
            return ANSWERS[take(uid, event.encoded_dataset())]

        offered = [(uid, sorted(classes.OBJECT_SYNTAXES, key=_plain_first)) for uid in classes.STORAGE]
        roles = [build_role(uid, scp_role=True) for uid in classes.STORAGE]
        handlers: list[Any] = [(evt.EVT_C_STORE, keep)]
        wire = self._associate([(GET, sorted(classes.PLAIN_SYNTAXES)), *offered], roles, handlers)
        _finish(wire, wire.send_c_get(asked, GET))

    def _move(self, asked: Dataset) -> None:
        """Send one C-MOVE with our own listener as its destination, and wait for its end."""
        wire = self._associate([(MOVE, sorted(classes.PLAIN_SYNTAXES))])
        _finish(wire, wire.send_c_move(asked, self._pacs.our_ae_title, MOVE))

    def _associate(
        self, contexts: list[tuple[str, list[str]]], roles: list[Any] | None = None, handlers: list[Any] | None = None
    ) -> Association:
        pacs = self._pacs
        entity = AE(ae_title=pacs.our_ae_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = SECONDS
        for abstract, syntaxes in contexts:
            entity.add_requested_context(abstract, syntaxes)
        try:
            tls = (pacs.tls(), pacs.host) if pacs.ca else None
        except OSError as error:
            raise Unreached("The certificates can't be read.") from error
        wire = entity.associate(
            pacs.host,
            pacs.port,
            ae_title=pacs.ae_title,
            ext_neg=roles,
            evt_handlers=[*STEADY, *(handlers or [])],
            tls_args=tls,
        )
        if not wire.is_established:
            raise Unreached("It does not answer, or does not know us.")
        if not any(context.abstract_syntax == contexts[0][0] for context in wire.accepted_contexts):
            wire.release()
            raise Unreached("It does not offer this.")
        return wire


def _finish(wire: Association, statuses: Iterable[tuple[Dataset, Dataset | None]]) -> None:
    """Follow a retrieval to its end. Objects that failed are asked for again later."""
    try:
        for status, _nothing in statuses:
            if _code(status) not in PENDING | {SUCCESS, SOME_FAILED}:
                raise Unreached("It refused to send.")
    finally:
        if wire.is_established:
            wire.release()


def _level(level: str, **keys: Any) -> Dataset:
    """Return the keys of a question on one level (PS3.4 C.6.2)."""
    asked = Dataset()
    asked.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(asked, keyword, value)
    return asked


def _is_below(answer: Dataset, **keys: str) -> bool:
    """Return whether an answer is of what was asked about, as far as it says so; a PACS may answer with more."""
    return all(str(answer.get(keyword) or value) == value for keyword, value in keys.items())


def _code(status: Dataset) -> int:
    """Return the status; an empty one means that the association is gone."""
    if "Status" not in status:
        raise Unreached("It broke off.")
    return int(status.Status)


def _json(answer: Dataset) -> Header:
    """Return an answer as DICOM JSON; what can't be said in it is left out, so that it can't match."""
    try:
        header: Header = answer.to_json_dict(suppress_invalid_tags=True)
    except (ValueError, TypeError, AttributeError):
        return {}
    return header


def _plain_first(syntax: str) -> tuple[bool, str]:
    """Put the plain transfer syntaxes before the compressed ones: of several that fit, the first is taken."""
    return syntax not in walk.UNCOMPRESSED, syntax
