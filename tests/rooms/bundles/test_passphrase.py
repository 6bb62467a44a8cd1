"""Passphrases that are strong and can be told by telephone."""

import re
from math import log2

import pytest

from scanward.bundles import passphrase


def test_a_passphrase_is_five_groups_of_five_digits() -> None:
    assert all(re.fullmatch(r"\d{5}(-\d{5}){4}", passphrase.new()) for _ in range(100))


def test_it_holds_more_than_eighty_bits() -> None:
    assert log2(10**25) >= passphrase.BITS >= 80


def test_every_digit_occurs_in_every_place() -> None:
    columns = zip(*(passphrase.new().replace("-", "") for _ in range(500)), strict=True)
    assert all(set(column) == set("0123456789") for column in columns)


def test_composed_and_decomposed_spelling_are_one() -> None:
    assert passphrase.as_bytes("contrasen\u0303a-1234") == passphrase.as_bytes("contrase\u00f1a-1234")


def test_the_refusal_does_not_repeat_the_passphrase() -> None:
    with pytest.raises(ValueError, match="12 characters") as refused:
        passphrase.as_bytes("hunter2")
    assert "hunter2" not in str(refused.value)
