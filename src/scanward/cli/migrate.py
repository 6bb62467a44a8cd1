"""`scanward migrate`: makes the tables, or brings them up to date."""

import click
from django.core.management import call_command

from scanward.cli.startup import refuse_if_unsafe


@click.command("migrate")
def command() -> None:
    """Make the tables of a new installation, or bring them up to date after an update."""
    refuse_if_unsafe()
    call_command("migrate", verbosity=1)
