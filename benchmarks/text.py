"""Burned-in text: planted strings before and after, clean slices, and what a look costs.

    python benchmarks/text.py [--strings 288] [--clean 400] [--skip plant,clean,cost,summaries] [--sheet var/text]

Strings are planted in real slices (the GE head and the Philips phantom beside the project) and in synthetic ones:
three fonts and a scanner's strokes, 9 to 24 px, four greys, upright and turned, on anatomy. The second reader is
tesseract (Debian), which is given the very place of the string, upright and enlarged: the strongest reader there is.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scanward.deid.keyed import Project
from scanward.deid.pixels import redact, text
from scanward.deid.pixels.planes import planes
from scanward.deid.pixels.strokes import fields
from scanward.deid.pixels.whose import Whose
from scanward.deid.profiles import profile
from scanward.deid.run import Job, serial
from scanward.deid.sources import find
from scanward.deid.studies import by_study
from scanward.dicom.errors import Refused
from scanward.dicom.frames import Frame, frame
from scanward.dicom.geometry import FrameGeometry
from scanward.dicom.synthetic import SeriesKind, study, volume

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data" / "ct"
FONTS = Path("/usr/share/fonts/truetype/dejavu")
FACES = {"sans": "DejaVuSans.ttf", "mono": "DejaVuSansMono-Bold.ttf", "serif": "DejaVuSerif.ttf", "strokes": ""}
SIZES = (9, 12, 16, 24)
GREYS = (3071, 1000, 300, -1000)
TURNS = (0, 1, 3)
STRINGS = (
    "SMITH JOHN",
    "DOE^JANE M",
    "19560412",
    "MRN 4471093",
    "St Mary Hospital",
    "04/12/1956",
    "Garcia, Luz",
    "ID:A-20718",
)


@dataclass(frozen=True)
class Planted:
    """One string in one slice."""

    word: str
    face: str
    size: int
    grey: int
    turn: int

    @property
    def name(self) -> str:
        return f"{self.face} {self.size} px, {self.grey} HU, {90 * self.turn} degrees"


def real() -> Iterator[tuple[str, np.ndarray]]:
    """Clean slices of the real series, in their stored values."""
    for folder in ("ge-head", "philips-phantom/S2010"):
        for path in sorted((SHARED / folder).glob("*")):
            try:
                yield f"{folder}/{path.name}", frame(path.read_bytes()).pixels.astype(np.float32)
            except Refused:
                continue


def synthetic(count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Clean synthetic slices, noisy like a scanner's."""
    for seed in range(1, 99):
        for kind in ("head", "chest"):
            for n, one in enumerate(volume(kind, seed, (20, 512, 512))):
                yield f"{kind} {seed} {n}", one.astype(np.float32)
                count -= 1
                if not count:
                    return


