"""The protocol data units of the DICOM upper layer (PS3.8 9.3), read within bounds and written.

Everything here takes bytes whose number is already bounded, and raises nothing but `BadPdu`.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

HEADER: Final = struct.Struct(">BBI")
HEADER_SIZE: Final = HEADER.size
ASSOCIATE_MAX: Final = 64 * 1024
# What we announce; dcmtk sends at most 128 KiB, others take what they are offered.
P_DATA_MAX: Final = 128 * 1024
CONTEXTS_MAX: Final = 128
APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
IMPLEMENTATION_UID: Final = "2.25.205914301718254498213417412938461276"
IMPLEMENTATION_VERSION: Final = "SCANWARD_1"

_ITEM: Final = struct.Struct(">BBH")
_PDV: Final = struct.Struct(">IBB")
_FIXED: Final = 68


class PduType(IntEnum):
    """PS3.8 9.3.1."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    P_DATA_TF = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


class AbortReason(IntEnum):
    """Why the service provider aborts (PS3.8 9.3.8)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER = 6


class ContextResult(IntEnum):
    """What became of a presentation context (PS3.8 9.3.3.2)."""

    ACCEPTED = 0
    USER_REJECTION = 1
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


class Reject(IntEnum):
    """Result, source and reason of a rejection (PS3.8 9.3.4), as the three bytes that go out."""

    APPLICATION_CONTEXT = 0x010102
    CALLING_TITLE = 0x010103
    CALLED_TITLE = 0x010107
    PROTOCOL_VERSION = 0x010202
    TEMPORARY_CONGESTION = 0x020301
    LOCAL_LIMIT = 0x020302


class BadPdu(Exception):
    """The bytes are not a PDU that may stand here."""

    def __init__(self, reason: AbortReason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """A presentation context as it was asked for."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AcceptedContext:
    """A presentation context as it was answered."""

    id: int
    result: ContextResult
    transfer_syntax: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """An SCP/SCU role selection (PS3.7 D.3.3.4)."""

    sop_class: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """What an A-ASSOCIATE-RQ says."""

    version: int
    called: str
    calling: str
    application_context: str
    contexts: tuple[ProposedContext, ...]
    max_length: int
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Fragment:
    """One presentation data value."""

    context: int
    command: bool
    last: bool
    data: memoryview


def read_associate(body: bytes) -> AssociateRequest:
    """Read the body of an A-ASSOCIATE-RQ, after its header.

    Raises:
        BadPdu: it is not one.
    """
    if len(body) < _FIXED:
        raise BadPdu(AbortReason.INVALID_PARAMETER, "The association request is too short.")
    contexts: list[ProposedContext] = []
    application, max_length = "", 0
    roles: tuple[Role, ...] = ()
    for kind, value in _items(memoryview(body)[_FIXED:]):
        if kind == 0x10:
            application = _text(value)
        elif kind == 0x20:
            contexts.append(_read_context(value))
        elif kind == 0x50:
            max_length, roles = _read_user_information(value)
    if not 0 < len(contexts) <= CONTEXTS_MAX or len({context.id for context in contexts}) < len(contexts):
        raise BadPdu(AbortReason.INVALID_PARAMETER, "The association request has no, too many or double contexts.")
    return AssociateRequest(
        version=int.from_bytes(body[:2], "big"),
        called=_title(body[4:20]),
        calling=_title(body[20:36]),
        application_context=application,
        contexts=tuple(contexts),
        max_length=max_length,
        roles=roles,
    )


def read_fragments(body: memoryview) -> Iterator[Fragment]:
    """Yield the data values of a P-DATA-TF, without copying them.

    Raises:
        BadPdu: the lengths inside don't fit.
    """
    at, end = 0, len(body)
    while at < end:
        if end - at < 6:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "A data value is cut off.")
        length, context, control = _PDV.unpack_from(body, at)
        if length < 2 or length > end - at - 4:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "A data value is longer than its PDU.")
        yield Fragment(context, bool(control & 1), bool(control & 2), body[at + 6 : at + 4 + length])
        at += 4 + length


