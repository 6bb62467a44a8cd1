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
from scanward.law.tracks import Field, Track, may_ask, must_ask

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


# What each place of a form asks, in the law's terms; how urgent it is, anybody may say.
ASKS = {
    "access_form": {
        "name": Field.NAME, "born": Field.BIRTH_DATE, "reach": Field.CONTACT, "act": Field.AUTHORITY,
        "exam": Field.EXAM, "dates": Field.EXAM_DATES, "images": Field.ITEMS, "report": Field.ITEMS,
        "by_portal": Field.DELIVERY, "by_link": Field.DELIVERY, "by_mail": Field.DELIVERY,
        "by_pickup": Field.DELIVERY, "by_paper": Field.FORMAT, "signature": Field.SIGNATURE,
        "signed_on": Field.SIGNATURE, "urgent": None,
    },
    "authorization": {
        "patient": Field.NAME, "born": Field.BIRTH_DATE, "description": Field.EXAM, "discloser": Field.DISCLOSER,
        "receiver": Field.RECIPIENT, "destination": Field.DESTINATION, "purpose": Field.PURPOSE,
        "expires_on": Field.EXPIRY, "expires_when": Field.EXPIRY, "signature": Field.SIGNATURE,
        "signed_on": Field.SIGNATURE, "authority": Field.AUTHORITY,
    },
}  # fmt: skip
TRACKS = {"access_form": Track.ACCESS, "authorization": Track.AUTHORIZATION}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("template", FORMS)
def test_a_form_on_paper_asks_what_its_track_must_and_no_more_than_it_may(template: str, language: Language) -> None:
    """Requirements B3, B4, B5, B6, B7, B10, B12, B14; traps T2, T4: name and birthday stand on it, and no notary."""
    made = fillable(empty(template, language, fillable=True))
    with pikepdf.open(io.BytesIO(made)) as pdf:
        names = {str(row.T) for row in fields(pdf)}
    assert names == ASKS[template].keys()
    asked = {field for name in names if (field := ASKS[template][name])}
    assert asked <= may_ask(TRACKS[template])
    # The three statements are printed on it.
    assert must_ask(TRACKS[template]) - {Field.STATEMENTS} <= asked


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("template", FORMS)
def test_a_form_on_paper_says_that_no_notary_is_needed_and_demands_nothing(template: str, large: bool) -> None:
    """Requirement B14: in both languages the word stands once, to say no."""
    for language, no in ((Language.EN, "You need no notary"), (Language.ES, "No necesita notario")):
        page = empty(template, language, large=large, fillable=True)
        read = subprocess.run(["pdftotext", "-", "-"], input=page, capture_output=True, check=True).stdout.decode()
        said = " ".join(read.split())
        assert no in said
        assert said.casefold().count("notar") == 1
        assert not any(demand in said.casefold() for demand in ("witness", "testigo", "apostil", "social security"))


@pytest.mark.parametrize("template", FORMS)
def test_on_paper_there_is_nothing_to_type_into(template: str) -> None:
    """A copy of what was signed can't be filled in later."""
    with pikepdf.open(io.BytesIO(fillable(empty(template)))) as pdf:
        assert not fields(pdf)
        assert not len(pdf.Root.AcroForm.Fields)
