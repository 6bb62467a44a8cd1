"""A running hospital for the browser tests: the real web server on a data folder of its own, with the cast in it.

`python tests/browser/hospital.py serve FOLDER PORT` makes the folder and serves it until it is stopped;
`python tests/browser/hospital.py rest FOLDER MINUTES` lets everybody who is signed in there rest for so long.
`python tests/browser/hospital.py sign FOLDER DAYS` has Alice's report signed so many days ago.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

TESTS = Path(__file__).resolve().parent.parent
PATIENCE = 240.0
CODE = re.compile(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})\b")


@dataclass(frozen=True)
class Hospital:
    """Where it answers, and where its data are."""

    address: str
    folder: Path

    def letters(self, to: str) -> list[str]:
        """Return the mails to somebody, newest first: each its subject and its text."""
        found = sorted((self.folder / "outbox").glob("*.json"), reverse=True)
        rows = (json.loads(path.read_text("utf-8")) for path in found)
        return [f"{row['subject']}\n{row['body']}" for row in rows if row["to"] == to]

    def letter(self, to: str, words: str) -> str:
        """Wait for a mail to somebody with these words in it, and return it."""
        return soon(lambda: next((text for text in self.letters(to) if words in text), None))

    def codes(self, to: str) -> list[str]:
        """Return the one-time codes that were sent to somebody, newest first."""
        return [found[1] for text in self.letters(to) if (found := CODE.search(text))]

    def code_for(self, to: str, *, known: list[str]) -> str:
        """Wait for a code that is not one of those that somebody had before, and return it."""
        return soon(lambda: next((code for code in self.codes(to) if code not in known), None))

    def rest(self, minutes: float) -> None:
        """Let everybody who is signed in have touched nothing for so long."""
        subprocess.run([sys.executable, __file__, "rest", str(self.folder), str(minutes)], env=clean(), check=True)

    def sign(self, days: int) -> None:
        """Have the report of Alice's chest signed so many days ago, as if they had passed."""
        subprocess.run([sys.executable, __file__, "sign", str(self.folder), str(days)], env=clean(), check=True)


def today() -> date:
    """The hospital's day: in Greenwich, whose day the machine may have, it is tomorrow already in the evening."""
    return datetime.now(ZoneInfo("America/Chicago")).date()


def soon(look: Callable[[], str | None]) -> str:
    """Look until something is there: a busy machine takes its time."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("no such letter came")


def clean() -> dict[str, str]:
    """The environment without the settings of the tests themselves."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("SCANWARD_", "DJANGO_"))}


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Hospital]:
    """Serve a new hospital from this folder, with more settings if a test needs them."""
    from ports import free_port  # Not above: this file is a program, too, which has no other files of the tests yet.

    port = free_port()
    log = (folder.parent / "hospital.log").open("wb")
    command = [sys.executable, __file__, "serve", str(folder), str(port)]
    server = subprocess.Popen(command, env=clean() | settings, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://localhost:{port}"  # a passkey belongs to a name, not to a number
        wait_for(address, server, folder.parent / "hospital.log")
        yield Hospital(address, folder)
    finally:
        server.terminate()
        server.wait(timeout=600)
        log.close()


def wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers, and tell its last words if it doesn't."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/account/login/", timeout=20).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the hospital did not open: {log.read_text()[-2000:]}")


def serve(folder: Path, port: str) -> None:
    """Make the hospital, then serve it."""
    set_up(folder, SCANWARD_PORT=port, SCANWARD_FACILITY_NAME="Lakeside Hospital", SCANWARD_FACILITY_PHONE="555-0100")
    from cast import assemble, more_staff, two_scans

    assemble(with_password=True)
    more_staff()
    two_scans()
    from scanward.cli.serve import server

    server().serve()


def rest(folder: Path, minutes: str) -> None:
    """Move the time at which each session was last used into the past."""
    set_up(folder)
    from datetime import datetime, timedelta

    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    from scanward.people.middleware import LAST

    for key in Session.objects.values_list("session_key", flat=True):
        store = SessionStore(key)
        if LAST in store:
            store[LAST] = (datetime.fromisoformat(store[LAST]) - timedelta(minutes=float(minutes))).isoformat()
            store.save()


def sign(folder: Path, days: str) -> None:
    """Move the time at which Alice's report was signed."""
    set_up(folder)
    from datetime import timedelta

    from django.utils import timezone

    from scanward.archive.models import Report

    reports = Report.objects.filter(study__patient__given_name="Alice")
    reports.update(finalized_at=timezone.now() - timedelta(days=int(days)))


def set_up(folder: Path, **settings: str) -> None:
    """Prepare Django for the hospital in this folder."""
    os.environ.update(
        SCANWARD_DATA=str(folder), SCANWARD_DEMO="1", DJANGO_SETTINGS_MODULE="scanward.settings", **settings
    )
    sys.path.insert(0, str(TESTS))
    from migrated import put_database
    from scanward.cli import set_up_django
    from scanward.cli.init import make_keys

    if not folder.exists():
        put_database(folder / "scanward.db", folder / "keys" / "database.key")
    make_keys(folder / "keys")
    set_up_django()


if __name__ == "__main__":
    {"serve": serve, "rest": rest, "sign": sign}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
