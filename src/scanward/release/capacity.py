"""In what capacity somebody acts: for herself or whom she represents, or as staff; staff are patients, too."""

from datetime import datetime
from typing import Final

from scanward.access.decide import relations
from scanward.access.kinds import Actor, Context, RecordFacts, Relation
from scanward.law.purpose import PurposeOfUse

FOR_THEMSELVES: Final = frozenset({Relation.OWN, Relation.REPRESENTED, Relation.SHARED})


def for_herself(actor: Actor, wanted: RecordFacts, *, now: datetime) -> bool:
    """Whether somebody meets this record as its patient, her representative or the holder of a link, not by her work.

    Whoever has no role at all is never at work; for staff the closest relation decides, as in `access`.
    """
    if not actor.roles:
        return True
    return next(relations(actor, wanted, Context(), now=now), None) in FOR_THEMSELVES


def purpose_of(actor: Actor, wanted: RecordFacts, *, now: datetime) -> PurposeOfUse:
    """For what somebody deals with a request: patients because they want to, staff for the records."""
    return PurposeOfUse.PATIENT_REQUEST if for_herself(actor, wanted, now=now) else PurposeOfUse.RECORDS
