"""`scanward serve`: the web server."""

from pathlib import Path
from typing import Any

import click
from django.conf import settings
from django.utils import timezone
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from granian.server.common import AbstractServer

from scanward.archive.rebuild import recover
from scanward.cli.startup import refuse_if_unsafe


@click.command("serve")
def command() -> None:
    """Answer people and systems over HTTP; run more of them behind one address on a larger site."""
    refuse_if_unsafe()
    recover(now=timezone.now())
    server().serve()


def server() -> AbstractServer[Any]:
    """Return the web server, as the settings describe it."""
    return Server(
        "scanward.wsgi:application",
        address=settings.BIND,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        workers=settings.WEB_WORKERS,
        blocking_threads=16,
        backpressure=64,
        ssl_cert=Path(settings.TLS_CERTIFICATE_FILE) if settings.TLS_CERTIFICATE_FILE else None,
        ssl_key=Path(settings.TLS_KEY_FILE) if settings.TLS_KEY_FILE else None,
        # Granian's access log would hold addresses; who did what is in the ledger.
        log_access=False,
        log_level=LogLevels.error,
        websockets=False,
    )
