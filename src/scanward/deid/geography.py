"""ZIP codes under safe harbor: three digits, and only where more than 20,000 people share them."""

import re
from typing import Final

# 45 CFR 164.514(b)(2)(i)(B) with HHS's guidance of 2012 (2000 census): areas of 20,000 people or fewer.
FEW_PEOPLE: Final = frozenset(
    (
        "036", "059", "063", "102", "203", "556", "692", "790", "821",
        "823", "830", "831", "878", "879", "884", "890", "893",
    )
)  # fmt: skip
_ZIP: Final = re.compile(r"(?<![\d-])(\d{5})(?:-\d{4})?(?![\d-])")


def zip_of(address: str, digits: int) -> str:
    """The last ZIP code of a US address, cut to 3 digits (000 for the small areas) or 5; "" when there is
    none.
    """
    found = _ZIP.findall(address)
    if not found:
        return ""
    code: str = found[-1]
    if digits == 5:
        return code
    return "000" if code[:3] in FEW_PEOPLE else code[:3]
