"""Members: what is promised is what is sent."""

from hashlib import sha256
from io import BytesIO
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.bundles.members import PREAMBLE, Member, MemberBroken, with_head

EXECUTABLE = b"MZ" + bytes(range(126)) + b"DICM" + b"pixels" * 1000


@given(st.binary(max_size=500), st.binary(max_size=128), st.data())
def test_every_part_of_a_patched_member_is_that_part_of_the_patched_file(
    data: bytes, patch: bytes, draw: st.DataObject
) -> None:
    patch = patch[: len(data)]
    member = Member("x", len(data), 0, "", lambda: BytesIO(data), patch)
    whole = patch + data[len(patch) :]
    start = draw.draw(st.integers(0, len(data)))
    stop = draw.draw(st.integers(start, len(data)))
    assert b"".join(member.chunks(start, stop, size=draw.draw(st.integers(1, 99)))) == whole[start:stop]


def test_a_neutral_preamble_takes_the_place_of_an_executable_one() -> None:
    """Fault B8: a polyglot preamble is zeroed on release."""
    sent = b"".join(with_head(Member.of("x", EXECUTABLE)).chunks())
    assert sent == PREAMBLE + EXECUTABLE[128:]


def test_checksum_and_hash_of_a_patched_member_are_those_of_what_is_sent() -> None:
    """Fault B8."""
    changed = with_head(Member.of("x", EXECUTABLE))
    sent = b"".join(changed.chunks())
    assert (changed.size, changed.crc32, changed.sha256) == (len(sent), crc32(sent), sha256(sent).hexdigest())


def test_a_hash_that_is_known_is_taken_and_only_the_head_is_read() -> None:
    source = BytesIO(EXECUTABLE)
    source.close = lambda: None  # type: ignore[method-assign]
    member = Member("x", len(EXECUTABLE), crc32(EXECUTABLE), "0" * 64, lambda: source)
    assert with_head(member, sha256="a" * 64).sha256 == "a" * 64
    assert source.tell() == 128


def test_a_member_whose_head_is_neutral_already_stays_the_same() -> None:
    member = Member.of("x", PREAMBLE + b"DICM")
    assert with_head(member) is member


def test_a_head_can_be_replaced_twice() -> None:
    twice = with_head(with_head(Member.of("x", EXECUTABLE), b"A" * 128), b"BB")
    assert b"".join(twice.chunks())[:4] == b"BBAA"
    assert twice.crc32 == crc32(b"".join(twice.chunks()))


def test_a_file_shorter_than_the_head_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than the head"):
        with_head(Member.of("x", b"short"))


@pytest.mark.parametrize(("promised", "word"), [(11, "shorter"), (9, "longer")])
def test_a_source_that_gives_other_than_promised_breaks_the_stream(promised: int, word: str) -> None:
    member = Member("x", promised, 0, "", lambda: BytesIO(b"0123456789"))
    with pytest.raises(MemberBroken, match=word):
        list(member.chunks())


def test_the_source_is_closed_when_the_reader_goes_away() -> None:
    source = BytesIO(bytes(100))
    reading = Member("x", 100, 0, "", lambda: source).chunks(size=10)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert source.closed
