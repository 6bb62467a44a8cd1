"""The streamed ZIP: exact length, every range, cut on revocation."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanward.bundles.aes_zip import Aes256
from scanward.bundles.members import CHUNK, Member, MemberBroken, with_head
from scanward.bundles.names import NameRefused
from scanward.bundles.zip_stream import ZipStream

AT = datetime(2026, 11, 23, 5, 30, 14)
SIZES = st.one_of(st.integers(0, 40), st.sampled_from([65535, 65536, 70000, CHUNK - 1, CHUNK, CHUNK + 1]))
BODIES = st.sampled_from([None, Aes256("40718-22963-05814", seed=bytes(16))])


def member(number: int, size: int) -> Member:
    return Member.of(f"images/{number}-ñ.dcm", (sha256(b"%d" % number).digest() * (size // 32 + 1))[:size])


@settings(deadline=None, max_examples=60)
@given(st.lists(SIZES, max_size=5), BODIES, st.data())
def test_every_range_is_that_part_of_the_whole(sizes: list[int], body: Aes256 | None, draw: st.DataObject) -> None:
    stream = ZipStream([member(*pair) for pair in enumerate(sizes)], at=AT, body=body)
    whole = b"".join(stream.iterate())
    assert len(whole) == stream.size
    for _ in range(12):
        start = draw.draw(st.integers(0, stream.size))
        stop = draw.draw(st.integers(start, stream.size))
        assert b"".join(stream.iterate(start, stop)) == whole[start:stop]


def test_each_single_byte_can_be_asked_for() -> None:
    stream = ZipStream([member(0, 0), member(1, 33), with_head(member(2, 200))], at=AT)
    whole = b"".join(stream.iterate())
    assert b"".join(b"".join(stream.iterate(n, n + 1)) for n in range(stream.size)) == whole


@settings(deadline=None, max_examples=30)
@given(st.lists(SIZES, max_size=6))
def test_pythons_zipfile_reads_back_every_member(sizes: list[int]) -> None:
    members = [member(*pair) for pair in enumerate(sizes)]
    with zipfile.ZipFile(io.BytesIO(b"".join(ZipStream(members, at=AT).iterate()))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [each.name for each in members]
        assert all(archive.read(each.name) == b"".join(each.chunks()) for each in members)


def test_the_files_are_dated_and_plain_readable_files(at: datetime) -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(ZipStream([member(1, 5)], at=at).iterate()))) as archive:
        info = archive.infolist()[0]
    assert info.date_time == (2026, 11, 23, 5, 30, 14)
    assert info.external_attr >> 16 == 0o100644


@pytest.mark.parametrize(("year", "shown"), [(1970, (1980, 1, 1, 0, 0, 0)), (2200, (2107, 12, 31, 23, 59, 58))])
def test_a_year_that_zip_lacks_becomes_the_nearest_it_has(year: int, shown: tuple[int, ...]) -> None:
    stream = ZipStream([member(1, 5)], at=datetime(year, 6, 1, 1, 1, 1))
    with zipfile.ZipFile(io.BytesIO(b"".join(stream.iterate()))) as archive:
        assert archive.infolist()[0].date_time == shown


def test_same_members_same_bytes_same_tag() -> None:
    first, second = (ZipStream([member(1, 50), member(2, 60)], at=AT) for _ in range(2))
    assert b"".join(first.iterate()) == b"".join(second.iterate())
    assert first.tag == second.tag


@pytest.mark.parametrize("change", [{"name": "other"}, {"sha256": "f" * 64}, {"size": 51}])
def test_another_member_another_tag(change: dict[str, object]) -> None:
    changed = replace(member(1, 50), **change)  # type: ignore[arg-type]
    assert ZipStream([changed], at=AT).tag != ZipStream([member(1, 50)], at=AT).tag


def test_a_range_opens_only_the_members_it_touches(at: datetime) -> None:
    opened: list[int] = []

    def watched(number: int) -> Member:
        plain = member(number, 1000)
        return replace(plain, open=lambda: (opened.append(number), plain.open())[1])

    stream = ZipStream([watched(n) for n in range(10)], at=at)
    list(stream.iterate(stream.size // 2, stream.size // 2 + 10))
    assert len(opened) == 1


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (5, 4), (0, 10**9), (10**9, None)])
def test_a_range_outside_is_refused_before_anything_is_made(start: int, stop: int | None) -> None:
    with pytest.raises(ValueError, match="not inside the archive"):
        ZipStream([member(1, 5)], at=AT).iterate(start, stop)


def test_an_empty_range_and_an_empty_archive_are_fine() -> None:
    stream = ZipStream([], at=AT)
    assert list(stream.iterate(3, 3)) == []
    with zipfile.ZipFile(io.BytesIO(b"".join(stream.iterate()))) as archive:
        assert archive.namelist() == []


def test_a_revocation_cuts_the_stream_within_one_mebibyte() -> None:
    """Requirement D9, fault C6: a running download ends when its basis ends."""
    revoked = False

    def check() -> None:
        if revoked:
            raise PermissionError("revoked")

    reading = ZipStream([member(1, 10 * CHUNK)], at=AT, check=check).iterate()
    sent = len(next(reading)) + len(next(reading))
    revoked = True
    with pytest.raises(PermissionError):
        next(reading)
    assert sent <= 2 * CHUNK


def test_a_revocation_before_the_first_byte_opens_nothing() -> None:
    """Requirement D9."""

    def check() -> None:
        raise PermissionError("revoked")

    never = replace(member(1, 5), open=lambda: pytest.fail("opened"))
    with pytest.raises(PermissionError):
        next(ZipStream([never], at=AT, check=check).iterate())


def test_no_piece_is_larger_than_a_mebibyte(zeros: Callable[[str, int], Member]) -> None:
    stream = ZipStream([zeros("big", 5 * CHUNK), *(member(n, 3000) for n in range(200))], at=AT)
    assert max(map(len, stream.iterate())) <= CHUNK


def test_small_files_are_sent_together() -> None:
    stream = ZipStream([member(n, 100) for n in range(1000)], at=AT)
    assert len(list(stream.iterate())) <= 3


def test_a_member_that_is_short_breaks_the_stream_before_its_end() -> None:
    short = replace(member(1, 100), size=101)
    reading = ZipStream([short], at=AT).iterate()
    with pytest.raises(MemberBroken):
        list(reading)


def test_the_source_is_closed_when_the_receiver_goes_away() -> None:
    source = io.BytesIO(bytes(5 * CHUNK))
    reading = ZipStream([Member("x", 5 * CHUNK, 0, "", lambda: source)], at=AT).iterate()
    next(reading)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert source.closed


def test_memory_does_not_grow_with_the_archive(zeros: Callable[[str, int], Member]) -> None:
    stream = ZipStream([zeros(f"{n}", 40 << 20) for n in range(5)], at=AT)
    tracemalloc.start()
    try:
        assert sum(map(len, stream.iterate())) == stream.size
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_unsafe_names_are_refused() -> None:
    with pytest.raises(NameRefused):
        ZipStream([Member.of("../evil", b"")], at=AT)
