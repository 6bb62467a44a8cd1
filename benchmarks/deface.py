"""Faces: what detectors and a matcher find before and after, beside the peers, on many variants of heads.

    python benchmarks/deface.py [--quick] [--workers 2] [--heads FOLDER] [--models FOLDER] [--peers PYTHON]

`--models` has the two networks of dlib (see `scanward.deid.pixels.likeness`): acceptance is measured too. `--peers`
is a Python with quickshear and mede are installed (see deface_peers.py); they get the same cases, in turn. What
was measured with the same code is kept. Renders and figures go to a git-ignored folder only.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from heads import QUICK, SHARED, cases, make, truth
from scipy import ndimage

from scanward.deid.pixels import attack
from scanward.deid.pixels.anatomy import analyse, largest
from scanward.deid.pixels.detectors import DETECTORS
from scanward.deid.pixels.face import Defaced, deface
from scanward.deid.pixels.gate import intracranial_changes
from scanward.deid.pixels.geometry import Grid, Stack, axial_stack
from scanward.deid.pixels.likeness import Matcher, Share, face_box, limit_at, scaled
from scanward.deid.pixels.render import VIEWS, even, render
from scanward.dicom.synthetic import default_spacing, volume

ROOT = Path(__file__).resolve().parent.parent
TILE = 120
# The code that the figures depend on: when it changes they are measured again.
MEASURED = [
    *(
        f"src/scanward/deid/pixels/{name}.py"
        for name in ["anatomy", "attack", "cut", "detectors", "face", "geometry", "paint", "render"]
    ),
    "benchmarks/heads.py",
]
# mede takes most of a minute: the peers get these.
PEERS_GET = ("as it is", "5 mm", "turn 20")


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    place: Path
    heads: tuple[Path, ...]
    models: Path | None
    peers: Path | None


@lru_cache(maxsize=1)
def matcher(models: Path) -> Matcher:
    return Matcher(models)


def found_in(pictures: list[np.ndarray]) -> list[bool]:
    """Does any detector fire, for each picture."""
    return [any(detector(p) for detector in DETECTORS.values()) for p in pictures]


def seen(stack: Stack) -> list[np.ndarray]:
    volume = even(stack)
    return [render(volume, angle) for angle in VIEWS]


def measure(name: str, variant: str, asked: Asked) -> dict:
    """One case: figures, and a row of pictures."""
    stack = make(name, variant, list(asked.heads))
    before = seen(stack)
    row = {"head": name, "variant": variant, "before": found_in(before), "shape": stack.hu.shape}
    started = time.process_time()
    done = deface(stack, seed=b"benchmark")
    row["cpu"] = time.process_time() - started
    after = seen(done.stack)
    row |= {"after": found_in(after), "depth": done.cut.depth, "uncovered": round(done.cut.uncovered, 4)}
    changed = done.stack.hu != stack.hu
    row |= harmed(name, variant, stack, done, changed)
    tried = attacks(stack, done, changed)
    row |= {key: found_in(pictures) for key, pictures in tried.items()}
    backs = even(stack)[:, ::-1, ::-1]
    row["control"] = found_in([render(backs, angle) for angle in VIEWS])
    if asked.models:
        row |= likeness(matcher(asked.models), before, {"after": after} | tried)
    if asked.peers and variant in PEERS_GET:
        row |= peers(asked, stack, done, before)
    side = even(done.stack)
    profiles = [render(side, angle) for angle in (-90.0, 90.0)]
    slices = [middle(s, s.grid(1.25)) for s in (stack, done.stack)]
    rounds = tried["attack"][: len(VIEWS)] + tried["attack with skull"][: len(VIEWS)]
    cv2.imwrite(str(asked.place / f"{name} {variant}.png"), strip([*before, *after, *profiles, *slices, *rounds]))
    return row


def harmed(name: str, variant: str, stack: Stack, done: Defaced, changed: np.ndarray) -> dict:
    """How many voxels inside the skull, by three masks and the truth, and which share of the skull changed."""
    grid = done.cut.grid
    closed = on_stack(stack, grid, inside_by_closing(done.anatomy.hu, done.anatomy.body, grid.step))
    # The biggest piece: a head holder that touches the skin can be as hard as bone.
    bone = largest(on_stack(stack, grid, done.anatomy.body) & (stack.hu > 300))
    true = truth(name, variant, stack)
    return {
        "brain": intracranial_changes(stack, done.stack, done.cut),
        "brain by closing": int((changed & closed & (stack.hu > -200) & (stack.hu < 200)).sum()),
        "closing ml": round(float(closed.sum()) * stack.gap * float(np.prod(stack.planes[0].spacing)) / 1000),
        "brain in truth": int((changed & true).sum()) if true is not None else None,
        "skull": float((changed & bone).sum() / max(bone.sum(), 1)),
    }


def inside_by_closing(hu: np.ndarray, body: np.ndarray, step: float) -> np.ndarray:
    """A third mask, which the product doesn't know: slices of closed bone are filled, and what is thick stays."""
    bone = (hu > 160) & body
    reach = ndimage.iterate_structure(ndimage.generate_binary_structure(2, 1), round(10 / step))
    filled = np.zeros_like(bone)
    for z in range(len(bone)):
        ring = ndimage.binary_closing(np.pad(bone[z], 12), reach)[12:-12, 12:-12]
        filled[z] = ndimage.binary_fill_holes(ring) & ~ring
    soft = filled & (hu > -20) & (hu < 100)
    core = largest(ndimage.binary_erosion(soft, iterations=round(8 / step)))
    return ndimage.binary_dilation(core, iterations=round(6 / step), mask=soft)


