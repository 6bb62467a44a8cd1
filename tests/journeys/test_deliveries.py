"""How copies leave, on the desk's pages: written on a stick, handed over, mailed plainly, sent to a hospital."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyzipper
from django.test import Client
from django.urls import reverse

from cast import NOW, PHOTO_ID, PLACE, Cast
from journeys.test_release_pages import lead, page_of, step
from scanward.audit.models import Entry
from scanward.law.bases import Basis, RecipientKind
from scanward.law.fees import Actual
from scanward.law.tracks import Track
from scanward.people.models import Account
from scanward.release import actions, house, letters
from scanward.release.actions.pricing import usual_lines
from scanward.release.models import ReleaseRequest
from scanward.release.ways import Arrival, Channel, Medium

pytestmark = pytest.mark.django_db
Built = Callable[..., ReleaseRequest]


@pytest.fixture
def lena(cast: Cast) -> Account:
    return lead()


@pytest.fixture
def built(cast: Cast) -> Built:
    """A request that Hal has approved and built, and that nobody has checked yet."""

    def made(*, by: Account | None = None, basis: str = Basis.ACCESS.value, **wish: Any) -> ReleaseRequest:
        asked = actions.Asked(patient=cast.alices, studies=[cast.chest], **wish)
        request = actions.receive(asked, by=by or cast.alice, now=NOW, place=PLACE)
        common: dict[str, Any] = {"by": cast.hal, "now": NOW, "place": PLACE}
        actions.claim(request, **common)
        actions.verify(request, shown=PHOTO_ID, authority="", **common)
        if request.delivery in ("mail", "pickup"):
            actions.quote(request, Actual(()), **common)
        if stated := letters.to_read_back(request):
            peer = {"peer": "Riverside"} if request.recipient else {}
            actions.confirm_recipient(request, stated | peer, **common)
        actions.approve(request, basis=basis, **common)
        actions.build(request, **common)
        request.refresh_from_db()
        return request

    return made


def shown(client: Client, request: ReleaseRequest) -> str:
    return client.get(reverse("desk-request", args=[request.pk])).content.decode()


def saved(client: Client, request: ReleaseRequest, **headers: str) -> Any:
    return client.get(reverse("desk-copy", args=[request.pk]), headers=headers)


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_the_desk_writes_the_stick_labels_it_and_sees_the_proof(
    cast: Cast, lena: Account, built: Built, tmp_path: Path
) -> None:
    """Requirements G1, G9, G15, G16, G19: what is on the stick opens with the passphrase; each hand is on the page."""
    hal = page_of(cast.hal)
    request = built(delivery=Arrival.MAIL, contact="1 Main Street")
    assert saved(hal, request).status_code == 302
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    page = shown(hal, request)
    label = re.search(r"no name: <strong>([^<]+)</strong>", page.replace("</li>", ""))[1]  # type: ignore[index]
    assert "chest" in label
    assert "Rivera" not in label
    copy = bytes_of(saved(hal, request))
    again = saved(hal, request, Range=f"bytes={len(copy) // 2}-")
    assert (again.status_code, bytes_of(again)) == (206, copy[len(copy) // 2 :])
    assert Entry.objects.filter(kind="exported").count() == 2
    over = {"tracking": "1Z999", "serial": "USB-0042", "passphrase_by": "phone"}
    word = re.search(r"\d{5}(?:-\d{5}){4}", step(hal, request, "deliver", **over))[0]  # type: ignore[index]
    (tmp_path / "records.zip").write_bytes(copy)
    with pyzipper.AESZipFile(tmp_path / "records.zip") as opened:
        opened.setpassword(word.encode())
        assert opened.testzip() is None
        assert "manifest.json" in opened.namelist()
    where = page_of(cast.alice).get(reverse("sent")).content.decode()
    assert "came back" not in where
    step(hal, request, "mail_returned", text="moved")
    assert "came back" in page_of(cast.alice).get(reverse("sent")).content.decode()
    page = shown(hal, request)
    for words in ("Proof of delivery", "1Z999", request.packages.get().manifest_sha256, "from Hal to", "came back"):
        assert words in page
    assert page.count("USB-0042") == 2


def test_a_pick_up_shows_who_was_identified_and_who_signed(cast: Cast, lena: Account, built: Built) -> None:
    """Requirements G10, G19: without identity or receipt nothing is handed over; afterwards the page shows both."""
    hal, request = page_of(cast.hal), built(delivery=Arrival.PICKUP)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    for lacking in ({"signature": "Alice Rivera"}, {"identified_by": "driving licence"}):
        step(hal, request, "deliver", passphrase_by="mail", **lacking)
        assert request.state == "ready"
    both = {"identified_by": "driving licence", "signature": "Alice Rivera"}
    step(hal, request, "deliver", passphrase_by="mail", serial="USB-7", **both)
    page = shown(hal, request)
    assert request.state == "delivered"
    assert all(words in page for words in ("driving licence", "Receipt signed by", "from Hal to Alice"))


@pytest.mark.parametrize("wish", [{"delivery": Arrival.PICKUP, "medium": Medium.PAPER, "images": False}, {}])
def test_what_goes_on_no_medium_is_not_written_on_one(
    cast: Cast, lena: Account, built: Built, wish: dict[str, Any]
) -> None:
    """Requirement G16: paper and the portal have no file that leaves the desk."""
    hal, request = page_of(cast.hal), built(**wish)
    if request.state == "quality_check":
        actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    assert "Save the locked copy" not in shown(hal, request)
    assert saved(hal, request).status_code == 302
    assert not Entry.objects.filter(kind="exported").exists()


def test_who_asks_by_telephone_for_plain_mail_is_warned_at_the_desk(cast: Cast, lena: Account, built: Built) -> None:
    """Requirement G17; trap T10: the button to send is there only when the warning and the wish are noted."""
    hal = page_of(cast.hal)
    by_phone = {"by": cast.hal, "channel": Channel.PHONE, "requester_name": "Alice Rivera"}
    request = built(delivery=Arrival.PLAIN_EMAIL, contact="alice@example.org", **by_phone)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    assert 'value="deliver"' not in shown(hal, request)
    step(hal, request, "deliver")
    assert request.state == "ready"
    step(hal, request, "warn_plain_email")
    assert 'value="deliver"' in shown(hal, request)
    step(hal, request, "deliver")
    assert request.state == "delivered"


def test_what_waits_for_the_worker_is_not_called_delivered(
    cast: Cast, lena: Account, built: Built, settings: Any, tmp_path: Path
) -> None:
    """Requirement G12: the page says that it waits, and afterwards, in the reader's language, why it broke off."""
    settings.PEERS_FILE = tmp_path / "peers.toml"
    peer = 'name = "Riverside"\nkind = "dicom"\nhost = "127.0.0.1"\nport = 9\nae_title = "RIVERSIDE"\n'
    settings.PEERS_FILE.write_text(f"[[peer]]\n{peer}")
    to = actions.RecipientDetails(
        kind=RecipientKind.PROVIDER, name="Dr. Okoye", address="1 River Road", state=house.facility().state,
        peer="Riverside",
    )  # fmt: skip
    request = built(
        basis=Basis.DIRECTIVE.value, track=Track.DIRECTIVE, delivery=Arrival.EXCHANGE, recipient=to,
        signature="Alice Rivera",
    )  # fmt: skip
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    hal = page_of(cast.hal)
    page = step(hal, request, "send")
    assert "It waits for its turn." in page
    assert "Delivered" not in page
    assert 'value="send"' not in page
    request.transfers.update(state="failed", problem=actions.exchanging.NOT_REACHED)
    hal.cookies["django_language"] = "es"
    page = shown(hal, request)
    assert "No se pudo contactar con el otro hospital" in page
    assert 'value="send"' in page


def test_the_price_is_in_the_language_of_the_letter(cast: Cast) -> None:
    """Requirements E5, E6: what is paid for stands in Spanish in a Spanish letter."""
    asked = actions.Asked(
        patient=cast.alices, studies=[cast.chest], delivery=Arrival.MAIL, contact="1 Main Street", language="es"
    )
    request = actions.receive(asked, by=cast.alice, now=NOW, place=PLACE)
    common: dict[str, Any] = {"by": cast.hal, "now": NOW, "place": PLACE}
    actions.claim(request, **common)
    actions.verify(request, shown=PHOTO_ID, authority="", **common)
    actions.quote(request, Actual(usual_lines(Arrival.MAIL, Medium.DICOM)), **common)
    labels = [line["label"] for line in request.letters.get(template="fee_quote").values["charges"]]
    assert any("memoria USB" in label for label in labels)
    assert not any("Postage" in label or "Supplies" in label or "Labour" in label for label in labels)
