"""Kills imports and judges what is left: the program behind `test_kill_import.py`.

    python killed_imports.py prepare PLACE
    python killed_imports.py kill PLACE FIRST STEP COUNT
    python killed_imports.py state FOLDER

`prepare` makes a hospital with something in it already, the files that are to be imported, and the state that an
import without a kill leads to. `kill` gives each seed a copy of that hospital, starts an import in a process of its
own, kills it with signal 9, lets another process judge, and prints one line of JSON per seed. Processes are forked
from this one, which has loaded everything and opened nothing, so that a point costs a fraction of a second.

A seed says where its import is killed: at the Nth call of the house's own code, of the database or of the file
system (replayed exactly), or after a time, which is how the inside of a commit is hit.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
SYSTEM_CALLS = {"posix", "sqlcipher3._sqlite3", "sqlcipher3.dbapi2"}
HOUSE = tuple(f"{os.sep}{room}{os.sep}" for room in ("archive", "intake", "vault", "audit", "release", "bundles"))


def load(place: Path, folder: Path | None = None) -> None:
    """Set Django up on the prepared hospital, or on another; nothing is opened yet."""
    folder = folder or place / "hospital"
    os.environ.update(
        DJANGO_SETTINGS_MODULE="scanward.settings",
        SCANWARD_DATA=str(folder),
        SCANWARD_DEMO="1",
        SCANWARD_FACILITY_NAME="Lakeside Hospital",
        SCANWARD_LOG_LEVEL="CRITICAL",
    )
    sys.path.insert(0, str(TESTS))
    from migrated import put_database
    from scanward.cli import set_up_django
    from scanward.cli.init import make_keys

    if not folder.exists():
        put_database(folder / "scanward.db", folder / "keys" / "database.key")
    make_keys(folder / "keys")
    set_up_django()


def move_to(folder: Path) -> None:
    """Let this process work on another data folder."""
    from django.conf import settings
    from django.db import connections

    from scanward.archive.place import vault

    settings.DATABASES["default"]["NAME"] = connections.settings["default"]["NAME"] = str(folder / "scanward.db")
    settings.STORAGE, settings.CHECKPOINT_DIR = str(folder / "vault"), folder / "checkpoints"
    vault.cache_clear()


# What is imported -------------------------------------------------------------------------------------------------


def files(place: Path) -> list[Any]:
    """The files that are to be imported, in their order."""
    from scanward.intake.receive import Item

    return [Item(path.name, path.read_bytes()) for path in sorted((place / "incoming").iterdir())]


def make_files(place: Path) -> None:
    """Another study of somebody known, one of somebody new, another image under a known UID, and a text."""
    from cast import ALICE, CHARLIE
    from scanward.dicom.synthetic import study

    mine = study("chest", seed=31, patient=ALICE, matrix=32, slices=3).files
    theirs = study("abdomen", seed=32, patient=CHARLIE, matrix=32, slices=3).files
    mixed = [file.data for pair in zip_longest(mine[:4], theirs[-4:]) for file in pair if file]
    mixed[4:4] = [mixed[0][:-2] + b"\x07\x00", b"This is no scan.\n", mixed[1]]
    (place / "incoming").mkdir()
    for number, data in enumerate(mixed):
        (place / "incoming" / f"{number:03}.dcm").write_bytes(data)


def import_all(items: list[Any], *, batch: int, say: Callable[[str], None] = lambda line: None) -> None:
    """Import, and say what was acknowledged as soon as it was."""
    from django.utils import timezone

    from cast import sender
    from scanward.intake import receive as receiving

    receiving.BATCH = batch
    for received in receiving.receive(items, sender=sender(), now=timezone.now()):
        say(f"{received.name} {received.outcome}\n")


def prepare(place: Path) -> None:
    """Make the hospital, the files, and the state that everything must lead to."""
    load(place)
    from django.db import connections

    from cast import ALICE, NOW, items, link, patient, person, sender
    from scanward.archive.models import ReportStatus, Study
    from scanward.archive.place import vault
    from scanward.archive.reports import Section, SectionKind, store_report
    from scanward.dicom.synthetic import study
    from scanward.intake.receive import receive

    list(receive(items(study("chest", seed=30, patient=ALICE, matrix=32, slices=3))[:3], sender=sender(), now=NOW))
    store_report(
        Study.objects.get(),
        [Section(SectionKind.IMPRESSION, "Nothing new.")],
        status=ReportStatus.FINAL,
        finalized_at=NOW,
        sender=sender(),
        now=NOW,
    )
    link(person("alice"), patient(ALICE))
    person("charlie")
    sign()
    make_files(place)
    connections.close_all()
    vault().close()
    for name in ("timed", "counted"):
        shutil.copytree(place / "hospital", place / name)
    move_to(place / "timed")
    begun = time.monotonic()
    import_all(files(place), batch=3)
    seconds = time.monotonic() - begun
    (place / "reference.json").write_text(json.dumps(state()))
    connections.close_all()
    move_to(place / "counted")
    steps = Steps()
    steps.watch(lambda: import_all(files(place), batch=3))
    (place / "usual.json").write_text(json.dumps([steps.count, seconds]))


def sign() -> None:
    """Sign the ledger as it is now."""
    from django.conf import settings
    from django.utils import timezone

    from scanward.audit.sealing import write_checkpoint

    write_checkpoint(settings.CHECKPOINT_DIR, settings.LEDGER_KEY_FILE, now=timezone.now())


# Killing ----------------------------------------------------------------------------------------------------------


class Steps:
    """Counts the calls of the house, the database and the file system, in all threads; kills at one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.count, self._last = 0, last

    def __call__(self, frame: Any, event: str, what: Any) -> None:
        house = event == "call" and any(room in frame.f_code.co_filename for room in HOUSE)
        if house or (event in ("c_call", "c_return") and self.is_system(what)):
            self.step()

    @staticmethod
    def is_system(what: Any) -> bool:
        owner = type(getattr(what, "__self__", None)).__module__
        return (what.__module__ or "") in SYSTEM_CALLS or owner in {*SYSTEM_CALLS, "scanward.database.base"}

    def step(self) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, work: Callable[[], None]) -> None:
        threading.setprofile(self)
        sys.setprofile(self)
        try:
            work()
        finally:
            sys.setprofile(None)


