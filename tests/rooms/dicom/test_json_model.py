"""DICOM JSON against the standard's examples and pydicom's own, and against values that break their VR."""

import json
import math
import struct
from io import BytesIO

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from rooms.dicom import making
from rooms.dicom.making import BIG, EXPLICIT, IMPLICIT
from scanward.dicom import charsets, json_model
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits
from scanward.dicom.read import inspect


def model(change: making.Change) -> dict:
    return inspect(making.report(change)).dicom_json


def one(tag: int, vr: str, value: bytes | str) -> dict:
    return model({tag: (vr, value)})[f"{tag:08X}"]


@pytest.mark.parametrize(
    ("tag", "vr", "raw", "value"),
    [
        (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL ", ["ORIGINAL", "PRIMARY", "AXIAL"]),
        (0x00080050, "SH", " 12345 ", ["12345"]),
        (0x00080050, "SH", "a\\\\b", ["a", None, "b"]),
        (0x00100010, "PN", "Liddell^Alice^^Dr", [{"Alphabetic": "Liddell^Alice^^Dr"}]),
        (0x00101001, "PN", "A^B\\\\C", [{"Alphabetic": "A^B"}, None, {"Alphabetic": "C"}]),
        (0x00100030, "DA", "19700101", ["19700101"]),
        (0x00280030, "DS", "0.5\\0.25 ", [0.5, 0.25]),
        (0x00200013, "IS", " +12", [12]),
        (0x00189328, "FD", struct.pack("<d", 1.5), [1.5]),
        (
            0x00189328,
            "FD",
            struct.pack("<3d", math.nan, math.inf, -math.inf),
            ["NaN", "Infinity", "-Infinity"],
        ),
        (0x00280010, "US", b"\1\0\2\0", [1, 2]),
        (0x00280106, "SS", b"\xff\xff", [-1]),
        (0x00081160, "UV", struct.pack("<2Q", 5, 1 << 60), [5, str(1 << 60)]),
        (0x00280009, "AT", struct.pack("<4H", 0x18, 0x1063, 0x20, 0x9165), ["00181063", "00209165"]),
        (0x00081190, "UR", "https://example.org/a\\b  ", ["https://example.org/a\\b"]),
        (0x00204000, "LT", " two\\lines ", [" two\\lines"]),
        (0x00080020, "DA", "", None),
    ],
)
def test_every_kind_of_value_is_told_as_the_standard_says(tag, vr, raw, value):
    assert one(tag, vr, raw) == ({"vr": vr, "Value": value} if value else {"vr": vr})


@pytest.mark.parametrize(
    ("vr", "raw", "value"),
    [
        ("DS", "1,5", "1,5"),
        ("DS", "nan", "nan"),
        ("DS", "1e999", "1e999"),
        ("DS", "1_0", "1_0"),
        ("IS", "12.0", 12.0),
        ("IS", "1_0", "1_0"),
        ("IS", "9" * 400, "9" * 400),
        ("IS", "twelve", "twelve"),
        ("CS", b"\xc3\xbc<script>", "Ã¼<script>"),
        ("SH", b"a\0b\0", "a�b"),
    ],
)
def test_a_value_that_breaks_its_vr_is_kept_as_text(vr, raw, value):
    assert one(0x00091001, vr, raw)["Value"] == [value]


@pytest.mark.parametrize(("vr", "size"), [("US", 1), ("UL", 6), ("FD", 4), ("AT", 2), ("SV", 12)])
def test_a_binary_value_of_the_wrong_length_is_kept_as_unknown(vr, size):
    data = making.report() + making.header(0x00410010, vr, size) + b"\1" * size
    found = inspect(data).dicom_json["00410010"]
    assert found["vr"] == "UN"
    assert "InlineBinary" in found


def test_small_binary_is_inline_and_large_binary_is_told_by_its_length():
    assert one(0x00091001, "OB", b"\1\2\3\4") == {"vr": "OB", "InlineBinary": "AQIDBA=="}
    assert "InlineBinary" in one(0x00091001, "OB", bytes(1024))
    assert one(0x00091001, "OB", bytes(1026)) == {"vr": "OB", "Length": 1026}
    assert one(0x00091001, "UT", "x" * 70_000) == {"vr": "UT", "Length": 70_000}
    assert one(0x00091001, "OW", b"") == {"vr": "OW"}


def test_binary_words_of_a_big_endian_file_are_turned_round():
    data = making.ct({0x00091001: ("OW", b"\1\2\3\4")}, syntax=BIG)
    assert inspect(data).dicom_json["00091001"]["InlineBinary"] == "AgEEAw=="


def test_pixels_and_group_lengths_are_no_part_of_it():
    data = making.ct({0x00280000: ("UL", 4)})
    assert not {"7FE00010", "00280000", "00020010"} & inspect(data).dicom_json.keys()


def test_sequences_nest_and_an_empty_one_has_no_value():
    code = making.element(0x00080100, "SH", "T-A0100")
    found = model({0x00082218: ("SQ", making.item(code) + making.item(b"")), 0x00081140: ("SQ", b"")})
    assert found["00082218"]["Value"] == [{"00080100": {"vr": "SH", "Value": ["T-A0100"]}}, {}]
    assert found["00081140"] == {"vr": "SQ"}


def test_an_icon_s_pixels_are_told_by_their_length_and_are_not_the_image_s():
    stream = making.fragments(b"\xff\xd8\xff\xe0" + bytes(20))
    icon = making.body(making.image(2, 2, 8)) + stream
    seen = inspect(making.ct({0x00880200: ("SQ", making.item(icon))}))
    assert seen.dicom_json["00880200"]["Value"][0]["7FE00010"] == {"vr": "OB", "Length": len(stream) - 20}
    assert (seen.rows, seen.fragments) == (4, ())


def test_an_element_may_stand_in_each_of_two_items_but_not_twice_in_one():
    code = making.element(0x00080100, "SH", "A")
    assert len(model({0x00082218: ("SQ", making.item(code) * 2)})["00082218"]["Value"]) == 2
    with pytest.raises(Refused) as refused:
        model({0x00082218: ("SQ", making.item(code * 2))})
    assert refused.value.reason is RefusalReason.MALFORMED


# --- value representations that the file doesn't tell -------------------------------------------


def test_implicit_files_are_read_with_the_dictionary():
    change = {0x00280106: ("US", 65535), 0x00290010: ("LO", "ACME")}
    found = inspect(making.ct(change, syntax=IMPLICIT)).dicom_json
    assert found["00280106"] == {"vr": "US", "Value": [65535]}
    assert found["00290010"] == {"vr": "LO", "Value": ["ACME"]}


def test_us_or_ss_follows_the_pixel_representation():
    change = {0x00280103: ("US", 1), 0x00280106: ("US", 65535)}
    assert inspect(making.ct(change, syntax=IMPLICIT)).dicom_json["00280106"] == {"vr": "SS", "Value": [-1]}


def test_private_elements_without_a_vr_stay_unknown():
    data = making.ct({0x00291001: ("UN", b"\1\2")}, syntax=IMPLICIT)
    assert inspect(data).dicom_json["00291001"] == {"vr": "UN", "InlineBinary": "AQI="}


def test_a_public_element_that_an_old_archive_marked_unknown_is_read_with_the_dictionary():
    """PS3.5 6.2.2"""
    assert one(0x00100020, "UN", "ABC-1 ")["Value"] == ["ABC-1"]
    data = making.ct({0x00189305: ("UN", struct.pack("<d", 2.5))}, syntax=BIG)
    assert inspect(data).dicom_json["00189305"]["Value"] == [2.5]


def test_a_sequence_of_vr_unknown_and_undefined_length_is_entered():
    """PS3.5 6.2.2 note 4"""
    inner = making.item(making.element(0x00080100, "SH", "X1", IMPLICIT))
    unknown = making.header(0x00082218, "UN", making.UNDEFINED) + inner + making.END_OF_SEQUENCE
    data = making.report()
    spot = data.index(b"\x10\0\x10\0PN")
    found = inspect(data[:spot] + unknown + data[spot:]).dicom_json["00082218"]
    assert found == {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["X1"]}}]}


