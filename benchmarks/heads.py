"""Heads for `deface.py`: synthetic ones, every real one there is, and the ways in which a scan can be awkward."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy import ndimage

from scanward.deid.pixels import stage
from scanward.deid.pixels.geometry import Plane, Stack, axial_stack, stack_of
from scanward.deid.sources import Source
from scanward.dicom.synthetic import default_spacing, intracranial, volume

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
Head = tuple[np.ndarray, tuple[float, float, float]]
Variant = Callable[[Head], Head | Stack]
SYNTHETIC = (120, 256, 256)


def heads(folders: list[Path]) -> dict[str, Callable[[], Head | Stack]]:
    """Name of each head and how to get it: two synthetic ones, .npz archives (`v`, `sp`), and GE's DICOM."""
    found: dict[str, Callable[[], Head | Stack]] = {f"synthetic{seed}": _synthetic(seed) for seed in (1, 2)}
    for folder in folders:
        for path in sorted(folder.glob("*.npz")):
            found[path.stem] = _archive(path)
    if (SHARED / "ct" / "ge-head").is_dir():
        found["ge-head"] = lambda: dicom(SHARED / "ct" / "ge-head")
    return found


def truth(name: str, variant: str, stack: Stack) -> np.ndarray | None:
    """The true inside of a synthetic skull, where the variant leaves the slices as they were made."""
    same = name.startswith("synthetic") and stack.hu.shape == SYNTHETIC and variant in UNMOVED
    return intracranial(SYNTHETIC, default_spacing("head", SYNTHETIC)) if same else None


def dicom(folder: Path) -> Stack:
    """The biggest volume in a folder of DICOM files, on its own geometry (tilt, uneven spacing)."""
    sources = [Source(str(folder), p.name, p.stat().st_size) for p in sorted(folder.glob("*"))]
    items, _ = stage.read_all(sources)
    pieces, _ = stage.pieces_of([item for item in items if item.seen.image])
    return max((piece.stack for piece in pieces), key=lambda stack: stack.hu.size)


def cases(folders: list[Path], only: list[str], variants: list[str]) -> Iterator[tuple[str, str]]:
    """Every head in every variant; a head that comes as DICOM is taken as it is and with noise."""
    for name in heads(folders):
        for variant in VARIANTS:
            own_geometry = name == "ge-head" and variant not in OF_STACKS
            if not own_geometry and (not only or name in only) and (not variants or variant in variants):
                yield name, variant


def make(name: str, variant: str, folders: list[Path]) -> Stack:
    """One case."""
    head = heads(folders)[name]()
    if isinstance(head, Stack):
        hu, _ = OF_STACKS[variant]((head.hu, (head.gap, *head.planes[0].spacing)))
        return Stack(head.planes, hu, head.order)
    made = VARIANTS[variant](head)
    return made if isinstance(made, Stack) else axial_stack(*made)


def _synthetic(seed: int) -> Callable[[], Head]:
    return lambda: (volume("head", seed, SYNTHETIC), default_spacing("head", SYNTHETIC))


def _archive(path: Path) -> Callable[[], Head]:
    def load() -> Head:
        found = np.load(path)
        z, y, x = (float(s) for s in found["sp"])
        return found["v"], (z, y, x)

    return load


