"""Storage commitment (PS3.4 annex J): for each object that a sender names, whether we have it for good."""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from scanward.archive.models import Instance
from scanward.dicom import walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits
from scanward.dicom.uids import checked

TRANSACTION_UID: Final = 0x00081195
REFERENCED_SEQUENCE: Final = 0x00081199
FAILED_SEQUENCE: Final = 0x00081198
FAILURE_REASON: Final = 0x00081197
REFERENCED_CLASS: Final = 0x00081150
REFERENCED_INSTANCE: Final = 0x00081155
NO_SUCH_OBJECT: Final = 0x0112
CLASS_DIFFERS: Final = 0x0119
REQUEST: Final = 1
ALL_COMMITTED: Final = 1
SOME_FAILED: Final = 2
LIMITS: Final = Limits(max_elements=100_000, max_depth=4)
_PER_QUERY: Final = 500


class Named(NamedTuple):
    """One object that the sender names."""

    sop_class: str
    sop_instance: str


class Asked(NamedTuple):
    """What the sender wants to be sure of."""

    transaction: str
    objects: tuple[Named, ...]


class Failed(NamedTuple):
    """One object that we don't have as it was named."""

    named: Named
    reason: int


class Answer(NamedTuple):
    """What we have, and what we have not."""

    transaction: str
    committed: tuple[Named, ...]
    failed: tuple[Failed, ...]

    @property
    def event_type(self) -> int:
        """The event that tells it."""
        return SOME_FAILED if self.failed else ALL_COMMITTED


def read(data: memoryview, syntax: str) -> Asked:
    """Read the action information of the request.

    Raises:
        Refused: an element is missing or wrong.
    """
    encoding = walk.encoding_of(syntax)
    transaction, objects = "", []
    for span in walk.level(data, 0, len(data), encoding, limits=LIMITS):
        if span.tag == TRANSACTION_UID:
            transaction = _uid(data, span)
        elif span.tag == REFERENCED_SEQUENCE:
            for start, end in walk.items(data, span.value, span.end, encoding, limits=LIMITS):
                objects.append(_named(data, start, end, encoding))
    if not transaction or not objects:
        raise Refused(RefusalReason.MISSING_ELEMENT, walk.name(REFERENCED_SEQUENCE if transaction else TRANSACTION_UID))
    return Asked(transaction, tuple(objects))


def check(asked: Asked) -> Answer:
    """Look each object up; only what is attached to a patient counts, for a held object may yet be rejected."""
    known: dict[str, str] = {}
    uids = [named.sop_instance for named in asked.objects]
    for start in range(0, len(uids), _PER_QUERY):
        rows = Instance.objects.filter(sop_instance_uid__in=uids[start : start + _PER_QUERY])
        known.update(rows.values_list("sop_instance_uid", "sop_class_uid"))
    failed = tuple(
        Failed(named, CLASS_DIFFERS if named.sop_instance in known else NO_SUCH_OBJECT)
        for named in asked.objects
        if known.get(named.sop_instance) != named.sop_class
    )
    committed = tuple(named for named in asked.objects if known.get(named.sop_instance) == named.sop_class)
    return Answer(asked.transaction, committed, failed)


def write(answer: Answer, syntax: str) -> bytes:
    """Write the event information of the report."""
    explicit = syntax != walk.IMPLICIT_LITTLE
    body = b""
    if answer.failed:
        items = [_item(_failure(failed, explicit=explicit)) for failed in answer.failed]
        body += _sequence(FAILED_SEQUENCE, items, explicit=explicit)
    if answer.committed:
        items = [_item(_names(named, explicit=explicit)) for named in answer.committed]
        committed = _sequence(REFERENCED_SEQUENCE, items, explicit=explicit)
    else:
        committed = b""
    transaction = _element(TRANSACTION_UID, b"UI", _padded(answer.transaction), explicit=explicit)
    # Elements stand in ascending order: 1195, 1198, 1199.
    return transaction + body + committed


def _named(data: memoryview, start: int, end: int, encoding: walk.Encoding) -> Named:
    found: dict[int, str] = {}
    for span in walk.level(data, start, end, encoding, limits=LIMITS):
        if span.tag in (REFERENCED_CLASS, REFERENCED_INSTANCE):
            found[span.tag] = _uid(data, span)
    missing = next((tag for tag in (REFERENCED_CLASS, REFERENCED_INSTANCE) if tag not in found), None)
    if missing:
        raise Refused(RefusalReason.MISSING_ELEMENT, walk.name(missing))
    return Named(found[REFERENCED_CLASS], found[REFERENCED_INSTANCE])


def _uid(data: memoryview, span: walk.Span) -> str:
    raw = bytes(data[span.value : min(span.end, span.value + 128)])
    return checked(raw.rstrip(b"\0 ").decode("latin-1"), walk.name(span.tag))


def _names(named: Named, *, explicit: bool) -> bytes:
    return _element(REFERENCED_CLASS, b"UI", _padded(named.sop_class), explicit=explicit) + _element(
        REFERENCED_INSTANCE, b"UI", _padded(named.sop_instance), explicit=explicit
    )


def _failure(failed: Failed, *, explicit: bool) -> bytes:
    reason = struct.pack("<H", failed.reason)
    return _names(failed.named, explicit=explicit) + _element(FAILURE_REASON, b"US", reason, explicit=explicit)


def _sequence(tag: int, items: Sequence[bytes], *, explicit: bool) -> bytes:
    return _element(tag, b"SQ", b"".join(items), explicit=explicit)


def _item(content: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def _element(tag: int, vr: bytes, value: bytes, *, explicit: bool) -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return head + struct.pack("<I", len(value)) + value
    if vr == b"SQ":
        return head + vr + bytes(2) + struct.pack("<I", len(value)) + value
    return head + vr + struct.pack("<H", len(value)) + value


def _padded(uid: str) -> bytes:
    raw = uid.encode("ascii")
    return raw + b"\0" * (len(raw) % 2)
