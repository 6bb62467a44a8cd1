"""What a reviewer decided, carried out: boxes painted, the gate run again, and nothing past the patient's own name."""

import os
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scanward.deid.cases import DECIDED, Case, CaseRefused, all_of, checked
from scanward.deid.clearance import Clearance
from scanward.deid.held import HeldReason
from scanward.deid.pixels import gate, hardware, stage
from scanward.deid.pixels.planes import blanked
from scanward.deid.pixels.redact import redact, still_read
from scanward.deid.pixels.stage import Item
from scanward.deid.pixels.whose import Whose, whose
from scanward.deid.reviewing.decisions import Decision, DecisionRefused, allowed
from scanward.deid.run import NotWritten, Result, Worker
from scanward.deid.sources import Source
from scanward.dicom.errors import Refused


@dataclass
class Released:
    """What became of the decisions."""

    result: Result = field(default_factory=Result)
    decisions: list[dict[str, Any]] = field(default_factory=list)  # for the evidence
    tokens: set[str] = field(default_factory=set)  # sources that are no longer held
    refused: list[tuple[str, str]] = field(default_factory=list)  # case, and why it stays held


def release(worker: Worker, held: Path, decisions: dict[str, Decision]) -> Released:
    """Carry out the decisions on the cases of a held folder. What fails stays held.

    Raises: Missing when an engine is not installed; CaseRefused for a folder whose cases can't be read.
    """
    done = Released()
    for case in all_of(held):
        decision = decisions.get(case.case)
        if decision is None:
            continue
        try:
            allowed(decision, case)
            _one(worker, held, case, decision, done)
        except (CaseRefused, DecisionRefused, Refused) as refused:
            done.refused.append((case.case, str(refused)))
    return done


def _one(worker: Worker, held: Path, case: Case, decision: Decision, done: Released) -> None:
    paths = checked(case, held, worker.job.project)
    items = _items(case, held, paths)
    people = [whose(item.seen.dicom_json, worker.engine.also_known) for item in items]
    if any(who.named(decision.why) or who.named(decision.by) for who in people):
        raise CaseRefused("The reason of the decision names the patient. Say it without names and numbers.")
    told = _told(case, decision)
    if decision.decision == "reject":
        done.decisions.append(told)
        return
    _paint(items, case, decision)
    figures = _judged(items, people, case, decision)
    with tempfile.TemporaryDirectory(prefix=".scanward-", dir=os.path.dirname(worker.destination) or None) as place:
        ready = [stage.written(item, place, n) for n, item in enumerate(items)]
        if any(one is None for one in ready):
            raise CaseRefused("Its new pixels can't be written without loss.")
        result = worker.headers([one for one in ready if one is not None])
    root = Path(worker.destination)
    if result.not_written:
        for written in result.written:
            (root / written.path).unlink(missing_ok=True)
        reason = result.not_written[0]
        raise CaseRefused(f"{reason.element} {reason.sentence}".strip())
    for written, file in zip(result.written, case.files, strict=True):
        written.source = file.token
    figures[0]["still_read"] = _read_in(root, [one.path for one in result.written])
    result.pixels = figures
    done.result.add(result)
    done.tokens |= {one.token for one in case.files}
    done.decisions.append(told | {"outputs": [one.path for one in result.written]})


def _read_in(root: Path, paths: list[str]) -> int:
    """How many texts are read in outputs: what `verify` will count."""
    sources = [Source(str(root), path, (root / path).stat().st_size) for path in paths]
    return sum(still_read(item) for item in stage.read_all(sources)[0])


def _items(case: Case, held: Path, paths: list[Path]) -> list[Item]:
    """The case's objects with what was proven of them, as they would leave."""
    sources = [Source(str(held), path.relative_to(held).as_posix(), path.stat().st_size) for path in paths]
    items, rest = stage.read_all(sources)
    if rest:
        raise CaseRefused("A file of the case can't be read.")
    for item, file in zip(items, case.files, strict=True):
        item.clearance = Clearance(**dict.fromkeys(file.marks, True))
    return items


def _told(case: Case, decision: Decision) -> dict[str, Any]:
    """The decision as the evidence tells it."""
    told: dict[str, Any] = {
        "case": case.case,
        "series": case.series,
        "reasons": list(case.reasons),
        "decision": decision.decision,
    }
    told |= {"by": decision.by, "when": decision.when, "why": decision.why, "boxes": _boxes(case, decision)}
    return told | {"sources": [one.token for one in case.files]}


def _boxes(case: Case, decision: Decision) -> list[list[int]]:
    """File by its number in the case, frame, top, left, bottom, right: so that they can be painted once more."""
    numbers = {one.token: number for number, one in enumerate(case.files)}
    return [[numbers[one.file], one.frame, *one.box] for one in decision.boxes]


