"""The read-me files: plain words that a reader of twelve follows, in both languages."""

import re
from dataclasses import replace
from datetime import date

import pytest

from scanward.bundles.language import Language
from scanward.bundles.readme import Notes, readme

FULL = Notes(
    facility="Lakeside Hospital",
    department="Medical Records",
    phone="+1 512 555 0100",
    email="records@lakeside.example",
    check_at="https://lakeside.example/verify",
    release="R-2026-000123",
    made_on=date(2026, 11, 23),
    images=312,
    reports=1,
    encrypted=False,
    viewer=False,
)
LANGUAGES = pytest.mark.parametrize("language", list(Language))


def text(language: Language, **changes: object) -> str:
    return readme(replace(FULL, **changes), language).decode("utf-8-sig").replace("\r\n", "\n")  # type: ignore[arg-type]


@LANGUAGES
def test_it_says_who_made_it_when_and_whom_to_ask(language: Language) -> None:
    for said in (
        "Lakeside Hospital",
        "Medical Records",
        "+1 512 555 0100",
        "R-2026-000123",
        "23",
        "2026",
        "312",
    ):
        assert said in text(language)


@pytest.mark.parametrize(
    ("language", "tips"),
    [
        (
            Language.EN,
            ["encrypted", "label", "date and the part of the body", "plain e-mail", "people you trust"],
        ),
        (
            Language.ES,
            ["cifrado", "etiqueta", "fecha y la parte del cuerpo", "correo electrónico común", "confianza"],
        ),
    ],
)
def test_it_gives_the_safety_tips(language: Language, tips: list[str]) -> None:
    """Requirement I19; G15 for the label."""
    flat = " ".join(text(language).split())
    assert [tip for tip in tips if tip not in flat] == []


@LANGUAGES
def test_it_speaks_only_of_what_is_inside(language: Language) -> None:
    assert "- report:" not in text(language, reports=0)
    assert "- images:" not in text(language, images=0)
    assert "viewer" in text(language, viewer=True)
    assert "https://" not in text(language, check_at="")


@LANGUAGES
def test_it_reads_well_in_an_old_editor(language: Language) -> None:
    raw = readme(FULL, language)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, text(language).split("\n"))) <= 78


@LANGUAGES
def test_no_placeholder_is_left_and_values_are_inert(language: Language) -> None:
    written = text(language, facility="St. $phone ${email}\nHOW TO PAY\x1b[31m")
    assert "St. $phone ${email} HOW TO PAY" in " ".join(written.split())
    assert "\nHOW TO PAY" not in written
    assert "\x1b" not in written


def syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouyáéíóúü]+", word.lower())))


def counted(language: Language) -> tuple[float, float]:
    """Words per sentence and syllables per word of the running text."""
    prose = re.sub(r"https?://\S+|\S+\.(txt|json|sig|html)\S*|\S+@\S+", "x", text(language))
    sentences = [s for s in re.split(r"[.!?:]+\s|\n\n+|\n- ", prose) if re.search(r"\w", s)]
    words = re.findall(r"[^\W\d_]+", prose)
    return len(words) / len(sentences), sum(map(syllables, words)) / len(words)


def test_the_english_text_is_for_a_reader_of_twelve() -> None:
    """Flesch-Kincaid grade 6 or less: age 12."""
    length, weight = counted(Language.EN)
    assert 0.39 * length + 11.8 * weight - 15.59 <= 6


def test_the_spanish_text_is_easy() -> None:
    """Fernández Huerta's index of 70 or more: "rather easy", sixth grade."""
    length, weight = counted(Language.ES)
    assert 206.84 - 60 * weight - 1.02 * length >= 70


def test_both_languages_hold_the_same_parts() -> None:
    english, spanish = (text(language).split("\n\n\n") for language in Language)
    assert len(english) == len(spanish) == 6