def on_stack(stack: Stack, grid: Grid, mask: np.ndarray) -> np.ndarray:
    out = np.zeros(stack.hu.shape, bool)
    values = mask.astype(np.float32)
    rows, columns = (np.arange(n, dtype=float) for n in stack.planes[0].shape)
    for n, plane in enumerate(stack.planes):
        out[n] = grid.sample(values, plane.points(rows, columns), 0) > 0.5
    return out


def attacks(stack: Stack, done: Defaced, changed: np.ndarray) -> dict[str, list[np.ndarray]]:
    """The attacker's best case: he knows exactly which voxels are the patient's own, and grows them."""
    grid = stack.grid(2.0)
    own = np.where(changed, -1000, stack.hu).astype(np.int16)
    hu, known = Stack(stack.planes, own, stack.order).resampled(grid)
    exact = analyse(hu, known, grid).body & (hu > -300)
    skull = done.anatomy.bone
    kinds = {
        "attack": attack.without_skull(exact, skull, grid.step),
        "attack with skull": exact,
        "skull alone": skull,  # what is there whatever is done to the skin
    }
    return {
        key: [render(attack.grown(mask, mm, grid.step), angle) for mm in attack.GROWN for angle in VIEWS]
        for key, mask in kinds.items()
    }


def likeness(match: Matcher, before: list[np.ndarray], others: dict[str, list[np.ndarray]]) -> dict:
    """The 128 numbers of the originals and of what was made of them, all cropped with the original's box.

    Nobody but the strongest attacker has that box.
    """
    out: dict[str, dict] = {"numbers": {}, "probes": {key: [] for key in others}}
    for n, picture in enumerate(before):
        box = face_box(picture)
        if box is None:
            continue
        own = match.numbers(picture, box)
        out["numbers"][str(n)] = own.tolist()
        for key, pictures in others.items():
            for other in pictures[n :: len(VIEWS)]:
                there = match.numbers(other, scaled(box, other.shape[0] / picture.shape[0]))
                out["probes"][key].append([n, there.tolist()])
    return out


