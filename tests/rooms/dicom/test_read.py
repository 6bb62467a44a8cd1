"""What the guard says of a file, and what it refuses."""

import os
import struct
import zlib
from pathlib import Path

import pytest

from rooms.dicom import making
from rooms.dicom.making import BIG, CT, DEFLATED, EXPLICIT, IMPLICIT, INSTANCE, REPORT, SERIES, STUDY
from scanward.dicom import walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits
from scanward.dicom.preamble import PreambleKind
from scanward.dicom.read import dataset, inspect

R = RefusalReason


def reason(data: bytes) -> RefusalReason:
    with pytest.raises(Refused) as refused:
        inspect(data)
    return refused.value.reason


def element(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        inspect(data)
    return refused.value.element


def test_a_slice_is_told_with_all_that_intake_needs():
    seen = inspect(making.ct())
    assert (seen.sop_class_uid, seen.sop_instance_uid) == (CT, INSTANCE)
    assert (seen.study_instance_uid, seen.series_instance_uid) == (STUDY, SERIES)
    assert (seen.transfer_syntax_uid, seen.modality, seen.preamble) == (EXPLICIT, "CT", PreambleKind.EMPTY)
    assert (seen.rows, seen.columns, seen.frames, seen.bits_allocated, seen.samples_per_pixel) == (
        4,
        6,
        1,
        16,
        1,
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_the_pixels_are_told_by_their_place_in_the_file(syntax):
    data = making.ct(syntax=syntax)
    seen = inspect(data)
    assert seen.pixel is not None
    place, length = seen.pixel
    code = ">" if syntax == BIG else "<"
    assert struct.unpack(f"{code}24H", data[place : place + length]) == tuple(range(1000, 1024))


def test_every_encoding_gives_the_same_model():
    models = [inspect(making.ct(syntax=syntax)).dicom_json for syntax in (EXPLICIT, IMPLICIT, BIG)]
    assert models[0] == models[1] == models[2]


def test_a_deflated_data_set_is_inflated_and_read():
    plain = making.ct()
    start = plain.index(b"\x08\x00\x05\x00CS")
    squeeze = zlib.compressobj(wbits=-15)
    deflated = squeeze.compress(plain[start:]) + squeeze.flush()
    seen = inspect(making.file(deflated, DEFLATED))
    assert seen.deflated
    assert seen.dicom_json == inspect(plain).dicom_json


@pytest.mark.timeout(60)
@pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 18) + 1, 1 << 20])
@pytest.mark.parametrize("tail", [b"", b"\0", b"XE\x1a\x02\x04\0\0\0", bytes(1 << 17)], ids=["", "pad", "gzip", "long"])
def test_what_stands_behind_a_deflated_stream_is_not_of_it(size, tail):
    """Fault B3: some writers leave a pad byte or the tail of a gzip file there; with a long stream it never ended."""
    plain = bytes(range(256)) * (size >> 8) + bytes(size & 255)
    squeeze = zlib.compressobj(wbits=-15)
    assert walk.inflate(squeeze.compress(plain) + squeeze.flush() + tail) == plain


def test_a_file_is_read_from_its_path_and_from_a_view_alike(tmp_path):
    (tmp_path / "slice").write_bytes(making.ct())
    by_path = inspect(tmp_path / "slice")
    assert by_path == inspect(making.ct()) == inspect(memoryview(making.ct())) == inspect(bytearray(making.ct()))


def test_an_object_without_pixels_has_no_geometry():
    seen = inspect(making.report())
    assert (seen.sop_class_uid, seen.pixel, seen.image, seen.rows, seen.frames) == (REPORT, None, None, 0, 0)


# --- fault B1: truncated ------------------------------------------------------------------------


def test_a_file_cut_at_any_place_is_refused():
    """fault B1"""
    data = making.ct()
    for length in range(len(data)):
        assert isinstance(reason(data[:length]), RefusalReason)


