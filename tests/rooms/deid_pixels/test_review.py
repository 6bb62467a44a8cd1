"""What is held is shown to a person, whose decision is checked again and stands in the evidence (S12, S16, S17, R7)."""

import http.client
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from scanward.cli.deid import command
from scanward.deid import cases
from scanward.deid import evidence as evidence_file
from scanward.deid.keyed import Project, read_key, write_key
from scanward.deid.pixels import store
from scanward.deid.profiles import profile
from scanward.deid.reviewing import decisions
from scanward.deid.reviewing.pages import Form, Pages
from scanward.deid.reviewing.server import Reviewing
from scanward.deid.reviewing.words import titled
from scanward.deid.run import Job
from scanward.dicom.frames import frame
from scanward.dicom.read import inspect
from scanward.dicom.synthetic import SeriesKind, study

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def deid(*arguments):
    return CliRunner().invoke(command, [str(one) for one in arguments])


def _export(place, *more):
    asked = ("--profile", "research", "--project", place / "k.toml", "--held", place / "held", *more)
    return deid(place / "in", place / "out", *asked, "--deface", "off")


def _release(place):
    return deid("release", place / "held", place / "out", "--profile", "research", "--project", place / "k.toml")


def _decide(place, decision, boxes=()):
    (case,) = cases.all_of(place / "held")
    drawn = [decisions.Drawn(case.pictures[0].token, 0, box) for box in boxes]
    made = decisions.decided(case, decision, by="Priya", why="form 7 is signed", boxes=drawn, now=NOW)
    decisions.write(place / "held", {case.case: made})
    return case


@pytest.fixture
def place(tmp_path):
    """A scout that is held."""
    (tmp_path / "in").mkdir()
    write_key(tmp_path / "k.toml", Project("lung", b"c" * 32))
    scout = study("chest", matrix=128, slices=2, series=[SeriesKind.SCOUT]).files[0]
    (tmp_path / "in" / "a").write_bytes(scout.data)
    return tmp_path


def test_a_held_scout_is_shown_and_released_by_a_reviewer_whose_reason_is_in_the_evidence(place):
    assert _export(place).exit_code == 3
    assert not list((place / "out").rglob("*.png")) and not list((place / "out").rglob("*.dcm"))
    case = _decide(place, "accept")
    assert case.reasons == ("scout",) and (place / "held" / "cases" / case.case / case.pictures[0].name).exists()
    released = _release(place)
    assert released.exit_code == 0, released.output
    evidence = json.loads((place / "out.evidence.json").read_text())
    (told,) = evidence["decisions"]
    assert (told["by"], told["why"], told["decision"]) == ("Priya", "form 7 is signed", "accept")
    assert evidence["counts"] == {"written": 1, "held": 0, "refused": 0} and "prohibited" in evidence["conditions"]
    checked = deid("verify", place / "out", "--evidence", place / "out.evidence.json")
    assert "0 findings" in checked.output, checked.output


def test_boxes_are_painted_in_what_is_released(place):
    _export(place)
    _decide(place, "redact", [(4, 4, 30, 60)])
    assert _release(place).exit_code == 0
    (path,) = (place / "out").rglob("*.dcm")
    assert len(np.unique(frame(path.read_bytes()).pixels[4:30, 4:60])) == 1
    assert inspect(path.read_bytes()).dicom_json["00080008"]["Value"][0] == "DERIVED"


def _verify(place, *more):
    return deid("verify", place / "out", "--evidence", place / "out.evidence.json", "--source", place / "in", *more)


@pytest.mark.parametrize(("decision", "boxes"), [("accept", []), ("redact", [(4, 4, 30, 60), (70, 8, 90, 40)])])
def test_what_a_reviewer_released_is_released_once_more_from_the_originals(place, decision, boxes):
    """S12: without the key, the same pixels, figures and sums come out again."""
    _export(place)
    _decide(place, decision, boxes)
    assert _release(place).exit_code == 0
    checked = _verify(place)
    assert checked.exit_code == 0 and "1 files checked, 0 findings" in checked.output, checked.output


