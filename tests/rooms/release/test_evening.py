"""In the evening the day of the servers' clock (UTC) has changed already, and that on the hospital's wall has not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pydicom import dcmread

from cast import NOW, PLACE, Cast
from scanward.portal.reminders import reminder
from scanward.release import actions, house
from scanward.release.actions.delivering import media_label
from scanward.release.actions.preparing import wanted_of
from scanward.release.encapsulated import _written
from scanward.release.models import Authorization, ReleaseRequest
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db
LAWYER = {
    "recipient_kind": "an attorney", "recipient_name": "Ada Lawson", "recipient_organization": "Lawson & Partners",
    "recipient_address": "9 Court Street", "purpose": "at my request",
}  # fmt: skip


@pytest.fixture
def evening(settings: Any) -> datetime:
    """Eight in the evening at the hospital, within the last day; in Greenwich it is tomorrow."""
    settings.FACILITY_TIME_ZONE = "America/Chicago"
    moment = house.wall(NOW).replace(hour=20, minute=0)
    moment = moment if moment < house.wall(NOW) else moment - timedelta(days=1)
    assert moment.astimezone(UTC).date() > moment.date()
    return moment.astimezone(UTC)


def test_a_permission_signed_in_the_evening_is_signed_today(
    cast: Cast, evening: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirements A13, D6: at any hour; a signature of tomorrow would be a defect."""
    client = Client()
    monkeypatch.setattr(timezone, "now", lambda: evening + timedelta(days=1))
    client.force_login(cast.alice)
    form = {"for": "asked", "study": str(cast.chest.pk), "images": "1", "medium": "dicom", "delivery": "link", **LAWYER}
    last = (evening + timedelta(days=30)).date().isoformat()
    answer = client.post(reverse("request-new"), {**form, "expires_on": last, "signature": "Alice Rivera"})
    assert answer.status_code == 302, answer.content.decode()
    assert Authorization.objects.get().signed_on == house.today(evening) + timedelta(days=1)


def test_an_exam_of_the_evening_keeps_its_day_wherever_it_goes(
    cast: Cast, evening: datetime, approved: Callable[..., ReleaseRequest]
) -> None:
    """Requirements G15, G12: on the label, in the letter, and in the object that another hospital's system files."""
    cast.chest.performed_at = datetime(2026, 3, 2, 20, 15, tzinfo=house.zone()).astimezone(UTC)
    cast.chest.save()
    request = approved(delivery=Arrival.PICKUP)
    package = actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    assert media_label(package).startswith("2026-03-02 ")
    release = wanted_of(package).release
    made = dcmread(BytesIO(_written(cast.chest, "Report", NOW, b"%PDF-1.4", uid="2.25.1", release=release)))
    assert (made.StudyDate, made.StudyTime) == ("20260302", "201500")


def test_a_reminder_of_the_evening_is_for_tomorrow() -> None:
    late = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
    assert b"DTSTART;VALUE=DATE:20260303" in reminder("x", ends=date(2026, 3, 4), page="/", now=late)
