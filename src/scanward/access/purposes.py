"""For what somebody opens a record, where the page does not ask: what the closest relation or the role stands for."""

from datetime import datetime

from scanward.access.decide import relations
from scanward.access.kinds import Action, Actor, Context, RecordFacts, Relation
from scanward.access.matrix import READ, RULES_FOR
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


def usual_purpose(
    actor: Actor, record: RecordFacts, *, now: datetime, at_desk: bool = False, action: Action | None = None
) -> PurposeOfUse:
    """Return the purpose that goes with how the actor stands to the record; it grants nothing by itself.

    It is the closest relation's, but at the desk that of work alone: who treats somebody whom she represents, treats
    there, and one's own record is for the portal. Who has several roles does each deed for that which it belongs to.
    """
    counts = AT_WORK if at_desk else BY_RELATION.keys()
    standing = tuple(relations(actor, record, Context(), now=now))
    found = [BY_RELATION[relation] for relation in standing if relation in counts]
    works = [purpose for role, purpose in BY_ROLE if role in actor.roles and _is_for(action, role, purpose, standing)]
    if found and (action is None or not works or _any_rule(action, found[0], standing)):
        return found[0]
    nobodys = PurposeOfUse.OPERATIONS if at_desk else PurposeOfUse.PATIENT_REQUEST
    held = (purpose for role, purpose in BY_ROLE if role in actor.roles)
    usual = works[0] if works else next(held, nobodys)
    # An officer reads a report where a complaint asks for it, and says so: no page of a scan opens to her by itself.
    opens = action is None or action in READ
    closed = usual is PurposeOfUse.COMPLIANCE and record.study is not None and opens
    return PurposeOfUse.OPERATIONS if closed else usual


def _is_for(action: Action | None, role: Role, purpose: PurposeOfUse, standing: tuple[Relation, ...]) -> bool:
    """Return whether a rule lets people of the role do this for the purpose, standing as the actor does."""
    rules = RULES_FOR.get(action, ()) if action else ()
    return any(role in (rule.roles or ()) and purpose in rule.purposes and rule.relation in standing for rule in rules)


def _any_rule(action: Action, purpose: PurposeOfUse, standing: tuple[Relation, ...]) -> bool:
    """Return whether the closest relation's purpose is one for which the deed is done at all."""
    return any(purpose in rule.purposes and rule.relation in standing for rule in RULES_FOR.get(action, ()))
