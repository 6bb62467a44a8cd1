"""Objects that are made to do harm, sent to the running listener byte by byte; a good sender is served meanwhile.

Each costs at most 64 MB and 5 s there (the guard alone is measured in `rooms/dicom/test_bounds.py`).
"""

import hashlib
import struct

import pytest

from rooms.dicom import making
from rooms.dicom.making import DEFLATED, EXPLICIT, IMPLICIT, INSTANCE, JPEG_2000, JPEG_LS, RLE, ct
from rooms.dicom.test_bounds import bomb, nested
from rooms.intake.raw import data_set, store

REFUSED, MISMATCH = 0xC000, 0xA900
EVIL = ["../../../../tmp/evil", "/etc/passwd", "1." + "2" * 78, "", "1.2'3", "1.2\x00.3", "1.2\n.3", "<script>"]


HUGE = {0x00280010: ("US", 65535), 0x00280011: ("US", 65535)}
BAD = {
    "B1 cut in the header": (ct()[:300], EXPLICIT),
    "B1 cut in the pixels": (ct()[:-20], EXPLICIT),
    "B1 10 bytes short": (ct()[:-10], EXPLICIT),
    "B2 empty": (making.file(b""), EXPLICIT),
    "B2 10 MB of junk": (making.file(hashlib.shake_256(b"junk").digest(10_000_000)), EXPLICIT),
    "B2 text": (making.file(b"This was renamed to .dcm.\n" * 40), EXPLICIT),
    "B3 a bomb of 1 GiB": (bomb(1 << 30), DEFLATED),
    "B4 300 deep": (nested(300), EXPLICIT),
    "B4 20,000 deep": (nested(20_000), EXPLICIT),
    "B4 200,000 deep": (nested(200_000, syntax=IMPLICIT), IMPLICIT),
    "B5 an element of 4 GB": (making.file(making.header(0x00420011, "OB", 0xFFFFFFF0) + bytes(512)), EXPLICIT),
    "B6 65535 x 65535": (ct(HUGE, pixels=making.element(0x7FE00010, "OW", bytes(512))), EXPLICIT),
    "B6 rows and columns of 32 bits": (ct({tag: ("UL", 0xFFFFFFFF) for tag in HUGE}), EXPLICIT),
    "B6 2^31 frames": (ct({0x00280008: ("IS", str(2**31))}), EXPLICIT),
    "B13 no code stream": (ct(pixels=making.fragments(b"no JPEG 2000")), RLE),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_object_is_refused_and_told(listener, good_sender, name):
    """Faults B1 to B6, B13."""
    file, syntax = BAD[name]
    assert store(listener.port, data_set(file), syntax=syntax) == REFUSED
    assert listener.count("instance", INSTANCE) == 0
    assert listener.told("object_refused")


@pytest.mark.parametrize("syntax", [JPEG_2000, JPEG_LS])
def test_a_code_stream_that_declares_too_much_is_never_shown_as_good(listener, good_sender, syntax):
    """Fault B13: refused, or kept and marked as not to be decoded."""
    tile = b"\xff\x4f\xff\x51" + struct.pack(">HH8I", 41, 0, 1 << 31, 1 << 31, 0, 0, 1, 1, 0, 0) + bytes(20)
    lossless = b"\xff\xd8\xff\xf7" + struct.pack(">HBHHB", 11, 16, 65535, 65535, 1) + bytes(40)
    uid = f"1.2.826.0.1.3680043.10.543.13.{len(syntax)}"
    made = ct({0x00080018: ("UI", uid)}, pixels=making.fragments(tile if syntax == JPEG_2000 else lossless))
    status = store(listener.port, data_set(made), syntax=syntax, uid=uid)
    assert status in (0, REFUSED)


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E], ids=["instance", "study", "series"])
def test_what_is_no_uid_never_becomes_a_name(listener, good_sender, evil, tag):
    """Fault B9: in the command, in the object, in both."""
    before = sorted(listener.place.rglob("*"))
    made = data_set(ct({tag: ("UI", evil)}))
    assert store(listener.port, made) in (REFUSED, MISMATCH)
    assert store(listener.port, made, uid=evil) in (REFUSED, MISMATCH)
    assert not [path for path in sorted(listener.place.rglob("*")) if path not in before and "evil" in path.name]
    assert listener.count("instance", INSTANCE) == 0


def test_bytes_behind_the_pixels_are_refused(listener, good_sender):
    """Fault B8, as it looks on the wire: there is no preamble, so a second face can only hang at the end."""
    assert store(listener.port, data_set(ct()) + b"MZ\x90\x00" + bytes(range(200))) == REFUSED
