"""Rules over the ledger that raise a task for the privacy officer (K10, 45 CFR 164.308(a)(1)(ii)(D)).

A rule that finds nothing proves nothing: each one says what it can't see, and the page shows that beside it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.archive.urgent import whom
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.oversight.kinds import AnomalyRule
from scanward.people.matching import letters
from scanward.people.models import Account, Patient, PatientLink

WINDOW = timedelta(hours=26)
MANY_PATIENTS, MANY_IN = 30, timedelta(hours=1)
NIGHT_HOURS = range(5)
NIGHT_PATIENTS = 3
GLASSES = 3
REFUSALS = 10
LOOKS = [
    kind.value
    for kind in (
        EventKind.RECORD_OPENED,
        EventKind.IMAGES_OPENED,
        EventKind.REPORT_VIEWED,
        EventKind.DOWNLOADED,
    )
]


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry, as far as the rules need it."""

    seq: int
    at: datetime
    kind: str
    account: UUID
    patient: UUID | None


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a person should look at."""

    rule: AnomalyRule
    account: UUID
    patient: UUID | None
    deeds: tuple[Deed, ...]

    @property
    def fingerprint(self) -> str:
        """What makes it one case: the rule, the person, the patient and the day at the facility."""
        day = self.deeds[-1].at.astimezone(ZoneInfo(settings.FACILITY_TIME_ZONE)).date().isoformat()
        return f"{self.rule.value}:{self.account}:{self.patient or ''}:{day}"


@dataclass(frozen=True, slots=True)
class Spec:
    """One rule: what it looks for, what it can't see, and how it looks."""

    looks_for: str | Promise
    blind_to: str | Promise
    find: Callable[[Sequence[Deed]], Iterator[Found]]


def find_all(*, now: datetime) -> Iterator[Found]:
    """Hold every rule against what members of the staff did in the last day, and against what they left undone."""
    deeds = [*_deeds(now=now), *_urgent_results(now=now)]
    for spec in SPECS.values():
        yield from spec.find(deeds)


def _deeds(*, now: datetime) -> list[Deed]:
    """Return what staff did, the oldest first; what people do with their own record is none of it."""
    kinds = [*LOOKS, EventKind.GLASS_BROKEN.value, EventKind.DECISION_REFUSED.value]
    rows = Entry.objects.filter(at__gt=now - WINDOW, at__lte=now, kind__in=kinds).order_by("at", "seq")
    staff = {str(key) for key in Account.objects.exclude(assignments=None).values_list("id", flat=True)}
    links = PatientLink.objects.filter(ended_at=None).values_list("account_id", "patient_id")
    own = {(str(account), str(patient)) for account, patient in links}
    return [
        Deed(seq, at, kind, UUID(actor), UUID(patient) if patient else None)
        for seq, at, kind, actor, patient in rows.values_list("seq", "at", "kind", "actor_id", "patient_id").iterator()
        if actor in staff and (actor, patient) not in own
    ]


def _urgent_results(*, now: datetime) -> Iterator[Deed]:
    """Return the findings that have been marked as urgent for long enough, each with who has to act (H9)."""
    rows = Entry.objects.filter(
        kind=EventKind.URGENT_FINDING_FLAGGED.value,
        at__gt=now - WINDOW,
        at__lte=now - timedelta(hours=settings.URGENT_HOURS),
    )
    for seq, at, kind, patient_id in rows.order_by("seq").values_list("seq", "at", "kind", "patient_id"):
        patient = Patient.objects.filter(pk=patient_id).first()
        for account in whom(patient, now=now)[:1] if patient else []:
            yield Deed(seq, at, kind, account.pk, UUID(patient_id))


def _by_account(deeds: Sequence[Deed], kinds: Sequence[str]) -> dict[UUID, list[Deed]]:
    """Group the deeds of these kinds by who did them."""
    grouped: dict[UUID, list[Deed]] = defaultdict(list)
    for deed in deeds:
        if deed.kind in kinds:
            grouped[deed.account].append(deed)
    return grouped