@pytest.mark.parametrize(
    ("missing", "why"), [(10, R.TRUNCATED), (1, R.TRUNCATED), (40, R.TRUNCATED), (48, R.TRUNCATED)]
)
def test_pixels_that_end_early_are_refused(missing, why):
    """fault B1"""
    assert reason(making.ct()[:-missing]) is why


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_pixels_ten_bytes_short_with_a_right_length_are_refused(syntax):
    """fault B1: pydicom reads these without an error"""
    short = making.element(0x7FE00010, "OW", bytes(38), syntax)
    assert reason(making.ct(syntax=syntax, pixels=short)) is R.PIXELS_SHORT


def test_pixels_longer_than_declared_are_refused_but_for_padding():
    """fault B1"""
    assert reason(making.ct(pixels=making.element(0x7FE00010, "OW", bytes(50)))) is R.PIXELS_LONG
    odd = making.image(3, 3, 8)
    assert inspect(making.ct(odd, pixels=making.element(0x7FE00010, "OB", bytes(10)))).pixel is not None


def test_an_image_without_pixels_is_refused():
    """fault B1"""
    assert reason(making.ct(pixels=b"")) is R.PIXELS_MISSING
    assert reason(making.ct(dict.fromkeys(making.image()), pixels=b"")) is R.PIXELS_MISSING


# --- fault B2: not DICOM ------------------------------------------------------------------------


def test_what_is_not_dicom_is_told_as_that():
    """fault B2"""
    assert reason(b"") is R.EMPTY
    for junk in (b"\0", b"x" * 10, b"hello, this is a text" * 100, bytes(4096), b"DICM", b"%PDF-1.7" * 50):
        assert reason(junk) is R.NOT_DICOM


def test_ten_megabytes_of_junk_are_refused():
    """fault B2"""
    assert reason(os.urandom(10 << 20)) in (R.NOT_DICOM, R.MALFORMED)


def test_an_empty_file_and_a_folder_s_odd_inhabitants_are_refused(tmp_path):
    """fault B2"""
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("empty", R.EMPTY), ("pipe", R.NOT_DICOM)):
        with pytest.raises(Refused) as refused:
            inspect(tmp_path / name)
        assert refused.value.reason is why


def test_a_file_that_is_not_there_is_the_caller_s_mistake():
    with pytest.raises(OSError, match="nowhere"):
        inspect(Path("nowhere"))


def test_a_file_larger_than_allowed_is_refused_unread():
    with pytest.raises(Refused) as refused:
        inspect(making.ct(), limits=Limits(max_file=100))
    assert refused.value.reason is R.TOO_LARGE


# --- fault B6: geometry -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why", "named"),
    [
        ({0x00280010: ("US", 65535), 0x00280011: ("US", 65535)}, R.PIXELS_SHORT, "PixelData"),
        ({0x00280008: ("IS", "2147483648")}, R.BAD_GEOMETRY, "NumberOfFrames"),
        ({0x00280008: ("IS", "99999")}, R.PIXELS_SHORT, "PixelData"),
        ({0x00280008: ("IS", "-1")}, R.BAD_GEOMETRY, "NumberOfFrames"),
        ({0x00280008: ("IS", "0")}, R.BAD_GEOMETRY, "NumberOfFrames"),
        ({0x00280008: ("IS", "two")}, R.BAD_GEOMETRY, "NumberOfFrames"),
        ({0x00280010: ("UL", 0xFFFFFFFF)}, R.BAD_GEOMETRY, "Rows"),
        ({0x00280011: ("UL", 0x10000)}, R.BAD_GEOMETRY, "Columns"),
        ({0x00280010: ("US", 0)}, R.BAD_GEOMETRY, "Rows"),
        ({0x00280010: ("SS", -4)}, R.BAD_GEOMETRY, "Rows"),
        ({0x00280010: ("LO", "four")}, R.BAD_GEOMETRY, "Rows"),
        ({0x00280010: ("OB", b"\4\0")}, R.MISSING_ELEMENT, "Rows"),
        ({0x00280010: None}, R.MISSING_ELEMENT, "Rows"),
        ({0x00280100: ("US", 12)}, R.BAD_GEOMETRY, "BitsAllocated"),
        ({0x00280100: ("US", 65535)}, R.BAD_GEOMETRY, "BitsAllocated"),
        ({0x00280101: ("US", 17)}, R.BAD_GEOMETRY, "BitsStored"),
        ({0x00280002: ("US", 60000)}, R.BAD_GEOMETRY, "SamplesPerPixel"),
        ({0x00280002: ("US", 3)}, R.BAD_GEOMETRY, "SamplesPerPixel"),
    ],
)
def test_a_geometry_that_makes_no_sense_is_refused_by_name(change, why, named):
    """fault B6"""
    with pytest.raises(Refused) as refused:
        inspect(making.ct(change))
    assert (refused.value.reason, refused.value.element.split()[-1]) == (why, named)


