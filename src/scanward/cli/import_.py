"""`scanward import PATH`: brings a folder, a file or a ZIP in."""

from pathlib import Path

import click
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from scanward.archive.errors import VaultError
from scanward.archive.store import Sender
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel
from scanward.cli.startup import refuse_if_unsafe
from scanward.intake.bring import Summary, bring
from scanward.intake.collecting import NoRoom
from scanward.intake.receive import Outcome
from scanward.people.models import Patient, PatientIdentifier

LABELS = {
    Outcome.KEPT: "kept",
    Outcome.DUPLICATE: "here already",
    Outcome.CONFLICT: "kept apart, waiting for a decision",
    Outcome.REFUSED: "refused",
}
SHOWN = 40
GO_ON = "What was kept before is safe; run the import again to go on."


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--issuer",
    default=lambda: settings.FACILITY_ISSUER,
    help="Whose patient numbers these are, where the files don't say.",
)
@click.option("--patient", "number", help="Attach everything to the patient with this number, whatever the files say.")
@click.option("--all", "show_all", is_flag=True, help="Name every file that was left out, not only the first ones.")
def command(path: Path, issuer: str, number: str | None, show_all: bool) -> None:
    """Bring in all scans below PATH: a folder, a file or a ZIP. The source is only read.

    Files that are not scans are named and left out; that is normal. Running it again changes nothing.
    """
    refuse_if_unsafe()
    sender = Sender(ActorRef.system("import"), Place("", channel=Channel.COMMAND), issuer, _patient(number, issuer))
    console = Console()
    columns = (
        TextColumn("Importing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        try:
            summary = bring(
                path,
                sender=sender,
                now=timezone.now(),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        except (VaultError, NoRoom) as error:
            raise click.ClickException(f"{error} {GO_ON}") from None
        except DatabaseError:
            raise click.ClickException(f"The database can't be written: is its disk full? {GO_ON}") from None
    _show(summary, console, everything=show_all)


def _patient(number: str | None, issuer: str) -> Patient | None:
    """Return the patient with this number."""
    if number is None:
        return None
    known = PatientIdentifier.objects.filter(value=number, issuer=issuer).select_related("patient").first()
    if known is None:
        raise click.ClickException("No patient has this number here. Check the number and its issuer (--issuer).")
    return known.patient


def _show(summary: Summary, console: Console, *, everything: bool) -> None:
    """Say what was kept, what was not, and why."""
    console.print(f"{len(summary.studies)} studies.")
    for outcome, label in LABELS.items():
        console.print(f"{summary.counts[outcome]:>7} {label}")
    if not summary.left_out:
        return
    table = Table("File", "What happened", "Why", show_edge=False, pad_edge=False)
    shown = summary.left_out if everything else summary.left_out[:SHOWN]
    for received in shown:
        table.add_row(received.name, LABELS[received.outcome], received.reason)
    console.print(table)
    if len(shown) < len(summary.left_out):
        console.print(f"... and {len(summary.left_out) - len(shown)} more: run with --all to see them.")
