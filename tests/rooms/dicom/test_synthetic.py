"""Synthetic studies: the same bytes for a seed, valid objects, and a report that agrees with the pixels."""

import hashlib
import shutil
import subprocess
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from pydicom import Dataset

from scanward.dicom import read
from scanward.dicom.synthetic import (
    SectionKind,
    SeriesKind,
    SyntheticFile,
    SyntheticPatient,
    SyntheticStudy,
    TransferSyntax,
    scan_of,
    study,
    timeline,
    volume,
)
from scanward.dicom.synthetic.__main__ import main
from scanward.dicom.synthetic.reports import doubling_days

KINDS = ("head", "chest", "abdomen")
PINNED = {"head": "8a3eba60157097d3", "chest": "6ced8b1c35d0623b", "abdomen": "567b20616a0c78e1"}
ALICE = SyntheticPatient("Rivera^Alice", "SYN100001", date(1961, 4, 9), "F")


@cache
def small(kind: str) -> SyntheticStudy:
    """A small study of Alice."""
    return study(kind, seed=3, patient=ALICE, matrix=(48, 64), slices=5)


@cache
def sharp_chest(seed: int = 3, finding_mm: float = 8.0) -> SyntheticStudy:
    """A chest fine enough to measure a nodule in."""
    series = (SeriesKind.SHARP, SeriesKind.SOFT)
    return study("chest", seed=seed, patient=ALICE, matrix=256, slices=24, series=series, finding_mm=finding_mm)


def header(file: SyntheticFile) -> Dataset:
    return read.dataset(file.data)


def hounsfield(ds: Dataset) -> NDArray[np.float64]:
    values: NDArray[np.float64] = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    return values


# The same seed, the same bytes


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_bytes_again(kind: str) -> None:
    again = study(kind, seed=3, patient=ALICE, matrix=(48, 64), slices=5)
    assert again == small(kind)


def test_the_anatomy_of_a_seed_is_pinned_for_every_machine() -> None:
    digests = {
        kind: hashlib.sha256(volume(kind, 1, (4, 32, 32)).astype("<i2").tobytes()).hexdigest()[:16] for kind in KINDS
    }
    assert digests == PINNED


def test_two_seeds_are_two_people() -> None:
    assert SyntheticPatient.of(1) != SyntheticPatient.of(2)
    assert not np.array_equal(
        volume("head", 1, (40, 64, 64), noisy=False), volume("head", 2, (40, 64, 64), noisy=False)
    )


def test_two_patients_with_one_seed_share_no_uid() -> None:
    hers, his = scan_of(ALICE), scan_of(replace(ALICE, name="Stone^Charlie", patient_id="SYN100002"))
    assert not {f.sop_instance_uid for f in hers.files} & {f.sop_instance_uid for f in his.files}
    assert hers.study_instance_uid != his.study_instance_uid


def test_the_noise_differs_from_one_exposure_to_the_next() -> None:
    later = study("chest", seed=3, patient=ALICE, performed=datetime(2026, 9, 1), matrix=64, slices=3, series=["soft"])
    first = study("chest", seed=3, patient=ALICE, matrix=64, slices=3, series=["soft"])
    assert header(later.files[0]).PixelData != header(first.files[0]).PixelData


# What a study holds


def test_a_study_has_every_series_that_a_scanner_sends() -> None:
    counts = {kind: len(small("head").of(kind)) for kind in SeriesKind}
    assert counts == {"scout": 2, "soft": 5, "sharp": 5, "coronal": 3, "dose_screen": 1, "dose_report": 1}