def _paint(items: list[Item], case: Case, decision: Decision) -> None:
    """Paint the boxes over in the stored pixels."""
    for item, file in zip(items, case.files, strict=True):
        for index in sorted({one.frame for one in decision.boxes if one.file == file.token}):
            frame = item.frame(index)
            boxes = [one.box for one in decision.boxes if (one.file, one.frame) == (file.token, index)]
            item.new[index] = blanked(frame.pixels, boxes, frame)
            item.clearance = replace(item.clearance, redacted=True)


def _judged(items: list[Item], people: list[Whose], case: Case, decision: Decision) -> list[dict[str, Any]]:
    """The gate again, with the person's judgement in place of the doubts that they have seen.

    Raises: CaseRefused for what no person may let pass.
    """
    waived = {reason for reason in DECIDED if reason.value in case.reasons}
    cropped = [one | {"passed": True, "accepted": True} for one in case.figures if one["what"] == "field"]
    return [_texts(items, people, case, decision), *_faces(items, case, waived), *_metal(items, case), *cropped]


def _texts(items: list[Item], people: list[Whose], case: Case, decision: Decision) -> dict[str, Any]:
    figure: dict[str, Any] = {"series": case.series, "what": "text"}
    figure |= dict.fromkeys(("frames", "boxes", "still_read", "known_read"), 0)
    for item, who in zip(items, people, strict=True):
        was = item.clearance
        found = redact(item, who)
        for name in ("frames", "boxes", "known_read"):
            figure[name] += found[name]
        figure["still_read"] += still_read(item)
        item.clearance = replace(was, text=True, redacted=was.redacted or item.clearance.redacted, reviewed=True)
    if figure["known_read"]:
        raise CaseRefused("A name or a number of the patient can be read in it. Paint it over; nobody may accept that.")
    if figure["still_read"] and decision.decision == "redact":
        raise CaseRefused("Text can still be read in it beside your boxes. Paint that over too, or accept it as it is.")
    return figure | {"passed": not figure["still_read"], "accepted": True}


def _faces(items: list[Item], case: Case, waived: set[HeldReason]) -> list[dict[str, Any]]:
    """Render what was defaced once more, and ask the detectors."""
    moved = [one for one in case.figures if one.get("intracranial_changed")]
    if moved:
        raise CaseRefused("The cut reached into the skull. That damages the scan, and nobody may accept it.")
    if HeldReason.FACE not in waived and not any(item.clearance.defaced for item in items):
        return []
    figures = []
    for piece in stage.pieces_of(items)[0]:
        looked = gate.look(piece.stack)
        if not looked.clean and HeldReason.FACE not in waived:
            raise CaseRefused("A face was found in it when it was looked at again.")
        own = {"series": case.series, "what": "face", **looked.figures()}
        figures.append(own | {"passed": looked.clean, "accepted": True})
    return figures


def _metal(items: list[Item], case: Case) -> list[dict[str, Any]]:
    if HeldReason.FEATURES not in case.reasons:
        return []
    volumes = [hardware.metal_ml(piece.stack) for piece in stage.pieces_of(items)[0]]
    return [
        {"series": case.series, "what": "metal", "metal_ml": ml, "passed": False, "accepted": True}
        for ml in volumes
        if ml >= hardware.RAISED
    ]


def merged(
    old: dict[str, Any], more: dict[str, Any], released: Released, *, now: datetime, lost: list[NotWritten]
) -> dict[str, Any]:
    """The evidence of an export with what was released from what it held; unsigned."""
    fields = {key: value for key, value in old.items() if key not in ("signature", "public_key")}
    kept = [one for one in old["not_written"] if one["source"] not in released.tokens or _is_lost(one, lost)]
    outputs = {one["path"]: one for one in [*old["outputs"], *more["outputs"]]}
    search = old["residual_search"] | {
        "values_searched": old["residual_search"]["values_searched"] + more["residual_search"]["values_searched"],
        "findings": old["residual_search"]["findings"] + more["residual_search"]["findings"],
    }
    held = sum(one["held"] for one in kept)
    counts = old["counts"] | {"written": len(outputs), "held": held, "refused": len(kept) - held}
    fields |= {"made": now.isoformat(timespec="seconds"), "counts": counts, "not_written": kept}
    fields |= {"residual_search": search, "outputs": sorted(outputs.values(), key=lambda one: one["path"])}
    actions = {
        key: old["actions"].get(key, 0) + more["actions"].get(key, 0) for key in old["actions"] | more["actions"]
    }
    told = {(one["case"], one["when"]): one for one in [*old.get("decisions", []), *released.decisions]}
    decisions = list(told.values())
    pixels = [*_without(old["pixels"], more["pixels"]), *more["pixels"]]
    return fields | {"actions": dict(sorted(actions.items())), "decisions": decisions, "pixels": pixels}


def _is_lost(one: dict[str, Any], lost: list[NotWritten]) -> bool:
    return any(one["source"] == other.source for other in lost)


def _without(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures without those that the review put others in the place of."""
    again = {(figure["series"], figure["what"]) for figure in new}
    return [one for one in old if (one["series"], one["what"]) not in again or one.get("passed")]
