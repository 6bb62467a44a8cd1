"""Decoded frames: every syntax, every colour, Hounsfield units."""

import struct
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import generate_frames
from pydicom.pixels import compress

from rooms.dicom import jpegs, making
from rooms.dicom.making import (
    BIG,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_14,
    JPEG_LS,
    JPEG_LS_NEAR,
    RLE,
    fragments,
)  # fmt: skip
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.frames import frame, hounsfield, picture
from scanward.dicom.geometry import Window

R = RefusalReason
PIXEL_DATA = 0x7FE00010


def grey(values: np.ndarray, stored: int | None = None, **more: tuple) -> dict:
    """The attributes of a grey array of shape (rows, columns) or (frames, rows, columns)."""
    bits = values.dtype.itemsize * 8
    stored = stored or bits
    change = {
        0x00280010: ("US", values.shape[-2]),
        0x00280011: ("US", values.shape[-1]),
        0x00280100: ("US", bits),
        0x00280101: ("US", stored),
        0x00280102: ("US", stored - 1),
        0x00280103: ("US", int(values.dtype.kind == "i")),
    }
    return change | ({0x00280008: ("IS", str(len(values)))} if values.ndim == 3 else {})


def colour(values: np.ndarray, model: str = "RGB", planar: int = 0) -> dict:
    """The attributes of a colour array of shape (rows, columns, 3)."""
    change = grey(values[:, :, 0])
    return change | {0x00280002: ("US", 3), 0x00280004: ("CS", model), 0x00280006: ("US", planar)}


def native(values: np.ndarray, syntax: str = EXPLICIT, vr: str = "OW", **kwargs: int) -> bytes:
    order = ">" if syntax == BIG else "<"
    raw = values.astype(values.dtype.newbyteorder(order)).tobytes()
    return making.ct(grey(values, **kwargs), syntax=syntax, pixels=making.element(PIXEL_DATA, vr, raw, syntax))


def compressed(values: np.ndarray, syntax: str, **kwargs: object) -> bytes:
    """Encoded by pydicom's own encoders (GDCM's for RLE crashes on some of these)."""
    plain = making.by_pydicom(native(values, **({"stored": kwargs.pop("stored")} if "stored" in kwargs else {})))
    plugin = {RLE: "pydicom", JPEG_LS: "pyjpegls", JPEG_LS_NEAR: "pyjpegls"}.get(syntax, "pylibjpeg")
    compress(plain, syntax, encoding_plugin=plugin, generate_instance_uid=False, **kwargs)
    parts = list(generate_frames(plain.PixelData, number_of_frames=values.shape[0] if values.ndim == 3 else 1))
    change = {0x00280101: ("US", plain.BitsStored), 0x00280102: ("US", plain.HighBit)}
    return making.ct(grey(values) | change, syntax=syntax, pixels=fragments(*parts))


def noise(dtype: str, shape: tuple[int, ...] = (40, 56), bits: int | None = None) -> np.ndarray:
    kind = np.iinfo(dtype)
    bits = bits or kind.bits
    low, high = (-(1 << bits - 1), 1 << bits - 1) if kind.min else (0, 1 << bits)
    return np.random.default_rng(5).integers(low, high, shape).astype(dtype)


# --- uncompressed -------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_uncompressed_values_are_what_was_stored(syntax, dtype):
    values = noise(dtype, (5, 8))
    vr = "OB" if values.itemsize == 1 and syntax != IMPLICIT else "OW"
    found = frame(native(values, syntax, vr)).pixels
    assert found.dtype == np.dtype(f"<{dtype}") or values.itemsize == 1
    np.testing.assert_array_equal(found, values)


def test_every_frame_is_found():
    values = noise("i2", (4, 3, 5))
    for index in range(4):
        np.testing.assert_array_equal(frame(native(values), index).pixels, values[index])


@pytest.mark.parametrize("index", [-1, 1, 10**9])
def test_a_frame_that_isn_t_there_is_refused(index):
    with pytest.raises(Refused) as refused:
        frame(making.ct(), index)
    assert refused.value.reason is R.NO_SUCH_FRAME


def test_an_object_without_pixels_has_no_frame():
    with pytest.raises(Refused) as refused:
        frame(making.report())
    assert refused.value.reason is R.NO_SUCH_FRAME


def test_a_file_on_disc_gives_the_same_frame_and_is_let_go(tmp_path):
    (tmp_path / "slice").write_bytes(native(noise("i2")))
    found = frame(tmp_path / "slice").pixels
    (tmp_path / "slice").unlink()
    np.testing.assert_array_equal(found, noise("i2"))


