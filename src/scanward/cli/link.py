"""`scanward link`: connects an account with the patient that it belongs to."""

import click
from django.conf import settings
from django.utils import timezone

from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel
from scanward.cli.startup import refuse_if_unsafe
from scanward.people import actions
from scanward.people.kinds import ProofMethod
from scanward.people.models import Account, PatientIdentifier


@click.command("link")
@click.option("--account", "email", required=True, help="The account's e-mail address.")
@click.option("--patient", "number", required=True, help="The patient's number.")
@click.option(
    "--issuer", default=lambda: settings.FACILITY_ISSUER, help="Whose number that is, if it is not this house's."
)
@click.option("--method", type=click.Choice([method.value for method in ProofMethod]), required=True)
@click.option("--evidence", required=True, help="What was checked, for example: driver's licence.")
def command(email: str, number: str, issuer: str, method: str, evidence: str) -> None:
    """Connect an account with a patient, and record how it was made sure that they are the same person."""
    refuse_if_unsafe()
    account = Account.objects.filter(email=email.strip().lower()).first()
    known = PatientIdentifier.objects.filter(value=number, issuer=issuer).select_related("patient").first()
    if account is None:
        raise click.ClickException("There is no account with this address.")
    if known is None:
        raise click.ClickException(f"No patient has this number of the issuer {issuer}. Check the number, or --issuer.")
    actor, place, now = ActorRef.system("link"), Place("", channel=Channel.COMMAND), timezone.now()
    proof = actions.prove_identity(
        account, method=ProofMethod(method), evidence=evidence, by=None, actor=actor, place=place, now=now
    )
    actions.link_patient(account, known.patient, proof=proof, actor=actor, place=place, now=now)
    click.echo("Connected. The person sees the scans at the next page that they open.")
