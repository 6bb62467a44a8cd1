"""What a rule is: a dated row of data with its citation, which counsel can correct without touching code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .errors import Unlawful

FEDERAL = "US"


class Unit(StrEnum):
    """What a rule counts."""

    CALENDAR_DAYS = "calendar days"
    BUSINESS_DAYS = "business days"
    YEARS = "years"


class Trigger(StrEnum):
    """The event whose local date is day 0."""

    RECEIPT = "receipt of the request"
    DISCOVERY = "discovery"
    END_OF_YEAR = "end of the calendar year of discovery"
    FINALIZATION = "finalization of the report"
    CREATION = "creation, or the last day in effect if later"
    LAST_TREATED = "last treatment, or the date of the exam"


class Duty(StrEnum):
    """What has to be done, or not be done yet, when the rule's time is over."""

    ACCESS_COPY = "give a copy or deny in writing"
    ACCESS_INSPECTION = "let the person inspect the record"
    ACCOUNTING = "give the accounting of disclosures"
    AMENDMENT = "act on the request for amendment"
    DENIAL_REVIEW = "decide the review of a denial"
    INFEASIBILITY = "answer in writing why a request is infeasible"
    BREACH_INDIVIDUALS = "notify the individuals"
    BREACH_MEDIA = "notify the media"
    BREACH_HHS = "notify the Secretary of HHS"
    BREACH_HHS_YEARLY = "log with the Secretary of HHS"
    BREACH_STATE = "notify the state's authority"
    BREACH_COVERED_ENTITY = "notify the covered entity, as its business associate"
    HOLD_SENSITIVE_REPORT = "withhold a sensitive report from electronic release"
    KEEP_IMAGES = "keep hospital radiology records"
    KEEP_PORTABLE = "keep portable X-ray records"
    KEEP_DOCUMENTATION = "keep policies, authorizations, letters and accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: so much of a unit after a trigger, in a jurisdiction, from a day on, says a citation."""

    code: str
    duty: Duty
    amount: int
    unit: Unit
    trigger: Trigger
    citation: str
    effective_from: date
    effective_to: date | None = None
    jurisdiction: str = FEDERAL
    extension_days: int = 0
    extension_citation: str = ""
    # A house's promise (not law) never moves the legal date; it stands beside it.
    binding: bool = True

    def __post_init__(self) -> None:
        if self.amount < 0 or self.extension_days < 0:
            raise ValueError(f"Rule {self.code}: amounts of time are not negative.")
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError(f"Rule {self.code}: it ends before it starts.")
        if not self.citation.strip():
            raise ValueError(f"Rule {self.code}: a rule without a citation is an opinion.")

    def in_force(self, on: date) -> bool:
        """Whether the row applies to a trigger on that day (both ends included)."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


def applicable(rules: Iterable[Rule], duty: Duty, *, on: date, state: str) -> tuple[Rule, ...]:
    """Every row that governs a duty in a state on the day of the trigger, federal and state together.

    A stricter state rule stands beside the federal one, so both are returned; the caller takes the shorter
    time for a duty and the longer one for keeping.

    Raises:
        Unlawful: when no row is in force, because then no date can be promised.

    Law: 45 CFR 160.203(b)
    """
    found = tuple(
        rule for rule in rules if rule.duty is duty and rule.jurisdiction in (FEDERAL, state) and rule.in_force(on)
    )
    if not found:
        raise Unlawful(f"No rule is in force for the duty to {duty.value} on that day.", "45 CFR 160.203")
    return found
