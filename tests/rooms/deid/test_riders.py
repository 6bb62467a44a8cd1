"""S2, S3, fault B21: what rides along with pixels and numbers, where a decoder doesn't look and a reader does."""

import io
import struct

import numpy as np
import pydicom
import pytest

from rooms.dicom.jpegs import HIGH_THROUGHPUT
from scanward.deid.held import Held
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE
from scanward.deid.rewrite import Deidentifier
from scanward.dicom.errors import Refused
from scanward.dicom.frames import frame as decoded

from .coded import CODED
from .corpus import ENHANCED, PIXELS, Mint, base, ct
from .handmade import BIG, EXPLICIT, encapsulated, file

ENGINE = Deidentifier(READY_MADE["research"], Project("riders", b"r" * 32))
TOKEN = b"Vaskelonn"
JPEG, JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"


def clean(data: bytes) -> bytes:
    return ENGINE.clean(data).assemble(data)


def pixels_of(data: bytes) -> np.ndarray:
    return pydicom.dcmread(io.BytesIO(data)).pixel_array


def fate(data: bytes) -> str:
    """What becomes of a file that carries the token: "clean" or the reason for which it stays behind."""
    try:
        output = clean(data)
    except (Held, Refused) as kept_back:
        return kept_back.reason.value
    assert TOKEN not in output
    return "clean"


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def plain(syntax: str) -> bytes:
    """A coded frame of the corpus' pixels without riders; 8 bits in JPEG."""
    if syntax == JPEG:
        from PIL import Image

        made = io.BytesIO()
        Image.fromarray((PIXELS >> 4).astype(np.uint8)).save(made, "JPEG")
        return made.getvalue()
    return next(coded for _, uid, coded in CODED() if uid == syntax)(PIXELS, lambda: b"")[0]


def coded(syntax: str, *frames: bytes, table=b"", extra=()) -> bytes:
    eight = [(0x00280100, "US", 8), (0x00280101, "US", 8), (0x00280102, "US", 7)] if syntax == JPEG else []
    elements = {e[0]: e for e in [*ct(Mint(4), pixels=False), *eight, *extra]}
    return file([*elements.values(), encapsulated(frames, table)], syntax)


def behind(frame: bytes, marker: bytes, rider: bytes) -> bytes:
    """A frame with a rider behind its first marker segment of that kind."""
    at = frame.index(marker)
    end = at + 2 + struct.unpack_from(">H", frame, at + 2)[0]
    return frame[:end] + rider + frame[end:]


@pytest.mark.parametrize("marker", [0xFE, 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF])
def test_comments_and_application_segments_go_and_the_jpeg_stays(marker):
    data = coded(JPEG, behind(plain(JPEG), b"\xff\xdb", segment(marker, b"Exif\0\0" + TOKEN)))
    assert fate(data) == "clean"
    assert (pixels_of(clean(data)) == pixels_of(data)).all()


@pytest.mark.parametrize("marker", [0x02, 0xBF, 0xC8, 0xCC, 0xDC, 0xDD, 0xDE, 0xDF, 0xF0, 0xF8, 0xFD])
def test_a_segment_that_no_jpeg_in_dicom_has_is_held(marker):
    assert fate(coded(JPEG, behind(plain(JPEG), b"\xff\xdb", segment(marker, TOKEN)))) == "undecodable"


@pytest.mark.parametrize("marker", [b"\xff\xdb", b"\xff\xc4", b"\xff\xc0", b"\xff\xda"])
def test_letters_behind_the_tables_of_a_segment_are_held(marker):
    frame = plain(JPEG)
    at = frame.index(marker)
    size = struct.unpack_from(">H", frame, at + 2)[0]
    longer = struct.pack(">H", size + len(TOKEN)) + frame[at + 4 : at + 2 + size] + TOKEN
    assert fate(coded(JPEG, frame[: at + 2] + longer + frame[at + 2 + size :])) == "undecodable"


def test_a_table_that_no_component_uses_goes():
    data = coded(JPEG, behind(plain(JPEG), b"\xff\xdb", segment(0xDB, b"\x03" + (TOKEN * 8)[:64])))
    assert fate(data) == "clean"
    assert (pixels_of(clean(data)) == pixels_of(data)).all()


