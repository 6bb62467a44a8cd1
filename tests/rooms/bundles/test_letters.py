"""Letters: every template makes a tagged PDF in both languages, and says which value it lacks."""

import io
from datetime import date
from typing import Any

import pikepdf
import pytest

from scanward.bundles.language import Language, day, moment
from scanward.bundles.letters import letter, qr_svg
from scanward.bundles.typeset import NotTypeset

TODAY = date(2026, 11, 23)
PAGE = "https://lakeside.example/verify"
VALUES: dict[str, Any] = {
    "sender": {
        "facility": "Lakeside Hospital",
        "department": "Medical Records",
        "address": ["1 Main Street", "Austin, TX 78701"],
        "phone": "+1 512 555 0100",
        "email": "records@lakeside.example",
    },
    "recipient": ["Alice Liddell", "2 Side Street", "Austin, TX 78702"],
    "request": "R-2026-000123",
    "items": [{"date": date(2026, 11, 3), "what": "CT chest", "files": 312}],
    "delivery": "encrypted_zip",
    "passphrase_by": "phone",
    "tracking": None,
    "expires": date(2026, 12, 24),
    "check_at": PAGE,
    "qr": qr_svg(PAGE),
}


def made(language: Language = Language.EN, *, large_print: bool = False, **changes: Any) -> bytes:
    return letter("delivery", {**VALUES, **changes}, language, large_print, on=TODAY)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("delivery", ["download", "encrypted_zip", "encrypted_pdf", "media", "paper"])
@pytest.mark.parametrize("large_print", [False, True])
def test_every_way_of_delivery_has_its_letter(language: Language, delivery: str, large_print: bool) -> None:
    """Requirement G14: each way explained, in both languages, also in large print."""
    with pikepdf.open(io.BytesIO(made(language, large_print=large_print, delivery=delivery))) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == language


@pytest.mark.parametrize("channel", ["phone", "mail", "message", "portal", None])
@pytest.mark.parametrize("language", list(Language))
def test_the_passphrase_comes_by_another_channel(channel: str | None, language: Language) -> None:
    assert made(language, passphrase_by=channel).startswith(b"%PDF")


def test_what_is_not_given_is_left_out() -> None:
    assert made(passphrase_by=None, check_at=None, qr=None, expires=None).startswith(b"%PDF")


@pytest.mark.parametrize("name", ["sender", "recipient", "request", "items", "delivery"])
def test_a_missing_value_is_named(name: str) -> None:
    values = {key: value for key, value in VALUES.items() if key != name}
    with pytest.raises(NotTypeset, match=f"needs the value '{name}'"):
        letter("delivery", values, Language.EN, on=TODAY)


def test_a_value_of_the_wrong_kind_is_refused_without_repeating_it() -> None:
    with pytest.raises(NotTypeset) as refused:
        made(items="Liddell")
    assert "Liddell" not in str(refused.value)


@pytest.mark.parametrize("value", [1.5, b"bytes", object()])
def test_values_are_text_numbers_dates_and_lists_of_them(value: object) -> None:
    with pytest.raises(NotTypeset):
        made(request=value)


def test_values_nested_without_end_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotTypeset, match="nested"):
        made(recipient=endless)


@pytest.mark.parametrize("name", ["../../etc/passwd", "nothing", "", "delivery.typ", "/delivery", "a" * 99])
def test_only_our_own_templates_are_used(name: str) -> None:
    with pytest.raises(NotTypeset, match="no template"):
        letter(name, VALUES, Language.EN, on=TODAY)


def test_a_picture_that_is_none_is_refused() -> None:
    with pytest.raises(NotTypeset):
        made(qr="<svg")


def test_a_qr_code_is_a_plain_drawing() -> None:
    drawing = qr_svg(PAGE)
    assert drawing.startswith("<svg")
    assert not [word for word in ("script", "href", PAGE) if word in drawing]


def test_dates_are_written_with_the_month_as_a_word() -> None:
    assert day(date(2026, 2, 3), Language.EN) == "February 3, 2026"
    assert day(date(2026, 2, 3), Language.ES) == "3 de febrero de 2026"


def test_a_time_without_zone_shows_none() -> None:
    from datetime import datetime

    assert moment(datetime(2026, 2, 3, 4, 5), Language.EN) == "February 3, 2026, 04:05"
