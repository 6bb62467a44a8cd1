"""Scans that people bring by the web: kept, refused with a reason, or waiting for a person."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as house
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import ALICE, CHARLIE, Cast, chest_of
from scanward.archive.models import HeldObject, HeldReason, Study
from scanward.audit.models import Entry
from scanward.intake import uploads
from scanward.intake.models import Upload, UploadState
from scanward.people.models import Account, Patient

pytestmark = pytest.mark.django_db


def page_of(account: Account, **kwargs: bool) -> Client:
    client = Client(**kwargs)  # type: ignore[arg-type]
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def files_of(seed: int, scanned=ALICE) -> dict[str, bytes]:
    return {file.name: bytes(file.data) for file in chest_of(scanned, seed=seed).files}


def zipped(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def send(client: Client, patient: Patient, *files: tuple[str, bytes], address: str = "", token: str = "t"):
    form = {"csrfmiddlewaretoken": token, "patient": str(patient.id)}
    sent = [SimpleUploadedFile(name, data) for name, data in files]
    return client.post(address or reverse("bring"), {**form, "files": sent}, follow=True)


def nothing_waits() -> bool:
    return not list((Path(house.DATA) / "spool").glob("*-*-*-*-*"))


def test_a_zip_by_the_web_is_kept_and_seen_in_the_timeline(cast: Cast) -> None:
    """A14, B14: a patient brings a disc of her own."""
    made = chest_of(ALICE, seed=77)
    client = page_of(cast.alice)
    answer = send(client, cast.alices, ("disc.zip", zipped(files_of(77))))
    assert Upload.objects.get().counts["kept"] == len(made.files)
    assert "Kept" in answer.content.decode()
    study = Study.objects.get(study_instance_uid=made.study_instance_uid)
    assert study.patient == cast.alices
    assert str(study.id) in client.get(reverse("scans")).content.decode()
    assert Entry.objects.filter(kind="objects_stored", actor_id=str(cast.alice.id)).exists()
    assert nothing_waits()


def test_what_is_no_scan_is_refused_by_name(cast: Cast) -> None:
    """B14: beside the images lie a viewer and a text; they are named, the images are kept."""
    members = {**files_of(78), "AUTORUN.INF": b"[autorun]", "readme.txt": b"Hello"}
    page = send(page_of(cast.alice), cast.alices, ("disc.zip", zipped(members))).content.decode()
    assert Upload.objects.get().counts["refused"] == 2
    assert "disc.zip &gt; AUTORUN.INF" in page
    assert "disc.zip &gt; readme.txt" in page


def test_several_single_files_are_kept(cast: Cast) -> None:
    send(page_of(cast.alice), cast.alices, *files_of(79).items())
    assert Upload.objects.get().counts["kept"] == len(files_of(79))


def test_a_strangers_disc_becomes_a_case_and_reveals_nothing(cast: Cast) -> None:
    """Faults C1, C23: Alice sends a disc of Charlie's; she learns only that somebody will look at it."""
    page = send(page_of(cast.alice), cast.alices, ("disc.zip", zipped(files_of(80, CHARLIE)))).content.decode()
    assert {row.reason for row in HeldObject.objects.all()} == {HeldReason.NOT_CERTAIN}
    assert not Study.objects.filter(study_instance_uid=chest_of(CHARLIE, seed=80).study_instance_uid).exists()
    assert not any(word in page for word in ("Novak", "Charlie", "LH-100733", "known here", "another patient"))


def test_what_is_here_of_somebody_else_reads_like_any_stranger(cast: Cast) -> None:
    """Fault C1: the disc of a study that the house has looks the same as one that it never saw."""
    from cast import abdomen_of

    here = {file.name: bytes(file.data) for file in abdomen_of(CHARLIE).files}
    send(page_of(cast.alice), cast.alices, ("disc.zip", zipped(here)))
    upload = Upload.objects.get()
    assert upload.counts["conflict"] == len(here)
    assert upload.counts["duplicate"] == 0
    assert {reason for _name, _outcome, reason in upload.left_out} == {""}


def test_nobody_brings_scans_for_somebody_elses_record(cast: Cast) -> None:
    """Fault C1: the form names a patient who is not hers."""
    assert send(page_of(cast.alice), cast.charlies, ("a.dcm", b"x")).status_code == 404
    assert not Upload.objects.exists()
    assert nothing_waits()


def test_nobody_sees_what_another_has_brought(cast: Cast) -> None:
    """Fault C1."""
    send(page_of(cast.alice), cast.alices, ("readme.txt", b"Hello"))
    address = reverse("brought", args=[Upload.objects.get().id])
    assert [page_of(who).get(address).status_code for who in (cast.charlie, cast.hal)] == [404, 404]


