"""Burned-in text: planted strings are found, painted over and not read again; clean slices stay as they are (S7)."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from scanward.deid.pixels.redact import Found, clean
from scanward.deid.pixels.stage import Item, read_all
from scanward.deid.pixels.strokes import fields
from scanward.deid.pixels.text import Read
from scanward.deid.pixels.whose import Whose, whose
from scanward.deid.pixels.writing import labels
from scanward.deid.sources import find
from scanward.deid.sweep import Known
from scanward.dicom.frames import Frame
from scanward.dicom.geometry import FrameGeometry
from scanward.dicom.synthetic import SeriesKind, study, volume

WHERE = FrameGeometry(None, None, None, None, (), 1.0, 0.0, "")
NOBODY = Whose()


def _frame(pixels: np.ndarray, photometric: str = "MONOCHROME2") -> Frame:
    return Frame(pixels, 0, photometric, 8 * pixels.dtype.itemsize, WHERE)


def _written(image: np.ndarray, word: str, grey: float, turn: int = 0, scale: float = 0.45) -> np.ndarray:
    """The slice with a word across its middle, in the strokes of a scanner."""
    (width, height), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    ink = np.zeros((height + 8, width + 4), np.uint8)
    cv2.putText(ink, word, (2, height + 2), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_8)
    ink = np.rot90(ink, turn)
    out = image.copy()
    top, left = (n // 2 - m // 2 for n, m in zip(out.shape, ink.shape, strict=True))
    out[top : top + ink.shape[0], left : left + ink.shape[1]][ink > 0] = grey
    return out


def _cleaned(frame: Frame, who: Whose = NOBODY, *, screen: bool = False) -> Found:
    return clean(frame, who, screen=screen)


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    return volume("head", 2, (10, 256, 256))


def test_clean_slices_stay_as_they_are(slices: np.ndarray) -> None:
    assert [_cleaned(_frame(one)).boxes for one in slices] == [[]] * len(slices)


@pytest.mark.parametrize("seed", [8, 10])
def test_teeth_that_touch_are_no_writing(seed: int) -> None:
    """S7: a row of rings read as 08 and 800, and a slice lost its front teeth."""
    assert _cleaned(_frame(volume("head", seed, (20, 512, 512))[6].astype(np.float32))).boxes == []


@pytest.mark.parametrize(
    "said, sure, writing",
    [
        ("08", 0.85, False), ("800", 0.89, False), ("800", 0.95, True), ("oO0", 0.99, False), ("1980", 0.89, True),
        ("0110", 0.95, True), ("0110", 0.85, False), ("DOE", 0.8, True), ("1956", 0.8, True), ("DOE", 0.7, False),
    ],
)  # fmt: skip
def test_what_counts_as_writing(said: str, sure: float, writing: bool) -> None:
    """S7: rings and rods alone have to be read surely, as a number."""
    assert Read((0, 0, 9, 9), said, sure).is_text is writing


@pytest.mark.parametrize("grey, turn", [(-1000, 0), (300, 1), (1000, 3)])
def test_a_word_on_anatomy_is_painted_over_and_not_read_again(slices: np.ndarray, grey: int, turn: int) -> None:
    """S7."""
    with_word = _written(slices[5], "DOE JANE M", grey, turn)
    done = _cleaned(_frame(with_word))
    was = (with_word != slices[5]) & (done.pixels == with_word)
    assert done.boxes and not done.left
    assert np.count_nonzero(was) < 0.1 * np.count_nonzero(with_word != slices[5])
    assert np.count_nonzero(done.pixels != with_word) < 0.2 * with_word.size


@pytest.mark.parametrize("grey, turn", [(3000, 0), (300, 1), (1000, 3)])
def test_letters_as_large_as_a_hand_are_painted_over(grey: float, turn: int) -> None:
    """S7: their strokes are too wide for a pen, so they are looked for in a smaller picture."""
    plain = volume("head", 2, (10, 512, 512))[5]
    ink = np.zeros((130, 460), np.uint8)
    cv2.putText(ink, "SMITH", (10, 115), cv2.FONT_HERSHEY_SIMPLEX, 110 / 30, 255, 12, cv2.LINE_8)
    ink = np.rot90(ink, turn)
    with_word = plain.copy()
    top, left = (n // 2 - m // 2 for n, m in zip(plain.shape, ink.shape, strict=True))
    with_word[top : top + ink.shape[0], left : left + ink.shape[1]][ink > 0] = grey
    done = _cleaned(_frame(with_word.astype(np.float32)))
    was = (with_word != plain) & (done.pixels == with_word)
    assert done.boxes
    assert done.left or np.count_nonzero(was) < 0.1 * np.count_nonzero(with_word != plain)


@pytest.mark.parametrize("turn", [0, 1, 3])
@pytest.mark.parametrize("word, grey", [("MRN 4471093", 3000), ("Garcia, Luz", 300)])
def test_a_word_of_a_flipped_picture_is_painted_over_or_held(
    slices: np.ndarray, word: str, grey: float, turn: int
) -> None:
    """S7: who flips a picture before it is kept flips what is burned into it."""
    plain = np.ascontiguousarray(slices[5][:, ::-1] if turn == 0 else slices[5][::-1])
    with_word = _written(plain, word, grey, turn)
    flipped, bare = (np.ascontiguousarray(one[:, ::-1] if turn == 0 else one[::-1]) for one in (with_word, plain))
    done = _cleaned(_frame(flipped))
    was = (flipped != bare) & (done.pixels == flipped)
    assert done.left or np.count_nonzero(was) < 0.1 * np.count_nonzero(flipped != bare)


def test_a_small_word_of_one_grey_is_suspected(slices: np.ndarray) -> None:
    assert fields(_written(slices[5], "19560412", 900, scale=0.35).astype(np.float32))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "RGB", "YBR_FULL"])
def test_a_screen_in_any_colours_loses_its_words(photometric: str) -> None:
    page = np.full((120, 320), 240 if photometric == "MONOCHROME1" else 20, np.uint8)
    cv2.putText(page, "SMITH JOHN 4711", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 130, 1)
    flat = np.full_like(page, 128)
    colours = {"RGB": (page, page, page), "YBR_FULL": (page, flat, flat)}
    pixels = np.stack(colours[photometric], axis=2) if photometric in colours else page
    done = _cleaned(_frame(pixels, photometric), screen=True)
    assert done.boxes and not done.left
    assert len(np.unique(done.pixels[35:75, 15:250])) <= 3


def test_words_in_a_colour_of_the_same_light_are_found() -> None:
    page = np.zeros((120, 320, 3), np.uint8)
    page[:] = (150, 90, 60)
    ink = np.zeros((120, 320), np.uint8)
    cv2.putText(ink, "SMITH JOHN", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    page[ink > 0] = (60, 90, 150)
    done = _cleaned(_frame(page, "RGB"), screen=True)
    assert done.boxes and not done.left


def test_a_name_is_known_although_the_reader_takes_one_sign_for_another() -> None:
    header = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Garcia^Luz"}]},
        "00100020": {"vr": "LO", "Value": ["4471093"]},
    }
    who = whose(header, Known())
    assert who.named("GARClA") and who.named("ID 447IO93") and who.named("luz")
    assert not who.named("KERNEL B31s") and not who.named("")


@pytest.fixture
def pictures(tmp_path: Path) -> list[Item]:
    """Five slices of a chest."""
    files = study("chest", matrix=256, slices=5, series=[SeriesKind.SOFT]).files
    for n, one in enumerate(files):
        (tmp_path / f"{n}.dcm").write_bytes(one.data)
    return read_all([one for some in find(tmp_path) for one in some])[0]


def test_a_label_is_looked_for_in_every_picture_and_a_word_of_one_picture_in_that_one(pictures: list[Item]) -> None:
    """S7: a likeness in the noise of one slice does not send every other slice to the reader."""
    for item in pictures:
        item.new[0] = _written(item.frame(0).pixels, "DOE JANE M", 2000)
    middle, there, everywhere = labels(pictures)
    assert middle is pictures[2] and there and everywhere == there
    for item in pictures[:2] + pictures[3:]:
        item.new.clear()
    _, there, everywhere = labels(pictures)
    assert there and not everywhere


def test_air_whose_noise_is_cut_off_sends_nothing_to_the_reader() -> None:
    noise = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 90, (256, 256)).astype(np.float32), (0, 0), 1.5)
    air = np.rint(np.maximum(noise + 20, 0))
    air[100:, 60:200] += 1100  # someone lies in it, so that the noise is small against the range of greys
    assert not fields(air)
    assert fields(_written(air, "19560412", 0, scale=0.35))


def test_a_pens_strokes_beside_a_painted_word_are_held_though_nobody_can_read_them(slices: np.ndarray) -> None:
    """S7: a name half of which the reader knows, and half of which it takes for nothing."""
    with_word = _written(slices[5], "DOE JANE M", 1000)
    strokes = with_word.copy()
    for n in range(18):
        cv2.line(strokes, (60 + 7 * n, 150), (64 + 7 * n, 150), 1000, 1)
    done, plain = _cleaned(_frame(strokes)), _cleaned(_frame(with_word))
    assert done.boxes and done.left
    assert plain.boxes and not plain.left