@pytest.mark.parametrize("syntax", [JPEG, JPEG_LS, JPEG_2000])
def test_letters_at_the_end_of_the_coded_data_are_held(syntax):
    frame = plain(syntax)
    end = frame.rindex(b"\xff\xd9")
    if syntax == JPEG_2000:  # the tile-part says how long it is
        at = frame.index(b"\xff\x90") + 6
        size = struct.unpack_from(">I", frame, at)[0]
        frame = frame[:at] + struct.pack(">I", size + len(TOKEN) if size else 0) + frame[at + 4 :]
    assert fate(coded(syntax, frame[:end] + TOKEN + frame[end:])) == "undecodable"


@pytest.mark.parametrize("marker", [0x30, 0x3F, 0x50, 0x59, 0x5E, 0x60, 0x63, 0x78])
def test_a_segment_that_no_rule_of_jpeg_2000_explains_is_held(marker):
    assert fate(coded(JPEG_2000, behind(plain(JPEG_2000), b"\xff\x51", segment(marker, b"\0\1" + TOKEN)))) == (
        "undecodable"
    )


@pytest.mark.parametrize("marker", [0x55, 0x57, 0x64])
def test_comments_and_lists_of_lengths_go_and_the_jpeg_2000_stays(marker):
    data = coded(JPEG_2000, behind(plain(JPEG_2000), b"\xff\x51", segment(marker, b"\0\1" + TOKEN)))
    assert fate(data) == "clean"
    assert (pixels_of(clean(coded(JPEG_2000, plain(JPEG_2000)))) == PIXELS).all()


def boxed(*boxes: tuple[bytes, bytes], components=1) -> bytes:
    """A JP2 file around the corpus' pixels."""
    size = struct.pack(">IIHBBBB", *PIXELS.shape, components, 15, 7, 0, 0)
    header = [(b"ihdr", size), (b"colr", b"\1\0\0\0\0\0\x11"), *[one for one in boxes if one[0] == b"pclr"]]
    others = [one for one in boxes if one[0] != b"pclr"]
    return in_boxes(
        (b"jP  ", b"\r\n\x87\n"),
        (b"ftyp", b"jp2 \0\0\0\0jp2 "),
        (b"jp2h", in_boxes(*header)),
        *others,
        (b"jp2c", plain(JPEG_2000)),
        *others,
    )


def in_boxes(*boxes: tuple[bytes, bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(body) + 8) + kind + body for kind, body in boxes)


@pytest.mark.parametrize("box", [b"xml ", b"uuid", b"asoc", b"lbl "])
def test_of_a_jpeg_2000_file_only_the_codestream_is_written(box):
    """DICOM has bare codestreams only (PS3.5 A.4.4), so the boxes that some programs put around stay behind."""
    data = coded(JPEG_2000, boxed((box, TOKEN)))
    assert fate(data) == "clean"
    assert clean(data) == clean(coded(JPEG_2000, plain(JPEG_2000)))


@pytest.mark.parametrize(
    "file_of", [boxed((b"pclr", TOKEN)), boxed(components=3), boxed()[:-30], boxed().replace(b"jp2c", b"jp2x")]
)
def test_a_jpeg_2000_file_whose_boxes_change_its_pixels_is_held(file_of):
    assert fate(coded(JPEG_2000, file_of)) == "undecodable"


def test_the_patients_name_inside_coded_pixels_is_held():
    data = coded(JPEG_LS, plain(JPEG_LS), extra=[(0x00100010, "PN", "Vaskelonn^Brim")])
    frame = plain(JPEG_LS)
    middle = len(frame) // 2
    assert fate(data.replace(frame[middle : middle + 9], TOKEN)) == "residual"


