"""Which series show a face: parts of every head there is, and bodies, that must be left alone.

    python benchmarks/shows.py [--heads FOLDER] [--only heads,bodies]

A part of a head is found when it is taken for a face or can't be told, which holds it; one that is neither would be
released as it is. A body is left alone when it is neither. Of bodies there are synthetic ones only, and one real slice.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from heads import SHARED, heads

from scanward.deid.pixels.geometry import Stack, axial_stack
from scanward.deid.pixels.shows import shown
from scanward.dicom.synthetic import Kind, default_spacing, volume

SLAB, STEP = 40.0, 25.0  # mm
Span = tuple[float, float]
HEAD, BODY = (72, 128, 128), (64, 96, 96)
BODIES = (Kind.CHEST, Kind.ABDOMEN)


def levels(stack: Stack, first: int, last: int) -> Stack:
    return Stack(stack.planes[first:last], stack.hu[first:last], list(range(last - first)))


def field(stack: Stack, rows: Span = (0, 1), columns: Span = (0, 1)) -> Stack:
    """A smaller field, as shares of rows and columns."""
    high, wide = stack.planes[0].shape
    r, c = slice(int(rows[0] * high), int(rows[1] * high)), slice(int(columns[0] * wide), int(columns[1] * wide))
    hu = np.ascontiguousarray(stack.hu[:, r, c])
    planes = []
    for plane in stack.planes:
        x, y, z = (float(v) for v in plane.points(np.array([float(r.start)]), np.array([float(c.start)]))[0, 0])
        planes.append(replace(plane, origin=(x, y, z), shape=(hu.shape[1], hu.shape[2])))
    return Stack(planes, hu, stack.order)


def thick(stack: Stack, mm: float) -> Stack:
    """Slices averaged to about so many mm."""
    n = max(1, round(mm / stack.gap))
    count = len(stack.hu) // n
    hu = stack.hu[: count * n].reshape(count, n, *stack.hu.shape[1:]).astype(np.float32).mean(axis=1).astype(np.int16)
    planes = []
    for first in range(0, count * n, n):
        x, y, z = (float(v) for v in np.mean([p.origin for p in stack.planes[first : first + n]], axis=0))
        planes.append(replace(stack.planes[first], origin=(x, y, z)))
    return Stack(planes, hu, list(range(count)))


def box(stack: Stack) -> tuple[float, float, float, float]:
    """Where the body begins and ends, as shares of rows and columns."""
    body = stack.hu > -300
    rows, columns = (np.flatnonzero(body.mean(axis=(0, axis)) > 0.02) for axis in (2, 1))
    high, wide = stack.planes[0].shape
    return rows[0] / high, (rows[-1] + 1) / high, columns[0] / wide, (columns[-1] + 1) / wide


def of_head(stack: Stack) -> Iterator[tuple[str, Stack]]:
    """Whole, thick, halved, without a nose; and slabs of 40 mm, each of them whole and cut."""
    top, bottom, left, right = box(stack)
    half, deep = (left + right) / 2, (top + bottom) / 2
    mm = stack.planes[0].shape[0] * stack.planes[0].spacing[0]
    yield "whole", stack
    yield "5 mm", thick(stack, 5)
    yield "11 mm", thick(stack, 11)
    yield "left half", field(stack, columns=(half, 1))
    yield "right half", field(stack, columns=(0, half))
    yield "front half", field(stack, rows=(0, deep))
    yield "nose cut", field(stack, rows=(top + 25 / mm, 1))
    yield "40 mm cut", field(stack, rows=(top + 40 / mm, 1))
    at = 0.0
    while at + SLAB <= stack.heights[-1] - stack.heights[0] + stack.gap + 1:
        ends = np.searchsorted(stack.heights, stack.heights[0] + np.array([at, at + SLAB]))
        slab, name = levels(stack, int(ends[0]), int(ends[1])), f"slab at {at:.0f} mm"
        yield name, slab
        yield f"{name}, two slices", levels(slab, 0, 2)
        yield f"{name}, nose cut", field(slab, rows=(top + 25 / mm, 1))
        yield f"{name}, left half", field(slab, columns=(half, 1))
        yield f"{name}, front half", field(slab, rows=(0, deep))
        if len(few := thick(slab, 11).hu) >= 3:
            yield f"{name}, {len(few)} of 11 mm", thick(slab, 11)
            yield f"{name}, {len(few)} of 11 mm, left half", field(thick(slab, 11), columns=(half, 1))
        at += STEP


def of_body(kind: Kind, seed: int) -> Iterator[tuple[str, Stack]]:
    """What is scanned every day, halves, and a newborn's size."""
    hu, spacing = volume(kind, seed, BODY), default_spacing(kind, BODY)
    stack = axial_stack(hu, spacing)
    top, bottom, left, right = box(stack)
    half, deep = (left + right) / 2, (top + bottom) / 2
    yield "usual", stack
    yield "usual", thick(stack, 11)
    yield "usual", levels(thick(stack, 11), 3, 6)
    yield "usual", axial_stack(np.ascontiguousarray(hu[:, ::-1, ::-1]), spacing)
    for first in range(0, len(hu) - 10, 16):
        yield "usual", levels(stack, first, first + 12)
        yield "usual", levels(stack, first + 5, first + 6)
    for edge in (0.2, 0.3):
        yield "usual", field(stack, (edge, 1 - edge), (edge, 1 - edge))
    yield "usual", field(stack, (deep, top + 0.95 * (bottom - top)), (0.38, 0.62))
    yield "left or right half", field(stack, columns=(half, 1))
    yield "left or right half", field(stack, columns=(0, half))
    yield "front half", field(stack, rows=(0, deep))
    yield "back half", field(stack, rows=(deep, 1))
    for scale in (0.45, 0.6):
        z, y, x = spacing
        yield f"shrunk to {scale:.0%}", axial_stack(hu, (scale * z, scale * y, scale * x))


def measure_heads(folders: list[Path]) -> None:
    found: Counter[str] = Counter()
    known = heads(folders)
    for name in [one for one in known if one != "synthetic2"]:
        made = known[name]() if name != "synthetic1" else (volume("head", 1, HEAD), default_spacing(Kind.HEAD, HEAD))
        for part, stack in of_head(made if isinstance(made, Stack) else axial_stack(*made)):
            if name == "synthetic1" and part.startswith("slab at 0"):
                continue  # nothing but neck
            if not (stack.hu > -300).any():
                continue  # empty slices at the end of a scan
            seen = shown(stack)
            says = "face" if seen.face else "can't tell" if seen.doubtful else "MISSED"
            found[says] += 1
            if not seen.face:
                print(f"  {name:10} {part:36} {says}: {seen}", flush=True)
    print(f"parts of heads: {sum(found.values())}, {dict(found)}")


def measure_bodies() -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for kind in BODIES:
        for seed in (1, 2, 3):
            for what, stack in of_body(kind, seed):
                seen = shown(stack)
                found[what][f"{'face' if seen.face else 'can not tell' if seen.doubtful else 'left alone'}"] += 1
    for what, says in found.items():
        print(f"bodies, {what:20} {sum(says.values()):3} {dict(says)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heads", type=Path, action="append", default=[])
    parser.add_argument("--only", default="heads,bodies")
    asked = parser.parse_args()
    if "heads" in asked.only:
        measure_heads([SHARED / "heads", *asked.heads])
    if "bodies" in asked.only:
        measure_bodies()


if __name__ == "__main__":
    main()
