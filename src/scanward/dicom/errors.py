"""Why a file is refused: one reason, one element, one plain sentence, and never a value."""

from collections.abc import Callable
from enum import StrEnum
from typing import Self


class RefusalReason(StrEnum):
    """Every reason for which bytes that claim to be DICOM are turned away, with its sentence for people."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """A member is its code; the sentence says what is wrong and what to do."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    EMPTY = "empty", "The file is empty. Export it again from the scanner or the PACS."
    NOT_DICOM = "not-dicom", "This is not a DICOM file. Leave it out, or send it as another kind of document."
    DICOMDIR = "dicomdir", "This is the directory of a disc, not an image. Send the files that it lists."
    TRUNCATED = "truncated", "The file ends in the middle of an element. Copy or export it again."
    BAD_LENGTH = "bad-length", "An element claims more bytes than the file has. Copy or export it again."
    MALFORMED = "malformed", "The file breaks the DICOM encoding rules. Export it again from its source."
    TOO_DEEP = "too-deep", "Sequences are nested deeper than any real scan needs. Nothing of it was read."
    TOO_MANY_ELEMENTS = "too-many-elements", "The file has more elements than any real scan needs."
    TOO_LARGE = "too-large", "The file is larger than this archive accepts. Send it in parts."
    INFLATES_TOO_FAR = (
        "inflates-too-far",
        "The deflated file unpacks to far more than it should. Send it without the Deflated transfer syntax.",
    )
    TOO_SLOW = "too-slow", "The file takes too long to read. Export it again in a plainer form."
    BAD_UID = "bad-uid", "An identifier is not a valid DICOM UID (digits and dots, up to 64). Export again."
    BAD_VALUE = "bad-value", "An element has a value that its kind does not allow. Export it again."
    MISSING_ELEMENT = "missing-element", "An element that every scan must have is missing. Export it again."
    META_MISMATCH = (
        "meta-mismatch",
        "The file's header and its content name different objects. Export it again from its source.",
    )
    UNSUPPORTED_SYNTAX = (
        "unsupported-syntax",
        "The transfer syntax is not one that this archive reads. Send it as Explicit VR Little Endian.",
    )
    BAD_GEOMETRY = "bad-geometry", "The image's declared size makes no sense. Export it again."
    PIXELS_MISSING = "pixels-missing", "The file describes an image but holds no pixels. Export it again."
    PIXELS_SHORT = "pixels-short", "The image has fewer pixels than it declares. Copy or export it again."
    PIXELS_LONG = "pixels-long", "The image has more pixels than it declares. Export it again."
    FRAME_COUNT = "frame-count", "The number of frames differs from the number declared. Export it again."
    OFFSET_TABLE = "offset-table", "The table of frame positions contradicts the frames. Export it again."
    NO_SUCH_FRAME = "no-such-frame", "The image has no frame with that number."
    UNDECODABLE = (
        "undecodable",
        "The pixels can't be decoded. The original is untouched and can be downloaded.",
    )
    MALWARE = "malware", "The malware scanner knows this file as malware. Ask whoever made it for a clean copy."
    NOT_SCANNED = "not-scanned", "The malware scanner did not answer, so nothing is taken in. Send it again later."


class Refused(Exception):
    """The one exception of every bounded reader: a reason, the element's tag and name, never its value."""

    def __init__(self, reason: RefusalReason, element: str = "", detail: str = "") -> None:
        self.reason = reason
        self.element = element
        self.detail = detail
        super().__init__(reason, element, detail)

    def __str__(self) -> str:
        return self.said(str)

    def said(self, translate: Callable[[str], str]) -> str:
        """Return what is wrong and what to do, in the language that `translate` knows."""
        sentence = translate(self.reason.sentence)
        said = f"{sentence} ({self.detail}.)" if self.detail else sentence
        return f"{self.element}: {said}" if self.element else said