def associate_accept(request: AssociateRequest, contexts: Sequence[AcceptedContext], roles: Sequence[Role]) -> bytes:
    """Write an A-ASSOCIATE-AC."""
    user = _item(0x51, struct.pack(">I", P_DATA_MAX)) + _item(0x52, IMPLEMENTATION_UID.encode())
    user += b"".join(_item(0x54, _role(role)) for role in roles)
    user += _item(0x55, IMPLEMENTATION_VERSION.encode())
    answered = b"".join(
        _item(0x21, bytes((context.id, 0, context.result, 0)) + _item(0x40, context.transfer_syntax.encode()))
        for context in contexts
    )
    titles = _padded(request.called) + _padded(request.calling) + bytes(32)
    body = b"\0\1\0\0" + titles + _item(0x10, APPLICATION_CONTEXT.encode()) + answered + _item(0x50, user)
    return pdu(PduType.ASSOCIATE_AC, body)


def associate_reject(reject: Reject) -> bytes:
    """Write an A-ASSOCIATE-RJ."""
    return pdu(PduType.ASSOCIATE_RJ, b"\0" + int(reject).to_bytes(3, "big"))


def abort(reason: AbortReason) -> bytes:
    """Write an A-ABORT of the service provider."""
    return pdu(PduType.ABORT, bytes((0, 0, 2, reason)))


def release_reply() -> bytes:
    """Write an A-RELEASE-RP."""
    return pdu(PduType.RELEASE_RP, bytes(4))


def data(context: int, content: bytes, *, command: bool, room: int) -> Iterator[bytes]:
    """Write a command or a data set as P-DATA-TF PDUs of at most `room` bytes (0: no limit) after their headers."""
    step = max(64, (min(room, P_DATA_MAX) if room else P_DATA_MAX) - 6)
    for start in range(0, len(content) or 1, step):
        part = content[start : start + step]
        last = start + step >= len(content)
        control = (1 if command else 0) | (2 if last else 0)
        yield pdu(PduType.P_DATA_TF, _PDV.pack(len(part) + 2, context, control) + part)


def pdu(kind: PduType, body: bytes) -> bytes:
    """Put the header in front."""
    return HEADER.pack(kind, 0, len(body)) + body


def _items(view: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the items of a variable field."""
    at = 0
    while at < len(view):
        if len(view) - at < 4:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "An item is cut off.")
        kind, _reserved, length = _ITEM.unpack_from(view, at)
        if length > len(view) - at - 4:
            raise BadPdu(AbortReason.INVALID_PARAMETER, "An item is longer than what holds it.")
        yield kind, view[at + 4 : at + 4 + length]
        at += 4 + length


def _read_context(value: memoryview) -> ProposedContext:
    if len(value) < 4 or not value[0] & 1:
        raise BadPdu(AbortReason.INVALID_PARAMETER, "A presentation context has no odd id.")
    abstract, transfer = "", []
    for kind, text in _items(value[4:]):
        if kind == 0x30:
            abstract = _text(text)
        elif kind == 0x40:
            transfer.append(_text(text))
    return ProposedContext(value[0], abstract, tuple(transfer))


def _read_user_information(value: memoryview) -> tuple[int, tuple[Role, ...]]:
    max_length = 0
    roles: list[Role] = []
    for kind, content in _items(value):
        if kind == 0x51 and len(content) == 4:
            max_length = int.from_bytes(content, "big")
        elif kind == 0x54:
            roles.append(_read_role(content))
    return max_length, tuple(roles)


def _read_role(content: memoryview) -> Role:
    length = int.from_bytes(content[:2], "big")
    if len(content) != length + 4:
        raise BadPdu(AbortReason.INVALID_PARAMETER, "A role selection does not fit its length.")
    return Role(_text(content[2 : 2 + length]), bool(content[2 + length]), bool(content[3 + length]))


def _role(role: Role) -> bytes:
    uid = role.sop_class.encode()
    return len(uid).to_bytes(2, "big") + uid + bytes((role.scu, role.scp))


def _item(kind: int, content: bytes) -> bytes:
    return _ITEM.pack(kind, 0, len(content)) + content


def _text(value: memoryview) -> str:
    """Return a UID as text; trailing padding is common and harmless."""
    try:
        return bytes(value).rstrip(b"\0 ").decode("ascii")
    except UnicodeDecodeError:
        raise BadPdu(AbortReason.INVALID_PARAMETER, "A UID has letters that no UID has.") from None


def _title(raw: bytes) -> str:
    """Return an application entity title, or raise for what can't be one (PS3.5 6.2, AE)."""
    try:
        title = raw.decode("ascii").strip(" \0")
    except UnicodeDecodeError:
        title = ""
    if not title or not title.isprintable() or "\\" in title:
        raise BadPdu(AbortReason.INVALID_PARAMETER, "An application entity title is empty or has odd letters.")
    return title


def _padded(title: str) -> bytes:
    return title.encode("ascii").ljust(16)[:16]
