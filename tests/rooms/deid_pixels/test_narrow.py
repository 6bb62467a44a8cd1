"""Less of the patient and less fine: the same box in every series, each value where it was (S9)."""

import io
import json
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from scanward.cli.deid import command
from scanward.deid import evidence as evidence_file
from scanward.deid.export import certify
from scanward.deid.field import WARNING, Field, FieldRefused, field_of
from scanward.deid.keyed import Project
from scanward.deid.pixels.stage import Piece, pieces_of, read_all
from scanward.deid.pixels.store import HOLDS
from scanward.deid.profiles import Option, profile, with_options
from scanward.deid.rewrite import Permissions
from scanward.deid.run import Job, Result, serial
from scanward.deid.sources import find
from scanward.deid.studies import by_study
from scanward.deid.verify import verify
from scanward.dicom.synthetic import SeriesKind, study

BOX = "x=-90:90,y=-70:60,z=-100:80"
KINDS = [SeriesKind.SOFT, SeriesKind.CORONAL]


def export(place: Path, files: list[bytes], wanted: Field, **more: object) -> tuple[Result, Job]:
    (place / "in").mkdir(parents=True)
    (place / "out").mkdir()
    for n, data in enumerate(files):
        (place / "in" / f"{n:03}").write_bytes(data)
    job = Job(profile("research"), Project("field", b"f" * 32), str(place / "out"), wanted=wanted, hashes=True)
    job = replace(job, **more)
    (result,) = serial(job, by_study(find(place / "in")))
    return result, job


def stacks(folder: Path) -> list[Piece]:
    sources = [source for batch in by_study(find(folder)) for source in batch]
    pieces, _ = pieces_of([item for item in read_all(sources)[0] if item.seen.image], fewest=1)
    return sorted(pieces, key=direction)


def direction(piece: Piece) -> int:
    return int(np.abs(piece.stack.planes[0].normal).argmax())


def everywhere(pieces: list[Piece]) -> dict[tuple[int, tuple[float, ...]], float]:
    """The value at each place in mm, in slices of each direction."""
    found = {}
    for piece in pieces:
        way = direction(piece)
        for plane, hu in zip(piece.stack.planes, piece.stack.hu, strict=True):
            points = plane.points(np.arange(plane.shape[0]), np.arange(plane.shape[1])).reshape(-1, 3)
            places = map(tuple, np.round(points, 1).tolist())
            found.update(zip(((way, place) for place in places), hu.ravel().tolist(), strict=True))
    return found


@pytest.fixture(scope="module")
def chest() -> list[bytes]:
    return [file.data for file in study("chest", matrix=96, slices=32, series=KINDS).files]


def test_a_crop_keeps_each_value_at_its_place_and_no_value_outside_in_axial_and_in_coronal(tmp_path, chest):
    """S9: validated across reformats."""
    result, job = export(tmp_path, chest, field_of(BOX))
    before, after = everywhere(stacks(tmp_path / "in")), everywhere(stacks(tmp_path / "out"))
    low, high = job.wanted.low, job.wanted.high
    inside = {
        place: hu
        for place, hu in before.items()
        if all(a <= n <= b for a, n, b in zip(low, place[1], high, strict=True))
    }
    assert {way for way, _ in after} == {1, 2}
    assert after == inside
    assert len(result.written) + result.left_out == len(chest) and not result.not_written


def test_no_step_is_finer_than_asked_and_blocks_have_their_mean(tmp_path, chest):
    """S9: a whole factor in each direction, thickness and spacing with it."""
    export(tmp_path, chest, field_of("off", 12.0))
    for old, new in zip(stacks(tmp_path / "in"), stacks(tmp_path / "out"), strict=True):
        spacing = new.stack.planes[0].spacing
        assert min(*spacing, new.stack.gap) >= 12.0
        a, b, c = (
            round(n / o)
            for n, o in zip((new.stack.gap, *spacing), (old.stack.gap, *old.stack.planes[0].spacing), strict=True)
        )
        block = old.stack.hu[:a, :b, :c].astype(float)
        assert new.stack.hu[0, 0, 0] == pytest.approx(block.mean(), abs=0.51)
        first = np.mean([plane.points(np.arange(b), np.arange(c)) for plane in old.stack.planes[:a]], axis=(0, 1, 2))
        assert new.stack.planes[0].origin == pytest.approx(first, abs=0.01)
        assert new.frames[0][2].geometry.thickness == pytest.approx(
            old.frames[0][2].geometry.thickness + (a - 1) * old.stack.gap
        )


