"""What is done with an attribute: the table's row under the chosen options, or a rule by its VR.

The table can't list everything, so nothing is kept just because it isn't in it: an attribute that the table
doesn't know is judged by its VR, and what is neither in the table nor in the dictionary goes.
"""

from enum import StrEnum
from typing import Final

from scanward.deid.iod import NESTED, TOP
from scanward.deid.profiles import Dates, Option, Profile
from scanward.deid.table import ROWS
from scanward.dicom.dictionary import ELEMENTS


class Action(StrEnum):
    """What happens to one element. The value is the word in the evidence."""

    KEEP = "kept as it is"
    CHECK = "kept when legal"  # numbers, code strings
    CLEAN = "cleaned by vocabulary"
    TECHNICAL = "cleaned, technical"
    CODE = "code checked"
    ENTER = "sequence entered"
    ENTER_STRICTLY = "sequence entered, all text replaced"
    UID = "UID replaced"
    DATE = "date treated"
    AGE = "age, over 89 as 90"
    PSEUDONYM = "pseudonym"
    ADDRESS = "address reduced to ZIP"
    WITHDRAW = "removed, or emptied where required"
    EMPTY = "emptied"
    DUMMY = "replaced by a dummy"
    REMOVE = "removed"


class Need(StrEnum):
    """How much of an attribute its IOD demands (PS3.5 7.4)."""

    VALUE = "1"
    PRESENCE = "2"
    NOTHING = "3"


OURS: Final = frozenset((0x00120062, 0x00120063, 0x00120064, 0x00280303))
# Free text that says how an image was made, not whose it is.
TECHNICAL: Final = frozenset(
    (
        0x00080070,  # Manufacturer
        0x00081090,  # ManufacturerModelName
        0x00180024,  # SequenceName
        0x00181020,  # SoftwareVersions
        0x00181040,  # ContrastBolusRoute
        0x00181160,  # FilterType
        0x00181210,  # ConvolutionKernel
        0x00189315,  # ReconstructionAlgorithm
        0x00189316,  # ConvolutionKernelGroup
        0x00201040,  # PositionReferenceIndicator
        0x00281054,  # RescaleType
        0x00281055,  # WindowCenterWidthExplanation
        0x00283003,  # LUTExplanation
        0x00409210,  # LUTLabel
        0x00620006,  # SegmentDescription
        0x00620005,  # SegmentLabel
    )
)
CODED: Final = frozenset((0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120))
_SCHEME_VERSION: Final = 0x00080103
# Conditional on an attribute that always goes (the ethics committee's approval number, dates in another calendar), or
# on where frames stood: what is written says it anew in the basic offset table.
_GO_WITH_ANOTHER: Final = frozenset((0x00120081, 0x00100035, 0x7FE00001, 0x7FE00002))
_TEXT: Final = frozenset(["LO", "SH", "ST", "LT", "UT", "UC"])
_DATES: Final = frozenset(["DA", "DT", "TM"])
_NUMBERS: Final = frozenset(["DS", "IS"])
_BINARY: Final = frozenset(["US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT"])
_BULK: Final = frozenset(
    (
        0x7FE00008,  # FloatPixelData
        0x7FE00009,  # DoubleFloatPixelData
        0x00281201,  # RedPaletteColorLookupTableData
        0x00281202,
        0x00281203,
        0x00281204,
        0x00281221,  # SegmentedRedPaletteColorLookupTableData
        0x00281222,
        0x00281223,
        0x00281224,
        0x00283006,  # LUTData
        0x00283010,
        0x00660016,  # PointCoordinatesData (surfaces are held as a class)
        0x00640009,  # VectorGridData
    )
)
_NAMES_OF_THE_PATIENT: Final = frozenset((0x00100010, 0x00100020))
_ADDRESS: Final = 0x00101040
_BIRTH_DATE: Final = 0x00100030
_CONTENT: Final = frozenset((0x0040A730, 0x00700001))  # content and graphic annotation: entered and cleaned
_REFERENCES: Final = frozenset((0x00081140, 0x00082112))  # U*: kept with new UIDs
_AGES: Final = frozenset((0x00101010, 0x0072005F))


def dictionary_vr(tag: int) -> str:
    """The VR of the data dictionary, the first where there is a choice; "" for what it doesn't hold."""
    entry = ELEMENTS.get(tag)
    return entry[0].split(" ", 1)[0] if entry else ""


