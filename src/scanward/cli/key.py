"""`scanward key`: the keys of machines that store over DICOMweb."""

import click
from django.conf import settings
from django.utils import timezone

from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel
from scanward.cli.startup import refuse_if_unsafe
from scanward.intake.keys import end_key, make_key
from scanward.intake.models import ServiceKey

PLACE = Place("", channel=Channel.COMMAND)


@click.group("key")
def command() -> None:
    """Keys for machines that store scans over DICOMweb (STOW-RS)."""
    refuse_if_unsafe()


@command.command("add")
@click.argument("name")
@click.option("--issuer", default=lambda: settings.FACILITY_ISSUER, help="Whose patient numbers it sends.")
def add(name: str, issuer: str) -> None:
    """Make a key for the machine NAME and show it once."""
    _row, key = make_key(name, issuer=issuer, actor=ActorRef.system("key"), place=PLACE, now=timezone.now())
    click.echo(key)
    click.echo("Keep it now: it is not shown again. Send it as `Authorization: Bearer ...`.", err=True)


@command.command("end")
@click.argument("name")
def end(name: str) -> None:
    """End all keys of the machine NAME."""
    rows = list(ServiceKey.objects.filter(name=name, ended_at=None))
    if not rows:
        raise click.ClickException("No machine of this name has a key.")
    for row in rows:
        end_key(row, actor=ActorRef.system("key"), place=PLACE, now=timezone.now())
    click.echo(f"Ended {len(rows)}.")
