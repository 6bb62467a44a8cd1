"""Which series show a face: pixels or tags, crops too; bodies are left alone; the rest is left out (S10, R7)."""

import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.filereader import dcmread

from scanward.deid.held import HeldReason
from scanward.deid.keyed import Project
from scanward.deid.pixels import gate, stage
from scanward.deid.pixels.again import differing
from scanward.deid.pixels.cut import FAR, Cut
from scanward.deid.pixels.detectors import available
from scanward.deid.pixels.face import carry_out, plan
from scanward.deid.pixels.geometry import Grid, Stack, axial_stack
from scanward.deid.pixels.others import is_ct, is_projection, is_shape, is_upright
from scanward.deid.pixels.plans import one_for_all
from scanward.deid.pixels.shows import shown
from scanward.deid.pixels.stage import Item, pieces_of, read_all, shows_anatomy
from scanward.deid.profiles import profile
from scanward.deid.run import Job, serial
from scanward.deid.sources import find
from scanward.deid.studies import by_study
from scanward.dicom.synthetic import SeriesKind, default_spacing, study, volume
from scanward.dicom.synthetic.capture import render

SHAPE = (72, 128, 128)
SPACING = default_spacing("head", SHAPE)


@pytest.fixture(scope="module")
def head() -> Stack:
    return axial_stack(volume("head", 5, SHAPE), SPACING)


def levels(stack: Stack, first: int, last: int) -> Stack:
    return Stack(stack.planes[first:last], stack.hu[first:last], list(range(last - first)))


@pytest.mark.parametrize(("first", "last"), [(12, 24), (20, 34), (30, 40), (34, 37), (44, 72)])
def test_a_slab_of_a_head_shows_a_face_from_the_chin_up(head: Stack, first: int, last: int) -> None:
    assert shown(levels(head, first, last)).face


@pytest.mark.parametrize("kind", ["chest", "abdomen"])
def test_bodies_are_left_alone_whole_or_in_part(kind: str) -> None:
    shape = (64, 96, 96)
    for seed in range(4):
        body = axial_stack(volume(kind, seed, shape), default_spacing(kind, shape))
        assert not any(shown(part).face for part in (body, levels(body, 0, 24), levels(body, 24, 48)))


def test_a_field_that_cuts_through_the_lungs_and_a_wrist_are_left_alone() -> None:
    """S10: gas that is open where the field ends is a lung's, and a wrist is too thin for a jaw."""
    shape = (48, 96, 96)
    chest = volume("chest", 1, shape)[:, 16:80, 16:80]
    assert not shown(axial_stack(np.ascontiguousarray(chest), default_spacing("chest", shape))).face
    y, x = np.mgrid[:48, :48] * 2.0 - 48
    section = np.where(np.hypot(y, x) < 27, 40, -1000)
    for aside in (-9, 9):
        section[np.hypot(y, x - aside) < 8] = 900
    wrist = np.repeat(section[None], 30, axis=0).astype(np.int16)
    assert not shown(axial_stack(wrist, (4, 2, 2))).face


def test_what_is_cut_off_or_too_coarse_is_held_and_never_passed(head: Stack) -> None:
    """S10: three slices of 11 mm of half a chin, and a jaw whose front lies outside of the field."""
    coarse = head.hu[7:16].reshape(3, 3, *head.hu.shape[1:]).astype(np.float32).mean(axis=1).astype(np.int16)
    few = axial_stack(np.ascontiguousarray(coarse[:, :, 64:]), (3 * SPACING[0], *SPACING[1:]))
    assert shown(few).doubtful and not shown(few).face
    rows = np.flatnonzero((head.hu > -300).mean(axis=(0, 2)) > 0.02)
    start = int(rows[0] + 25 / SPACING[1])
    cut = axial_stack(np.ascontiguousarray(head.hu[14:25, start:]), SPACING)
    assert shown(cut).face or shown(cut).doubtful
    thin = axial_stack(head.hu[30:32], (1.0, *SPACING[1:]))
    assert shown(thin).doubtful and not shown(Stack(thin.planes, thin.hu * 0 - 1000, thin.order)).doubtful


def test_a_babys_head_with_soft_bones_and_its_front_cut_off_is_held(head: Stack) -> None:
    """S10: two thirds as big, with bones that are less than half as hard."""
    soft = np.where(head.hu > 100, 100 + (head.hu - 100) * 0.45, head.hu).astype(np.int16)
    baby = tuple(0.66 * one for one in SPACING)
    front = np.flatnonzero((head.hu > -300).mean(axis=(0, 2)) > 0.02)[0]
    for first in range(12, 60, 8):
        part = axial_stack(np.ascontiguousarray(soft[first : first + 12, front + 27 :]), (baby[0], baby[1], baby[2]))
        assert shown(part).face or shown(part).doubtful


def test_a_field_round_the_spine_is_left_alone() -> None:
    """S10: nothing of the skin is in it, so lungs and bowel beside it are no air before a face."""
    shape = (48, 96, 96)
    for kind in ("chest", "abdomen"):
        part = volume(kind, 1, shape)[:, 45:75, 37:60]
        seen = shown(axial_stack(np.ascontiguousarray(part), default_spacing(kind, shape)))
        assert not seen.face and not seen.doubtful


