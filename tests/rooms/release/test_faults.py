"""Faults of a release: who is not verified, clocks that jump, and records that change while a copy is taken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from cast import NOW, PLACE, Cast, sender
from rooms.release.helping import free, in_review
from scanward.access.actions import AccessRefused
from scanward.archive.models import ReportStatus, Study
from scanward.archive.place import vault
from scanward.archive.reports import Section, SectionKind, store_report
from scanward.audit.models import Entry
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account
from scanward.release import actions, packages, sharing
from scanward.release.machine import NotNow
from scanward.release.models import Delivery, Disclosure
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db


def whole(package: Any) -> bytes:
    return b"".join(packages.open_package(package, now=timezone.now(), place=PLACE).iterate(0, None))


def test_nothing_is_built_for_somebody_who_was_not_verified(cast: Cast, ask: Any) -> None:
    """Fault C21; requirement C1: neither a package of a request, nor a copy by a stranger."""
    request = ask(by=cast.hal, requester_name="Somebody", contact="1 Main Street")
    actions.claim(request, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="identity"):
        actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    with pytest.raises(NotNow):
        actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused):
        packages.prepare(
            cast.charlie, cast.chest, purpose=PurposeOfUse.PATIENT_REQUEST, language="en", now=NOW, place=PLACE
        )


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_changes_neither_date_nor_order(cast: Cast, ask: Any, jump: timedelta) -> None:
    """Fault D10: the legal date stays as it was written, and the ledger counts on, whatever the clock says."""
    start = NOW + timedelta(days=2)
    request = ask(now=start)
    due, last = request.due_on, Entry.objects.latest("seq").seq
    actions.say(request, body="Hello", by=cast.alice, now=start + jump, place=PLACE)
    request.refresh_from_db()
    assert request.due_on == due
    assert Entry.objects.latest("seq").seq > last


@pytest.mark.parametrize("moment", [datetime(2038, 1, 18, 12, tzinfo=UTC), datetime(2028, 2, 28, 12, tzinfo=UTC)])
def test_a_link_ends_on_time_beyond_2038_and_in_leap_years(cast: Cast, moment: datetime) -> None:
    """Fault D10: a link over the end of 32-bit time, and over a leap day."""
    end = moment + timedelta(days=2)
    wish = sharing.Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=end, max_uses=3)
    made = sharing.create(wish, by=cast.alice, now=moment, place=PLACE)
    before = sharing.redeem(made.secret, visitor="x", passcode="", now=end - timedelta(seconds=1), place=PLACE)
    assert before
    with pytest.raises(sharing.LinkRefused):
        sharing.redeem(made.secret, visitor="x", passcode="", now=end, place=PLACE)


def test_a_copy_stays_the_same_while_the_record_grows(cast: Cast) -> None:
    """Fault D15: two downloads of one package are the same bytes, also when a new report has come between them."""
    package = packages.prepare(
        cast.alice, cast.chest, purpose=PurposeOfUse.PATIENT_REQUEST, language="en", now=NOW, place=PLACE
    )
    first = whole(package)
    moment = NOW + timedelta(minutes=5)
    sections = [Section(SectionKind.IMPRESSION, "Amended: no nodule.")]
    store_report(cast.chest, sections, status=ReportStatus.AMENDED, finalized_at=moment, sender=sender(), now=moment)
    package.refresh_from_db()
    assert whole(package) == first


def take_back(cast: Cast) -> None:
    moment = NOW + timedelta(minutes=5)
    store_report(cast.chest, [], status=ReportStatus.WITHDRAWN, finalized_at=moment, sender=sender(), now=moment)


def test_a_copy_has_no_report_that_was_taken_back_since(cast: Cast) -> None:
    """Fault D15; F8: nor has one that is made afterwards."""
    purpose = PurposeOfUse.PATIENT_REQUEST
    package = packages.prepare(cast.alice, cast.chest, purpose=purpose, language="en", now=NOW, place=PLACE)
    assert b"report.pdf" in whole(package)
    take_back(cast)
    assert b"report.pdf" not in whole(type(package).objects.get(pk=package.pk))
    later = packages.prepare(cast.alice, cast.chest, purpose=purpose, language="en", now=NOW, place=PLACE)
    assert later.report is None


def test_a_copy_of_a_study_that_was_given_to_another_patient_stops(cast: Cast) -> None:
    """Fault D15: what was filed under the wrong person is nobody's copy any more, also half-way through."""
    package = packages.prepare(
        cast.alice, cast.chest, purpose=PurposeOfUse.PATIENT_REQUEST, language="en", now=NOW, place=PLACE
    )
    Study.objects.filter(pk=cast.chest.pk).update(patient=cast.charlies)
    fresh = type(package).objects.get(pk=package.pk)
    with pytest.raises(AccessRefused):
        whole(fresh)


@pytest.mark.parametrize("way", ["email", "pickup", "portal", "link"])
@pytest.mark.parametrize("report", [True, False])
def test_nothing_leaves_of_a_study_that_was_erased_since(
    cast: Cast, lena: Account, ask: Any, way: str, report: bool
) -> None:
    """Fault D15: the package was built and checked, then the keys went; no delivery, no row, and no new one."""
    request = ask(delivery=Arrival(way), contact="alice@example.org", report=report)
    in_review(request, cast.hal)
    if way == "pickup":
        actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    if way != "portal":
        actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    vault().erase(cast.chest.key_id)
    over = actions.HandOver(
        passphrase_by="phone", identified_by="passport", signature="Alice", expires_at=NOW + timedelta(days=3)
    )
    with pytest.raises(Unlawful, match="not kept here"):
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    request.refresh_from_db()
    assert (request.state, Disclosure.objects.count(), Delivery.objects.count()) == ("ready", 0, 0)
    other = ask(delivery=Arrival.PORTAL, report=report)
    in_review(other, cast.hal)
    actions.approve(other, by=cast.hal, basis="access", now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="not kept here"):
        actions.build(other, by=cast.hal, now=NOW, place=PLACE)
