"""Check an export against its evidence, without the key: same files, same bytes, nothing that should not be
there.
"""

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from scanward.deid.check import Finding, check_all, promised


def verify(root: Path, evidence: dict[str, Any], *, told_in: Path | None = None) -> Iterator[Finding]:
    """Everything in which the folder differs from its evidence, or fails the checks again.

    The file that the evidence was read from (`told_in`) and its page may lie in the folder, too.
    """
    listed = {str(one["path"]): one for one in evidence["outputs"]}
    own = {told_in.resolve(), told_in.with_suffix(".html").resolve()} if told_in else set()
    there = {
        path.relative_to(root).as_posix() for path in root.rglob("*") if _is_file(path) and path.resolve() not in own
    }
    for path in sorted(there - set(listed)):
        yield Finding(path, "the file", "is not in the evidence")
    for path, one in listed.items():
        if path not in there:
            yield Finding(path, "the file", "is missing")
            continue
        elif (root / path).stat().st_size != one["size"]:
            yield Finding(path, "the file", "has another size than the evidence says")
        if one["sha256"] and _sha256(root / path) != one["sha256"]:
            yield Finding(path, "the file", "was changed")
    yield from _counts(evidence)
    yield from check_all(root, ((path, ()) for path in listed if path in there), promised(evidence["profile"]))
    wanted = _wanted(evidence)
    if wanted or any(figure.get("passed") or figure.get("accepted") for figure in evidence["pixels"]):
        yield from _pixels(root, [path for path in listed if path in there], evidence["pixels"], wanted)


def _wanted(evidence: dict[str, Any]) -> set[str]:
    """What each series needs a figure of, by what the evidence says was looked for."""
    looked = evidence.get("looked", {"faces": "off", "text": "off"})
    wanted = {"text"} if looked["text"] != "off" else set()
    if looked["faces"] != "off" and "faces" not in evidence["permissions"]:
        wanted.add("faces" if looked["faces"] == "on" else "face")
    return wanted


def _counts(evidence: dict[str, Any]) -> Iterator[Finding]:
    """The sums of the evidence that its own lists don't give."""
    kept = evidence["not_written"]
    held = sum(bool(one["held"]) for one in kept)
    there = {"written": len(evidence["outputs"]), "held": held, "refused": len(kept) - held}
    for name, number in there.items():
        if evidence["counts"][name] != number:
            yield Finding("", "the evidence", f"has another number of files {name} than it lists")


def _is_file(path: Path) -> bool:
    """A file of any name, or a link, whatever it leads to."""
    return path.is_symlink() or not path.is_dir()


def _pixels(root: Path, paths: list[str], figures: list[dict[str, Any]], wanted: Collection[str]) -> Iterator[Finding]:
    """The figures of faces and text, computed again."""
    try:
        from scanward.deid.pixels.again import differing  # noqa: PLC0415  (heavy, and an extra)
        from scanward.deid.pixels.detectors import Missing  # noqa: PLC0415

        try:
            yield from (
                Finding(series, "(7FE0,0010) PixelData", what)
                for series, what in differing(root, paths, figures, wanted)
            )
        except Missing as missing:
            yield Finding("", "(7FE0,0010) PixelData", f"could not be looked at again. {missing}")
    except ImportError:
        yield Finding("", "(7FE0,0010) PixelData", "could not be looked at again. Install scanward[pixels].")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
