"""Letters, forms and reports are PDF/UA as far as a machine can tell; and the judge finds each thing that is wrong."""

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from rooms.bundles.pdf_ua import problems
from rooms.bundles.test_fillable import FORMS, empty
from rooms.bundles.test_letters import made
from rooms.bundles.test_report_pdf import made as report
from rooms.release.test_letters import COMMON, DAY, LETTERS
from scanward.bundles.fillable import fillable
from scanward.bundles.language import Language
from scanward.bundles.letters import letter
from scanward.bundles.pdf import joined


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("template", FORMS)
def test_forms_to_type_into_and_to_print(template: str, language: Language) -> None:
    """Requirement B11."""
    assert problems(fillable(empty(template, language, fillable=True))) == []
    assert problems(empty(template, language)) == []


@pytest.mark.parametrize("large_print", [False, True])
def test_reports_and_the_letter_with_a_copy(large_print: bool) -> None:
    """Requirements G2, G11, G14: a table, a picture of a code and links among them."""
    assert problems(report(large_print=large_print)) == []
    for delivery in ("encrypted_zip", "media", "paper"):
        assert problems(made(delivery=delivery, large_print=large_print)) == []


def _kinds(pdf: pikepdf.Pdf, kind: str) -> list[Any]:
    return [each for each in pdf.objects if isinstance(each, Dictionary) and each.get("/S") == Name(kind)]


def _untitled(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata(set_pikepdf_as_editor=False) as meta:
        del meta["dc:title"]
        del meta["pdfuaid:part"]


def _bare(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0]
    page.contents_add(pdf.make_stream(b"0 0 10 10 re f"))


def _skipping(pdf: pikepdf.Pdf) -> None:
    _kinds(pdf, "/H1")[0].S = Name("/H3")


BROKEN: dict[str, Callable[[pikepdf.Pdf], Any]] = {
    "06: ": lambda pdf: pdf.Root.__delitem__("/MarkInfo"),
    "11-006": lambda pdf: pdf.Root.__delitem__("/Lang"),
    "07-001": lambda pdf: pdf.Root.__delitem__("/ViewerPreferences"),
    "06-002": _untitled,
    "06-003": _untitled,
    "01-005: no structure": lambda pdf: pdf.Root.__delitem__("/StructTreeRoot"),
    "paints what is neither": _bare,
    "14-002": _skipping,
    "02-001": lambda pdf: _kinds(pdf, "/H1")[0].__setitem__("/S", Name("/Banner")),
    "13-004": lambda pdf: [each.__delitem__("/Alt") for each in _kinds(pdf, "/Figure")],
    "15-003": lambda pdf: [each.__setitem__("/A", Array()) for each in _kinds(pdf, "/TH")],
    "10-001": lambda pdf: [font.__delitem__("/ToUnicode") for font in pdf.pages[0].Resources.Font.values()],
    "28-002": lambda pdf: pdf.pages[0].__setitem__(
        "/Annots", Array([Dictionary(Type=Name.Annot, Subtype=Name.Link, Contents=String("x"))])
    ),
}


@pytest.mark.parametrize("wrong", list(BROKEN))
def test_the_judge_finds_what_is_wrong(wrong: str) -> None:
    """The tests above could fail: each fault that is put in is named."""
    table = letter("accounting", COMMON | LETTERS["accounting"], Language.EN, on=DAY)
    with pikepdf.open(io.BytesIO(table if wrong == "15-003" else made(delivery="media"))) as pdf:
        BROKEN[wrong](pdf)
        out = io.BytesIO()
        pdf.save(out)
    assert any(wrong in found for found in problems(out.getvalue())), problems(out.getvalue())


def test_what_is_joined_for_the_printer_is_for_paper_only() -> None:
    """Requirement G11: the pages for the printer are the pages, one after the other."""
    assert joined([report(), report()]).pages >= 2