@pytest.mark.parametrize("frames", [1, 3])
def test_bytes_in_words_of_a_big_endian_file_are_turned_round(frames):
    """PS3.5 8.1.2: 8-bit pixels of VR OW come in 16-bit words."""
    values = noise("u1", (frames, 3, 5))
    raw = values.tobytes() + b"\0" * (values.size % 2)
    swapped = np.frombuffer(raw, "u2").byteswap().tobytes()
    data = making.ct(grey(values), syntax=BIG, pixels=making.element(PIXEL_DATA, "OW", swapped, BIG))
    for index in range(frames):
        np.testing.assert_array_equal(frame(data, index).pixels, values[index])


def test_single_bits_are_unpacked_across_frames():
    bits = np.random.default_rng(1).integers(0, 2, (3, 3, 5)).astype("u1")
    raw = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    change = grey(bits) | {0x00280100: ("US", 1), 0x00280101: ("US", 1), 0x00280102: ("US", 0)}
    data = making.ct(change, pixels=making.element(PIXEL_DATA, "OB", raw))
    for index in range(3):
        np.testing.assert_array_equal(frame(data, index).pixels, bits[index])


def test_float_pixels_are_read():
    values = np.linspace(-1, 1, 24, dtype="<f4").reshape(4, 6)
    data = making.ct(pixels=making.element(0x7FE00008, "OF", values.tobytes()))
    np.testing.assert_array_equal(frame(data).pixels, values)


def test_an_old_overlay_in_the_unused_bits_is_left_out():
    values = noise("i2", (4, 6), bits=12)
    with_overlay = (values.view("u2") & 0x0FFF) | 0x8000
    change = grey(values, stored=12) | {0x60000102: ("US", 15)}
    data = making.ct(change, pixels=making.element(PIXEL_DATA, "OW", with_overlay.tobytes()))
    np.testing.assert_array_equal(frame(data).pixels, values)


# --- compressed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [RLE, JPEG_2000_LOSSLESS, JPEG_LS])
@pytest.mark.parametrize(("dtype", "stored"), [("u1", 8), ("u2", 16), ("i2", 16), ("u2", 12), ("i2", 12)])
def test_what_pydicom_encoded_losslessly_is_decoded_again(syntax, dtype, stored):
    values = noise(dtype, bits=stored)
    found = frame(compressed(values, syntax, stored=stored)).pixels
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


def test_jpeg_ls_near_lossless_stays_within_its_error():
    found = frame(compressed(noise("u2"), JPEG_LS_NEAR, jls_error=3)).pixels
    assert np.abs(found.astype(int) - noise("u2")).max() <= 3


def test_jpeg_2000_lossy_is_close():
    values = np.add.outer(np.arange(64), np.arange(64)).astype("u2") * 30
    found = frame(compressed(values, JPEG_2000, j2k_cr=[4])).pixels
    assert np.abs(found.astype(int) - values).mean() < 20


def test_frames_of_a_compressed_stack_are_told_apart():
    values = noise("i2", (3, 9, 7))
    data = compressed(values, RLE)
    for index in range(3):
        np.testing.assert_array_equal(frame(data, index).pixels, values[index])


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LOSSLESS_14])
@pytest.mark.parametrize(("dtype", "stored"), [("u1", 8), ("u2", 12), ("i2", 12), ("u2", 16), ("i2", 16)])
def test_jpeg_lossless_is_decoded(syntax, dtype, stored):
    values = noise(dtype, bits=stored)
    stream = jpegs.lossless(values, stored)
    data = making.ct(grey(values, stored), syntax=syntax, pixels=fragments(stream))
    np.testing.assert_array_equal(frame(data).pixels, values)


@pytest.mark.parametrize("syntax", [JPEG_BASELINE, JPEG_EXTENDED])
def test_jpeg_with_loss_is_close(syntax):
    values = (np.add.outer(np.arange(16), np.arange(16)) * 8).astype("u1")
    data = making.ct(grey(values), syntax=syntax, pixels=fragments(jpegs.EIGHT_BITS))
    assert np.abs(frame(data).pixels.astype(int) - values).max() <= 2


