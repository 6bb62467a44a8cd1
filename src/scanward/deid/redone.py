"""An export made once more from its originals, under a key of its own: what only they can tell of the evidence.

The figures don't depend on the key, so all of them have to come out again, and the pixels of each output too.
"""

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scanward.deid import evidence as evidence_file
from scanward.deid.check import Finding
from scanward.deid.export import check
from scanward.deid.field import Field, field_told
from scanward.deid.keyed import Project
from scanward.deid.profiles import Profile
from scanward.deid.rewrite import Permissions
from scanward.deid.run import Job, Result, Worker, serial
from scanward.deid.sources import find
from scanward.deid.studies import by_study
from scanward.dicom.errors import Refused
from scanward.dicom.read import open_

_SAME: Final = ("edition", "methods", "residual_risk", "conditions", "actions", "counts")
_PIXELS: Final = "(7FE0,0010) PixelData"


class CantBeRedone(Exception):
    """Evidence that does not say enough to make its export again, or another profile than it names."""


def from_source(
    root: Path, evidence: dict[str, Any], source: Path, *, profile: Profile, also_known: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Everything in which the evidence, or the pixels of an output, differ from what the originals give.

    What reviewers released is released once more, as they decided.
    Raises: CantBeRedone, SourceRefused, CheckFailed
    """
    if not all(one["source_sha256"] for one in evidence["outputs"]) or "looked" not in evidence:
        raise CantBeRedone("This evidence has no hashes of its sources, so nothing of it can be made again.")
    if evidence_file.profile_of(profile) != evidence["profile"]:
        raise CantBeRedone("The evidence was made under another profile of that name. Give its file by --profile.")
    # Apart from the export, and on its disk: it is as large.
    with tempfile.TemporaryDirectory(prefix=".scanward-", dir=root.resolve().parent) as place:
        again = _again(evidence, root, source, os.path.join(place, "out"), profile, also_known=also_known)
        pairs = _pairs(evidence, again)
        for path in sorted({str(one["path"]) for one in evidence["outputs"]} - pairs.keys()):
            yield Finding(path, "the file", "is not what any of the originals becomes")
        yield from _sums(evidence, again)
        yield from _figures(evidence, again, pairs)
        for mine, theirs in pairs.items():
            if not _same_pixels(root / mine, Path(place, "out", theirs)):
                yield Finding(mine, _PIXELS, "is not what the originals give")


def _again(
    evidence: dict[str, Any],
    root: Path,
    source: Path,
    place: str,
    profile: Profile,
    *,
    also_known: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The evidence of the same export, made now."""
    looked, project = evidence["looked"], Project(evidence["project"], os.urandom(32))
    held = f"{place}.held" if evidence["decisions"] else ""
    job = Job(profile, project, place, held, Permissions(**evidence["permissions"]), hashes=True, watch=True)
    job = replace(job, alone=True, also_known=also_known, wanted=field_told(looked["field"]))
    job = job.looking(looked["faces"], looked["text"])
    os.mkdir(place)
    batches, result = find(source), Result()
    for one in serial(job, by_study(batches) if job.looks else batches):
        result.add(one)
    findings = check(job, result)
    made = evidence_file.gather(job, result, findings, searched=True, now=datetime.now(UTC))
    return _released(evidence["decisions"], root, made, job) if held else made


def _released(told: list[dict[str, Any]], root: Path, made: dict[str, Any], job: Job) -> dict[str, Any]:
    """The evidence with what reviewers released, carried out once more.

    Raises: CantBeRedone
    """
    try:
        from scanward.deid.pixels.detectors import Missing  # noqa: PLC0415  (heavy, and an extra)
        from scanward.deid.reviewing.release import merged, release  # noqa: PLC0415
        from scanward.deid.reviewing.told import decisions_of  # noqa: PLC0415
    except ImportError as missing:
        raise CantBeRedone("What looks at pixels is not installed. Install scanward[pixels].") from missing
    held, now = Path(job.held), datetime.now(UTC)
    worker = Worker(replace(job, held="", wanted=Field(), deface=True, text=True))
    try:
        released = release(worker, held, decisions_of(told, held, root))
    except Missing as missing:
        raise CantBeRedone(str(missing)) from missing
    findings = check(job, released.result)
    more = evidence_file.gather(job, released.result, findings, searched=True, now=now)
    return merged(made, more, released, now=now, lost=released.result.not_written)


def _pairs(evidence: dict[str, Any], again: dict[str, Any]) -> dict[str, str]:
    """Each output and what was made of the same original now; of equal originals any will do."""
    made = {one["source_sha256"]: str(one["path"]) for one in again["outputs"]}
    told = {str(one["path"]): made.get(one["source_sha256"], "") for one in evidence["outputs"]}
    return {path: other for path, other in told.items() if other}


def _sums(evidence: dict[str, Any], again: dict[str, Any]) -> Iterator[Finding]:
    """What is told of the export as a whole."""
    for name in _SAME:
        if evidence[name] != again[name]:
            yield Finding("", "the evidence", f"has other {name.replace('_', ' ')} than the originals give")
    here, there = (Counter((one["held"], one["reason"], one["element"]) for one in e["not_written"])
                   for e in (evidence, again))  # fmt: skip
    if here != there:
        yield Finding("", "the evidence", "has other reasons for what was not written than the originals give")
    searched = [one["residual_search"]["values_searched"] for one in (evidence, again)]
    if evidence["residual_search"]["done"] and searched[0] != searched[1]:
        yield Finding("", "the evidence", "searched for another number of values than the originals have")


def _figures(evidence: dict[str, Any], again: dict[str, Any], pairs: Mapping[str, str]) -> Iterator[Finding]:
    """The figures of the pixels, by series; those of one without outputs only have to be there."""
    series = {_series(mine): _series(theirs) for mine, theirs in pairs.items()}
    named = set(series.values())
    made = Counter(_key(one, one["series"] if one["series"] in named else "") for one in again["pixels"])
    for figure in evidence["pixels"]:
        key = _key(figure, series.get(figure["series"], ""))
        if not made[key]:
            yield Finding(
                figure["series"], _PIXELS, f"has other figures of its {figure['what']} than the originals give"
            )
        made[key] -= 1
    if any(number > 0 for number in made.values()):
        yield Finding("", _PIXELS, "has fewer figures than the originals give")


def _series(path: str) -> str:
    return path.split("/")[2]


def _key(figure: dict[str, Any], series: str) -> str:
    return json.dumps(figure | {"series": series}, sort_keys=True)


def _same_pixels(mine: Path, other: Path) -> bool:
    try:
        one, two = (_pixels(path) for path in (mine, other))
    except (OSError, Refused):
        return False
    return one == two


def _pixels(path: Path) -> bytes:
    """The hash of an object's pixels as they are stored; of one without, that of nothing."""
    opened = open_(path.read_bytes())
    start, length = opened.inspected.pixel or (0, 0)
    return hashlib.sha256(memoryview(opened.data)[start : start + length]).digest()
