"""For what somebody opens a record, where the page does not ask: what the closest relation or the role stands for."""

from datetime import datetime

from scanward.access.decide import relations
from scanward.access.kinds import Actor, Context, RecordFacts, Relation
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Role

BY_RELATION = {
    Relation.OWN: PurposeOfUse.PATIENT_REQUEST,
    Relation.REPRESENTED: PurposeOfUse.PATIENT_REQUEST,
    Relation.ASSIGNED: PurposeOfUse.TREATMENT,
    Relation.EMERGENCY: PurposeOfUse.BREAK_GLASS,
}
AT_WORK = frozenset({Relation.ASSIGNED, Relation.EMERGENCY})
# The first that the person has.
BY_ROLE = (
    (Role.TREATING_CLINICIAN, PurposeOfUse.TREATMENT),
    (Role.REFERRING_CLINICIAN, PurposeOfUse.TREATMENT),
    (Role.HIM_CLERK, PurposeOfUse.RECORDS),
    (Role.HIM_LEAD, PurposeOfUse.RECORDS),
    (Role.FRONT_DESK, PurposeOfUse.RECORDS),
    (Role.BILLING, PurposeOfUse.PAYMENT),
    (Role.PRIVACY_OFFICER, PurposeOfUse.COMPLIANCE),
    (Role.SECURITY_OFFICER, PurposeOfUse.COMPLIANCE),
    (Role.RESEARCHER, PurposeOfUse.RESEARCH),
    (Role.ADMINISTRATOR, PurposeOfUse.SYSTEM),
)


def usual_purpose(actor: Actor, record: RecordFacts, *, now: datetime, at_desk: bool = False) -> PurposeOfUse:
    """Return the purpose that goes with how the actor stands to the record; it grants nothing by itself.

    It is the closest relation's, but at the desk that of work alone: who treats somebody whom she represents, treats
    there, and one's own record is for the portal.
    """
    counts = AT_WORK if at_desk else BY_RELATION.keys()
    found = [relation for relation in relations(actor, record, Context(), now=now) if relation in counts]
    if found:
        return BY_RELATION[found[0]]
    nobodys = PurposeOfUse.OPERATIONS if at_desk else PurposeOfUse.PATIENT_REQUEST
    usual = next((purpose for role, purpose in BY_ROLE if role in actor.roles), nobodys)
    # An officer reads a report where a complaint asks for it, and says so: no page of a scan opens to her by itself.
    return PurposeOfUse.OPERATIONS if usual is PurposeOfUse.COMPLIANCE and record.study is not None else usual
