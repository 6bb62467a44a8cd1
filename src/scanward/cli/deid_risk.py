"""`scanward deid risk HEADS REFERENCES`: is a defaced head still matched with its owner?"""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command("risk")
@click.argument("heads", type=_FOLDER)
@click.argument("references", type=_FOLDER)
@click.option("--models", type=_FOLDER, required=True, help="dlib's two networks.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The page, as .html.")
def command(heads: Path, references: Path, models: Path, out: Path) -> None:
    """Match defaced HEADS with REFERENCES: who is still recognized? Writes a page to sign, and its figures as JSON.

    Both folders have one entry for each person, with the same names: a folder with a scan, or for references also a
    photograph. Nothing is sent anywhere, no picture is kept, and the page names nobody.
    """
    try:
        from scanward.deid.pixels.detectors import Missing
        from scanward.deid.pixels.risk import NotComparable, measured, page
    except ImportError as absent:
        raise click.ClickException("What looks at pixels is not installed: install scanward[pixels].") from absent
    try:
        risk = measured(heads, references, models)
    except (NotComparable, Missing) as refused:
        raise click.ClickException(str(refused)) from refused
    when = datetime.now(UTC)
    out.write_text(page(risk, f"{when:%Y-%m-%d}"))
    figures = risk.figures() | {"measured": when.isoformat(timespec="seconds")}
    out.with_suffix(".json").write_text(json.dumps(figures, indent=1))
    click.echo(
        f"{risk.accepted.hits} of {risk.accepted.of} heads are accepted as their owner, "
        f"{risk.first.hits} of {risk.first.of} are nearest to their owner. The page is in {out}."
    )
