"""`scanward listen`: the listeners for scans (DICOM) and for reports (HL7)."""

import gc
import signal
import sys
import threading

import click
from django.conf import settings
from django.db import connections
from django.utils import timezone

from scanward.archive.rebuild import recover
from scanward.cli.startup import refuse_if_unsafe
from scanward.intake.dimse.peers import BadSettings, Listener
from scanward.intake.dimse.server import CAPS, Server
from scanward.intake.dimse.siblings import Siblings
from scanward.intake.mllp.server import ReportServer

# Threads hand the interpreter over sooner than by default: an answer waits for no long computation.
SWITCH_SECONDS = 0.002


@click.command("listen")
def command() -> None:
    """Take scans in over DICOM (C-ECHO, C-STORE, storage commitment), and reports over HL7 (ORU^R01, MLLP).

    Who may send is in the files that SCANWARD_DICOM_FILE and SCANWARD_HL7_FILE name; without them, only programs on
    this machine may.
    """
    # From here on a wish to stop is heard, also before the doors are open.
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    refuse_if_unsafe()
    recover(now=timezone.now())
    connections.close_all()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        server, reports = _servers()
        opened = server.open()
        siblings = Siblings()
        if siblings.fork(settings.LISTEN_WORKERS - 1):
            _tell("DICOM", opened)
            _tell("HL7", reports.open())
    except (BadSettings, OSError) as error:
        raise click.ClickException(f"The listener does not start. {error}") from None
    # What is there now stays: the garbage collector need not look at it again between two slices.
    gc.freeze()
    server.start()
    reports.start()
    asked = _wait(server, siblings, ended)
    siblings.ask_to_stop()
    reports.stop()
    server.stop()
    siblings.wait()
    if not asked:
        raise SystemExit(1)


def _tell(what: str, opened: list[tuple[Listener, int]]) -> None:
    """Say where it listens."""
    for listener, port in opened:
        kind = "TLS" if listener.tls else "plain"
        click.echo(f"Listening for {what} ({kind}) on {listener.address} port {port}")


def _servers() -> tuple[Server, ReportServer]:
    """Return both listeners; they share what keeps.

    Raises:
        BadSettings: a file says something that can't be.
    """
    server = Server(
        settings.DICOM_FILE,
        port=settings.DICOM_PORT,
        spool=settings.DATA / "spool",
        issuer=settings.FACILITY_ISSUER,
        clock=timezone.now,
        caps=CAPS.among(settings.LISTEN_WORKERS),
    )
    reports = ReportServer(
        settings.HL7_FILE,
        server.keeper,
        port=settings.HL7_PORT,
        issuer=settings.FACILITY_ISSUER,
        facility=settings.FACILITY_NAME,
        clock=timezone.now,
    )
    return server, reports


def _wait(server: Server, siblings: Siblings, ended: threading.Event) -> bool:
    """Wait for a wish to stop; False when the keeper or a sibling has died: the service has to be started again."""
    while not ended.wait(0.5):
        if not server.keeper.alive or siblings.one_has_ended():
            return False
    return True
