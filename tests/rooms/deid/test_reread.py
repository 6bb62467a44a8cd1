"""The independent reader: what it must find, and that what it remembers never hides anything."""

from io import BytesIO

import pydicom
import pytest

from scanward.deid.check import CheckFailed, Rules, check_all, promised, rules_of
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE, Dates, from_toml, profile
from scanward.deid.reread import Reader
from scanward.deid.rewrite import Deidentifier, Permissions
from scanward.deid.run import Job, serial
from scanward.deid.sources import find
from scanward.dicom.synthetic import SeriesKind, study
from scanward.dicom.walk import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE

from .corpus import Mint, ct
from .handmade import file

RESEARCH = READY_MADE["research"]


def output(number: int = 0, syntax=EXPLICIT_LITTLE) -> bytes:
    """A de-identified CT; those of one syntax differ in their UID only."""
    elements = {e[0]: e for e in ct(Mint(3))} | {0x00080018: (0x00080018, "UI", f"1.2.3.{number}")}
    data = file(list(elements.values()), syntax)
    return Deidentifier(RESEARCH, Project("p", b"p" * 32), permissions=Permissions("a", "b")).clean(data).assemble(data)


def found(folder, *files: bytes, originals=(), rules=None) -> list[str]:
    """What one reader says of the files, one after the other."""
    reader = Reader(rules or rules_of(RESEARCH), originals)
    said = []
    for number, data in enumerate(files):
        (folder / str(number)).write_bytes(data)
        said += [f"{one.path} {one.what}" for one in reader.check(str(folder), str(number))]
    return said


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED])
def test_a_good_output_is_good_in_every_encoding(tmp_path, syntax):
    assert found(tmp_path, output(1, syntax), output(2, syntax)) == []


def test_syntaxes_may_take_turns(tmp_path):
    assert (
        found(
            tmp_path,
            *(
                output(n, e)
                for n, e in enumerate([EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED, EXPLICIT_BIG] * 2)
            ),
        )
        == []
    )


@pytest.mark.parametrize("forked", [True, False])
def test_both_ways_to_the_other_reader_find_the_same(tmp_path, monkeypatch, forked):
    """S12: what is found does not depend on how the independent process begins."""
    monkeypatch.setattr("scanward.deid.check._alone", lambda: forked)
    for number in range(3):
        (tmp_path / str(number)).write_bytes(output(number))
    checked = [("0", ()), ("1", (b"1.2.840.10008.5.1.4.1.1.2",)), ("2", ()), ("3", ())]
    said = [f"{one.path} {one.what}" for one in check_all(tmp_path, checked, rules_of(RESEARCH))]
    assert said == ["1 an original value", "1 an original value", "3 can't be read again: FileNotFoundError"]


def test_an_element_behind_the_first_look_is_searched_too(tmp_path):
    """S12: what was read, but not judged, because the header went on, does not count as clean."""
    long = (0x00700001, "SQ", [[(0x00281055, "LO", "SOFT TISSUE")] for _ in range(1500)])
    elements = {e[0]: e for e in ct(Mint(3))} | {long[0]: long}
    data = file(list(elements.values()), EXPLICIT_LITTLE)
    graphics = from_toml({"base": "research", "options": ["clean-graphics"], "justification": {"clean-graphics": "x"}})
    how = {"permissions": Permissions("a", "b")}
    written = Deidentifier(graphics, Project("p", b"p" * 32), **how).clean(data).assemble(data)
    assert len(written) > 1 << 15
    said = found(tmp_path, written, written, originals=(b"1.2.840.10008.5.1.4.1.1.2",))
    assert said == ["0 an original value"] * 2 + ["1 an original value"] * 2


def test_an_original_value_is_found_in_every_file_that_has_it(tmp_path):
    files = [output(n) for n in range(3)]
    assert found(tmp_path, *files, originals=(b"SOMATOM",)) == [f"{n} an original value" for n in range(3)]


def test_an_original_value_is_found_in_a_file_like_the_one_before(tmp_path):
    leaking = output(2).replace(b"SOMATOM", b"DOEJANE")
    assert found(tmp_path, output(1), leaking, output(3), originals=(b"DOEJANE",)) == ["1 an original value"]


def test_other_originals_make_the_reader_forget_what_was_clean(tmp_path):
    (tmp_path / "0").write_bytes(output())
    reader = Reader(rules_of(RESEARCH))
    assert reader.check(str(tmp_path), "0") == []
    reader.search_for((b"SOMATOM",))
    assert [one.what for one in reader.check(str(tmp_path), "0")] == ["an original value"]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\1" + data[1:],
        lambda data: data + b"\0\0",
        lambda data: data[:-2],
        lambda data: data[:400],
        lambda data: data.replace(b"YES ", b"NO  "),
        lambda data: b"",
    ],
)
def test_whatever_is_not_what_was_written_is_found(tmp_path, change):
    assert len(found(tmp_path, output(1), change(output(2)), output(3))) >= 1