# --- fault B9: identifiers ----------------------------------------------------------------------

NOT_UIDS = [
    "../../../../tmp/evil", "/etc/passwd", "1." * 39 + "12", "", "1.2.'3", '1.2."3', "1.2\0.3", "1.2\n.3",
    "1.2.3\n", "<script>alert(1)</script>", "1..2", ".1.2", "1.2.", "12", "1.2.3\\1.2.4", " 1.2.3",
    "1.2.٣".encode(), "1.2.3;drop", "1.2.-3", "1.2.3e5", "C:\\x", "\0", "1.2.3%00",
]  # fmt: skip


@pytest.mark.parametrize("tag", [0x00080016, 0x00080018, 0x0020000D, 0x0020000E])
@pytest.mark.parametrize("uid", NOT_UIDS)
def test_what_is_no_uid_is_refused_by_the_element_s_name(tag, uid):
    """fault B9"""
    data = making.file(making.body({**making.identity(REPORT), tag: ("UI", uid)}), sop_class="", instance="")
    with pytest.raises(Refused) as refused:
        inspect(data)
    assert refused.value.reason is R.BAD_UID
    assert refused.value.element.startswith(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) ")
    assert "evil" not in str(refused.value)


def test_the_longest_uid_is_kept_and_one_digit_more_is_not():
    """fault B9"""
    longest = "1." + "2" * 62
    assert inspect(making.report({0x0020000D: ("UI", longest)})).study_instance_uid == longest
    assert reason(making.report({0x0020000D: ("UI", longest + "2")})) is R.BAD_UID


@pytest.mark.parametrize("tag", [0x00080016, 0x00080018, 0x0020000D, 0x0020000E])
def test_an_instance_without_one_of_its_identifiers_is_refused(tag):
    data = making.file(making.body({**making.identity(REPORT), tag: None}), sop_class="", instance="")
    assert reason(data) is R.MISSING_ELEMENT


def test_header_and_content_must_name_the_same_object():
    """fault A13, for files"""
    body = making.body(making.identity(REPORT))
    assert reason(making.file(body, sop_class=CT)) is R.META_MISMATCH
    assert element(making.file(body, sop_class=REPORT, instance="1.2.3.4.77")).endswith("InstanceUID")


def test_an_element_that_stands_twice_is_refused():
    """Two readers might each believe another one of them."""
    twice = making.body(making.identity(REPORT)) + making.element(0x0020000E, "UI", "1.2.3.4.55")
    assert reason(making.file(twice, sop_class=REPORT)) is R.MALFORMED


# --- kinds of files -----------------------------------------------------------------------------


def test_a_directory_is_not_an_image():
    records = making.element(0x00041220, "SQ", making.item(b""))
    assert reason(making.file(records, sop_class="1.2.840.10008.1.3.10")) is R.DICOMDIR
    assert reason(making.file(records, sop_class="", instance="")) is R.DICOMDIR


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_a_bare_data_set_without_preamble_and_header_is_read(syntax):
    plain = making.ct(syntax=syntax)
    group = b"\0\x08\0\x05" if syntax == BIG else b"\x08\0\x05\0"
    seen = inspect(plain[plain.index(group, 200) :])
    assert (seen.transfer_syntax_uid, seen.preamble) == (syntax, PreambleKind.ABSENT)
    assert seen.dicom_json == inspect(plain).dicom_json