def test_what_is_written_says_that_it_was_cropped_and_is_not_for_diagnosis(tmp_path, chest):
    """S9: derived, coded, and no description of the whole picture left."""
    result, _ = export(tmp_path, chest[:32], field_of(BOX, 9.0))
    written = dcmread(tmp_path / "out" / result.written[0].path)
    assert written.ImageType[0] == "DERIVED"
    assert [code.CodeValue for code in written.DerivationCodeSequence] == ["113077", "113085"]
    assert written.DerivationDescription.endswith("not for diagnosis")
    assert "ReconstructionDiameter" not in written
    assert len(written.PixelData) == 2 * written.Rows * written.Columns


def test_the_evidence_tells_the_field_and_a_false_one_is_found(tmp_path, chest):
    """S9: verify computes it again from the images."""
    result, job = export(tmp_path, chest, field_of(BOX))
    certify(job, result, [], tmp_path / "e.json", searched=False, now=datetime(2026, 11, 27, tzinfo=UTC))
    told = evidence_file.read(tmp_path / "e.json")
    assert told["counts"]["left_out"] == result.left_out > 0 and WARNING in told["conditions"]
    assert list(verify(tmp_path / "out", told)) == []
    figure = next(one for one in told["pixels"] if one["what"] == "field")
    assert figure["asked"]["box_mm"]["z"] == [-100, 80]
    figure["bounds_mm"][2][1] += 1
    (finding,) = verify(tmp_path / "out", told)
    assert finding.what == "what its images show of the patient is not what the evidence says"


def test_scouts_and_kept_uids_are_held_when_a_field_is_asked(tmp_path, chest):
    """S9, S10: a scout shows all of the body, and an image that changed needs another name."""
    scout = [file.data for file in study("chest", matrix=96, slices=32, series=[SeriesKind.SCOUT]).files]
    result, _ = export(tmp_path / "scout", [*chest[:32], *scout], field_of(BOX))
    assert {one.reason for one in result.not_written} == {"field"} and len(result.not_written) == len(scout)
    keeping = with_options(profile("basic"), frozenset([Option.UIDS]))
    result, _ = export(tmp_path / "uids", chest[:32], field_of(BOX), profile=keeping)
    assert not result.written and {one.reason for one in result.not_written} == {"same-uid"}


def test_below_the_face_nothing_of_a_head_is_left(tmp_path):
    """S9: the level is found in the pixels; a chest loses nothing by it."""
    head = [file.data for file in study("head", matrix=96, slices=48, series=KINDS).files]
    result, _ = export(tmp_path / "head", head, field_of("below-face"))
    tops = [piece.stack.corners()[:, 2].max() for piece in stacks(tmp_path / "head/out")]
    whole = stacks(tmp_path / "head/in")
    assert result.left_out and all(top < whole[0].stack.corners()[:, 2].max() - 120 for top in tops)
    chest = [file.data for file in study("chest", matrix=96, slices=32, series=KINDS).files]
    result, _ = export(tmp_path / "chest", chest, field_of("below-face"))
    assert len(result.written) == len(chest)


