"""The ledger is touched by somebody with all rights, or can't be written at all."""

import shutil

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from sqlcipher3 import dbapi2

from cast import ALICE, NOW, chest_of, items, sender
from faults.commands import typed
from scanward.archive.models import Instance, Study
from scanward.audit.models import Entry
from scanward.intake.receive import receive
from scanward.people.models import Patient
from scanward.release.models import Package

DROP = "DROP TRIGGER audit_entry_no_update; DROP TRIGGER audit_entry_no_delete; DROP TRIGGER audit_entry_next_only;"
COLUMNS = "leaf, at, kind, outcome, actor_id, patient_id, subject_kind, subject_id, body"
TOUCHED = {
    "flipped": ("UPDATE audit_entry SET body = replace(body, 'tests', 'tastes') WHERE seq = 3", "Entry 3"),
    "deleted": ("DELETE FROM audit_entry WHERE seq = 4", "Entry 4"),
    "rewritten with its hash": ("UPDATE audit_entry SET body = '{}', leaf = zeroblob(32) WHERE seq = 5", "Entry 5"),
    "swapped": (
        "UPDATE audit_entry SET body = (SELECT body FROM audit_entry WHERE seq = 3) WHERE seq = 2",
        "Entry 2",
    ),
    "cut off": ("DELETE FROM audit_entry WHERE seq >= 6", "6"),
    "doubled": (
        f"INSERT INTO audit_entry SELECT (SELECT max(seq) + 1 FROM audit_entry), {COLUMNS} "
        "FROM audit_entry WHERE seq = 1",
        "Entry",
    ),
}


def as_root(folder, statements):
    """Change the database below the product, with its key, as somebody with all rights can."""
    connection = dbapi2.connect(str(folder / "scanward.db"))
    connection.execute(f"PRAGMA key = \"x'{(folder / 'keys' / 'database.key').read_text().strip()}'\"")
    connection.executescript(statements)
    connection.commit()
    connection.close()


@pytest.fixture(scope="module")
def signed(prepared, tmp_path_factory):
    """A hospital whose ledger is signed by `scanward audit checkpoint`."""
    folder = shutil.copytree(prepared / "timed", tmp_path_factory.mktemp("signed") / "hospital")
    assert "Signed:" in typed(folder, "audit", "checkpoint")
    return folder


@pytest.mark.parametrize("how", TOUCHED)
def test_a_touched_ledger_is_found_out_by_the_command(signed, tmp_path, how):
    """fault E1: `scanward audit checkpoint`, raw SQL, `scanward audit verify` names the entry."""
    folder = shutil.copytree(signed, tmp_path / "hospital")
    statement, named = TOUCHED[how]
    as_root(folder, DROP + statement)
    said = typed(folder, "audit", "verify", ends=1)
    assert "THE LEDGER WAS TOUCHED" in said
    assert named in said


def test_an_untouched_ledger_is_intact(signed):
    assert "The ledger is intact" in typed(signed, "audit", "verify")


# E2 --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_ledger(cast):
    """The ledger's table is not there: as good as full, locked or damaged."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_entry_gone")
    yield cast
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry_gone RENAME TO audit_entry")


@pytest.fixture
def alice(cast):
    client = Client(raise_request_exception=False)
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.post(reverse("download", args=[cast.chest.id]))
    return client


def image(cast):
    return Instance.objects.filter(series__study=cast.chest, frames__gt=0).first()


@pytest.mark.parametrize("name", ["study", "report-pdf", "viewer-frame", "package", "access-log"])
def test_without_an_entry_nothing_is_shown(alice, no_ledger, name):
    """fault E2: view, report, image, download."""
    addresses = {
        "study": reverse("study", args=[no_ledger.chest.id]),
        "report-pdf": reverse("report-pdf", args=[no_ledger.chest.id]),
        "viewer-frame": reverse("frame", args=[no_ledger.chest.id, image(no_ledger).id, 0]),
        "package": reverse("package", args=[Package.objects.get().id]),
        "access-log": reverse("access-log"),
    }
    answer = alice.get(addresses[name])
    assert answer.status_code == 500
    assert not answer.streaming
    assert b"nodule" not in answer.content
    assert len(answer.content) < 20_000


def test_without_an_entry_no_copy_is_made(alice, no_ledger):
    """fault E2."""
    assert alice.post(reverse("download", args=[no_ledger.chest.id])).status_code == 500
    assert Package.objects.count() == 1


@pytest.fixture
def charlie(cast):
    client = Client(raise_request_exception=False)
    client.force_login(cast.charlie, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_without_an_entry_nobody_is_refused_silently_either(charlie, no_ledger):
    """fault E2: a stranger still gets nothing."""
    answer = charlie.get(reverse("study", args=[no_ledger.chest.id]))
    assert answer.status_code == 500
    assert b"Rivera" not in answer.content


def test_without_an_entry_nobody_signs_in(no_ledger):
    """fault E2."""
    with pytest.raises(DatabaseError):
        Client().force_login(no_ledger.charlie, backend="allauth.account.auth_backends.AuthenticationBackend")


@pytest.mark.django_db
def test_without_an_entry_nothing_is_taken_in(own_vault):
    """fault E2: no patient, no study, no image; and afterwards all of it."""
    before = Entry.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_entry_gone")
    with pytest.raises(DatabaseError):
        list(receive(items(chest_of(ALICE)), sender=sender(), now=NOW))
    assert (Patient.objects.count(), Study.objects.count(), Instance.objects.count()) == (0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry_gone RENAME TO audit_entry")
    list(receive(items(chest_of(ALICE)), sender=sender(), now=NOW))
    assert Instance.objects.count() == len(chest_of(ALICE).files)
    assert Entry.objects.count() > before
