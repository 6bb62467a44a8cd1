"""CRC-32 of changed files, without reading them."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.bundles.crc import crc32_combine, crc32_with_head


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_two_checksums_combine_to_that_of_the_whole(first: bytes, second: bytes) -> None:
    assert crc32_combine(crc32(first), crc32(second), len(second)) == crc32(first + second)


@given(st.binary(max_size=128), st.binary(max_size=600), st.integers(0, 255))
def test_a_changed_head_changes_the_checksum_as_if_the_file_were_read_again(
    head: bytes, rest: bytes, fill: int
) -> None:
    new = bytes([fill]) * len(head)
    assert crc32_with_head(crc32(head + rest), len(head + rest), head, new) == crc32(new + rest)


def test_the_arithmetic_holds_for_a_file_of_gigabytes() -> None:
    length, zeros, crc = 3 << 30, 0, 0
    piece = bytes(1 << 20)
    for _ in range(64):
        crc = crc32(piece, crc)
        zeros += len(piece)
    while zeros < length:
        step = min(zeros, length - zeros)
        crc = crc32_combine(crc, crc if step == zeros else _zeros(step), step)
        zeros += step
    assert crc == _zeros(length)


def _zeros(length: int) -> int:
    """CRC-32 of zeros, by the definition: the register that starts at all ones, shifted."""
    return crc32_combine(0, 0, length) ^ crc32_combine(0xFFFFFFFF, 0xFFFFFFFF, length)


def test_heads_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equally long"):
        crc32_with_head(0, 100, b"ab", b"a")


def test_a_head_longer_than_the_file_is_refused() -> None:
    with pytest.raises(ValueError, match="no longer than the file"):
        crc32_with_head(0, 1, b"ab", b"cd")