def test_jpeg_of_twelve_bits_is_close():
    """pydicom's own plug-ins can't read these."""
    values = (np.add.outer(np.arange(16), np.arange(16)) * 4000 // 31 + 40).astype("u2")
    data = making.ct(grey(values, stored=12), syntax=JPEG_EXTENDED, pixels=fragments(jpegs.TWELVE_BITS))
    assert np.abs(frame(data).pixels.astype(int) - values).max() <= 40  # of 4,000


def test_a_colour_jpeg_is_shown_in_its_colours():
    values = np.zeros((16, 16, 3), "u1")
    values[:8], values[8:] = (200, 30, 40), (20, 60, 220)
    attributes = colour(values, "YBR_FULL_422")
    data = making.ct(attributes, syntax=JPEG_BASELINE, pixels=fragments(jpegs.COLOURS))
    assert np.abs(picture(frame(data)).astype(int) - values).max() <= 3


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300))
def test_packed_bits_of_any_kind_are_unpacked_or_refused(data):
    from scanward.dicom.decoder import unpack_bits

    try:
        assert len(unpack_bits(data, 50)) == 50
    except ValueError:
        assert len(data) < 64 * 50


# --- Hounsfield units and pictures --------------------------------------------------------------


def test_hounsfield_units_are_slope_times_value_plus_intercept():
    data = making.ct({0x00281052: ("DS", "-1000"), 0x00281053: ("DS", "0.5")})
    np.testing.assert_array_equal(hounsfield(frame(data)).reshape(-1), np.arange(1000, 1024) * 0.5 - 1000)


def test_without_rescale_the_values_are_the_units():
    data = making.ct({0x00281052: None, 0x00281053: None})
    assert hounsfield(frame(data))[0, 0] == 1000


def test_an_enhanced_object_has_units_of_each_frame_s_own():
    def group(intercept: str) -> bytes:
        inner = making.element(0x00281052, "DS", intercept) + making.element(0x00281053, "DS", "2")
        return making.item(making.element(0x00289145, "SQ", making.item(inner)))

    values = np.full((2, 2, 3), 10, "i2")
    change = grey(values) | {0x00281052: None, 0x52009230: ("SQ", group("-100") + group("-200"))}
    data = making.ct(change, pixels=making.element(PIXEL_DATA, "OW", values.tobytes()))
    assert [hounsfield(frame(data, index))[0, 0] for index in (0, 1)] == [-80, -180]


def test_what_has_no_hounsfield_units_is_refused():
    rgb = np.zeros((2, 2, 3), "u1")
    data = making.ct(colour(rgb), pixels=making.element(PIXEL_DATA, "OB", rgb.tobytes()))
    for bad in (data, making.ct({0x00281053: ("DS", "0")})):
        with pytest.raises(Refused) as refused:
            hounsfield(frame(bad))
        assert refused.value.reason is R.BAD_VALUE


def test_a_window_maps_its_ends_to_black_and_white():
    """PS3.3 C.11.2.1.2.1, its own example: centre 2048, width 4096"""
    values = np.array([[0, 2047, 2048, 4095]], "u2")
    shown = picture(frame(native(values)), Window(2048 - 1024, 4096))
    assert shown.shape == (1, 4, 3)
    assert shown[0, :, 0].tolist() == [0, 127, 128, 255]


