"""What somebody is told whose authority to act for a patient has ended: that it did, and when (A3, C5).

She learns nothing that is newer than her authority: not who ended it or why, and of no study that she could not see on
its last day. Where the day itself would tell something, as a death does, it stays out.
"""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from scanward.access.kinds import RecordFacts
from scanward.access.standing import last_moment, representing
from scanward.people.kinds import Authority
from scanward.people.models import Account, Representation

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Ended:
    """An authority that held once and does not any more; `until` is None where the day would tell something."""

    patient: UUID
    authority: Authority
    since: datetime
    until: datetime | None


def ended_authorities(account: Account, *, now: datetime) -> list[Ended]:
    """Return the patients for whom somebody acted once and does not now, each with the authority that ended last."""
    rows = _rows(account)
    acting = {row.patient_id for row in rows if _holds(row, now=now)}
    past = {row.patient_id: found for row in rows if (found := _ended(row, None, now=now)) is not None}
    return [found for patient, found in past.items() if patient not in acting]


def ended_for(account: Account, wanted: RecordFacts, *, here_since: datetime, now: datetime) -> Ended | None:
    """Return the authority by which somebody could see this study, if it has ended; `here_since`: when the study came.

    Nothing is said about a study that came after the end, or that the authority never reached.
    """
    rows = (row for row in _rows(account) if row.patient_id == wanted.patient)
    found = (ended for row in rows if (ended := _ended(row, wanted, now=now, here_since=here_since)) is not None)
    return next(iter(sorted(found, key=lambda one: one.until or now, reverse=True)), None)


def _rows(account: Account) -> list[Representation]:
    """Return all authorities that the account ever had, the latest last."""
    rows = Representation.objects.filter(account=account).prefetch_related("patient__sensitive_studies")
    return list(rows.order_by("valid_from", "pk"))


def _holds(row: Representation, *, now: datetime) -> bool:
    """Return whether the authority holds now, however little it reaches."""
    fact = representing(row, (), now=now)
    return fact is not None and fact.valid_from <= now and (fact.valid_until is None or now < fact.valid_until)


def _ended(
    row: Representation, wanted: RecordFacts | None, *, now: datetime, here_since: datetime | None = None
) -> Ended | None:
    """Return the authority as it stood in its last moment, if it held then, is over, and reached what is wanted."""
    if _holds(row, now=now) or row.valid_from > now:
        return None
    last, telling = last_moment(row, now=now)
    moment = last - MOMENT
    held = representing(_before(row), row.patient.sensitive_studies.all(), now=moment)
    if held is None or moment < held.valid_from or (here_since is not None and moment < here_since):
        return None
    if wanted is not None and not held.covers(wanted, now=moment):
        return None
    return Ended(row.patient_id, Authority(row.authority), row.valid_from, None if telling else last)


def _before(row: Representation) -> Representation:
    """Return the authority as if nothing had happened to it or to the patient."""
    before, patient = copy(row), copy(row.patient)
    before.ended_at = before.refused_at = None
    if Authority(row.authority) is not Authority.EXECUTOR:
        patient.died_on = None
    patient.emancipated = False
    before.patient = patient
    return before