@pytest.mark.parametrize("damage", ["three slices", "no place", "not CT"])
def test_a_head_without_a_word_of_it_is_held_where_its_pixels_cannot_tell(tmp_path: Path, damage: str) -> None:
    """S10, R7: too few slices, slices whose place is unknown, values that are no Hounsfield units."""
    files = study("head", matrix=96, slices=12, series=[SeriesKind.SOFT]).files
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    for number, file in enumerate(files[4:7] if damage == "three slices" else files):
        one = dcmread(io.BytesIO(file.data))
        one.BodyPartExamined, one.StudyDescription, one.SeriesDescription, one.ProtocolName = "", "a", "b", "c"
        if damage == "no place":
            del one.PixelSpacing
        elif damage == "not CT":
            one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
            one.RescaleIntercept, one.RescaleSlope = 0, "0.02"  # nothing that looks like bone
        one.save_as(tmp_path / "in" / str(number))
    job = Job(profile("research"), Project("few", b"f" * 32), str(tmp_path / "out"), deface=True)
    (result,) = serial(job, by_study(find(tmp_path / "in")))
    assert not result.written and {one.reason for one in result.not_written} == {"face"}


def _screen(place: Path, *frames: np.ndarray) -> Item:
    """A screen that was saved with these frames."""
    [file] = study("head", matrix=64, slices=3, series=[SeriesKind.DOSE_SCREEN]).files
    one = dcmread(io.BytesIO(file.data))
    one.Rows, one.Columns = frames[0].shape
    one.NumberOfFrames = len(frames)
    one.PixelData = b"".join(frame.tobytes() for frame in frames)
    one.save_as(place / "screen.dcm")
    [item] = read_all([one for some in find(place) for one in some])[0]
    return item


