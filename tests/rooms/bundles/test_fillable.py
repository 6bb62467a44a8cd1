"""Forms that one types into, and that stay tagged."""

import io
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from scanward.bundles.fillable import MARK, fillable
from scanward.bundles.language import Language
from scanward.bundles.letters import letter

SENDER = {"facility": "Lakeside Hospital", "department": "Medical Records", "address": [], "phone": "", "email": ""}
ON = date(2026, 11, 23)
FORMS = ("access_form", "authorization")


def empty(template: str, language: Language = Language.EN, *, large: bool = False, **more: Any) -> bytes:
    return letter(template, {"sender": SENDER, "portal": "", **more}, language, large, on=ON)


def below(element: Any) -> Iterator[Any]:
    """An element of the structure and all that are in it."""
    for part in element if isinstance(element, pikepdf.Array) else [element]:
        if isinstance(part, pikepdf.Dictionary):
            yield part
            yield from below(part.get("/K", pikepdf.Array()))


def fields(pdf: pikepdf.Pdf) -> list[Any]:
    return [row for page in pdf.pages for row in page.get("/Annots", []) if row.Subtype == pikepdf.Name.Widget]


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("template", FORMS)
def test_each_question_is_a_field_that_a_screen_reader_can_name(template: str, language: Language, large: bool) -> None:
    """Requirement B11: fillable; each field has its question, its place in the reading order, and a name of its own."""
    made = fillable(empty(template, language, large=large, fillable=True))
    assert made == fillable(empty(template, language, large=large, fillable=True))
    with pikepdf.open(io.BytesIO(made)) as pdf:
        asked = fields(pdf)
        assert len(asked) >= 12
        assert pdf.Root.MarkInfo.Marked
        assert [str(row.T) for row in asked] == [str(row.T) for row in pdf.Root.AcroForm.Fields]
        assert len({str(row.T) for row in asked}) == len(asked)
        assert all(str(row.TU) and MARK not in str(row.TU) for row in asked)
        forms = [part for part in below(pdf.Root.StructTreeRoot.K) if part.get("/S") == pikepdf.Name.Form]
        held = [part.Obj.T for form in forms for part in below(form.K) if "/Obj" in part]
        assert [str(name) for name in held] == [str(row.T) for row in asked]
        assert all(page.Tabs == pikepdf.Name.S for page in pdf.pages)
    assert MARK.encode() not in made


def test_what_was_typed_and_ticked_is_read_by_another_program(tmp_path: Path) -> None:
    """Requirement B11: filled in, saved, and read by poppler."""
    path = tmp_path / "filled.pdf"
    with pikepdf.open(io.BytesIO(fillable(empty("access_form", fillable=True)))) as pdf:
        by_name = {str(row.T): row for row in fields(pdf)}
        by_name["name"].V = pikepdf.String("José Álvarez")
        by_name["images"].V = by_name["images"].AS = pikepdf.Name.Yes
        pdf.generate_appearance_streams()
        pdf.save(path)
    read = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True)
    assert "José Álvarez" in read.stdout
    assert "Unknown font" not in read.stderr


@pytest.mark.parametrize("template", FORMS)
def test_on_paper_there_is_nothing_to_type_into(template: str) -> None:
    """A copy of what was signed can't be filled in later."""
    with pikepdf.open(io.BytesIO(fillable(empty(template)))) as pdf:
        assert not fields(pdf)
        assert not len(pdf.Root.AcroForm.Fields)
