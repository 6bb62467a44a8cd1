"""`scanward audit`: sign the ledger's state, verify it, and prove one entry."""

import json
from pathlib import Path

import click
from django.conf import settings
from django.utils import timezone

from scanward.audit.checkpoint import VKEY, CheckpointRefused
from scanward.audit.note import BadNote
from scanward.audit.sealing import NotProvable, signer_for, write_checkpoint
from scanward.audit.sealing import prove as prove_entry
from scanward.audit.tiles import TilesDamaged
from scanward.audit.verify import verify as verify_ledger

Folder = click.Path(path_type=Path, file_okay=False)
File = click.Path(path_type=Path, dir_okay=False)
TOUCHED = 1
NOT_DONE = 2

folder_option = click.option(
    "--checkpoints", type=Folder, help="The folder of the checkpoints (default: SCANWARD_CHECKPOINT_DIR)."
)
vkey_option = click.option(
    "--vkey",
    help="The public key, or a file with it. Keep it yourself (default: ledger.vkey in that folder).",
)


class NotDone(click.ClickException):
    """Says why, and ends with 2; 1 is for a ledger that was touched."""

    exit_code = NOT_DONE


@click.group("audit")
def command() -> None:
    """The ledger: what happened, and that nobody changed it."""


@command.command()
@folder_option
@vkey_option
def verify(checkpoints: Path | None, vkey: str | None) -> None:
    """Replay the whole ledger and say exactly which entry was touched, if one was."""
    folder = _folder(checkpoints)
    try:
        report = verify_ledger(folder, _vkeys(folder, vkey))
    except BadNote as error:
        raise NotDone(str(error)) from None
    for line in report.lines():
        click.echo(line)
    raise SystemExit(0 if report.ok else TOUCHED)


@command.command()
@folder_option
@click.option("--key", type=File, help="The file of the signing key (default: SCANWARD_LEDGER_KEY_FILE).")
def checkpoint(checkpoints: Path | None, key: Path | None) -> None:
    """Sign the ledger as it is now, into the folder that somebody else keeps."""
    folder, key_file = _folder(checkpoints), key or Path(settings.LEDGER_KEY_FILE)
    try:
        written = write_checkpoint(folder, key_file, now=timezone.now())
        verifier = signer_for(folder, key_file).verifier
    except (BadNote, CheckpointRefused) as error:
        raise NotDone(str(error)) from None
    except OSError as error:
        raise NotDone(f"The folder of the checkpoints can't be written: {error.strerror}.") from None
    click.echo(f"Signed: {written.size} entries. Verify with the public key {verifier.vkey}")


@command.command()
@click.argument("entry", type=click.IntRange(min=0))
@folder_option
@vkey_option
def prove(entry: int, checkpoints: Path | None, vkey: str | None) -> None:
    """Print the proof, as JSON, that an entry stands in the signed ledger."""
    folder = _folder(checkpoints)
    try:
        proof = prove_entry(folder, _vkeys(folder, vkey), entry)
    except (BadNote, NotProvable, TilesDamaged) as error:
        raise NotDone(str(error)) from None
    click.echo(json.dumps(proof.to_json(), indent=2, ensure_ascii=False))


def _folder(given: Path | None) -> Path:
    return given or Path(settings.CHECKPOINT_DIR)


def _vkeys(folder: Path, given: str | None) -> str:
    """Return the public keys, from the argument, the file it names, or the folder."""
    path = Path(given) if given else folder / VKEY
    if given and "+" in given:
        return given
    if not path.is_file():
        raise NotDone("There is no public key. Give it with --vkey, or run `scanward audit checkpoint` first.")
    return path.read_text("utf-8", errors="replace")
