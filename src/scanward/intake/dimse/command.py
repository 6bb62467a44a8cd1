"""The command set of a DIMSE message (PS3.7): always implicit little endian, always small."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from scanward.dicom.uids import is_uid
from scanward.intake.dimse.pdu import AbortReason, BadPdu

COMMAND_MAX: Final = 16 * 1024
NO_DATA_SET: Final = 0x0101
_ELEMENT: Final = struct.Struct("<HHI")


class Field(IntEnum):
    """The command fields that are known here; a response has the highest bit set."""

    C_STORE_RQ = 0x0001
    C_GET_RQ = 0x0010
    C_FIND_RQ = 0x0020
    C_MOVE_RQ = 0x0021
    C_ECHO_RQ = 0x0030
    N_EVENT_REPORT_RQ = 0x0100
    N_ACTION_RQ = 0x0130
    C_CANCEL_RQ = 0x0FFF
    N_EVENT_REPORT_RSP = 0x8100


RESPONSE: Final = 0x8000


class Status(IntEnum):
    """What is answered (PS3.7 annex C, PS3.4 annex B and C)."""

    SUCCESS = 0x0000
    NO_SUCH_ACTION = 0x0123
    NOT_AUTHORIZED = 0x0124
    NO_SUCH_SOP_CLASS = 0x0118
    UNRECOGNIZED_OPERATION = 0x0211
    OUT_OF_RESOURCES = 0xA700
    MOVE_DESTINATION_UNKNOWN = 0xA801
    DATA_SET_MISMATCH = 0xA900
    CANNOT_UNDERSTAND = 0xC000


class Tag(IntEnum):
    """The elements of group 0000 that are used."""

    GROUP_LENGTH = 0x0000
    AFFECTED_SOP_CLASS = 0x0002
    REQUESTED_SOP_CLASS = 0x0003
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    MESSAGE_ID_RESPONDED = 0x0120
    MOVE_DESTINATION = 0x0600
    DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    OFFENDING_ELEMENT = 0x0901
    ERROR_COMMENT = 0x0902
    AFFECTED_SOP_INSTANCE = 0x1000
    REQUESTED_SOP_INSTANCE = 0x1001
    EVENT_TYPE = 0x1002
    ACTION_TYPE = 0x1008


@dataclass(frozen=True, slots=True)
class Command:
    """A command set, by element number."""

    values: Mapping[int, bytes]

    @property
    def field(self) -> int:
        """The command field."""
        return self.number(Tag.COMMAND_FIELD)

    @property
    def message_id(self) -> int:
        """The id that the response repeats."""
        return self.number(Tag.MESSAGE_ID)

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows."""
        return self.number(Tag.DATA_SET_TYPE) != NO_DATA_SET

    def number(self, tag: Tag) -> int:
        """Return an unsigned short.

        Raises:
            BadPdu: it is missing or has another length.
        """
        value = self.values.get(tag, b"")
        if len(value) != 2:
            raise BadPdu(AbortReason.INVALID_PARAMETER, f"The command has no good element (0000,{tag:04X}).")
        return int.from_bytes(value, "little")

    def uid(self, *tags: Tag) -> str:
        """Return the first of the UIDs that is there; "" if it is none or not a UID."""
        for tag in tags:
            if tag in self.values:
                return _uid(self.values[tag])
        return ""


# An association says the same again and again: what it says is read and written once.
@lru_cache(maxsize=256)
def _uid(raw: bytes) -> str:
    text = raw.rstrip(b"\0 ").decode("latin-1")
    return text if is_uid(text) else ""


def read(data: bytes | bytearray) -> Command:
    """Read a command set.

    Raises:
        BadPdu: its elements don't fit.
    """
    values: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "The command set is cut off.")
        group, element, length = _ELEMENT.unpack_from(data, at)
        if group != 0 or length > len(data) - at - 8:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "The command set has an element that does not fit.")
        values[element] = bytes(data[at + 8 : at + 8 + length])
        at += 8 + length
    return Command(values)


def write(values: Mapping[Tag, int | str]) -> bytes:
    """Write a command set; numbers are unsigned shorts, texts are UIDs or comments."""
    body = b"".join([_element(tag, value) for tag, value in sorted(values.items())])
    return _ELEMENT.pack(0, Tag.GROUP_LENGTH, 4) + struct.pack("<I", len(body)) + body


@lru_cache(maxsize=256)
def _element(tag: Tag, value: int | str) -> bytes:
    if isinstance(value, int):
        raw = struct.pack("<H", value)
    else:
        raw = value.encode("ascii", "replace")
        raw += b"" if len(raw) % 2 == 0 else (b" " if tag is Tag.ERROR_COMMENT else b"\0")
    return _ELEMENT.pack(0, tag, len(raw)) + raw


def response(request: Command, status: int, *, comment: str = "", data_set: bool = False) -> bytes:
    """Write the response to a request, with a comment for the people behind the sender (at most 64 letters)."""
    values: dict[Tag, int | str] = {
        Tag.COMMAND_FIELD: request.field | RESPONSE,
        Tag.MESSAGE_ID_RESPONDED: request.message_id,
        Tag.DATA_SET_TYPE: 0x0001 if data_set else NO_DATA_SET,
        Tag.STATUS: status,
    }
    sop_class = request.uid(Tag.AFFECTED_SOP_CLASS, Tag.REQUESTED_SOP_CLASS)
    sop_instance = request.uid(Tag.AFFECTED_SOP_INSTANCE, Tag.REQUESTED_SOP_INSTANCE)
    if sop_class:
        values[Tag.AFFECTED_SOP_CLASS] = sop_class
    if sop_instance:
        values[Tag.AFFECTED_SOP_INSTANCE] = sop_instance
    if request.field == Field.N_ACTION_RQ:
        values[Tag.ACTION_TYPE] = request.number(Tag.ACTION_TYPE)
    if comment:
        values[Tag.ERROR_COMMENT] = comment[:64]
    return write(values)
