"""Passphrases for packages: strong, and easy to read out over a telephone in any language."""

from secrets import randbelow
from unicodedata import normalize

_GROUPS, _DIGITS = 5, 5
BITS = 83
"""log2(10 ** 25), rounded down."""


def new() -> str:
    """Make a passphrase of five groups of five digits, as `40718-22963-05814-77120-93485`: 83 random bits.

    Digits, because every keyboard has them and every language can say them; no letter is misheard or mistyped
    in case.
    """
    return "-".join(f"{randbelow(10**_DIGITS):0{_DIGITS}}" for _ in range(_GROUPS))


def as_bytes(passphrase: str) -> bytes:
    """Encode a passphrase as the tools do: UTF-8 of the composed form.

    Raises: ValueError when it is shorter than 12 characters.
    """
    if len(passphrase) < 12:
        raise ValueError("The passphrase of a package needs at least 12 characters.")
    return normalize("NFC", passphrase).encode()