def test_monochrome1_is_turned_round():
    values = np.array([[0, 100]], "u2")
    pixels = making.element(PIXEL_DATA, "OW", values.tobytes())
    one = making.ct(grey(values) | {0x00280004: ("CS", "MONOCHROME1")}, pixels=pixels)
    assert picture(frame(one))[0, :, 0].tolist() == [255, 0]
    assert picture(frame(native(values)))[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_is_shown_as_it_is(planar):
    values = noise("u1", (3, 4, 3))
    raw = values.transpose(2, 0, 1).tobytes() if planar else values.tobytes()
    data = making.ct(colour(values, planar=planar), pixels=making.element(PIXEL_DATA, "OB", raw))
    np.testing.assert_array_equal(picture(frame(data)), values)


@pytest.mark.parametrize(("ybr", "rgb"), [((76, 85, 255), (254, 0, 0)), ((128, 128, 128), (128, 128, 128))])
def test_ybr_is_shown_as_rgb(ybr, rgb):
    values = np.full((2, 2, 3), ybr, "u1")
    data = making.ct(colour(values, "YBR_FULL"), pixels=making.element(PIXEL_DATA, "OB", values.tobytes()))
    assert picture(frame(data))[0, 0].tolist() == list(rgb)


def test_subsampled_colours_are_filled_in():
    raw = bytes((10, 20, 128, 128, 30, 40, 128, 128))
    data = making.ct(colour(np.zeros((1, 4, 3), "u1"), "YBR_FULL_422"), pixels=making.element(PIXEL_DATA, "OB", raw))
    assert picture(frame(data))[0, :, 0].tolist() == [10, 20, 30, 40]


def palette(values: np.ndarray, entries: int, first: int = 0, bits: int = 16) -> bytes:
    change = grey(values) | {0x00280004: ("CS", "PALETTE COLOR")}
    code = "<u2" if bits == 16 else "u1"
    for number in range(3):
        table = (np.arange(entries) * (257 if bits == 16 else 1) + number * (256 if bits == 16 else 1)).astype(code)
        change[0x00281101 + number] = ("US", (entries, first, bits))
        change[0x00281201 + number] = ("OW", table.tobytes())
    vr = "OB" if values.itemsize == 1 else "OW"
    return making.ct(change, pixels=making.element(PIXEL_DATA, vr, values.tobytes()))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_gives_its_colours(bits):
    values = np.array([[0, 1], [2, 100]], "u1")
    assert picture(frame(palette(values, 200, bits=bits)))[1, 1].tolist() == [100, 101, 102]


def test_a_palette_larger_than_what_the_model_carries_is_read_from_the_file():
    shown = picture(frame(palette(np.array([[0, 250]], "u2"), 60_000)))
    assert shown[0].tolist() == [[0, 1, 2], [250, 251, 252]]


@pytest.mark.parametrize(("entries", "first"), [(3, 0), (200, 50), (1, 0)])
def test_a_pixel_past_its_palette_makes_the_image_undecodable(entries, first):
    """fault B13, CVE-2026-5445"""
    with pytest.raises(Refused) as refused:
        picture(frame(palette(np.array([[0, 1], [2, 100]], "u1"), entries, first)))
    assert refused.value.reason is R.UNDECODABLE


@pytest.mark.parametrize(
    "change",
    [
        {0x00281201: ("OW", bytes(10))},
        {0x00281202: None},
        {0x00281103: None},
        {0x00281101: ("US", (0, 0, 16))},
        {0x00281101: ("US", (200, 0, 300))},
    ],
)
def test_a_palette_that_contradicts_itself_makes_the_image_undecodable(change):
    """fault B13"""
    whole = making.by_pydicom(palette(np.array([[0, 1]], "u1"), 200))
    elements = {int(e.tag): (e.VR, struct.pack("<3H", *e.value) if isinstance(e.value, list) else e.value)
                for e in whole if 0x00281101 <= int(e.tag) <= 0x00281203}  # fmt: skip
    attributes = grey(np.zeros((1, 2), "u1")) | {0x00280004: ("CS", "PALETTE COLOR")} | elements | change
    data = making.ct(attributes, pixels=making.element(PIXEL_DATA, "OB", b"\0\1"))
    with pytest.raises(Refused) as refused:
        picture(frame(data))
    assert refused.value.reason is R.UNDECODABLE


LOSSLESS = [["+e1"], *(["+el", "+sv", str(selection)] for selection in range(1, 8))]
BY_DCMTK = [(options, *kind) for options in LOSSLESS for kind in (("u1", 8), ("u2", 12), ("i2", 16))]


@pytest.mark.dcmtk
@pytest.mark.parametrize(
    ("options", "dtype", "stored"), [*BY_DCMTK, (["+eb"], "u1", 8), (["+ee"], "u1", 8), (["+ee"], "u2", 12)]
)
def test_what_dcmtk_encoded_is_decoded_as_dcmtk_decodes_it(tmp_path, options, dtype, stored):
    values = noise(dtype, bits=stored)
    (tmp_path / "plain").write_bytes(native(values, stored=stored))
    for command in (["dcmcjpeg", *options, "+un", "plain", "packed"], ["dcmdjpeg", "packed", "again"]):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found, expected = frame(tmp_path / "packed").pixels, frame(tmp_path / "again").pixels
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("last", ["201", "202", "203"])
def test_high_throughput_jpeg_2000_is_decoded(last):
    row, column = np.mgrid[:16, :16]
    shape = grey(np.zeros((16, 16), "u2"), stored=12)
    data = making.ct(shape, syntax=f"1.2.840.10008.1.2.4.{last}", pixels=fragments(jpegs.HIGH_THROUGHPUT))
    assert np.array_equal(frame(data).pixels, 193 * column + 61 * row)
