"""`scanward deid SRC DST --profile research --project KEYFILE`: nothing identifying left, everything useful
kept.
"""

import contextlib
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from scanward.deid.field import WARNING, FieldRefused, field_of
from scanward.deid.held import Held
from scanward.deid.keyed import KeyRefused, new_project, read_key, write_key
from scanward.deid.profiles import (
    OPTION_NAMES,
    READY_MADE,
    Profile,
    ProfileRefused,
    profile,
    with_options,
)
from scanward.deid.rewrite import Permissions
from scanward.deid.run import Job, Result, explain, serial, sweep_partials, to_json
from scanward.deid.sources import Source, SourceRefused, find
from scanward.dicom.errors import Refused

NOT_ALL_WRITTEN, VERIFY_FAILED = 3, 4
_MOST_LINES = 50
_LOADED_WHEN_CALLED = {
    "review": ("scanward.cli.deid_review", "review"),
    "release": ("scanward.cli.deid_review", "release_command"),
    "risk": ("scanward.cli.deid_risk", "command"),
}
_LOOKS = click.Choice(["auto", "on", "off"])
_ALSO_KNOWN = click.option(
    "--also-known",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file of more values to look for and take out, one in a line (PHI).",
)


class _Deid(click.Group):
    """`deid SRC DST` means `deid run SRC DST`; what few runs need is loaded when it is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.list_commands(ctx) and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted((*super().list_commands(ctx), *_LOADED_WHEN_CALLED))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LOADED_WHEN_CALLED:
            return super().get_command(ctx, cmd_name)
        module, name = _LOADED_WHEN_CALLED[cmd_name]
        found: click.Command = getattr(importlib.import_module(module), name)
        return found


@click.group(cls=_Deid, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """De-identify DICOM: `scanward deid SRC DST --profile research --project KEYFILE`.

    Exit code 0: all written. 3: something was held or refused (see the list). 4: verification failed. 1, 2:
    not run.
    """


@command.command("run")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.argument("destination", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--profile", "profile_name", default="basic", show_default=True, help="Name, or a .toml file.")
@click.option("--option", "options", multiple=True, type=click.Choice(list(OPTION_NAMES)), help="PS3.15 option.")
@click.option("--project", "key_file", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True)
@click.option("--cluster", help="Address of a Dask scheduler, e.g. tls://host:8786.")
@click.option("--held", type=click.Path(path_type=Path, file_okay=False), help="Copies for a reviewer (PHI).")
@click.option("--evidence", type=click.Path(path_type=Path, dir_okay=False), help="Default: beside DESTINATION.")
@click.option("--no-evidence", is_flag=True, help="Neither the independent check nor evidence.")
@click.option("--no-hashes", is_flag=True, help="Evidence without SHA-256 of sources and outputs: faster.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="JSON for the site (names sources).")
@click.option("--keep-faces", default="", help="Let heads pass; the reason goes into the evidence.")
@click.option("--keep-scouts", default="", help="Let scouts pass; the reason goes into the evidence.")
@click.option("--keep-hardware", default="", help="Let implants pass; the reason goes into the evidence.")
@_ALSO_KNOWN
@click.option("--link-table", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--link-key", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--deface", type=_LOOKS, default="auto", show_default=True, help="Faces: heads, every volume, or never.")
@click.option(
    "--text", type=_LOOKS, default="auto", show_default=True, help="Text: where it can be, everywhere, never."
)
@click.option("--crop", default="off", show_default=True, help="What stays: below-face, or mm: x=-90:90,z=:-40.")
@click.option("--finest", type=click.FloatRange(0, 20), default=0.0, help="No pixel or slice finer than this, in mm.")
@click.option("--dry-run", is_flag=True, help="Show what would happen to one file, element by element.")
@click.option("--show-values", is_flag=True, help="With --dry-run: show values (PHI).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--quiet", is_flag=True)
def run(source: Path, destination: Path | None, **asked: Any) -> None:
    """De-identify a folder, a ZIP, a DICOMDIR set or one file. The source is never changed."""
    gc.freeze()  # what is loaded by now stays, and need not be taken apart at the end
    try:
        chosen = _profile(asked["profile_name"], asked["options"])
        project = read_key(asked["key_file"])
        also_known = _also_known(asked["also_known"])
        batches = find(source)
        wanted = field_of(asked["crop"], asked["finest"])
    except (FieldRefused, ProfileRefused, KeyRefused, SourceRefused, Refused, OSError, UnicodeDecodeError) as refused:
        raise click.ClickException(str(refused)) from refused
    permissions = Permissions(asked["keep_faces"], asked["keep_scouts"], asked["keep_hardware"])
    job = Job(chosen, project, str(destination or ""), str(asked["held"] or ""), permissions)
    job = replace(job, also_known=also_known, wanted=wanted).looking(asked["deface"], asked["text"])
    if job.looks:
        from scanward.deid.studies import by_study

        batches = by_study(batches)
    if asked["dry_run"]:
        _dry_run(job, batches, show=asked["show_values"], as_json=asked["as_json"])
        return
    if destination is None:
        raise click.UsageError("Name the folder to write to.")
    _apart(source, destination)
    if asked["link_table"] and not asked["link_key"]:
        raise click.UsageError("A linking table needs --link-key, kept in another place than the table.")
    try:
        destination.mkdir(parents=True, exist_ok=True)
        sweep_partials(destination)
        result = _export(job, batches, destination, asked)
        if asked["report"]:
            asked["report"].write_text(to_json(result))
    except OSError as broken:  # never its file's name, which may be a patient's
        why = f"It stopped: {broken.strerror}. Once that is mended start it again: what is there isn't done twice."
        raise click.ClickException(why) from broken
    _say(result, as_json=asked["as_json"], quiet=asked["quiet"])
    sys.exit(NOT_ALL_WRITTEN if result.not_written else 0)


def _profile(name: str, options: tuple[str, ...]) -> Profile:
    chosen = profile(name)
    if not options:
        return chosen
    return with_options(chosen, frozenset(OPTION_NAMES[option] for option in options))


def _also_known(path: Path | None) -> tuple[str, ...]:
    return tuple(path.read_text().split("\n")) if path else ()


def _apart(source: Path, destination: Path) -> None:
    """The destination is never inside the source, nor the source inside it."""
    a, b = source.resolve(), destination.resolve()
    if a == b or a in b.parents or b in a.parents:
        raise click.UsageError("The destination must be apart from the source.")


def _export(job: Job, batches: list[list[Source]], destination: Path, asked: dict[str, Any]) -> Result:
    certified = not asked["no_evidence"]
    alone = asked["workers"] == 1 and not asked["cluster"]
    job = replace(job, alone=alone, hashes=certified and not asked["no_hashes"], watch=certified)
    job, result = replace(job, shown=not asked["quiet"] and sys.stderr.isatty()), Result()
    with _shown(batches, destination, quiet=asked["quiet"]) as show:
        for one in _batches(job, batches, asked["workers"], asked["cluster"]):
            result.add(one)
            show(len(result.written) + len(result.not_written) + result.left_out, result.bytes_in)
    if asked["link_table"]:
        from scanward.deid.export import write_links

        write_links(asked["link_table"], asked["link_key"], result)
    if certified:
        from scanward.deid.check import CheckFailed
        from scanward.deid.export import certify, check

        try:
            findings = check(job, result)
        except CheckFailed as failed:
            raise click.ClickException(str(failed)) from failed
        path = asked["evidence"] or destination.with_name(destination.name + ".evidence.json")
        certify(job, result, findings, path, searched=True, now=datetime.now(UTC))
    return result


def _batches(job: Job, batches: list[list[Source]], workers: int, cluster: str | None) -> Iterator[Result]:
    if cluster:
        from scanward.deid.cluster import on_cluster

        return on_cluster(job, batches, cluster)
    if workers > 1:
        from scanward.deid.pool import processes

        return processes(job, batches, workers)
    return serial(job, batches)


def _shown(
    batches: list[list[Source]], destination: Path, *, quiet: bool
) -> contextlib.AbstractContextManager[Callable[[int, int], None]]:
    """What to call with the files and bytes that are done: nobody looks, or a person does."""
    if quiet:
        return contextlib.nullcontext(lambda _files, _size: None)
    from scanward.cli.deid_progress import watched

    return watched(batches, destination)


def _dry_run(job: Job, batches: list[list[Source]], *, show: bool, as_json: bool) -> None:
    if len(batches) != 1 or len(batches[0]) != 1:
        raise click.UsageError("A dry run explains one file: name it as SOURCE.")
    try:
        steps = list(explain(job, batches[0][0], show=show))
    except Held as held:
        click.echo(f"It would be held. {held}")
        sys.exit(NOT_ALL_WRITTEN)
    except Refused as refused:
        click.echo(f"It would be refused. {refused}")
        sys.exit(NOT_ALL_WRITTEN)
    if as_json:
        click.echo(json.dumps(steps, indent=1))
        return
    for step in steps:
        what = f"{step['element']} {step['vr']:2} {step['name'][:36]:36} {step['action'][:36]:36}"
        click.echo(f"{what} {step['before']} -> {step['after']}")


def _say(result: Result, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        click.echo(to_json(result))
        return
    held = sum(one.held for one in result.not_written)
    refused = len(result.not_written) - held
    outside = f", {result.left_out:,} left out by --crop or --finest" if result.left_out else ""
    click.echo(f"{len(result.written):,} written, {held:,} held, {refused:,} refused{outside}.")
    if any(figure["what"] == "field" for figure in result.pixels):
        click.echo(WARNING)
    if not quiet:
        lines = _left_behind(result)
        for line in lines[:_MOST_LINES]:
            click.echo(f"  {line}")
        if (more := len(lines) - _MOST_LINES) > 0:
            click.echo(f"  and {more:,} more: --report FILE lists them all.")


def _left_behind(result: Result) -> list[str]:
    """What was not written and why; the files of one folder with one reason in one line, as the slices of a head."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in result.not_written:
        name, word = str(one.name or one.source), "held" if one.held else "refused"
        groups.setdefault((word, os.path.dirname(name), f"{one.element} {one.sentence}".strip()), []).append(name)
    found = []
    for (word, folder, why), names in groups.items():
        which = names[0] if len(names) == 1 else f"{folder or 'here'} ({len(names):,} files)"
        found.append(f"{word} {which}: {why}")
    return found


