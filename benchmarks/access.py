"""What a decision costs with its ledger entry, and what a clinician's worklist costs as the house grows (issue 4).

On the embedded database, encrypted, synchronous=FULL, in a folder of its own. The decision is timed beside a bare
one-row commit to the same database, so that the disk's share can be told from ours.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

HERS = 1_000
PAGE = 50
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def set_up(folder: Path) -> None:
    """Make a house with nobody in it."""
    os.environ.update(SCANWARD_DATA=str(folder), DJANGO_SETTINGS_MODULE="scanward.settings")
    from scanward.cli import set_up_django
    from scanward.cli.init import make_keys

    make_keys(folder / "keys")
    set_up_django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the median of wall time and the mean of CPU time, in milliseconds."""
    walls = []
    cpu = time.process_time()
    for _turn in range(times):
        begun = time.perf_counter()
        work()
        walls.append((time.perf_counter() - begun) * 1000)
    return statistics.median(walls), (time.process_time() - cpu) * 1000 / times


def clinician() -> Any:
    """Make the clinician."""
    from scanward.people.kinds import Role
    from scanward.people.models import Account, RoleAssignment

    dana = Account.objects.create(email="dana@example.org", full_name="Dana")
    RoleAssignment.objects.create(account=dana, role=Role.TREATING_CLINICIAN, valid_from=NOW - timedelta(days=1))
    return dana


def grow(dana: Any, *, to: int, hers: int) -> None:
    """Fill the house up with studies, of which the first are of her patients: ten studies to a patient."""
    from scanward.archive.models import Study
    from scanward.people.kinds import CareKind
    from scanward.people.models import CareRelation, Patient

    there = Study.objects.count()
    patients = [Patient(family_name="Doe", given_name=str(n)) for n in range((to - there) // 10)]
    Patient.objects.bulk_create(patients, batch_size=500)
    studies = [
        Study(
            patient=patient,
            study_instance_uid=f"2.25.{uuid4().int}",
            performed_at=NOW - timedelta(minutes=number * 10 + n),
            key_id=uuid4().hex,
            received_at=NOW,
        )
        for number, patient in enumerate(patients)
        for n in range(10)
    ]
    Study.objects.bulk_create(studies, batch_size=500)
    missing = hers // 10 - CareRelation.objects.filter(account=dana).count()
    CareRelation.objects.bulk_create(
        [
            CareRelation(account=dana, patient=patient, kind=CareKind.CARE_TEAM, valid_from=NOW - timedelta(days=1))
            for patient in patients[:missing]
        ]
    )


def decisions(dana: Any, times: int) -> list[str]:
    """Time a decision with its entry, a decision alone, and a bare commit."""
    from django.db import connection

    from scanward.access.actions import authorize
    from scanward.access.actors import actor_of
    from scanward.access.decide import decide
    from scanward.access.kinds import Action, Context, RecordFacts
    from scanward.archive.visible import worklist
    from scanward.audit.event import Place
    from scanward.law.purpose import PurposeOfUse

    study = worklist(dana, now=NOW).first()
    actor = actor_of(dana, now=NOW)
    asked = (actor, Action.VIEW_STUDY, RecordFacts(study.patient_id, study.id), PurposeOfUse.TREATMENT)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (what TEXT)")

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bare VALUES ('x')")

    ways: list[tuple[str, Callable[[], object]]] = [
        ("decide and ledger entry", lambda: authorize(*asked, now=NOW, place=Place("192.0.2.1", "bench"))),
        ("decide alone", lambda: decide(*asked, Context(), now=NOW)),
        ("facts about the person (`actor_of`)", lambda: actor_of(dana, now=NOW)),
        ("a bare commit of one row", bare),
    ]
    for _name, work in ways:
        timed(work, 20)
    # In turns, so that a busy machine or disk is busy for all of them alike.
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name, _work in ways}
    for _turn in range(times):
        for name, work in ways:
            spent[name].append(timed(work, 1))
    medians = {name: [statistics.median(kind) for kind in zip(*rows, strict=True)] for name, rows in spent.items()}
    return [f"| {name} | {wall:.2f} ms | {cpu:.2f} ms |" for name, (wall, cpu) in medians.items()]


def listing(dana: Any, *, all_: int, hers: int, times: int) -> tuple[str, float, float]:
    """Time the first page, the last page and all of the worklist."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from scanward.archive.visible import worklist

    def first() -> object:
        return list(worklist(dana, now=NOW)[:PAGE])

    def last() -> object:
        return list(worklist(dana, now=NOW)[hers - PAGE : hers])

    def everything() -> object:
        return worklist(dana, now=NOW).count()

    with CaptureQueriesContext(connection) as seen:
        assert everything() == hers
        first()
    walls = [timed(work, times)[0] for work in (first, last, everything)]
    cells = " | ".join(f"{wall:.1f} ms" for wall in walls)
    return f"| {all_:,} | {hers:,} | {len(seen)} | {cells} |", walls[0], walls[2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write; a disk, not tmpfs")
    parser.add_argument("--times", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-access-") as place:
        set_up(Path(place))
        dana = clinician()
        rows = []
        for all_, hers in ((1_000, HERS), (10_000, HERS), (100_000, HERS), (110_000, 10_000)):
            grow(dana, to=all_, hers=hers)
            rows.append(listing(dana, all_=all_, hers=hers, times=20))
        print("| what | wall, median | CPU, median |\n|---|---|---|\n" + "\n".join(decisions(dana, options.times)))
        print("\n| studies in the house | hers | queries | first page | last page | count |\n|---|---|---|---|---|---|")
        print("\n".join(row for row, _first, _count in rows))
        first, count = rows[2][1] / rows[0][1], rows[2][2] / rows[0][2]
        print(f"\nA hundred times the house, the same patients of hers: first page {first:.1f}x, count {count:.1f}x.")


if __name__ == "__main__":
    main()
