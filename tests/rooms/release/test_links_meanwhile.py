"""What a link still gives when the record, the permission or the clock changed behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from cast import NOW, PLACE, Cast, sender
from rooms.release.helping import later
from rooms.release.test_denial_reviews import deny  # noqa: F401  a fixture
from rooms.release.test_health_links import App, Make, make  # noqa: F401  a fixture
from scanward.access.actions import AccessRefused
from scanward.archive.models import ReportStatus, Study
from scanward.archive.place import vault
from scanward.archive.reports import Section, SectionKind, store_report
from scanward.audit.models import Entry
from scanward.law.bases import Basis
from scanward.law.holds import Item
from scanward.release import actions, contents, sharing
from scanward.release.housekeeping import tidy
from scanward.release.linked import open_shared
from scanward.release.models import Disclosure, ReleaseRequest, SealedFile, Share, ShareVisit
from scanward.release.packages import PackageEnded

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]


def taken_back(cast: Cast, **_others: Any) -> None:
    store_report(cast.chest, [], status=ReportStatus.WITHDRAWN, finalized_at=NOW, sender=sender(), now=NOW)


def refused(cast: Cast, *, ask: Ask, deny: Any, items: tuple[Item, ...]) -> None:  # noqa: F811
    request = ask()
    actions.claim(request, by=cast.hal, now=NOW, place=PLACE)
    actions.verify(request, by=cast.hal, shown=None, authority="", now=NOW, place=PLACE)
    deny(request, *items)


CHANGES: dict[str, Callable[..., Any]] = {
    "taken back": taken_back,
    "report denied": lambda cast, **others: refused(cast, **others, items=(Item.REPORT,)),
    "images denied": lambda cast, **others: refused(cast, **others, items=(Item.IMAGES,)),
    "destroyed": lambda cast, **_others: vault().erase(cast.chest.key_id),
    "another patient's": lambda cast, **_others: Study.objects.filter(pk=cast.chest.pk).update(patient=cast.charlies),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_sealed_file_stays_when_what_is_inside_may_not_be_shown_any_more(
    cast: Cast,
    ask: Ask,
    deny: Any,  # noqa: F811
    make: Make,  # noqa: F811
    change: str,
) -> None:
    """Requirements A12, J4; faults C14, D15: between manifest and file too; and it costs the holder no use."""
    made = make(max_uses=9)
    app = App(made.address)
    [listed] = app.ask(embeddedLengthMax=0).json()["files"]
    where = listed["location"].removeprefix("http://testserver")
    assert app.client.get(where).status_code == 200
    CHANGES[change](cast, ask=ask, deny=deny)
    assert app.client.get(where).status_code == 404
    assert app.ask().status_code == 404
    made.share.refresh_from_db()
    assert made.share.uses == 1


def test_a_sealed_file_without_the_report_does_not_wait_for_it(
    cast: Cast,
    ask: Ask,
    deny: Any,  # noqa: F811
    make: Make,  # noqa: F811
) -> None:
    """Requirement J4: what is not inside can't keep it back; a corrected report neither (the page says so)."""
    images_only, both = make(report=False), make()
    sections = [Section(SectionKind.IMPRESSION, "It is the left lung.")]
    store_report(cast.chest, sections, status=ReportStatus.AMENDED, finalized_at=NOW, sender=sender(), now=NOW)
    assert App(both.address).ask().status_code == 200
    taken_back(cast)
    assert App(images_only.address).ask().status_code == 200


def visit_of(cast: Cast, **changes: Any) -> ShareVisit:
    wish = {"recipient_name": "Dr. Okoye", "studies": [cast.chest], "expires_at": later(days=365), **changes}
    made = sharing.create(sharing.Wish(may_download=True, **wish), by=cast.alice, now=NOW, place=PLACE)
    return sharing.redeem(made.secret, visitor="Dr. Okoye", passcode="", now=NOW, place=PLACE)


def names_of(visit: ShareVisit, cast: Cast) -> bytes:
    opened = open_shared(visit, cast.chest, language="en", place=PLACE)
    return b"".join(opened.iterate(0, None))[-20_000:]


