"""S2, S3, S5, fault B21: nothing is left of kinds and shapes that no other corpus has; what is useful stays.

The search decodes what it finds, as that of the unusual values does.
"""

import io
import re
import struct
import zlib

import pydicom
import pytest

from scanward.deid.check import check_all, rules_of
from scanward.deid.held import Held
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE, Option, with_options
from scanward.deid.rewrite import Deidentifier
from scanward.deid.run import Job, serial
from scanward.deid.sources import find
from scanward.deid.sweep import Known, known_values
from scanward.deid.text import clean, clean_values, legal_code_string
from scanward.dicom.errors import Refused
from scanward.dicom.limits import Limits

from .handmade import BIG, DEFLATED, EXPLICIT, IMPLICIT, file
from .kinds import IMAGE, PIXELS, Mint, base, builders, image, other, sweeps
from .test_unusual import expansions

PROJECT = Project("kinds", b"k" * 32)
PATIENT = Limits(max_seconds=120)
CLEANING = {Option.PATIENT_CHARACTERISTICS, Option.MODIFIED_DATES, Option.DESCRIPTORS}
CLEANING |= {Option.STRUCTURED_CONTENT, Option.GRAPHICS, Option.SAFE_PRIVATE}
PROFILES = {name: READY_MADE[name] for name in ("research", "basic", "safe-harbor", "limited-data-set")}
PROFILES["all clean options"] = with_options(READY_MADE["basic"], frozenset(CLEANING))


def found(output: bytes, tokens: set[str]) -> set[str]:
    """The tokens that can be read in an output, as they are or decoded."""
    texts = [one.decode("utf-8", "ignore").casefold() for one in expansions(output)]
    texts.append(output.decode("latin-1").casefold())
    begins = {text[at : at + 5] for text in texts for at in range(len(text))}
    likely = {token for token in tokens if token.casefold()[:5] in begins}
    return {token for token in likely if any(token.casefold() in text for text in texts)}


def fate(profile: str, build, seed: int):
    """The output and its tokens, or the reason for which nothing was written."""
    mint = Mint(seed)
    data = build(mint)
    try:
        return Deidentifier(PROFILES[profile], PROJECT, limits=PATIENT).clean(data).assemble(data), mint.tokens
    except (Held, Refused) as why:
        return why.reason.value, mint.tokens


def leaks(profile: str, cases) -> dict[str, object]:
    wrong = {}
    for number, (name, build) in enumerate(cases):
        output, tokens = fate(profile, build, number + 1)
        if isinstance(output, str):
            wrong[name] = output  # none of these needs a person's look
        elif some := found(output, tokens):
            wrong[name] = sorted(some)
    return wrong


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_left_of_kinds_that_carry_text_in_their_own_ways(profile):
    assert leaks(profile, builders()) == {}


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_that_was_drawn_by_lot_stays_in_any_attribute(profile):
    assert leaks(profile, sweeps(list(PROFILES).index(profile))) == {}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG, DEFLATED])
def test_what_the_image_needs_is_kept(syntax):
    """S3: and the pixels are the same to the byte."""
    mint = Mint(77)
    data = image(mint, [(0x0008103E, "LO", mint("name"))], syntax)
    output = pydicom.dcmread(io.BytesIO(Deidentifier(PROFILES["research"], PROJECT).clean(data).assemble(data)))
    source = pydicom.dcmread(io.BytesIO(data))
    assert [f"{tag:08X}" for tag, _, _ in IMAGE if output.get(tag) != source.get(tag)] == []
    assert output.PixelData == source.PixelData


