"""The preamble: what it is taken for, and what is released (fault B8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.dicom import making
from scanward.dicom.preamble import PreambleKind, classify, neutral_preamble
from scanward.dicom.read import inspect

K = PreambleKind
FACES = [
    (bytes(128), K.EMPTY),
    (b"II*\0\x08\0\0\0", K.TIFF),
    (b"MM\0*\0\0\0\x08", K.TIFF),
    (b"MZ\x90\0" + bytes(56) + b"\x80\0\0\0", K.EXECUTABLE),
    (b"\x7fELF\2\1\1", K.EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", K.EXECUTABLE),
    (b"\xca\xfe\xba\xbe", K.EXECUTABLE),
    (b"#!/bin/sh\nrm -rf ~ #", K.EXECUTABLE),
    (b"<!DOCTYPE html><script>alert(1)</script><!--", K.HTML),
    (b"  \n<HTML>", K.HTML),
    (b"<svg onload=alert(1)>", K.HTML),
    (b"PK\3\4\x14\0", K.ZIP),
    (bytes(40) + b"PK\3\4\x14\0", K.ZIP),
    (b"%PDF-1.7\n", K.PDF),
    (b"\n\n%PDF-1.4", K.PDF),
    (b"GE Medical", K.OTHER),
]


@pytest.mark.parametrize(("face", "kind"), FACES)
def test_a_preamble_is_told_by_its_face(face, kind):
    """fault B8"""
    data = making.file(making.body(making.identity(making.REPORT)), sop_class=making.REPORT)
    assert inspect(face.ljust(128, b"\0") + data[128:]).preamble is kind


def test_polyglots_alarm_and_what_the_standard_means_does_not():
    """fault B8"""
    assert {kind for kind in K if kind.alarming} == {K.EXECUTABLE, K.HTML, K.ZIP, K.PDF}


@given(st.binary(min_size=128, max_size=128))
def test_whatever_it_was_zeros_are_released(preamble):
    """fault B8"""
    assert neutral_preamble(preamble + b"DICM") == bytes(128)
    assert isinstance(classify(preamble + b"DICM"), PreambleKind)


def test_a_file_without_preamble_gets_none():
    bare = making.ct()[132:]
    assert classify(bare) is K.ABSENT
    assert neutral_preamble(bare) == b""


def test_the_released_file_is_the_same_object():
    original = b"MZ".ljust(128, b"\x90") + making.ct()[128:]
    released = neutral_preamble(original) + original[128:]
    assert inspect(released).dicom_json == inspect(original).dicom_json
    assert inspect(released).preamble is K.EMPTY