def forked(work: Callable[[Callable[[str], None]], None]) -> tuple[int, int]:
    """Start work in a process of its own; return its number and the pipe on which it says something."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    try:
        os.close(read)
        work(lambda text: (os.write(write, text.encode()), None)[1])
        os._exit(0)
    except BaseException:
        os.write(write, traceback.format_exc().encode())
        os._exit(1)


def ended(child: int, pipe: int) -> tuple[int, str]:
    """Wait for a process; return how it ended and what it said."""
    with os.fdopen(pipe, "rb") as stream:
        said = stream.read().decode()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said


def kill(place: Path, items: list[Any], seed: int, usual: tuple[int, float]) -> dict[str, Any]:
    """Kill one import and judge what is left; one that was over before is begun again and killed earlier."""
    chance, folder = random.Random(seed), place / f"seed-{seed}"
    batch, by_time = chance.randint(1, 4), chance.random() < 0.5
    last, delay = chance.randint(1, usual[0]), chance.uniform(0, usual[1])
    said = None
    while said is None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(place / "hospital", folder)
        work = partial(importing, folder, items, batch, None if by_time else last)
        said = killed(work, after=delay if by_time else None)
        how = f"after {delay:.3f} s" if by_time else f"at step {last}"
        last, delay = last * 9 // 10, delay * 0.7
    told = said.splitlines(keepends=True)
    told = [line for line in told if line.endswith("\n")]
    code, problems = ended(*forked(lambda say: judge(place, folder, items, told, seed, say)))
    shutil.rmtree(folder)
    problems = problems or (f"the judge ended with {code}" if code else "")
    return {"seed": seed, "how": how, "acknowledged": len(told), "problems": problems}


def importing(folder: Path, items: list[Any], batch: int, last: int | None, say: Callable[[str], None]) -> None:
    """Import into a folder; be killed at a step, if there is one."""
    move_to(folder)
    if last is None:
        import_all(items, batch=batch, say=say)
    else:
        Steps(last).watch(lambda: import_all(items, batch=batch, say=say))


def killed(work: Callable[[Callable[[str], None]], None], *, after: float | None) -> str | None:
    """Return what the work said until it was killed; None if it was over before."""
    child, pipe = forked(work)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    code, said = ended(child, pipe)
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(said)
    return said if code else None


# Judging ----------------------------------------------------------------------------------------------------------


def state() -> dict[str, Any]:
    """What the index says, without what differs between two runs."""
    from scanward.archive.models import HeldObject, Instance, Report, Series, Study
    from scanward.people.models import PatientIdentifier

    rows = {
        "instances": Instance.objects.values_list("sop_instance_uid", "sha256", "size", "crc32", "frames"),
        "series": Series.objects.values_list("series_instance_uid", "study__study_instance_uid"),
        "studies": Study.objects.values_list("study_instance_uid", "patient__dicom_name", "description"),
        "patients": PatientIdentifier.objects.values_list("value", "patient__family_name"),
        "reports": Report.objects.values_list("study__study_instance_uid", "sha256", "version", "status"),
        "held": HeldObject.objects.values_list("sop_instance_uid", "sha256", "reason", "near_patient__family_name"),
    }
    return {name: sorted(map(list, found)) for name, found in rows.items()}


def judge(place: Path, folder: Path, items: list[Any], told: list[str], seed: int, say: Callable[[str], None]) -> None:
    """Say everything that is wrong with what a killed import left behind."""
    from django.utils import timezone

    from scanward.archive.rebuild import recover

    move_to(folder)
    if seed % 3:
        recover(now=timezone.now())
        check_acknowledged(items, told, say)
        check_served(say)
    # One in three is imported again without the recovery that a start of the server does.
    import_all(items, batch=3)
    recover(now=timezone.now())
    check_acknowledged(items, told, say)
    check_served(say)
    if state() != json.loads((place / "reference.json").read_text()):
        say(f"another state than without the kill: {state()}\n")
    if again := recover(now=timezone.now(), whole=True).rows:
        say(f"{again} rows were still missing\n")
    check_kept(say)


def check_acknowledged(items: list[Any], told: list[str], say: Callable[[str], None]) -> None:
    """Whatever was acknowledged is in the index."""
    from scanward.archive.models import HeldObject, Instance

    sha256 = {item.name: hashlib.sha256(item.data).hexdigest() for item in items}
    for line in told:
        name, outcome = line.split()
        model = {"kept": Instance, "duplicate": Instance, "conflict": HeldObject}.get(outcome)
        if model and not model.objects.filter(sha256=sha256[name]).exists():
            say(f"{name} was acknowledged as {outcome} and is lost\n")


def check_served(say: Callable[[str], None]) -> None:
    """Whatever is in the index opens, by the one way out, and is what it must be."""
    from django.utils import timezone

    from cast import PLACE
    from scanward.access.actions import authorize
    from scanward.access.actors import actor_of
    from scanward.access.kinds import Action, RecordFacts
    from scanward.archive import reading
    from scanward.archive.models import Study
    from scanward.law.purpose import PurposeOfUse

    now = timezone.now()
    for study in Study.objects.select_related("patient"):
        reader = actor_of(reader_of(study.patient), now=now)
        facts = RecordFacts(study.patient_id, study.id)
        grant = authorize(reader, Action.DOWNLOAD, facts, PurposeOfUse.PATIENT_REQUEST, now=now, place=PLACE)
        for series in study.series.all():
            for instance in series.instances.select_related("series__study"):
                with reading.open(grant, instance, now=now) as stream:
                    found = stream.read()
                if (hashlib.sha256(found).hexdigest(), len(found)) != (instance.sha256, instance.size):
                    say(f"{instance.sop_instance_uid} is served, and is not what it was\n")


def reader_of(patient: Any) -> Any:
    """The account of a patient, connected now if the patient is new."""
    from cast import link
    from scanward.people.models import Account, PatientLink

    account = Account.objects.get(
        email="alice@example.org" if patient.family_name == "Rivera" else "charlie@example.org"
    )
    if not PatientLink.objects.filter(account=account, patient=patient).exists():
        link(account, patient)
    return account


def check_scrubbed(say: Callable[[str], None]) -> None:
    """The vault has nothing damaged."""
    from django.utils import timezone

    from scanward.archive import keeping

    for finding in keeping.scrub(now=timezone.now())[1]:
        say(f"scrub: {finding}\n")


def check_kept(say: Callable[[str], None]) -> None:
    """The vault has nothing damaged and no leftovers; the ledger continues what was signed before."""
    from django.conf import settings

    from scanward.audit.checkpoint import VKEY
    from scanward.audit.verify import verify

    check_scrubbed(say)
    for left in Path(settings.STORAGE, "tmp").glob("*"):
        say(f"left over: {left.name}\n")
    vkeys = (settings.CHECKPOINT_DIR / VKEY).read_text()
    sign()
    report = verify(settings.CHECKPOINT_DIR, vkeys)
    if not report.ok:
        say("\n".join(report.lines()))


def main(deed: str, place: str, *numbers: str) -> None:
    """Prepare, or kill."""
    if deed == "prepare":
        prepare(Path(place))
        return
    if deed == "state":
        load(Path(place).parent, Path(place))
        print(json.dumps(state()))
        check_scrubbed(sys.exit)
        return
    load(Path(place))
    warm_up()
    items, usual = files(Path(place)), json.loads(Path(place, "usual.json").read_text())
    first, step, count = map(int, numbers)
    for seed in range(first, first + count, step):
        print(json.dumps(kill(Path(place), items, seed, usual)), flush=True)


def warm_up() -> None:
    """Load what the processes need, before they are forked."""
    import cast  # noqa: F401
    import scanward.archive.keeping
    import scanward.archive.reading
    import scanward.archive.rebuild
    import scanward.audit.sealing
    import scanward.audit.verify  # noqa: F401


if __name__ == "__main__":
    main(*sys.argv[1:])
