"""`scanward watch`: takes in what is put into a folder."""

import logging
import signal
import threading
import time
from pathlib import Path

import click
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from scanward.archive.errors import VaultError
from scanward.archive.store import Sender
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel
from scanward.cli.startup import refuse_if_unsafe
from scanward.intake import watch, watched
from scanward.intake.bring import Summary
from scanward.intake.collecting import NoRoom
from scanward.intake.receive import Outcome

EVERY_SECONDS = 2.0
AFTER_TROUBLE_SECONDS = 30.0
log = logging.getLogger(__name__)


@click.command("watch")
@click.option("--once", is_flag=True, help="Take in what is whole now, then stop.")
def command(once: bool) -> None:
    """Take in what is put into the folder that SCANWARD_WATCH_FOLDER names, again and again.

    What is safe here goes from the folder; what can't be kept goes to its folder `refused`, with the reason beside it.
    """
    refuse_if_unsafe()
    folder = Path(settings.WATCH_FOLDER)
    if not settings.WATCH_FOLDER or not folder.is_dir():
        raise click.ClickException("SCANWARD_WATCH_FOLDER has to name a folder that is there.")
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    while not ended.is_set():
        summary = _look(folder)
        if once and not (summary and summary.counts):
            return
        # A full look is followed by the next at once.
        if not (summary and summary.counts):
            ended.wait(AFTER_TROUBLE_SECONDS if summary is None else EVERY_SECONDS)


def _note_trouble(error: Exception) -> None:
    """Tell the desk that the last look broke off, if the database can be written."""
    try:
        watched.note(Summary(), now=timezone.now(), problem=type(error).__name__)
    except DatabaseError:
        connection.close()


def _look(folder: Path) -> Summary | None:
    """Look once; None: something is wrong, and what is in the folder stays there."""
    sender = Sender(ActorRef.system("watch"), Place("", channel=Channel.COMMAND), settings.FACILITY_ISSUER)
    try:
        summary = watch.look(folder, sender=sender, now=timezone.now(), clock=time.time())
    except (VaultError, NoRoom, DatabaseError, OSError) as error:
        log.error("The watched folder was not taken in to its end (%s); it is tried again.", type(error).__name__)
        connection.close()
        _note_trouble(error)
        return None
    if summary.counts:
        click.echo(", ".join(f"{outcome.value} {summary.counts[outcome]}" for outcome in Outcome))
    return summary