def _many_patients(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find who opened the records of many patients within an hour."""
    for account, looks in _by_account(deeds, LOOKS).items():
        start = 0
        for end, last in enumerate(looks):
            while last.at - looks[start].at > MANY_IN:
                start += 1
            within = looks[start : end + 1]
            if len({look.patient for look in within}) >= MANY_PATIENTS:
                yield Found(AnomalyRule.MANY_PATIENTS, account, None, tuple(within))
                break


def _pairs(deeds: Sequence[Deed]) -> dict[tuple[UUID, UUID], list[Deed]]:
    """Group the looks by who looked at whom."""
    grouped: dict[tuple[UUID, UUID], list[Deed]] = defaultdict(list)
    for deed in deeds:
        if deed.kind in LOOKS and deed.patient:
            grouped[deed.account, deed.patient].append(deed)
    return grouped


def _same_name(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find who looked at somebody with the same family name."""
    pairs = _pairs(deeds)
    accounts = Account.objects.in_bulk({account for account, _patient in pairs})
    patients = Patient.objects.in_bulk({patient for _account, patient in pairs})
    for (account, patient), looks in pairs.items():
        if account in accounts and patient in patients and _alike(accounts[account], patients[patient]):
            yield Found(AnomalyRule.SAME_NAME, account, patient, tuple(looks))


def _alike(account: Account, patient: Patient) -> bool:
    """Return whether the account's name ends with the patient's family name."""
    family = letters(patient.family_name)
    return bool(family) and letters(account.full_name).endswith(family)


def _coworker(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find who looked at a colleague."""
    links = PatientLink.objects.filter(ended_at=None).exclude(account__assignments=None)
    colleagues = dict(links.values_list("patient_id", "account_id"))
    for (account, patient), looks in _pairs(deeds).items():
        if patient in colleagues and colleagues[patient] != account:
            yield Found(AnomalyRule.COWORKER, account, patient, tuple(looks))


def _watched(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find every look at a record under special watch."""
    watched = set(Patient.objects.filter(watched=True).values_list("id", flat=True))
    for (account, patient), looks in _pairs(deeds).items():
        if patient in watched:
            yield Found(AnomalyRule.WATCHED, account, patient, tuple(looks))


def _night(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find who looked at several patients in the small hours."""
    zone = ZoneInfo(settings.FACILITY_TIME_ZONE)
    for account, looks in _by_account(deeds, LOOKS).items():
        late = [look for look in looks if look.at.astimezone(zone).hour in NIGHT_HOURS]
        if len({look.patient for look in late}) >= NIGHT_PATIENTS:
            yield Found(AnomalyRule.NIGHT, account, None, tuple(late))


def _glass_rate(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find who breaks the glass often."""
    for account, broken in _by_account(deeds, [EventKind.GLASS_BROKEN.value]).items():
        if len(broken) >= GLASSES:
            yield Found(AnomalyRule.GLASS_RATE, account, None, tuple(broken))


def _many_refusals(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find who keeps trying what is not allowed."""
    for account, refused in _by_account(deeds, [EventKind.DECISION_REFUSED.value]).items():
        if len(refused) >= REFUSALS:
            yield Found(AnomalyRule.MANY_REFUSALS, account, None, tuple(refused))


def _urgent_unread(deeds: Sequence[Deed]) -> Iterator[Found]:
    """Find urgent results of which nobody on the staff has opened the report since."""
    for flag in deeds:
        if flag.kind == EventKind.URGENT_FINDING_FLAGGED.value and not any(
            deed.kind == EventKind.REPORT_VIEWED.value and deed.patient == flag.patient and deed.at >= flag.at
            for deed in deeds
        ):
            yield Found(AnomalyRule.URGENT_UNREAD, flag.account, flag.patient, (flag,))


SPECS: dict[AnomalyRule, Spec] = {
    AnomalyRule.MANY_PATIENTS: Spec(
        _("One person opened the records of 30 or more patients within an hour."),
        _("Somebody who opens a few each day for weeks; somebody whose work is to open many."),
        _many_patients,
    ),
    AnomalyRule.SAME_NAME: Spec(
        _("A member of the staff looked at a patient with the same family name."),
        _("Relatives with another name, neighbours and friends; and many people share a name by chance."),
        _same_name,
    ),
    AnomalyRule.COWORKER: Spec(
        _("A member of the staff looked at the record of a colleague."),
        _("Colleagues who have no account here that is linked to their record."),
        _coworker,
    ),
    AnomalyRule.WATCHED: Spec(
        _("Somebody looked at a record that is under special watch."),
        _("Persons in the news whom nobody has put under watch yet."),
        _watched,
    ),
    AnomalyRule.NIGHT: Spec(
        _("One person looked at three or more patients between midnight and five."),
        _("Who has the night shift: the rule does not know the rota."),
        _night,
    ),
    AnomalyRule.GLASS_RATE: Spec(
        _("One person broke the glass three times or more within a day."),
        _("Whether each time was needed; that is what the reviews are for."),
        _glass_rate,
    ),
    AnomalyRule.MANY_REFUSALS: Spec(
        _("One person was refused ten times or more within a day."),
        _("Somebody who knows exactly what is allowed, and misuses that."),
        _many_refusals,
    ),
    AnomalyRule.URGENT_UNREAD: Spec(
        _("A finding was marked as urgent, and nobody on the staff has opened the report for hours."),
        _("Who was called by telephone. The name is of who ordered or treats, or of a lead where nobody is known."),
        _urgent_unread,
    ),
}
