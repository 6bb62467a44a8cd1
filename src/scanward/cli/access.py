"""`scanward access ...`: asks the matrix, without opening anything."""

from uuid import UUID

import click
from django.utils import timezone

from scanward.access.actors import actor_of
from scanward.access.explain import explain
from scanward.access.kinds import Action, Context, RecordFacts
from scanward.access.purposes import usual_purpose
from scanward.archive.models import Study
from scanward.cli.startup import refuse_if_unsafe
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account


@click.group("access")
def command() -> None:
    """Ask who may see what, and why."""


@command.command("explain")
@click.option("--actor", "email", required=True, help="The person's e-mail address.")
@click.option("--action", type=click.Choice([action.value for action in Action]), required=True)
@click.option("--record", "study_id", type=click.UUID, required=True, help="The study's id, as in its address.")
@click.option("--purpose", type=click.Choice([purpose.value for purpose in PurposeOfUse]), help="Default: the usual.")
def explain_access(email: str, action: str, study_id: UUID, purpose: str | None) -> None:
    """Say whether somebody may do something with a study, and why (not). Exit code 0: yes, 1: no."""
    refuse_if_unsafe()
    now = timezone.now()
    account = Account.objects.filter(email=email.strip().lower()).first()
    study = Study.objects.filter(pk=study_id).first()
    if account is None or study is None:
        raise click.ClickException("There is no such account, or no such study.")
    actor, record = actor_of(account, now=now), RecordFacts(study.patient_id, study.id)
    wanted = PurposeOfUse(purpose) if purpose else usual_purpose(actor, record, now=now)
    answer = explain(actor, Action(action), record, wanted, Context(), now=now)
    click.echo(f"{'Yes' if answer.allowed else 'No'}: {answer.decision.reason} [{answer.decision.rule}]")
    click.echo(f"Purpose: {wanted.sentence} Relations: {', '.join(relation.value for relation in answer.relations)}.")
    for tried in answer.tried:
        verdict = "allows it" if tried.allows else f"lacks: {tried.missing}"
        click.echo(f"  {tried.rule.name}: {verdict}")
    raise SystemExit(0 if answer.allowed else 1)
