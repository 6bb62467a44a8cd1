"""What somebody gets who was not verified, or is not any more: at the desk, in the portal, by every address."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast, person
from journeys.test_deliveries import built, lena, saved, shown  # noqa: F401  fixtures
from journeys.test_release_pages import page_of, step
from scanward.audit.models import Entry
from scanward.law.fees import Actual
from scanward.people.models import Account, PatientLink, Representation
from scanward.release import actions
from scanward.release.models import Delivery, Disclosure, ReleaseRequest
from scanward.release.ways import Arrival, Channel, Medium

pytestmark = pytest.mark.django_db
PASSPHRASE = re.compile(r"\d{5}(?:-\d{5}){4}")
STEPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("approve", {"basis": "access"}),
    ("build", {}),
    ("check_passed", {}),
    ("deliver", {"tracking": "1Z9", "passphrase_by": "phone"}),
    ("deliver", {"identified_by": "driving licence", "signature": "Somebody", "passphrase_by": "mail"}),
)


def gives_nothing(client: Client, request: ReleaseRequest) -> bool:
    """Whether neither file nor passphrase comes by any address of the desk."""
    files = [saved(client, request), client.get(reverse("desk-print", args=[request.pk]))]
    return all(answer.status_code == 302 for answer in files) and not PASSPHRASE.search(shown(client, request))


@pytest.mark.parametrize(
    "wish",
    [{"delivery": Arrival.MAIL}, {"delivery": Arrival.PICKUP, "images": False, "medium": Medium.PAPER}],
    ids=["locked stick", "paper"],
)
def test_the_desk_gives_nothing_to_who_was_not_verified(cast: Cast, lena: Account, wish: dict[str, Any]) -> None:  # noqa: F811
    """Fault C21: each step of the form is sent, in order and all the same, by the clerk and by the second person."""
    asked = actions.Asked(
        patient=cast.alices, studies=[cast.chest], requester_name="Somebody", contact="13 Dark Alley",
        channel=Channel.LETTER, **wish,
    )  # fmt: skip
    request = actions.receive(asked, by=cast.hal, now=NOW, place=PLACE)
    hal, second = page_of(cast.hal), page_of(lena)
    step(hal, request, "claim")
    actions_before = Entry.objects.filter(kind__in=("package_built", "exported", "printed", "delivered")).count()
    for name, fields in STEPS:
        for client in (hal, second):
            assert not PASSPHRASE.search(step(client, request, name, **fields))
            assert gives_nothing(client, request)
    step(hal, request, "verify", proof="  ", how="")
    assert request.state == "verifying"
    assert (
        Entry.objects.filter(kind__in=("package_built", "exported", "printed", "delivered")).count() == actions_before
    )
    assert not Delivery.objects.exists()
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize("ended", ["the account's link", "the authority"])
def test_the_desk_writes_no_stick_for_who_is_not_the_one_any_more(
    cast: Cast,
    lena: Account,  # noqa: F811
    built: Any,  # noqa: F811
    ended: str,
) -> None:
    """Faults C14, C21: verified, approved, built and checked; then it turns out that she is not the one."""
    if ended == "the authority":
        request = built(by=cast.ruth, basis="access by a personal representative", delivery=Arrival.MAIL, contact="x")
    else:
        request = built(delivery=Arrival.MAIL, contact="1 Main Street")
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    hal = page_of(cast.hal)
    assert saved(hal, request).status_code == 200
    if ended == "the authority":
        Representation.objects.update(ended_at=NOW)
    else:
        PatientLink.objects.filter(account=cast.alice).update(ended_at=NOW)
    assert gives_nothing(hal, request)
    assert not PASSPHRASE.search(step(hal, request, "deliver", tracking="1Z9", passphrase_by="phone"))
    assert request.state == "ready"


def test_an_account_that_nobody_connected_gets_nothing_of_anybody(cast: Cast) -> None:
    """Fault C21: signed in, and nobody's account yet: at every address of a scan and its copies there is nothing."""
    client = page_of(person("newcomer"))
    paths = [
        reverse(name, args=[cast.chest.pk])
        for name in ("study", "download", "report-pdf", "report-document", "share-new", "desk-download", "desk-study")
    ]
    assert {client.get(path).status_code for path in paths} == {404}
    assert client.post(reverse("download", args=[cast.chest.pk])).status_code == 404
    assert client.post(reverse("report-locked", args=[cast.chest.pk]), {"passphrase": "x" * 20}).status_code == 404
    asked = {"for": "me", "study": str(cast.chest.pk), "images": "1", "report": "1", "delivery": "portal"}
    client.post(reverse("request-new"), {**asked, "medium": "dicom", "signature": "New Comer"})
    assert not ReleaseRequest.objects.exists()


def test_a_disc_is_written_by_nobody_but_records_staff(cast: Cast, lena: Account, built: Any) -> None:  # noqa: F811
    """Fault C21: the address of the file, in everybody else's browser; the patient's own account included."""
    request = built(delivery=Arrival.PICKUP)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    for name in ("alice", "ruth", "charlie", "bo", "dana", "ravi", "sam"):
        client = page_of(cast.everybody()[name])
        assert client.get(reverse("desk-copy", args=[request.pk])).status_code == 404
        assert client.get(reverse("desk-print", args=[request.pk])).status_code == 404
    assert Client().get(reverse("desk-copy", args=[request.pk])).status_code == 302


def test_nothing_is_quoted_for_free_into_a_release(cast: Cast) -> None:
    """Faults C16, C21: a fee of nothing that is told before anybody was verified settles the fee, and nothing else."""
    asked = actions.Asked(patient=cast.alices, studies=[cast.chest], delivery=Arrival.MAIL, channel=Channel.LETTER)
    request = actions.receive(asked, by=cast.hal, now=NOW, place=PLACE)
    actions.quote(request, Actual(()), by=cast.hal, now=NOW, place=PLACE)
    hal = page_of(cast.hal)
    step(hal, request, "approve", basis="access")
    assert request.state == "received"
    assert gives_nothing(hal, request)