DOCUMENTS = {
    "PDF": ("104.1", b"%PDF-1.7 " + zlib.compress(b"token")),
    "CDA": ("104.2", "<ClinicalDocument/>".encode("utf-16")),
    "STL": ("104.3", b"solid token"),
    "OBJ": ("104.4", b"# token"),
    "MTL": ("104.5", b"newmtl token"),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_an_enclosed_document_is_held_for_what_it_is(kind):
    """Item 6"""
    tail, content = DOCUMENTS[kind]
    data = other(Mint(3), tail, "DOC", [(0x00420011, "OB", content), (0x00420012, "LO", "application/pdf")])
    with pytest.raises(Held) as held:
        Deidentifier(PROFILES["research"], PROJECT).clean(data)
    assert held.value.reason.value == "document"


@pytest.mark.parametrize("tail", ["9.1.1", "131", "77.1.5.1", "104.9"])
def test_a_kind_that_nobody_judged_is_held(tail):
    """Item 6: waveforms can be voices, displays name places."""
    data = other(Mint(3), tail, "OT", [])
    with pytest.raises(Held):
        Deidentifier(PROFILES["research"], PROJECT).clean(data)


USEFUL = [
    "Omnipaque 350",
    "Isovue300/100",
    "Thorax Routine 1.5 B60f",
    "ThoraxRoutine",
    "L4/L5/S1",
    "COR MPR 2x2",
    "AbdPel w/o 5.0 B30f",
    "CTA Abdomen/Pelvis 1.0 I26f 3",
    "120kV 100mAs",
    "SAG T2 FSE",
    "low dose screening chest ct",
    "F18-FDG",
]
TECHNICAL = [
    "Br40d\\3",
    "FC13-H",
    "YA",
    "BONEPLUS",
    "VA48A_02_P12",
    "Discovery CT750 HD",
    "Biograph128_mCT",
    "LightSpeed16",
    "Mx8000 IDT 16",
    "SpinalCord+5mm",
    "PTV 60Gy",
    "ASiR-V 30%",
    "4.1.7",
]


@pytest.mark.parametrize("text", USEFUL)
def test_a_description_of_the_technique_stays(text):
    assert clean(text, Known()) == text


@pytest.mark.parametrize("text", TECHNICAL)
def test_a_technical_name_stays(text):
    assert [clean(part, Known(), technical=True) for part in text.split("\\")] == text.split("\\")


@pytest.mark.parametrize("value", ["DIS2D", "M_FFE", "FM3_2", "CT_SOM5 SPI", "FILT_BCKPROJ", "T1 MAP"])
def test_a_term_of_the_scanners_stays(value):
    assert legal_code_string(value, Known())


@pytest.mark.parametrize(
    ("value", "scheme", "stays"),
    [
        ("121071", "DCM", True),
        ("51185008", "SCT", True),
        ("T-28000", "SRT", True),
        ("18748-4", "LN", True),
        ("18748-5", "LN", False),
        ("mm", "UCUM", True),
        ("ABCD123", "99CENTRE", False),
        ("51185008", "DCM", False),
        ("12345", "SCT", False),
    ],
)
def test_a_value_stays_as_a_code_where_its_scheme_has_such_codes(value, scheme, stays):
    item = [(0x00080100, "SH", value), (0x00080102, "SH", scheme), (0x00080104, "LO", "Lung")]
    data = image(Mint(4), [(0x00082218, "SQ", [item])])
    output = Deidentifier(PROFILES["research"], PROJECT).clean(data).assemble(data)
    assert (value.encode() in output) is stays


@pytest.mark.parametrize(("time", "stays"), [("101112", True), ("735920", False), ("101112.920184", False)])
def test_a_time_that_is_the_number_of_a_record_goes(time, stays):
    own = [
        (0x00080050, "SH", "735920"),
        (0x00100020, "LO", "920184"),
        (0x00080030, "TM", time),
        (0x0008002A, "DT", "20230514" + time),
    ]
    data = image(Mint(4), own)
    output = Deidentifier(PROFILES["research"], PROJECT).clean(data).assemble(data)
    assert (time.encode() in output) is stays


@pytest.mark.parametrize(
    ("tag", "number", "stays"),
    [
        (0x00181153, "481273", False),
        (0x00181060, "481273.0", False),
        (0x00181153, "481200", True),
        (0x00281051, "48127", True),
        (0x00281052, "48127", True),
        (0x00541300, "481273", True),
    ],
)
def test_of_measures_that_meet_a_short_number_the_image_keeps_those_that_it_needs(tag, number, stays):
    """S5"""
    own = [(0x00080050, "SH", number.split(".")[0]), (tag, "IS" if tag == 0x00181153 else "DS", number)]
    data = file(list({e[0]: e for e in [*base(Mint(4), "2", "CT"), *IMAGE, *own, (0x7FE00010, "OW", PIXELS)]}.values()))
    output = pydicom.dcmread(io.BytesIO(Deidentifier(PROFILES["research"], PROJECT).clean(data).assemble(data)))
    assert (tag in output and output[tag].value == float(number)) is stays


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Dr. White chest", "chest"),
        ("Frau Dr. med. Stone thorax", "thorax"),
        ("seen by Miss Page lung", "seen by lung"),
        ("DR CHEST PA", "DR CHEST PA"),
        ("MR brain", "MR brain"),
    ],
)
def test_whoever_has_a_title_goes_though_the_vocabulary_knows_the_word(text, kept):
    assert clean(text, Known()) in (kept, kept.removeprefix("DR "))


