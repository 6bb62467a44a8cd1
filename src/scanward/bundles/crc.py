"""CRC-32 arithmetic: the checksum of a changed file, without reading the file again.

CRC-32 is linear: changing the head of a file changes its CRC by a term that depends only on the two heads and
on the number of bytes behind them. The method is that of zlib's `crc32_combine` (Mark Adler): multiply by
x^(8 n) modulo the polynomial.
"""

from functools import lru_cache
from zlib import crc32

_POLYNOMIAL = 0xEDB88320  # reflected, as in ISO 3309 and in ZIP
_ONE = 1 << 31


def _times(a: int, b: int) -> int:
    """Multiply two reflected polynomials modulo the CRC-32 polynomial."""
    product = 0
    for bit in range(31, -1, -1):
        if a & (1 << bit):
            product ^= b
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1
    return product


@lru_cache(maxsize=4096)
def _behind(length: int) -> int:
    """x^(8 length): what `length` following bytes do to a CRC."""
    result, power, exponent = _ONE, 1 << 30, 8 * length
    while exponent:
        if exponent & 1:
            result = _times(power, result)
        power = _times(power, power)
        exponent >>= 1
    return result


def crc32_combine(first: int, second: int, second_length: int) -> int:
    """CRC-32 of two byte strings one after the other, from their own CRCs and the length of the second."""
    return _times(_behind(second_length), first) ^ second


def crc32_with_head(whole: int, size: int, old_head: bytes, new_head: bytes) -> int:
    """CRC-32 of a file of `size` bytes whose CRC was `whole`, once `new_head` stands where `old_head` (same
    length) stood.
    """
    if len(old_head) != len(new_head) or len(old_head) > size:
        raise ValueError("Both heads must be equally long, and no longer than the file.")
    return whole ^ _times(_behind(size - len(old_head)), crc32(old_head) ^ crc32(new_head))
