"""What a page that stands open costs: every few seconds it asks whether it may still be shown (issue 4).

The whole way through Django, without the web server, on the embedded database; the server adds about 0.1 ms. From the
CPU time of one question follows how many pages in sight two cores bear.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent / "tests"
CORES, EVERY_SECONDS = 2, 3.8


def set_up(folder: Path) -> Any:
    """Make the cast and its scans, and return them."""
    os.environ.update(
        SCANWARD_DATA=str(folder), DJANGO_SETTINGS_MODULE="scanward.settings", SCANWARD_HOSTS="testserver"
    )
    sys.path.insert(0, str(TESTS))
    from scanward.cli import set_up_django
    from scanward.cli.init import make_keys

    make_keys(folder / "keys")
    set_up_django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from cast import assemble

    return assemble()


def session_of(account: Any, *, strong: bool) -> str:
    """Return the session of somebody who has signed in and opened a page."""
    from allauth.mfa.models import Authenticator
    from django.test import Client

    if strong:
        Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={"secret": ""})
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/security/")
    return str(client.cookies["sessionid"].value)


def asked(application: Any, path: str, session: str) -> int:
    """Ask once, as the web server hands it on."""
    from django.test import RequestFactory

    request = RequestFactory().head(path, HTTP_COOKIE=f"sessionid={session}", HTTP_ACCEPT_LANGUAGE="en")
    answered: list[str] = []
    body = application(request.environ, lambda status, _headers, _info=None: answered.append(status))
    body.close()
    return int(answered[0].split()[0])


def said(what: str, application: Any, path: str, session: str, times: int) -> str:
    """Return the row of one question, asked so many times."""
    from django.db import connection

    told: list[str] = []

    def hear(go: Any, sql: str, *rest: Any) -> Any:
        told.append(sql)
        return go(sql, *rest)

    for _turn in range(20):
        assert asked(application, path, session) == 200
    with connection.execute_wrapper(hear):
        asked(application, path, session)
    writes = sum(not sql.startswith("SELECT") for sql in told)
    walls, cpu = [], time.process_time()
    for _turn in range(times):
        begun = time.perf_counter()
        asked(application, path, session)
        walls.append((time.perf_counter() - begun) * 1000)
    spent = (time.process_time() - cpu) * 1000 / times
    pages = CORES * EVERY_SECONDS * 1000 / spent
    wall = statistics.median(walls)
    return f"| {what} | {wall:.2f} ms | {spent:.2f} ms | {len(told)} | {writes} | {pages:,.0f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write; a disk, not tmpfs")
    parser.add_argument("--times", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-still-") as place:
        cast = set_up(Path(place))
        from django.core.wsgi import get_wsgi_application
        from django.urls import reverse

        application = get_wsgi_application()
        scan, desk = (reverse(name, args=[cast.chest.id]) for name in ("study-still", "desk-study-still"))
        any_page = reverse("session-left")
        print("| a page in sight | wall, median | CPU, mean | queries | writes | pages that two cores bear |")
        print("|---|---|---|---|---|---|")
        for who, account, address in (
            ("the patient's", cast.alice, scan),
            ("a representative's", cast.ruth, scan),
            ("a clinician's", cast.dana, desk),
        ):
            session = session_of(account, strong=account == cast.dana)
            for what, path in ((f"{who}, with a scan", address), (f"{who}, any other", any_page)):
                print(said(what, application, path, session, options.times), flush=True)


if __name__ == "__main__":
    main()