def test_a_small_picture_on_a_big_screen_of_words_is_seen_also_behind_many_screens_of_words(tmp_path: Path) -> None:
    """S10: 48 by 48 pixels of a face on 1,024 by 1,024 of words are a face."""
    words = render(["Patient Protocol", "Total mAs 1890  DLP 460 mGy cm"] * 6, 1024)
    face = ((volume("head", 5, (12, 48, 48))[6] + 1000) // 8).astype(np.uint8)
    picture = words.copy()
    picture[900:948, 500:548] = face
    assert shows_anatomy(_screen(tmp_path, picture))
    assert shows_anatomy(_screen(tmp_path, *[words] * 24, picture))
    assert not shows_anatomy(_screen(tmp_path, *[words] * 2))


def test_two_series_of_one_head_are_cut_by_both_plans_wherever_either_of_them_ends(head: Stack) -> None:
    upper, lower = levels(head, 30, 72), levels(head, 8, 38)
    plans = [plan(part)[1] for part in (upper, lower)]
    both = one_for_all(plans)
    for part, own in zip((upper, lower), plans, strict=True):
        alone, together = carry_out(own, part, b"s").hu, carry_out(both, part, b"s").hu
        cut = (alone != part.hu) & (part.hu > -300)
        assert ((together != part.hu) & cut).sum() > 0.98 * cut.sum()


def test_a_joint_plan_spares_what_is_inside_the_skull_for_either_of_them() -> None:
    grid = Grid((0, 0, 0), 2.0, (8, 8, 8))
    everything, inside = np.full(grid.shape, FAR, np.float32), np.zeros(grid.shape, bool)
    inside[4, 4, 4] = True
    greedy = Cut(grid, everything, everything, everything * 0, np.zeros_like(inside), 14.0, 0.0)
    careful = Cut(grid, -everything, -everything, everything * 0, inside, 18.0, 0.0)
    both = one_for_all([greedy, careful])
    assert both.tissue[4, 4, 4] < 0 and both.air[4, 4, 4] < 0 and both.tissue[0, 0, 0] > 0
    assert both.depth == 18.0


def test_projections_scouts_surfaces_and_other_modalities_are_told_apart() -> None:
    """S10, R7: what can't be cut by the plan is held beside a head, whatever its flags say."""
    assert is_ct("1.2.840.10008.5.1.4.1.1.2") and not is_ct("1.2.840.10008.5.1.4.1.1.4")
    assert is_shape("1.2.840.10008.5.1.4.1.1.481.3") and is_shape("1.2.840.10008.5.1.4.1.1.66.4")
    assert is_projection("DERIVED\\SECONDARY\\AXIAL\\MIP") and is_projection("DERIVED\\PRIMARY\\PROJECTION IMAGE")
    assert not is_projection("DERIVED\\SECONDARY\\AXIAL\\CT_SOM5 MPR") and not is_projection("ORIGINAL\\PRIMARY\\AXIAL")
    assert is_upright("1\\0\\0\\0\\0\\-1") and is_upright("0\\1\\0\\0\\0\\-1")
    assert not is_upright("1\\0\\0\\0\\0.95\\-0.31") and not is_upright("")


def _flawed(file: bytes, flaw: str) -> bytes:
    """A slice whose tags say nothing of a head, in a file with a flaw that de-identification doesn't stop at."""
    read = dcmread(io.BytesIO(file))
    for word in ("BodyPartExamined", "StudyDescription", "SeriesDescription", "ProtocolName"):
        if word in read:
            read[word].value = ""
    if flaw == "another name outside":
        read.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    out = io.BytesIO()
    read.save_as(out)
    data = out.getvalue()
    if flaw == "an element twice":
        at = data.index(b"\x10\0\x40\0CS")
        return data[: at + 10] + data[at : at + 10] + data[at + 10 :]
    return data + b"left over " * 4 if flaw == "a tail" else data


@pytest.mark.skipif(not available(), reason="needs the face detectors of scanward[pixels]")
@pytest.mark.parametrize(
    ("flaw", "written"), [("another name outside", 72), ("a tail", 72), ("an element twice", 0)], ids=str
)
def test_no_head_leaves_unseen_because_its_file_has_a_flaw(flaw: str, written: int, tmp_path: Path) -> None:
    """S10, S12: the pixels of what the strict reader refuses were not looked at, and the file was written anyway."""
    (tmp_path / "in").mkdir()
    for n, file in enumerate(study("head", matrix=128, slices=72, series=[SeriesKind.SOFT]).files):
        (tmp_path / "in" / f"{n}").write_bytes(_flawed(bytes(file.data), flaw))
    job = Job(profile("research"), Project("flaws", b"f" * 32), str(tmp_path / "out"), deface=True)
    (tmp_path / "out").mkdir()
    (result,) = serial(job, by_study(find(tmp_path / "in")))
    assert len(result.written) == written
    assert {one.reason for one in result.not_written} == (set() if written else {"unseen"})
    assert sum(figure["changed"] > 0 for figure in result.pixels) == bool(written)


def _head(place: Path, *, words: str = "", blank: bool = False) -> Job:
    """A synthetic head in a folder, with words burned into two slices, or with nothing but air; the job for it."""
    (place / "in").mkdir()
    (place / "out").mkdir()
    for n, file in enumerate(study("head", matrix=128, slices=72, series=[SeriesKind.SOFT]).files):
        read = dcmread(io.BytesIO(bytes(file.data)))
        pixels = np.full((128, 128), pixels_of_air(read), read.pixel_array.dtype) if blank else read.pixel_array.copy()
        if words and n in (30, 31):
            ink = cv2.putText(np.zeros((128, 128), np.uint8), words, (4, 124), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
            pixels[ink > 127] = 3000
        read.PixelData = pixels.tobytes()
        read.save_as(place / "in" / f"{n}")
    return Job(profile("research"), Project("heads", b"h" * 32), str(place / "out"), deface=True, hashes=True)


def pixels_of_air(read) -> int:
    return int((-1000 - read.RescaleIntercept) / read.RescaleSlope)


@pytest.mark.skipif(not available(), reason="needs the face detectors of scanward[pixels]")
def test_a_head_is_looked_at_once_more_where_text_was_painted_over(tmp_path: Path) -> None:
    """S12: the figures are those of what leaves; with those of before the painting `verify` found a difference."""
    job = replace(_head(tmp_path, words="ID 4471093"), text=True)
    (result,) = serial(job, by_study(find(tmp_path / "in")))
    face, text = sorted(result.pixels, key=lambda figure: str(figure["what"]))
    assert (face["passed"], text["passed"], text["boxes"] > 0) == (True, True, True)
    assert not list(differing(tmp_path / "out", [one.path for one in result.written], result.pixels, {"face", "text"}))


@pytest.mark.skipif(not available(), reason="needs the face detectors of scanward[pixels]")
def test_a_head_of_which_a_slice_is_held_is_looked_at_without_it(tmp_path: Path) -> None:
    """S12"""
    _head(tmp_path)
    items, _ = read_all([one for batch in find(tmp_path / "in") for one in batch])
    [piece], _ = pieces_of(items)
    piece.figure = {"what": "face", "passed": True, "views": 0}
    piece.frames[10][0].hold(HeldReason.BURNED_IN)
    [rest], _ = pieces_of([item for item in items if not item.reasons])
    stage._look_once_more([piece])
    assert len(rest.frames) == 71
    assert not piece.figure["passed"]  # its face is still there
    assert {name: piece.figure[name] for name in ("views", "detected")} == {
        name: found for name, found in gate.look(rest.stack).figures().items() if name in ("views", "detected")
    }


@pytest.mark.skipif(not available(), reason="needs the face detectors of scanward[pixels]")
def test_a_volume_that_cannot_be_cut_is_held_and_stops_nothing(tmp_path: Path) -> None:
    """S12: without anything in it there is no plan; that was an error that ended the whole export."""
    job = replace(_head(tmp_path, blank=True), thorough_faces=True)
    (result,) = serial(job, by_study(find(tmp_path / "in")))
    assert (len(result.written), {one.reason for one in result.not_written}) == (0, {"face"})