def enhanced(files: list[bytes]) -> bytes:
    """The slices of a series as the frames of one object."""
    parts = [dcmread(io.BytesIO(data)) for data in files]
    whole = parts[0]
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    measures, shared, turned = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = whole.PixelSpacing, whole.SliceThickness
    turned.ImageOrientationPatient = whole.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [turned]
    groups = []
    for part in parts:
        own, position, values, kind = Dataset(), Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = part.ImagePositionPatient
        values.RescaleIntercept, values.RescaleSlope, values.RescaleType = part.RescaleIntercept, 1, "HU"
        kind.FrameType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        own.PlanePositionSequence, own.PixelValueTransformationSequence = [position], [values]
        own.CTImageFrameTypeSequence = [kind]
        groups.append(own)
    whole.PixelData = b"".join(part.PixelData for part in parts)
    whole.NumberOfFrames = len(parts)
    whole.SharedFunctionalGroupsSequence, whole.PerFrameFunctionalGroupsSequence = [shared], groups
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(whole, name)
    out = io.BytesIO()
    whole.save_as(out)
    return out.getvalue()


def test_an_object_of_many_frames_is_cropped_like_its_slices(tmp_path, chest):
    """S9: enhanced objects keep the frames in the box, each with its own place."""
    axial = sorted(chest, key=lambda data: dcmread(io.BytesIO(data)).SeriesNumber)[:32]
    export(tmp_path / "one", [enhanced(axial)], field_of(BOX, 9.0))
    export(tmp_path / "many", axial, field_of(BOX, 9.0))
    assert everywhere(stacks(tmp_path / "one/out")) == everywhere(stacks(tmp_path / "many/out")) != {}
    (path,) = (tmp_path / "one/out").rglob("*.dcm")
    frames = dcmread(path).PerFrameFunctionalGroupsSequence
    assert {one.CTImageFrameTypeSequence[0].FrameType[0] for one in frames} == {"DERIVED"}


def errors(path: Path) -> set[str]:
    """dciodvfy's errors, without the values in them."""
    run = subprocess.run(["dciodvfy", "-new", path], capture_output=True, check=False)
    lines = (run.stderr + run.stdout).decode("utf-8", "replace").splitlines()
    return {re.sub(r"= <[^>]*>", "", line) for line in lines if line.startswith("Error")}


@pytest.mark.dcmtk
@pytest.mark.real
@pytest.mark.parametrize("files", ["philips-phantom/S2010/I*", "ge-head/*", "compressed/CT1*", "compressed/CT2*"])
def test_real_scans_are_cropped_in_their_own_syntax_without_a_new_error(tmp_path, real_data, files):
    """S9: by dciodvfy's judgement."""
    paths, permissions = sorted((real_data / "ct").glob(files)), Permissions("a test", "a test", "a test")
    alone = files.startswith("compressed")  # one slice in several syntaxes
    for n, some in enumerate([[path] for path in paths] if alone else [paths]):
        data = [path.read_bytes() for path in some]
        result, _ = export(tmp_path / str(n), data, field_of("x=-60:70", 1.5), permissions=permissions)
        assert result.written and not result.not_written
        before = errors(some[len(some) // 2])
        syntax = dcmread(some[0]).file_meta.TransferSyntaxUID
        for one in result.written[::5]:
            written = tmp_path / str(n) / "out" / one.path
            assert errors(written) <= before
            lossless = dcmread(written).file_meta.TransferSyntaxUID
            assert lossless == (syntax if HOLDS.get(syntax) or not alone else "1.2.840.10008.1.2.1")


def test_a_crop_that_cannot_be_understood_is_refused(tmp_path):
    for wrong in ("chest", "x=5", "x=9:1", "q=1:2"):
        with pytest.raises(FieldRefused):
            field_of(wrong)
    assert field_of("below-face,z=-40:") == Field(low=(-np.inf, -np.inf, -40.0), below_face=True)
    CliRunner().invoke(command, ["key", str(tmp_path / "k"), "--name", "k"])
    said = CliRunner().invoke(command, ["run", str(tmp_path), "out", "--project", str(tmp_path / "k"), "--crop", "up"])
    assert said.exit_code == 1 and "A crop is off" in said.output
    assert json.dumps(Field().told())