def test_the_extended_offset_table_goes_where_frames_moved():
    """Item 4: what was valid stays valid, and the frames are found by the basic offset table."""
    frame = behind(plain(JPEG_2000), b"\xff\x51", segment(0x64, b"\0\1" + TOKEN))
    frame += b"\0" * (len(frame) & 1)
    extra = [(0x00080016, "UI", ENHANCED), (0x00280008, "IS", "2")]
    extra += [(0x7FE00001, "OV", struct.pack("<2Q", 0, len(frame) + 8))]
    extra += [(0x7FE00002, "OV", struct.pack("<2Q", len(frame), len(frame)))]
    data = coded(JPEG_2000, frame, frame, extra=extra)
    assert fate(data) == "clean"
    output = pydicom.dcmread(io.BytesIO(clean(data)))
    assert "ExtendedOffsetTable" not in output
    assert "ExtendedOffsetTableLengths" not in output
    assert all((frame == PIXELS).all() for frame in output.pixel_array)


def in_high_bits(syntax: str, position: int, stored=12) -> bytes:
    """A CT whose overlay sits in a bit of its pixels."""
    marked = PIXELS.copy()
    marked[::3] |= 1 << position
    plane = [(0x60000010, "US", 64), (0x60000011, "US", 64), (0x60000040, "CS", "G"), (0x60000050, "SS", [1, 1])]
    plane += [(0x60000100, "US", 16), (0x60000102, "US", position), (0x00280101, "US", stored)]
    elements = {e[0]: e for e in [*ct(Mint(6), pixels=False), *plane]}
    order = ">" if syntax == BIG else "<"
    elements[0x7FE00010] = (0x7FE00010, "OW", marked.astype(f"{order}u2").tobytes())
    return file(list(elements.values()), syntax)


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG])
def test_an_overlay_in_unused_bits_goes_and_the_values_stay(syntax):
    output = clean(in_high_bits(syntax, 15))
    assert (pixels_of(output) == PIXELS).all()
    assert not [one for one in pydicom.dcmread(io.BytesIO(output)) if one.tag.group == 0x6000]


def test_an_overlay_among_the_bits_of_the_values_is_held():
    assert fate(in_high_bits(EXPLICIT, 11)) == "overlay-bits"