def _axes(head: Head) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z, y and x in mm, to be broadcast."""
    (high, deep, wide), (z, y, x) = head[0].shape, head[1]
    return (np.arange(high) * z)[:, None, None], (np.arange(deep) * y)[None, :, None], np.arange(wide) * x


def _rotated(axes: tuple[int, int], degrees: float) -> Variant:
    def turn(head: Head) -> Head:
        hu, sp = head
        a, b = axes
        t = np.deg2rad(degrees)
        matrix = np.eye(3)
        matrix[a, a] = matrix[b, b] = np.cos(t)
        matrix[a, b], matrix[b, a] = -np.sin(t) * sp[b] / sp[a], np.sin(t) * sp[a] / sp[b]
        middle = (np.array(hu.shape) - 1) / 2
        start = middle - matrix @ middle
        return ndimage.affine_transform(hu, matrix, start, order=1, cval=-1000, prefilter=False), sp

    return turn


def _thick(head: Head) -> Head:
    hu, sp = head
    n = max(1, round(5 / sp[0]))
    cut = hu[: len(hu) // n * n]
    return cut.reshape(-1, n, *hu.shape[1:]).mean(axis=1).astype(np.int16), (sp[0] * n, sp[1], sp[2])


def _noisy(sigma: float) -> Variant:
    def add(head: Head) -> Head:
        noise = np.random.default_rng(5).normal(0, sigma, head[0].shape)
        return np.clip(head[0] + noise, -1024, 3071).astype(np.int16), head[1]

    return add


def _part(z: tuple[float, float] = (0, 1), y: tuple[float, float] = (0, 1), x: tuple[float, float] = (0, 1)) -> Variant:
    def cut(head: Head) -> Head:
        spans = zip((z, y, x), head[0].shape, strict=True)
        return head[0][tuple(slice(int(a * n), int(b * n)) for (a, b), n in spans)], head[1]

    return cut


def _no_nose(head: Head) -> Head:
    front = np.flatnonzero((head[0] > -300).mean(axis=(0, 2)) > 0.02)[0]
    row = min(int(front + 25 / head[1][1]), int(0.4 * head[0].shape[1]))
    return head[0][:, row:], head[1]


def _craniectomy(head: Head) -> Head:
    """A piece of skull of 8 cm taken out on one side, high up, and filled with scalp."""
    hu, sp = head[0].copy(), head[1]
    bone = hu > 220
    where = np.argwhere(bone)
    z, y, x = _axes(head)
    top, middle = where[:, 0].max(), where.mean(axis=0)
    hole = (z - (top * sp[0] - 45)) ** 2 + (y - middle[1] * sp[1]) ** 2 < 40**2
    hu[hole & (x > middle[2] * sp[2] + 20) & bone] = 45
    return hu, sp


def _child(head: Head) -> Head:
    """As big as a baby's head, with bone that is softer and thinner."""
    hu, sp = head
    soft = np.where(hu > 100, 100 + (hu.astype(np.int32) - 100) * 45 // 100, hu)
    return soft.astype(np.int16), (sp[0] * 0.66, sp[1] * 0.66, sp[2] * 0.66)


def _holder(head: Head) -> Head:
    """A head holder that touches the back and both sides, and a strap over the brow."""
    hu, sp = head[0].copy(), head[1]
    z, y, x = _axes(head)
    body = np.argwhere(hu > -300)
    (z0, y0, x0), (z1, y1, x1) = body.min(axis=0) * np.array(sp), body.max(axis=0) * np.array(sp)
    away = np.hypot((y - (y0 + y1) / 2) / (y1 - y0), (x - (x0 + x1) / 2) / (x1 - x0))
    shell = (away > 0.52) & (away < 0.56) & (y > (y0 + y1) / 2) & (hu < -300)
    strap = (away < 0.53) & (np.abs(z - (z0 + 0.8 * (z1 - z0))) < 9) & (hu < -300) & (away > 0.42)
    hu[np.broadcast_to(shell, hu.shape)] = -60
    hu[np.broadcast_to(strap, hu.shape)] = -140
    return hu, sp


def _metal(head: Head) -> Head:
    """Streaks of dental metal in a slab of slices: rays of +-900 HU from two teeth."""
    hu, sp = head[0].astype(np.float32), head[1]
    bone = np.argwhere(hu > 1000)
    low, front = bone[:, 0].min() + 12 / sp[0], bone[:, 1].min() + 18 / sp[1]
    z, y, x = _axes(head)
    for aside in (-18, 18):
        dy, dx = y - front * sp[1], x - bone[:, 2].mean() * sp[2] - aside
        far = np.hypot(dy, dx) + 1
        rays = 900 * np.sin(9 * np.arctan2(dy, dx)) * np.exp(-far / 40) * (np.abs(z - low * sp[0]) < 9)
        hu += rays
        hu[np.broadcast_to((far < 5) & (np.abs(z - low * sp[0]) < 6), hu.shape)] = 3071
    return np.clip(hu, -1024, 3071).astype(np.int16), sp


def _contrast(head: Head) -> Head:
    """Vessels, mucosa and skin enhanced."""
    hu = head[0]
    soft = (hu > 40) & (hu < 120)
    return np.where(soft, np.minimum(hu + 55, 180), hu).astype(np.int16), head[1]


def _padded(head: Head) -> Head:
    """Only the scanner's circle has values; the corners are padding."""
    y, x = (np.linspace(-1, 1, n) for n in head[0].shape[1:])
    outside = np.hypot(y[:, None], x[None, :]) > 1
    return np.where(outside[None], -3024, head[0]).astype(np.int16), head[1]


def _sagittal(head: Head) -> Stack:
    """The same volume stored in sagittal slices, from the right to the left, feet down."""
    hu, (z, y, x) = head
    high, deep, wide = hu.shape
    planes = [Plane((k * x, 0, (high - 1) * z), (0, 1, 0), (0, 0, -1), (z, y), (high, deep)) for k in range(wide)]
    return stack_of(planes, list(hu[::-1].transpose(2, 0, 1)))


def _feet_first(head: Head) -> Stack:
    """The head's slices stored from the top, prone: rows and columns run the other way."""
    hu, (z, y, x) = head
    high, deep, wide = hu.shape
    first = ((wide - 1) * x, (deep - 1) * y)
    planes = [Plane((*first, k * z), (-1, 0, 0), (0, -1, 0), (y, x), (deep, wide)) for k in range(high)]
    return stack_of(planes[::-1], list(hu[::-1, ::-1, ::-1]))


OF_STACKS: dict[str, Callable[[Head], Head]] = {"as it is": lambda h: h, "noise 25": _noisy(25), "noise 60": _noisy(60)}
VARIANTS: dict[str, Variant] = OF_STACKS | {
    "5 mm": _thick,
    "turn 20": _rotated((1, 2), 20),
    "turn -20": _rotated((1, 2), -20),
    "pitch 15": _rotated((0, 1), 15),
    "pitch -15": _rotated((0, 1), -15),
    "roll 12": _rotated((0, 2), 12),
    "left half": _part(x=(0.4, 1)),
    "lower half": _part(z=(0, 0.55)),
    "upper half": _part(z=(0.45, 1)),
    "nose cut": _no_nose,
    "no vertex": _part(z=(0, 0.8)),
    "craniectomy": _craniectomy,
    "child": _child,
    "head holder": _holder,
    "dental metal": _metal,
    "contrast": _contrast,
    "padding": _padded,
    "sagittal slices": _sagittal,
    "feet first prone": _feet_first,
}
UNMOVED = frozenset({*OF_STACKS, "craniectomy", "contrast", "dental metal", "head holder", "padding"})
QUICK = ("as it is", "noise 60", "5 mm", "craniectomy", "no vertex", "turn 20")
