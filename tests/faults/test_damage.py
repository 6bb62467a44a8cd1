"""Damage that is met while somebody reads: a calm page, one entry in the ledger, nothing half served as whole."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from cast import ALICE, take_in
from scanward.archive.damage import Damaged
from scanward.archive.models import HeldObject, Instance, Report
from scanward.archive.place import vault
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.dicom.synthetic import study as synthetic
from scanward.vault.files import Files
from scanward.vault.folder_tail import part_path
from scanward.vault.locator import Locator
from scanward.vault.record import HEADER

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JOINED = 1 << 18  # the first piece of a copy is not longer


def browser(account, language="en"):
    client = Client(raise_request_exception=False, headers={"Accept-Language": language})
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def pack_of(folder, kept):
    """The file that holds an object, and at which byte its record begins."""
    place = Locator.parse(kept.locator).place
    return Path(part_path(str(folder / "packs" / place.stream), place.part)), place.offset


def flip(folder, kept):
    """Change one byte of an object."""
    vault().close()
    path, offset = pack_of(folder, kept)
    with path.open("r+b") as file:
        file.seek(offset + HEADER + kept.size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def delete(folder, kept):
    """Take away the file that holds an object."""
    vault().close()
    pack_of(folder, kept)[0].unlink()


def lose_key(folder, kept):
    """Take away the wrapped key of its study."""
    vault().close()
    study = kept.study if isinstance(kept, Report) else kept.series.study
    for path in [path for path in (folder / "keys").rglob("*") if study.key_id in path.name]:
        path.unlink()
    vault.cache_clear()


def told():
    return list(Entry.objects.filter(kind=EventKind.DAMAGE_FOUND).order_by("seq"))


def image_of(study):
    return Instance.objects.filter(series__study=study, frames__gt=0).order_by("number").first()


def frame_of(study):
    return reverse("frame", args=[study.id, image_of(study).id, 0])


@pytest.mark.parametrize(("harm", "page"), [(flip, "study"), (delete, "report-pdf"), (lose_key, "report-pdf")])
def test_a_report_that_is_damaged_gives_a_calm_page_and_one_entry(cast, own_vault, harm, page):
    """fault D5: in words; the entry names the report by its id, who met it, and nothing of the person (C23)."""
    report = Report.objects.get(study=cast.chest)
    harm(own_vault, report)
    answer = browser(cast.alice).get(reverse(page, args=[cast.chest.id]), headers=PAGE)
    assert answer.status_code == 500
    assert b"What is stored here is damaged" in answer.content
    [entry] = told()
    assert (entry.subject_kind, entry.subject_id) == ("report", str(report.id))
    assert entry.actor_id == str(cast.alice.id)
    for word in ("Rivera", "LH-100482"):
        assert word not in str(entry.body)
        assert word not in answer.content.decode()


def test_the_page_speaks_the_readers_language(cast, own_vault):
    delete(own_vault, Report.objects.get(study=cast.chest))
    answer = browser(cast.alice, "es").get(reverse("study", args=[cast.chest.id]), headers=PAGE)
    assert "No podemos abrir esto" in answer.content.decode()


@pytest.mark.parametrize("harm", [flip, delete])
def test_a_frame_that_is_damaged_says_so_to_the_viewer(cast, own_vault, harm):
    """Faults C1, D5: JSON for a program; each try is a deed of its own, with its entry. A stranger learns nothing."""
    address = frame_of(cast.chest)
    harm(own_vault, image_of(cast.chest))
    assert browser(cast.charlie).get(address).status_code == 404
    client = browser(cast.alice)
    for tries in (1, 2):
        answer = client.get(address, headers={"Accept": "*/*"})
        assert (answer.status_code, answer["Content-Type"]) == (500, "application/json")
        assert "damaged" in answer.json()["error"]
        assert len(told()) == tries


def test_a_disk_that_does_not_answer_is_no_damage(cast, own_vault, monkeypatch):
    """fault D4: "try again", and then it works."""

    def out_of_files(*_arguments):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    client, address = browser(cast.alice), frame_of(cast.chest)
    with monkeypatch.context() as patched:
        patched.setattr(Files, "read", out_of_files)
        answer = client.get(address, headers={"Accept": "*/*"})
        page = client.get(reverse("report-pdf", args=[cast.chest.id]), headers=PAGE)
    assert (answer.status_code, page.status_code) == (503, 503)
    assert page["Retry-After"]
    assert b"try again in a few minutes" in page.content
    assert told() == []
    assert client.get(address).status_code == 200


def test_a_copy_whose_report_is_damaged_is_a_page_before_its_first_byte(cast, own_vault):
    """fault D5."""
    client = browser(cast.alice)
    address = client.post(reverse("download", args=[cast.chest.id]))["Location"]
    flip(own_vault, Report.objects.get(study=cast.chest))
    answer = client.get(address, headers=PAGE)
    assert (answer.status_code, answer.streaming) == (500, False)
    assert len(told()) == 1


def test_a_copy_that_meets_damage_on_its_way_is_cut_short(cast, own_vault):
    """fault D5: what was sent is the beginning of the copy, less than was announced; one entry names the image."""
    client = browser(cast.alice)
    address = client.post(reverse("download", args=[cast.chest.id]))["Location"]
    whole = b"".join(client.get(address).streaming_content)
    assert len(whole) > JOINED
    last = Instance.objects.filter(series__study=cast.chest).order_by("series__number", "number").last()
    flip(own_vault, last)
    answer, sent = client.get(address, headers=PAGE), []
    with pytest.raises(Damaged):
        sent.extend(answer.streaming_content)
    assert whole.startswith(b"".join(sent))
    assert int(answer["Content-Length"]) == len(whole) > sum(map(len, sent)) > 0
    assert [entry.subject_id for entry in told()] == [str(last.id)]


def test_a_case_that_is_damaged_is_not_decided(cast, own_vault):
    """fault D5, at the desk: nothing is attached, and the case stays."""
    mistyped = replace(ALICE, name="Rivers^Alicia")
    take_in(synthetic("chest", seed=51, patient=mistyped, matrix=32, slices=1))
    held = list(HeldObject.objects.order_by("received_at", "id"))
    for each in held:
        flip(own_vault, each)
    address = reverse("case-decide", args=[held[0].id])
    answer = browser(cast.hal).post(address, {"decision": "near"}, headers=PAGE)
    assert answer.status_code == 500
    assert HeldObject.objects.count() == len(held)
    [entry] = told()
    assert (entry.subject_kind, entry.subject_id) == ("case", str(held[0].id))
