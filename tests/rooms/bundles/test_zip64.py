"""ZIP64: what is too large for the old fields is still found. Nothing large is ever made or read."""

import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest

from scanward.bundles.aes_zip import OVERHEAD, Aes256
from scanward.bundles.members import Member
from scanward.bundles.zip_records import end_of_archive
from scanward.bundles.zip_stream import ZipStream

LIMIT = 0xFFFFFFFF


@pytest.mark.parametrize("size", [LIMIT - OVERHEAD - 1, LIMIT - OVERHEAD, LIMIT - 1, LIMIT, LIMIT + 1, 9 << 30])
@pytest.mark.parametrize("body", [None, Aes256("40718-22963-05814", seed=bytes(16))])
def test_a_member_around_four_gibibytes_is_found_with_its_size(
    size: int, body: Aes256 | None, zeros: Callable[..., Member], ranged: Callable[..., object], at: datetime
) -> None:
    stream = ZipStream([zeros("big", size), zeros("last", 20)], at=at, body=body)
    with zipfile.ZipFile(ranged(stream)) as archive:  # type: ignore[call-overload]
        big, last = archive.infolist()
    assert (big.file_size, big.compress_size) == (size, size + (OVERHEAD if body else 0))
    assert last.header_offset == stream.size - _tail(stream, last.header_offset)


def _tail(stream: ZipStream, offset: int) -> int:
    """Count what stands from a local header to the end, if one really begins there."""
    tail = b"".join(stream.iterate(offset))
    assert tail.startswith(b"PK\3\4")
    return len(tail)


def test_a_member_behind_four_gibibytes_is_read_from_its_place(
    zeros: Callable[..., Member], ranged: Callable[..., object], at: datetime
) -> None:
    stream = ZipStream([zeros("big", LIMIT + 5), Member.of("last", b"here I am")], at=at)
    file = ranged(stream)
    with zipfile.ZipFile(file) as archive:  # type: ignore[call-overload]
        assert archive.read("last") == b"here I am"
    assert file.made < 10_000  # type: ignore[attr-defined]


@pytest.mark.parametrize("offset", [LIMIT - 1, LIMIT, LIMIT + 1])
def test_the_exact_offset_at_which_zip64_begins_is_right(
    offset: int, zeros: Callable[..., Member], ranged: Callable[..., object], at: datetime
) -> None:
    header = 30 + len("big")
    stream = ZipStream([zeros("big", offset - header), Member.of("last", b"here")], at=at)
    with zipfile.ZipFile(ranged(stream)) as archive:  # type: ignore[call-overload]
        assert archive.getinfo("last").header_offset == offset
        assert archive.read("last") == b"here"


@pytest.mark.parametrize("count", [65534, 65535, 65536])
def test_more_members_than_sixteen_bits_count(count: int, ranged: Callable[..., object], at: datetime) -> None:
    nothing = Member.of("", b"")
    members = [Member(f"{n}", 0, 0, nothing.sha256, nothing.open) for n in range(count)]
    with zipfile.ZipFile(ranged(ZipStream(members, at=at))) as archive:  # type: ignore[call-overload]
        assert len(archive.namelist()) == count


@pytest.mark.parametrize(("size", "wide"), [(LIMIT - 1, False), (LIMIT, True)])
def test_the_value_that_means_zip64_is_never_written_as_a_length(
    size: int, wide: bool, zeros: Callable[..., Member], at: datetime
) -> None:
    header = b"".join(ZipStream([zeros("big", size)], at=at).iterate(0, 30))
    assert (header[18:26] == b"\xff" * 8) is wide
    assert (int.from_bytes(header[28:30], "little") == 20) is wide


@pytest.mark.parametrize(("count", "wide"), [(65534, False), (65535, True)])
def test_the_value_that_means_zip64_is_never_written_as_a_count(count: int, wide: bool) -> None:
    assert (b"PK\6\6" in end_of_archive(count=count, start=0, length=0)) is wide


@pytest.mark.long
def test_bsdtar_lists_a_streamed_archive_beyond_four_gibibytes(
    zeros: Callable[..., Member], program: Callable[[str], str], at: datetime
) -> None:
    stream = ZipStream([zeros("big", LIMIT + 5), Member.of("last", b"here")], at=at)
    with subprocess.Popen([program("bsdtar"), "-tf", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tar:
        assert tar.stdin is not None
        assert tar.stdout is not None
        for piece in stream.iterate():
            tar.stdin.write(piece)
        tar.stdin.close()
        assert tar.stdout.read().split() == [b"big", b"last"]
