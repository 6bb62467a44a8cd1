"""A head goes in with a face and comes out without; what the evidence says of it is computed again (S10, S16)."""

import copy
import shutil
import tempfile
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from scanward.deid import evidence as evidence_file
from scanward.deid.evidence import profile_of
from scanward.deid.export import certify
from scanward.deid.keyed import Project
from scanward.deid.pixels.again import differing
from scanward.deid.pixels.detectors import available
from scanward.deid.profiles import profile
from scanward.deid.redone import CantBeRedone, _again, _figures, _pairs, _sums, from_source
from scanward.deid.run import Job, serial
from scanward.deid.sources import find
from scanward.deid.studies import by_study
from scanward.deid.verify import verify
from scanward.dicom.read import inspect
from scanward.dicom.synthetic import SeriesKind, study

NOBODY_LOOKED = {"faces": "off", "text": "off"}
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
    false = copy.deepcopy(evidence) | {"pixels": [], "looked": NOBODY_LOOKED}  # faces are looked at in other tests
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


@needs_detectors
def test_a_figure_that_was_taken_out_is_missed(exported):
    """S12: what was looked for by its own words has a figure, in each series with images."""
    root, evidence, _ = exported
    (series,) = {figure["series"] for figure in evidence["pixels"]}
    emptied = copy.deepcopy(evidence) | {"pixels": [], "looked": {"faces": "auto", "text": "auto"}}
    assert [(found.path, found.what) for found in verify(root, emptied)] == [
        (series, "has no figure of its text"),
        (series, "shows a head, and has no figure of its face"),
    ]


@pytest.fixture(scope="module")
def redone(exported):
    """The evidence of the same originals, made again under another key."""
    root, evidence, _ = exported
    with tempfile.TemporaryDirectory() as place:
        yield _again(evidence, root, root.parent / "in", f"{place}/out", profile("research"))


@needs_detectors
@pytest.mark.parametrize(
    "name, false",
    [
        ("changed", 5),
        ("intracranial_changed", 1),
        ("uncovered", 0.1),
        ("depth_mm", 3.0),
        ("skull_ml", 12),
        ("views", 2),
        ("attack_confirmed", 1),
        ("what", "field"),
    ],
)
def test_each_figure_that_the_originals_do_not_give_is_found(exported, redone, name, false):
    """S12, S16: all figures, also those that only the originals give."""
    _, evidence, _ = exported
    told = copy.deepcopy(evidence)
    assert list(_figures(told, redone, _pairs(told, redone))) == []
    told["pixels"][0][name] = false
    found, missing = _figures(told, redone, _pairs(told, redone))
    assert (found.path, missing.what) == (told["pixels"][0]["series"], "has fewer figures than the originals give")


@needs_detectors
@pytest.mark.parametrize("name", ["actions", "counts", "methods", "not_written", "residual_risk"])
def test_each_sum_that_the_originals_do_not_give_is_found(exported, redone, name):
    _, evidence, _ = exported
    assert list(_sums(evidence, redone)) == []
    false = {"not_written": [{"held": True, "reason": "face", "element": ""}]}.get(name, "something else")
    (found,) = _sums(evidence | {name: false}, redone)
    assert found.what.startswith("has other ")


@needs_detectors
def test_an_export_is_made_again_from_its_originals_and_a_changed_pixel_is_found(exported, tmp_path):
    """S12: by the command, without the key; the hash in the evidence is changed with the pixel."""
    root, evidence, result = exported
    shutil.copytree(root, tmp_path / "out")
    one = tmp_path / "out" / result.written[40].path
    one.write_bytes(one.read_bytes()[:-2] + b"\1\1")
    told = copy.deepcopy(evidence)
    next(out for out in told["outputs"] if out["path"] == result.written[40].path)["sha256"] = sha256(
        one.read_bytes()
    ).hexdigest()
    told["outputs"].append(told["outputs"][0] | {"path": "a/b/c/other.dcm", "source_sha256": "0" * 64})
    found = list(from_source(tmp_path / "out", told, root.parent / "in", profile=profile("research")))
    assert [(each.path, each.what) for each in found] == [
        ("a/b/c/other.dcm", "is not what any of the originals becomes"),
        (result.written[40].path, "is not what the originals give"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


@pytest.mark.parametrize("lacking", ["looked", "source_sha256", "profile"])
def test_what_the_evidence_does_not_tell_is_no_clean_bill(lacking, tmp_path):
    told = {"looked": NOBODY_LOOKED, "profile": profile_of(profile("basic")), "outputs": [{"source_sha256": "1"}]}
    if lacking == "source_sha256":
        told["outputs"][0][lacking] = ""
    else:
        del told[lacking]
    with pytest.raises(CantBeRedone):
        list(from_source(tmp_path, {"profile": {}} | told, tmp_path, profile=profile("basic")))
