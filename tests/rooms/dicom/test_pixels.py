"""Frames of compressed images: where they are, how many, and what is not believed."""

import struct

import pytest

from rooms.dicom import making
from rooms.dicom.making import JPEG_2000, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, RLE, fragments
from scanward.dicom import codestream
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.read import inspect

R = RefusalReason


def jpeg(rows: int = 4, columns: int = 6, sof: int = 0xC3, components: int = 1, precision: int = 16) -> bytes:
    """The header of a JPEG, and some bytes of a scan."""
    parts = b"".join(bytes((n + 1, 0x11, 0)) for n in range(components))
    size = struct.pack(">BHHB", precision, rows, columns, components)
    frame = bytes((0xFF, sof)) + struct.pack(">H", 8 + len(parts)) + size + parts
    return b"\xff\xd8\xff\xe0\0\4ab" + frame + b"\xff\xda\0\2" + bytes(21) + b"\xff\xd9"


def jpeg_2000(rows: int = 4, columns: int = 6, tile: tuple[int, int] = (6, 4), count: int = 1) -> bytes:
    """The SIZ of a JPEG 2000 codestream."""
    size = struct.pack(">H8IH", 0, columns, rows, 0, 0, *tile, 0, 0, count) + bytes((15, 1, 1)) * count
    return b"\xff\x4f\xff\x51" + struct.pack(">H", 2 + len(size)) + size + bytes(20)


def multiframe(frames: int, pixels: bytes, syntax: str = JPEG_LOSSLESS, more: bytes = b"") -> bytes:
    return making.ct({0x00280008: ("IS", str(frames))}, syntax=syntax, pixels=more + pixels)


def reason(data: bytes) -> RefusalReason:
    with pytest.raises(Refused) as refused:
        inspect(data)
    return refused.value.reason


def sizes(data: bytes) -> list[list[int]]:
    return [[span.length for span in frame] for frame in inspect(data).fragments]


def table(*offsets: int) -> bytes:
    return struct.pack(f"<{len(offsets)}I", *offsets)


def extended(offsets: list[int], lengths: list[int]) -> bytes:
    packed = [struct.pack(f"<{len(numbers)}Q", *numbers) for numbers in (offsets, lengths)]
    return making.element(0x7FE00001, "OV", packed[0]) + making.element(0x7FE00002, "OV", packed[1])


FRAME = jpeg()
STEP = len(FRAME) + 8


def test_a_single_frame_may_come_in_many_fragments():
    assert sizes(multiframe(1, fragments(FRAME[:20], FRAME[20:30], FRAME[30:]))) == [[20, 10, len(FRAME) - 30]]


def test_frames_without_a_table_are_told_apart():
    assert sizes(multiframe(2, fragments(FRAME, FRAME))) == [[len(FRAME)], [len(FRAME)]]
    split = (FRAME[:30], FRAME[30:])
    assert sizes(multiframe(2, fragments(*split, *split))) == [[30, len(FRAME) - 30]] * 2


def test_a_basic_offset_table_is_followed():
    split = (FRAME[:30], FRAME[30:])
    assert sizes(multiframe(2, fragments(*split, FRAME, table=table(0, STEP + 8)))) == [
        [30, len(FRAME) - 30],
        [len(FRAME)],
    ]


def test_an_extended_offset_table_is_followed():
    more = extended([0, STEP], [len(FRAME), len(FRAME)])
    assert sizes(multiframe(2, fragments(FRAME, FRAME), more=more)) == [[len(FRAME)]] * 2


@pytest.mark.parametrize("frames", [2, 4, 1000])
def test_more_or_fewer_frames_than_declared_are_refused(frames):
    """fault B6"""
    assert reason(multiframe(frames, fragments(FRAME, FRAME, FRAME))) is R.FRAME_COUNT


@pytest.mark.parametrize(
    "offsets",
    [(0,), (0, STEP, 2 * STEP), (8, STEP), (0, STEP - 2), (STEP, 0), (0, 0), (0, 0xFFFFFFF0)],
)
def test_a_basic_table_that_contradicts_the_fragments_is_refused(offsets):
    assert reason(multiframe(2, fragments(FRAME, FRAME, table=table(*offsets)))) is R.OFFSET_TABLE


@pytest.mark.parametrize(
    ("offsets", "lengths"),
    [
        ([0], [len(FRAME)] * 2),
        ([0, STEP + 2], [len(FRAME)] * 2),
        ([0, 1 << 63], [len(FRAME)] * 2),
        ([0, STEP], [len(FRAME)]),
        ([0, STEP], [len(FRAME), 1 << 62]),
        ([0, STEP], [4, len(FRAME)]),
    ],
)
def test_an_extended_table_that_contradicts_the_fragments_is_refused(offsets, lengths):
    more = extended(offsets, lengths)
    assert reason(multiframe(2, fragments(FRAME, FRAME), more=more)) is R.OFFSET_TABLE


