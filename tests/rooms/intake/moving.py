"""Fetches a study for Alice by C-MOVE, in a hospital of its own whose listener runs beside; run by test_move.py.

`python tests/rooms/intake/moving.py STUDY_UID` prints what came of it: state, how many are here, how many tries.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["DJANGO_SETTINGS_MODULE"] = "scanward.settings"


def main(study_uid: str) -> None:
    from scanward.cli import set_up_django

    set_up_django()
    from django.utils import timezone

    from cast import PLACE, assemble
    from scanward.intake.models import RetrievalState
    from scanward.intake.pull import fetching
    from scanward.intake.pull.pacs import load

    cast, [pacs] = assemble(), load()
    row = fetching.start(pacs, cast.alices, study_uid, by=cast.hal, place=PLACE, now=timezone.now())
    while row.state == RetrievalState.WAITING and row.tries < fetching.MOST_TRIES:
        fetching.work(row, now=timezone.now())
        row.refresh_from_db()
    print("RESULT", row.state, row.here, row.tries, row.problem)


if __name__ == "__main__":
    main(sys.argv[1])
