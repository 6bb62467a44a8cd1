"""Fault E2: if the ledger can't be written, the deed does not happen."""

import contextlib

import pytest
from django.db import DatabaseError, connection, connections, transaction

from scanward.audit.actions import record_many
from scanward.audit.models import Entry


@pytest.fixture
def deeds(ledger):
    """A table in which deeds leave a trace."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE deed (text varchar(100000))")
    yield _count
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE deed")


def _count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM deed")
        return cursor.fetchone()[0]


def do(event) -> None:
    """Do a deed and record it, as every verb does."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO deed VALUES ('done')")
        record_many([event])


@contextlib.contextmanager
def ledger_locked():
    """Another connection holds the ledger."""
    other = connections.create_connection("default")
    with connection.cursor() as cursor, other.cursor() as holder:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 50")
            holder.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("SET lock_timeout = '50ms'")
            holder.execute("BEGIN; LOCK TABLE audit_entry IN EXCLUSIVE MODE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            cursor.execute("PRAGMA busy_timeout = 30000" if connection.vendor == "sqlite" else "RESET lock_timeout")
    other.close()


def test_a_deed_and_its_entry_are_done_together(deeds, make_event):
    do(make_event())
    assert (deeds(), Entry.objects.count()) == (1, 1)


def test_nothing_is_done_while_the_ledger_is_locked(deeds, make_event):
    with ledger_locked(), pytest.raises(DatabaseError):
        do(make_event())
    assert (deeds(), Entry.objects.count()) == (0, 0)
    do(make_event())
    assert (deeds(), Entry.objects.count()) == (1, 1)


def test_nothing_is_done_when_the_ledger_is_gone(deeds, make_event):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO audit_entry_hidden")
    with pytest.raises(DatabaseError):
        do(make_event())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry_hidden RENAME TO audit_entry")
    assert deeds() == 0


def test_nothing_is_done_when_the_disk_is_full(deeds, make_event):
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:  # PostgreSQL's nearest: the ledger takes no more.
            cursor.execute("ALTER TABLE audit_entry ADD CONSTRAINT full_up CHECK (seq < 0) NOT VALID")
        with pytest.raises(DatabaseError):
            do(make_event())
        assert deeds() == 0
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        with pytest.raises(DatabaseError, match="full"):
            [do(make_event(detail={"text": "x" * 3000})) for _ in range(200)]
        cursor.execute("PRAGMA max_page_count = 1073741823")
    assert deeds() == Entry.objects.count()
