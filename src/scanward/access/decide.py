"""The only place that says yes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scanward.access.kinds import (
    _SEAL,
    Action,
    Actor,
    Context,
    Emergency,
    Grant,
    RecordFacts,
    Refusal,
    Relation,
    Representing,
    Sharing,
)
from scanward.access.matrix import GRANT_LASTS, RULES_FOR, Rule
from scanward.law.purpose import PurposeOfUse


def decide(
    actor: Actor, action: Action, record: RecordFacts, purpose: PurposeOfUse, context: Context, *, now: datetime
) -> Grant | Refusal:
    """Say whether the actor may do this to the record for this purpose, and why.

    A pure function of its arguments. Whatever no rule allows is refused (45 CFR 164.502(a)).
    """
    asked = Asked(actor, action, record, purpose, now)
    if not actor.active:
        return asked.refused("inactive", "The account is closed.")
    if action in context.held:
        return asked.refused("hold", f"A rule of law holds this back for now ({context.held[action]}).")
    if actor.id in context.barred:
        return asked.refused("separation-of-duty", f"Another person has to do this: {context.barred[actor.id]}")
    for relation in relations(actor, record, context, now=now):
        for rule in RULES_FOR.get(action, ()):
            if asked.fits(rule, relation):
                return asked.granted(rule)
    return asked.refused("no-rule", "No rule allows this person to do this with this record for this purpose.")


def relations(actor: Actor, record: RecordFacts, context: Context, *, now: datetime) -> Iterator[Relation]:
    """Yield how the actor stands to the record, the closest first; everybody is at least an other."""
    if record.patient is None:
        # A study without its patient is no record that anyone knows.
        if record.study is None:
            yield Relation.HOUSE
        return
    if record.patient in actor.own_patients:
        yield Relation.OWN
    if any(authority.covers(record, now=now) for authority in actor.representing):
        yield Relation.REPRESENTED
    if any(share.covers(record, now=now) for share in actor.shares):
        yield Relation.SHARED
    if record.patient in actor.assigned_patients:
        yield Relation.ASSIGNED
    if any(emergency.covers(record, now=now) for emergency in actor.emergencies):
        yield Relation.EMERGENCY
    if record.study in context.requested:
        yield Relation.REQUEST
    yield Relation.OTHER


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, which both answers repeat."""

    actor: Actor
    action: Action
    record: RecordFacts
    purpose: PurposeOfUse
    now: datetime

    def fits(self, rule: Rule, relation: Relation) -> bool:
        """Return whether the rule covers this question in this relation."""
        role_fits = rule.roles is None or bool(rule.roles & self.actor.roles)
        asked_for = self.action in rule.actions and self.purpose in rule.purposes
        return role_fits and asked_for and rule.relation is relation and self.given(relation)

    def granted(self, rule: Rule) -> Grant:
        """Make the grant of this rule."""
        return Grant(
            actor=self.actor,
            action=self.action,
            record=self.record,
            purpose=self.purpose,
            relation=rule.relation,
            projection=rule.projection,
            rule=rule.name,
            reason=f"{rule.reason} ({rule.citation})",
            granted_at=self.now,
            expires_at=self._end(rule.relation),
            seal=_SEAL,
        )

    def refused(self, rule: str, reason: str) -> Refusal:
        """Make the refusal."""
        return Refusal(self.actor, self.action, self.record, self.purpose, rule, reason, self.now)

    def given(self, relation: Relation) -> bool:
        """Return whether a share also names the deed; every other relation leaves that to the matrix."""
        if relation is not Relation.SHARED:
            return True
        return any(self.action in share.actions for share in self._shares())

    def _shares(self) -> list[Sharing]:
        """Return the shares that hold for this record now."""
        return [share for share in self.actor.shares if share.covers(self.record, now=self.now)]

    def _end(self, relation: Relation) -> datetime:
        """Return when the grant ends: soon, and sooner still if what it rests on does."""
        end = self.now + GRANT_LASTS
        bases: dict[Relation, tuple[Representing | Emergency, ...] | list[Sharing]] = {
            Relation.REPRESENTED: self.actor.representing,
            Relation.EMERGENCY: self.actor.emergencies,
            Relation.SHARED: [share for share in self._shares() if self.action in share.actions],
        }
        ends = [basis.valid_until for basis in bases.get(relation, ()) if basis.covers(self.record, now=self.now)]
        known = [until for until in ends if until is not None]
        return min(end, max(known)) if known and len(known) == len(ends) else end
