"""Every letter, in both languages and in large print, as a tagged PDF that says what the law asks."""

import io
from datetime import date
from typing import Any

import pikepdf
import pytest

from rooms.bundles.pdf_ua import problems
from scanward.bundles.language import Language
from scanward.bundles.letters import letter
from scanward.bundles.typeset import NotTypeset
from scanward.law.defects import Defect
from scanward.law.denials import Ground

DAY, LATER = date(2026, 11, 23), date(2026, 12, 23)
COMMON = {
    "sender": {
        "facility": "Lakeside Hospital",
        "department": "Medical Records",
        "address": ["1 Main Street"],
        "phone": "555-0100",
        "email": "",
    },
    "recipient": ["Alice Rivera", "2 Side Street"],
    "request": "R-1234-567-890",
}
ENTRY = {
    "date": DAY,
    "recipient": "County Health",
    "address": "3 Court Street",
    "what": "report",
    "purpose": "For public health.",
    "times": 2,
    "last": LATER,
}
LETTERS: dict[str, dict[str, Any]] = {
    "receipt": {"received": DAY, "due": LATER, "expected": DAY},
    "more_information": {"question": "Which scan?\nThe one of your chest?", "due": LATER},
    "extension": {"reason": "It lies in another building.", "old": DAY, "due": LATER},
    "fee_quote": {
        "charges": [{"label": "Supplies: 1 x USB stick", "amount": "5.00", "clause": "45 CFR 164.524(c)(4)(ii)"}],
        "total": "5.00",
        "waived": "",
    },
    "approval": {"images": True, "report": True, "delivery": "portal", "due": LATER},
    "denial": {
        "ground": Ground.HARMS_OTHER.name,
        "ground_text": Ground.HARMS_OTHER.value,
        "clause": "45 CFR 164.524(a)(3)(ii)",
        "withheld_images": False,
        "withheld_report": True,
        "review": True,
        "granted": True,
        "elsewhere": "Riverside Clinic",
        "privacy_contact": "Privacy Officer, 555-0101",
    },
    "review": {"granted": False},
    "not_here": {"exam": "CT of 2019", "elsewhere": "Riverside", "privacy_contact": "Privacy Officer, 555-0101"},
    "returned": {"defects": [{"key": d.name, "text": d.value, "clause": "45 CFR 164.508"} for d in Defect]},
    "revocation": {"received": DAY, "recipient_name": "Lawson & Partners"},
    "accounting": {"patient": "Alice Rivera", "first": date(2020, 11, 23), "last": DAY, "entries": [ENTRY]},
}


@pytest.mark.parametrize("large_print", [False, True])
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", list(LETTERS))
def test_every_letter_is_there_in_both_languages_and_in_large_print(
    name: str, language: Language, large_print: bool
) -> None:
    """Requirements B17, E6, L5: PDF/UA as far as a machine can tell, in the reader's language."""
    made = letter(name, COMMON | LETTERS[name], language, large_print, on=DAY)
    assert problems(made) == []
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert str(pdf.Root.Lang) == language


@pytest.mark.parametrize("ground", list(Ground))
def test_every_ground_has_its_words_in_spanish(ground: Ground) -> None:
    """Requirement A12: no ground is told in another language than the letter's."""
    values = LETTERS["denial"] | {"ground": ground.name, "ground_text": "ONLY-ENGLISH"}
    made = letter("denial", COMMON | values, Language.ES, on=DAY)
    assert made != letter("denial", COMMON | values | {"ground": "UNKNOWN"}, Language.ES, on=DAY)


def test_a_letter_that_lacks_something_is_not_sent() -> None:
    with pytest.raises(NotTypeset, match="due"):
        letter("receipt", COMMON | {"received": DAY, "expected": DAY}, Language.EN, on=DAY)
