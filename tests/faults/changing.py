"""A house in which two people take a copy while the record changes: `python changing.py FOLDER` prints the secret of
Alice's link and the study; each line that comes in (`erase`, `move`) changes the record, and is answered.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


def main(folder: Path) -> None:
    os.environ.update(SCANWARD_DATA=str(folder), SCANWARD_DEMO="1", DJANGO_SETTINGS_MODULE="scanward.settings")
    sys.path.insert(0, str(TESTS))
    from scanward.cli import set_up_django

    set_up_django()
    from django.utils import timezone

    from cast import ALICE, CHARLIE, PLACE
    from faults.revoking import grow
    from scanward.archive.models import Study
    from scanward.archive.place import vault
    from scanward.people.models import Account, Patient
    from scanward.release import sharing

    grow()
    now = timezone.now()
    study = Study.objects.get(patient__identifiers__value=ALICE.patient_id)
    wish = sharing.Wish(
        recipient_name="Dr. Okoye", studies=[study], expires_at=now + timedelta(days=1), max_uses=9, may_download=True
    )
    made = sharing.create(wish, by=Account.objects.get(email="alice@example.org"), now=now, place=PLACE)
    print(made.secret, study.pk, flush=True)
    for line in sys.stdin:
        if line == "erase\n":
            vault().erase(study.key_id)
        else:
            other = Patient.objects.get(identifiers__value=CHARLIE.patient_id)
            Study.objects.filter(pk=study.pk).update(patient=other)
        print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
