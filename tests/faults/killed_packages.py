"""Kills the building, checking and sending of packages: the program behind `test_kill_package.py`.

    python killed_packages.py prepare PLACE
    python killed_packages.py kill PLACE FIRST STEP COUNT

`prepare` adds to the hospital in PLACE an approved request for an encrypted file by e-mail. `kill` gives each seed a
copy of it and a process that builds, checks, sends and downloads, is killed with signal 9 at a step or after a time,
and is judged by another process: what was acknowledged holds, nothing left without its row in the register, and
whoever goes on from there comes to the same end. The machinery is that of `killed_imports.py`.
"""

import io
import json
import random
import shutil
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from killed_imports import Steps, check_kept, ended, forked, killed, load, move_to, sign

Say = Callable[[str], None]
STATES = ("approved", "quality_check", "ready", "delivered")
ADDRESS = "alice@example.org"


def prepare(place: Path) -> None:
    """Add the request to the hospital that lies there, and measure an undisturbed run."""
    load(place)
    from django.db import connections
    from django.utils import timezone

    from cast import PLACE
    from rooms.release.helping import in_review, staff
    from scanward.archive.models import Study
    from scanward.archive.place import vault
    from scanward.people.kinds import Role
    from scanward.people.models import Account
    from scanward.release import actions
    from scanward.release.ways import Arrival

    now, study = timezone.now(), Study.objects.get()
    hal, alice = staff("hal", Role.HIM_CLERK), Account.objects.get(email=ADDRESS)
    staff("lena", Role.HIM_LEAD)
    asked = actions.Asked(patient=study.patient, studies=[study], delivery=Arrival.EMAIL, contact=ADDRESS)
    request = actions.receive(asked, by=alice, now=now, place=PLACE)
    in_review(request, hal, now=now)
    actions.approve(request, by=hal, basis="access", now=now, place=PLACE)
    sign()
    connections.close_all()
    vault().close()
    for name in ("timed", "counted"):
        shutil.copytree(place / "hospital", place / name)
    move(place / "timed")
    begun = time.monotonic()
    work(lambda line: None)
    seconds = time.monotonic() - begun
    connections.close_all()
    move(place / "counted")
    steps = Steps()
    steps.watch(lambda: work(lambda line: None))
    (place / "usual.json").write_text(json.dumps([steps.count, seconds]))


def work(say: Say) -> None:
    """Do what is still to be done for the request, as the desk would; say each thing when it is acknowledged."""
    from django.utils import timezone

    from cast import PLACE
    from scanward.people.models import Account
    from scanward.release import actions, packages
    from scanward.release.models import ReleaseRequest

    by_name = {row.email.split("@")[0]: row for row in Account.objects.all()}
    hal, lena, alice = by_name["hal"], by_name["lena"], by_name["alice"]
    over = actions.HandOver(passphrase_by="phone")
    deeds: dict[str, Callable[[Any], object]] = {
        "approved": lambda row: actions.build(row, by=hal, now=timezone.now(), place=PLACE),
        "quality_check": lambda row: actions.check_passed(row, by=lena, note="all", now=timezone.now(), place=PLACE),
        "ready": lambda row: actions.deliver(row, over, by=hal, now=timezone.now(), place=PLACE),
    }
    request = ReleaseRequest.objects.get()
    while request.state in deeds:
        deeds[request.state](request)
        request.refresh_from_db()
        say(f"{request.state}\n")
    copy = packages.prepare(
        alice, request.studies.get(), purpose=purpose(), language="en", now=timezone.now(), place=PLACE
    )
    say("prepared\n")
    b"".join(packages.open_package(copy, now=timezone.now(), place=PLACE).iterate(0, None))
    say("downloaded\n")


def purpose() -> Any:
    from scanward.law.purpose import PurposeOfUse

    return PurposeOfUse.PATIENT_REQUEST


def kill(place: Path, seed: int, usual: tuple[int, float]) -> dict[str, Any]:
    """Kill one run and judge what is left; one that was over before is begun again and killed earlier."""
    chance, folder = random.Random(seed), place / f"seed-{seed}"
    by_time, last, delay = chance.random() < 0.4, chance.randint(1, usual[0]), chance.uniform(0, usual[1])
    said = None
    while said is None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(place / "hospital", folder)
        said = killed(partial(working, folder, None if by_time else last), after=delay if by_time else None)
        last, delay = last * 9 // 10, delay * 0.7
    told = [line.strip() for line in said.splitlines(keepends=True) if line.endswith("\n")]
    code, problems = ended(*forked(lambda say: judge(folder, told, say)))
    shutil.rmtree(folder)
    return {"seed": seed, "told": told, "problems": problems or (f"the judge ended with {code}" if code else "")}


def working(folder: Path, last: int | None, say: Say) -> None:
    """Work in a folder; be killed at a step, if there is one."""
    move(folder)
    if last is None:
        work(say)
    else:
        Steps(last).watch(lambda: work(say))


def move(folder: Path) -> None:
    """Let this process work on another data folder, with its own outbox and its own place for what is temporary."""
    import tempfile

    from django.conf import settings

    move_to(folder)
    settings.DATA = folder
    (folder / "temporary").mkdir(exist_ok=True)
    tempfile.tempdir = str(folder / "temporary")


