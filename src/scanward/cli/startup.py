"""What must be right before Scanward answers anyone (fault E9): otherwise it says what is wrong and does not start."""

import ipaddress
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from scanward.release import house

KEY_SETTINGS = (
    "MASTER_KEY_FILE",
    "DATABASE_KEY_FILE",
    "SECRET_KEY_FILE",
    "MANIFEST_KEY_FILE",
    "LEDGER_KEY_FILE",
    "SEALS_KEY_FILE",
)
LEAST_SECRET = 32


def refuse_if_unsafe() -> None:
    """Stop here if the installation is not safe to start.

    Raises:
        click.ClickException: with each thing that is wrong and how to mend it.
    """
    found = list(problems())
    if found:
        raise click.ClickException("Scanward does not start:\n" + "\n".join(f"  - {problem}" for problem in found))


def problems() -> Iterator[str]:
    """Yield what is wrong, one sentence each."""
    yield from _key_problems()
    secret = _secret()
    if len(secret) < LEAST_SECRET or len(set(secret)) < LEAST_SECRET // 4:
        yield "The secret key is missing or is a default. Run `scanward init`."
    if settings.DEBUG:
        yield "SCANWARD_DEBUG is on: error pages would show what is in the records. Switch it off."
    if not is_loopback(settings.BIND) and not settings.SECURE:
        yield (
            "Others can reach the address, and there is no TLS."
            " Set SCANWARD_TLS_CERTIFICATE_FILE and SCANWARD_TLS_KEY_FILE."
        )
    if not is_loopback(settings.BIND) and settings.DEMO:
        yield "The demo shows its sign-in codes to everybody, so it runs on 127.0.0.1 only."
    yield from _directory_problems()
    yield from _facility_problems()
    # The demo on this machine's own address is let through: a newcomer in a container is often root.
    if os.geteuid() == 0 and not settings.DEMO:
        yield "Scanward runs as root. Start it as a user of its own, who owns the data folder."


def _secret() -> str:
    """Return the secret key; Django itself refuses to name an empty one."""
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:
        return ""


def is_loopback(address: str) -> bool:
    """Return whether the address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _directory_problems() -> Iterator[str]:
    """Yield why the directory by which staff sign in can't be trusted."""
    issuer = urlsplit(settings.OIDC_ISSUER)
    if settings.OIDC_ISSUER and issuer.scheme != "https" and not is_loopback(issuer.hostname or ""):
        yield "SCANWARD_OIDC_ISSUER: anybody on the way could answer in its place. It must begin with https."
    if settings.OIDC_ISSUER and not settings.OIDC_CLIENT_SECRET_FILE:
        yield "SCANWARD_OIDC_CLIENT_SECRET_FILE: name the file with the secret that the directory gave out."


def _facility_problems() -> Iterator[str]:
    """Yield what would make the dates of the law, or those that patients are told, a guess."""
    for name, read, how in (
        ("TIME_ZONE", house.zone, "There is no such time zone. Write it as America/Chicago."),
        (
            "KIND",
            house.promise,
            "It is hospital, imaging centre or urgent care, and SCANWARD_FACILITY_TARGET like 3-7.",
        ),
        ("STATE", house.facility, "Write the state as two letters, such as TX."),
    ):
        try:
            read()
        except (ValueError, KeyError):
            yield f"SCANWARD_FACILITY_{name}: {how}"
            return


def _key_problems() -> Iterator[str]:
    """Yield the key files that are missing or that others can read."""
    for name in KEY_SETTINGS:
        path: Path = getattr(settings, name)
        if name == "MASTER_KEY_FILE" and settings.MASTER_KEY_COMMAND:
            continue
        if not path.is_file():
            yield f"SCANWARD_{name}: there is no such file. Run `scanward init`, or restore the key."
        elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"SCANWARD_{name}: other users can read the file. Run `chmod 600` on it."
