"""Why may somebody do something, or why not? The decision, and each rule that came near, with what was missing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scanward.access.decide import Asked, decide, relations
from scanward.access.kinds import Action, Actor, Context, Emergency, Grant, RecordFacts, Refusal, Relation, Representing
from scanward.access.matrix import GRANT_LASTS, RULES_FOR, Rule
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Role

# What a person who is only supposed may be to the patient.
SUPPOSED = (Relation.OTHER, Relation.OWN, Relation.REPRESENTED, Relation.ASSIGNED, Relation.EMERGENCY)


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule about the action, and which of its three conditions this person meets."""

    rule: Rule
    role_fits: bool
    relation_fits: bool
    purpose_fits: bool

    @property
    def allows(self) -> bool:
        """Whether all three are met."""
        return self.role_fits and self.relation_fits and self.purpose_fits

    @property
    def missing(self) -> str:
        """What is not met, in words; empty if nothing is missing."""
        parts = (
            (self.role_fits, "role"),
            (self.relation_fits, f"relation to the record ({self.rule.relation.value})"),
            (self.purpose_fits, "purpose"),
        )
        return ", ".join(name for fits, name in parts if not fits)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer to "may X do Y, and why (not)?"."""

    decision: Grant | Refusal
    relations: tuple[Relation, ...]
    tried: tuple[Tried, ...]

    @property
    def allowed(self) -> bool:
        """Whether the answer is yes."""
        return isinstance(self.decision, Grant)


def supposed(
    display: str, *, role: Role | None, relation: Relation | None, patient: UUID | None, now: datetime
) -> Actor:
    """Return a person who does not exist, with this role and this relation to the patient."""
    near = relation if patient else None
    hers = frozenset({patient} if patient else ())
    nobodys: frozenset[UUID] = frozenset()
    return Actor(
        "nobody",
        display,
        roles=frozenset({role} if role else ()),
        own_patients=hers if near is Relation.OWN else nobodys,
        assigned_patients=hers if near is Relation.ASSIGNED else nobodys,
        representing=tuple(Representing(one, now, None) for one in hers) if near is Relation.REPRESENTED else (),
        emergencies=tuple(Emergency(one, now, now + GRANT_LASTS) for one in hers) if near is Relation.EMERGENCY else (),
    )


def explain(
    actor: Actor, action: Action, record: RecordFacts, purpose: PurposeOfUse, context: Context, *, now: datetime
) -> Explanation:
    """Decide as always, and show every rule about the action, those that came nearest first."""
    standing = tuple(relations(actor, record, context, now=now))
    asked = Asked(actor, action, record, purpose, now)
    tried = sorted((_try(rule, asked, standing) for rule in RULES_FOR[action]), key=lambda one: len(one.missing))
    return Explanation(decide(actor, action, record, purpose, context, now=now), standing, tuple(tried))


def _try(rule: Rule, asked: Asked, standing: tuple[Relation, ...]) -> Tried:
    """Hold one rule against the question."""
    return Tried(
        rule,
        role_fits=rule.roles is None or bool(rule.roles & asked.actor.roles),
        relation_fits=rule.relation in standing and asked.given(rule.relation),
        purpose_fits=asked.purpose in rule.purposes,
    )
