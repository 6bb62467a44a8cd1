"""New pixels in every transfer syntax: what was put in comes out again, nothing else moves."""

from pathlib import Path

import numpy as np
import pytest

from rooms.dicom import jpegs, making
from rooms.dicom.making import fragments
from rooms.dicom.test_frames import grey
from scanward.deid.pixels.store import replace
from scanward.dicom.frames import frame
from scanward.dicom.read import inspect
from scanward.dicom.synthetic import SeriesKind, TransferSyntax, study

COMPRESSED = ["CT1_J2KI", "CT1_J2KR", "CT1_JLSL", "CT1_JLSN", "CT1_JPLL", "CT1_RLE", "CT2_RLE", "CT2_J2KR", "CT2_JPLL"]


def _pattern(pixels: np.ndarray) -> np.ndarray:
    new = pixels.copy()
    new[3:9, 5:30] = new.min()
    new[20:40:3, 10:60] = new.max()
    return new


@pytest.mark.parametrize("syntax", list(TransferSyntax))
def test_a_frame_is_replaced_in_each_syntax_that_the_synthetic_scanner_writes(syntax: TransferSyntax) -> None:
    data = study("head", matrix=64, slices=2, series=[SeriesKind.SOFT], transfer_syntax=syntax).files[0].data
    new = _pattern(frame(data).pixels)
    done = replace(data, {0: new})
    assert np.array_equal(frame(done).pixels, new)
    assert inspect(done).transfer_syntax_uid == inspect(data).transfer_syntax_uid
    assert inspect(done).dicom_json == inspect(data).dicom_json


@pytest.mark.real
@pytest.mark.parametrize("name", COMPRESSED)
def test_a_frame_is_replaced_in_the_committees_compressed_samples(name: str, real_data: Path) -> None:
    data = (real_data / "ct" / "compressed" / name).read_bytes()
    new = _pattern(frame(data).pixels)
    done = replace(data, {0: new})
    assert np.array_equal(frame(done).pixels, new)
    assert inspect(done).transfer_syntax_uid == inspect(data).transfer_syntax_uid


def test_bits_above_the_high_bit_are_cleared_because_an_overlay_may_sit_there() -> None:
    data = bytearray(study("head", matrix=64, slices=2, series=[SeriesKind.SOFT]).files[0].data)
    seen = inspect(bytes(data))
    assert seen.pixel and seen.image and seen.image.bits_stored == 12
    data[seen.pixel.offset + 1] |= 0x80
    done = replace(bytes(data), {0: frame(bytes(data)).pixels & 0x0FFF})
    assert done[seen.pixel.offset + 1] & 0xF0 == 0


def test_a_high_throughput_jpeg_2000_comes_out_uncompressed_because_nothing_here_writes_it() -> None:
    shape = grey(np.zeros((16, 16), "u2"), stored=12)
    syntax, pixels = "1.2.840.10008.1.2.4.201", fragments(jpegs.HIGH_THROUGHPUT)
    data = making.ct(shape, syntax=syntax, pixels=pixels)
    new = frame(data).pixels.copy()
    new[3:9, 5:12] = 0
    done = replace(data, {0: new})
    assert np.array_equal(frame(done).pixels, new)
    assert inspect(done).transfer_syntax_uid == "1.2.840.10008.1.2.1"