def test_of_two_cases_alike_each_is_released_once_more_by_its_own_decision(place):
    other = study("abdomen", seed=5, matrix=128, slices=2, series=[SeriesKind.SCOUT]).files[0]
    (place / "in" / "b").write_bytes(other.data)
    _export(place)
    made = {}
    for case, decision in zip(cases.all_of(place / "held"), ("accept", "redact"), strict=True):
        drawn = [decisions.Drawn(case.pictures[0].token, 0, (9, 9, 50, 70))] * (decision == "redact")
        made[case.case] = decisions.decided(case, decision, by="Priya", why="seen", boxes=drawn, now=NOW)
    decisions.write(place / "held", made)
    assert _release(place).exit_code == 0
    checked = _verify(place)
    assert checked.exit_code == 0 and "2 files checked, 0 findings" in checked.output, checked.output


def test_two_cases_with_the_same_pixels_are_both_released_once_more(place):
    same = (place / "in" / "a").read_bytes()
    seen = inspect(same)
    other = same
    for uid in (seen.sop_instance_uid, seen.series_instance_uid):
        other = other.replace(uid.encode(), uid[:-1].encode() + (b"8" if uid[-1] == "7" else b"7"))
    (place / "in" / "b").write_bytes(other)
    _export(place)
    made = {
        case.case: decisions.decided(case, "accept", by="Priya", why="seen", boxes=[], now=NOW)
        for case in cases.all_of(place / "held")
    }
    decisions.write(place / "held", made)
    assert len(made) == 2 and _release(place).exit_code == 0
    checked = _verify(place)
    assert checked.exit_code == 0 and "2 files checked, 0 findings" in checked.output, checked.output


def test_bytes_behind_the_end_keep_nothing_from_being_released_and_checked(place):
    scout = place / "in" / "a"
    scout.write_bytes(scout.read_bytes() + b"trailing bytes!!")
    _export(place)
    _decide(place, "accept")
    assert _release(place).exit_code == 0
    checked = _verify(place)
    assert checked.exit_code == 0 and "1 files checked, 0 findings" in checked.output, checked.output


@pytest.mark.parametrize("name", ["boxes", "reasons", "actions", "pixels"])
def test_what_the_decision_would_not_have_given_is_found(place, name):
    """S12: signed by whoever has the key, and still not what the originals give."""
    _export(place)
    _decide(place, "redact", [(4, 4, 30, 60)])
    _release(place)
    path, project = place / "out.evidence.json", read_key(place / "k.toml")
    told = json.loads(path.read_text())
    if name in ("boxes", "reasons"):
        told["decisions"][0][name] = {"boxes": [[0, 0, 4, 4, 31, 60]], "reasons": ["capture"]}[name]
    elif name == "actions":
        told["actions"][min(told["actions"])] += 1
    else:
        told["pixels"][0]["frames"] += 1
    del told["signature"], told["public_key"]
    evidence_file.write(evidence_file.sign(told, Job(profile("research"), project, "")), path)
    checked = _verify(place)
    assert checked.exit_code == 4 and "originals" in checked.output, checked.output


def test_a_decision_that_is_in_the_evidence_is_not_counted_twice(place):
    _export(place)
    _decide(place, "accept")
    _release(place)
    before = json.loads((place / "out.evidence.json").read_text())
    again = _release(place)
    assert again.exit_code == 0 and "0 files released by 0 decisions" in again.output
    after = json.loads((place / "out.evidence.json").read_text())
    assert [after[name] for name in ("actions", "counts", "decisions", "residual_search", "pixels")] == [
        before[name] for name in ("actions", "counts", "decisions", "residual_search", "pixels")
    ]


