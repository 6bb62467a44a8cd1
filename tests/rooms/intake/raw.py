"""A sender that says what no library would: any bytes as an object."""

import socket
import struct
from collections.abc import Iterator

from rooms.dicom.making import CT, EXPLICIT, INSTANCE
from rooms.intake.listening import associate, pdu
from scanward.intake.dimse.command import Field, Tag, write


def data_set(file: bytes) -> bytes:
    """What goes over the wire of a file that the tests made."""
    at = file.index(b"\x02\x00\x12\x00UI") + 8
    return file[at + int.from_bytes(file[at - 2 : at], "little") :]


def fragments(content: bytes, *, command: bool) -> Iterator[bytes]:
    """P-DATA-TF PDUs of 16 KiB."""
    for start in range(0, len(content) or 1, 16_384):
        last = start + 16_384 >= len(content)
        part = content[start : start + 16_384]
        yield pdu(4, struct.pack(">IBB", len(part) + 2, 1, (1 if command else 0) | (2 if last else 0)) + part)


def exactly(sock: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = sock.recv(count - len(found))
        assert piece, "the listener hung up"
        found += piece
    return found


def c_store(content: bytes, *, uid: str = INSTANCE, sop_class: str = CT) -> bytes:
    """The PDUs of a C-STORE."""
    asked = {
        Tag.AFFECTED_SOP_CLASS: sop_class,
        Tag.COMMAND_FIELD: Field.C_STORE_RQ,
        Tag.MESSAGE_ID: 1,
        Tag.DATA_SET_TYPE: 1,
        Tag.AFFECTED_SOP_INSTANCE: uid,
    }
    return b"".join((*fragments(write(asked), command=True), *fragments(content, command=False)))


def store(port: int, content: bytes, *, syntax: str = EXPLICIT, uid: str = INSTANCE, sop_class: str = CT) -> int:
    """Send bytes as an object, as no library would; the status that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=240) as sock:
        sock.sendall(associate(context=sop_class, syntax=syntax))
        kind, _, length = struct.unpack(">BBI", exactly(sock, 6))
        assert kind == 2
        exactly(sock, length)
        sock.sendall(c_store(content, uid=uid, sop_class=sop_class))
        answer = exactly(sock, struct.unpack(">BBI", exactly(sock, 6))[2])
        at = answer.index(struct.pack("<HHI", 0, Tag.STATUS, 2)) + 8
        return int.from_bytes(answer[at : at + 2], "little")
