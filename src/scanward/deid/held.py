"""What is held back for a person instead of being passed: what the engine can't judge, or isn't allowed to
judge.
"""

import re
from enum import StrEnum
from typing import Final, Self

from scanward.dicom.standard_uids import STANDARD_UIDS


class HeldReason(StrEnum):
    """Why an object is held, with its sentence for people."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """A member is its code; the sentence says what a reviewer has to do."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    UNKNOWN_CLASS = "unknown-class", "Its kind of object is not one whose rules are known. Review it by hand."
    DOCUMENT = "document", "It encloses a document (PDF, CDA, model) that can't be shown to be clean."
    BURNED_IN = "burned-in", "Text is burned into its pixels, or probably is. Look at it and redact it."
    SCOUT = (
        "scout",
        "It is a scout, which can show the face in profile. Leave it out or get an authorization.",
    )
    HEAD = "head", "It shows a head, from which a face can be reconstructed, and faces are not removed here."
    FACE = "face", "A face may still be seen in it, or could be brought back. Look at the pictures and decide."
    CAPTURE = "capture", "It is a screen capture or a rendering that shows anatomy. Leave it out or redact it by hand."
    FEATURES = (
        "features",
        "It shows metal (an implant, a device) that may tell who it is and that nothing here removes. Look at it.",
    )
    FIELD = "field", "It could not be cropped or reduced as was asked, or it points to places that are gone then."
    NO_ENGINE = (
        "no-engine",
        "What looks at pixels is not installed. Install scanward[pixels], or say --deface off --text off.",
    )
    UNSEEN = (
        "unseen",
        "Its pixels could not be looked at, for the file breaks a rule of DICOM. Export it again from its source.",
    )
    VIDEO = "video", "It is a video or a stream that isn't looked into frame by frame."
    UNDECODABLE = "undecodable", "Its compressed pixels break the rules of their format and can't be cleaned."
    OVERLAY_BITS = "overlay-bits", "An overlay sits among the bits of its pixels and can't be told from them."
    # PS3.3 C.7.6.1.1.2: an image whose pixels were changed is another image, and other objects may point to the first.
    SAME_UID = (
        "same-uid",
        "Its pixels had to change, but the profile keeps its UID, which names the unchanged image. Do not keep UIDs.",
    )
    RESIDUAL = "residual", "An original value was found in its output. The output was not released."
    CONFLICT = "conflict", "Another object with the same identity but other content was written before it."
    NUMBER = (
        "number",
        "A number that the image can't do without is written as text, or is none. Mend it at its source.",
    )
    INVALID = "invalid", "Its output could not be read again by an independent reader."


class Held(Exception):
    """An object that is held: the reason, never a value."""

    def __init__(self, reason: HeldReason, element: str = "") -> None:
        self.reason, self.element = reason, element
        super().__init__(reason, element)

    def __str__(self) -> str:
        return f"{self.element}: {self.reason.sentence}" if self.element else self.reason.sentence


_CLASS: Final = "1.2.840.10008.5.1.4.1.1."
# Storage classes whose objects the rules were made for: tomographic and projection images, derived objects,
# SR.
JUDGED: Final = frozenset(
    _CLASS + tail
    for tail in [
        "1",
        "1.1",
        "1.1.1",
        "1.2",
        "1.2.1",
        "1.3",
        "1.3.1",
        "2",
        "2.1",
        "2.2",
        "4",
        "4.1",
        "4.2",
        "4.4",
        "128",
        "128.1",
        "130",
        "20",
        "11.1",
        "11.2",
        "11.3",
        "11.4",
        "11.5",
        "11.6",
        "11.7",
        "11.8",
        "11.11",
        "11.12",
        "66.1",
        "66.2",
        "66.3",
        "66.4",
        "67",
        "68.1",
        "30",
        "13.1.1",
        "13.1.2",
        "13.1.3",
        "13.1.4",
        "13.1.5",
        "88.11",
        "88.22",
        "88.33",
        "88.34",
        "88.35",
        "88.40",
        "88.50",
        "88.59",
        "88.65",
        "88.67",
        "88.68",
        "88.69",
        "88.70",
        "88.71",
        "88.72",
        "88.73",
        "88.74",
        "88.75",
        "481.1",
        "481.2",
        "481.3",
        "481.4",
        "481.5",
        "481.6",
        "481.7",
        "481.8",
        "481.9",
        "12.1",
        "12.1.1",
        "12.2",
        "12.2.1",
    ]
)
_DOCUMENTS: Final = (_CLASS + "104.", _CLASS + "66.5", _CLASS + "68.2", _CLASS + "66")
_TEXT_LIKELY: Final = (_CLASS + "7", _CLASS + "6.", _CLASS + "3.", _CLASS + "77.1.", _CLASS + "6")
_VIDEO: Final = re.compile(r"1\.2\.840\.10008\.1\.2\.(?:4\.(?:9[45]|1\d\d|20[45])|7\.|8\.|6\.)")
_SCREEN: Final = re.compile(
    r"screen(?!ing)|dose.?(?:report|info|summary)|exam.?summary|patient.?protocol|protocol.?page|summary|report|capture|"
    r"snapshot|\bsave", re.IGNORECASE
)  # fmt: skip
_HEAD: Final = re.compile(
    r"head|brain|skull|crani|cranio|cereb|\bface|facial|orbit|sinus|mandib|maxill|\bear|\biac\b|temporal|kopf|"
    r"sch[aä]del|gehirn|\bnnh|t[eê]te|cr[aâ]n|cerveau|cabeza|cerebro|cr[aá]neo|encefal|testa|neuro|stroke|"
    r"petrous|dental|\bjaw|\btmj\b|carotid|willis|pituit|sella|hals|neck|голов|черепа?|мозг|頭|脑|颅|두부",
    re.IGNORECASE,
)  # fmt: skip
_TRUNK: Final = re.compile(r"head.?first|over.?head|femoral.?head|humeral.?head|radial.?head", re.IGNORECASE)


