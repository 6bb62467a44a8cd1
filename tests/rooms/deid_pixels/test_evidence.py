"""A head goes in with a face and comes out without; what the evidence says of it is computed again (S10, S16)."""

import copy
from datetime import UTC, datetime

import pytest

from scanward.deid import evidence as evidence_file
from scanward.deid.export import certify
from scanward.deid.keyed import Project
from scanward.deid.pixels.again import differing
from scanward.deid.pixels.detectors import available
from scanward.deid.profiles import profile
from scanward.deid.run import Job, serial
from scanward.deid.sources import find
from scanward.deid.studies import by_study
from scanward.deid.verify import verify
from scanward.dicom.read import inspect
from scanward.dicom.synthetic import SeriesKind, study

needs_detectors = pytest.mark.skipif(not available(), reason="needs the face detectors of scanward[pixels]")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    place = tmp_path_factory.mktemp("head")
    (place / "in").mkdir()
    for n, file in enumerate(study("head", matrix=128, slices=72, series=[SeriesKind.SOFT]).files):
        (place / "in" / f"{n}").write_bytes(file.data)
    job = Job(profile("research"), Project("heads", b"h" * 32), str(place / "out"), deface=True, hashes=True)
    (place / "out").mkdir()
    (result,) = serial(job, by_study(find(place / "in")))
    certify(job, result, [], place / "evidence.json", searched=False, now=datetime(2026, 11, 23, tzinfo=UTC))
    return place / "out", evidence_file.read(place / "evidence.json"), result


@needs_detectors
def test_the_head_is_written_without_its_face_and_marked(exported):
    root, evidence, result = exported
    assert len(result.written) == 72 and not result.not_written
    (figure,) = evidence["pixels"]
    assert figure["passed"] and figure["changed"] > 0 and figure["intracranial_changed"] == 0
    assert not any(figure["detected"].values()) and not any(figure["attack_detected"].values())
    marked = inspect((root / result.written[0].path).read_bytes()).dicom_json
    assert marked["00280302"]["Value"] == ["NO"]


@needs_detectors
def test_the_figures_are_computed_again_and_one_without_images_is_found(exported):
    root, evidence, _ = exported
    more = copy.deepcopy(evidence)
    more["pixels"].append(evidence["pixels"][0] | {"series": "1.2.3"})
    assert [(found.path, found.what) for found in verify(root, more)] == [("1.2.3", "has figures, but no output")]


@pytest.mark.long
@needs_detectors
@pytest.mark.parametrize(
    "name, detector",
    [
        ("views", None),
        ("detected", "hog"),
        ("attack_views", None),
        ("attack_detected", "hog"),
        ("attack_confirmed", None),
    ],
)
def test_each_false_figure_of_the_face_is_found(exported, name, detector):
    root, evidence, _ = exported
    false = copy.deepcopy(evidence)
    figure = false["pixels"][0]
    holder, key = (figure, name) if detector is None else (figure[name], detector)
    holder[key] += 1
    assert "its figures of the face are not what the images give" in [found.what for found in verify(root, false)]


@needs_detectors
def test_sums_and_sizes_that_are_not_true_are_found(exported):
    root, evidence, _ = exported
    false = copy.deepcopy(evidence) | {"pixels": []}  # faces are looked at in the other tests
    false["counts"]["written"] += 1
    false["outputs"][0]["size"] += 1
    assert [found.what for found in verify(root, false)] == [
        "has another size than the evidence says",
        "has another number of files written than it lists",
    ]


@pytest.mark.parametrize(
    "what, figure",
    [
        ("face", {"intracranial_changed": 1}),
        ("face", {"uncovered": 0.3}),
        ("face", {"detected": {"hog": 1}}),
        ("face", {"attack_confirmed": 1}),
        ("text", {"still_read": 2}),
        ("text", {"known_read": 1}),
        ("metal", {"metal_ml": 3.0}),
    ],
)
def test_nothing_is_said_to_have_passed_with_figures_that_the_gate_holds(tmp_path, what, figure):
    """S12: also where only the originals could give the figure."""
    figures = [{"series": "1.2.3", "what": what, "passed": True} | figure]
    assert ("1.2.3", "is said to have passed, which its figures don't allow") in list(differing(tmp_path, [], figures))
