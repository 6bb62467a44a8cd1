"""The rows in force: federal rules and the state packs. Each can be ended, corrected or added by a date.

A site adds rows of its own with `ROWS + (Rule(...),)`; every function that counts takes the rows as argument.
"""

from __future__ import annotations

from datetime import date

from .rules import Duty, Rule, Trigger, Unit

PRIVACY_RULE = date(2003, 4, 14)
SECURITY_RULE = date(2005, 4, 20)
BREACH_RULE = date(2009, 9, 23)
INFORMATION_BLOCKING = date(2021, 4, 5)

_DAYS, _BUSINESS, _YEARS = Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS, Unit.YEARS

_REQUESTS: tuple[Rule, ...] = (
    Rule(
        code="US-ACCESS-COPY",
        duty=Duty.ACCESS_COPY,
        amount=30,
        unit=_DAYS,
        trigger=Trigger.RECEIPT,
        citation="45 CFR 164.524(b)(2)(i)",
        effective_from=PRIVACY_RULE,
        extension_days=30,
        extension_citation="45 CFR 164.524(b)(2)(ii)",
    ),
    Rule(
        code="US-ACCESS-INSPECTION",
        duty=Duty.ACCESS_INSPECTION,
        amount=30,
        unit=_DAYS,
        trigger=Trigger.RECEIPT,
        citation="45 CFR 164.524(b)(2)(i)",
        effective_from=PRIVACY_RULE,
        extension_days=30,
        extension_citation="45 CFR 164.524(b)(2)(ii)",
    ),
    Rule(
        code="US-ACCOUNTING",
        duty=Duty.ACCOUNTING,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.RECEIPT,
        citation="45 CFR 164.528(c)(1)(i)",
        effective_from=PRIVACY_RULE,
        extension_days=30,
        extension_citation="45 CFR 164.528(c)(1)(ii)",
    ),
    Rule(
        code="US-AMENDMENT",
        duty=Duty.AMENDMENT,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.RECEIPT,
        citation="45 CFR 164.526(b)(2)(i)",
        effective_from=PRIVACY_RULE,
        extension_days=30,
        extension_citation="45 CFR 164.526(b)(2)(ii)",
    ),
    # The law says "within a reasonable period"; ten business days is what the house promises.
    Rule(
        code="HOUSE-DENIAL-REVIEW",
        duty=Duty.DENIAL_REVIEW,
        amount=10,
        unit=_BUSINESS,
        trigger=Trigger.RECEIPT,
        citation="45 CFR 164.524(d)(4)",
        effective_from=PRIVACY_RULE,
        binding=False,
    ),
    Rule(
        code="US-INFEASIBILITY",
        duty=Duty.INFEASIBILITY,
        amount=10,
        unit=_BUSINESS,
        trigger=Trigger.RECEIPT,
        citation="45 CFR 171.204(b)",
        effective_from=INFORMATION_BLOCKING,
    ),
    Rule(
        code="TX-ACCESS-COPY",
        duty=Duty.ACCESS_COPY,
        amount=15,
        unit=_BUSINESS,
        trigger=Trigger.RECEIPT,
        citation="Tex. Health & Safety Code 181.102(a)",
        effective_from=date(2012, 9, 1),
        jurisdiction="TX",
    ),
    Rule(
        code="CA-ACCESS-COPY",
        duty=Duty.ACCESS_COPY,
        amount=15,
        unit=_DAYS,
        trigger=Trigger.RECEIPT,
        citation="Cal. Health & Safety Code 123110(b)",
        effective_from=date(1996, 1, 1),
        jurisdiction="CA",
    ),
    Rule(
        code="CA-ACCESS-INSPECTION",
        duty=Duty.ACCESS_INSPECTION,
        amount=5,
        unit=_BUSINESS,
        trigger=Trigger.RECEIPT,
        citation="Cal. Health & Safety Code 123110(a)",
        effective_from=date(1996, 1, 1),
        jurisdiction="CA",
    ),
)

_HOLDS: tuple[Rule, ...] = (
    Rule(
        code="TX-SB922",
        duty=Duty.HOLD_SENSITIVE_REPORT,
        amount=3,
        unit=_DAYS,
        trigger=Trigger.FINALIZATION,
        citation="Tex. Occ. Code 159.0062(b) (SB 922)",
        effective_from=date(2025, 9, 1),
        jurisdiction="TX",
    ),
)

