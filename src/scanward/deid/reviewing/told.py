"""The decisions that evidence tells, for the cases of an export that was made again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scanward.deid.cases import Case, all_of
from scanward.deid.reviewing.decisions import Decision, Drawn
from scanward.dicom.errors import Refused
from scanward.dicom.frames import frame


def decisions_of(told: Sequence[dict[str, Any]], held: Path, root: Path) -> dict[str, Decision]:
    """What was released by each case that is held now; of a case that was decided twice the last counts.

    A case is found by what was released of it (in `root`): a hash of pixels with a name in them, in the evidence, would
    tell that name to whoever tries some.
    """
    waiting, found = all_of(held), dict[str, Case]()
    made: dict[str, Decision] = {}
    for one in told:
        outputs = [root / path for path in one.get("outputs", ())]
        like = [case for case in waiting if (case.reasons, len(case.files)) == (tuple(one["reasons"]), len(outputs))]
        if outputs and one["case"] not in found and like:
            best = max(like, key=lambda case: _likeness(case, held, outputs))
            found[one["case"]] = best
            waiting.remove(best)
        if outputs and (case := found.get(one["case"])):
            made[case.case] = _decision(one, case)
    return made


def _decision(told: dict[str, Any], case: Case) -> Decision:
    boxes = tuple(
        Drawn(case.files[file].token, index, (top, left, bottom, right))
        for file, index, top, left, bottom, right in told["boxes"]
    )
    return Decision(case.case, told["decision"], told["by"], told["when"], told["why"], boxes)


def _likeness(case: Case, held: Path, outputs: list[Path]) -> float:
    """How many of a case's pixels are in what was released: outside of the boxes all are, of the same case."""
    total = 0.0
    for file, output in zip(case.files, outputs, strict=True):
        try:
            one, other = (frame(path.read_bytes()).pixels for path in (held / file.path, output))
        except (OSError, Refused):
            return 0.0
        total += float((one == other).mean()) if one.shape == other.shape else 0.0
    return total
