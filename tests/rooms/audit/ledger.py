"""How a test gets an empty ledger, which no program can make."""

from datetime import UTC, datetime

from django.db import connection

from scanward.audit import guards

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def empty_the_ledger() -> None:
    """Drop and make the ledger anew: what no program may do, and a test must."""
    with connection.cursor() as cursor:
        for table in ("audit_entry", "audit_head"):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
        if connection.vendor == "postgresql":
            for name in [guard.name for guard in guards.GUARDS] + ["audit_no_truncate"]:
                cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")
        for statement in guards.installation(connection.vendor):
            cursor.execute(statement)