@command.command("verify")
@click.argument("destination", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--evidence", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--signer", help="The key fingerprint that the evidence must be signed with.")
@click.option("--source", type=click.Path(path_type=Path, exists=True), help="The originals: all figures, once more.")
@click.option("--profile", "profile_name", help="With --source: the file of a site's own profile.")
@_ALSO_KNOWN
def verify_command(destination: Path, evidence: Path, **asked: Any) -> None:
    """Check an export against its evidence, without the key; with --source also what only the originals tell."""
    from scanward.deid.check import CheckFailed
    from scanward.deid.evidence import EvidenceRefused, read
    from scanward.deid.redone import CantBeRedone, from_source
    from scanward.deid.verify import verify

    try:
        told = read(evidence)
        if asked["signer"] and asked["signer"] != told["key_fingerprint"]:
            raise click.ClickException("The evidence was signed by another project.")
        findings = list(verify(destination, told, told_in=evidence))
        if asked["source"]:
            chosen = _profile(asked["profile_name"] or told["profile"]["name"], tuple(told["profile"]["options"]))
            also_known = _also_known(asked["also_known"])
            findings += from_source(destination, told, asked["source"], profile=chosen, also_known=also_known)
    except (CantBeRedone, CheckFailed, EvidenceRefused, ProfileRefused, SourceRefused, OSError) as failed:
        raise click.ClickException(str(failed)) from failed
    for finding in findings:
        click.echo(": ".join(part for part in (finding.path, finding.element, finding.what) if part))
    signed = f"signed by {told['key_fingerprint']}"
    click.echo(f"{len(told['outputs']):,} files checked, {len(findings):,} findings, {signed}.")
    if not asked["source"] and told["pixels"]:
        click.echo("Not checked without --source: what was changed in the pixels, and what was read in the originals.")
    sys.exit(VERIFY_FAILED if findings else 0)


@command.command("key")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", required=True, help="The project's name, as it stands in the evidence.")
def key(path: Path, name: str) -> None:
    """Make the key of a new project."""
    if not name.isprintable() or '"' in name or "\\" in name:
        raise click.UsageError("A name of plain letters, please.")
    try:
        write_key(path, new_project(name))
    except FileExistsError as there:
        raise click.ClickException("That file exists. A project's key is never overwritten.") from there
    click.echo(f"The key is in {path}. Keep it apart from what you export.")


@command.command("profiles")
def profiles() -> None:
    """List the ready-made profiles."""
    for one in READY_MADE.values():
        click.echo(f"{one.name:18} {one.pathway.value}; dates {one.dates.value}; codes {', '.join(one.codes)}")


if __name__ == "__main__":
    command(prog_name="scanward deid")
