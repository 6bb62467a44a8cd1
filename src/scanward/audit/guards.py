"""The tables of the ledger and the triggers that make them append-only, for both databases.

They are written by hand and not by the ORM, so that nothing but these statements decides what the tables
allow. Migrations use them: never change one that was released; add a new one with a migration of its own.
On SQLite `INSERT OR REPLACE` deletes the old row without asking a DELETE trigger (unless PRAGMA
recursive_triggers is on), so the INSERT trigger takes only the number that comes next: it also keeps the
numbers without gaps.
"""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

SQLITE_TABLES = [
    """CREATE TABLE audit_entry (
        seq integer NOT NULL PRIMARY KEY, leaf blob NOT NULL CHECK (length(leaf) = 32), at datetime NOT NULL,
        kind varchar(40) NOT NULL, outcome smallint NOT NULL, actor_id varchar(200) NOT NULL,
        patient_id varchar(200) NOT NULL, subject_kind varchar(20) NOT NULL, subject_id varchar(200) NOT NULL,
        body text NOT NULL)""",
    """CREATE TABLE audit_head (
        id integer NOT NULL PRIMARY KEY CHECK (id = 1), size bigint NOT NULL, frontier blob NOT NULL)""",
]

POSTGRESQL_TABLES = [
    """CREATE TABLE audit_entry (
        seq bigint NOT NULL PRIMARY KEY, leaf bytea NOT NULL CHECK (length(leaf) = 32), at timestamptz NOT
        NULL, kind varchar(40) NOT NULL, outcome smallint NOT NULL, actor_id varchar(200) NOT NULL,
        patient_id varchar(200) NOT NULL, subject_kind varchar(20) NOT NULL, subject_id varchar(200) NOT
        NULL,
        body text NOT NULL)""",
    """CREATE TABLE audit_head (
        id integer NOT NULL PRIMARY KEY CHECK (id = 1), size bigint NOT NULL, frontier bytea NOT NULL)""",
]

INDEXES = [
    "CREATE INDEX audit_entry_patient ON audit_entry (patient_id, seq) WHERE patient_id <> ''",
    "CREATE INDEX audit_entry_actor ON audit_entry (actor_id, seq)",
    "CREATE INDEX audit_entry_subject ON audit_entry (subject_id, seq) WHERE subject_id <> ''",
    "CREATE INDEX audit_entry_at ON audit_entry (at)",
]

EMPTY_HEAD = "INSERT INTO audit_head (id, size, frontier) VALUES (1, 0, {})"


@dataclass(frozen=True)
class Guard:
    """One trigger: what it stops, when, and on which condition (None: always)."""

    name: str
    table: str
    event: str
    refuses_when: str | None
    message: str


GUARDS = [
    Guard("audit_entry_no_update", "audit_entry", "UPDATE", None, "An entry of the ledger can not be changed."),
    Guard("audit_entry_no_delete", "audit_entry", "DELETE", None, "An entry of the ledger can not be deleted."),
    Guard(
        "audit_entry_next_only",
        "audit_entry",
        "INSERT",
        "NEW.seq IS DISTINCT FROM (SELECT COALESCE(MAX(seq), -1) + 1 FROM audit_entry)",
        "An entry of the ledger takes the next number.",
    ),
    Guard(
        "audit_head_forward_only",
        "audit_head",
        "UPDATE",
        "NEW.size < OLD.size OR NEW.id <> OLD.id",
        "The head of the ledger only moves forward.",
    ),
    Guard("audit_head_no_delete", "audit_head", "DELETE", None, "The head of the ledger can not be deleted."),
    Guard("audit_head_only_one", "audit_head", "INSERT", None, "The ledger has one head."),
]
TRUNCATED = ["audit_entry", "audit_head"]


def sqlite_guard(guard: Guard) -> str:
    """Return the trigger for SQLite."""
    when = f"WHEN {guard.refuses_when} " if guard.refuses_when else ""
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW {when}"
        f"BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
    )


def postgresql_guard(guard: Guard) -> list[str]:
    """Return the function and the trigger for PostgreSQL; ALWAYS: also where replication replays."""
    condition = guard.refuses_when or "true"
    result = "OLD" if guard.event == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{guard.message}' USING ERRCODE = 'restrict_violation'; END IF; "
        f"RETURN {result}; END $$",
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW "
        f"EXECUTE FUNCTION {guard.name}()",
        f"ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER {guard.name}",
    ]


def postgresql_truncate_guards() -> list[str]:
    """Return what stops TRUNCATE, which asks no row trigger."""
    statements = [
        "CREATE FUNCTION audit_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'The ledger can not be emptied.' USING ERRCODE = 'restrict_violation'; END $$"
    ]
    for table in TRUNCATED:
        statements += [
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION audit_no_truncate()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate",
        ]
    return statements


def installation(vendor: str) -> list[str]:
    """Return every statement that makes an empty ledger on that database."""
    if vendor == "sqlite":
        return [*SQLITE_TABLES, *INDEXES, EMPTY_HEAD.format("x''"), *map(sqlite_guard, GUARDS)]
    if vendor == "postgresql":
        guards = [statement for guard in GUARDS for statement in postgresql_guard(guard)]
        return [*POSTGRESQL_TABLES, *INDEXES, EMPTY_HEAD.format("''"), *guards, *postgresql_truncate_guards()]
    # A ledger that could be changed unnoticed is no ledger: on any other database the installation ends here.
    raise NotImplementedError(f"The ledger has no guards for {vendor}. Use the embedded database or PostgreSQL.")


def missing_guards(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that were taken away, switched off or replaced."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [guard.name for guard in GUARDS if found.get(guard.name) != sqlite_guard(guard)]
        cursor.execute(
            "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgenabled = 'A' AND t.tgrelid IN ('audit_entry'::regclass, 'audit_head'::regclass)"
        )
        found = dict(cursor.fetchall())
    expected = {guard.name: postgresql_guard(guard)[0] for guard in GUARDS}
    expected |= {f"{table}_no_truncate": postgresql_truncate_guards()[0] for table in TRUNCATED}
    return [name for name, source in expected.items() if source.split("$$")[1] != found.get(name)]
