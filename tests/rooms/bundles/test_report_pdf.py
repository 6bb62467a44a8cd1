"""The report as PDF: tagged, inert, deterministic, in both languages."""

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pikepdf
import pytest

from scanward.archive.versions import SectionKind
from scanward.bundles.language import Language
from scanward.bundles.report import Moment, ReportPage, Section, Status, report_pdf
from scanward.bundles.text import TextRefused

TODAY = date(2026, 11, 23)
PAGE = ReportPage(
    facility="Lakeside Hospital",
    patient="Liddell, Alice",
    exam="CT chest",
    status=Status.FINAL,
    sections={
        Section.IMPRESSION: "1. Nodule of 6 mm.\n2. No effusion.",
        Section.FINDINGS: "Lungs: one nodule.\n\nHeart: normal.",
        Section.TECHNIQUE: "  ",
    },
    born=date(1990, 5, 4),
    patient_number="LH-0001",
    radiologist="Dr. Dana",
    times={Moment.FINALIZED: datetime(2026, 11, 4, 9, 5, tzinfo=timezone(timedelta(hours=-6)))},
)
LANGUAGES = pytest.mark.parametrize("language", list(Language))


def made(page: ReportPage = PAGE, language: Language = Language.EN, *, large_print: bool = False) -> bytes:
    return report_pdf(page, language=language, made_on=TODAY, large_print=large_print)


@pytest.fixture
def words(program: Callable[[str], str], tmp_path: Path) -> Callable[[bytes], str]:
    def read(pdf: bytes) -> str:
        (tmp_path / "x.pdf").write_bytes(pdf)
        command = [program("pdftotext"), "-layout", str(tmp_path / "x.pdf"), "-"]
        return " ".join(subprocess.run(command, capture_output=True, check=True).stdout.decode().split())

    return read


@LANGUAGES
@pytest.mark.parametrize("large_print", [False, True])
def test_it_is_tagged_titled_and_says_its_language(language: Language, large_print: bool) -> None:
    with pikepdf.open(io.BytesIO(made(language=language, large_print=large_print))) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == language
        assert "/StructTreeRoot" in pdf.Root
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert b"pdfuaid:part" in pdf.Root.Metadata.read_bytes()


def test_it_holds_no_script_action_or_attachment() -> None:
    """Fault B17, for what we make ourselves."""
    with pikepdf.open(io.BytesIO(made())) as pdf:
        assert not {"/OpenAction", "/AA", "/AcroForm", "/Names"} & set(pdf.Root.keys())


@LANGUAGES
def test_every_section_that_a_report_can_have_has_a_heading(language: Language, words: Callable[[bytes], str]) -> None:
    """H1: also those that only some radiologists write."""
    assert {section.value for section in Section} == {kind.value for kind in SectionKind}
    page = replace(PAGE, sections={section: f"Text of {section.value}." for section in Section})
    assert words(made(page, language)).count("Text of") == len(Section)


def test_sections_stand_in_the_order_of_a_report_and_empty_ones_are_left_out(
    words: Callable[[bytes], str],
) -> None:
    """Requirement H1."""
    text = words(made())
    assert text.index("Findings") < text.index("Impression")
    assert "Technique" not in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            Language.EN,
            ["Findings", "Impression", "Final", "November 4, 2026, 09:05 (UTC-06:00)", "Page 1 of 1"],
        ),
        (Language.ES, ["Hallazgos", "Impresión", "Definitivo", "4 de noviembre de 2026", "Página 1 de 1"]),
    ],
)
def test_headings_status_times_and_page_numbers_are_in_the_readers_language(
    language: Language, said: list[str], words: Callable[[bytes], str]
) -> None:
    text = words(made(language=language))
    assert [each for each in said if each not in text] == []


@LANGUAGES
@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_explained(language: Language, status: Status, words: Callable[[bytes], str]) -> None:
    plain = words(made(replace(PAGE, status=status), language))
    assert "signed" in plain or "firm" in plain


def test_every_section_and_moment_has_its_words_in_both_languages() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    full = replace(PAGE, sections={each: "text" for each in Section}, times={each: when for each in Moment})
    assert all(made(full, language) for language in Language)


HOSTILE = [
    '#eval("1+1") #read("/etc/passwd") #panic()',
    "*bold* _it_ `raw` $x^2$ @ref <label> = Heading\n== H\n- item\n/ term: x",
    "\\ \\u{41} // comment /* open",
    "#set page(width: 1pt)\n#pagebreak()\n]]] [[[ ))) {{{",
    "\"quoted\" 'single' ```typ #x```",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_a_report_is_only_text(text: str, words: Callable[[bytes], str]) -> None:
    """Fault C11, for PDF: text from DICOM and HL7 is inert."""
    read = words(made(replace(PAGE, patient=text, exam=text, sections={Section.FINDINGS: text})))
    assert "".join(text.split())[:20] in "".join(read.split()).replace("’", "'").replace("‘", "'")


@pytest.mark.parametrize(
    "name",
    [
        "Núñez García, Ángel",
        "王小明",
        "محمد علي",
        "Łukasz Ğöß",
        "สวัสดี",
        "👍👩‍👩‍👧",
        "a\0b\u202ec\ud800\uffff",
        "Иванов",
        "नमस्ते",
    ],
)
def test_no_name_in_the_world_makes_it_fail(name: str) -> None:
    assert made(replace(PAGE, patient=name, sections={Section.FINDINGS: name})).startswith(b"%PDF")


def test_a_character_that_no_font_has_is_shown_by_its_number(words: Callable[[bytes], str]) -> None:
    assert "[U+E0FFF]" not in words(made(replace(PAGE, patient="a\U000e0fffb")))
    assert "[U+12345]" in words(made(replace(PAGE, patient="sign \U00012345")))


def test_five_thousand_strange_characters_do_not_stall_it() -> None:
    strange = "".join(chr(code) for code in range(0x12000, 0x12000 + 900)) + "\U0001f600" * 4000
    assert made(replace(PAGE, sections={Section.FINDINGS: strange})).startswith(b"%PDF")


def test_same_page_and_day_same_bytes() -> None:
    assert made() == made()


def test_large_print_is_larger(words: Callable[[bytes], str]) -> None:
    long = replace(PAGE, sections={Section.FINDINGS: "Words of a report. " * 300})
    with (
        pikepdf.open(io.BytesIO(made(long))) as normal,
        pikepdf.open(io.BytesIO(made(long, large_print=True))) as large,
    ):
        assert len(large.pages) > len(normal.pages)


def test_the_radiologists_words_are_marked_with_their_language() -> None:
    """A screen reader pronounces them by it, whatever the language of the headings."""
    with pikepdf.open(io.BytesIO(made(replace(PAGE, text_language="de")))) as pdf:
        marked = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/Lang" in each]
        assert "de" in {str(each.Lang) for each in marked}


def test_an_unknown_language_of_the_text_is_not_believed() -> None:
    assert made(replace(PAGE, text_language='x" #evil')).startswith(b"%PDF")


def test_a_report_without_text_says_so(words: Callable[[bytes], str]) -> None:
    assert "The report has no text." in words(made(replace(PAGE, sections={})))


def test_a_text_beyond_any_report_is_refused() -> None:
    with pytest.raises(TextRefused):
        made(replace(PAGE, sections={Section.FINDINGS: "x" * 600_000}))


def test_pages_can_be_drawn(program: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(made(large_print=True, language=Language.ES))
    subprocess.run([program("pdftoppm"), "-r", "40", "-png", tmp_path / "x.pdf", tmp_path / "page"], check=True)
    assert list(tmp_path.glob("page*.png"))
