"""Marks of all that opens records to somebody: a page that stands open notices when one of them is gone (A3, K1).

A mark tells nothing to who reads it: it is keyed, and only has to be known again.
"""

from datetime import datetime

from django.utils.crypto import salted_hmac

from scanward.access.kinds import Actor, Representing
from scanward.people.kinds import CLINICIANS
from scanward.people.models import Account, CareRelation

LENGTH = 12


def marks(account: Account, actor: Actor, *, now: datetime) -> tuple[str, ...]:
    """Return a mark for each role, own record, authority with its scope, open emergency, and ended relation of care.

    The first letter says which: a half-written form outlives the end of an emergency (e) and of a relation (c), for
    the server refuses it then; nothing on the screen outlives the other three.
    """
    parts = [
        *(("r", role.value) for role in actor.roles),
        *(("o", str(patient)) for patient in actor.own_patients),
        *(("p", _scope(authority)) for authority in actor.representing if _holds(authority, now=now)),
        *(("e", str(emergency.patient)) for emergency in actor.emergencies),
    ]
    if actor.roles & CLINICIANS:
        # Of a list with thousands of patients, those who left it: who joins it changes no page that is open.
        left = CareRelation.objects.filter(account=account, valid_until__lte=now).count()
        parts.append(("c", str(left)))
    return tuple(sorted({letter + _mark(account, letter, text) for letter, text in parts}))


def _holds(authority: Representing, *, now: datetime) -> bool:
    return authority.valid_from <= now and (authority.valid_until is None or now < authority.valid_until)


def _scope(authority: Representing) -> str:
    """Return whom an authority is about, and how far it reaches."""
    reach = ("|".join(sorted(map(str, some))) for some in (authority.study_ids, authority.hidden_studies))
    return ":".join([str(authority.patient), *reach])


def _mark(account: Account, letter: str, text: str) -> str:
    return salted_hmac("scanward.marks", f"{account.pk}:{letter}:{text}").hexdigest()[:LENGTH]
