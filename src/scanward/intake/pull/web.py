"""The DICOMweb way to a PACS (PS3.18): QIDO-RS and WADO-RS. No redirect is followed, and no other host is asked."""

import http.client
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from scanward.archive import facts
from scanward.dicom.limits import DEFAULT
from scanward.dicom.uids import is_uid
from scanward.intake.pull.pacs import Header, Pacs, Take, Unreached

SECONDS: Final = 30
MOST_JSON: Final = 32 * 1024 * 1024
PAGE: Final = 1000
MOST_PAGES: Final = 20
OK, NOTHING = 200, 204
INCLUDED: Final = ("00100021", "00081030", "00080061", "00201208")
ANY_SYNTAX: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'


@contextmanager
def opened(pacs: Pacs) -> "Iterator[Web]":
    """Open a connection, and close it. Raises: Unreached."""
    wire = Web(pacs)
    try:
        yield wire
    finally:
        wire.close()


class Web:
    """A PACS that is asked over DICOMweb."""

    def __init__(self, pacs: Pacs) -> None:
        parts = urlsplit(pacs.url)
        host, self._root = parts.hostname or "", parts.path.rstrip("/")
        try:
            self._headers = _authorization(pacs)
            self._wire = (
                http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=pacs.tls())
                if parts.scheme == "https"
                else http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
            )
        except OSError as error:
            raise Unreached("The certificate or the token can't be read.") from error

    def studies(self, number: str, study_uid: str, accession: str) -> list[Header]:
        """Return the header of each study of the patient number, or of those of it that are named."""
        keys = {"PatientID": number, "StudyInstanceUID": study_uid, "AccessionNumber": accession}
        named = [(name, value) for name, value in keys.items() if value]
        return self._search("/studies", [*named, *(("includefield", tag) for tag in INCLUDED)])

    def instances(self, study_uid: str) -> dict[str, str]:
        """Return the series of each object that the PACS has of the study, by the object's UID."""
        answers = self._search(f"/studies/{study_uid}/instances", [])
        # It may answer with more than was asked for.
        rows = [row for row in answers if facts.text(row, "0020000D", 65) in ("", study_uid)]
        found = {facts.text(row, "00080018", 64): facts.text(row, "0020000E", 64) for row in rows}
        return {uid: series for uid, series in found.items() if is_uid(uid) and is_uid(series)}

    def bring(self, study_uid: str, series_uid: str, uids: Sequence[str], take: Take) -> None:
        """Fetch the objects one by one, as they are stored there."""
        for uid in uids:
            path = f"/studies/{study_uid}/series/{series_uid}/instances/{uid}"
            status, content_type, body = self._get(path, ANY_SYNTAX, DEFAULT.max_file)
            if status == OK:
                take(uid, _only_part(content_type, body))

    def close(self) -> None:
        """Close the connection."""
        self._wire.close()

    def _search(self, path: str, keys: list[tuple[str, str]]) -> list[Header]:
        """Search page by page, until a page is not full."""
        found: list[Header] = []
        for page in range(MOST_PAGES):
            asked = urlencode([*keys, ("limit", PAGE), ("offset", page * PAGE)], quote_via=quote)
            status, _type, body = self._get(f"{path}?{asked}", "application/dicom+json", MOST_JSON)
            rows = [] if status == NOTHING else _rows(status, body)
            found += rows
            if len(rows) < PAGE:
                return found
        raise Unreached("It answers without end.")

    def _get(self, path: str, accept: str, most: int) -> tuple[int, str, bytes]:
        try:
            self._wire.request("GET", self._root + path, headers={"Accept": accept, **self._headers})
            answer = self._wire.getresponse()
            body = answer.read(most + 1)
        except (OSError, http.client.HTTPException) as error:
            self._wire.close()
            raise Unreached("It does not answer.") from error
        if len(body) > most:
            self._wire.close()
            raise Unreached("Its answer is too large.")
        return answer.status, answer.headers.get("Content-Type", ""), body


def _authorization(pacs: Pacs) -> dict[str, str]:
    return {"Authorization": f"Bearer {Path(pacs.token_file).read_text('ascii').strip()}"} if pacs.token_file else {}


def _rows(status: int, body: bytes) -> list[Header]:
    """Return the rows of an answer in DICOM JSON (PS3.18 annex F)."""
    try:
        rows: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreached("Its answer is not DICOM JSON.") from error
    if status != OK or not isinstance(rows, list) or not all(_is_header(row) for row in rows):
        raise Unreached("It refused the question.")
    return rows


def _is_header(row: Any) -> bool:
    """Return whether a row is an object of elements, each with a list of values if any."""
    return isinstance(row, dict) and all(
        isinstance(element, dict) and isinstance(element.get("Value", []), list) for element in row.values()
    )


def _only_part(content_type: str, body: bytes) -> bytes:
    """Return the one part of a multipart answer; bytes that are no multipart are the object itself."""
    told = Message()
    told["Content-Type"] = content_type
    boundary = told.get_param("boundary")
    if told.get_content_maintype() != "multipart" or not isinstance(boundary, str):
        return body
    mark = b"--" + boundary.encode("latin-1", "replace")
    _before, _mark, rest = body.partition(mark)
    _head, _blank, content = rest.partition(b"\r\n\r\n")
    end = content.rfind(b"\r\n" + mark)
    return content[:end] if end >= 0 else content