def test_an_image_without_fragments_is_refused():
    """fault B1"""
    assert reason(multiframe(1, fragments())) is R.PIXELS_MISSING
    assert reason(multiframe(1, fragments(b""))) is R.PIXELS_SHORT
    assert reason(multiframe(2, fragments(FRAME, b""))) is R.PIXELS_SHORT


def test_fragments_cut_off_are_refused():
    """fault B1"""
    data = multiframe(1, fragments(FRAME))
    for missing in (1, 8, 10, 20):
        assert reason(data[:-missing]) in (R.TRUNCATED, R.BAD_LENGTH)


def test_native_pixels_under_a_compressed_syntax_and_the_reverse_are_refused():
    """fault A14, for files"""
    native = making.element(0x7FE00010, "OW", bytes(48))
    assert reason(making.ct(syntax=JPEG_LOSSLESS, pixels=native)) is R.MALFORMED
    assert reason(making.ct(pixels=fragments(FRAME))) is R.MALFORMED


@pytest.mark.parametrize(
    ("syntax", "stream"),
    [(JPEG_2000, jpeg()), (JPEG_LOSSLESS, jpeg_2000()), (JPEG_LS, b"GIF89a" + bytes(40)), (JPEG_2000, bytes(64))],
)
def test_a_codestream_of_another_kind_is_refused(syntax, stream):
    """fault A14, for files"""
    assert reason(multiframe(1, fragments(stream), syntax)) is R.MALFORMED


@pytest.mark.parametrize(
    ("syntax", "stream"),
    [
        (JPEG_LOSSLESS, jpeg(rows=65535, columns=65535)),
        (JPEG_LOSSLESS, jpeg(rows=0)),
        (JPEG_LOSSLESS, jpeg(components=3)),
        (JPEG_LOSSLESS, jpeg(components=255)),
        (JPEG_LOSSLESS, jpeg(precision=200)),
        (JPEG_LOSSLESS, jpeg(sof=0xC0)),
        (JPEG_BASELINE, jpeg(sof=0xC3)),
        (JPEG_LS, jpeg(sof=0xF7, rows=5)),
        (JPEG_LOSSLESS, b"\xff\xd8\xff\xe0" + bytes(20)),
        (JPEG_LOSSLESS, b"\xff\xd8" + b"\xff" * 60),
        (JPEG_2000, jpeg_2000(rows=1 << 31)),
        (JPEG_2000, jpeg_2000(tile=(0, 4))),
        (JPEG_2000, jpeg_2000(count=16384)),
        (JPEG_2000, jpeg_2000()[:30] + bytes(2)),
    ],
)
def test_a_codestream_that_lies_is_kept_and_marked(syntax, stream):
    """fault B13: it is told without decoding"""
    assert "can't be decoded" in inspect(multiframe(1, fragments(stream), syntax)).undecodable


def test_a_codestream_that_fits_is_not_marked():
    """Nothing is said against these before they are decoded."""
    for syntax, stream in ((JPEG_LOSSLESS, jpeg()), (JPEG_2000, jpeg_2000()), (RLE, bytes(64))):
        assert inspect(multiframe(1, fragments(stream), syntax)).undecodable == ""


def test_an_image_that_its_bytes_can_t_make_is_marked():
    """fault B6"""
    change = {0x00280010: ("US", 65535), 0x00280011: ("US", 65535)}
    data = making.ct(change, syntax=JPEG_LOSSLESS, pixels=fragments(jpeg(65535, 65535)))
    assert "can't be decoded" in inspect(data).undecodable


def test_too_many_tiles_are_told_before_any_codec_sees_them():
    """fault B13"""
    with pytest.raises(Refused) as refused:
        codestream.header(jpeg_2000(60_000, 60_000, tile=(1, 1)), JPEG_2000)
    assert refused.value.reason is R.UNDECODABLE


def test_a_jp2_file_around_the_codestream_is_looked_into():
    boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 " + bytes(8)
    inner = jpeg_2000()
    for length in (0, 8 + len(inner)):
        wrapped = boxes + struct.pack(">I", length) + b"jp2c" + inner
        assert codestream.header(wrapped, JPEG_2000) == codestream.header(inner, JPEG_2000)
    with pytest.raises(Refused):
        codestream.header(boxes + b"\0\0\0\0jp2h", JPEG_2000)
