"""Items 7 to 9: the command, its evidence, and that a killed run goes on."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile

import pydicom
import pytest
from click.testing import CliRunner
from pydicom.fileset import FileSet

from scanward.cli.deid import command
from scanward.deid.export import read_links
from scanward.deid.keyed import Project, write_key

from .corpus import CT, PDF, Mint, _pdf, ct
from .handmade import file


def study(root, count: int = 6, series: int = 2, large: bool = False):
    """A folder with series of one patient, whose names tell who it is."""
    mint = Mint(11)
    shared = {e[0]: e for e in ct(mint)}
    for s in range(series):
        folder = root / "Doe^Jane" / f"S{s}"
        folder.mkdir(parents=True)
        for n in range(count):
            own = {0x00080018: (0x00080018, "UI", f"1.2.3.{s}.{n}"), 0x0020000E: (0x0020000E, "UI", f"1.2.3.{s}")}
            (folder / f"IM{n}").write_bytes(file(list((shared | own).values())))
    return mint.tokens


@pytest.fixture
def place(tmp_path):
    write_key(tmp_path / "k.toml", Project("lung", b"c" * 32))
    (tmp_path / "in").mkdir()
    return tmp_path


def deid(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.dcm"))


def run(place, *more, source="in", out="out"):
    return deid(place / source, place / out, "--profile", "research", "--project", place / "k.toml", *more)


def test_a_folder_is_de_identified_and_verified_without_the_key(place):
    tokens = study(place / "in")
    assert run(place).exit_code == 0
    assert len(files(place / "out")) == 12
    assert not any(t in p.read_bytes() for p in (place / "out").rglob("*.dcm") for t in tokens)
    assert not any("Doe" in str(p) for p in (place / "out").rglob("*"))
    (place / "k.toml").unlink()
    checked = deid("verify", place / "out", "--evidence", place / "out.evidence.json")
    assert checked.exit_code == 0 and "0 findings" in checked.output


def test_the_evidence_holds_what_a_reviewer_needs_and_no_original_value(place):
    """S1, S12, S13, R1, R5, R8"""
    tokens = study(place / "in", 2)
    (place / "in" / "report.dcm").write_bytes(_pdf(Mint(12)))
    assert run(place).exit_code == 3
    text = (place / "out.evidence.json").read_text()
    evidence = json.loads(text)
    assert evidence["edition"].startswith("DICOM PS3.15 2024e")
    assert evidence["profile"]["pathway"] == "expert determination, 164.514(b)(1)"
    assert [m["value"] for m in evidence["methods"]] == ["113100", "113105", "113107", "113108"]
    assert evidence["counts"] == {"written": 4, "held": 1, "refused": 0}
    assert evidence["not_written"][0]["reason"] == "document"
    assert evidence["residual_search"]["findings"] == [] and evidence["residual_search"]["values_searched"] > 0
    assert all(len(o["sha256"]) == 64 == len(o["source_sha256"]) for o in evidence["outputs"])
    page = (place / "out.evidence.html").read_text()
    assert not any(t.decode() in text + page for t in tokens) and "Doe" not in text + page and "report.dcm" not in text


@pytest.mark.parametrize("change", ["byte", "missing", "added", "added by another name", "linked", "evidence"])
def test_verify_finds_every_change(place, change):
    study(place / "in", 2)
    run(place)
    first = next((place / "out").rglob("*.dcm"))
    if change == "byte":
        first.write_bytes(first.read_bytes()[:-1] + b"\x7f")
    elif change == "missing":
        first.unlink()
    elif change == "added":
        first.with_name("more.dcm").write_bytes(first.read_bytes())
    elif change == "added by another name":
        first.with_name("notes").write_text("Doe")
    elif change == "linked":
        (place / "out" / "more").symlink_to(place / "in")
    else:
        path = place / "out.evidence.json"
        path.write_text(path.read_text().replace('"refused": 0', '"refused": 1'))
    assert deid("verify", place / "out", "--evidence", place / "out.evidence.json").exit_code in (1, 4)


def test_evidence_that_lies_in_its_export_is_no_change_of_it(place):
    study(place / "in", 2)
    (place / "out").mkdir()
    run(place, "--evidence", place / "out" / "told.json")
    checked = deid("verify", place / "out", "--evidence", place / "out" / "told.json")
    assert checked.exit_code == 0 and (place / "out" / "told.html").exists()


def test_zip_and_folder_give_the_same_files(place):
    study(place / "in", 3)
    with zipfile.ZipFile(place / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (place / "in").rglob("IM*"):
            archive.write(path, path.relative_to(place / "in"))
    run(place)
    assert run(place, source="in.zip", out="zipped").exit_code == 0
    assert files(place / "out") == files(place / "zipped")
    assert all((place / "out" / f).read_bytes() == (place / "zipped" / f).read_bytes() for f in files(place / "out"))


def test_a_dicomdir_set_is_read(place):
    study(place / "in", 2, 1)
    (place / "in" / "Doe^Jane").rename(place / "in" / "DISC")
    ids = [[(0x00041430, "CS", "IMAGE"), (0x00041500, "CS", f"DISC\\S0\\IM{n}")] for n in range(2)]
    (place / "in" / "DICOMDIR").write_bytes(file([(0x00080016, "UI", "1.2.840.10008.1.3.10"), (0x00041220, "SQ", ids)]))
    assert run(place, source="in/DICOMDIR").exit_code == 0
    assert len(files(place / "out")) == 2


@pytest.mark.parametrize("source", ["in", "in/DICOMDIR"])
def test_the_directory_of_a_real_disc_stays_behind_with_all_that_it_says(place, source):
    """S3: its records name the patient, in files that are called PT000000/ST000000 and so on."""
    tokens = study(place / "loose", 2)
    disc = FileSet()
    for path in (place / "loose").rglob("IM*"):
        disc.add(path)
    disc.write(place / "in")
    directory = (place / "in" / "DICOMDIR").read_bytes()
    assert any(token in directory for token in tokens)
    result = run(place, "--json", source=source)
    assert (result.exit_code, len(files(place / "out"))) == (0, 4)
    written = [path for path in place.rglob("out*/**/*") if path.is_file()] + list(place.glob("out*.json"))
    assert not [path.name for path in written for token in tokens if token in path.read_bytes()]
    assert not [path for path in written if path.name == "DICOMDIR" or path.name.startswith("PT")]


def test_one_bad_file_does_not_stop_the_others(place):
    study(place / "in", 3)
    (place / "in" / "bad").write_bytes(b"junk" * 100)
    result = run(place, "--json")
    report = json.loads(result.stdout)
    assert (report["written"], report["refused"], result.exit_code) == (6, 1, 3)


def test_held_files_are_kept_for_a_reviewer(place):
    (place / "in" / "x").write_bytes(_pdf(Mint(2)))
    run(place, "--held", place / "held")
    kept = list((place / "held" / "document").iterdir())
    assert len(kept) == 1 and kept[0].read_bytes() == (place / "in" / "x").read_bytes()


def test_files_of_one_folder_with_one_reason_are_told_in_one_line(place):
    for number in range(3):
        (place / "in" / f"x{number}").write_bytes(_pdf(Mint(number)))
    (place / "in" / "bad").write_bytes(b"junk" * 100)
    said = run(place).stdout
    assert re.search(r"held here \(3 files\): \w", said)
    assert "refused bad: " in said
    assert "x1" not in said


def test_the_source_is_never_changed(place):
    study(place / "in", 2)
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (place / "in").rglob("IM*")}
    run(place)
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in before}
    assert run(place, out="in/inside").exit_code == 2


def test_the_same_identity_with_other_pixels_is_held(place):
    """fault B10"""
    study(place / "in", 1, 1)
    good = next((place / "in").rglob("IM0"))
    good.with_name("IM9").write_bytes(good.read_bytes()[:-2] + b"\1\1")
    good.with_name("IM8").write_bytes(good.read_bytes())
    report = json.loads(run(place, "--json").stdout)
    assert (report["written"], report["already_there"], report["held"]) == (2, 1, 1)


def test_a_dry_run_masks_values_and_writes_nothing(place):
    tokens = study(place / "in", 1, 1)
    one = next((place / "in").rglob("IM0"))
    masked = deid(one, "--dry-run", "--profile", "research", "--project", place / "k.toml")
    shown = deid(one, "--dry-run", "--profile", "research", "--project", place / "k.toml", "--show-values")
    assert "PatientName" in masked.output and not any(t.decode() in masked.output for t in tokens)
    assert any(t.decode() in shown.output for t in tokens)
    assert not (place / "out").exists()


def test_a_dry_run_says_where_an_element_stands_and_what_stays_as_it_was(place):
    study(place / "in", 1, 1)
    one = next((place / "in").rglob("IM0"))
    data = pydicom.dcmread(one)
    data.PatientIdentityRemoved = "NO"
    data.OperatorsName = "Doe\x1b[31m"
    reference = pydicom.Dataset()
    reference.ReferencedSOPInstanceUID = "1.2.3.4"
    data.ReferencedImageSequence = [reference]
    data.save_as(one)
    told = deid(one, "--dry-run", "--profile", "research", "--project", place / "k.toml", "--show-values").output
    lines = [re.sub(" +", " ", line) for line in told.splitlines()]
    at = next(n for n, line in enumerate(lines) if line.startswith("(0008,1140) SQ"))
    assert lines[at + 1].startswith("(0008,1140) > (0008,1155) UI ReferencedSOPInstanceUID")
    assert any("PatientIdentityRemoved written anew" in line for line in lines)
    assert any(line.startswith("(0008,0060) CS Modality") and line.endswith("-> unchanged") for line in lines)
    assert "\x1b" not in told


@pytest.mark.parametrize("what", ["no room", "no folder"])
def test_what_stops_a_run_is_told_in_a_sentence(place, monkeypatch, what):
    def full(*_):
        raise OSError(28, "No space left on device", "Doe_John.dcm")

    study(place / "in", 1, 1)
    if what == "no room":
        monkeypatch.setattr("scanward.deid.run._write_parts", full)
    result = run(place, out="out" if what == "no room" else "k.toml/out")
    assert result.exit_code == 1 and "Error: It stopped: No" in result.output and "Doe" not in result.output
    assert not list((place / "out").rglob(".*"))


@pytest.mark.parametrize(
    ("content", "said"), [(None, "There is no file site.toml"), (b"\xc2\x12", "site.toml is not a text file")]
)
def test_a_profile_that_cannot_be_read_is_named(place, content, said):
    if content:
        (place / "site.toml").write_bytes(content)
    asked = deid(place / "in", place / "out", "--profile", place / "site.toml", "--project", place / "k.toml")
    assert asked.exit_code == 1 and said in asked.output


def test_the_linking_table_is_encrypted_and_apart(place):
    """R4, S11"""
    tokens = study(place / "in", 1, 1)
    run(place, "--link-table", place / "links", "--link-key", place / "link.key")
    assert not any(t in (place / "links").read_bytes() for t in tokens)
    links = read_links(place / "links", place / "link.key")
    assert [v.encode() in tokens for v in links.values()] == [True]


def test_an_output_that_fails_the_independent_check_is_held(place, monkeypatch):
    """S12"""
    study(place / "in", 2, 1)
    from scanward.deid import rewrite

    clean = rewrite.Deidentifier.clean

    def leaking(self, data, size=None, trace=None):
        done = clean(self, data, size, trace)
        done.scope.known = type(done.scope.known)(raw=(b"SOMATOM",))
        return done

    monkeypatch.setattr(rewrite.Deidentifier, "clean", leaking)
    result = run(place, "--held", place / "held")
    assert result.exit_code == 3
    assert not files(place / "out") and len(list((place / "held" / "residual").iterdir())) == 2


@pytest.mark.parametrize("how", ["serial", "workers"])
def test_a_killed_run_goes_on_and_half_writes_nothing(place, how):
    study(place / "in", 60, 6)
    more = ["--workers", "2"] if how == "workers" else []
    arguments = [sys.executable, "-m", "scanward.cli.deid", place / "in", place / "out", "--profile", "research"]
    arguments += ["--project", place / "k.toml", *more]
    process = subprocess.Popen([str(a) for a in arguments], start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list((place / "out").rglob("*.dcm"))[:1] and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    early = {f: (place / "out" / f).stat() for f in files(place / "out")}
    assert run(place, *more).exit_code == 0
    assert len(files(place / "out")) == 360 and not list((place / "out").rglob(".*"))
    assert all((place / "out" / f).stat().st_ino == was.st_ino for f, was in early.items())
    run(place, out="fresh")
    assert all((place / "out" / f).read_bytes() == (place / "fresh" / f).read_bytes() for f in files(place / "fresh"))


def test_a_missing_key_is_told_with_the_way_to_make_one(place):
    (place / "k.toml").unlink()
    result = run(place)
    assert result.exit_code == 1 and "scanward deid key --name NAME k.toml" in result.output
    assert "Errno" not in result.output


def test_a_directory_of_a_disc_among_the_files_is_named_as_such(place):
    """A DICOMDIR has no SOPClassUID of its own; its file meta information says what it is."""
    directory = file([(0x00041220, "SQ", [])]).replace(CT.encode() + b"\0", b"1.2.840.10008.1.3.10".ljust(26, b"\0"))
    (place / "in" / "DIRFILE").write_bytes(directory)
    report = json.loads(run(place, "--json").stdout)
    assert [one["reason"] for one in report["not_written"]] == ["dicomdir"]


def test_values_that_only_the_site_knows_are_taken_out_too(place):
    study(place / "in", 1, 1)
    one = next((place / "in").rglob("IM0"))
    (place / "more").write_text("SOMATOM\n")
    assert b"SOMATOM" in one.read_bytes()
    assert run(place, "--also-known", place / "more").exit_code == 0
    assert not any(b"SOMATOM" in path.read_bytes() for path in (place / "out").rglob("*.dcm"))


def test_ct_and_pdf_classes_are_what_the_corpus_says():
    assert CT.endswith(".2") and PDF.endswith("104.1")
