"""Reads a multipart body as it comes (RFC 2046 5.1), never holding more than a piece of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Final

CHUNK: Final = 256 * 1024
HEADERS_MAX: Final = 8 * 1024
PREAMBLE_MAX: Final = 64 * 1024
PARTS_MAX: Final = 50_000
BOUNDARY_MAX: Final = 70
_END: Final = b"\r\n\r\n"
# Browsers write a quotation mark in a name as %22 (WHATWG HTML 4.10.21.8).
_PARAMETER: Final = re.compile(r';\s*(name|filename)="([^"]*)"')
_HEADERS: Final = ("content-type", "content-encoding", "content-disposition")


class BadMultipart(Exception):
    """The body is not what its header says; the sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its type, encoding, field and file name, and its bytes as they come (to be read before the next)."""

    media_type: str
    encoding: str
    chunks: Iterator[bytes]
    field: str = ""
    # None: it is no file.
    filename: str | None = None


def boundary_of(content_type: str) -> tuple[str, str, bytes]:
    """Return the media type, the type of the parts and the boundary that a Content-Type names; "" for what is not."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary() or ""
    kind = header.get_param("type") or ""
    good = 0 < len(boundary) <= BOUNDARY_MAX and boundary.isascii() and boundary.isprintable()
    return header.get_content_type(), str(kind).lower(), boundary.encode("ascii") if good else b""


def parts(read: Callable[[int], bytes], boundary: bytes) -> Iterator[Part]:
    """Yield the parts of a body.

    Raises:
        BadMultipart: it ends early, or has no, endless or too many parts.
    """
    stream = _Stream(read)
    mark = b"\r\n--" + boundary
    for piece in stream.up_to(mark):
        stream.skipped += len(piece)
        if stream.skipped > PREAMBLE_MAX:
            raise BadMultipart("The first boundary does not come.")
    for _ in range(PARTS_MAX):
        if stream.take(2) == b"--":
            return
        stream.back(2)
        stream.line()
        headers = stream.head()
        chunks = stream.up_to(mark)
        encoding = headers.get("Content-Encoding", "").strip().lower()
        yield Part(headers.get_content_type(), encoding, chunks, *_named(headers))
        for _rest in chunks:
            pass
    raise BadMultipart("There are more parts than are taken at once.")


def _named(headers: Message) -> tuple[str, str | None]:
    """Return the field and the file name of a form's part (RFC 7578 4.2); browsers send both as plain UTF-8."""
    line = headers.get("Content-Disposition", "").encode("latin-1", "replace").decode("utf-8", "replace")
    said = dict(_PARAMETER.findall(line))
    return said.get("name", ""), said.get("filename")


class _Stream:
    """A buffer over the body that holds little more than one piece."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        # The first boundary may stand at the very beginning, without a line before it.
        self._held = bytearray(b"\r\n")
        self._last = b""
        self.skipped = 0

    def up_to(self, mark: bytes) -> Iterator[bytes]:
        """Yield what comes before the mark, and swallow the mark."""
        while (at := self._held.find(mark)) < 0:
            safe = len(self._held) - len(mark) + 1
            if safe > 0:
                piece = bytes(self._held[:safe])
                del self._held[:safe]
                yield piece
            self._more()
        piece = bytes(self._held[:at])
        del self._held[: at + len(mark)]
        if piece:
            yield piece

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        while len(self._held) < count:
            self._more()
        self._last = bytes(self._held[:count])
        del self._held[:count]
        return self._last

    def back(self, count: int) -> None:
        """Put the bytes that were just taken back."""
        self._held[:0] = self._last[-count:]

    def line(self) -> None:
        """Swallow the rest of the boundary's line, which is white space; its end stays."""
        for byte in iter(lambda: self.take(1), b"\r"):
            if byte not in b" \t":
                raise BadMultipart("A boundary is followed by something else.")
        self.back(1)

    def head(self) -> Message:
        """Read a part's headers."""
        while (at := self._held.find(_END)) < 0:
            if len(self._held) > HEADERS_MAX:
                raise BadMultipart("A part's headers are too long.")
            self._more()
        if at > HEADERS_MAX:
            raise BadMultipart("A part's headers are too long.")
        lines = bytes(self._held[:at]).decode("latin-1").split("\r\n")
        del self._held[: at + len(_END)]
        headers = Message()
        for name, colon, value in (line.partition(":") for line in lines if line):
            if colon and name.strip().lower() in _HEADERS:
                headers[name.strip()] = value.strip()
        return headers

    def _more(self) -> None:
        piece = self._read(CHUNK)
        if not piece:
            raise BadMultipart("The body ends before its last boundary.")
        self._held += piece
