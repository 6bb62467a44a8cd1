"""Does the time of an answer at the door tell whether somebody has an account (fault C13: equal within 10 ms)?

Every pair of questions is asked in turns (A B B A), each from a network of its own so that no limit answers instead,
on the embedded database with its real commits. CPU time is the measure on a machine that others use, too.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

KNOWN, OTHER, CLOSED, DIRECTORY, UNKNOWN = (
    f"{name}@example.org" for name in ("alice", "bob", "closed", "staff", "nobody")
)
ALLOWED_MS = 10.0


def set_up(folder: Path) -> None:
    """Make a house with somebody in it: two with a password, one closed, one of the directory without any."""
    os.environ.update(SCANWARD_DATA=str(folder), DJANGO_SETTINGS_MODULE="scanward.settings", SCANWARD_DEMO="1")
    from scanward.cli import set_up_django
    from scanward.cli.init import make_keys

    make_keys(folder / "keys")
    set_up_django()
    from allauth.account.models import EmailAddress
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    settings.ALLOWED_HOSTS = ["*"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    call_command("migrate", verbosity=0)
    from scanward.audit.event import ActorRef, Place
    from scanward.people.actions import create_account

    for email in (KNOWN, OTHER, CLOSED, DIRECTORY):
        made = create_account(
            email=email,
            full_name=email.split("@")[0].capitalize(),
            password=None if email == DIRECTORY else "a-long-enough-password",
            actor=ActorRef.system("bench"),
            place=Place("", "bench"),
            now=timezone.now(),
        )
        if email == CLOSED:
            made.is_active = False
            made.save()
        EmailAddress.objects.update_or_create(user=made, email=email, defaults={"verified": True, "primary": True})


def knocker(address: str, name: str) -> Callable[[str], tuple[float, float]]:
    """Return what asks at the door about an e-mail address and says how long the answer took: wall and CPU, in ms."""
    from django.test import Client
    from django.urls import reverse

    turn = iter(range(1 << 24))
    door = reverse(address)

    def knock(email: str) -> tuple[float, float]:
        number = next(turn)
        client = Client(REMOTE_ADDR=f"10.{number >> 8 & 255}.{number & 255}.9")
        form = {name: email} | ({"password": "a-wrong-one-of-the-same-length"} if name == "login" else {})
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.post(door, form)
        spent = (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000
        assert answer.status_code in (200, 302), answer.status_code
        return spent

    return knock


Times = list[tuple[float, float]]


def compared(knock: Callable[[str], tuple[float, float]], one: str, two: str, times: int) -> tuple[Times, Times]:
    """Ask about both in turns; return the times of the one, and of the other."""
    taken: dict[str, Times] = {one: [], two: []}
    for email in (one, two):
        knock(email)
    for turn in range(times):
        for email in (one, two) if turn % 2 else (two, one):
            taken[email].append(knock(email))
    return taken[one], taken[two]


def said(what: str, one: Times, two: Times) -> tuple[str, float]:
    """Return the row, and the difference in CPU time: the median of the differences of each pair."""
    cells, differences = [], []
    for kind in (0, 1):
        medians = [statistics.median(spent[kind] for spent in times) for times in (one, two)]
        cells.append(f"{medians[0]:.1f} / {medians[1]:.1f} ms")
        differences.append(statistics.median(a[kind] - b[kind] for a, b in zip(one, two, strict=True)))
    return f"| {what} | {' | '.join(cells)} | {differences[0]:+.1f} ms | {differences[1]:+.1f} ms |", differences[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write; a disk, not tmpfs")
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-signin-") as place:
        set_up(Path(place))
        sign_in, forgotten = knocker("account_login", "login"), knocker("account_reset_password", "email")
        print("| at the door | wall, median | CPU, median | difference wall | difference CPU |\n|---|---|---|---|---|")
        worst = 0.0
        for what, knock, one, two in (
            ("sign-in, known or unknown", sign_in, KNOWN, UNKNOWN),
            ("sign-in, known or known (the noise)", sign_in, KNOWN, OTHER),
            ("sign-in, closed or unknown", sign_in, CLOSED, UNKNOWN),
            ("sign-in, without a password or unknown", sign_in, DIRECTORY, UNKNOWN),
            ("forgotten password, known or unknown", forgotten, KNOWN, UNKNOWN),
        ):
            row, cpu = said(what, *compared(knock, one, two, options.times))
            worst = max(worst, abs(cpu))
            print(row, flush=True)
        print(f"\nThe greatest difference in CPU time: {worst:.1f} ms; allowed: {ALLOWED_MS:g} ms.")


if __name__ == "__main__":
    main()
