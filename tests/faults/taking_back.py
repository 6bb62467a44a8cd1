"""A house in which four people have a copy on its way: `python taking_back.py FOLDER`.

It prints who they are, with the cookie of a session and the addresses of the scan and of the copy; then takes back
what each line that comes in names: a role, a relation of care, a session, an authority to act for somebody.
"""

import json
import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent


def main(folder: Path) -> None:
    os.environ.update(SCANWARD_DATA=str(folder), SCANWARD_DEMO="1", DJANGO_SETTINGS_MODULE="scanward.settings")
    sys.path[:0] = [str(TESTS), str(TESTS / "faults")]
    from scanward.cli import set_up_django

    set_up_django()
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone
    from revoking import grow

    from cast import ALICE, BY, PLACE, person
    from scanward.access.care import let_go
    from scanward.archive.models import Study
    from scanward.people import actions
    from scanward.people.kinds import CareKind, Role
    from scanward.people.models import Account
    from scanward.people.representing import end_representation
    from scanward.people.sessions import end_sessions
    from scanward.people.staff import end_role

    grow()
    alice, ruth, dana, hal, sam = (
        Account.objects.get(email=f"{name}@example.org") for name in ("alice", "ruth", "dana", "hal", "sam")
    )
    study = Study.objects.get(patient__identifiers__value=ALICE.patient_id)
    kim, now = person("kim"), timezone.now()
    actions.assign_role(kim, Role.TREATING_CLINICIAN, by=None, actor=BY, place=PLACE, now=now)
    actions.add_care_relation(kim, study.patient, kind=CareKind.CARE_TEAM, actor=BY, place=PLACE, now=now)

    def inside(account: Account) -> dict[str, str]:
        client = Client(SERVER_NAME="localhost")
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        client.get(reverse("security"))
        copy = client.post(reverse("download", args=[study.pk]))["Location"]
        cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
        return {"cookies": cookies, "page": reverse("study", args=[study.pk]), "copy": copy}

    takes = {
        "role": (kim, lambda: end_role(kim.assignments.get(), by=sam, place=PLACE, now=timezone.now())),
        "relation": (
            dana,
            lambda: let_go(dana.care_relations.get(patient=study.patient), by=hal, place=PLACE, now=timezone.now()),
        ),
        "session": (alice, lambda: end_sessions(alice, but=None, actor=BY, place=PLACE, now=timezone.now())),
        "representation": (
            ruth,
            lambda: end_representation(ruth.representations.get(), actor=BY, place=PLACE, now=timezone.now()),
        ),
    }
    print(json.dumps({what: inside(account) for what, (account, _take) in takes.items()}), flush=True)
    for line in sys.stdin:
        takes[line.strip()][1]()
        print("taken back", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