def test_only_the_series_asked_for_are_made() -> None:
    made = study("chest", matrix=32, slices=3, series=["soft"])
    assert {f.kind for f in made.files} == {SeriesKind.SOFT}
    assert [f.instance_number for f in made.files] == [1, 2, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_the_guard_accepts_every_file_and_finds_what_the_study_says(kind: str) -> None:
    for file in small(kind).files:
        seen = read.inspect(file.data)
        assert seen.sop_instance_uid == file.sop_instance_uid
        assert seen.series_instance_uid == file.series_instance_uid
        assert seen.study_instance_uid == small(kind).study_instance_uid


def test_no_file_name_tells_who_the_patient_is() -> None:
    for file in small("chest").files:
        assert "Rivera" not in file.name
        assert ALICE.patient_id not in file.name


def test_a_patient_is_written_with_issuer_and_age() -> None:
    ds = header(small("chest").files[0])
    assert (ds.PatientName, ds.PatientID, ds.IssuerOfPatientID) == ("Rivera^Alice", "SYN100001", "SYNTHETIC HOSPITAL")
    assert (ds.PatientBirthDate, ds.PatientAge, ds.PatientSex) == ("19610409", "064Y", "F")


def test_slices_lie_one_below_the_other_from_the_head_down() -> None:
    heights = [float(header(f).ImagePositionPatient[2]) for f in small("chest").of("soft")]
    steps = -np.diff(heights)
    assert (steps > 0).all()
    assert steps == pytest.approx(float(header(small("chest").of("soft")[0]).SliceThickness), abs=1e-3)


def test_rows_and_columns_follow_the_matrix_and_the_spacing() -> None:
    made = study("abdomen", matrix=(40, 56), slices=3, spacing=(5.0, 6.5, 6.0), series=["soft"])
    ds = header(made.files[0])
    assert (ds.Rows, ds.Columns, list(ds.PixelSpacing), float(ds.SliceThickness)) == (40, 56, [6.5, 6.0], 5.0)


def test_scouts_are_localizers_from_the_front_and_from_the_side() -> None:
    front, side = (header(f) for f in small("head").of("scout"))
    assert front.ImageType[2] == side.ImageType[2] == "LOCALIZER"
    assert list(front.ImageOrientationPatient) == [1, 0, 0, 0, 0, -1]
    assert list(side.ImageOrientationPatient) == [0, 1, 0, 0, 0, -1]


def test_a_lateral_scout_of_a_head_shows_a_profile() -> None:
    ds = header(study("head", seed=3, matrix=256, slices=3, series=["scout"]).files[1])
    inside = hounsfield(ds) > -880
    front = np.where(inside.any(axis=1), inside.argmax(axis=1), 999) * float(ds.PixelSpacing[1])
    heights = float(ds.ImagePositionPatient[2]) - np.arange(len(front)) * float(ds.PixelSpacing[0])
    nose, neck = front[(heights > -72) & (heights < -52)].min(), front[(heights > -160) & (heights < -150)].min()
    assert neck - nose > 30


def test_axial_series_share_one_frame_of_reference() -> None:
    frames = {
        header(f).FrameOfReferenceUID for f in small("head").files if f.kind in ("scout", "soft", "sharp", "coronal")
    }
    assert len(frames) == 1


def test_coronal_images_show_the_same_body_as_axial_ones() -> None:
    made = study("chest", seed=3, matrix=64, slices=40, series=["soft", "coronal"])
    front = header(made.of("coronal")[10])
    y, z = (
        float(front.ImagePositionPatient[1]),
        float(front.ImagePositionPatient[2]) - 40 * float(front.PixelSpacing[0]),
    )
    level = min(made.of("soft"), key=lambda f: abs(float(header(f).ImagePositionPatient[2]) - z))
    axial = header(level)
    row = round((y - float(axial.ImagePositionPatient[1])) / float(axial.PixelSpacing[0]))
    there, here = hounsfield(front)[40] > -500, hounsfield(axial)[row] > -500
    assert (there == here).mean() > 0.85


# The burned-in page and the dose report


def test_the_dose_page_carries_name_and_number_in_its_pixels() -> None:
    page = small("head").of("dose_screen")[0]
    ds = header(page)
    assert (ds.BitsAllocated, ds.BurnedInAnnotation, ds.ConversionType) == (8, "YES", "WSD")
    assert page.burned_in[:2] == ("Rivera, Alice", "ID: SYN100001")
    assert (ds.pixel_array[58:76, 16:180] > 200).any()


def test_another_name_gives_other_pixels_where_the_name_stands() -> None:
    other = scan_of(replace(ALICE, name="Núñez^Zoë")).of("dose_screen")[0]
    assert other.burned_in[0] == "Nunez, Zoe"
    name = np.s_[58:76, 16:200]
    assert not np.array_equal(
        header(other).pixel_array[name], header(scan_of(ALICE).of("dose_screen")[0]).pixel_array[name]
    )


def test_the_dose_report_and_the_dose_page_tell_one_dose() -> None:
    report = header(small("chest").of("dose_report")[0])
    total = next(i for i in report.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "113811")
    product = float(total.ContentSequence[1].MeasuredValueSequence[0].NumericValue)
    assert any(f"DLP {product:.0f} mGy" in line for line in small("chest").of("dose_screen")[0].burned_in)


# Transfer syntaxes


@pytest.mark.parametrize("syntax", list(TransferSyntax))
def test_every_transfer_syntax_holds_the_same_pixels(syntax: TransferSyntax) -> None:
    plain = study("head", seed=3, matrix=(48, 64), slices=3, series=["soft"])
    packed = study("head", seed=3, matrix=(48, 64), slices=3, series=["soft"], transfer_syntax=syntax)
    for one, other in zip(plain.files, packed.files, strict=True):
        assert read.inspect(other.data).transfer_syntax_uid == syntax
        assert np.array_equal(header(one).pixel_array, header(other).pixel_array)


def test_a_dose_report_without_pixels_stays_uncompressed_in_a_compressed_study() -> None:
    made = study("head", matrix=32, slices=3, series=["dose_report"], transfer_syntax=TransferSyntax.JPEG_LS)
    assert read.inspect(made.files[0].data).transfer_syntax_uid == TransferSyntax.EXPLICIT


@pytest.mark.dcmtk
@pytest.mark.parametrize("kind", KINDS)
def test_dciodvfy_finds_no_error(kind: str, tmp_path: Path) -> None:
    program = shutil.which("dciodvfy")
    assert program
    firsts = {f.kind: f for f in small(kind).files}
    for name, file in firsts.items():
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(file.data)
        said = subprocess.run([program, str(path)], capture_output=True, text=True, check=False).stderr
        assert [line for line in said.splitlines() if line.startswith("Error")] == []


# The report


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_has_all_sections_and_none_is_empty(kind: str) -> None:
    report = small(kind).report
    assert [s.kind for s in report.sections] == list(SectionKind)
    assert all(s.text and s.text in report.text for s in report.sections)


def test_the_nodule_is_in_the_image_that_the_report_names() -> None:
    made = sharp_chest()
    finding = made.findings[0]
    assert f"(series {finding.series_number}, image {finding.instance_number})" in made.report.section("findings")
    ds = header(made.of("sharp")[finding.instance_number - 1])
    assert ds.SeriesNumber == finding.series_number
    column = round((finding.centre[0] - float(ds.ImagePositionPatient[0])) / float(ds.PixelSpacing[1]))
    row = round((finding.centre[1] - float(ds.ImagePositionPatient[1])) / float(ds.PixelSpacing[0]))
    patch = hounsfield(ds)[row - 20 : row + 21, column - 20 : column + 21]
    assert patch[19:22, 19:22].mean() > -150
    assert np.median(patch) < -750


@pytest.mark.parametrize("diameter", [6.0, 14.0])
def test_a_nodule_measures_what_the_report_says(diameter: float) -> None:
    made = sharp_chest(finding_mm=diameter)
    x, y, z = made.findings[0].centre
    assert f"nodule of {diameter:g} mm" in made.report.section("impression")
    ds = header(made.of("soft")[made.findings[0].instance_number - 1])
    spacing, first = float(ds.PixelSpacing[0]), np.array(ds.ImagePositionPatient, dtype=float)
    assert z == pytest.approx(first[2], abs=1e-3)
    rows, columns = np.indices(ds.pixel_array.shape) * spacing
    near = np.hypot(rows + first[1] - y, columns + first[0] - x) < diameter * 0.6
    area = (hounsfield(ds)[near] > -400).sum() * spacing**2
    assert 2 * (area / np.pi) ** 0.5 == pytest.approx(diameter, rel=0.2)


def test_a_timeline_is_one_person_whose_nodule_grew() -> None:
    before, after = timeline("chest", seed=4, patient=ALICE, matrix=32, slices=4, sizes=(6, 9), days=182)
    assert before.patient == after.patient
    assert after.performed - before.performed == timedelta(days=182)
    assert before.findings[0].centre == after.findings[0].centre
    assert f"{before.performed:%Y-%m-%d}" in after.report.section("comparison")
    assert "growth, volume doubling time about 104 days" in after.report.section("findings")
    assert before.report.section("comparison") == "None available."


def test_volume_doubling_is_one_cube_root_of_two_in_diameter() -> None:
    assert doubling_days(10, 10 * 2 ** (1 / 3), 90) == 90


@pytest.mark.parametrize(
    ("diameter", "advice"), [(5, "12 months"), (7, "6 to 12 months"), (12, "3 months, PET/CT or tissue sampling")]
)
def test_the_advice_follows_the_size(diameter: float, advice: str) -> None:
    made = study("chest", matrix=16, slices=2, series=[], finding_mm=diameter)
    assert advice in made.report.section("recommendation")


# On disk


def test_the_command_writes_four_studies_with_reports(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path), "--seed", "2", "--matrix", "32", "--slices", "3"])
    assert result.exit_code == 0, result.output
    assert {p.parent.name for p in tmp_path.glob("*/report.txt")} == {"chest-1", "chest-2", "head", "abdomen"}
    assert all(read.inspect(path).study_instance_uid for path in tmp_path.glob("head/S*/*.dcm"))
