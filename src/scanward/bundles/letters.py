"""Letters to people: one template per letter in `templates/`, in English and Spanish, in normal or large
print.
"""

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

import segno

from scanward.bundles.language import Language
from scanward.bundles.typeset import typeset


def letter(
    template: str, values: Mapping[str, Any], language: Language, large_print: bool = False, *, on: date
) -> bytes:
    """Make a letter as a tagged PDF (PDF/UA-1), dated `on`: same values, same bytes.

    `values` holds texts, whole numbers, dates (printed in the letter's language), and lists and mappings of
    them; each template says at its top which it needs. Raises: NotTypeset when one is missing or of the wrong
    kind.
    """
    return typeset(template, {"date": on, **values}, language=language, large_print=large_print, on=on)


def qr_svg(text: str) -> str:
    """Draw a QR code as SVG, for a template's `qr` value.

    Put no secret in it that the letter may not show.
    """
    drawing = BytesIO()
    segno.make(text, error="m", micro=False).save(drawing, kind="svg", border=2, xmldecl=False, svgns=True)
    return drawing.getvalue().decode()