def test_the_clerk_brings_a_disc_whose_numbers_are_another_houses(cast: Cast) -> None:
    """A14: name and date of birth agree, and the clerk has seen whose it is."""
    from dataclasses import replace

    outside = replace(ALICE, patient_id="OTHER-1", issuer="ELSEWHERE")
    disc = ("disc.zip", zipped(files_of(81, outside)))
    send(page_of(cast.alice), cast.alices, disc)
    assert Upload.objects.get().counts["kept"] == 0
    HeldObject.objects.all().delete()
    send(page_of(cast.hal), cast.alices, disc, address=reverse("desk-bring", args=[cast.alices.id]))
    assert Upload.objects.get(by_staff=True).counts["kept"] == len(files_of(81))


def test_a_zip_bomb_is_refused(cast: Cast) -> None:
    """B14"""
    page = send(page_of(cast.alice), cast.alices, ("b.zip", zipped({"zeros": bytes(64 * 1024 * 1024)})))
    assert Upload.objects.get().counts["refused"] == 1
    assert "It unpacks to far more than it should" in page.content.decode()


def test_what_is_too_large_is_not_begun_to_be_read(cast: Cast, settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    answer = send(page_of(cast.alice), cast.alices, ("a.dcm", bytes(2000)))
    assert answer.status_code == 413
    assert b"too large" in answer.content
    assert not Upload.objects.exists()


def test_a_full_disk_is_said_and_leaves_nothing(cast: Cast, monkeypatch) -> None:
    """D1: no room for what is about to come."""
    monkeypatch.setattr(uploads, "has_room", lambda _size: False)
    answer = send(page_of(cast.alice), cast.alices, ("a.dcm", b"x"))
    assert answer.status_code == 507
    assert nothing_waits()


def test_a_body_that_breaks_off_leaves_nothing(cast: Cast) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\nt\r\n'
    head += b'--x\r\nContent-Disposition: form-data; name="patient"\r\n\r\n' + str(cast.alices.id).encode() + b"\r\n"
    body = head + b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + bytes(500_000)
    answer = page_of(cast.alice).generic("POST", reverse("bring"), body, "multipart/form-data; boundary=x")
    assert answer.status_code == 400
    assert not Upload.objects.exists()
    assert nothing_waits()


def test_a_form_from_elsewhere_is_refused(cast: Cast) -> None:
    """C12: the token has to be this session's, and it has to come first."""
    client = page_of(cast.alice, enforce_csrf_checks=True)
    page = client.get(reverse("bring")).content.decode()
    assert send(client, cast.alices, ("a.txt", b"x"), token="wrong").status_code == 403
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert send(client, cast.alices, ("a.txt", b"x"), token=token).status_code == 200
    assert Upload.objects.count() == 1


def test_no_file_asks_for_one(cast: Cast) -> None:
    answer = send(page_of(cast.alice), cast.alices)
    assert answer.status_code == 422
    assert b"Choose at least one file." in answer.content


def test_a_large_one_waits_for_the_worker(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE_BYTES", 1000)
    page = send(page_of(cast.alice), cast.alices, ("disc.zip", zipped(files_of(82)))).content.decode()
    assert "We are looking at it" in page
    upload = Upload.objects.get()
    uploads.work_later.call(str(upload.id))
    upload.refresh_from_db()
    assert upload.state == UploadState.DONE
    assert upload.counts["kept"] == len(files_of(82))
    assert nothing_waits()


def test_who_may_not_any_more_brings_nothing(cast: Cast, monkeypatch) -> None:
    """Fault C1: the authority ended between the sending and the work."""
    monkeypatch.setattr(uploads, "AT_ONCE_BYTES", 0)
    send(page_of(cast.ruth), cast.alices, ("disc.zip", zipped(files_of(83))))
    cast.authority.ended_at = timezone.now()
    cast.authority.save()
    uploads.work_later.call(str(Upload.objects.get().id))
    assert Upload.objects.get().problem == uploads.NOT_ALLOWED
    assert not Study.objects.filter(study_instance_uid=chest_of(ALICE, seed=83).study_instance_uid).exists()


def test_what_broke_off_is_ended_and_swept(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE_BYTES", 0)
    send(page_of(cast.alice), cast.alices, ("a.txt", b"x"))
    uploads.sweep(now=timezone.now())
    assert not nothing_waits()
    uploads.sweep(now=timezone.now() + uploads.STILL_AFTER + timedelta(minutes=1))
    assert Upload.objects.get().problem == uploads.STOPPED
    assert nothing_waits()
