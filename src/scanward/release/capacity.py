"""In what capacity somebody acts: for herself or whom she represents, or as staff; staff are patients, too."""

from datetime import datetime
from typing import Final

from scanward.access.decide import relations
from scanward.access.kinds import Actor, Context, RecordFacts, Relation
from scanward.access.purposes import AT_WORK
from scanward.law.purpose import PurposeOfUse

IN_CARE: Final = frozenset({PurposeOfUse.TREATMENT, PurposeOfUse.BREAK_GLASS})
FOR_THEMSELVES: Final = frozenset({Relation.OWN, Relation.REPRESENTED, Relation.SHARED})


def for_herself(actor: Actor, wanted: RecordFacts, *, now: datetime, purpose: PurposeOfUse | None = None) -> bool:
    """Whether somebody meets this record as its patient, her representative or the holder of a link, not by her work.

    Whoever has no role at all is never at work; for staff the closest relation decides, as in `access`, unless she does
    it for the care of a patient whom she also represents. Nobody treats away what is kept back of her own record.
    """
    if not actor.roles:
        return True
    standing = tuple(relations(actor, wanted, Context(), now=now))
    if purpose in IN_CARE and Relation.OWN not in standing and AT_WORK.intersection(standing):
        return False
    return standing[0] in FOR_THEMSELVES if standing else False


def purpose_of(actor: Actor, wanted: RecordFacts, *, now: datetime) -> PurposeOfUse:
    """For what somebody deals with a request: patients because they want to, staff for the records."""
    return PurposeOfUse.PATIENT_REQUEST if for_herself(actor, wanted, now=now) else PurposeOfUse.RECORDS