def peers(asked: Asked, stack: Stack, done: Defaced, before: list[np.ndarray]) -> dict:
    """The same case through quickshear and mede."""
    brain = on_stack(stack, done.cut.grid, done.cut.inside)
    bone = on_stack(stack, done.cut.grid, done.anatomy.body) & (stack.hu > 300)
    flip = stack.planes[0].normal[2] < 0.9
    if flip:
        return {}  # the peers get axial slices only
    spacing = (stack.gap, *stack.planes[0].spacing)
    with tempfile.TemporaryDirectory() as place:
        given, made = Path(place, "in.npz"), Path(place, "out.npz")
        np.savez(given, hu=stack.hu, sp=spacing, brain=brain)
        here = Path(__file__).with_name("deface_peers.py")
        subprocess.run([str(asked.peers), str(here), str(given), str(made)], check=True, capture_output=True)
        found = dict(np.load(made))
    out: dict[str, dict] = {}
    for peer in ("quickshear", "mede"):
        result = Stack(stack.planes, found[peer], stack.order)
        pictures = seen(result)
        moved = result.hu != stack.hu
        out[peer] = {
            "after": found_in(pictures),
            "cpu": float(found[f"{peer} cpu"]),
            "brain": int((moved & brain & (stack.hu > -200)).sum()),
            "skull": float((moved & bone).sum() / max(bone.sum(), 1)),
        }
        if asked.models:
            out[peer]["probes"] = likeness(matcher(asked.models), before, {"after": pictures})["probes"]["after"]
    return {"peers": out}


def middle(stack: Stack, grid: Grid) -> np.ndarray:
    """The sagittal slice in the middle, in a window of soft tissue and bone."""
    hu = stack.resampled(grid)[0][::-1, :, grid.shape[2] // 2]
    return np.clip((hu + 300) / 900 * 255, 0, 255).astype(np.uint8)


def strip(pictures: list[np.ndarray]) -> np.ndarray:
    tiles = []
    for picture in pictures:
        scale = TILE / max(picture.shape)
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:TILE, :TILE]
        tile = np.zeros((TILE, TILE), np.uint8)
        tile[: small.shape[0], : small.shape[1]] = small
        tiles.append(tile)
    return np.hstack(tiles)


