"""Files of real scanners, beside the project: all are read, all are decoded, none was tuned for."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.pixels import get_decoder

from rooms.dicom import making
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.frames import frame, hounsfield, picture
from scanward.dicom.preamble import PreambleKind
from scanward.dicom.read import inspect

pytestmark = pytest.mark.real
CT = Path(__file__).resolve().parents[4] / "shared" / "data" / "ct"
COMPRESSED = sorted((CT / "compressed").glob("CT*"))
FILES = [path for path in sorted(CT.rglob("*")) if path.is_file() and path.name != "DIRFILE"]


def test_every_image_is_read_and_says_what_pydicom_says():
    assert len(FILES) > 90
    for path in FILES:
        seen, other = inspect(path), making.by_pydicom(path.read_bytes())
        assert (seen.sop_instance_uid, seen.rows, seen.columns) == (other.SOPInstanceUID, other.Rows, other.Columns)
        assert seen.undecodable == ""


def test_every_model_is_pydicom_s_own_but_for_what_is_large():
    for path in FILES[::7]:
        ours, theirs = inspect(path).dicom_json, making.by_pydicom(path.read_bytes()).to_json_dict()
        theirs.pop("7FE00010")
        assert ours.keys() == theirs.keys()
        for tag, what in theirs.items():
            if "Length" not in ours[tag] and ours[tag]["vr"] == what["vr"] and what["vr"] not in ("SQ", "PN", "OB"):
                assert _plain(ours[tag].get("Value", [])) == _plain(what.get("Value", [])), tag


def _plain(values: list) -> list:
    return [value.strip() if isinstance(value, str) else value for value in values if value not in (None, "")]


def test_every_directory_file_is_told_as_one():
    for path in CT.rglob("DIRFILE"):
        with pytest.raises(Refused) as refused:
            inspect(path)
        assert refused.value.reason is RefusalReason.DICOMDIR


def test_the_pixels_of_every_uncompressed_slice_are_pydicom_s():
    for path in [path for path in FILES if path not in COMPRESSED][::5]:
        np.testing.assert_array_equal(frame(path).pixels, making.by_pydicom(path.read_bytes()).pixel_array)


@pytest.mark.parametrize("path", COMPRESSED, ids=lambda path: path.name)
def test_every_compressed_slice_is_what_another_library_makes_of_it(path):
    other = making.by_pydicom(path.read_bytes())
    decoder = get_decoder(other.file_meta.TransferSyntaxUID)
    plugins = [name for name in ("gdcm", "pylibjpeg", "pyjpegls") if name in decoder.available_plugins]
    for plugin in plugins or ["pydicom"]:
        expected, _ = decoder.as_array(other, decoding_plugin=plugin)
        np.testing.assert_array_equal(frame(path).pixels, expected)


def test_the_same_slice_is_the_same_in_every_lossless_syntax():
    for patient in ("CT1", "CT2"):
        slices = [frame(CT / "compressed" / f"{patient}_{name}").pixels for name in ("J2KR", "JLSL", "JPLL", "RLE")]
        for other in slices[1:]:
            np.testing.assert_array_equal(other, slices[0])


def test_a_head_has_air_around_it_and_bone_in_it():
    units = hounsfield(frame(CT / "ge-head" / "14.dcm"))
    assert units.min() <= -1000
    assert 800 < np.percentile(units, 99.5) < 2000


def test_screenshots_are_shown_in_their_colours():
    shown = picture(frame(CT / "philips-phantom" / "S4010" / "I30"))
    assert shown.shape == (741, 650, 3)
    assert shown.max() > 200


def test_two_samples_have_a_second_face_as_tiff():
    """fault B8"""
    kinds = {path.name: inspect(path).preamble for path in COMPRESSED}
    assert {name for name, kind in kinds.items() if kind is PreambleKind.TIFF} == {"CT1_RLE", "CT2_RLE"}
