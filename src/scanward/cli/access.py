"""`scanward access ...`: asks the matrix, without opening anything."""

from datetime import datetime
from uuid import UUID

import click
from django.utils import timezone

from scanward.access.actors import actor_of
from scanward.access.explain import SUPPOSED, explain, supposed
from scanward.access.kinds import HOUSE, Action, Actor, RecordFacts, Relation
from scanward.access.purposes import usual_purpose
from scanward.archive.models import Study
from scanward.cli.startup import refuse_if_unsafe
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Role
from scanward.people.models import Account, PatientIdentifier
from scanward.release.holds import context_about


@click.group("access")
def command() -> None:
    """Ask who may see what, and why."""


@command.command("explain")
@click.option("--actor", "email", help="The person's e-mail address. Without it, one is supposed.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="The role of a supposed person.")
@click.option(
    "--relation",
    type=click.Choice([relation.value for relation in SUPPOSED]),
    help="How a supposed person stands to the record.",
)
@click.option("--action", type=click.Choice([action.value for action in Action]), required=True)
@click.option("--record", "named", help="The study's id, as in its address, or a patient's number. Default: the house.")
@click.option("--purpose", type=click.Choice([purpose.value for purpose in PurposeOfUse]), help="Default: the usual.")
def explain_access(**asked: str | None) -> None:
    """Say whether somebody, real or supposed, may do something, and why (not). Exit code 0: yes, 1: no, 2: unclear."""
    refuse_if_unsafe()
    now = timezone.now()
    email, role, relation, named = (asked[name] for name in ("email", "role", "relation", "named"))
    if email and (role or relation):
        raise click.UsageError("Name a person with --actor, or suppose one with --role and --relation; not both.")
    record = _record(named) if named else HOUSE
    if relation and record.patient is None:
        raise click.UsageError("A relation is one to a record: name it with --record.")
    actor = _known(email, now=now) if email else _supposed(role, relation, record, now=now)
    action = Action(asked["action"] or "")
    usual = usual_purpose(actor, record, now=now, action=action)
    wanted = PurposeOfUse(asked["purpose"]) if asked["purpose"] else usual
    around = context_about(actor, record, now=now, action=action, purpose=wanted)
    answer = explain(actor, action, record, wanted, around, now=now)
    click.echo(f"{'Yes' if answer.allowed else 'No'}: {answer.decision.reason} [{answer.decision.rule}]")
    click.echo(f"Purpose: {wanted.sentence} Relations: {', '.join(relation.value for relation in answer.relations)}.")
    for tried in answer.tried:
        verdict = "allows it" if tried.allows else f"lacks: {tried.missing}"
        click.echo(f"  {tried.rule.name}: {verdict}")
    raise SystemExit(0 if answer.allowed else 1)


def _known(email: str, *, now: datetime) -> Actor:
    """Return the person with this e-mail address."""
    account = Account.objects.filter(email=email.strip().lower()).first()
    if account is None:
        raise click.UsageError("There is no account with this e-mail address.")
    return actor_of(account, now=now)


def _supposed(role: str | None, relation: str | None, record: RecordFacts, *, now: datetime) -> Actor:
    """Return a person who does not exist."""
    return supposed(
        "a supposed person",
        role=Role(role) if role else None,
        relation=Relation(relation) if relation else None,
        patient=record.patient,
        now=now,
    )


def _record(named: str) -> RecordFacts:
    """Return a study by its id, or a patient's whole record by her number."""
    try:
        study = Study.objects.filter(pk=UUID(named)).first()
    except ValueError:
        found = list(PatientIdentifier.objects.filter(value=named).values_list("patient_id", flat=True)[:2])
        if len(found) != 1:
            raise click.UsageError("There is no such patient number, or more than one.") from None
        return RecordFacts(found[0])
    if study is None:
        raise click.UsageError("There is no such study.")
    return RecordFacts(study.patient_id, study.id)
