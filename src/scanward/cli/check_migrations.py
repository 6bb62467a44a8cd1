"""`scanward check-migrations`: fails if a model has changed and no migration says so."""

import click
from django.core.management import call_command


@click.command("check-migrations")
def command() -> None:
    """Fail if a migration is missing."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
