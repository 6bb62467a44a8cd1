"""`scanward worker`: does what takes longer than a page may."""

import logging
import threading
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from scanward.audit.checkpoint import CheckpointRefused
from scanward.audit.event import Place
from scanward.audit.kinds import Channel
from scanward.audit.note import BadNote
from scanward.audit.sealing import write_checkpoint
from scanward.cli.startup import refuse_if_unsafe
from scanward.intake import uploads
from scanward.intake.pull import fetching
from scanward.oversight.actions import watch
from scanward.release.housekeeping import tidy

SIGN_EVERY_SECONDS = 600.0
log = logging.getLogger(__name__)


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is waiting now, then stop.")
def command(once: bool) -> None:
    """Work through the queue in the database, and sign the ledger at the start and every ten minutes."""
    refuse_if_unsafe()
    stopping = threading.Event()
    sign()
    signing = threading.Thread(target=sign_now_and_then, args=(stopping,), daemon=True)
    signing.start()
    try:
        call_command("db_worker", batch=once, queue_name="*", interval=1, verbosity=0)
    finally:
        stopping.set()
        signing.join(timeout=10)


def sign_now_and_then(stopping: threading.Event, *, every: float = SIGN_EVERY_SECONDS) -> None:
    """Sign the ledger again and again, in a thread of its own, until the worker stops."""
    while not stopping.wait(every):
        sign()
        keep_house()
        # The thread's own connection; between two signings nobody needs it.
        connection.close()


def keep_house() -> None:
    """Let permissions expire, close what is quiet, warn of what will be late, and watch; nothing waits for it."""
    try:
        tidy(now=timezone.now())
    except DatabaseError as error:
        log.error("The requests were not looked after (%s); it is tried again.", type(error).__name__)
    try:
        uploads.sweep(now=timezone.now())
    except (DatabaseError, OSError) as error:
        log.error("Old uploads were not swept (%s); it is tried again.", type(error).__name__)
    try:
        fetching.sweep(now=timezone.now())
    except DatabaseError as error:
        log.error("Studies on their way were not looked after (%s); it is tried again.", type(error).__name__)
    try:
        watch(place=Place("", channel=Channel.COMMAND), now=timezone.now())
    except DatabaseError as error:
        log.error("The ledger was not watched (%s); it is tried again.", type(error).__name__)


def sign() -> None:
    """Write a checkpoint; if that can't be done, say so loudly, because nobody else would notice, and work on."""
    try:
        write_checkpoint(Path(settings.CHECKPOINT_DIR), Path(settings.LEDGER_KEY_FILE), now=timezone.now())
    except (BadNote, CheckpointRefused) as error:
        log.critical("The ledger was not signed. %s Run `scanward audit verify`.", error)
    except (OSError, DatabaseError) as error:
        log.critical("The ledger was not signed (%s). Check the folder of the checkpoints.", type(error).__name__)
