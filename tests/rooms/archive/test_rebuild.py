"""A lost index comes out of the vault as it was."""

import pytest
from django.core.management import call_command
from django.db import connection

from cast import ALICE, CHARLIE, NOW, bring, chest_of, take_in
from scanward.archive.models import HeldObject, Instance, Report, Series, Study, VaultPosition
from scanward.archive.rebuild import recover
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people.models import Patient, PatientIdentifier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_vault")]

INDEX = (HeldObject, Report, Instance, Series, Study, PatientIdentifier, Patient, VaultPosition)


def rows(model, *leave_out):
    fields = [field.attname for field in model._meta.concrete_fields if field.attname not in leave_out]
    return sorted(model.objects.values_list(*fields), key=str)


def snapshot():
    """Everything that the index says, but for the numbers and times that a new database gives."""
    return {
        Patient: rows(Patient, "created_at"),
        PatientIdentifier: rows(PatientIdentifier, "id"),
        **{model: rows(model) for model in (Study, Series, Instance, Report, HeldObject)},
    }


def lose_the_index():
    for model in INDEX:
        model.objects.all().delete()


def test_a_lost_index_is_the_same_again(own_vault):
    """Fault D7: equal counts and hashes; the ids stay too, so addresses still work."""
    bring(chest_of(ALICE))
    bring(chest_of(CHARLIE, seed=12))
    take_in_a_conflict()
    before = snapshot()
    lose_the_index()
    rebuilt = recover(now=NOW, whole=True)
    assert snapshot() == before
    assert rebuilt.instances == len(before[Instance])
    assert (rebuilt.reports, rebuilt.held, rebuilt.damaged) == (2, 1, [])


def take_in_a_conflict():
    from cast import sender
    from scanward.intake.receive import Item, receive

    list(receive([Item("x", chest_of(ALICE).files[0].data[:-2] + b"\x07\x00")], sender=sender(), now=NOW))


def test_what_the_index_knows_is_left_alone():
    take_in(chest_of(ALICE))
    before = snapshot()
    rebuilt = recover(now=NOW, whole=True)
    assert rebuilt.rows == 0
    assert rebuilt.known == len(before[Instance])
    assert snapshot() == before


def test_a_start_takes_in_what_a_crash_left_behind():
    """Fault D1: stored durably, but the index was not written any more."""
    take_in(chest_of(ALICE))
    recover(now=NOW)
    take_in(chest_of(CHARLIE, seed=12))
    lost = Instance.objects.filter(series__study__patient__family_name="Novak")
    count = lost.count()
    lost.delete()
    assert recover(now=NOW).instances == count
    assert Entry.objects.filter(kind=EventKind.BACKUP_RESTORED).count() == 1


def test_the_second_start_has_nothing_to_do():
    take_in(chest_of(ALICE))
    recover(now=NOW)
    again = recover(now=NOW)
    assert (again.rows, again.known) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_is_filled_again(own_vault):
    bring(chest_of(ALICE))
    before = snapshot()
    with connection.cursor() as cursor:
        for model in INDEX:
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
    call_command("migrate", verbosity=0)
    recover(now=NOW, whole=True)
    assert snapshot() == before


def test_a_note_of_the_first_kind_is_still_read():
    """Vaults that were filled before notes had a front: one deflated JSON, the header inside."""
    import json
    import zlib

    from scanward.archive import notes

    first = {"v": 1, "kind": "held", "header": {"00080018": {"vr": "UI", "Value": ["1.2"]}}}
    assert notes.unpack(zlib.compress(json.dumps(first).encode(), level=1)) == first
