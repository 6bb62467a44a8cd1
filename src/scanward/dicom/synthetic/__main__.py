"""`python -m scanward.dicom.synthetic OUT`: write a head, an abdomen and two chests of one person."""

from pathlib import Path

import click

from scanward.dicom.synthetic import SyntheticPatient, TransferSyntax, study, timeline


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Who is scanned.")
@click.option("--matrix", default=256, show_default=True, help="Rows and columns of the axial images.")
@click.option("--slices", default=40, show_default=True, help="Axial images per series.")
@click.option(
    "--syntax",
    type=click.Choice([s.name.lower() for s in TransferSyntax]),
    default="explicit",
    show_default=True,
    help="Transfer syntax of head and abdomen.",
)
def main(out: Path, seed: int, matrix: int, slices: int, syntax: str) -> None:
    """Write a set of synthetic CT studies of one person to OUT."""
    person = SyntheticPatient.of(seed)
    chosen = TransferSyntax[syntax.upper()]
    before, after = timeline("chest", seed=seed, patient=person, matrix=matrix, slices=slices)
    sets = {"chest-1": before, "chest-2": after}
    for kind in ("head", "abdomen"):
        sets[kind] = study(kind, seed=seed, patient=person, matrix=matrix, slices=slices, transfer_syntax=chosen)
    for name, made in sets.items():
        paths = made.write(out / name)
        click.echo(f"{out / name}: {len(paths) - 1} files and report.txt")


if __name__ == "__main__":
    main()
