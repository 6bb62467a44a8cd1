"""How often a defaced head is still matched with its owner: what an expert needs for the residual risk (S14, R6).

Every head is compared with every reference (a photograph, or another scan that is rendered), as somebody would who
has a set of known faces. A pair is accepted when it is nearer than 1 % of the pairs of different people among the
references.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from scanward.deid.pixels import stage
from scanward.deid.pixels.detectors import Box, Picture
from scanward.deid.pixels.likeness import Matcher, Numbers, Share, face_box, limit_at
from scanward.deid.pixels.render import VIEWS, views
from scanward.deid.sources import Source

FALSE_ACCEPTS: Final = 0.01
_PHOTOGRAPHS: Final = (".jpg", ".jpeg", ".png")
_FEWEST: Final = 3  # people, below which no limit can be set
# Where a face is in a render of a head when no detector finds one, as shares of its width and height.
_USUAL: Final = (0.18, 0.2, 0.82, 0.9)


_NOT_LOOKED: Final = Share(0, 0)


class NotComparable(Exception):
    """Heads and references that don't allow a statement; the text says what is missing, and names nobody."""


@dataclass(frozen=True)
class Risk:
    """What the matcher makes of a set of heads. Distances are Euclidean, between 128 numbers."""

    heads: int
    references: int
    still_detected: Share  # renders of the heads in which a detector finds a face
    limit: float  # the distance of 1 % false accepts
    impostors: int  # pairs of different people from which the limit comes
    accepted: Share
    first: Share  # heads whose nearest reference is their own (rank 1)

    def figures(self) -> dict[str, Any]:
        """The figures as they go into a file, with 95 % confidence intervals (Wilson)."""
        shares = {"still_detected": self.still_detected, "accepted": self.accepted, "rank_1": self.first}
        told = {name: {"hits": s.hits, "of": s.of, "interval_95": list(s.interval)} for name, s in shares.items()}
        return {
            "heads": self.heads,
            "references": self.references,
            "matcher": "dlib_face_recognition_resnet_model_v1, 128 numbers, Euclidean distance",
            "false_accepts": FALSE_ACCEPTS,
            "limit": self.limit,
            "impostor_pairs": self.impostors,
            "rank_1_by_chance": 1 / self.references,
            **told,
        }


def compared(
    heads: Mapping[str, list[Numbers]], references: Mapping[str, list[Numbers]], detected: Share = _NOT_LOOKED
) -> Risk:
    """Match heads with references of the same names; each person may have several pictures, the nearest pair counts.

    Raises: NotComparable
    """
    if len(references) < _FEWEST:
        raise NotComparable(f"References of at least {_FEWEST} people are needed to know what a chance match is.")
    alone = sum(name not in references for name in heads)
    if alone or not heads:
        raise NotComparable(f"{alone} of {len(heads)} heads have no reference of the same name.")
    apart = [_nearest(references[a], references[b]) for a, b in combinations(sorted(references), 2)]
    limit = limit_at(apart, FALSE_ACCEPTS)
    own = {name: _nearest(numbers, references[name]) for name, numbers in heads.items()}
    first = sum(
        all(own[name] < _nearest(numbers, there) for other, there in references.items() if other != name)
        for name, numbers in heads.items()
    )
    accepted = sum(distance < limit for distance in own.values())
    many = len(heads)
    return Risk(many, len(references), detected, limit, len(apart), Share(accepted, many), Share(first, many))


def _nearest(some: list[Numbers], others: list[Numbers]) -> float:
    return min(float(np.linalg.norm(a - b)) for a in some for b in others)


def measured(heads: Path, references: Path, models: Path) -> Risk:
    """Measure folders: each entry of both is a person, a folder with one scan or (references) a photograph.

    Raises: NotComparable, Missing
    """
    match = Matcher(models)
    shown = {path.name: _renders(path) for path in sorted(heads.iterdir()) if path.is_dir()}
    boxes = [[face_box(picture) for picture in pictures] for pictures in shown.values()]
    detected = Share(sum(box is not None for row in boxes for box in row), sum(len(row) for row in boxes))
    numbers = {
        name: [match.numbers(p, box or _usual(p)) for p, box in zip(pictures, row, strict=True)]
        for (name, pictures), row in zip(shown.items(), boxes, strict=True)
    }
    return compared(numbers, _known(references, match), detected)


def _known(references: Path, match: Matcher) -> dict[str, list[Numbers]]:
    found: dict[str, list[Numbers]] = {}
    for path in sorted(references.iterdir()):
        faces = [(picture, box) for picture in _pictures(path) if (box := face_box(picture))]
        if faces:
            found.setdefault(path.name if path.is_dir() else path.stem, []).extend(match.numbers(*f) for f in faces)
    return found


def _pictures(path: Path) -> list[Picture]:
    if path.is_dir():
        return _renders(path)
    if path.suffix.lower() not in _PHOTOGRAPHS:
        return []
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise NotComparable("A reference photograph can't be read. Use JPEG or PNG.")
    return [np.asarray(picture, np.uint8)]


def _renders(folder: Path) -> list[Picture]:
    """The biggest volume of a folder from three sides."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    items, _ = stage.read_all([Source(str(folder), str(p.relative_to(folder)), p.stat().st_size) for p in files])
    pieces, _ = stage.pieces_of([item for item in items if item.seen.image])
    if not pieces:
        raise NotComparable("A folder has no volume of CT slices.")
    stack = max((piece.stack for piece in pieces), key=lambda one: one.hu.size)
    return [picture for _, picture in views(stack, VIEWS)]


def _usual(picture: Picture) -> Box:
    high, wide = picture.shape
    left, top, right, bottom = _USUAL
    return int(left * wide), int(top * high), int(right * wide), int(bottom * high)


def page(risk: Risk, when: str) -> str:
    """The page that an expert signs: figures, what they mean and don't, and a line for the signature. Names nobody."""
    rows = [
        ("Heads compared / people among the references", f"{risk.heads} / {risk.references}"),
        ("Renders in which a detector still finds a face", _told(risk.still_detected)),
        ("Heads accepted as their owner at 1 % false accepts", _told(risk.accepted)),
        ("Heads whose nearest reference is their owner (rank 1)", _told(risk.first)),
        ("Rank 1 by chance alone", f"{100 / risk.references:.1f} %"),
        ("Distance taken as the limit, and pairs of different people behind it", f"{risk.limit:.3f}, {risk.impostors}"),
    ]
    table = "".join(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    few = "" if risk.impostors >= 100 else f"<p><strong>{escape(_FEW)}</strong></p>"
    return _PAGE.format(table=table, when=escape(when), few=few)


def _told(share: Share) -> str:
    low, high = share.interval
    return f"{share.hits} of {share.of} (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"


_FEW: Final = "Fewer than 100 pairs of different people: the limit of 1 % is the nearest of them, not a measured 1 %."
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Residual risk of recognition by the face</title></head>
<body><h1>Residual risk of recognition by the face</h1>
<p>Measured on {when}. Every head was rendered from three sides (-30, 0 and 30 degrees) and compared with every
reference by dlib's face recognition network. No picture was kept.</p>
<table>{table}</table>{few}
<p>What this does not measure: recognition by a person who knows the patient, by the skull or the teeth, by another
matcher, or by anything beside the face.</p>
<p>I have read these figures and take them into account in my determination (45 CFR 164.514(b)(1)).</p>
<p>Name, signature, date: ____________________________________________</p>
</body></html>
"""