@pytest.mark.parametrize("start", [128, 132])
def test_a_file_that_lacks_only_the_preamble_is_read(start):
    assert inspect(making.ct()[start:]).sop_instance_uid == INSTANCE


def test_a_header_without_group_length_or_with_a_wrong_one_is_read():
    data = making.ct()
    wrong = data[:140] + b"\xff\xff\0\0" + data[144:]
    assert inspect(wrong).sop_instance_uid == INSTANCE
    assert inspect(data[:132] + data[144:]).sop_instance_uid == INSTANCE


def test_a_header_without_transfer_syntax_is_refused():
    assert element(bytes(128) + b"DICM" + making.element(0x00020002, "UI", CT)).startswith("(0002,0010)")


@pytest.mark.parametrize(
    ("syntax", "why"),
    [
        ("1.2.840.10008.1.2.4.100", R.UNSUPPORTED_SYNTAX),  # MPEG2
        ("1.2.840.10008.1.2.4.94", R.UNSUPPORTED_SYNTAX),  # JPIP: the pixels are somewhere else
        ("1.2.840.113619.5.2", R.UNSUPPORTED_SYNTAX),  # a vendor's own
        ("../../etc", R.UNSUPPORTED_SYNTAX),
    ],
)
def test_a_transfer_syntax_that_is_not_read_is_refused_by_name(syntax, why):
    with pytest.raises(Refused) as refused:
        inspect(making.file(b"", syntax))
    assert (refused.value.reason, refused.value.element) == (why, "(0002,0010) TransferSyntaxUID")


def test_bytes_of_another_syntax_than_declared_are_refused():
    """fault A14, for files"""
    implicit = making.ct(syntax=IMPLICIT)
    assert isinstance(reason(implicit.replace(IMPLICIT.encode() + b"\0", EXPLICIT.encode()[:18])), RefusalReason)


def test_zeros_after_the_end_are_padding_and_anything_else_is_hidden():
    assert inspect(making.ct() + bytes(5000)).sop_instance_uid == INSTANCE
    assert reason(making.ct() + b"PK\3\4" + bytes(40)) is R.MALFORMED


def test_the_modality_is_a_code_or_other():
    assert inspect(making.report({0x00080060: ("CS", "<b>")})).modality == "OT"
    assert inspect(making.report({0x00080060: None})).modality == "OT"


# --- refusals and pydicom -----------------------------------------------------------------------


@pytest.mark.parametrize("why", list(RefusalReason))
def test_every_reason_has_one_sentence_for_people(why):
    assert why.sentence.endswith(".")
    assert why.sentence[0].isupper()
    assert str(Refused(why, "(0028,0010) Rows")).startswith("(0028,0010) Rows: ")


def test_a_refusal_never_quotes_a_value():
    """fault C23"""
    with pytest.raises(Refused) as refused:
        inspect(making.report({0x0020000D: ("UI", "CANARY^NAME")}))
    assert "CANARY" not in f"{refused.value}{refused.value!r}{refused.value.args}"


def test_pydicom_s_object_comes_only_after_the_guard():
    assert dataset(making.ct()).PatientName == "Liddell^Alice"
    with pytest.raises(Refused):
        dataset(making.ct()[:-10])


def test_pydicom_reads_also_what_has_no_preamble():
    plain = making.ct(syntax=IMPLICIT)
    assert dataset(plain[plain.index(b"\x08\0\x05\0", 200) :]).Rows == 4


@pytest.mark.parametrize(("vr", "value"), [("US", 7), ("IS", "7"), ("DS", "7.5"), ("PN", "A^B=C"), ("AT", bytes(4))])
def test_a_character_set_that_is_no_text_is_the_default_one(vr, value):
    """Fault B2, found by `make fuzz` (seed 1269247): the element's VR is whatever the file says."""
    assert inspect(making.ct({0x00080005: (vr, value)})).dicom_json["00100010"]["Value"] == [
        {"Alphabetic": "Liddell^Alice"}
    ]
