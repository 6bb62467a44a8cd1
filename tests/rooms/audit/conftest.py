"""A ledger of the test's own, and people who do things."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from rooms.audit.ledger import NOW, empty_the_ledger
from scanward.audit import guards
from scanward.audit.event import ActorRef, Event, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse


@pytest.fixture
def ledger(transactional_db: None) -> Iterator[None]:
    """An empty ledger with real commits."""
    empty_the_ledger()
    yield
    empty_the_ledger()


def an_event(number: int = 0, kind: EventKind = EventKind.REPORT_VIEWED, **changes) -> Event:
    """Dana looks at something of Alice's."""
    fields = {
        "kind": kind,
        "actor": ActorRef("account-dana", "Dana Wells", "clinician"),
        "subject": SubjectRef(SubjectKind.STUDY, f"study-{number}", "patient-alice", "CT chest"),
        "purpose": PurposeOfUse.TREATMENT,
        "outcome": Outcome.SUCCESS,
        "at": NOW + timedelta(seconds=number),
        "place": Place("192.0.2.7", "Firefox", Channel.DESK, "session-1"),
        "detail": {"number": number},
    }
    return Event(**{**fields, **changes})


@pytest.fixture(scope="session")
def make_event():
    """Return events."""
    return an_event


@pytest.fixture
def fill(ledger, make_event):
    """Write entries, some in each transaction."""
    from scanward.audit.actions import record_many

    def fill(count: int, *, per_commit: int = 1000, start: int = 0) -> None:
        for first in range(start, start + count, per_commit):
            with transaction.atomic():
                record_many([make_event(n) for n in range(first, min(first + per_commit, start + count))])

    return fill


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """The ledger's signing key."""
    path = tmp_path / "ledger.key"
    path.touch(mode=0o600)
    path.write_text("07" * 32 + "\n")
    return path


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """The folder that somebody else keeps."""
    return tmp_path / "outside"


@pytest.fixture
def as_root():
    """Take the guards away, as an administrator could; they are back when the block ends."""

    @contextlib.contextmanager
    def block() -> Iterator:
        with connection.cursor() as cursor:
            for guard in guards.GUARDS:
                on = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {guard.name}{on}")
            yield cursor
            for guard in guards.GUARDS:
                if connection.vendor == "sqlite":
                    cursor.execute(guards.sqlite_guard(guard))
                else:
                    for statement in guards.postgresql_guard(guard)[1:]:
                        cursor.execute(statement)

    return block
