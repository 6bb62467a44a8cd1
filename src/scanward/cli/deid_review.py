"""`scanward deid review HELD` and `scanward deid release HELD DST`: a person decides what the engines would not."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from scanward.deid.cases import CaseRefused, all_of
from scanward.deid.keyed import KeyRefused, read_key
from scanward.deid.profiles import OPTION_NAMES, ProfileRefused, profile, with_options
from scanward.deid.reviewing.decisions import DecisionRefused
from scanward.deid.reviewing.decisions import read as read_decisions
from scanward.deid.rewrite import Permissions
from scanward.deid.run import Job, Worker, sweep_partials

NOT_ALL_RELEASED = 3


@click.command("review")
@click.argument("held", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: any that is free.")
def review(held: Path, port: int) -> None:
    """Show what is held, with pictures, on a page of this machine only, and write down what you decide."""
    from scanward.deid.reviewing.server import Reviewing

    try:
        count = len(all_of(held))
        read_decisions(held)
        server = Reviewing(held, port)
    except (CaseRefused, DecisionRefused, OSError) as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"{count:,} held series to decide. Open {server.address}")
    click.echo("The address works once. Stop with Ctrl+C.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


@click.command("release")
@click.argument("held", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("destination", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--profile", "profile_name", default="basic", show_default=True, help="As for the export.")
@click.option("--option", "options", multiple=True, type=click.Choice(list(OPTION_NAMES)), help="As for the export.")
@click.option("--project", "key_file", required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--evidence", type=click.Path(path_type=Path, dir_okay=False), help="Default: beside DESTINATION.")
@click.option("--also-known", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="As for the export.")
def release_command(held: Path, destination: Path, evidence: Path | None, **asked: Any) -> None:
    """Check what was decided in HELD once more and add it to the export and its evidence."""
    from scanward.deid.evidence import EvidenceRefused

    path = evidence or destination.with_name(destination.name + ".evidence.json")
    try:
        job = _job(destination, path, asked)
        sweep_partials(destination)
        refused = _release(job, held, path)
    except (CaseRefused, DecisionRefused, EvidenceRefused, KeyRefused, ProfileRefused, OSError) as why:
        raise click.ClickException(str(why)) from why
    sys.exit(NOT_ALL_RELEASED if refused else 0)


def _job(destination: Path, evidence: Path, asked: dict[str, Any]) -> Job:
    """The job of the export that the evidence is of.

    Raises: CaseRefused when key or profile are others.
    """
    from scanward.deid.evidence import fingerprint, profile_of
    from scanward.deid.evidence import read as read_evidence

    chosen = with_options(profile(asked["profile_name"]), frozenset(OPTION_NAMES[one] for one in asked["options"]))
    project, was = read_key(asked["key_file"]), read_evidence(evidence)
    if was["key_fingerprint"] != fingerprint(project) or was["profile"] != profile_of(chosen):
        raise CaseRefused("The export was made with another project key, profile or options. Name the same ones.")
    permissions = Permissions(**{key: str(why) for key, why in was["permissions"].items()})
    known = tuple(asked["also_known"].read_text().split("\n")) if asked["also_known"] else ()
    hashes = any(one["sha256"] for one in was["outputs"]) or not was["outputs"]
    job = Job(chosen, project, str(destination), "", permissions, watch=True, hashes=hashes)
    return replace(job, also_known=known, deface=True, text=True)


def _release(job: Job, held: Path, evidence: Path) -> int:
    """Release, check with the other reader, sign; the number of cases that stay held."""
    from scanward.deid import evidence as evidence_file
    from scanward.deid.export import check

    try:
        from scanward.deid.pixels.detectors import Missing
        from scanward.deid.reviewing.release import merged, release
    except ImportError as missing:
        raise CaseRefused("What looks at pixels is not installed. Install scanward[pixels].") from missing
    was = evidence_file.read(evidence)
    told = {(one["case"], one["when"]) for one in was["decisions"]}  # what the evidence has, it would count twice
    fresh = {case: one for case, one in read_decisions(held).items() if (case, one.when) not in told}
    try:
        released = release(Worker(job), held, fresh)
    except Missing as missing:
        raise CaseRefused(str(missing)) from missing
    findings = check(job, released.result)
    now = datetime.now(UTC)
    more = evidence_file.gather(job, released.result, findings, searched=True, now=now)
    whole = merged(was, more, released, now=now, lost=released.result.not_written)
    evidence_file.write(evidence_file.sign(whole, job), evidence)
    lost = len(released.result.not_written)
    click.echo(f"{len(released.result.written):,} files released by {len(released.decisions):,} decisions.")
    for case, why in released.refused:
        click.echo(f"  {case} stays held: {why}")
    if lost:
        click.echo(f"  {lost:,} files failed the independent check and were taken out again.")
    return len(released.refused) + lost
