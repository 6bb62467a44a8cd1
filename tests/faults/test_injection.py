"""Whatever is typed stays a value: no search parameter, form field or path ever becomes part of an SQL sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse

from cast import Cast
from faults.test_pages import client_of, ours
from scanward.archive.models import Study
from scanward.people.models import Account, Patient

pytestmark = pytest.mark.django_db
SOURCE = Path(__file__).resolve().parents[2] / "src" / "scanward"
MARK = "zqinj"
# What a scanner such as sqlmap tries: ends of strings, comments, unions, stacked sentences, blind and timed questions.
PAYLOADS = [
    f"{MARK}'",
    f'{MARK}"',
    f"{MARK}`",
    f"{MARK}\\",
    f"{MARK}' OR '1'='1",
    f"{MARK}' OR 1=1 --",
    f"{MARK}') OR ('1'='1",
    f'{MARK}" OR ""="',
    f"{MARK}'; DROP TABLE people_patient; --",
    f"{MARK}'; UPDATE people_account SET is_active=0; --",
    f"{MARK}' UNION SELECT NULL,NULL,NULL --",
    f"{MARK}' UNION ALL SELECT family_name FROM people_patient --",
    f"{MARK}' AND (SELECT COUNT(*) FROM sqlite_master)>0 --",
    f"{MARK}' AND 1=(SELECT 1 FROM PG_SLEEP(5)) --",
    f"{MARK}' AND RANDOMBLOB(500000000)=1 --",
    f"1 OR 1=1 -- {MARK}",
    f"1); SELECT {MARK} FROM people_account; --",
    f"-1 UNION SELECT 1 -- {MARK}",
    f"{MARK}%' ESCAPE '!' OR '%'='",
    f"%00{MARK}",
    f"{MARK}/**/OR/**/1=1",
    f"{MARK}' || (SELECT family_name FROM people_patient LIMIT 1) || '",
    f"${{{MARK}}}{{{{{MARK}}}}}%({MARK})s",
    f"{MARK}ʼ OR 1=1 --",
]
# What a database says when it was asked nonsense; none of it stands in a payload, which a form may rightly show again.
COMPLAINTS = re.compile(rb"syntax error|OperationalError|ProgrammingError|psycopg|unrecognized token|sqlcipher", re.I)


def names() -> list[str]:
    """The name of every field and parameter that any page, API or form reads."""
    found = {"page", "for", "q", "next", "PatientName", "PatientID", "StudyDate", "limit", "offset", "includefield"}
    for path in SOURCE.rglob("*.py"):
        text = path.read_text("utf-8")
        found |= set(re.findall(r'(?:typed|day|chosen)\(\s*request, "(\w+)"', text))
        found |= set(re.findall(r'request\.(?:GET|POST)\.(?:get|getlist)\("(\w+)"', text))
    return sorted(found)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect each SQL sentence in whose text, beside its parameters, something typed stands."""
    bad: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if MARK in sql:
            bad.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield bad


def tried(who: Account, address: str, payload: str) -> list[bytes]:
    """Send a payload in every field at once, as a query and as a form; nothing that comes of it stays."""
    told = []
    client, everywhere = client_of(who), dict.fromkeys(names(), payload)
    for method in ("get", "post"):
        with transaction.atomic():
            answer = getattr(client, method)(address, everywhere)
            content = b"" if answer.streaming else answer.content
            told += [f"{answer.status_code}".encode()] if answer.status_code >= 500 else []
            told += COMPLAINTS.findall(content)
            transaction.set_rollback(True)
    return told


def test_every_address_takes_what_is_typed_as_a_value(cast: Cast) -> None:
    """Fault C17: every address of the list x every field, by four people in turn; the sentences themselves are read."""
    assert len(names()) > 60
    payload, people, wrong = cycle(PAYLOADS), cycle((cast.alice, cast.hal, cast.priya, cast.sam)), []
    rows = (Patient.objects.count(), Account.objects.count(), Study.objects.count())
    with watched() as bad:
        for name, address in ours().items():
            who = next(people)
            if told := tried(who, address, next(payload)):
                wrong.append((name, who.full_name, told))
    assert (wrong, bad) == ([], [])
    assert rows == (Patient.objects.count(), Account.objects.count(), Study.objects.count())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_search_finds_nobody_by_tricks(cast: Cast, payload: str) -> None:
    """Fault C17: the search for patients, field by field, and the pages that count."""
    client = client_of(cast.hal)
    with watched() as bad:
        for field in ("number", "family", "given", "born"):
            answer = client.post(reverse("find-patient"), {"family": "", "given": "", field: payload})
            assert answer.status_code in (200, 422)
            assert b"Rivera" not in answer.content
        for page in (reverse("cases"), reverse("desk-requests"), reverse("scans")):
            assert client.get(page, {"page": payload}).status_code in (200, 404)
    assert bad == []


def test_the_watch_would_have_seen_it(db: None) -> None:
    """The tests above prove something: a sentence that is put together from what was typed is noticed."""
    with watched() as bad, connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 AS {MARK}")
    assert len(bad) == 1
