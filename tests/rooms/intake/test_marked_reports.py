"""A state's law holds back what a report's sender marked: from the socket to the page, and off again by itself."""

import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import NOW, Cast
from rooms.intake.test_mllp import Engine, code, in_process
from rooms.reporting.messages import oru
from scanward.archive.models import Report
from scanward.archive.rebuild import recover
from scanward.audit.models import Entry
from scanward.law.holds import Sensitivity
from scanward.release import holds, house, sharing
from scanward.release.models import Disclosure

__all__ = ["in_process"]
pytestmark = pytest.mark.django_db(transaction=True)
KEPT = "A law of this state keeps it back"
BY = sharing.ActorRef.system("tests")


@pytest.fixture(autouse=True)
def texas(settings: Any) -> None:
    settings.FACILITY_STATE = "TX"


def marked(mark: str = "R", *, text: str = "IMPRESSION: A mass.", signed: datetime | None = None, **more: Any) -> bytes:
    """A report whose order says in ORC-28 how confidential it is; signed now unless a test says when."""
    control = f"ORC|RE{'|' * 27}{mark}".encode() if mark else b"ORC|RE"
    at = house.wall(signed or datetime.now(UTC)).strftime("%Y%m%d%H%M%S%z").encode()
    return oru(text, **more).replace(b"\rOBR|", b"\r" + control + b"\rOBR|").replace(b"20260312120000-0600", at)


def page_of(cast: Cast) -> str:
    """Alice's page of her chest scan, on a session that began just now."""
    alice = Client()
    alice.force_login(cast.alice)
    return alice.get(reverse("study", args=[cast.chest.pk])).content.decode()


def held(cast: Cast, *, now: datetime) -> bool:
    return holds.withheld_report(cast.chest, now=now) is not None


def test_a_marked_report_is_held_to_the_third_day_while_its_images_go_out(
    cast: Cast, in_process: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirements A16, F8; trap T8."""
    assert code(in_process.send(marked())) == "AA"
    third = house.wall(datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=3)
    page = page_of(cast)
    assert KEPT in page
    assert "A mass" not in page
    alice = Client()
    alice.force_login(cast.alice)
    assert alice.get(f"/scans/{cast.chest.pk}/report.pdf").status_code == 404
    copy = alice.post(reverse("download", args=[cast.chest.pk]), follow=True)
    names = zipfile.ZipFile(BytesIO(b"".join(copy.streaming_content))).namelist()
    assert any(name.endswith(".dcm") for name in names)
    assert not any(name.endswith(".pdf") for name in names)
    assert Disclosure.objects.get().description.startswith("CT images of")
    monkeypatch.setattr(timezone, "now", lambda: third - timedelta(minutes=1))
    assert "A mass" not in page_of(cast)
    monkeypatch.setattr(timezone, "now", lambda: third + timedelta(minutes=1))
    page = page_of(cast)
    assert KEPT not in page
    assert "A mass" in page
    assert Entry.objects.filter(kind="report_amended", body__contains='"marked":1').exists()


@pytest.mark.parametrize(("mark", "state"), [("", "TX"), ("U", "TX"), ("VIP", "TX"), ("R", "NV"), ("R", "")])
def test_without_a_mark_that_a_law_reads_the_report_appears_at_once(
    cast: Cast, in_process: Engine, settings: Any, mark: str, state: str
) -> None:
    """Requirements F8, F9."""
    settings.FACILITY_STATE = state
    assert code(in_process.send(marked(mark))) == "AA"
    assert "A mass" in page_of(cast)


def test_the_days_run_from_the_first_report_and_not_from_each_correction(cast: Cast, in_process: Engine) -> None:
    """Trap T8: a hold that every addendum began anew would be no longer the law's."""
    first = NOW - timedelta(days=2)
    assert code(in_process.send(marked(signed=first))) == "AA"
    assert code(in_process.send(marked(text="IMPRESSION: A large mass.", control="2"))) == "AA"
    until = holds.hold_of(cast.chest.reports.first())
    assert until
    assert until.starts_at == first


def test_a_report_after_one_that_was_taken_back_has_days_of_its_own(cast: Cast, in_process: Engine) -> None:
    """Trap T8: what was taken back was no result of hers."""
    first, second = NOW - timedelta(days=2), NOW - timedelta(hours=2)
    assert code(in_process.send(marked(signed=first))) == "AA"
    back = marked("", signed=first + timedelta(hours=1), control="2", lines=["OBX|1|TX|||x||||||W"])
    assert code(in_process.send(back)) == "AA"
    assert not held(cast, now=NOW)
    assert code(in_process.send(marked(text="IMPRESSION: Hers.", signed=second, control="3"))) == "AA"
    until = holds.hold_of(cast.chest.reports.first())
    assert until
    assert until.starts_at == second


def test_a_mark_is_news_and_a_wire_without_marks_takes_none_away(cast: Cast, in_process: Engine) -> None:
    """Trap T8: the same words sent again with a mark are held; without one they change nothing."""
    when = NOW - timedelta(hours=1)
    for number, mark in enumerate(("", "R", "")):
        assert code(in_process.send(marked(mark, signed=when, control=str(number)))) == "AA"
    assert list(cast.chest.reports.order_by("version").values_list("mark", flat=True)) == ["", "", "R"]
    assert held(cast, now=NOW)


def test_the_word_of_a_person_at_the_desk_goes_before_the_mark(cast: Cast, in_process: Engine) -> None:
    """Requirements A16; trap T8: the page shows that the sender said so, and its correction ends the hold."""
    assert code(in_process.send(marked())) == "AA"
    hal, address = Client(), reverse("patient-held-results", args=[cast.chest.patient_id])
    hal.force_login(cast.hal, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = hal.get(address).content.decode()
    assert "The sender of the report marked it so" in page
    assert "Held until" in page
    assert hal.post(address, {"study": str(cast.chest.pk), "says": Sensitivity.ORDINARY.value}).status_code == 302
    page = hal.get(address).content.decode()
    assert "The sender of the report marked it so" not in page
    assert "Held until" not in page
    assert "A mass" in page_of(cast)


def test_a_site_reads_the_codes_that_it_has_agreed_with_its_sender(
    cast: Cast, in_process: Engine, settings: Any
) -> None:
    """Requirement A16."""
    settings.SENSITIVE_MARKS = {"ONC": Sensitivity.MALIGNANCY, "R": Sensitivity.ORDINARY}
    assert code(in_process.send(marked("R"))) == "AA"
    assert not held(cast, now=datetime.now(UTC))
    assert code(in_process.send(marked("ONC^cancer^L", control="2"))) == "AA"
    assert held(cast, now=datetime.now(UTC))


def test_the_mark_outlives_the_index(cast: Cast, in_process: Engine) -> None:
    """The vault's note has it, so that a rebuilt index holds the same reports back."""
    assert code(in_process.send(marked())) == "AA"
    Report.objects.all().delete()
    recover(now=datetime.now(UTC), whole=True)
    assert held(cast, now=datetime.now(UTC))