@pytest.mark.parametrize(("tail", "what"), [(b"", "clean"), (TOKEN * 4, "pixels-long")])
def test_floating_point_pixels_are_as_many_as_declared(tail, what):
    values = np.linspace(-1000, 3000, PIXELS.size).astype("<f4").tobytes()
    gone = (0x00280101, 0x00280102, 0x00280103)
    elements = {e[0]: e for e in ct(Mint(7), pixels=False) if e[0] not in gone}
    elements |= {0x00080016: (0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.30"), 0x00280100: (0x00280100, "US", 32)}
    coder_tail = struct.pack("<HH2sHI", 0x7FE0, 8, b"OF", 0, len(values + tail)) + values + tail
    assert fate(file([*elements.values(), coder_tail])) == what


def test_of_an_element_that_stands_twice_the_first_counts():
    twice = b"(\0\x01\x03CS\x04\0YES (\0\x01\x03CS\x02\0NO"
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, PIXELS.nbytes) + PIXELS.tobytes()
    assert fate(file([*ct(Mint(8), pixels=False), twice, pixels])) == "burned-in"


def test_a_broken_element_in_the_middle_of_a_report_is_refused_and_not_taken_for_its_end():
    report = [e for e in base(Mint(9), "1.2.840.10008.5.1.4.1.1.88.22") if e[0] != 0x00181030]
    broken = b"\x40\0\x43\xa0??\x04\0abcd" + b"\x40\0\x30\xa7SQ\0\0\0\0\0\0"
    assert fate(file([*report, broken])) == "malformed"


@pytest.mark.parametrize(
    ("value", "stays"),
    [
        ("51185008", True),  # SNOMED CT, thorax
        ("39607008", True),
        ("121071", True),  # DICOM
        ("18748-4", True),  # LOINC
        ("51185009", False),
        ("83910247", False),
        ("4711471147", False),
        ("119788100", False),  # the check digit is right, but such a partition is of longer identifiers
    ],
)
def test_a_long_number_is_a_code_only_with_its_check_digit(value, stays):
    code = [
        (0x00080100, "SH", value),
        (0x00080102, "SH", "LN" if "-" in value else "SCT"),
        (0x00080104, "LO", "Thorax"),
    ]
    output = clean(file([*ct(Mint(2)), (0x00081032, "SQ", [code])]))
    assert (value.encode() in output) is stays


@pytest.mark.parametrize("text", ["4132514331", "413251.4331", "+41325143.31"])
def test_a_record_number_is_found_in_a_decimal(text):
    own = {e[0]: e for e in ct(Mint(5))} | {0x00100020: (0x00100020, "LO", "4132514331")}
    assert text.encode() not in clean(file(list((own | {0x00180088: (0x00180088, "DS", text)}).values())))


@pytest.mark.parametrize(("vr", "stays"), [("DS", True), ("LO", False), ("SH", False)])
def test_a_long_number_given_as_text_where_a_measure_belongs_goes(vr, stays):
    own = {e[0]: e for e in ct(Mint(5))} | {0x00181149: (0x00181149, vr, "99536015")}
    assert (b"99536015" in clean(file(list(own.values())))) is stays


@pytest.mark.parametrize(
    ("tag", "number", "stays"),
    [
        (0x00181170, "6175550142", False),  # as long as a telephone's number
        (0x00181170, "987654320", False),
        (0x00181170, "61755501", True),
        (0x00181170, "2147483647", True),  # no value, as programs write it
        (0x00181170, "1500000000", True),
        (0x00180070, "412345678", True),  # counts of a PET scanner
        (0x00101030, "73920184", False),  # kilograms of nobody
        (0x00101030, "72.5", True),
        (0x00101020, "1.78", True),
    ],
)
def test_a_number_that_is_too_long_for_a_measure_goes(tag, number, stays):
    """S3: what nobody knows of this patient, but everybody can tell from a measure."""
    own = {e[0]: e for e in ct(Mint(5))} | {tag: (tag, "DS", number)}
    assert (number.encode() in clean(file(list(own.values())))) is stays


def test_a_long_code_is_longer_than_a_short_one_may_be():
    code = [(0x00080119, "UC", "948765009"), (0x00080102, "SH", "SCT"), (0x00080104, "LO", "Thorax")]
    assert b"948765009" not in clean(file([*ct(Mint(2)), (0x00081032, "SQ", [code])]))


@pytest.mark.parametrize("letters", [b"Vaskelonnq", b"Vaskelonnqyx"])
def test_letters_that_are_no_tags_do_not_stay_as_tags(letters):
    """S3: a value of VR UN where tags belong, with half of one at its end."""
    own = {e[0]: e for e in ct(Mint(5))} | {0x00280009: (0x00280009, "UN", letters)}
    assert letters not in clean(file(list(own.values())))


def test_a_word_alone_in_a_number_goes():
    own = {e[0]: e for e in ct(Mint(5))} | {0x00289001: (0x00289001, "UL", b"Mokogq\0\0")}
    assert b"Mokogq" not in clean(file(list(own.values())))


def test_many_values_of_a_text_are_shortened_each_by_itself():
    versions = "\\".join(f"VA{n}A" for n in range(10, 40))
    own = {e[0]: e for e in ct(Mint(5))} | {0x00181020: (0x00181020, "LO", versions)}
    kept = pydicom.dcmread(io.BytesIO(clean(file(list(own.values()))))).SoftwareVersions
    assert list(kept) == versions.split("\\")


@pytest.mark.parametrize("syntax", [JPEG_LS, JPEG_2000])
def test_the_frames_of_this_file_are_sound_without_riders(syntax):
    """So that the tests above speak of riders and of nothing else."""
    assert (pixels_of(coded(syntax, plain(syntax))) == PIXELS).all()


@pytest.mark.parametrize("last", ["201", "202", "203"])
def test_comments_go_and_the_high_throughput_jpeg_2000_stays(last):
    syntax, rider = f"1.2.840.10008.1.2.4.{last}", segment(0x64, b"\0\1" + TOKEN)
    shape = [(0x00280010, "US", 16), (0x00280011, "US", 16)]
    data = coded(syntax, behind(HIGH_THROUGHPUT, b"\xff\x51", rider), extra=shape)
    assert fate(data) == "clean"
    row, column = np.mgrid[:16, :16]
    assert (decoded(clean(data)).pixels == 193 * column + 61 * row).all()
    assert b"OpenJPH" in data
    assert b"OpenJPH" not in clean(data)
