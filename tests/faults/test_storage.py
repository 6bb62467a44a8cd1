"""A full disk, flipped bits, swapped objects, a lost index: nothing acknowledged is lost, nothing wrong is served."""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from cast import ALICE, CHARLIE, NOW, abdomen_of, chest_of, items, sender
from faults.commands import CLEAN, command, typed
from scanward.archive import keeping
from scanward.archive.errors import VaultError
from scanward.archive.models import Instance, Series
from scanward.archive.place import vault
from scanward.archive.rebuild import recover
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.intake.receive import Outcome, receive

PROGRAM = str(Path(__file__).with_name("killed_imports.py"))
INCOMING = 9  # the images of `prepared/incoming` that are kept


def browser(account):
    client = Client(raise_request_exception=False)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def frame_of(instance):
    return reverse("frame", args=[instance.series.study_id, instance.id, 0])


def images(study):
    found = Instance.objects.filter(series__study=study, frames__gt=0).select_related("series__study")
    return list(found.order_by("number", "sop_instance_uid"))


# D3, D4: full ----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path, settings):
    """A vault on a disk of 300 KB, which can be made larger."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "none", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    settings.STORAGE = str(disk / "vault")
    vault.cache_clear()
    yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
    vault().close()
    vault.cache_clear()
    subprocess.run(["umount", disk], check=True)


def take(everything, acknowledged):
    """Import, and remember what was acknowledged."""
    for received in receive(everything, sender=sender(), now=NOW):
        acknowledged.append(received.instance_id)


@pytest.mark.django_db
def test_a_disk_that_is_full_while_importing_loses_nothing_and_needs_no_restart(small_disk, monkeypatch):
    """fault D3: the error says so, what was acknowledged is there, and with more room the import goes on."""
    monkeypatch.setattr("scanward.intake.receive.BATCH", 3)
    everything, acknowledged = [*items(chest_of(ALICE)), *items(abdomen_of(CHARLIE))], []
    with pytest.raises(VaultError, match="disk is full"):
        take(everything, acknowledged)
    assert acknowledged
    assert set(acknowledged) == set(Instance.objects.values_list("id", flat=True))
    small_disk("20m")
    again = [received.outcome for received in receive(everything, sender=sender(), now=NOW)]
    assert again.count(Outcome.DUPLICATE) == len(acknowledged)
    assert again.count(Outcome.KEPT) == len(everything) - len(acknowledged)
    assert keeping.scrub(now=NOW)[1] == []
    assert recover(now=NOW, whole=True).rows == 0


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_full_keeps_what_was_acknowledged(own_vault, monkeypatch):
    """fault D3: the objects of the batch that could not be indexed are taken in once there is room."""
    if connection.vendor != "sqlite":
        pytest.skip("the limit of pages is SQLite's")
    monkeypatch.setattr("scanward.intake.receive.BATCH", 2)
    everything, acknowledged = items(chest_of(ALICE)), []
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # pages that other tests left free would be room
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 4}")
    with pytest.raises(DatabaseError, match="full"):
        take(everything, acknowledged)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
    assert set(acknowledged) <= set(Instance.objects.values_list("id", flat=True))
    recover(now=NOW)
    list(receive(everything, sender=sender(), now=NOW))
    assert Instance.objects.count() == len(everything)
    assert keeping.scrub(now=NOW)[1] == []


@pytest.mark.parametrize(
    "kilobytes", [40, 400, *[pytest.param(size, marks=pytest.mark.long) for size in range(60, 900, 40)]]
)
def test_the_command_says_that_the_disk_is_full_and_can_be_typed_again(prepared, tmp_path, kilobytes):
    """fault D3: no file may grow beyond a limit (the vault's, the database's or its log's); then the limit goes."""
    folder = shutil.copytree(prepared / "hospital", tmp_path / "hospital")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    limited = subprocess.run(
        [sys.executable, "-m", "scanward.cli", "import", prepared / "incoming", "--issuer", "LAKESIDE"],
        env={**CLEAN, "SCANWARD_DATA": str(folder), "SCANWARD_DEMO": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in limited.stderr
    assert limited.returncode == 0 or "again" in limited.stderr
    said = typed(folder, "import", prepared / "incoming", "--issuer", "LAKESIDE")
    assert "1 kept apart" in said
    assert state(folder) == json.loads((prepared / "reference.json").read_text())


# D5, D6: changed -------------------------------------------------------------------------------------------------


def flip(path, at):
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def stored_files(folder):
    """Every file of the vault that holds objects."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 4096)


def test_a_flipped_bit_is_never_served_and_is_named(cast, own_vault):
    """fault D5: at 24 places of the stored objects, spread evenly; each is found by scrub, none is shown."""
    vault().close()
    [path, *_more] = stored_files(own_vault)
    client, size = browser(cast.alice), path.stat().st_size
    right = {frame_of(image): client.get(frame_of(image)).content for image in images(cast.chest)}
    for number in range(24):
        at = size * (2 * number + 1) // 48
        flip(path, at)
        _count, findings = keeping.scrub(now=NOW)
        assert findings, at
        assert str(findings[0].where)
        for address, good in right.items():
            answer = client.get(address)
            assert answer.status_code == 500 or answer.content == good
        flip(path, at)
    assert keeping.scrub(now=NOW)[1] == []
    assert Entry.objects.filter(kind=EventKind.DAMAGE_FOUND, actor_id="system:archive").count() == 24


def test_a_damaged_image_is_not_in_a_copy(cast, own_vault):
    """fault D5: damage at its beginning is a page and no download (`test_damage.py` has damage on the way)."""
    vault().close()
    [path, *_more] = stored_files(own_vault)
    client = browser(cast.alice)
    address = client.post(reverse("download", args=[cast.chest.id]))["Location"]
    flip(path, path.stat().st_size // 4)
    answer = client.get(address)
    assert (answer.status_code, answer.streaming) == (500, False)


def test_a_flipped_bit_in_a_wrapped_key_is_named(cast, own_vault):
    """fault D5: the study can't be opened, and scrub says which key."""
    vault().close()
    for path in [path for path in own_vault.rglob("*") if path.is_file() and cast.chest.key_id in path.name]:
        flip(path, path.stat().st_size // 2)
    vault.cache_clear()
    assert browser(cast.alice).get(frame_of(images(cast.chest)[0])).status_code == 500
    assert any(cast.chest.key_id in str(finding.where) for finding in keeping.scrub(now=NOW)[1])


def test_a_flipped_bit_in_the_database_is_no_answer(prepared, tmp_path):
    """fault D5, in the index: every page has a tag of its own, so a command fails and shows nothing."""
    folder = shutil.copytree(prepared / "timed", tmp_path / "hospital")
    database = folder / "scanward.db"
    for at in range(4096 + 2000, database.stat().st_size, 4096):
        flip(database, at)
    child = command(folder, "vault", "rebuild-index")
    _said, wrong = child.communicate()
    assert child.returncode != 0
    assert "Rivera" not in wrong


@pytest.mark.parametrize("whose", ["the same study", "another patient"])
def test_another_objects_bytes_can_not_stand_in(cast, whose):
    """fault D6: the index is turned to another object; its tag is bound to study and instance."""
    mine = images(cast.chest)
    other = mine[1] if whose == "the same study" else images(cast.abdomen)[0]
    locators = mine[0].locator, other.locator
    Instance.objects.filter(pk=other.pk).update(locator="moved")
    Instance.objects.filter(pk=mine[0].pk).update(locator=locators[1])
    answer = browser(cast.alice).get(frame_of(mine[0]))
    assert answer.status_code == 500


def test_another_patients_series_can_not_be_hung_into_a_study(cast):
    """fault D6: even who can write the index can't show Charlie's images to Alice."""
    Series.objects.filter(study=cast.abdomen).update(study=cast.chest)
    client = browser(cast.alice)
    moved = Instance.objects.filter(series__study=cast.chest, sop_instance_uid=images_of_charlie()[0])
    assert client.get(frame_of(moved.select_related("series__study").get())).status_code == 500


def images_of_charlie():
    return [file.sop_instance_uid for file in abdomen_of(CHARLIE).files if file.kind == "soft"]


# D7: lost --------------------------------------------------------------------------------------------------------


def state(folder: Path) -> dict[str, object]:
    """What the index of a data folder says, read by a process of its own, which scrubs and verifies as well."""
    said = subprocess.run([sys.executable, PROGRAM, "state", str(folder)], env=CLEAN, capture_output=True, check=True)
    return json.loads(said.stdout)


def test_a_deleted_database_is_made_again(prepared, tmp_path):
    """fault D7, by `scanward vault rebuild-index`: the same counts and hashes, nothing damaged."""
    folder = shutil.copytree(prepared / "timed", tmp_path / "hospital")
    for path in folder.glob("scanward.db*"):
        path.unlink()
    assert "1 reports, 1 waiting" in typed(folder, "vault", "rebuild-index")
    assert state(folder) == json.loads((prepared / "reference.json").read_text())
