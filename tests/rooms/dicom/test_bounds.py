"""What a hostile file may cost: 64 MB and 5 s, measured in a process of its own (faults B3 to B6)."""

import json
import struct
import subprocess
import sys
import zlib

import pytest

from rooms.dicom import making
from rooms.dicom.making import DEFLATED, IMPLICIT, UNDEFINED
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits
from scanward.dicom.read import inspect

R = RefusalReason
_MEASURE = """
import json, resource, sys
from pathlib import Path
from scanward.dicom.errors import Refused
from scanward.dicom.read import inspect

def peak():
    # ru_maxrss would begin with what the parent had.
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return int(status.read_text().split("VmHWM:")[1].split()[0]) // 1024

inspect(Path(sys.argv[1]))
before, spent = peak(), sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
try:
    inspect(Path(sys.argv[2]))
    outcome = "kept"
except Refused as refused:
    outcome = refused.reason
spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - spent
print(json.dumps({"outcome": outcome, "grown": peak() - before, "seconds": spent}))
"""


@pytest.fixture
def cost(tmp_path):
    """Inspect bytes in a new process: the outcome, megabytes grown, and processor seconds."""

    def measure(data: bytes) -> tuple[str, int, float]:
        (tmp_path / "good").write_bytes(making.ct())
        (tmp_path / "bad").write_bytes(data)
        said = subprocess.run(
            [sys.executable, "-c", _MEASURE, tmp_path / "good", tmp_path / "bad"],
            capture_output=True, check=True, timeout=240,
        )  # fmt: skip
        told = json.loads(said.stdout)
        return told["outcome"], told["grown"], told["seconds"]

    return measure


