"""From when to when, and over which studies, an authority on file holds: the law's view of a row."""

from collections.abc import Iterable
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from scanward.access.kinds import Representing
from scanward.access.models import SensitiveStudy
from scanward.law import representatives as law
from scanward.law.errors import Unlawful
from scanward.people.kinds import Authority
from scanward.people.models import Patient, Representation

IN_LAW = {
    Authority.PARENT: law.Authority.PARENT,
    Authority.GUARDIAN: law.Authority.GUARDIAN,
    Authority.POWER_OF_ATTORNEY: law.Authority.POWER_OF_ATTORNEY,
    Authority.COURT_ORDER: law.Authority.COURT_ORDER,
    Authority.EXECUTOR: law.Authority.EXECUTOR,
}
PARENTAL = frozenset({Authority.PARENT, Authority.GUARDIAN})


def representing(row: Representation, sensitive: Iterable[SensitiveStudy], *, now: datetime) -> Representing | None:
    """Return the authority as a decision needs it; None where the law says that it does not hold today.

    Law: 45 CFR 164.502(g)
    """
    if why_not(row, now=now):
        return None
    hidden = frozenset(label.study_id for label in sensitive if is_hidden(row, label, now=now))
    studies = frozenset(UUID(study) for study in row.study_ids)
    return Representing(row.patient_id, _begin(row), _end(row, now=now), studies, hidden)


def why_not(row: Representation, *, now: datetime) -> str:
    """Return why the authority does not hold today, or nothing."""
    if row.ended_at is not None:  # also when the clock was set back since
        return _("It was ended.")
    if Authority(row.authority) is Authority.PARENT and row.patient.birth_date is None:
        return _("The date of birth is not known, so nobody can say whether the person is a minor.")
    try:
        law.standing(_held(row), _represented(row, now=now), on=today(now))
    except Unlawful as refused:
        return _(refused.sentence)
    return ""


def is_hidden(row: Representation, label: SensitiveStudy, *, now: datetime) -> bool:
    """Return whether a sensitive study stays hidden from this representative, 164.502(g)(3)."""
    if row.without_sensitive:
        return True
    if Authority(row.authority) not in PARENTAL or not is_minor(row.patient, now=now):
        return False
    try:
        # A guardian, and whoever stands in a parent's place, is bound by the same rule as a parent.
        law.standing(
            law.Representation(authority=law.Authority.PARENT, document_verified=True, valid_from=date.min),
            _represented(row, now=now, label=label),
            on=today(now),
        )
    except Unlawful:
        return True
    return False


def _held(row: Representation) -> law.Representation:
    """Return the paper; its exact times are looked at by the decision, to the minute."""
    return law.Representation(authority=IN_LAW[Authority(row.authority)], document_verified=True, valid_from=date.min)


def _represented(row: Representation, *, now: datetime, label: SensitiveStudy | None = None) -> law.Represented:
    """Return what the law asks about the person."""
    patient = row.patient
    return law.Represented(
        # Without a date of birth an authority that does not depend on age still holds.
        born=patient.birth_date or date(1900, 1, 1),
        state=settings.FACILITY_STATE,
        study="",
        care=law.Care(label.care) if label else law.Care.GENERAL,
        consented_alone=bool(label and label.consented_alone),
        other_consent=bool(label and label.other_consent),
        parent_agreed_to_confidentiality=bool(label and label.parent_agreed),
        emancipated=patient.emancipated,
        died_on=patient.died_on,
        endangered_by_representative=row.refused_at is not None and row.refused_at <= now,
    )


def _begin(row: Representation) -> datetime:
    """Return from when it holds: an executor's authority begins with the death."""
    died = row.patient.died_on
    executor = Authority(row.authority) is Authority.EXECUTOR
    return max(row.valid_from, _midnight(died)) if executor and died else row.valid_from


def _end(row: Representation, *, now: datetime) -> datetime | None:
    """Return until when it holds: its own end, its revocation, majority, or the patient's death."""
    ends = [*_own_ends(row, now=now), *_by_death(row)]
    return min(ends) if ends else None


def last_moment(row: Representation, *, now: datetime) -> tuple[datetime, bool]:
    """Return when an authority that is over ended, and whether that moment would tell what happened to the patient.

    A court that makes a minor of age leaves no date here: the answer is then now.
    """
    known = [*_own_ends(row, now=now), *([row.refused_at] if row.refused_at else [])]
    last = min([end for end in known if end <= now], default=now)
    died = min(_by_death(row), default=last)
    if died < last:
        return died, True
    return last, last not in known


def _own_ends(row: Representation, *, now: datetime) -> list[datetime]:
    """Return the ends that the paper, the desk and the law on minors set."""
    ends = [end for end in (row.valid_until, row.ended_at) if end is not None]
    if Authority(row.authority) is Authority.PARENT and (born := row.patient.birth_date):
        age = settings.PROXY_ENDS_AT_AGE or None
        of_age = law.proxy_ends_on(born, state=settings.FACILITY_STATE, on=today(now), house_age=age)
        ends.append(_midnight(of_age))
    return ends


def _by_death(row: Representation) -> list[datetime]:
    """Return the end that the patient's death sets; an executor's authority begins with it."""
    died = row.patient.died_on
    return [_midnight(died)] if died and Authority(row.authority) is not Authority.EXECUTOR else []


def is_minor(patient: Patient, *, now: datetime) -> bool:
    """Return whether the patient is not of age yet; without a date of birth nobody can say, so yes."""
    if patient.emancipated:
        return False
    if patient.birth_date is None:
        return True
    of_age = law.proxy_ends_on(patient.birth_date, state=settings.FACILITY_STATE, on=today(now))
    return today(now) < of_age


def has_died(died_on: date | None, *, now: datetime) -> bool:
    """Return whether somebody has died, as far as the house knows."""
    return died_on is not None and died_on <= today(now)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.FACILITY_TIME_ZONE)


def today(now: datetime) -> date:
    """Return the day that it is at the facility."""
    return now.astimezone(_zone()).date()


def _midnight(day: date) -> datetime:
    """Return the first moment of the day at the facility."""
    return datetime.combine(day, time.min, _zone())
