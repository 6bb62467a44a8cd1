"""The pixel figures of an evidence file, computed again from nothing but the outputs."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from scanward.deid.pixels import gate, hardware, narrow, stage
from scanward.deid.pixels.redact import still_read
from scanward.deid.sources import Source

# The others (what was changed, and where inside the skull) compare with the originals, which stay with the site.
_WHERE: Final = ("bounds_mm", "pixel_mm", "slice_mm", "kept")
_NONE: Final = ("intracranial_changed", "attack_confirmed", "still_read", "known_read")  # of what has passed
_LOOKED: Final = ("views", "detected", "attack_views", "attack_detected", "attack_confirmed")


def differing(
    root: Path, paths: list[str], figures: list[dict[str, Any]], wanted: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """The series whose figures are not what the outputs give, with what differs.

    `wanted` says what each series with images needs a figure of: "text"; "face" where it shows a head, or "faces".
    Raises: Missing when a detector or the text reader is not installed.
    """
    promised: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for figure in figures:
        if figure.get("passed") and _doubtful(figure):
            yield figure["series"], "is said to have passed, which its figures don't allow"
        if figure.get("passed") or figure.get("accepted"):
            promised[figure["series"]].append(figure)
    for folder, names in _folders(paths).items():
        series = folder.rpartition("/")[2]
        if wanted or series in promised:
            yield from _series(root, names, promised.pop(series, []), series, wanted)
    for series in promised:
        yield series, "has figures, but no output"


def _doubtful(figure: dict[str, Any]) -> bool:
    """Would the gate have held a series for such figures? What only the originals could give is among them."""
    fired = any(figure.get("detected", {}).values())
    deep = figure["what"] == "face" and figure.get("uncovered", 0) > gate.UNCOVERED
    return fired or deep or figure["what"] == "metal" or any(figure.get(name) for name in _NONE)


def _folders(paths: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        found[path.rpartition("/")[0]].append(path)
    return found


def _series(
    root: Path, names: list[str], promised: list[dict[str, Any]], series: str, wanted: Collection[str]
) -> Iterator[tuple[str, str]]:
    items, _ = stage.read_all([Source(str(root), name, (root / name).stat().st_size) for name in names])
    faces = [_key(figure) for figure in promised if figure["what"] == "face"]
    metal = sorted(figure["metal_ml"] for figure in promised if figure["what"] == "metal")
    pieces, _ = stage.pieces_of([item for item in items if item.seen.image]) if faces or metal else ([], [])
    if faces and Counter(faces) != Counter(_key(gate.look(piece.stack).figures()) for piece in pieces):
        yield series, "its figures of the face are not what the images give"
    if metal and metal != sorted(ml for piece in pieces if (ml := hardware.metal_ml(piece.stack)) >= hardware.RAISED):
        yield series, "its metal is not what the images give"
    fields = [_field(figure) for figure in promised if figure["what"] == "field"]
    if fields and Counter(fields) != Counter(map(_field, _narrowed(items))):
        yield series, "what its images show of the patient is not what the evidence says"
    yield from _texts(items, [figure for figure in promised if figure["what"] == "text"], series)
    if not any(figure.get("accepted") for figure in promised):
        yield from ((series, what) for what in _untold([item for item in items if item.seen.image], promised, wanted))


def _untold(images: list[stage.Item], promised: list[dict[str, Any]], wanted: Collection[str]) -> Iterator[str]:
    """What was looked for in these images and has no figure: somebody took it out, or nobody looked."""
    told = {figure["what"] for figure in promised}
    if images and "text" in wanted and "text" not in told:
        yield "has no figure of its text"
    if "face" not in told and {"face", "faces"} & set(wanted):
        pieces, _ = stage.pieces_of(images)
        if any(stage.heads(pieces, everything="faces" in wanted)):
            yield "shows a head, and has no figure of its face"


def _texts(items: list[stage.Item], figures: list[dict[str, Any]], series: str) -> Iterator[tuple[str, str]]:
    words = [figure["still_read"] for figure in figures]
    if words and sum(words) != sum(still_read(item) for item in items):
        yield series, "the text that can be read in its images is not what the evidence says"

    # Of a series that was released in parts only the parts that a reviewer saw have figures.
    told, there = sum(figure["frames"] for figure in figures), sum(item.seen.frames for item in items)
    if told > there or (told < there and figures and not any(figure.get("accepted") for figure in figures)):
        yield series, "has another number of pictures than the evidence says"


def _narrowed(items: list[stage.Item]) -> list[dict[str, Any]]:
    pieces, _ = stage.pieces_of([item for item in items if item.seen.image], fewest=1)
    return [narrow.figures(piece) for piece in pieces]


def _field(figures: dict[str, Any]) -> str:
    return repr([figures.get(name) for name in _WHERE])


def _key(figures: dict[str, Any]) -> str:
    """An evidence file made before hits were confirmed has none: then every attack passed without a hit."""
    found = [figures.get(name, 0) for name in _LOOKED]
    return repr([sorted(one.items()) if isinstance(one, dict) else one for one in found])
