"""Whatever the bytes: something is told or something is refused, and nothing else happens."""

import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rooms.dicom import making
from rooms.dicom.making import BIG, DEFLATED, EXPLICIT, IMPLICIT, fragments
from rooms.dicom.test_pixels import jpeg
from scanward.dicom.errors import Refused
from scanward.dicom.frames import frame, picture
from scanward.dicom.json_model import Memo, written
from scanward.dicom.read import Inspected, dataset, inspect

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
NESTED = making.item(making.element(0x00080100, "SH", "X") + making.element(0x00081140, "SQ", making.item(b"")))
VALID = [
    making.ct({0x00082218: ("SQ", NESTED)}),
    *(making.ct({0x00082218: ("SQ", b"")}, syntax=syntax) for syntax in (IMPLICIT, BIG)),
    making.ct({0x00280008: ("IS", "2")}, syntax=making.JPEG_LOSSLESS, pixels=fragments(jpeg(), jpeg())),
    making.report({0x00080005: ("CS", "\\ISO 2022 IR 87"), 0x00100010: ("PN", b"A=\x1b$B;3ED\x1b(B")}),
    making.ct()[132:],
]


MEMO = Memo()


def outcome(data: bytes) -> Inspected | Refused:
    """What the guard says; with a memo of everything that came before it says the same."""
    try:
        found = inspect(data)
    except Refused as refused:
        with pytest.raises(Refused) as again:
            inspect(data, memo=MEMO)
        assert (again.value.reason, again.value.element) == (refused.reason, refused.element)
        return refused
    again = inspect(data, memo=MEMO)
    assert again == found
    assert again.text == written(found.dicom_json)
    json.dumps(found.dicom_json, allow_nan=False).encode()
    assert found.size == len(data)
    return found


def test_slices_that_share_rows_of_elements_come_out_as_without_a_memo():
    named = {0x00100010: ("PN", b"Doe^Jane"), 0x00100020: ("LO", b"4711"), 0x00100040: ("CS", b"F ")}
    changed = {0x00080060: ("CS", "CT"), 0x00100020: ("LO", b"4712"), 0x00200013: ("IS", "7")}
    for _ in range(3):
        assert isinstance(outcome(making.ct(named)), Inspected)
        for tag, value in changed.items():
            assert isinstance(outcome(making.ct(named | {tag: value})), Inspected)
    whole = making.ct(named)
    at = whole.index(b"\x10\0\x10\0PN")
    again = whole[:at] + whole[at : whole.index(b"\x10\0\x40\0CS")] * 2 + whole[at:]
    assert isinstance(outcome(again), Refused)


@MANY
@given(st.binary(max_size=600))
@example(b"DICM")
@example(bytes(128) + b"DICM")
@example(b"\x08\0\5\0CS")
def test_random_bytes_are_refused_or_told(data):
    """fault B2"""
    outcome(data)


@MANY
@given(st.binary(max_size=300), st.sampled_from([EXPLICIT, IMPLICIT, BIG, making.RLE]))
def test_random_elements_after_a_good_header_are_refused_or_told(data, syntax):
    outcome(making.file(making.body(making.identity(), syntax) + data, syntax))


@MANY
@given(st.binary(max_size=300))
def test_random_bytes_deflated_are_refused_or_told(data):
    squeeze = zlib.compressobj(wbits=-15)
    outcome(making.file(squeeze.compress(making.body(making.identity()) + data) + squeeze.flush(), DEFLATED))
    outcome(making.file(data, DEFLATED))


def mutated(data: st.DataObject) -> bytes:
    good = bytearray(data.draw(st.sampled_from(VALID)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(good) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "copy", "drop", "length"]))
        if kind == "set":
            good[at] = data.draw(st.integers(0, 255))
        elif kind == "length":
            good[at : at + 4] = data.draw(st.sampled_from([b"\xff" * 4, b"\xf0\xff\xff\xff", bytes(4)]))
        elif kind == "cut":
            del good[max(at, 1) :]
        elif kind == "copy":
            good[at:at] = good[at : at + data.draw(st.integers(1, 40))]
        else:
            del good[at : at + data.draw(st.integers(1, 40))]
            good = good or bytearray(1)
    return bytes(good)


@MANY
@given(st.data())
def test_a_mutated_file_is_refused_or_told(data):
    outcome(mutated(data))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_passes_the_guard_has_frames_and_a_pydicom_object_or_is_refused(data):
    bad = mutated(data)
    if isinstance(seen := outcome(bad), Refused):
        return
    for use in (lambda: picture(frame(bad)) if not seen.fragments else None, lambda: dataset(bad)):
        with suppress(Refused):
            use()


@given(st.sampled_from(VALID), st.integers(0, 2000))
def test_a_view_and_a_copy_are_read_alike(good, cut):
    assert str(outcome(memoryview(good)[:cut])) == str(outcome(good[:cut]))