# --- character sets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "raw", "groups"),
    [  # PS3.5 annexes H to K, and GB18030 of J
        ("ISO_IR 192", "Wang^XiaoDong=王^小东".encode(), ["Wang^XiaoDong", "王^小东"]),
        ("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", ["Wang^XiaoDong", "王^小东"]),
        ("ISO_IR 100", b"Buc^J\xe9r\xf4me", ["Buc^Jérôme"]),
        ("ISO_IR 144", b"\xbb\xee\xda\x63\x65\xdc\xd1\x79\x70\xd3", ["Люкceмбypг"]),
        (
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            ["Yamada^Tarou", "山田^太郎", "やまだ^たろう"],
        ),
        (
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
            ["ﾔﾏﾀﾞ^ﾀﾛｳ", "山田^太郎"],
        ),
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            ["Hong^Gildong", "洪^吉洞", "홍^길동"],
        ),
        (
            "\\ISO 2022 IR 58",
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
            ["Zhang^XiaoDong", "张^小东"],
        ),
    ],
)  # fmt: skip
def test_names_of_every_script_are_read(terms, raw, groups):
    found = model({0x00080005: ("CS", terms), 0x00100010: ("PN", raw)})["00100010"]["Value"]
    assert list(found[0].values()) == groups


@pytest.mark.parametrize("term", ["ISO_IR 192", "GB18030", "GBK"])
def test_an_escape_means_nothing_where_the_character_set_stands_alone(term):
    """PS3.5 6.1.2.5: no code extensions there; the bytes stay as they are, the reader sees that something is wrong."""
    raw = b"No \x1b$B;3\x1b(B here"
    found = model({0x00080005: ("CS", term), 0x00080080: ("LO", raw)})["00080080"]["Value"]
    assert found == ["No \ufffd$B;3\ufffd(B here"]