_BREACH: tuple[Rule, ...] = (
    Rule(
        code="US-BREACH-INDIVIDUALS",
        duty=Duty.BREACH_INDIVIDUALS,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.DISCOVERY,
        citation="45 CFR 164.404(b)",
        effective_from=BREACH_RULE,
    ),
    Rule(
        code="US-BREACH-MEDIA",
        duty=Duty.BREACH_MEDIA,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.DISCOVERY,
        citation="45 CFR 164.406(b)",
        effective_from=BREACH_RULE,
    ),
    Rule(
        code="US-BREACH-HHS",
        duty=Duty.BREACH_HHS,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.DISCOVERY,
        citation="45 CFR 164.408(b)",
        effective_from=BREACH_RULE,
    ),
    Rule(
        code="US-BREACH-HHS-YEARLY",
        duty=Duty.BREACH_HHS_YEARLY,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.END_OF_YEAR,
        citation="45 CFR 164.408(c)",
        effective_from=BREACH_RULE,
    ),
    Rule(
        code="US-BREACH-COVERED-ENTITY",
        duty=Duty.BREACH_COVERED_ENTITY,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.DISCOVERY,
        citation="45 CFR 164.410(b)",
        effective_from=BREACH_RULE,
    ),
    Rule(
        code="CA-BREACH-INDIVIDUALS",
        duty=Duty.BREACH_INDIVIDUALS,
        amount=15,
        unit=_BUSINESS,
        trigger=Trigger.DISCOVERY,
        citation="Cal. Health & Safety Code 1280.15(b)",
        effective_from=date(2015, 1, 1),
        jurisdiction="CA",
    ),
    Rule(
        code="CA-BREACH-STATE",
        duty=Duty.BREACH_STATE,
        amount=15,
        unit=_BUSINESS,
        trigger=Trigger.DISCOVERY,
        citation="Cal. Health & Safety Code 1280.15(b)",
        effective_from=date(2015, 1, 1),
        jurisdiction="CA",
    ),
    Rule(
        code="TX-BREACH-INDIVIDUALS",
        duty=Duty.BREACH_INDIVIDUALS,
        amount=60,
        unit=_DAYS,
        trigger=Trigger.DISCOVERY,
        citation="Tex. Bus. & Com. Code 521.053(b)",
        effective_from=date(2020, 1, 1),
        jurisdiction="TX",
    ),
    Rule(
        code="TX-BREACH-STATE",
        duty=Duty.BREACH_STATE,
        amount=30,
        unit=_DAYS,
        trigger=Trigger.DISCOVERY,
        citation="Tex. Bus. & Com. Code 521.053(i)",
        effective_from=date(2023, 9, 1),
        jurisdiction="TX",
    ),
)

_RETENTION: tuple[Rule, ...] = (
    Rule(
        code="US-KEEP-IMAGES",
        duty=Duty.KEEP_IMAGES,
        amount=5,
        unit=_YEARS,
        trigger=Trigger.LAST_TREATED,
        citation="42 CFR 482.26(d)(2)",
        effective_from=date(1986, 9, 15),
    ),
    Rule(
        code="US-KEEP-PORTABLE",
        duty=Duty.KEEP_PORTABLE,
        amount=2,
        unit=_YEARS,
        trigger=Trigger.LAST_TREATED,
        citation="42 CFR 486.106",
        effective_from=date(1969, 1, 1),
    ),
    Rule(
        code="US-KEEP-PRIVACY",
        duty=Duty.KEEP_DOCUMENTATION,
        amount=6,
        unit=_YEARS,
        trigger=Trigger.CREATION,
        citation="45 CFR 164.530(j)(2)",
        effective_from=PRIVACY_RULE,
    ),
    Rule(
        code="US-KEEP-SECURITY",
        duty=Duty.KEEP_DOCUMENTATION,
        amount=6,
        unit=_YEARS,
        trigger=Trigger.CREATION,
        citation="45 CFR 164.316(b)(2)(i)",
        effective_from=SECURITY_RULE,
    ),
    Rule(
        code="TX-KEEP-IMAGES",
        duty=Duty.KEEP_IMAGES,
        amount=10,
        unit=_YEARS,
        trigger=Trigger.LAST_TREATED,
        citation="Tex. Health & Safety Code 241.103(b)",
        effective_from=date(1989, 9, 1),
        jurisdiction="TX",
    ),
    Rule(
        code="CA-KEEP-IMAGES",
        duty=Duty.KEEP_IMAGES,
        amount=7,
        unit=_YEARS,
        trigger=Trigger.LAST_TREATED,
        citation="22 CCR 70751(c)",
        effective_from=date(1975, 1, 1),
        jurisdiction="CA",
    ),
)

ROWS: tuple[Rule, ...] = _REQUESTS + _HOLDS + _BREACH + _RETENTION
