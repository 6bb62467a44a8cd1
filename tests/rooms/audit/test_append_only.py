"""What is in the ledger stays: the database itself refuses, also when SQL is written by hand."""

import pytest
from django.db import DatabaseError, connection, transaction

from scanward.audit.guards import installation, missing_guards
from scanward.audit.models import Entry

COPY = (
    "SELECT {seq}, leaf, at, kind, outcome, actor_id, patient_id, subject_kind, subject_id, '{{}}' "
    "FROM audit_entry WHERE seq = 1"
)
ATTACKS = {
    "update": "UPDATE audit_entry SET body = '{}' WHERE seq = 1",
    "update of the number": "UPDATE audit_entry SET seq = 9 WHERE seq = 2",
    "delete": "DELETE FROM audit_entry WHERE seq = 1",
    "delete all": "DELETE FROM audit_entry",
    "insert with a gap": f"INSERT INTO audit_entry {COPY.format(seq=7)}",
    "insert before": f"INSERT INTO audit_entry {COPY.format(seq=-1)}",
    "head back": "UPDATE audit_head SET size = 1",
    "head gone": "DELETE FROM audit_head",
    "second head": "INSERT INTO audit_head (id, size, frontier) VALUES (2, 0, '')",
}
ONLY_SQLITE = {
    "insert or replace": f"INSERT OR REPLACE INTO audit_entry {COPY.format(seq=1)}",
    "replace": f"REPLACE INTO audit_entry {COPY.format(seq=1)}",
    "insert or ignore": f"INSERT OR IGNORE INTO audit_entry {COPY.format(seq=1)}",
    "upsert": f"INSERT INTO audit_entry {COPY.format(seq=1)} ON CONFLICT (seq) DO UPDATE SET body = '{{}}'",
    "update or replace": "UPDATE OR REPLACE audit_entry SET seq = 1 WHERE seq = 2",
    "head replaced": "INSERT OR REPLACE INTO audit_head (id, size, frontier) VALUES (1, 0, '')",
}
ONLY_POSTGRESQL = {
    "upsert": f"INSERT INTO audit_entry {COPY.format(seq=1)} ON CONFLICT (seq) DO UPDATE SET body = '{{}}'",
    "truncate": "TRUNCATE audit_entry",
    "truncate the head": "TRUNCATE audit_head",
    "as a replica": "SET session_replication_role = replica; DELETE FROM audit_entry",
}


def attacks():
    of_vendor = ONLY_SQLITE if connection.vendor == "sqlite" else ONLY_POSTGRESQL
    return sorted((ATTACKS | of_vendor).items())


def stored():
    return list(Entry.objects.order_by("seq").values_list("seq", "body"))


@pytest.mark.parametrize("attack", [sql for _, sql in attacks()], ids=[name for name, _ in attacks()])
@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
def test_the_database_refuses(fill, attack, recursive_triggers):
    fill(3)
    before = stored()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
        with pytest.raises(DatabaseError, match="ledger"), transaction.atomic():
            cursor.execute(attack)
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA recursive_triggers = ON")
    assert stored() == before


def test_the_migration_installed_every_guard(db):
    assert missing_guards(connection) == []


def test_a_guard_that_is_gone_or_weakened_is_noticed(ledger):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER audit_entry_no_delete")
        else:
            cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_delete")
    assert missing_guards(connection) == ["audit_entry_no_delete"]


def test_there_is_no_ledger_on_a_database_without_guards():
    with pytest.raises(NotImplementedError, match="oracle"):
        installation("oracle")
