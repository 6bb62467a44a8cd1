"""What becomes of single values: dates, ages, ZIP codes, text, codes."""

import io

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanward.deid.geography import zip_of
from scanward.deid.held import Held, HeldReason
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE, Option, with_options
from scanward.deid.rewrite import Deidentifier
from scanward.deid.sweep import Known, known_values
from scanward.deid.text import clean

from .corpus import Mint, ct
from .handmade import file

PROJECT = Project("values", b"x" * 32)


def through(extra, profile="research", project=PROJECT):
    """The output of a CT with these elements, as pydicom reads it."""
    mint = Mint(5)
    data = file(list({e[0]: e for e in [*ct(mint), *extra]}.values()))
    return pydicom.dcmread(io.BytesIO(Deidentifier(READY_MADE[profile], project).clean(data).assemble(data)))


@pytest.mark.parametrize(("age", "kept"), [("089Y", "089Y"), ("090Y", "090Y"), ("103Y", "090Y"), ("006M", "006M")])
def test_ages_over_89_are_taken_together(age, kept):
    """S2"""
    assert through([(0x00101010, "AS", age)], "safe-harbor").PatientAge == kept


def test_safe_harbor_leaves_only_the_year():
    data = through([(0x00080020, "DA", "20240517"), (0x0008002A, "DT", "20240517101112")], "safe-harbor")
    assert (data.StudyDate, data.AcquisitionDateTime) == ("20240101", "2024")
    assert data.LongitudinalTemporalInformationModified == "REMOVED"


@pytest.mark.parametrize(
    ("address", "digits", "kept"),
    [
        ("1 Main St, Boston MA 02139", 3, "021"),
        ("12345 Oak, Keene NH 03601-1234", 3, "000"),
        ("no zip", 3, ""),
        ("X 02139", 5, "02139"),
    ],
)
def test_zip_codes_follow_the_population_rule(address, digits, kept):
    """T12, 164.514(b)(2)(i)(B)"""
    assert zip_of(address, digits) == kept


dates = st.dates(min_value=__import__("datetime").date(1950, 1, 1), max_value=__import__("datetime").date(2030, 1, 1))


@given(dates, dates)
@settings(max_examples=25, deadline=None)
def test_intervals_between_dates_are_kept(first, second):
    """S4"""
    data = through([(0x00080020, "DA", first.strftime("%Y%m%d")), (0x00080021, "DA", second.strftime("%Y%m%d"))])
    day = lambda text: __import__("datetime").datetime.strptime(text, "%Y%m%d").date()  # noqa: E731
    assert day(data.SeriesDate) - day(data.StudyDate) == second - first
    assert day(data.StudyDate) != first


KNOWN = known_values(
    [(0x00100010, "PN", "Chest^Maria Lovisa"), (0x00100020, "LO", "MRN 4711-8822"), (0x00100030, "DA", "19510607")]
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("CT ABDOMEN W/O CONTRAST", "CT ABDOMEN W/O CONTRAST"),
        ("Thorax 1.25mm B30f soft tissue", "Thorax 1.25mm B30f soft tissue"),
        ("LUNG for Dr. Smithson room 9", "LUNG for room 9"),
        ("Chest lung", "lung"),
        ("lovisa MARIA lung", "lung"),
        ("lung 47118822", "lung"),
        ("lung 06071951", "lung"),
        ("Schädel nativ", "Schädel nativ"),
        ("ABDOMEN 2024-05-17", "ABDOMEN"),
        ("PELVIS 05/17/24 lungs", "PELVIS lungs"),
        ("pelvis 17.5.2024", "pelvis"),
        ("pelvis 17-MAY-2024 with contrast", "pelvis with contrast"),
        ("PELVIS May 17, 2024", "PELVIS"),
        ("PELVIS 93 years", "PELVIS"),
        ("PELVIS 45 years", "PELVIS 45 years"),
        ("lung 1.25 x 0.8 mm", "lung 1.25 x 0.8 mm"),
        ("Thorax^1_Lunge (Adult)", "Thorax 1_Lunge (Adult)"),
        ("Uncompressed predecessor", "Uncompressed predecessor"),
        ("ThorAbd 5.0 B30f venös", "ThorAbd 5.0 B30f venös"),
        ("Zyxxqq", ""),
    ],
)
def test_text_keeps_the_words_of_radiology_and_nothing_that_is_known_of_the_patient(text, kept):
    """S3, the known-value sweep"""
    assert clean(text, KNOWN) == kept