def sheet(asked: Asked, rows: list[dict]) -> None:
    """Every case on one sheet: before, after, profiles after, sagittal before and after, attacks."""
    strips = []
    for row in rows:
        path = asked.place / f"{row['head']} {row['variant']}.png"
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        cv2.putText(picture, f"{row['head']} {row['variant']}", (3, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255)
        strips.append(picture)
    cv2.imwrite(str(asked.place.parent / "sheet.png"), np.vstack(strips))


def one(case: tuple[str, str], asked: Asked) -> dict:
    """Measure a case, unless the same code has."""
    kept = asked.place / f"{case[0]} {case[1]}.json"
    if kept.is_file():
        row = json.loads(kept.read_text())
        if not asked.peers or "peers" in row or case[1] not in PEERS_GET:
            return row
    cv2.setNumThreads(1)
    row = measure(*case, asked)
    kept.write_text(json.dumps(row, default=list))
    return row


def full_size() -> float:
    """CPU seconds for a volume of 512x512x300, in one thread."""
    shape = (300, 512, 512)
    stack = axial_stack(volume("head", 1, shape, noisy=False), default_spacing("head", shape))
    started = time.process_time()
    deface(stack)
    return time.process_time() - started


def say(row: dict) -> str:
    fired = {k: sum(row[k]) for k in ("before", "after", "attack", "attack with skull", "skull alone", "control")}
    inside = [row[k] for k in ("brain", "brain by closing", "brain in truth")]
    return (
        f"{row['head']:12} {row['variant']:18} {fired} brain {inside} skull {row['skull']:.2%} cpu {row['cpu']:.1f} s"
    )


def share(flags: list[bool]) -> str:
    """Hits of tries, with the interval."""
    found = Share(sum(flags), len(flags))
    low, high = found.interval
    return f"{found.hits}/{found.of} ({100 * found.hits / max(found.of, 1):.1f} %, {100 * low:.1f} to {100 * high:.1f})"


def summary(rows: list[dict]) -> list[str]:
    """The figures that are promised."""
    lines = [
        f"{key:18} {share([f for row in rows for f in row[key]])}"
        for key in ("before", "control", "after", "attack", "attack with skull", "skull alone")
    ]
    for key in ("brain", "brain by closing", "brain in truth"):
        lines.append(f"{key:18} {sum(row[key] or 0 for row in rows)} voxels changed")
    lines.append(f"{'512x512x300':18} {full_size():.1f} s of CPU")
    lines.append(f"{'skull':18} at most {max(row['skull'] for row in rows):.2%}")
    of = [row for row in rows if row.get("numbers")]
    for key in of[0]["probes"] if of else ():
        lines += accepted(key, of, [(row, row["probes"][key], row[key]) for row in of])
    for peer in ("quickshear", "mede"):
        theirs = [row["peers"][peer] for row in rows if row.get("peers")]
        if theirs:
            lines.append(
                f"{peer:18} {share([f for t in theirs for f in t['after']])}; "
                f"brain {max(t['brain'] for t in theirs)} voxels, skull {max(t['skull'] for t in theirs):.1%} at most, "
                f"{np.mean([t['cpu'] for t in theirs]):.1f} s of CPU"
            )
            mine = [(row, row["peers"][peer]) for row in of if row.get("peers")]
            lines += accepted(peer, of, [(row, there["probes"], there["after"]) for row, there in mine])
    return lines


def person(head: str) -> str:
    """Whose head it is: the synthetic ones have one face, in other sizes."""
    return head.rstrip("0123456789") if head.startswith("synthetic") else head


def accepted(key: str, known: list[dict], probes: list[tuple[dict, list, list[bool]]]) -> list[str]:
    """How many probes are taken for their owner, beside how many are taken for somebody else at the same limit.

    A probe comes with its case and with whether a face was found in each picture: whoever has no original to crop it
    with has to find the face first, so those that are found and accepted are counted, too.
    Two limits of 1 % false accepts: one from pairs of originals, as a matcher is set that knows nothing of the cut, and
    one from such probes and the originals of others, as an attacker sets it who has made some himself. Where others are
    accepted as often as the owner, an acceptance tells nothing of who it is.
    """
    gallery: dict[tuple[str, int], list[np.ndarray]] = {}
    for row in known:
        for n, numbers in row["numbers"].items():
            gallery.setdefault((person(row["head"]), int(n)), []).append(np.array(numbers))
    apart = [
        float(np.linalg.norm(a - b))
        for (h, n), some in gallery.items()
        for (g, m), more in gallery.items()
        if g < h and n == m
        for a in some
        for b in more
    ]
    own, others, found = [], [], []
    for row, made, flags in probes:
        found += [flag for n in row["numbers"] for flag in flags[int(n) :: len(VIEWS)]]
        for n, there in made:
            own.append(float(np.linalg.norm(np.array(row["numbers"][str(n)]) - there)))
            others += [
                float(np.linalg.norm(a - there))
                for (head, m), some in gallery.items()
                if head != person(row["head"]) and m == n
                for a in some
            ]
    people = len({head for head, _ in gallery})
    if not apart or not others:
        return [f"accepted {key:18} can't be said of {people} people"]
    lines = []
    for name, pairs in (("originals", apart), ("such probes", others)):
        limit = limit_at(pairs)
        mine_near, theirs_near = [d < limit for d in own], [d < limit for d in others]
        both = sum(near and hit for near, hit in zip(mine_near, found, strict=True))
        lines.append(
            f"accepted {key:18} {share(mine_near)} as the owner, {both} of them found, "
            f"{share(theirs_near)} as somebody else, "
            f"at {limit:.3f} from {len(pairs)} pairs of {name} ({people} people)"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--heads", type=Path, action="append", default=[])
    parser.add_argument("--models", type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--variants", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sheet", type=Path, default=ROOT / "var" / "deface")
    given = parser.parse_args()
    code = hashlib.sha256()
    for name in MEASURED:
        code.update((ROOT / name).read_bytes())
    place = given.sheet / code.hexdigest()[:12]
    place.mkdir(parents=True, exist_ok=True)
    asked = Asked(place, (SHARED / "heads", *given.heads), given.models, given.peers)
    variants = [v for v in given.variants.split(",") if v] or (list(QUICK) if given.quick else [])
    chosen = list(cases(list(asked.heads), [h for h in given.only.split(",") if h], variants))
    rows = []
    with ProcessPoolExecutor(given.workers) as pool:
        for row in pool.map(one, chosen, [asked] * len(chosen)):
            print(say(row), flush=True)
            rows.append(row)
    sheet(asked, rows)
    print("\n".join(summary(rows)))


if __name__ == "__main__":
    sys.exit(main())
