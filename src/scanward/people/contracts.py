"""Companies that handle records for this house: none without a contract on file (A7, 45 CFR 164.502(e))."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.people.actions import NotAllowed, note
from scanward.people.models import Account, Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What stands in a contract, as somebody read it."""

    company: str
    services: str
    kept_at: str
    signed_on: date | None
    ends_on: date | None
    # That it holds what 45 CFR 164.504(e)(2) asks for.
    clauses_checked: bool


def enter_contract(terms: Terms, *, by: Account, actor: ActorRef, place: Place, today: date, now: datetime) -> Contract:
    """Put a contract on file, after somebody has read it.

    Raises:
        NotAllowed: something is missing; the text says what.
    """
    company, services, kept_at = (_plain(text) for text in (terms.company, terms.services, terms.kept_at))
    if not (company and services and kept_at) or terms.signed_on is None:
        raise NotAllowed(_("Fill in the company, what it does, where the contract is kept and when it was signed."))
    if terms.signed_on > today:
        raise NotAllowed(_("The contract is not signed yet: its day lies ahead."))
    if terms.ends_on is not None and terms.ends_on < today:
        raise NotAllowed(_("The contract has ended already."))
    if not terms.clauses_checked:
        raise NotAllowed(_("Read first whether the contract holds what the law asks for, and say so."))
    with transaction.atomic():
        made = Contract.objects.create(
            company=company[:200],
            company_key=_key(company),
            services=services[:300],
            kept_at=kept_at[:200],
            signed_on=terms.signed_on,
            ends_on=terms.ends_on,
            entered_by=by,
            entered_at=now,
        )
        note(
            EventKind.CONTRACT_CHANGED,
            SubjectKind.CONTRACT,
            made.id,
            actor=actor,
            place=place,
            now=now,
            detail={"contract": "entered", "signed": terms.signed_on.isoformat()},
        )
    return made


def end_contract(contract: Contract, *, actor: ActorRef, place: Place, now: datetime) -> None:
    """End a contract: from this moment on nothing goes to the company."""
    with transaction.atomic():
        if Contract.objects.filter(pk=contract.pk, ended_at=None).update(ended_at=now):
            note(
                EventKind.CONTRACT_CHANGED,
                SubjectKind.CONTRACT,
                contract.id,
                actor=actor,
                place=place,
                now=now,
                detail={"contract": "ended"},
            )


def contracts_in_force(*, on: date) -> QuerySet[Contract]:
    """Return the contracts that hold on a day."""
    lasting = Q(ends_on=None) | Q(ends_on__gte=on)
    return Contract.objects.filter(lasting, signed_on__lte=on, ended_at=None)


def has_contract(company: str, *, on: date) -> bool:
    """Return whether the company has a contract in force on this day."""
    key = _key(company)
    return bool(key) and contracts_in_force(on=on).filter(company_key=key).exists()


def _plain(text: str) -> str:
    return " ".join(text.split())


def _key(company: str) -> str:
    """Return a name as names are compared."""
    return _plain(company).casefold()[:200]
