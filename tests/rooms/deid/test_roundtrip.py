"""Properties of the whole engine, over VRs, multiplicities and encodings: what goes in legal comes out legal."""

import io
import struct

import pydicom
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE
from scanward.deid.rewrite import Deidentifier
from scanward.dicom.walk import head, inflate, walk

from .corpus import PIXELS, Mint, ct
from .handmade import BIG, DEFLATED, EXPLICIT, IMPLICIT, file

SYNTAXES = [EXPLICIT, IMPLICIT, BIG, DEFLATED]
ONE, OTHER = Project("one", b"1" * 32), Project("other", b"2" * 32)
decimals = st.decimals(-9999, 9999, places=2).map(str)
integers = st.integers(-99999, 99999).map(str)
# A kept attribute of each VR, and values that are legal in it.
KEPT = {
    "CS": (0x00189004, st.sampled_from(["PRODUCT", "RESEARCH", "SERVICE"])),
    "DS": (0x00181120, decimals),
    "IS": (0x00181153, integers),
    "LO": (0x00181030, st.sampled_from(["Thorax", "ABDOMEN", "lung 1.25mm"])),
    "SH": (0x00181210, st.sampled_from(["B30f", "FC08", "BONE"])),
    "FD": (0x00189311, st.floats(-1e4, 1e4)),
    "FL": (0x00700022, st.floats(0.015625, 16384, width=32)),
    "US": (0x00280106, st.integers(0, 4095)),
    "UL": (0x00209157, st.integers(0, 100_000)),
    "AT": (0x00209165, st.sampled_from([0x00209056, 0x00200032, 0x00189345])),
    "UN": (0x00181100, decimals),
}


def made(elements, syntax, undefined):
    own = {e[0]: e for e in [*ct(Mint(7), pixels=False), *elements]}
    pixels = PIXELS.byteswap().tobytes() if syntax == BIG else PIXELS.tobytes()
    return file([*own.values(), (0x7FE00010, "OW", pixels)], syntax, undefined=undefined)


def cleaned(data, profile="research", project=ONE):
    return Deidentifier(READY_MADE[profile], project).clean(data).assemble(data)


def read(data):
    return pydicom.dcmread(io.BytesIO(data))


@st.composite
def valued(draw):
    """An attribute that stays, with one to three values, alone or inside a kept sequence."""
    vr = draw(st.sampled_from(sorted(KEPT)))
    tag, values = KEPT[vr]
    many = draw(st.lists(values, min_size=1, max_size=3))
    value = "\\".join(many) if isinstance(many[0], str) else many
    if vr in ("FL", "FD"):
        # Numbers whose every byte is a letter or a digit are taken for a text that hides there.
        code = f"{len(many)}{'f' if vr == 'FL' else 'd'}"
        assume(not any(struct.pack(order + code, *many).rstrip(b"\0 ").isalnum() for order in "<>"))
    return (tag, vr, value)


@given(valued(), st.sampled_from(SYNTAXES), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_stays_reads_as_it_did_in_every_encoding(element, syntax, undefined, inside):
    placed = [(0x00189301, "SQ", [[element]])] if inside else [element]
    data = made(placed, syntax, undefined)
    before, after = read(data), read(cleaned(data))
    if inside:
        before, after = before.CTAcquisitionTypeSequence[0], after.CTAcquisitionTypeSequence[0]
    assert after[element[0]].value == before[element[0]].value


@given(st.lists(valued(), max_size=4), st.sampled_from(SYNTAXES), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_output_is_well_formed_by_both_parsers(elements, syntax, undefined):
    data = cleaned(made(elements, syntax, undefined))
    about = head(data)
    body = bytes(inflate(data[about.start :])) if about.deflated else data[about.start :]
    top = [e for e in walk(body, 0, len(body), about.encoding) if e.depth == 0 and e.tag >> 16 != 0xFFFE]
    tags = [e.tag for e in top]
    assert tags == sorted(set(tags)) == [int(e.tag) for e in read(data)]
    assert all((e.end - e.value) % 2 == 0 for e in top if e.end >= 0)
    assert top[-1].end == len(body)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("profile", ["basic", "safe-harbor"])
def test_doing_it_twice_changes_nothing_but_the_new_identifiers(profile, syntax):
    once = cleaned(made([], syntax, undefined=False), profile)
    first, second = read(once), read(cleaned(once, profile))
    keyed = {0x00100010, 0x00100020}
    assert {e.tag for e in first} == {e.tag for e in second}
    assert all(first[e.tag] == e for e in second if e.VR != "UI" and e.tag not in keyed)


@given(st.text("ABCDEFGH", min_size=4, max_size=12), st.dates(), st.sampled_from(SYNTAXES))
@settings(max_examples=40, deadline=None)
def test_two_projects_share_no_identifier_and_no_date(name, day, syntax):
    """S5: nobody can put the exports of two projects side by side."""
    when = f"{day:%Y%m%d}".rjust(8, "0") if day.year > 1900 else "19800101"
    data = made([(0x00100020, "LO", name), (0x00080020, "DA", when), (0x00080021, "DA", when)], syntax, undefined=False)
    one, other = read(cleaned(data, project=ONE)), read(cleaned(data, project=OTHER))
    ours = {str(e.value) for e in one if e.VR == "UI" and str(e.value).startswith("2.25")}
    theirs = {str(e.value) for e in other if e.VR == "UI" and str(e.value).startswith("2.25")}
    assert ours and theirs and not ours & theirs
    assert one.PatientID != other.PatientID and name not in str(one)
    assert one.StudyDate != other.StudyDate and one.StudyDate == one.SeriesDate


@given(st.lists(st.binary(min_size=8, max_size=8).map(lambda b: struct.unpack("<d", b)[0]), min_size=1, max_size=2))
@settings(max_examples=60, deadline=None)
def test_any_double_stays_or_goes_and_breaks_nothing(numbers):
    data = made([(0x00189311, "FD", numbers)], EXPLICIT, undefined=False)
    assert read(cleaned(data)).SOPClassUID == read(data).SOPClassUID