def judge(
    sop_class: str,
    transfer_syntax: str,
    texts: dict[int, str],
    *,
    faces: bool = False,
    scouts: bool = False,
    text: bool = False,
) -> HeldReason | None:
    """The reason to hold an object, from its class and a few attributes (tag -> text); None to go on.

    `faces` and `scouts` are True when such images may pass, which takes an authorization or a proof; `text` is True
    when their pixels were proven free of it.
    """
    if sop_class.startswith(_DOCUMENTS[0]) or sop_class in _DOCUMENTS:
        return HeldReason.DOCUMENT
    likely = sop_class.startswith(_TEXT_LIKELY[:4]) or sop_class in _TEXT_LIKELY
    if likely and not text:
        return HeldReason.BURNED_IN
    if sop_class not in JUDGED and not likely:
        return HeldReason.UNKNOWN_CLASS
    if transfer_syntax not in STANDARD_UIDS or _VIDEO.match(transfer_syntax):
        return HeldReason.VIDEO
    if not text and burned_in_likely(texts):
        return HeldReason.BURNED_IN
    if not scouts and is_scout(texts):
        return HeldReason.SCOUT
    return HeldReason.HEAD if not faces and shows_head(sop_class, texts) else None


IMAGE_TYPE, CONVERSION_TYPE, BURNED_IN = 0x00080008, 0x00080064, 0x00280301
_DESCRIPTIONS: Final = (0x0008103E, 0x00081030, 0x00181030)
_BODY_PART: Final = 0x00180015
WANTED: Final = frozenset((IMAGE_TYPE, CONVERSION_TYPE, BURNED_IN, _BODY_PART, *_DESCRIPTIONS, 0x00280100))


def burned_in_likely(texts: dict[int, str]) -> bool:
    """By BurnedInAnnotation, ConversionType, the image type's words, or the series' description."""
    if texts.get(BURNED_IN, "").upper() == "YES" or texts.get(CONVERSION_TYPE, ""):
        return True
    kind = texts.get(IMAGE_TYPE, "").upper()
    if "SCREEN" in kind or "REF_SURVIEW" in kind or "CAPTURE" in kind or "DOSE" in kind or "REPORT" in kind:
        return True
    return bool(_SCREEN.search(texts.get(0x0008103E, "")))


def is_scout(texts: dict[int, str]) -> bool:
    """A localizer, by its image type."""
    kind = texts.get(IMAGE_TYPE, "").upper()
    return "LOCALIZER" in kind or "CT_SOM5 TOP" in kind or "SCOUT" in kind or "TOPOGRAM" in kind


def shows_head(sop_class: str, texts: dict[int, str]) -> bool:
    """A CT, MR or PET image whose body part or description says head or neck; a tag never excuses, it only
    adds.
    """
    image = sop_class.startswith((_CLASS + "2", _CLASS + "4", _CLASS + "128", _CLASS + "130", _CLASS + "20"))
    if not image or sop_class.startswith(_CLASS + "481"):
        return False
    return any(_HEAD.search(_TRUNK.sub("", texts.get(tag, ""))) for tag in (_BODY_PART, *_DESCRIPTIONS))
