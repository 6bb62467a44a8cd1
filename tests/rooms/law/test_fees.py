"""Fees: four kinds of line and nothing else, right to the cent, told before the work starts."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest

from scanward.law.errors import Unlawful
from scanward.law.fee_lines import (
    LABELS,
    LINE_CITATIONS,
    AgreedSummary,
    Carrier,
    CopyingLabour,
    FeeLine,
    Medium,
    Postage,
    Supplies,
    cents,
    check_money,
)
from scanward.law.fees import (
    FLAT_OPTION,
    Actual,
    Average,
    Delivery,
    Flat,
    Limit,
    Order,
    Part,
    accept,
    holds_copy_back,
    limit_of,
    may_start,
    quote,
    waive,
)
from scanward.law.tracks import Track

TODAY = date(2026, 6, 15)
LABOUR = CopyingLabour(20, Decimal("31.50"))
DISC = Supplies(Medium.CD, 2, Decimal("0.75"))
STAMP = Postage(Carrier.TRACKED, Decimal("8.40"))
SUMMARY = AgreedSummary(30, Decimal("60"), TODAY)


def total(delivery: Delivery, *lines: FeeLine) -> Decimal:
    return quote(Order(delivery=delivery, method=Actual(lines)), quoted_on=TODAY).total


def test_labour_supplies_postage_and_an_agreed_summary_make_the_fee() -> None:
    """E1, T5."""
    assert total(Delivery.MAILED, LABOUR, DISC, STAMP, SUMMARY) == Decimal("50.40")


def test_each_line_shows_its_label_its_amount_and_its_clause() -> None:
    """E6, T13."""
    quoted = quote(Order(delivery=Delivery.MAILED, method=Actual((LABOUR, DISC, STAMP, SUMMARY))), quoted_on=TODAY)
    assert [(c.label, str(c.amount), c.citation.removeprefix("45 CFR 164.524(c)(4)")) for c in quoted.charges] == [
        ("Labour for copying, after the record was found (20 minutes)", "10.50", "(i)"),
        ("Supplies: 2 x CD", "1.50", "(ii)"),
        ("Postage: tracked mail", "8.40", "(iii)"),
        ("Summary or explanation, as you agreed (30 minutes)", "30.00", "(iv)"),
    ]


@pytest.mark.parametrize("delivery", [Delivery.PORTAL, Delivery.INSPECTION])
@pytest.mark.parametrize("method", [Actual((LABOUR,)), Flat(), Average({Part.IMAGES: Decimal(5)}, frozenset(Part))])
def test_portal_and_inspection_cost_nothing_by_any_method(delivery: Delivery, method: Any) -> None:
    """E7."""
    assert quote(Order(delivery=delivery, method=method), quoted_on=TODAY).total == 0


@pytest.mark.parametrize(
    ("delivery", "line", "why"),
    [
        (Delivery.LINK, DISC, "paper or media"),
        (Delivery.EMAIL, DISC, "paper or media"),
        (Delivery.PORTAL, DISC, "paper or media"),
        (Delivery.PICKED_UP, STAMP, "mailed"),
        (Delivery.LINK, STAMP, "mailed"),
        (Delivery.LINK, AgreedSummary(5, Decimal(1), date(2026, 6, 16)), "agreed before"),
    ],
)
def test_a_line_that_its_delivery_does_not_bear_is_refused(delivery: Delivery, line: FeeLine, why: str) -> None:
    """E1."""
    with pytest.raises(Unlawful, match=why):
        total(delivery, line)


def test_the_report_is_free_unless_the_schedule_prices_it() -> None:
    """E4."""
    images_only = {Part.IMAGES: Decimal("4.00")}
    both = Average(images_only, frozenset(Part), (DISC,))
    assert quote(Order(delivery=Delivery.PICKED_UP, method=both), quoted_on=TODAY).total == Decimal("5.50")
    report = Average(images_only, frozenset({Part.REPORT}))
    assert quote(Order(delivery=Delivery.LINK, method=report), quoted_on=TODAY).total == 0


def test_no_labour_is_added_to_average_labour() -> None:
    """E1."""
    doubled = Average({Part.IMAGES: Decimal(4)}, frozenset(Part), (LABOUR,))  # type: ignore[arg-type]  # on purpose
    with pytest.raises(Unlawful, match="already holds the labour"):
        quote(Order(delivery=Delivery.LINK, method=doubled), quoted_on=TODAY)


def test_the_flat_option_is_at_most_six_dollars_fifty_and_for_electronic_copies() -> None:
    """E1."""
    assert quote(Order(delivery=Delivery.MAILED, method=Flat()), quoted_on=TODAY).total == FLAT_OPTION
    assert quote(Order(delivery=Delivery.LINK, method=Flat(Decimal(5))), quoted_on=TODAY).total == 5
    with pytest.raises(Unlawful, match=r"at most 6\.50"):
        quote(Order(delivery=Delivery.LINK, method=Flat(Decimal("6.51"))), quoted_on=TODAY)
    with pytest.raises(Unlawful, match="electronic copies"):
        quote(Order(delivery=Delivery.MAILED, method=Flat(), electronic_copy=False), quoted_on=TODAY)


def test_the_patient_rate_is_for_one_s_own_copy_and_not_for_third_parties() -> None:
    """T3: Ciox."""
    assert limit_of(Track.ACCESS) is Limit.PATIENT_RATE
    assert {limit_of(track) for track in Track if track is not Track.ACCESS} == {Limit.COST_BASED}


def test_work_starts_only_when_the_fee_was_told_and_accepted_or_is_nothing() -> None:
    """E5."""
    quoted = quote(Order(delivery=Delivery.LINK, method=Flat()), quoted_on=TODAY)
    free = quote(Order(delivery=Delivery.PORTAL, method=Actual(())), quoted_on=TODAY)
    assert not may_start(None)
    assert not may_start(quoted)
    assert may_start(accept(quoted, at=datetime(2026, 6, 15, tzinfo=UTC)))
    assert may_start(free)


def test_a_waiver_needs_a_reason_and_leaves_the_lines_for_the_record() -> None:
    """E9."""
    quoted = quote(Order(delivery=Delivery.LINK, method=Flat()), quoted_on=TODAY)
    waived = waive(quoted, reason=" hardship ")
    assert (waived.total, waived.waived_because, len(waived.charges)) == (0, "hardship", 1)
    assert may_start(waived)
    with pytest.raises(ValueError, match="reason"):
        waive(quoted, reason=" ")


def test_an_unpaid_copy_fee_holds_nothing_back_unless_the_house_says_so() -> None:
    """A11."""
    assert not holds_copy_back(fee_paid=False)
    assert holds_copy_back(fee_paid=False, hold_for_unpaid_copy=True)
    assert not holds_copy_back(fee_paid=True, hold_for_unpaid_copy=True)


def test_there_are_four_kinds_of_line_and_no_word_for_search_or_pages() -> None:
    """E2, E3."""
    assert set(LABELS) == set(LINE_CITATIONS) == {CopyingLabour, Supplies, Postage, AgreedSummary}
    words = " ".join([*Medium, *Carrier, *LABELS.values()]).casefold()
    fields = " ".join(name for kind in LABELS for name in kind.__dataclass_fields__)
    for unlawful in ("search", "retriev", "verif", "document", "system", "page", "handling", "storage"):
        assert unlawful not in words + fields


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Supplies("search", 1, Decimal(1)), Unlawful),
        (lambda: Supplies("page", 40, Decimal(1)), Unlawful),
        (lambda: Postage("handling", Decimal(1)), Unlawful),
        (lambda: CopyingLabour(0, Decimal(1)), ValueError),
        (lambda: CopyingLabour(True, Decimal(1)), ValueError),
        (lambda: CopyingLabour(10, 25.0), TypeError),
        (lambda: CopyingLabour(10, Decimal("NaN")), ValueError),
        (lambda: Supplies(Medium.CD, -1, Decimal(1)), ValueError),
        (lambda: Postage(Carrier.MAIL, Decimal("-1")), ValueError),
        (lambda: Flat(Decimal("-1")), ValueError),
        (lambda: Average({Part.IMAGES: Decimal("Infinity")}, frozenset(Part)), ValueError),
        (lambda: AgreedSummary(0, Decimal(1), TODAY), ValueError),
    ],
)
def test_the_constructors_refuse_what_the_types_forbid(make: Any, error: type[Exception]) -> None:
    """E2, E3."""
    with pytest.raises(error):
        make()


class SearchFee:
    """A line that somebody made up."""

    amount = Decimal(25)


def test_a_made_up_line_is_refused_also_where_no_type_checker_ran() -> None:
    """E2."""
    made_up: Any = SearchFee()
    with pytest.raises(Unlawful, match="no cost that a copy may carry"):
        total(Delivery.LINK, made_up)


def test_amounts_are_rounded_down_so_that_no_line_exceeds_its_cost() -> None:
    """E1."""
    assert cents(Decimal("2.9199")) == Decimal("2.91")
    assert CopyingLabour(7, Decimal(25)).amount == Decimal("2.91")
    check_money(Decimal(0), "Nothing")


def some_line(dice: random.Random) -> tuple[FeeLine, Fraction]:
    """A random line, and its exact cost by the oracle's own fractions."""
    rate, minutes = Decimal(dice.randrange(100_000)) / 1000, dice.randrange(1, 600)
    pieces, price = dice.randrange(1, 9), Decimal(dice.randrange(20_000)) / 1000
    match dice.randrange(4):
        case 0:
            return CopyingLabour(minutes, rate), Fraction(rate) * minutes / 60
        case 1:
            return Supplies(dice.choice(list(Medium)), pieces, price), Fraction(price) * pieces
        case 2:
            return Postage(dice.choice(list(Carrier)), price), Fraction(price)
        case _:
            agreed = date(2026, 6, dice.randrange(1, 30))
            return AgreedSummary(minutes, rate, agreed), Fraction(rate) * minutes / 60


