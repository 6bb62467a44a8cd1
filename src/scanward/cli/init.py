"""`scanward init`: makes the data folder and the keys of a new installation."""

import os
import secrets
from pathlib import Path

import click

KEY_NAMES = ("master", "database", "secret", "manifest", "ledger", "seals")


@click.command("init")
@click.option("--data", type=click.Path(path_type=Path), default=lambda: os.environ.get("SCANWARD_DATA", "var"))
def command(data: Path) -> None:
    """Make the data folder and its keys; what is there already stays as it is."""
    made = make_keys(data / "keys")
    click.echo(f"Keys in {data / 'keys'}: {', '.join(made) if made else 'all there already'}.")
    if made:
        click.echo("Keep a copy of this folder apart from the data: without it nothing can be read again.")


def make_keys(folder: Path) -> list[str]:
    """Make the keys that are missing, each 256 random bits in a file that only its owner reads."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = [name for name in KEY_NAMES if not (folder / f"{name}.key").exists()]
    for name in made:
        descriptor = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
    return made
