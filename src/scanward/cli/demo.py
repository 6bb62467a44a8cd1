"""`scanward demo`: a whole hospital on this machine, for looking around. Called by `make run`."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click


@click.command("demo")
@click.option("--data", type=click.Path(path_type=Path), default=lambda: os.environ.get("SCANWARD_DATA", "var"))
@click.option("--port", type=int, default=8000, show_default=True)
@click.option("--dicom-port", type=int, default=11112, show_default=True)
@click.option("--hl7-port", type=int, default=2575, show_default=True)
def command(data: Path, port: int, dicom_port: int, hl7_port: int) -> None:
    """Make the demo hospital if it is not there, and start web server, worker, listeners (on 127.0.0.1)
    and, where a folder is named for it, the watch.
    """
    if not _is_free(port):
        raise click.ClickException(f"Port {port} is in use. Stop what uses it, or choose another with --port.")
    _choose(data.absolute(), port)
    from scanward.cli.init import make_keys

    if make_keys(data / "keys"):
        click.echo("Made the keys.")
    from scanward.cli import set_up_django

    set_up_django()
    _prepare()
    parts = ["serve", "worker"]
    taken = [str(port) for port in (dicom_port, hl7_port) if not _is_free(port)]
    if not taken:
        os.environ.update(SCANWARD_DICOM_PORT=str(dicom_port), SCANWARD_HL7_PORT=str(hl7_port))
        parts.append("listen")
    else:
        where = " and ".join(taken)
        click.echo(f"Port {where} is in use, so nothing is taken in. Choose others with --dicom-port and --hl7-port.")
    if os.environ.get("SCANWARD_WATCH_FOLDER"):
        parts.append("watch")
    click.echo("Starting...")
    _run(parts, port)


def _is_free(port: int) -> bool:
    """Return whether nothing listens on this machine's port."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def _choose(data: Path, port: int) -> None:
    """Say to this process and those it starts that this is the demo."""
    os.environ.update(
        SCANWARD_DATA=str(data),
        SCANWARD_DEMO="1",
        SCANWARD_PORT=str(port),
        SCANWARD_BIND="127.0.0.1",
    )


def _prepare() -> None:
    """Migrate the database, follow the vault, and make what is missing of the demo hospital."""
    from django.core.management import call_command
    from django.utils import timezone

    from scanward.archive.rebuild import recover
    from scanward.cli import demo_hospital
    from scanward.cli.startup import refuse_if_unsafe

    refuse_if_unsafe()
    click.echo("Preparing the database (encrypted)...")
    call_command("migrate", verbosity=0)
    recover(now=timezone.now())
    if not demo_hospital.is_there():
        demo_hospital.make(now=timezone.now(), progress=lambda what: click.echo(f"  making {what}..."))


def _introduce(port: int) -> None:
    """Say who can sign in, and how."""
    from scanward.cli.demo_hospital import CAST, PASSWORD

    address = f"http://127.0.0.1:{port}"
    click.echo(f"\nLakeside Hospital is open: {address}\n")
    click.echo(f"Everybody's password is  {PASSWORD}")
    click.echo(f"The one-time code that follows arrives here:  {address}/demo/outbox/\n")
    for person in CAST:
        click.echo(f"  {person.email:<22} {person.name:<16} {person.what}")
    click.echo("\nPress Ctrl+C to stop.")


def _run(parts: Sequence[str], port: int) -> None:
    """Start the parts, say who can sign in once pages are served, and stop all when one ends or Ctrl+C is pressed."""
    children = [
        subprocess.Popen([sys.executable, "-m", "scanward.cli", name])  # noqa: S603  our own commands
        for name in parts
    ]
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    introduced = False
    while not ended.wait(0.5):
        if any(child.poll() is not None for child in children):
            break
        if not introduced and not _is_free(port):
            _introduce(port)
            introduced = True
    for child in children:
        child.terminate()
    for child in children:
        child.wait(timeout=15)
    # A part that stopped by itself is a fault; a wish to stop is none.
    raise SystemExit(0 if ended.is_set() else 1)
