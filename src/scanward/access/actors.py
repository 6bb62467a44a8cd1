"""Gathers the facts about a person that a decision needs."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import override

from scanward.access.kinds import Actor, Emergency, Representing
from scanward.access.models import BrokenGlass
from scanward.access.standing import has_died, representing
from scanward.audit.event import ActorRef
from scanward.people.kinds import ROLE_NAMES, Role
from scanward.people.models import Account, CareRelation, PatientLink, Representation, in_force


def actor_of(account: Account, *, now: datetime, roles: frozenset[Role] | None = None) -> Actor:
    """Return everything about the account that bears on what it may see now; `roles` where they are known already."""
    roles = account.roles_at(now) if roles is None else roles
    return Actor(
        id=str(account.id),
        display=account.full_name,
        active=account.is_active,
        roles=roles,
        own_patients=_own(account, now=now),
        representing=_authorities(account, now=now),
        assigned_patients=InCare(account, now) if roles else frozenset(),
        emergencies=_emergencies(account, now=now) if roles else (),
    )


def _own(account: Account, *, now: datetime) -> frozenset[UUID]:
    """Return who the person is; the account of somebody who has died is not the patient any more."""
    links = PatientLink.objects.filter(account_id=account.pk)
    rows = links.values_list("patient_id", "since", "ended_at", "patient__died_on")
    return frozenset(
        patient
        for patient, since, ended, died in rows
        if in_force(since, ended, now=now) and not has_died(died, now=now)
    )


def reference(actor: Actor) -> ActorRef:
    """Return how the ledger names the actor: in English, whatever language the actor reads."""
    with override("en"):
        roles = ", ".join(str(ROLE_NAMES[role]) for role in sorted(actor.roles))
    return ActorRef(actor.id, actor.display, roles or "patient or representative")


@dataclass(frozen=True, slots=True)
class InCare:
    """The patients of a clinician's worklist at a time, each looked up once when asked for: there may be thousands."""

    account: Account
    now: datetime
    _known: dict[UUID, bool] = field(default_factory=dict, repr=False, compare=False)

    def __contains__(self, patient: object) -> bool:
        """Return whether the clinician treats the patient."""
        if not isinstance(patient, UUID):
            return False
        if patient not in self._known:
            self._known[patient] = in_care(self.account, now=self.now).filter(patient_id=patient).exists()
        return self._known[patient]


def in_care(account: Account, *, now: datetime) -> QuerySet[CareRelation]:
    """Return the clinician's relations of care that are in force."""
    return CareRelation.objects.filter(account=account, valid_from__lte=now).filter(open_at("valid_until", now))


def open_at(name: str, now: datetime) -> Q:
    """Match rows whose end is not there, or not yet."""
    return Q(**{name: None}) | Q(**{f"{name}__gt": now})


def _authorities(account: Account, *, now: datetime) -> tuple[Representing, ...]:
    """Return the authorities that the law lets stand today."""
    # Most people represent nobody: the patients and their labels are asked for only when there are any.
    rows = Representation.objects.filter(account_id=account.pk).prefetch_related("patient__sensitive_studies")
    facts = (representing(row, row.patient.sensitive_studies.all(), now=now) for row in rows)
    return tuple(fact for fact in facts if fact is not None)


def _emergencies(account: Account, *, now: datetime) -> tuple[Emergency, ...]:
    """Return the records that are open because the glass is broken."""
    rows = BrokenGlass.objects.filter(account_id=account.pk, ends_at__gt=now).order_by()
    found = rows.values_list("patient_id", "opened_at", "ends_at")
    return tuple(Emergency(patient, opened, ends) for patient, opened, ends in found if opened <= now)
