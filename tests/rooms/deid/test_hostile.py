"""Faults B1-B6, B8, B9, B13, B16: bounded, named, and the rest of the batch goes on."""

import struct
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanward.deid.held import Held, HeldReason
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE
from scanward.deid.rewrite import Deidentifier
from scanward.deid.sources import SourceRefused, find
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.walk import head

from .corpus import ENHANCED, PIXELS, Mint, ct
from .handmade import BIG, DEFLATED, EXPLICIT, IMPLICIT, Coder, encapsulated, file

ENGINE = Deidentifier(READY_MADE["research"], Project("hostile", b"h" * 32))
GOOD = file(ct(Mint(3)))


def reason(data: bytes) -> str:
    with pytest.raises((Refused, Held)) as refused:
        ENGINE.clean(data)
    return refused.value.reason.value


def with_extra(raw: bytes) -> bytes:
    """A good CT with raw bytes between its elements and its pixels."""
    return file([*ct(Mint(3), pixels=False), raw, Coder().element(0x7FE00010, "OW", PIXELS.tobytes())])


@pytest.mark.parametrize("cut", [10, 100, len(PIXELS.tobytes()) - 2])
def test_short_pixels_are_refused(cut):
    """fault B1"""
    assert reason(GOOD[:-cut]) == "pixels-short"


@given(st.integers(0, len(GOOD) - 1))
@settings(max_examples=60, deadline=None)
def test_a_file_cut_anywhere_is_refused_with_a_sentence(at):
    """fault B1"""
    with pytest.raises(Refused) as refused:
        ENGINE.clean(GOOD[:at])
    assert str(refused.value).endswith((".", ".)"))


@pytest.mark.parametrize("data", [b"", b"hello" * 1000, b"\0" * 100_000])
def test_what_is_no_dicom_is_refused(data):
    """fault B2"""
    assert reason(data) in ("empty", "not-dicom")


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("cut", [0, 132])
def test_a_data_set_without_file_meta_information_is_cleaned_like_one_with_it(syntax, cut):
    """Old archives and senders leave such files; they can be cleaned, so they are not refused."""
    pixels = PIXELS.byteswap().tobytes() if syntax == BIG else PIXELS.tobytes()
    whole = file([*ct(Mint(3), pixels=False), (0x7FE00010, "OW", pixels)], syntax)
    bare = (whole[:132] if cut else b"") + whole[head(whole).start :]
    assert ENGINE.clean(bare).assemble(bare) == ENGINE.clean(whole).assemble(whole)


def test_a_uid_with_leading_zeros_is_replaced_like_any_other():
    elements = {e[0]: e for e in ct(Mint(3))} | {0x0020000E: (0x0020000E, "UI", "1.2.003.04")}
    data = file(list(elements.values()))
    assert b"1.2.003.04" not in ENGINE.clean(data).assemble(data)


def test_a_deflated_bomb_is_refused_in_little_memory():
    """fault B3"""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    data = file([], DEFLATED)
    tracemalloc.start()
    assert reason(data[: len(data) - 2] + bomb) == "inflates-too-far"
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("depth", [70, 300, 20_000])
def test_deep_nesting_is_refused(depth):
    """fault B4"""
    nested = (struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * depth
    assert reason(with_extra(nested)) in ("too-deep", "truncated", "malformed")


def test_an_element_longer_than_the_file_is_refused():
    """fault B5"""
    assert reason(with_extra(struct.pack("<HH2sHI", 0x28, 0x3006, b"OW", 0, 0xFFFFFFF0))) in ("bad-length", "truncated")


@pytest.mark.parametrize("change", [(0x00280010, "US", 65535), (0x00280008, "IS", "2147483648"), (0x00280100, "US", 7)])
def test_a_declared_size_that_the_pixels_do_not_have_is_refused(change):
    """fault B6"""
    elements = {e[0]: e for e in ct(Mint(3))} | {change[0]: change}
    assert reason(file(list(elements.values()))) in ("pixels-short", "bad-geometry")


@pytest.mark.parametrize("start", [b"MZ\x90", b"\x7fELF", b"<html><script>", b"PK\x03\x04", b"%PDF-1.4"])
def test_a_polyglot_preamble_comes_out_as_zeros(start):
    """fault B8"""
    data = file(ct(Mint(3)), preamble=start.ljust(128, b"x"))
    assert ENGINE.clean(data).assemble(data)[:128] == bytes(128)


@pytest.mark.parametrize(
    "uid",
    ["../../../../tmp/evil", "/etc/passwd", "1." * 40 + "1", "", "1.2'", "1.2\x003", "1.2\n3", "<script>", "1..2"],
)
@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E])
def test_what_is_no_uid_is_refused(uid, tag):
    """fault B9"""
    elements = {e[0]: e for e in ct(Mint(3))} | {tag: (tag, "UI", uid)}
    assert reason(file(list(elements.values()))) == "bad-uid"