BORN = known_values([(0x00100030, "DA", "19480317"), (0x00100020, "LO", "00-739.201-84")])


@pytest.mark.parametrize(
    "text",
    [
        "17.03.48 12:30",
        "3/17/48",
        "17,03,1948",
        "17:03:1948",
        "1948 03 17",
        "48-3-17",
        "73:920:184",
        "7;3920,184",
        "0073920184",
    ],
)
def test_own_numbers_are_found_however_they_are_set_apart(text):
    assert BORN.in_text(f"lung {text} B30f")


@pytest.mark.parametrize(("vr", "kind"), [("UL", "I"), ("SL", "i"), ("FL", "f"), ("FD", "d")])
@pytest.mark.parametrize("syntax", [EXPLICIT, BIG])
def test_the_patients_number_goes_from_binary_numbers(vr, kind, syntax):
    tag = {"UL": 0x0018106E, "SL": 0x00186020, "FL": 0x00089459, "FD": 0x00189073}[vr]
    for number, stays in ((73920184, False), (73920200, True)):
        written = struct.pack((">" if syntax == BIG else "<") + kind, number)
        data = image(Mint(4), [(0x00100020, "LO", "0073920184"), (tag, vr, written)], syntax)
        output = Deidentifier(PROFILES["research"], PROJECT).clean(data).assemble(data)
        assert (written in output) is stays


@pytest.mark.parametrize("profile", PROFILES)
def test_none_of_the_kinds_is_held_after_it_was_read_again(profile, tmp_path):
    """Item 7: the independent reader finds nothing, also no value that only meets one by chance."""
    (tmp_path / "in").mkdir()
    for number, (_, build) in enumerate(builders()):
        (tmp_path / "in" / str(number)).write_bytes(build(Mint(number + 1)))
    (result,) = serial(Job(PROFILES[profile], PROJECT, str(tmp_path), watch=True), find(tmp_path / "in"))
    assert [one.reason for one in result.not_written] == []
    checked = [(one.path, result.originals[one.group]) for one in result.written]
    assert list(check_all(tmp_path, checked, rules_of(PROFILES[profile]))) == []


@pytest.mark.parametrize("value", [b"1-" * 40_000, b"A\\" * 40_000, b"x" * 1100])
def test_a_text_longer_than_any_description_is_not_looked_into(value):
    """Fault B6: what takes time grows with its square, so it is bounded before."""
    assert clean_values(value, "ascii", Known()) is None


@pytest.mark.parametrize("text", ["A12", "a12 lung", "A12\\A12B", "lung_A12", "X-A12"])
def test_a_short_record_number_of_letters_and_digits_goes_where_such_codes_stay(text):
    own = [
        (0x00100020, "LO", "A12"),
        (0x00081090, "LO", text),
        (0x00181210, "SH", text),
        (0x00080070, "LO", "SIEMENS A13"),
    ]
    code = [(0x00080100, "SH", "A12"), (0x00080102, "SH", "DCM"), (0x00080104, "LO", "Lung")]
    data = image(Mint(4), [*own, (0x00082218, "SQ", [code])])
    output = Deidentifier(PROFILES["research"], PROJECT).clean(data).assemble(data)
    assert b"A13" in output
    assert not re.search(rb"(?i)(?<![A-Z0-9])a12(?![A-Z0-9])", output)