def judge(folder: Path, told: list[str], say: Say) -> None:
    """Say everything that is wrong with what a kill left, then go on from there, and judge the end."""
    move(folder)
    check_whole(told, say)
    state = check_counts(say)
    check_orphans(folder, say)
    resume(state, say)
    if check_counts(say) != "delivered":
        say("whoever goes on does not come to the end\n")
    check_bytes(say)
    check_mailed(folder, say)
    check_orphans(folder, say)
    check_kept(say)


def check_whole(told: list[str], say: Say) -> None:
    """What was acknowledged holds."""
    from scanward.release.models import Package, ReleaseRequest

    state = ReleaseRequest.objects.get().state
    reached = [line for line in told if line in STATES]
    if state not in STATES:
        say(f"the request stands half-way: {state}\n")
    elif reached and STATES.index(state) < STATES.index(reached[-1]):
        say(f"{reached[-1]} was acknowledged, and it is {state}\n")
    if "prepared" in told and not Package.objects.exists():
        say("an acknowledged copy is lost\n")


def check_counts(say: Say) -> str:
    """Package, proof, row in the register, steps and ledger agree with where the request stands."""
    from scanward.audit.models import Entry
    from scanward.release.models import Disclosure, Package, ReleaseRequest

    request = ReleaseRequest.objects.get()
    built = STATES.index(request.state) > 0
    gone = int(request.state == "delivered")
    live = request.packages.filter(ended_at=None)
    facts = {
        "packages": (live.count(), int(built)),
        "passphrases": (live.exclude(passphrase="").count(), int(built)),
        "deliveries": (request.deliveries.count(), gone),
        "disclosures": (request.disclosures.count(), gone),
        "copies": (Package.objects.count(), Disclosure.objects.filter(request=None).count()),
    }
    told = Entry.objects.filter(subject_kind="request", subject_id=str(request.pk)).order_by("seq")
    events = [entry.detail["event"] for entry in told if "event" in entry.detail]
    facts["ledger"] = (len(events), request.steps.count())
    for name, (found, wanted) in facts.items():
        if found != wanted:
            say(f"{request.state}: {found} {name} instead of {wanted}\n")
    return request.state


def resume(state: str, say: Say) -> None:
    """Go on as the desk does, and as the worker does an hour later with a mail whose sender died."""
    from django.utils import timezone

    from scanward.release.housekeeping import tidy

    work(lambda line: None)
    tidy(now=timezone.now() + timedelta(hours=1))
    if state == "delivered" and tidy(now=timezone.now() + timedelta(hours=2))["mailed"]:
        say("a mail that was handed over is sent again and again\n")


def check_mailed(folder: Path, say: Say) -> None:
    """Somebody has the mail: once, or twice if the sender died between the mail server's yes and writing it down."""
    from scanward.release.models import Delivery

    mails = [json.loads(path.read_text()) for path in (folder / "outbox").glob("*.json")]
    copies = sum(1 for mail in mails if mail["subject"] == "Your records")
    if copies not in (1, 2) or Delivery.objects.filter(posted_at=None).exists():
        say(f"{copies} mails with the copy\n")


def check_bytes(say: Say) -> None:
    """The package opens with its passphrase and is what was signed."""
    import hashlib

    import pyzipper
    from django.utils import timezone

    from cast import PLACE
    from scanward.bundles.manifest import MANIFEST
    from scanward.people.models import Account
    from scanward.release.actions.mailing import open_for
    from scanward.release.actions.preparing import clerk_permit
    from scanward.release.models import ReleasePackage

    package = ReleasePackage.objects.get(ended_at=None)
    hal = Account.objects.get(email="hal@example.org")
    assert package.expires_at > timezone.now()
    whole = b"".join(open_for(package, clerk_permit(package, hal, place=PLACE)).iterate(0, None))
    with pyzipper.AESZipFile(io.BytesIO(whole)) as opened:
        opened.setpassword(package.passphrase.encode())
        name = next(each for each in opened.namelist() if each.endswith(MANIFEST))
        if opened.testzip() or hashlib.sha256(opened.read(name)).hexdigest() != package.manifest_sha256:
            say("the package is not what was signed\n")


def check_orphans(folder: Path, say: Say) -> None:
    """Nothing of a copy lies about: packages are never files."""
    for left in (folder / "temporary").rglob("*"):
        say(f"left over: {left.name}\n")
    for left in folder.rglob("*.zip"):
        say(f"a package as a file: {left.name}\n")


def main(deed: str, place: str, *numbers: str) -> None:
    """Prepare, or kill."""
    if deed == "prepare":
        prepare(Path(place))
        return
    load(Path(place))
    warm_up()
    usual = json.loads(Path(place, "usual.json").read_text())
    first, step, count = map(int, numbers)
    for seed in range(first, first + count, step):
        print(json.dumps(kill(Path(place), seed, usual)), flush=True)


def warm_up() -> None:
    """Load what the processes need, before they are forked."""
    import pyzipper  # noqa: F401

    import cast  # noqa: F401
    import scanward.archive.keeping
    import scanward.audit.verify
    import scanward.release.actions
    import scanward.release.housekeeping  # noqa: F401


if __name__ == "__main__":
    main(*sys.argv[1:])