def action(tag: int, profile: Profile) -> Action:
    """What the profile does with an attribute, wherever it stands."""
    group = tag >> 16
    if tag in profile.remove or tag in OURS or tag in _GO_WITH_ANOTHER:
        return Action.REMOVE
    if group & 1 or group < 8 or 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF or not tag & 0xFFFF:
        return Action.REMOVE  # private (safe ones are let through before), file and command groups, overlays
    vr = dictionary_vr(tag)
    if not vr:
        return Action.REMOVE
    if tag in profile.keep:
        return _kept(tag, vr)
    if tag in _NAMES_OF_THE_PATIENT:
        return Action.PSEUDONYM
    if tag == _BIRTH_DATE and profile.birth_date:
        return Action.DATE
    if tag == _ADDRESS and profile.zip_digits:
        return Action.ADDRESS
    row = ROWS.get(tag)
    return _listed(tag, vr, row, profile) if row else unlisted(tag, vr, profile)


def _listed(tag: int, vr: str, row: tuple[str, str], profile: Profile) -> Action:
    """The table's row: the most that a chosen option allows, else the basic profile."""
    basic, options = row
    allowed = {options[i + 1] for i in range(0, len(options), 2) if Option(options[i]) in profile.options}
    if vr in _DATES and profile.dates is Dates.YEAR and options:
        return Action.DATE
    if "C" in allowed and vr in _DATES:
        return Action.DATE
    if "K" in allowed:
        return Action.DATE if vr in _DATES else _kept(tag, vr)
    if "C" in allowed and vr in _TEXT:
        return Action.CLEAN
    if ("C" in allowed and vr == "SQ") or tag in _CONTENT:
        return Action.ENTER
    if tag in _REFERENCES:
        return Action.ENTER
    if basic == "U":
        return Action.UID if vr == "UI" else Action.WITHDRAW
    if basic == "D" and vr == "SQ":
        return Action.ENTER_STRICTLY
    if basic == "D" and vr == "UI":
        return Action.UID
    return {"Z": Action.EMPTY, "D": Action.DUMMY}.get(basic, Action.WITHDRAW)


def _kept(tag: int, vr: str) -> Action:
    """Kept by an option: still checked where the VR can be."""
    if tag in _AGES:
        return Action.AGE
    if vr in _DATES:
        return Action.DATE
    if vr == "SQ":
        return Action.ENTER
    if vr in _TEXT and tag in (0x00102160, 0x00102162):  # ethnic group, a word of a vocabulary
        return Action.CLEAN
    return Action.CHECK if vr in _NUMBERS or vr == "CS" else Action.KEEP


def unlisted(tag: int, vr: str, profile: Profile) -> Action:
    """The rule by VR for an attribute that the table doesn't list."""
    if vr == "SQ":
        return Action.ENTER
    if vr == "UI":
        return Action.KEEP if Option.UIDS in profile.options else Action.UID
    if vr in _DATES:
        return Action.WITHDRAW if profile.dates is Dates.REMOVED else Action.DATE
    if tag in CODED:
        return Action.CODE
    if tag in TECHNICAL:
        return Action.TECHNICAL
    if vr in ("LO", "SH") and Option.DESCRIPTORS in profile.options:
        return Action.CLEAN
    if vr in _NUMBERS or vr == "CS":
        return Action.CHECK
    if vr in _BINARY or tag in _BULK:
        return Action.KEEP
    return Action.WITHDRAW


def need(tag: int, iod: int | None, parent: int) -> Need:
    """How much the IOD demands: at the top by the object's class, inside by the sequence around it.

    A conditional type counts as its unconditional one: the attribute was there, so its condition probably
    holds.
    """
    if parent and tag in CODED:
        return Need.NOTHING if tag == _SCHEME_VERSION else Need.VALUE
    if parent:
        one, two = NESTED.get(tag, (frozenset(), frozenset()))
        return Need.VALUE if parent in one else Need.PRESENCE if parent in two else Need.NOTHING
    masks = TOP.get(tag)
    if masks is None or iod is None:
        return Need.NOTHING
    bit = 1 << iod
    return Need.VALUE if masks[0] & bit else Need.PRESENCE if masks[1] & bit else Need.NOTHING


def settle(tag: int, wanted: Action, required: Need) -> Action:
    """REMOVE, EMPTY or DUMMY for an attribute that may not stay (X, Z, D and their combinations)."""
    basic = ROWS.get(tag, ("X", ""))[0]
    if wanted is Action.DUMMY or basic == "D":
        return Action.DUMMY
    if required is Need.VALUE:
        return Action.DUMMY
    if wanted is Action.EMPTY or required is Need.PRESENCE or basic == "Z":
        return Action.EMPTY
    return Action.REMOVE
