"""E-mail: S/MIME that OpenSSL opens, plain only after a recorded warning, and a mail server that says no."""

import smtplib
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core import mail
from django.test import Client

from cast import NOW, PLACE, Cast
from rooms.release.helping import later
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.errors import Unlawful
from scanward.people.models import Account
from scanward.release import actions
from scanward.release.actions.mailing import send_again
from scanward.release.models import ReleaseRequest
from scanward.release.ways import Arrival, Channel, Medium

pytestmark = pytest.mark.django_db


def certificate(folder: Path, address: str = "alice@example.org", *, days: int = 5) -> str:
    """Somebody's certificate for e-mail; its key lies in the folder."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Alice")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()) + pem
    )
    return pem.decode()


@pytest.fixture
def ready(cast: Cast, lena: Account, approved: Any) -> ReleaseRequest:
    """A package for Alice's mailbox, checked."""
    request: ReleaseRequest = approved(delivery=Arrival.EMAIL, contact="alice@example.org")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    return request


def test_an_smime_mail_opens_with_openssl_and_shows_nothing_outside(
    cast: Cast, ready: ReleaseRequest, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    """Requirements G7, G16, G17; fault C23: outside are the addresses and a subject without a word about her."""
    over = actions.HandOver(certificate=certificate(tmp_path))
    with django_capture_on_commit_callbacks(execute=True):
        done = actions.deliver(ready, over, by=cast.hal, now=NOW, place=PLACE)
    assert done.passphrase == ""
    sent = next(item for item in mail.outbox if item.attachments)
    (tmp_path / "mail.eml").write_bytes(sent.message().as_bytes())
    assert b"records.zip" not in (tmp_path / "mail.eml").read_bytes()
    command = ["openssl", "cms", "-decrypt", "-in", "mail.eml", "-inkey", "key.pem", "-recip", "key.pem"]
    opened = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=600).stdout
    assert b"records.zip" in opened
    assert b"application/zip" in opened


@pytest.mark.parametrize("wrong", ["another address", "over", "none"])
def test_a_certificate_that_is_not_hers_is_refused(
    cast: Cast, ready: ReleaseRequest, tmp_path: Path, wrong: str
) -> None:
    pem = {
        "another address": lambda: certificate(tmp_path, "mallory@example.org"),
        "over": lambda: certificate(tmp_path, days=-1),
        "none": lambda: "no certificate",
    }[wrong]()
    with pytest.raises(Unlawful, match="certificate"):
        actions.deliver(ready, actions.HandOver(certificate=pem), by=cast.hal, now=NOW, place=PLACE)


def test_plain_mail_goes_after_a_warning_that_is_written_down(cast: Cast, lena: Account, approved: Any) -> None:
    """Requirement G17; trap T10."""
    by_phone = {"channel": Channel.PHONE, "requester_name": "Alice Rivera"}
    request = approved(by=cast.hal, delivery=Arrival.PLAIN_EMAIL, contact="alice@example.org", **by_phone)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="who was warned and still wants it"):
        actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE)
    actions.warn_plain_email(request, by=cast.hal, now=NOW, place=PLACE)
    written = Entry.objects.get(kind=EventKind.REQUEST_CHANGED, body__contains="plain_email")
    assert (written.detail, written.actor_id) == ({"plain_email": "warned, and still wanted"}, str(cast.hal.id))
    assert actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE).delivery