@pytest.mark.parametrize("word", ["Ingrid", "Smithson", "Garcia"])
@pytest.mark.parametrize("tag", [0x00080070, 0x00181020, 0x00181210])
def test_a_name_where_a_technical_code_belongs_goes_though_nobody_knows_it(tag, word):
    """S3: a kernel of seven letters without a digit is no kernel."""
    assert word not in str(through([(tag, "SH" if tag == 0x00181210 else "LO", word)]))


@pytest.mark.parametrize("address", ["10.23.45.67", "192.168.1.12", "W78R NV433", "w78-rnv-433"])
def test_an_address_or_a_record_number_in_two_parts_is_no_technical_code(address):
    """S3, S5"""
    written = through([(0x00080050, "SH", "W78RNV433"), (0x00181160, "SH", address), (0x00180022, "CS", "AB")])
    assert address not in str(written)


@pytest.mark.parametrize("version", ["4.1.2.3", "VB20A", "12.10.3", "V5.2B%LR", "gmp_vct.42", "sles_hde.148"])
def test_versions_stay(version):
    assert through([(0x00181160, "SH", version)]).FilterType == version


@pytest.mark.parametrize(("told", "kept"), [("R", "R"), ("(617) 555-0142", "")])
def test_the_side_of_a_body_is_a_code_and_no_text(told, kept):
    """S5"""
    assert through([(0x00200060, "CS", told)]).get("Laterality") == kept


def test_a_great_age_is_no_code_string():
    """S2"""
    assert "93" not in str(through([(0x00180022, "CS", "93 YO FEMALE")]).get("ScanOptions", ""))


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("4812345\\PRIMARY\\AXIAL", ["DERIVED", "PRIMARY", "AXIAL"]),
        ("ORIGINAL\\4812345\\AXIAL", ["ORIGINAL", "SECONDARY", "AXIAL"]),
        ("4812345", "DERIVED"),
        ("ORIGINAL\\PRIMARY\\AXIAL", ["ORIGINAL", "PRIMARY", "AXIAL"]),
    ],
)
def test_a_record_number_in_the_type_of_an_image_gives_way_to_a_legal_term(told, kept):
    """S5"""
    assert through([(ACCESSION, "SH", "4812345"), (0x00080008, "CS", told)]).ImageType == kept


@pytest.mark.parametrize("code", ["B30f", "FC08", "BONEPLUS", "STANDARD", "YA", "Br40d", "Hr64"])
def test_kernels_stay(code):
    assert through([(0x00181210, "SH", code)]).ConvolutionKernel == code


def test_a_time_zone_that_is_none_goes_where_dates_are_kept():
    assert "Smithson" not in str(through([(0x00080201, "SH", "Smithson")], "limited-data-set"))


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_cleaning_twice_changes_nothing(text):
    once = clean(text, KNOWN)
    assert clean(once, KNOWN) == once


def test_known_values_are_looked_for_in_longer_words_and_numbers():
    assert KNOWN.in_text("xx-LOVISA2")
    assert KNOWN.in_number("0047118822")
    assert not Known().in_text("anything")


