"""Item 6 and S7, S8, S10, S17: held with a reason, never silently passed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scanward.deid import evidence
from scanward.deid.clearance import Clearance
from scanward.deid.export import certify
from scanward.deid.held import HeldReason, judge
from scanward.deid.keyed import Project
from scanward.deid.profiles import Option, profile
from scanward.deid.run import Job, Result, serial
from scanward.deid.sources import find
from scanward.dicom.synthetic import SeriesKind, study

from .corpus import CT, ENHANCED, GSPS, PDF, SR

PLAIN = "1.2.840.10008.1.2.1"
IMAGE_TYPE, BODY_PART, SERIES, STUDY, PROTOCOL = 0x00080008, 0x00180015, 0x0008103E, 0x00081030, 0x00181030


@pytest.mark.parametrize(
    ("sop_class", "texts", "reason"),
    [
        (CT, {}, None),
        (CT, {BODY_PART: "CHEST", SERIES: "Thorax 1.0 B30f"}, None),
        (SR, {}, None),
        (GSPS, {}, None),
        (ENHANCED, {}, None),
        (PDF, {}, "document"),
        ("1.2.840.10008.5.1.4.1.1.104.2", {}, "document"),
        ("1.2.840.10008.5.1.4.1.1.66", {}, "document"),
        ("1.2.840.10008.5.1.4.1.1.7", {}, "burned-in"),
        ("1.2.840.10008.5.1.4.1.1.6.1", {}, "burned-in"),
        ("1.3.12.2.1107.5.9.1", {}, "unknown-class"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", {}, "unknown-class"),
        (CT, {0x00280301: "YES"}, "burned-in"),
        (CT, {0x00080064: "WSD"}, "burned-in"),
        (CT, {IMAGE_TYPE: "DERIVED\\SECONDARY\\SCREEN SAVE"}, "burned-in"),
        (CT, {SERIES: "Dose Report"}, "burned-in"),
        (CT, {SERIES: "Patient Protocol"}, "burned-in"),
        (CT, {IMAGE_TYPE: "ORIGINAL\\PRIMARY\\LOCALIZER"}, "scout"),
        (CT, {IMAGE_TYPE: "ORIGINAL\\PRIMARY\\LOCALIZER\\CT_SOM5 TOP"}, "scout"),
        (CT, {BODY_PART: "HEAD"}, "head"),
        (CT, {STUDY: "CCT Schädel nativ"}, "head"),
        (CT, {PROTOCOL: "5.1 sinus"}, "head"),
        (CT, {SERIES: "tête sans injection"}, "head"),
        (CT, {SERIES: "femoral head", BODY_PART: "HIP"}, None),
    ],
)
def test_each_kind_of_object_is_judged(sop_class, texts, reason):
    """R7, S10"""
    assert judge(sop_class, PLAIN, texts) == reason


def test_heads_and_scouts_pass_only_with_a_permission():
    assert judge(CT, PLAIN, {BODY_PART: "HEAD"}, faces=True) is None
    assert judge(CT, PLAIN, {IMAGE_TYPE: "A\\B\\LOCALIZER"}, scouts=True) is None


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.110", "1.2.3"]
)
def test_streams_that_are_not_looked_into_are_held(syntax):
    assert judge(CT, syntax, {}) is HeldReason.VIDEO


def test_every_reason_has_a_sentence_for_people():
    assert all(reason.sentence.endswith(".") for reason in HeldReason)


@pytest.mark.parametrize("what", [{"defaced": True, "face": True}, {"redacted": True, "text": True}])
def test_changed_pixels_do_not_go_out_under_the_uid_of_the_unchanged_image(what, tmp_path):
    """S5, S10: with "retain-uids" two different images would have one UID."""
    file = tmp_path / "slice"
    file.write_bytes(study("chest", matrix=64, slices=1, series=[SeriesKind.SOFT]).files[0].data)
    cleared = [replace(source, cleared=Clearance(**what)) for batch in find(file) for source in batch]
    kept = replace(profile("research"), options=profile("research").options | {Option.UIDS})
    for chosen, reasons in ((kept, ["same-uid"]), (profile("research"), [])):
        place = tmp_path / str(len(reasons))
        place.mkdir()
        (result,) = serial(Job(chosen, Project("changed", b"u" * 32), str(place)), [cleared])
        assert [one.reason for one in result.not_written] == reasons
        assert len(result.written) == 1 - len(reasons)


@pytest.mark.parametrize(("deface", "says"), [(False, "faces are held back"), (True, "faces were removed")])
def test_the_evidence_claims_of_the_pixels_only_what_was_done(deface, says, tmp_path):
    """S13"""
    job = Job(profile("research"), Project("claims", b"c" * 32), str(tmp_path), deface=deface)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    certify(job, Result(), [], tmp_path / "evidence.json", searched=False, now=at)
    assert says in evidence.read(tmp_path / "evidence.json")["residual_risk"]