def bears(delivery: Delivery, line: FeeLine) -> bool:
    """The oracle's reading of what a delivery may carry."""
    if isinstance(line, Supplies):
        return delivery in (Delivery.PICKED_UP, Delivery.MAILED)
    if isinstance(line, Postage):
        return delivery is Delivery.MAILED
    return not isinstance(line, AgreedSummary) or line.agreed_on <= TODAY


def test_twelve_thousand_random_orders_carry_no_unlawful_line_and_are_right_to_the_cent() -> None:
    """E1, E2, E3, E7: 0 differences to an oracle in exact fractions."""
    dice = random.Random(1)
    refused = 0
    for _ in range(12_000):
        pairs = [some_line(dice) for _ in range(dice.randrange(5))]
        delivery = dice.choice(list(Delivery))
        order = Order(delivery=delivery, method=Actual(tuple(line for line, _ in pairs)))
        if not all(bears(delivery, line) for line, _ in pairs):
            refused += 1
            with pytest.raises(Unlawful):
                quote(order, quoted_on=TODAY)
            continue
        quoted = quote(order, quoted_on=TODAY)
        free = delivery in (Delivery.PORTAL, Delivery.INSPECTION)
        whole_cents = 0 if free else sum(floor(cost * 100) for _, cost in pairs)
        assert quoted.total == Decimal(whole_cents) / 100
        assert quoted.total == sum((c.amount for c in quoted.charges), Decimal(0))
        assert all(c.citation in LINE_CITATIONS.values() for c in quoted.charges)
    assert 1_000 < refused < 11_000


def test_ten_thousand_random_orders_by_schedule_are_right_to_the_cent() -> None:
    """E1, E4."""
    dice = random.Random(2)
    for _ in range(10_000):
        schedule = {part: Decimal(dice.randrange(9_999)) / 1000 for part in Part if dice.randrange(2)}
        parts = frozenset(part for part in Part if dice.randrange(2))
        extras = (DISC, STAMP) if dice.randrange(2) else ()
        quoted = quote(Order(delivery=Delivery.MAILED, method=Average(schedule, parts, extras)), quoted_on=TODAY)
        whole = sum(floor(Fraction(price) * 100) for part, price in schedule.items() if part in parts)
        assert quoted.total == Decimal(whole + (150 + 840 if extras else 0)) / 100