def test_a_long_header_is_read_to_its_end(tmp_path):
    frames = [[(0x00081150, "UI", f"1.2.3.{n}"), (0x00081155, "UI", f"1.2.3.{n}")] for n in range(900)]
    data = file([*ct(Mint(3)), (0x00081140, "SQ", frames)])
    done = Deidentifier(RESEARCH, Project("p", b"p" * 32), permissions=Permissions("a", "b")).clean(data)
    assert len(done.before) > 30_000
    assert found(tmp_path, done.assemble(data), output(2)) == []


def test_dates_inside_sequences_are_judged_too(tmp_path):
    rules = Rules(Dates.REMOVED)
    assert any("a date" in one for one in found(tmp_path, output(), rules=rules))


def test_the_evidence_promises_what_its_profile_does():
    site = from_toml({"base": "research", "keep": {"(0010,4000)": "consent"}, "justification": {}})
    names = {"dates": "shifted", "options": ["clean-descriptors"], "keep": {"00104000": "consent"}}
    assert promised(names) == rules_of(site)


@pytest.mark.parametrize("forked", [True, False])
def test_a_reader_that_can_not_be_run_is_no_clean_bill(tmp_path, monkeypatch, forked):
    """S12: whether it is forked, or a Python of its own because threads run in this one."""
    monkeypatch.setattr("scanward.deid.check._alone", lambda: forked)
    monkeypatch.setattr("scanward.deid.check._READER", "raise SystemExit(1)")
    monkeypatch.setattr("scanward.deid.reread.serve", None)
    with pytest.raises(CheckFailed):
        list(check_all(tmp_path, [("x", ())], rules_of(RESEARCH)))


def test_each_output_is_searched_for_the_values_of_its_own_patient(tmp_path):
    """S13: also where a batch holds more patients than are kept in memory at once."""
    (tmp_path / "in").mkdir()
    plain = study("chest", matrix=64, slices=1, series=[SeriesKind.SOFT]).files[0].data
    for number in range(40):
        one = pydicom.dcmread(BytesIO(plain))
        one.PatientName, one.PatientID = f"Person{number:03}^Quite", f"NUMBER{number:03}"
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number + 1}"
        one.save_as(tmp_path / "in" / f"{number:03}")
    (tmp_path / "out").mkdir()
    job = Job(profile("research"), Project("many", b"m" * 32), str(tmp_path / "out"), watch=True)
    (result,) = serial(job, [[source for batch in find(tmp_path / "in") for source in batch]])
    assert len(result.written) == 40
    for number, written in enumerate(result.written):
        assert any(f"person{number:03}".encode() in value.lower() for value in result.originals[written.group])


@pytest.mark.parametrize(
    ("value", "seen"), [(b"4812", False), (b"48123", True), (b"0048123", True), (b"148123", False)]
)
def test_a_number_counts_only_where_it_stands_by_itself(tmp_path, value, seen):
    """Item 7: in new UIDs and in decimals five digits meet any number by chance, and files were held for it."""
    bare = output().replace(b"SOMATOM Definition Flash", b"SOMATOM " + value.ljust(16))
    assert bool(found(tmp_path, bare, originals=(b"48123",))) is seen


@pytest.mark.parametrize(("name", "kept"), [("limited-data-set", b"19510607"), ("safe-harbor", b"02139"[:3])])
def test_what_a_profile_keeps_on_purpose_is_no_original_value(tmp_path, name, kept):
    """S1: a limited data set has its dates and ZIP codes, also the patient's date of birth."""
    own = [
        (0x00100030, "DA", "19510607"),
        (0x00380020, "DA", "20230514"),
        (0x00101040, "LO", "1 Elm St^^Boston^MA^02139"),
    ]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1").write_bytes(file(list(({e[0]: e for e in ct(Mint(3))} | {e[0]: e for e in own}).values())))
    chosen = READY_MADE[name]
    (result,) = serial(Job(chosen, Project("z", b"z" * 32), str(tmp_path), watch=True), find(tmp_path / "in"))
    written = result.written[0]
    checked = [(written.path, result.originals[written.group])]
    assert list(check_all(tmp_path, checked, rules_of(chosen))) == []
    assert kept in (tmp_path / written.path).read_bytes()