def test_a_report_that_is_denied_during_a_visit_goes_into_no_copy(
    cast: Cast,
    ask: Ask,
    deny: Any,  # noqa: F811
) -> None:
    """Requirement A12: the visit began before; the copy is decided upon when it is taken."""
    visit = visit_of(cast)
    assert b"report.pdf" in names_of(visit, cast)
    refused(cast, ask=ask, deny=deny, items=(Item.REPORT,))
    assert b"report.pdf" not in names_of(visit, cast)


def test_a_report_that_is_denied_cuts_the_copy_on_its_way(
    cast: Cast,
    ask: Ask,
    deny: Any,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requirements A12, D9: as a copy from the scan's own page is cut."""
    monkeypatch.setattr(contents, "ASK_AGAIN_SECONDS", -1.0)
    pieces = open_shared(visit_of(cast), cast.chest, language="en", place=PLACE).iterate(0, None)
    next(pieces)
    refused(cast, ask=ask, deny=deny, items=(Item.REPORT,))
    with pytest.raises((PackageEnded, AccessRefused)):
        list(pieces)


def test_an_expired_link_is_ended_and_no_clock_that_is_set_back_opens_it(
    cast: Cast,
    make: Make,  # noqa: F811
) -> None:
    """Requirement J2; fault D10: with its entry, and what was sealed for an app is gone."""
    made = make(max_uses=9)
    assert tidy(now=later(days=6))["links"] == 0
    assert SealedFile.objects.count() == 1
    assert tidy(now=later(days=8))["links"] == 1
    assert not SealedFile.objects.exists()
    assert Entry.objects.filter(kind="share_expired").count() == 1
    assert App(made.address).ask().status_code == 404
    assert tidy(now=later(days=9))["links"] == 0


def test_what_a_used_up_link_sealed_goes_an_hour_after_its_last_use(make: Make) -> None:  # noqa: F811
    """Requirement J1: nobody can come for it any more."""
    one, many = make(), make(max_uses=2)
    for made in (one, many):
        App(made.address).ask()
    Share.objects.update(last_used_at=NOW)
    tidy(now=later(minutes=59))
    assert SealedFile.objects.count() == 2
    tidy(now=later(minutes=61))
    assert [kept.share_id for kept in SealedFile.objects.all()] == [many.share.pk]


def test_a_clinicians_link_is_for_treatment_and_a_patients_is_her_directive(cast: Cast, make: Make) -> None:  # noqa: F811
    """Requirements A10, L5, L6: the register has the basis that is true; treatment is not in the accounting."""
    wish = sharing.Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=later(days=7))
    for by in (cast.alice, cast.dana):
        made = sharing.create(wish, by=by, now=NOW, place=PLACE)
        sharing.redeem(made.secret, visitor="x", passcode="", now=NOW, place=PLACE)
    rows = {row.share.created_by: row for row in Disclosure.objects.all() if row.share}
    assert Basis(rows[cast.alice].basis) is Basis.DIRECTIVE
    assert Basis(rows[cast.dana].basis) is Basis.TREATMENT
    assert not rows[cast.dana].accountable


def test_asking_for_the_head_or_a_part_of_a_door_uses_nothing(cast: Cast, make: Make) -> None:  # noqa: F811
    """Requirement J1, fault C6: HEAD, ranges and conditions at both doors, also of a direct link."""
    direct = App(make(direct=True).address)
    plain = sharing.create(
        sharing.Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=later(days=1)),
        by=cast.alice, now=NOW, place=PLACE,
    )  # fmt: skip
    who = {"recipient": "Dr. Okoye"}
    looks = {"Range": "bytes=0-0", "If-None-Match": "*", "If-Modified-Since": "Thu, 26 Nov 2026 00:00:00 GMT"}
    assert direct.client.head(direct.path, who).status_code == 405
    assert direct.client.options(direct.path, who).status_code == 204
    door = reverse("shared")
    for answer in (direct.client.head(door), direct.client.get(door, headers=looks)):
        assert answer.status_code == 200
    assert direct.client.get(f"{door}?code={plain.secret}").status_code == 200
    assert not Share.objects.exclude(uses=0).exists()
    assert direct.client.get(direct.path, who, headers=looks).status_code == 200
