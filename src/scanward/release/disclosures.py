"""The register of disclosures: the one function that writes a row, and what is derived from the rows."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from scanward.archive.models import Study
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law import accounting
from scanward.law.bases import Basis
from scanward.law.documents import BASIS_ROWS
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Patient
from scanward.release import house
from scanward.release.models import AccountingSuspension, Disclosure, ReleaseRequest, Share

_KINDS: Final[dict[str, str | Promise]] = {
    "CT images and report": _("CT images and report"),
    "CT images": _("CT images"),
    "report": _("Report"),
}
# Of whoever was told of a correction, and how (45 CFR 164.526(c)(3)).
CORRECTED: Final = gettext_noop("What was corrected in the record")
BY_WORD: Final = "told"
_DESCRIBED: Final = re.compile(
    r"(?:(?P<sent>\d+) of (?P<total>\d+): )?(?P<what>CT images and report|CT images|report)"
    r"(?: of (?P<days>\d{4}-\d\d-\d\d(?:, \d{4}-\d\d-\d\d)*))?"
)


def disclose(
    studies: Iterable[Study],
    *,
    recipient: str,
    address: str,
    description: str,
    basis: Basis,
    purpose: PurposeOfUse | None = None,
    channel: str,
    by: ActorRef,
    now: datetime,
    place: Place,
    request: ReleaseRequest | None = None,
    share: Share | None = None,
    manifest_sha256: str = "",
    at: datetime | None = None,
) -> Disclosure:
    """Write the row and its entry, in the transaction of the deed that it belongs to (L5, L6, 45 CFR 164.528).

    `at` is when it happened, where it is written down later.
    """
    given = list(studies)
    patient = given[0].patient
    what_for = purpose or BASIS_ROWS[basis].purpose
    row = Disclosure.objects.create(
        patient=patient,
        request=request,
        share=share,
        recipient=recipient[:300],
        # One line, as the list of disclosures has it.
        address=", ".join(address.splitlines())[:500],
        description=description[:500],
        purpose=what_for.sentence,
        basis=basis.value,
        channel=channel,
        study_ids=[str(study.pk) for study in given],
        manifest_sha256=manifest_sha256,
        at=at or now,
    )
    record(
        EventKind.DISCLOSED,
        actor=by,
        subject=SubjectRef(SubjectKind.DELIVERY, str(row.pk), patient=str(patient.pk)),
        purpose=what_for,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"basis": basis.name, "channel": channel, "studies": len(given)},
    )
    return row


def described(*, images: bool, report: bool, studies: Iterable[Study]) -> str:
    """What went out, in words for the register: kinds and dates, not the findings."""
    what = " and ".join(word for word, there in (("CT images", images), ("report", report)) if there)
    days = sorted({house.today(study.performed_at).isoformat() for study in studies if study.performed_at})
    return f"{what} of {', '.join(days)}" if days else what


def told(description: str) -> str:
    """Say a register's line in the reader's language, with its dates written out; other words stay as they are."""
    line = _DESCRIBED.fullmatch(description)
    if line is None:
        return gettext(description) if description == CORRECTED else description
    what = str(_KINDS[line["what"]])
    if line["total"]:
        what = f"{what} ({line['sent']}/{line['total']})"
    if not line["days"]:
        return what
    days = ", ".join(date_format(date.fromisoformat(day), "DATE_FORMAT") for day in line["days"].split(", "))
    return gettext("{what}, of {days}").format(what=what, days=days)


def account_for(
    patient: Patient, *, now: datetime, wanted: accounting.Period | None = None
) -> tuple[accounting.Entry, ...]:
    """The accounting of 45 CFR 164.528: the register without the nine exclusions, six years back."""
    return accounting.account(
        [row.as_law() for row in Disclosure.objects.filter(patient=patient)],
        asked_on=house.today(now),
        zone=house.zone(),
        wanted=wanted,
        suspensions=suspensions_of(patient.pk),
    )


def suspensions_of(patient: UUID) -> list[accounting.Suspension]:
    """The officials' statements about this record that nobody has taken back; each ends by itself."""
    return [row.as_law() for row in AccountingSuspension.objects.filter(patient=patient, ended_at=None)]
