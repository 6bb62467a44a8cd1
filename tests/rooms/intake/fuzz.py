"""Seeded mutation of what comes over the wires: PDUs, files, multipart bodies and HL7 messages.

    PYTHONPATH=tests python tests/rooms/intake/fuzz.py --count 1000000 --seed 1

Every reader either reads or raises its own refusal; whatever else it raises, or whatever takes longer than five
seconds, ends the run with the number that replays it.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import click

# As a command it sets up what `tests/conftest.py` does for the suite.
if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scanward.settings")
    django.setup()

from rooms.dicom.making import BIG, EXPLICIT, IMPLICIT, ct, report
from rooms.intake.listening import associate
from rooms.reporting.messages import oru
from scanward.archive import results
from scanward.dicom.errors import Refused
from scanward.dicom.json_model import Memo, written
from scanward.dicom.read import inspect
from scanward.intake.dimse import command, commitment, pdu
from scanward.reporting.acks import ack
from scanward.reporting.hl7 import BadMessage
from scanward.web.multipart import BadMultipart, parts

BODY = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + bytes(200) + b"\r\n--b\r\n\r\nxyz\r\n--b--\r\n"
ECHO = command.write({command.Tag.COMMAND_FIELD: 0x30, command.Tag.MESSAGE_ID: 1, command.Tag.DATA_SET_TYPE: 0x101})
NAMED = commitment.Named("1.2.3", "1.2.4")
ASKED = commitment.write(commitment.Answer("1.9", (NAMED,), ()), EXPLICIT)
SECONDS = 5.0


def read_command(data: bytes) -> None:
    command.response(command.read(data), 0)


def read_parts(data: bytes) -> None:
    for part in parts(BytesIO(data).read, b"b"):
        b"".join(part.chunks)


def read_reports(data: bytes) -> None:
    """Read a message; whatever it is, there is an answer to it."""
    try:
        results.read(data)
    except BadMessage as bad:
        assert ack(None, name="Lakeside", now=datetime.now(UTC), bad=bad)
        raise


def read_again(data: bytes) -> None:
    """With a memo the guard says what it says without one."""
    found = inspect(data)
    again = inspect(data, memo=MEMO)
    assert again == found
    assert again.text == written(found.dicom_json)


MEMO = Memo()
TARGETS: list[tuple[bytes, Callable[[bytes], object], type[Exception]]] = [
    *((ct(syntax=syntax), inspect, Refused) for syntax in (IMPLICIT, BIG)),
    (ct(syntax=EXPLICIT), read_again, Refused),
    (report(), inspect, Refused),
    (associate()[6:], pdu.read_associate, pdu.BadPdu),
    (b"\0\0\0\x06\x01\x03abcd", lambda data: list(pdu.read_fragments(memoryview(data))), pdu.BadPdu),
    (ECHO, read_command, pdu.BadPdu),
    (ASKED, lambda data: commitment.read(memoryview(data), EXPLICIT), Refused),
    (BODY, read_parts, BadMultipart),
    (oru("FINDINGS: A nodule.\nIMPRESSION: 1. Fine."), read_reports, BadMessage),
    (oru(status="X", lines=["OBX|1|TX|||x||||||W"]).replace(b"OBR|", b"ORC|CA\rOBR|"), read_reports, BadMessage),
]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Change, cut, double or insert a few bytes."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(5):
            case 0:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                found[at : at + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\xf0\xff\xff\xff", b"\xfe\xff\x00\xe0"))
            case 2:
                del found[at : at + chance.randrange(1, 40)]
            case 3:
                found[at:at] = found[at : at + chance.randrange(1, 60)]
            case 4:
                found[at:at] = chance.randbytes(chance.randrange(1, 12))
    return bytes(found)


def run(count: int, seed: int) -> Counter[str]:
    """Mutate and read so many times; how often it was read and how often refused."""
    outcomes: Counter[str] = Counter()
    for number in range(seed, seed + count):
        chance = random.Random(number)
        data, read, refusal = chance.choice(TARGETS)
        mutated, begun = mutate(data, chance), time.thread_time()
        try:
            read(mutated)
            outcomes["read"] += 1
        except refusal:
            outcomes["refused"] += 1
        except Exception as error:
            raise AssertionError(f"seed {number}: {type(error).__name__}") from error
        if time.thread_time() - begun > SECONDS:
            raise AssertionError(f"seed {number}: too slow")
    return outcomes


@click.command()
@click.option("--count", default=100_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(count: int, seed: int) -> None:
    """Fuzz."""
    click.echo(dict(run(count, seed)))


if __name__ == "__main__":
    main()
