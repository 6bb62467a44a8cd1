"""S2, S3: letters where numbers belong are found, and numbers are never taken for letters."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanward.deid.binary import reads_as_text
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE
from scanward.deid.rewrite import Deidentifier

from .corpus import Mint, ct
from .handmade import file

NAMES = [
    b"zz_pkmmbkz",
    b"QUILLFEATHER",
    b"PX-3321170-Q\0",
    b"Doe^Jane",
    b"j.doe@example.org",
    "Jane Doe".encode("utf-16-le"),
]


@pytest.mark.parametrize("vr", [b"US", b"UL", b"FL", b"FD", b"OW", b"OB", b"UN"])
@pytest.mark.parametrize("name", [name for name in NAMES if name[1]])
def test_a_name_is_found_among_numbers(vr, name):
    assert reads_as_text(vr, name, little=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_inside_a_lookup_table(name):
    assert reads_as_text(b"OW", bytes(200) + name + b"\xff\0" * 100, little=True)


@given(st.lists(st.floats(0.003, 9e4), min_size=1, max_size=4), st.booleans())
@settings(max_examples=400, deadline=None)
def test_measures_are_no_names(numbers, little):
    order = "<" if little else ">"
    assert not reads_as_text(b"FD", struct.pack(f"{order}{len(numbers)}d", *numbers), little=little)


@pytest.mark.parametrize("step", [1, 2, 16, 64, 257])
@pytest.mark.parametrize("kind", ["<u2", ">u2", "u1"])
def test_a_ramp_is_no_name(step, kind):
    ramp = (np.arange(256) * step).astype(kind).tobytes()
    assert not reads_as_text(b"OW", ramp, little=True)
    assert not reads_as_text(b"US", ramp[::-1], little=True)


@given(st.lists(st.integers(0, 4095), min_size=1, max_size=40))
@settings(deadline=None)
def test_twelve_bit_values_are_no_names(numbers):
    assert not reads_as_text(b"US", struct.pack(f"<{len(numbers)}H", *numbers), little=True)


def test_tags_are_no_names():
    pointers = (0x00280009, "AT", [0x00200032] * 3)  # as bytes, spaces and digits in UTF-16
    own = {e[0]: e for e in ct(Mint(5))} | {0x00280009: pointers}
    output = Deidentifier(READY_MADE["research"], Project("n", b"n" * 32)).clean(data := file(list(own.values())))
    assert struct.pack("<6H", *[0x20, 0x32] * 3) in output.assemble(data)


@pytest.mark.parametrize("number", ["0048815162", "48815162", "48815162.0", " +48815162"])
@pytest.mark.parametrize(("tag", "vr"), [(0x00200011, "IS"), (0x00180050, "DS"), (0x00181150, "IS")])
def test_the_patients_number_is_found_in_numbers_however_it_is_written(tag, vr, number):
    own = {e[0]: e for e in ct(Mint(5))} | {0x00100020: (0x00100020, "LO", "004-881-5162"), tag: (tag, vr, number)}
    data = file(list(own.values()))
    engine = Deidentifier(READY_MADE["research"], Project("n", b"n" * 32))
    assert b"48815162" not in engine.clean(data).assemble(data)


def test_bytes_full_of_beginnings_of_streams_are_not_all_opened(monkeypatch):
    """Fault B6: a hostile value costs no more than some thousand small looks, and does not stay."""
    opened = []

    class Opening:
        def decompress(self, data: bytes, most: int) -> bytes:
            opened.append(len(data))
            raise zlib.error

    monkeypatch.setattr("scanward.deid.binary.zlib.decompressobj", lambda _window: Opening())
    assert reads_as_text(b"OB", b"\x1f\x8b\x08\xff" * (1 << 18), little=True)
    assert 0 < len(opened) <= 2_000 and max(opened) <= 4_096
