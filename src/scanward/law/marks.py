"""What the mark that a report arrives with says of it: dated rows, beside the statute that they serve.

No coded mark of HL7 or DICOM means "likely to show cancer". A sender that has to say it says that the report is
restricted, so a row reads that word, only in the state whose law asks for it; a site can read its sender's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from .holds import Sensitivity


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRule:
    """One row: a sender's code, what it is read as, in which state, from when to when, and by which clause."""

    mark: str
    says: Sensitivity
    jurisdiction: str
    citation: str
    effective_from: date
    effective_to: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether the row reads a report of that day (both ends included)."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


# HL7 table 0177 (ORC-28) and the codes of CDA's confidentialityCode have these two letters in common.
MARKS: tuple[MarkRule, ...] = tuple(
    MarkRule(
        mark=mark,
        says=Sensitivity.MALIGNANCY,
        jurisdiction="TX",
        citation="Tex. Occ. Code 159.0062(b) (SB 922)",
        effective_from=date(2025, 9, 1),
    )
    for mark in ("R", "V")
)


def site_marks(pairs: Iterable[str]) -> dict[str, Sensitivity]:
    """The codes that a site has agreed with its sender, written as `CODE=malignancy`; these go before the rows.

    Raises:
        ValueError: one is not written so, for what would be held or not must never be a guess.

    Law: Tex. Occ. Code 159.0062(b); 45 CFR 171.202(b)
    """
    found = {}
    for pair in pairs:
        code, _, says = (part.strip() for part in pair.partition("="))
        if not code or says not in [item.value for item in Sensitivity]:
            names = ", ".join(item.value for item in Sensitivity)
            raise ValueError(f"A sender's mark is written CODE=what it says, and it can say: {names}.")
        found[code.upper()] = Sensitivity(says)
    return found


def read_mark(
    mark: str,
    *,
    on: date,
    state: str,
    site: Mapping[str, Sensitivity],
    rules: Iterable[MarkRule] = MARKS,
) -> Sensitivity | None:
    """What a sender's mark says of a report; None where it says nothing that a law of the state is about.

    Law: Tex. Occ. Code 159.0062(b); 45 CFR 171.202(b)
    """
    code = mark.upper()
    if code in site:
        return site[code]
    rows = (rule for rule in rules if rule.mark == code and rule.jurisdiction == state and rule.in_force(on))
    return next((rule.says for rule in rows), None)
