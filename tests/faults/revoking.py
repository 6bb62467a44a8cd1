"""A house in which an attorney's link is open: `python revoking.py FOLDER` prints the link's secret, revokes the
authorization behind it when a line comes in, and then says what became of the request.
"""

import contextlib
import io
import os
import sys
from datetime import timedelta
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
SIDE = 2048


def main(folder: Path) -> None:
    os.environ.update(SCANWARD_DATA=str(folder), SCANWARD_DEMO="1", DJANGO_SETTINGS_MODULE="scanward.settings")
    sys.path.insert(0, str(TESTS))
    from scanward.cli import set_up_django

    set_up_django()
    from django.utils import timezone

    from cast import ALICE, PLACE
    from scanward.archive.models import Study
    from scanward.law.authorization import RevocationForm, Statement
    from scanward.law.bases import RecipientKind
    from scanward.law.errors import Unlawful
    from scanward.law.tracks import Track
    from scanward.people.kinds import Role
    from scanward.people.models import Account
    from scanward.release import actions, house
    from scanward.release.machine import NotNow
    from scanward.release.models import Authorization
    from scanward.release.ways import Arrival

    grow()
    now = timezone.now()
    alice, hal = Account.objects.get(email="alice@example.org"), Account.objects.get(email="hal@example.org")
    study = Study.objects.get(patient__identifiers__value=ALICE.patient_id)
    from rooms.release.helping import in_review, staff

    second, to = staff("petra", Role.HIM_LEAD), "Lawson & Partners"
    asked = actions.Asked(
        patient=study.patient, studies=[study], track=Track.AUTHORIZATION, requester_name=to, contact="9 Court Street",
        delivery=Arrival.LINK,
        recipient=actions.RecipientDetails(kind=RecipientKind.ATTORNEY, name=to, address="9 Court Street", state="DC"),
    )  # fmt: skip
    request = actions.receive(asked, by=hal, now=now, place=PLACE)
    in_review(request, hal, now=now)
    today = house.today(now)
    paper = Authorization(
        patient=study.patient, description="CT images and report", discloser="Lakeside Hospital", recipient=to,
        purpose="Legal advice", expires_on=today + timedelta(days=9), signature="Alice Rivera", signed_on=today,
        statements=[each.value for each in Statement], created_at=now,
    )  # fmt: skip
    actions.check_authorization(request, paper, by=hal, now=now, place=PLACE)
    actions.confirm_recipient(request, {"name": to, "address": "9 Court Street"}, by=hal, now=now, place=PLACE)
    actions.note_local_rules(request, note="Nothing stricter.", by=hal, now=now, place=PLACE)
    actions.approve(request, by=hal, basis="authorization", now=now, place=PLACE)
    actions.build(request, by=hal, now=now, place=PLACE)
    actions.check_passed(request, by=second, note="", now=now, place=PLACE)
    over = actions.HandOver(expires_at=now + timedelta(days=3))
    print(actions.deliver(request, over, by=hal, now=now, place=PLACE).secret, study.pk, flush=True)
    sys.stdin.readline()
    actions.revoke(paper, by=alice, form=RevocationForm.PORTAL, now=timezone.now(), place=PLACE)
    print("revoked", flush=True)
    request.refresh_from_db()
    with contextlib.suppress(NotNow, Unlawful):
        actions.deliver(request, over, by=hal, now=timezone.now(), place=PLACE)
    told = [request.disclosures.count(), request.packages.filter(ended_at=None).count()]
    told.append(request.shares.filter(revoked_at=None).count())
    print(*told, flush=True)


def grow() -> None:
    """Eight more images of Alice's chest, eight megabytes each, so that a download takes its time."""
    import pydicom
    from django.utils import timezone

    from cast import ALICE, chest_of, sender
    from scanward.intake.receive import Item, receive

    found = []
    made = pydicom.dcmread(
        io.BytesIO(next(f.data for f in chest_of(ALICE).files if b"1.2.840.10008.5.1.4.1.1.2\0" in f.data))
    )
    for number in range(8):
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"2.25.77{number}"
        made.Rows = made.Columns = SIDE
        made.PixelData = os.urandom(SIDE) * SIDE * 2
        stream = io.BytesIO()
        made.save_as(stream)
        found.append(Item(f"{number}", stream.getvalue()))
    outcomes = list(receive(found, sender=sender(), now=timezone.now()))
    assert len(outcomes) == 8, outcomes


if __name__ == "__main__":
    main(Path(sys.argv[1]))