def test_a_rejected_series_stays_out_and_the_evidence_says_so(place):
    _export(place)
    _decide(place, "reject")
    assert _release(place).exit_code == 0
    evidence = json.loads((place / "out.evidence.json").read_text())
    assert evidence["counts"]["held"] == 1 and evidence["decisions"][0]["decision"] == "reject"
    assert not list((place / "out").rglob("*.dcm"))


def test_a_case_that_was_changed_after_it_was_seen_is_not_released(place):
    _export(place)
    case = _decide(place, "accept")
    path = place / "held" / case.files[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = _release(place)
    assert done.exit_code == 3 and "changed" in done.output and not list((place / "out").rglob("*.dcm"))


def test_a_reason_that_names_the_patient_is_refused(place):
    _export(place)
    name = inspect((place / "in" / "a").read_bytes()).dicom_json["00100010"]["Value"][0]["Alphabetic"]
    (case,) = cases.all_of(place / "held")
    why = f"seen with {name.split('^')[0]}"
    made = decisions.decided(case, "accept", by="Priya", why=why, boxes=[], now=NOW)
    decisions.write(place / "held", {case.case: made})
    done = _release(place)
    assert done.exit_code == 3 and "names the patient" in done.output and name.split("^")[0] not in done.output


def _with_metal(place):
    """A chest with a rod in it."""
    (place / "in").mkdir()
    write_key(place / "k.toml", Project("lung", b"c" * 32))
    for n, file in enumerate(study("chest", matrix=64, slices=6, series=[SeriesKind.SOFT]).files):
        pixels = frame(file.data).pixels.copy()
        pixels[20:36, 30:34] = 4095 if pixels.min() >= 0 else 3071
        (place / "in" / f"{n}").write_bytes(store.replace(file.data, {0: pixels}))


def test_metal_is_raised_to_a_person_and_not_passed(tmp_path):
    """S17"""
    _with_metal(tmp_path)
    assert _export(tmp_path).exit_code == 3
    evidence = json.loads((tmp_path / "out.evidence.json").read_text())
    assert {one["reason"] for one in evidence["not_written"]} == {"features"}
    held = cases.all_of(tmp_path / "held")
    # The rod's edge looks like a pen's stroke in some slices: these are a case of their own, with the same shadows.
    assert all("features" in case.reasons and len(case.pictures) >= 2 for case in held)
    (plain,) = [case for case in held if case.reasons == ("features",)]
    assert plain.choices == ("accept", "reject") and len(plain.pictures) == 2


def test_what_was_cropped_and_held_is_released_cropped_and_verified(tmp_path):
    """S9: the reviewer sees and releases what is left, never the whole picture."""
    _with_metal(tmp_path)
    assert _export(tmp_path, "--crop", "x=-100:100").exit_code == 3
    _decide(tmp_path, "accept")
    assert _release(tmp_path).exit_code == 0
    evidence = json.loads((tmp_path / "out.evidence.json").read_text())
    (field,) = [one for one in evidence["pixels"] if one["what"] == "field"]
    assert field["accepted"] and -100 <= field["bounds_mm"][0][0] < field["bounds_mm"][0][1] <= 100
    checked = deid("verify", tmp_path / "out", "--evidence", tmp_path / "out.evidence.json")
    assert "6 files checked, 0 findings" in checked.output, checked.output


def test_what_could_not_be_cropped_is_shown_and_released_whole_by_a_reviewer(tmp_path):
    """S9, S16: uneven slices can't be made coarser; a person sees them all, and boxes settle nothing of that."""
    (tmp_path / "in").mkdir()
    write_key(tmp_path / "k.toml", Project("lung", b"c" * 32))
    files = study("chest", matrix=64, slices=30, series=[SeriesKind.SOFT]).files
    for n in (0, 1, 2, 5, 7):
        (tmp_path / "in" / f"{n}").write_bytes(files[n].data)
    assert _export(tmp_path, "--finest", "20").exit_code == 3
    (case,) = cases.all_of(tmp_path / "held")
    assert case.reasons == ("field",) and case.choices == ("accept", "reject") and len(case.pictures) == 5
    assert "all of it leaves" in Pages("en").case(case, None, "", Form()) != Pages("es").case(case, None, "", Form())
    _decide(tmp_path, "accept")
    assert _release(tmp_path).exit_code == 0
    assert {frame(path.read_bytes()).pixels.shape for path in (tmp_path / "out").rglob("*.dcm")} == {(64, 64)}
    checked = deid("verify", tmp_path / "out", "--evidence", tmp_path / "out.evidence.json")
    assert "5 files checked, 0 findings" in checked.output, checked.output


def test_without_the_engines_every_image_is_held_and_the_message_says_what_to_do(place):
    block = (
        "import sys; sys.modules.update(dict.fromkeys(('cv2', 'rapidocr', 'dlib', 'onnxruntime', 'scipy')));"
        "from scanward.cli.deid import command; command(prog_name='deid')"
    )
    words = [place / "in", place / "out", "--project", place / "k.toml", "--keep-scouts", "signed"]
    done = subprocess.run(
        [sys.executable, "-c", block, *words], check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 3 and "Install scanward[pixels]" in done.stdout, done.stderr
    assert not list((place / "out").rglob("*.dcm"))


@pytest.fixture
def server(place):
    _export(place)
    with Reviewing(place / "held") as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def _ask(server, path, cookie="", host="", body=None):
    wire = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=600)
    headers = {"Cookie": cookie, "Host": host or server.host, "Content-Type": "application/x-www-form-urlencoded"}
    wire.request("POST" if body is not None else "GET", path, urlencode(body or {}), headers)
    answer = wire.getresponse()
    return answer, answer.read().decode("utf-8", "replace")


def test_the_page_opens_once_and_to_this_machine_only(server):
    token = f"/?token={server.entry}"
    assert _ask(server, "/")[0].status == 403
    assert _ask(server, token, host="evil.example")[0].status == 403
    entered, _ = _ask(server, token)
    cookie = entered.getheader("Set-Cookie").split(";")[0]
    assert entered.status == 303 and _ask(server, token)[0].status == 403
    answer, page = _ask(server, "/", cookie)
    assert answer.status == 200 and "default-src 'none'" in answer.getheader("Content-Security-Policy")
    assert "scout" in page and "<script>" not in page and "style=" not in page


def test_a_decision_of_the_page_needs_its_form_and_says_what_is_wrong(server):
    cookie = _ask(server, f"/?token={server.entry}")[0].getheader("Set-Cookie").split(";")[0]
    (case,) = cases.all_of(server.held)
    path, sent = f"/case/{case.case}", {"decision": "accept", "by": "Priya", "why": "form 7"}
    assert _ask(server, path, cookie, body=sent)[0].status == 403
    assert _ask(server, path, cookie, body=sent | {"token": server.form, "by": " "})[0].status == 422
    assert not decisions.read(server.held)
    assert _ask(server, path, cookie, body=sent | {"token": server.form})[0].status == 303
    assert decisions.read(server.held)[case.case].by == "Priya"


def test_a_name_of_the_patient_that_can_still_be_read_is_let_pass_by_nobody(tmp_path, monkeypatch):
    page = np.zeros((100, 300), np.uint8)
    cv2.putText(page, "GARCIA LUZ", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2)
    from scanward.deid.pixels.redact import clean
    from scanward.deid.pixels.whose import whose
    from scanward.deid.sweep import Known

    from .test_text import _frame

    who = whose({"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Garcia^Luz"}]}}, Known())
    monkeypatch.setattr("scanward.deid.pixels.redact.blanked", lambda pixels, *_: pixels)  # a painter that fails
    assert clean(_frame(page), who, screen=True).known_left


def test_what_a_picture_shows_is_said_in_both_languages():
    assert titled("render +150", "en") == "from behind, turned -30°"
    assert titled("attack 8 mm +0", "es") == "piel rehecha por un ataque (8 mm), de frente"
    assert titled("image 3, frame 2", "es") == "imagen 3, cuadro 2"
