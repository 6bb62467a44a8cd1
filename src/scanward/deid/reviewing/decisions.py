"""Who decided what of a case, when and why: one JSON file, written by the page or by hand."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scanward.deid.cases import Case

FILE: Final = "decisions.json"
CHOICES: Final = ("accept", "redact", "reject")
_MOST_BOXES: Final = 2000


class DecisionRefused(Exception):
    """A decision that can't be read or may not be made; says which and why."""


@dataclass(frozen=True)
class Drawn:
    """A box to be painted over in one frame of one file, in its pixels."""

    file: str
    frame: int
    box: tuple[int, int, int, int]  # top, left, bottom, right


@dataclass(frozen=True)
class Decision:
    """What one person decided of one case."""

    case: str
    decision: str
    by: str
    when: str
    why: str
    boxes: tuple[Drawn, ...] = ()


def decided(case: Case, decision: str, *, by: str, why: str, boxes: list[Drawn], now: datetime) -> Decision:
    """A decision that the case allows.

    Raises: DecisionRefused
    """
    made = Decision(case.case, decision, " ".join(by.split()), now.isoformat(timespec="seconds"), why.strip())
    made = Decision(**{**vars(made), "boxes": tuple(boxes) if decision == "redact" else ()})
    return allowed(made, case)


def allowed(decision: Decision, case: Case) -> Decision:
    """The decision, if the case allows it.

    Raises: DecisionRefused
    """
    if decision.decision not in CHOICES or decision.decision not in case.choices:
        raise DecisionRefused(f"Case {case.case} can't be decided like that.")
    if not decision.by or not decision.why:
        raise DecisionRefused(f"The decision of case {case.case} needs who decides and why.")
    if decision.decision == "redact" and not decision.boxes:
        raise DecisionRefused(f"Case {case.case} is to be redacted, but no box was drawn.")
    frames = {(one.token, one.frame): one.size for one in case.pictures if one.frame >= 0}
    for one in decision.boxes:
        rows, columns = frames.get((one.file, one.frame), (0, 0))
        top, left, bottom, right = one.box
        if not (0 <= top < bottom <= rows and 0 <= left < right <= columns):
            raise DecisionRefused(f"A box of case {case.case} lies outside of its picture.")
    return decision


def read(held: Path) -> dict[str, Decision]:
    """The decisions of a held folder by case; the last of each counts.

    Raises: DecisionRefused
    """
    path = held / FILE
    if not path.exists():
        return {}
    try:
        found = [_decision(one) for one in json.loads(path.read_text())["decisions"]]
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise DecisionRefused(f"{FILE} can't be read as a list of decisions.") from broken
    return {one.case: one for one in found}


def _decision(one: dict[str, Any]) -> Decision:
    texts = [one[name] for name in ("case", "decision", "by", "when", "why")]
    if not all(isinstance(text, str) for text in texts) or len(one.get("boxes", ())) > _MOST_BOXES:
        raise TypeError
    if datetime.fromisoformat(texts[3]).astimezone(UTC) is None:
        raise ValueError
    boxes = []
    for drawn in one.get("boxes", ()):
        top, left, bottom, right = (int(n) for n in drawn["box"])
        boxes.append(Drawn(str(drawn["file"]), int(drawn["frame"]), (top, left, bottom, right)))
    return Decision(texts[0], texts[1], texts[2], texts[3], texts[4], tuple(boxes))


def write(held: Path, decisions: dict[str, Decision]) -> None:
    """Write the file anew, whole or not at all."""
    partial = held / f".{FILE}.part"
    partial.write_text(json.dumps({"decisions": [asdict(one) for one in decisions.values()]}, indent=1))
    partial.chmod(0o600)
    partial.replace(held / FILE)
