"""Text that comes from elsewhere is made printable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.bundles.text import MOST_CHARACTERS, TextRefused, printable


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("line\r\nline\rline\fline", "line\nline\nline\nline"),
        ("bell\x07 null\0", "bell null"),
        ("exe\u202efdp", "exefdp"),
        ("\x1b$)CKim \x1b[31mred", "Kim red"),
        ("e\u0301", "\u00e9"),
        ("\ud800half", "half"),
        ("Müller 王小明 محمد", "Müller 王小明 محمد"),
        ("نامه\u200cها", "نامه\u200cها"),
    ],
)
def test_controls_go_and_letters_stay(given_text: str, shown: str) -> None:
    """Fault B19."""
    assert printable(given_text) == shown


@given(st.text(max_size=100))
def test_nothing_unprintable_is_left(text: str) -> None:
    assert not set(printable(text)) & {chr(n) for n in [*range(9), *range(11, 32), 0x202E, 0xFEFF]}


def test_a_text_beyond_any_report_is_refused() -> None:
    with pytest.raises(TextRefused):
        printable("x" * (MOST_CHARACTERS + 1))
