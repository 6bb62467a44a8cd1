"""`scanward vault ...`: looks after the stored objects and their keys."""

from collections import Counter

import click
from django.core.management import call_command
from django.utils import timezone
from rich.console import Console

from scanward.archive import keeping, rebuild


@click.group("vault")
def command() -> None:
    """Look after the stored objects and their keys."""


@command.command("scrub")
def scrub() -> None:
    """Check every stored object and key: tag, hash, CRC-32, length, presence."""
    console = Console(stderr=True)
    with console.status("Checking every stored object..."):
        checked, findings = keeping.scrub(now=timezone.now())
    for finding in findings:
        click.echo(f"{finding.kind}: {finding.where}: {finding.detail}")
    click.echo(f"{checked} objects checked, {len(findings)} found damaged.")
    if findings:
        raise SystemExit(1)


@command.command("rebuild-index")
def rebuild_index() -> None:
    """Make the index of a lost database again from the vault; what is there already stays."""
    console = Console(stderr=True)
    # A database that is lost altogether is made anew first.
    call_command("migrate", verbosity=0)
    with console.status("Reading the vault...") as status:
        rebuilt = rebuild.recover(
            now=timezone.now(),
            whole=True,
            progress=lambda seen: status.update(f"Reading the vault: {seen} objects"),
        )
    counts = Counter(instances=rebuilt.instances, reports=rebuilt.reports, waiting=rebuilt.held)
    click.echo(", ".join(f"{number} {name}" for name, number in counts.items()) + " indexed again.")
    click.echo(f"{rebuilt.known} were in the index already.")
    for finding in rebuilt.damaged:
        click.echo(f"{finding.kind}: {finding.where}: {finding.detail}")
    if rebuilt.damaged:
        raise SystemExit(1)


@command.command("rotate")
@click.argument("new_master", type=click.Path(exists=True, dir_okay=False))
def rotate(new_master: str) -> None:
    """Wrap all keys under the new master key in this file; after a crash, run it again."""
    count = keeping.rotate(new_master, now=timezone.now())
    click.echo(
        f"{count} keys rewrapped. Now put the new file in the old one's place, and keep the old one with old backups."
    )