def test_what_the_mail_server_does_not_take_is_not_delivered(
    cast: Cast, ready: ReleaseRequest, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """Requirement G19: it stands as come back, and is sent again from there."""

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        actions.deliver(ready, actions.HandOver(passphrase_by="phone"), by=cast.hal, now=NOW, place=PLACE)
    ready.refresh_from_db()
    assert ready.state == "returned_mail"
    assert not ready.deliveries.filter(returned_at=None).exists()


def test_a_mail_whose_sender_died_is_sent_by_the_worker_once(
    cast: Cast, ready: ReleaseRequest, django_capture_on_commit_callbacks: Any
) -> None:
    """Requirement G19; fault D8: delivered by the ledger, never handed over; the worker finds it and sends it."""
    actions.deliver(ready, actions.HandOver(passphrase_by="phone"), by=cast.hal, now=NOW, place=PLACE)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        assert send_again(now=later(minutes=14)) == 0
        assert send_again(now=later(minutes=16)) == 1
    assert send_again(now=later(minutes=40)) == 0
    assert [sent.to for sent in mail.outbox if sent.attachments] == [["alice@example.org"]]


def test_a_mail_that_may_not_leave_any_more_stays(
    cast: Cast, ready: ReleaseRequest, django_capture_on_commit_callbacks: Any
) -> None:
    """Requirement D9; fault C14: the sender left the house meanwhile; the parcel counts as come back."""
    actions.deliver(ready, actions.HandOver(passphrase_by="phone"), by=cast.hal, now=NOW, place=PLACE)
    mail.outbox.clear()
    cast.hal.assignments.update(ended_at=later(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert send_again(now=later(minutes=16)) == 0
    ready.refresh_from_db()
    assert ready.state == "returned_mail"
    assert not [sent for sent in mail.outbox if sent.attachments]


def opens(document: bytes, folder: Path, passphrase: str) -> str:
    """What poppler reads in a PDF with this passphrase; nothing where it does not open."""
    path = folder / "report.pdf"
    path.write_bytes(document)
    command = ["pdftotext", "-upw", passphrase, path, "-"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600).stdout


def test_a_locked_report_that_was_wished_for_comes_as_a_pdf_that_the_passphrase_opens(
    cast: Cast, lena: Account, approved: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    """Requirements B8, G3, G7, G16: the report alone, as asked for, and its passphrase another way."""
    wish = {"delivery": Arrival.EMAIL, "contact": "alice@example.org", "medium": Medium.LOCKED_PDF, "images": False}
    request = approved(**wish)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="passphrase"):
        actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE)
    with django_capture_on_commit_callbacks(execute=True):
        over = actions.HandOver(passphrase_by="phone")
        done = actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    sent = next(item for item in mail.outbox if item.attachments)
    [(name, content, kind)] = sent.attachments
    assert (name, kind) == ("report.pdf", "application/pdf")
    assert done.passphrase not in sent.body + sent.subject
    assert "Rivera" in opens(content, tmp_path, done.passphrase)
    assert opens(content, tmp_path, "") == opens(content, tmp_path, done.passphrase[:-1] + "x") == ""


@pytest.mark.parametrize(
    ("delivery", "images", "says"),
    [(Arrival.LINK, False, "locked PDF comes by"), (Arrival.EMAIL, True, "Images can't be printed")],
)
def test_a_locked_pdf_is_offered_where_it_can_be_given(
    cast: Cast, ask: Any, delivery: Arrival, images: bool, says: str
) -> None:
    with pytest.raises(Unlawful, match=says):
        ask(delivery=delivery, medium=Medium.LOCKED_PDF, images=images)


def test_a_report_is_downloaded_with_a_lock_from_the_portal(cast: Cast, client: Client, tmp_path: Path) -> None:
    """Requirements G7, I17: with the passphrase that the page proposes, or one of her own; never with a short one."""
    client.force_login(cast.alice)
    page = client.get(f"/scans/{cast.chest.pk}/copy").content.decode()
    proposed = page.split('name="passphrase" value="')[1].split('"')[0]
    for passphrase in (proposed, "a sentence of mine"):
        answer = client.post(f"/scans/{cast.chest.pk}/report-locked.pdf", {"passphrase": passphrase})
        document = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        assert "Rivera" in opens(document, tmp_path, passphrase)
        assert opens(document, tmp_path, "") == ""
    short = client.post(f"/scans/{cast.chest.pk}/report-locked.pdf", {"passphrase": "short"}, follow=True)
    assert "at least 12 characters" in short.content.decode()