def test_references_still_resolve_inside_a_project():
    """S5"""
    mint = Mint(9)
    image = ct(mint)
    uid = next(e[2] for e in image if e[0] == 0x00080018)
    one = through([(0x00081140, "SQ", [[(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2"), (0x00081155, "UI", uid)]])])
    data = file(image)
    other = Deidentifier(READY_MADE["research"], PROJECT).clean(data)
    assert one.ReferencedImageSequence[0].ReferencedSOPInstanceUID == other.uid
    assert one.ReferencedImageSequence[0].ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


def test_the_output_says_what_was_done_to_it():
    data = through([])
    assert data.PatientIdentityRemoved == "YES"
    assert [c.CodeValue for c in data.DeidentificationMethodCodeSequence] == ["113100", "113105", "113107", "113108"]
    assert (data.LongitudinalTemporalInformationModified, data.BurnedInAnnotation) == ("MODIFIED", "NO")
    assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID


def test_the_pseudonym_is_the_same_in_name_and_number_and_other_in_another_project():
    one, other = through([]), through([], project=Project("o", b"o" * 32))
    assert one.PatientID == str(one.PatientName) != other.PatientID
    assert one.StudyInstanceUID != other.StudyInstanceUID


def test_bytes_paths_and_datasets_give_the_same(tmp_path):
    from scanward.deid import deidentify, deidentify_dataset

    data = file(ct(Mint(8)))
    (tmp_path / "x").write_bytes(data)
    plain = deidentify(data, profile="research", project=PROJECT)
    assert deidentify(tmp_path / "x", profile="research", project=PROJECT) == plain
    again = deidentify_dataset(pydicom.dcmread(io.BytesIO(data)), profile="research", project=PROJECT)
    assert again == pydicom.dcmread(io.BytesIO(plain))


ACCESSION, WIDTH, POSITION, LOCATION = 0x00080050, 0x00281051, 0x00200032, 0x00201041


@pytest.mark.parametrize("number", ["40000", "065535", "120000"])
def test_a_window_that_meets_an_accession_number_by_chance_stays(number):
    """S5"""
    assert through([(ACCESSION, "SH", number), (WIDTH, "DS", number)]).WindowWidth == int(number)


def test_a_record_number_in_a_measure_that_may_be_missing_goes():
    """S5"""
    data = through([(ACCESSION, "SH", "4812345"), (LOCATION, "DS", "4812345")])
    assert "SliceLocation" not in data


@pytest.mark.parametrize(("tag", "value"), [(WIDTH, "4812345"), (POSITION, "0\\-4812345\\12.5")])
def test_a_record_number_where_the_image_needs_a_measure_holds_the_file(tag, value):
    """S5: never a false number in its place."""
    with pytest.raises(Held) as held:
        through([(ACCESSION, "SH", "4812345"), (tag, "DS", value)])
    assert held.value.reason is HeldReason.RESIDUAL


@pytest.mark.parametrize("kept", ["FRED 4812", "not a UID"])
def test_what_is_no_uid_does_not_stay_as_one(kept):
    """An option keeps UIDs of devices, but only what is one."""
    engine = Deidentifier(with_options(READY_MADE["basic"], frozenset([Option.DEVICE])), PROJECT)
    data = file([*ct(Mint(5)), (0x00181002, "UI", kept)])
    assert kept.encode() not in engine.clean(data).assemble(data)


@pytest.mark.parametrize("value", ["1e4.5", "xey", "40e", "1e99999999", "--12", "1e" + "9" * 5000])
def test_what_is_no_decimal_is_judged_by_its_digits_and_stops_nothing(value):
    """Fault B5: a broken number in a measure; where the image needs it the file is held, and the element named."""
    assert through([(ACCESSION, "SH", "4812345"), (WIDTH, "DS", value)]).SOPInstanceUID
    with pytest.raises(Held, match="0020,0032") as held:
        through([(ACCESSION, "SH", "4812345"), (POSITION, "DS", f"0\\{value}\\12.5")])
    assert held.value.reason is HeldReason.NUMBER
    with pytest.raises(Held):
        through([(ACCESSION, "SH", "4812345"), (WIDTH, "DS", "4812345e")])


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_asked_whether_it_is_a_number_of_the_patient(text):
    """S5"""
    assert KNOWN.is_number(text) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "age 93 thorax",
        "93F thorax",
        "thorax 093Y",
        "93 jaar thorax",
        "48.8566, 2.3522 thorax",
        "10.1.4.77 thorax",
        "a@b.org thorax",
    ],
)
def test_great_ages_places_and_addresses_of_computers_go_from_prose(text):
    """S2: identifier kinds 2, 3, 6, 14 and 15."""
    assert clean(text, Known()) == "thorax"


@pytest.mark.parametrize("text", ["17.05.24", "thorax 17 5 24", "2024/5/17"])
def test_the_day_of_the_examination_goes_however_it_is_written_unless_dates_stay(text):
    """S4"""
    day = [(0x00080020, "DA", "20240517")]
    assert known_values(day).in_text(text)
    assert not known_values(day, dates_stay=True).in_text(text)


@pytest.mark.parametrize("text", ["thorax 17/05", "5-17 thorax", "05_17, thorax", "9/8 thorax", "thorax (08-09)"])
def test_a_known_day_and_month_go_without_their_year(text):
    """S4: identifier kind 3"""
    known = known_values([(0x00080020, "DA", "20240517"), (0x00100030, "DA", "19480809")])
    assert clean(text, known).strip("(), ") == "thorax"


@pytest.mark.parametrize("text", ["C5/17 disc", "thorax 0.5/17", "17/05.5 mm", "recon 3/17", "L4/5 disc", "17.05 mm"])
def test_other_figures_beside_each_other_stay(text):
    assert clean(text, known_values([(0x00080020, "DA", "20240517")])) == text


@pytest.mark.parametrize("uid, kept", [("1.2.840.113619.2.20240517.101.4", True), ("1.2.826.0.1.73920184.4", False)])
def test_a_uid_that_stays_has_the_day_of_the_examination_but_no_number_of_the_patient(uid, kept):
    """S5: the file meta information names the object as the data set does."""
    parts = {e[0]: e for e in ct(Mint(5))}
    own = [(0x00080018, "UI", uid), (0x00080020, "DA", "20240517"), (0x00100020, "LO", "73920184")]
    source = file(list((parts | {e[0]: e for e in own}).values()))
    profile = with_options(READY_MADE["basic"], frozenset({Option.UIDS}))
    read = pydicom.dcmread(io.BytesIO(Deidentifier(profile, PROJECT).clean(source).assemble(source)))
    assert (read.SOPInstanceUID == uid) is kept
    assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID


WRITTEN = [
    *("CT_17 May_venous", "CT_17.04.1961_venous", "CT_5/17_venous", "CT 17th of April venous", "CT April 17th venous"),
    *(
        "CT Apr-17-61 venous",
        "CT_17/IV/1961_venous",
        "CT 17 avril venous",
        "CT 17 de abril venous",
        "CT venous May 2024",
    ),
    *("CT 2024-05 venous", "CT 05.2024 venous", "CT 17.05. venous", "CT (415)5550187 venous", "CT_415.555.0187_venous"),
    *("CT 42/7719 venous", "CT 0042 7719 venous", "CT (Okonkwo-Smith) venous", "CT venous (okonkwo_smith)"),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_dates_and_known_numbers_go_whole_however_they_are_written(text):
    """S2, S3, S4: also beside an underscore, and no part of a number stays, nor parentheses round nothing."""
    known = known_values(
        [
            (0x00100010, "PN", "Okonkwo-Smith^Ngozi"),
            (0x00100020, "LO", "0042-7719"),
            (0x00100030, "DA", "19610417"),
            (0x00102154, "SH", "(415) 555-0187"),
            (0x00080020, "DA", "20240517"),
        ]
    )
    assert clean(text, known).replace("_", " ") == "CT venous"


@pytest.mark.parametrize(
    "text",
    ["junction 3 mm", "4 separate lesions", "maximum 20 mm", "may be cyst", "contrast (-)", "5 x 12 mm", "phase 2_3_4"],
)
def test_words_that_only_begin_like_a_month_stay(text):
    assert clean(text, Known()) == text