def test_a_second_byte_that_looks_like_a_backslash_does_not_split_a_value():
    """0x5C is the second byte of many characters of GBK."""
    raw = "誠\\A".encode("gb18030")
    assert raw.count(b"\\") == 2
    assert model({0x00080005: ("CS", "GB18030"), 0x00080080: ("LO", raw)})["00080080"]["Value"] == ["誠", "A"]


def test_an_item_may_have_a_character_set_of_its_own():
    """PS3.5 7.5.3"""
    inner = making.element(0x00080005, "CS", "ISO_IR 192") + making.element(0x00080104, "LO", "é".encode())
    found = model({0x00082218: ("SQ", making.item(inner)), 0x00080080: ("LO", b"\xe9")})
    assert found["00082218"]["Value"][0]["00080104"]["Value"] == ["é"]
    assert found["00080080"]["Value"] == ["é"]


@pytest.mark.parametrize("term", ["unicode_escape", "idna", "zlib", "utf_7", "undefined", "ISO_IR 999"])
def test_a_python_codec_is_never_looked_up_for_a_file(term):
    assert charsets.encodings([term]) == ("iso8859",)


@pytest.mark.parametrize("term", ["ISO-IR 100", "ISO_IR_100", "ISO IR 100", "iso_ir 100"])
def test_common_misspellings_of_a_character_set_are_understood(term):
    assert charsets.encodings([term]) == ("latin_1",)


@given(st.binary(max_size=60), st.lists(st.sampled_from(sorted(charsets.python_encoding)), max_size=3))
def test_any_bytes_are_some_text_in_any_character_set(raw, terms):
    assert isinstance(charsets.decode(raw, charsets.encodings(list(terms))), str)


# --- against pydicom ----------------------------------------------------------------------------


def expected(data: bytes) -> dict:
    made = making.by_pydicom(data).to_json_dict()
    return {tag: what for tag, what in made.items() if tag != "7FE00010"}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_pydicom_gives_the_same_model(syntax):
    made = Dataset()
    made.PatientName, made.PatientID, made.StudyDate = "Liddell^Alice", "P-1", "20240131"
    made.PixelSpacing, made.WindowCenter, made.InstanceNumber = [0.5, 0.25], 40, 7
    made.ImagePositionPatient, made.SliceThickness = [-125.5, 0, 3], 2.5
    made.FrameIncrementPointer, made.RevolutionTime = 0x00181063, 0.5
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "T-D1100", "Head"
    made.AnatomicRegionSequence = Sequence([item])
    written, whole = BytesIO(), making.by_pydicom(making.ct(syntax=syntax))
    whole.update(made)
    pydicom.dcmwrite(written, whole)
    found = inspect(written.getvalue()).dicom_json
    assert json.loads(json.dumps(found)) == expected(written.getvalue())


def test_a_model_that_would_fill_the_memory_is_refused():
    with pytest.raises(Refused) as refused:
        inspect(making.ct(), limits=Limits(max_json=1000))
    assert refused.value.reason is RefusalReason.TOO_MANY_ELEMENTS


PLAIN = {0x00180000 + number: ("SH", f"plain {number} ") for number in (0x1000, 0x1010, 0x1020, 0x1030, 0x1160, 0x1170)}
PLAIN |= {0x00210010: ("LO", "PRIVATE "), 0x00211001: ("SH", "one "), 0x00211002: ("SH", "two ")}


def test_the_second_series_of_a_study_is_taken_in_rows_too(monkeypatch):
    """Its slices lie where the first one's lay: what was seen before there may not break the rows up."""
    taken, take = [], json_model._Builder.take_known

    def count(builder, walker, what):
        taken[-1] += 1
        take(builder, walker, what)

    monkeypatch.setattr(json_model._Builder, "take_known", count)
    memo = json_model.Memo()
    for _series in range(2):
        taken.append(0)
        for number in range(10):
            place = {0x00200013: ("IS", str(number)), 0x00201041: ("DS", f"{number}.5"), 0x00181152: ("IS", "155")}
            slice_ = making.ct({**PLAIN, **place})
            assert inspect(slice_, memo=memo) == inspect(slice_)
    assert taken[1] < taken[0]