def bomb(size: int, value: bytes = bytes(1 << 20)) -> bytes:
    """A deflated data set of a harmless beginning and `size` bytes of pixels."""
    squeeze = zlib.compressobj(9, wbits=-15)
    start = making.body({**making.identity(), **making.image()}) + making.header(0x7FE00010, "OW", size)
    head = squeeze.compress(start) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(value) + squeeze.flush(zlib.Z_FULL_FLUSH)  # the same each time after such a flush
    return making.file(head + block * (size // len(value)) + squeeze.flush(), DEFLATED)


def nested(depth: int, ends: bool = True, syntax: str = making.EXPLICIT) -> bytes:
    """Sequences inside sequences, of undefined length."""
    down = (making.header(0x00081140, "SQ", UNDEFINED, syntax) + making.item(b"", UNDEFINED)) * depth
    up = (making.END_OF_ITEM + making.END_OF_SEQUENCE) * depth
    return making.file(making.body(making.identity(), syntax) + down + (up if ends else b""), syntax)


def test_a_deflate_bomb_is_refused_at_the_ratio(cost):
    """fault B3: pydicom needs 2 GB for it"""
    data = bomb(1 << 30)
    assert len(data) < 2 << 20
    outcome, grown, seconds = cost(data)
    assert outcome == R.INFLATES_TOO_FAR
    assert grown < 64
    assert seconds < 5


def test_a_slow_bomb_below_the_ratio_is_refused_at_the_size(cost):
    """fault B3"""
    outcome, grown, seconds = cost(bomb(96 << 20, b"".join(struct.pack("<I", n * n) for n in range(1 << 16))))
    assert outcome == R.INFLATES_TOO_FAR
    assert grown < 64
    assert seconds < 5


def test_the_largest_deflated_file_that_is_kept_stays_within_bounds(cost):
    outcome, grown, _ = cost(bomb(27 << 20, b"".join(struct.pack("<I", n * n) for n in range(1 << 16))))
    assert outcome == R.PIXELS_LONG
    assert grown < 64


@pytest.mark.parametrize("junk", [b"", b"\xff" * 100, b"\0\0\0"])
def test_a_broken_deflate_stream_is_refused(junk):
    with pytest.raises(Refused):
        inspect(making.file(junk, DEFLATED))


@pytest.mark.parametrize("syntax", [making.EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("depth", [65, 300, 20_000, 200_000])
@pytest.mark.parametrize("ends", [True, False])
def test_sequences_nested_too_deep_are_refused(depth, ends, syntax):
    """fault B4: pydicom's recursion ends at 250 to 300"""
    with pytest.raises(Refused) as refused:
        inspect(nested(depth, ends, syntax))
    assert refused.value.reason is R.TOO_DEEP


def test_sequences_64_deep_are_read():
    """fault B4"""
    with pytest.raises(Refused) as refused:
        inspect(nested(64))
    assert refused.value.reason is R.PIXELS_MISSING  # all of it was walked


@pytest.mark.parametrize("tag", [0x00080008, 0x00081140, 0x00420011, 0x7FE00010])
@pytest.mark.parametrize("vr", ["OB", "UN", "UT", "SQ"])
@pytest.mark.parametrize("length", [0xFFFFFFF0, 0xFFFFFFFE, 0x7FFFFFFF, 0x10000])
def test_a_length_beyond_the_file_is_refused_without_allocating(tag, vr, length):
    """fault B5"""
    data = making.file(making.header(tag, vr, length) + bytes(512))
    with pytest.raises(Refused) as refused:
        inspect(data)
    assert refused.value.reason in (R.BAD_LENGTH, R.TRUNCATED)


def test_an_item_longer_than_its_sequence_is_refused():
    """fault B5"""
    inner = making.item(bytes(16), length=0xFFFF)
    with pytest.raises(Refused) as refused:
        inspect(making.file(making.header(0x00081140, "SQ", len(inner)) + inner))
    assert refused.value.reason in (R.BAD_LENGTH, R.TRUNCATED, R.MALFORMED)


@pytest.mark.parametrize("rows", [512, 65535])
def test_a_huge_declared_image_costs_nothing(cost, rows):
    """fault B6"""
    change = {0x00280010: ("US", rows), 0x00280011: ("US", 65535), 0x00280008: ("IS", "99999")}
    outcome, grown, seconds = cost(making.ct(change, pixels=making.element(0x7FE00010, "OW", bytes(512))))
    assert (outcome, grown < 16, seconds < 1) == (R.PIXELS_SHORT, True, True)


def many(kind: str) -> bytes:
    """Files of a few megabytes that are all structure."""
    numbers = range(0x10000, 0x10000 + 500_000)
    if kind == "elements":
        return making.file(b"".join(struct.pack("<HH2sH", 0x11 + 2 * (n >> 16), n & 0xFFFF, b"SH", 0) for n in numbers))
    if kind == "items":
        return making.file(making.header(0x00081140, "SQ", UNDEFINED) + making.item(b"") * 1_000_000)
    if kind == "values":
        wide = b"".join(making.element(0x00090000 + n, "DS", b"1.5\\" * 4_000) for n in range(0x100, 0x400))
        return making.file(wide)
    if kind == "names":
        wide = b"".join(making.element(0x00090000 + n, "PN", b"a=b=c\\" * 10_000) for n in range(0x100, 0x140))
        return making.file(wide)
    if kind == "backslashes":
        wide = b"".join(making.element(0x00090000 + n, "LO", b"\\" * 65_000) for n in range(0x100, 0x200))
        return making.file(wide)
    return making.file(making.header(0x7FE00010, "OB", UNDEFINED) + making.item(b"\0\0") * 1_000_000)


@pytest.mark.parametrize("kind", ["elements", "items", "values", "names", "backslashes", "fragments"])
def test_a_file_that_is_all_structure_stays_within_bounds(cost, kind):
    """fault B4's kin: pydicom needs 22 s for two million elements"""
    outcome, grown, seconds = cost(many(kind))
    assert outcome != "kept"
    assert grown < 64
    assert seconds < 5


def test_the_clock_ends_what_takes_too_long():
    with pytest.raises(Refused) as refused:
        inspect(many("items"), limits=Limits(max_seconds=0.05, max_elements=10**9, max_json=1 << 40))
    assert refused.value.reason is R.TOO_SLOW
