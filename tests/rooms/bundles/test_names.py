"""Names that are safe on every system."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.bundles.names import NameRefused, check_names, fault_of


@pytest.mark.parametrize(
    "name",
    [
        "images/2-chest/IM0001.dcm",
        "READ ME FIRST.txt",
        "LEEME.txt",
        "report/informe-año.pdf",
        "a",
        "x/..y/z",
        "日本.txt",
    ],
)
def test_a_plain_name_is_fine(name: str) -> None:
    assert fault_of(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *[
            "",
            "/etc/passwd",
            "../evil",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "C:x",
            "a\0b",
            "a\nb",
            "a.",
            "a ",
        ],
        *["x./y", "nul", "images/CON.txt", "aux.dcm", "com1", "LPT¹.txt", 'a"b', "a|b", "a*", "a?", "a<b"],
        *["x" * 201, "y/" * 600 + "z", "exe\u202efdp.txt", "\ud800"],
    ],
)
def test_a_name_that_some_system_misreads_is_refused(name: str) -> None:
    """Fault B14, seen from the side that packs."""
    assert fault_of(name) is not None


@pytest.mark.parametrize(
    "names",
    [
        ("a", "a"),
        ("A.txt", "a.TXT"),
        ("straße", "STRASSE"),
        ("e\u0301", "\u00e9"),
        ("a", "a/b"),
        ("a/b", "A"),
    ],
)
def test_two_names_that_are_one_somewhere_are_refused(names: tuple[str, str]) -> None:
    with pytest.raises(NameRefused, match="file 2 collides"):
        check_names(names)


def test_the_refusal_tells_the_position_but_not_the_name() -> None:
    with pytest.raises(NameRefused) as refused:
        check_names(["fine", "../Liddell^Alice"])
    assert "file 2" in str(refused.value)
    assert "Liddell" not in str(refused.value)


@given(st.text(max_size=30))
def test_any_text_is_judged_without_an_error(name: str) -> None:
    if fault_of(name) is None:
        assert not {"", ".", ".."} & set(name.split("/"))
