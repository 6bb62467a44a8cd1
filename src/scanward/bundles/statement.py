"""What goes along with a copy of a record that somebody wanted corrected, as a PDF for people (45 CFR 164.526)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scanward.bundles.language import Language
from scanward.bundles.report import paragraphs
from scanward.bundles.typeset import typeset


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One correction that was asked for, what became of it, why the patient disagrees, and the rebuttal."""

    asked: str
    asked_on: date
    accepted: bool
    answer: str = ""
    disagreement: str = ""
    rebuttal: str = ""


def statement_pdf(statements: Sequence[Statement], *, facility: str, language: Language, made_on: date) -> bytes:
    """Make the PDF: PDF/UA-1, same statements and day, same bytes. The headings are in `language`, texts as written.

    Raises: NotTypeset, TextRefused.
    """
    values = {
        "facility": facility,
        "made_on": made_on,
        "statements": [
            {
                "kind": "accepted" if one.accepted else "denied",
                "on": one.asked_on,
                "asked": paragraphs(one.asked),
                "answer": paragraphs(one.answer),
                "disagreement": paragraphs(one.disagreement),
                "rebuttal": paragraphs(one.rebuttal),
            }
            for one in statements
        ],
    }
    return typeset("statement", values, language=language, large_print=False, on=made_on)