@pytest.mark.parametrize(
    "coded",
    [
        b"\xff\x4f\xff\x51\x00\x29\0\0"
        + struct.pack(">8I", 1 << 30, 1 << 30, 0, 0, 1 << 30, 1 << 30, 0, 0)
        + b"\0\1\x0b\1\1"
        + b"\xff\x90",
        b"\xff\xd8\xff\xc3\x00\x0b\x0c\xff\xff\xff\xff\x01\x01\x11\x00",
        b"\xff\xd8\xff\xfe\x00\x01",
        b"\xff\xd8" + b"\xff" * 1000,
        b"",
        b"GIF89a",
    ],
)
def test_broken_or_huge_codestreams_are_held(coded):
    """fault B13"""
    for syntax in ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"):
        assert reason(file([*ct(Mint(3), pixels=False), encapsulated([coded])], syntax)) == "undecodable"


def test_two_million_tiny_elements_are_over_quickly():
    tiny = struct.pack("<HH2sH", 0x0008, 0x103E, b"LO", 0) * 500_000
    started = time.process_time()
    assert reason(with_extra(tiny)) == "too-many-elements"
    assert time.process_time() - started < 60


@given(st.binary(max_size=300), st.integers(0, len(GOOD)))
@settings(max_examples=150, deadline=None)
def test_whatever_the_bytes_it_answers_or_refuses(junk, at):
    """Total: no other exception than a verdict."""
    data = GOOD[:at] + junk + GOOD[at + len(junk) :]
    try:
        ENGINE.clean(data)
    except (Refused, Held) as verdict:
        assert verdict.reason in (*RefusalReason, *HeldReason)


@pytest.mark.parametrize("file_id", ["..\\..\\ETC\\PASSWD", "\\ETC", "C:\\X", "A/../../B"])
def test_a_dicomdir_that_points_outside_is_refused(file_id, tmp_path):
    """fault B16"""
    record = [(0x00041430, "CS", "IMAGE"), (0x00041500, "CS", file_id)]
    (tmp_path / "set").mkdir()
    path = tmp_path / "set" / "DICOMDIR"
    path.write_bytes(file([(0x00080016, "UI", "1.2.840.10008.1.3.10"), (0x00041220, "SQ", [record])], EXPLICIT))
    with pytest.raises(SourceRefused, match="outside"):
        find(path)


def test_a_dicomdir_through_a_link_is_refused(tmp_path):
    """fault B16"""
    (tmp_path / "secret").write_bytes(GOOD)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "A").symlink_to(tmp_path / "secret")
    path = tmp_path / "set" / "DICOMDIR"
    path.write_bytes(
        file([(0x00080016, "UI", "1.2.840.10008.1.3.10"), (0x00041220, "SQ", [[(0x00041500, "CS", "A")]])])
    )
    with pytest.raises(SourceRefused, match="outside"):
        find(path)


def test_many_frames_are_walked_in_time():
    frames = [[(0x00209113, "SQ", [[(0x00200032, "DS", f"0\\0\\{n}")]])] for n in range(2000)]
    elements = {e[0]: e for e in ct(Mint(4), pixels=False)} | {0x00280008: (0x00280008, "IS", "2000")}
    elements[0x00080016] = (0x00080016, "UI", ENHANCED)
    data = file(
        [*elements.values(), (0x52009230, "SQ", frames), (0x7FE00010, "OW", bytes(64 * 64 * 2 * 2000))], undefined=True
    )
    assert ENGINE.clean(data).pixels[1] == 64 * 64 * 2 * 2000