def drawn(planted: Planted) -> np.ndarray:
    """How much ink each pixel has, 0 to 1."""
    if planted.face == "strokes":
        scale = planted.size / 30
        (width, height), under = cv2.getTextSize(planted.word, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        canvas = np.zeros((height + under + 4, width + 4), np.uint8)
        cv2.putText(canvas, planted.word, (2, height + 2), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_8)
    else:
        font = ImageFont.truetype(str(FONTS / FACES[planted.face]), planted.size)
        left, top, right, bottom = (int(n) for n in font.getbbox(planted.word))
        page = Image.new("L", (right - left + 4, bottom - top + 4))
        ImageDraw.Draw(page).text((2 - left, 2 - top), planted.word, fill=255, font=font)
        canvas = np.asarray(page)
    return np.rot90(canvas, planted.turn).astype(np.float32) / 255


def plant(image: np.ndarray, planted: Planted, low: float, rng: np.random.Generator) -> tuple[np.ndarray, text.Box]:
    """The slice with the string on anatomy, and where it is. Ink is rounded like stored values."""
    ink = drawn(planted)
    body = np.argwhere(cv2.erode((image > low + 800).astype(np.uint8), np.ones((9, 9), np.uint8)))
    middle = body[rng.integers(len(body))] if len(body) else np.array(image.shape) // 2
    top, left = (
        int(np.clip(m - n // 2, 0, size - n)) for m, n, size in zip(middle, ink.shape, image.shape, strict=True)
    )
    box = (top, left, top + ink.shape[0], left + ink.shape[1])
    out = image.copy()
    part = out[box[0] : box[2], box[1] : box[3]]
    out[box[0] : box[2], box[1] : box[3]] = np.rint(part * (1 - ink) + (low + 1000 + planted.grey) * ink)
    return out, box


def pages(image: np.ndarray, box: text.Box, turn: int) -> list[np.ndarray]:
    """The very place of a string, upright and enlarged, in two windows, as it is and inverted."""
    top, left = max(box[0] - 8, 0), max(box[1] - 8, 0)
    crop = np.rot90(image[top : box[2] + 8, left : box[3] + 8], -turn)
    found = []
    for low, high in (np.percentile(crop, (1, 99.9)), (crop.min(), crop.max())):
        grey = np.clip((crop - low) * (255 / max(high - low, 1)), 0, 255).astype(np.uint8)
        large = cv2.resize(np.ascontiguousarray(grey), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        found += [large, 255 - large]
    return found


def read_back(crops: list[list[np.ndarray]], place: Path) -> list[str]:
    """What tesseract reads on the pages of each string; one start for all of them."""
    names = []
    for n, page in enumerate(page for crop in crops for page in crop):
        names.append(str(place / f"page{n:04}.png"))
        cv2.imwrite(names[-1], page)
    (place / "pages.txt").write_text("\n".join(names))
    command = ["tesseract", place / "pages.txt", "-", "--psm", "7", "tsv"]
    table = subprocess.run(command, capture_output=True, text=True, timeout=900, check=True).stdout
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    assert {int(row[1]) for row in rows} == {n + 1 for n in range(len(names))}, "every page has its answer"
    said = ["".join(row[11] for row in rows if int(row[1]) == n + 1) for n in range(len(names))]
    ends = np.cumsum([len(crop) for crop in crops])
    return ["\n".join(said[end - len(crop) : end]) for end, crop in zip(ends, crops, strict=True)]


def readable(said: str, word: str) -> bool:
    """Is any part of three signs of the string in what was read?"""
    signs = re.sub(r"[^a-z0-9]", "", word.lower())
    lines = [re.sub(r"[^a-z0-9]", "", line.lower()) for line in said.splitlines()]
    return any(signs[n : n + 3] in line for n in range(len(signs) - 2) for line in lines)


def cleaned(image: np.ndarray) -> tuple[np.ndarray, int]:
    """A slice as it would be written, and how many boxes were painted over; 1000 more stand for held."""
    found = redact.clean(
        Frame(image, 0, "MONOCHROME2", 16, FrameGeometry(None, None, None, None, (), 1.0, 0.0, "")),
        Whose(),
        screen=False,
    )
    return found.pixels, len(found.boxes) + 1000 * bool(found.left)


def chosen(count: int, rng: np.random.Generator) -> list[Planted]:
    """Cases in an order by chance; each face, size, grey and turn has many of the strings."""
    all_of_them = [(t, g, s, f) for t in TURNS for g in GREYS for s in SIZES for f in FACES]
    order = [all_of_them[n] for n in rng.permutation(len(all_of_them))]
    return [
        Planted(STRINGS[n % len(STRINGS)], face, size, grey, turn)
        for n, (turn, grey, size, face) in enumerate((order * (count // len(order) + 1))[:count])
    ]


def planting(count: int, place: Path, sheet: Path | None) -> None:
    """Strings before and after, sixteen at a time."""
    rng = np.random.default_rng(7)
    slices = [(name, image) for name, image in real()][::4] + list(synthetic(12))
    by: dict[str, Counter[str]] = defaultdict(Counter)
    pictures = []
    cases = chosen(count, rng)
    for start in range(0, count, 16):
        made = []
        for n, planted in enumerate(cases[start : start + 16], start):
            name, image = slices[n % len(slices)]
            low = float(image.min()) if image.min() < 0 else 0.0
            with_text, box = plant(image, planted, max(low, -1024.0) if low > -1500 else -1024.0, rng)
            made.append((planted, name, with_text, box, *cleaned(with_text)))
        crops = [pages(image, box, p.turn) for p, _, one, box, two, _ in made for image in (one, two)]
        said = read_back(crops, place)
        for k, (planted, name, with_text, box, done, boxes) in enumerate(made):
            was, still = readable(said[2 * k], planted.word), readable(said[2 * k + 1], planted.word)
            for key in ("all", planted.face, f"{planted.size} px", f"{planted.grey} HU", f"turn {planted.turn}"):
                by[key].update(n=1, was=was, missed=not boxes, still=still, held=boxes >= 1000)
            if still or not boxes:
                print(f"  {'STILL READ' if still else 'not found'}: {planted.name}, {planted.word}, in {name}")
                pictures.append((with_text, done, box))
        print(f"  {dict(by['all'])}", flush=True)
        if sheet:
            save(pictures, sheet)
    for key, found in by.items():
        print(
            f"  {key:12} {found['n']:4} planted, {found['was']:4} read by tesseract before, "
            f"{found['missed']:3} not found, {found['held']:3} held, {found['still']:3} read after"
        )


def save(pictures: list[tuple[np.ndarray, np.ndarray, text.Box]], sheet: Path) -> None:
    """The failures, side by side, for a person to look at."""
    sheet.mkdir(parents=True, exist_ok=True)
    for n, (one, two, box) in enumerate(pictures[:60]):
        rows = slice(max(box[0] - 40, 0), box[2] + 40)
        columns = slice(max(box[1] - 40, 0), box[3] + 40)
        both = np.hstack([text.picture_of(one[rows, columns]), text.picture_of(two[rows, columns])])
        cv2.imwrite(str(sheet / f"{n:03}.png"), cv2.resize(both, None, fx=3, fy=3))


def clean(count: int) -> None:
    """Slices without text: how many lose anything."""
    asked = changed = held = total = 0
    for name, image in [*real(), *synthetic(count)]:
        total += 1
        asked += bool(fields(image))
        boxes = cleaned(image)[1]
        changed, held = changed + bool(boxes), held + (boxes >= 1000)
        if boxes:
            print(f"  blanked: {name}")
    print(f"clean slices: {total}; an OCR was asked for {asked}; blanked {changed} (1 in 200), held {held}")


def cost() -> None:
    """CPU of the text stage for a study of 1,000 slices of 512 x 512 without text, decoding included."""
    with tempfile.TemporaryDirectory() as place:
        _seconds(Path(place, "warm"), 20, True)  # everything is loaded then
        seconds = {wanted: _seconds(Path(place, str(wanted)), 1000, wanted) for wanted in (True, False)}
    more = seconds[True] - seconds[False]
    print(f"CPU for the text of 1,000 clean slices: {more:.1f} s (less than 60 is asked)")


def _seconds(place: Path, slices: int, wanted: bool) -> float:
    source, out = place / "in", place / "out"
    source.mkdir(parents=True)
    out.mkdir()
    for n, one in enumerate(study("chest", matrix=512, slices=slices, series=[SeriesKind.SOFT]).files):
        (source / f"{n}.dcm").write_bytes(one.data)
    job = Job(profile("research"), Project("cost", b"c" * 32), str(out), text=wanted)
    start = _cpu()
    written = sum(len(result.written) for result in serial(job, by_study(find(source))))
    assert written == slices, f"{written} of {slices}"
    return _cpu() - start


def _cpu() -> float:
    return time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def summaries(place: Path, sheet: Path | None) -> None:
    """The exam summaries of a real scanner: words and numbers that tesseract reads, before and after."""
    words = re.compile(r"\d\d|[A-Za-z]{3,}")
    job = Job(profile("research"), Project("text", b"t" * 32), str(place / "out"), deface=True, text=True)
    (place / "out").mkdir()
    before = [path for path in sorted((SHARED / "philips-phantom" / "S4010").iterdir()) if path.name.startswith("I")]
    (result,) = serial(job, by_study(find(SHARED / "philips-phantom" / "S4010")))
    after = [place / "out" / one.path for one in result.written]
    counts = [sum(len(words.findall(page(path, place))) for path in paths) for paths in (before, after)]
    print(f"exam summaries: {len(before)} pages with {counts[0]} words and numbers; {len(after)} written with "
          f"{counts[1]}, {len(result.not_written)} held or refused")  # fmt: skip
    if sheet:
        sheet.mkdir(parents=True, exist_ok=True)
        for n, path in enumerate([*before, *after]):
            cv2.imwrite(str(sheet / f"summary{n}.png"), text.picture_of(planes(frame(path.read_bytes()))[0]))


def page(path: Path, place: Path) -> str:
    """What tesseract reads on a whole page."""
    try:
        grey = text.picture_of(planes(frame(path.read_bytes()))[0])
    except Refused:
        return ""
    cv2.imwrite(str(place / "page.png"), cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
    command = ["tesseract", place / "page.png", "-", "--psm", "11"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def main() -> None:
    """Everything, or what was not skipped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strings", type=int, default=192)
    parser.add_argument("--clean", type=int, default=400)
    parser.add_argument("--skip", default="")
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    skipped = set(asked.skip.split(","))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if "cost" not in skipped:
            cost()
        if "clean" not in skipped:
            clean(asked.clean)
        if "plant" not in skipped:
            planting(asked.strings, place, asked.sheet)
        if "summaries" not in skipped:
            summaries(place, asked.sheet)


if __name__ == "__main__":
    sys.exit(main())
