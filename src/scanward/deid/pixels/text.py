"""Burned-in text: what an OCR reads in a picture, and what of it counts as writing."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanward.deid.pixels.detectors import Missing
from scanward.deid.pixels.strokes import Box, Field, Grey, span_of

_SIGN: Final = re.compile(r"[^\W_]")
# Rings and rods are in every body: a text of nothing else says nothing.
_ALIKE: Final = str.maketrans("oOdDcCqQ|lIi!7/", "000000001111111")
_SURE: Final = 0.75
_NUMBER: Final = 0.9
_PAD: Final = 3
_MARGIN: Final = 14
_WIDEST: Final = 1200  # pictures up to here are read at twice their size


@dataclass(frozen=True)
class Read:
    """One piece of text that an OCR found: where, what (never written anywhere), and how sure."""

    box: Box
    text: str = field(repr=False)
    sure: float = 0.0

    @property
    def signs(self) -> int:
        """Letters and digits."""
        return len(_SIGN.findall(self.text))

    @property
    def is_text(self) -> bool:
        """Two different signs at least, not only rings and rods unless it is a whole number, and a sure reader.

        Two rings that touch, as teeth do, read as an eight: of those the reader has to be as sure as of a number.
        """
        signs = set(_SIGN.findall(self.text.translate(_ALIKE)))
        number = self.sure >= _NUMBER and ("8" in signs or self.signs >= 4)
        plain = bool(signs - {"0", "1", "8"}) or number
        return self.sure >= _SURE and len(signs) > 1 and plain


@lru_cache(maxsize=1)
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR  # noqa: PLC0415  (heavy, and only here)
    except ImportError as absent:
        raise Missing("The text reader rapidocr is missing. Install scanward[pixels].") from absent
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": 0.0,  # signs of a script that it can't read are writing too
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "Det.limit_side_len": 64,
        }
    )


def picture_of(values: Grey) -> NDArray[np.uint8]:
    """Eight bits between the extremes that matter; a single grey gives black."""
    low, high = np.percentile(values, (0.1, 99.9))
    high = max(float(high), float(values.max()) if values.size < 60_000 else float(high))
    return _eight_bits((values - low) / max(float(high - low), 1e-6))


def ink_of(values: Grey, ink: float) -> NDArray[np.uint8]:
    """Black where a picture has a pen's grey, and white where it is far from it."""
    reach = min(0.25 * span_of(values), float(np.percentile(np.abs(values - ink), 90)))
    return _eight_bits(np.abs(values - ink) / max(reach, 1e-6))


def _eight_bits(share: Grey) -> NDArray[np.uint8]:
    return np.asarray(np.clip(share * 255, 0, 255), np.uint8)


def read(values: Grey, *, turned: bool = True) -> list[Read]:
    """Everything that the OCR reads in a picture, upright and turned to the left."""
    picture = picture_of(values)
    return _read_upright(picture) + (_read_turned(picture) if turned else [])


def _read_turned(picture: NDArray[np.uint8]) -> list[Read]:
    height = picture.shape[0]
    found = []
    for one in _read_upright(np.ascontiguousarray(np.rot90(picture, -1))):
        top, left, bottom, right = one.box
        found.append(Read((height - right, top, height - left, bottom), one.text, one.sure))
    return found


def _read_upright(picture: NDArray[np.uint8]) -> list[Read]:
    scale = 2.0 if max(picture.shape) <= _WIDEST else 1.0
    pad = 16
    large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    result = _engine()(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), use_cls=True)
    if result.boxes is None:
        return []
    found = []
    for corners, text, score in zip(result.boxes, result.txts, result.scores, strict=True):
        x, y = (corners[:, 0] - pad) / scale, (corners[:, 1] - pad) / scale
        box = (
            max(int(y.min()) - _PAD, 0),
            max(int(x.min()) - _PAD, 0),
            min(int(np.ceil(y.max())) + _PAD, picture.shape[0]),
            min(int(np.ceil(x.max())) + _PAD, picture.shape[1]),
        )
        found.append(Read(box, str(text), float(score)))
    return found


def in_field(values: Grey, suspicious: Field) -> list[Read]:
    """What the OCR reads in and round a suspicious field: as it is seen, and by its ink alone.

    Where a line of something is there that says nothing, its mirror image is read, too: a picture may have been
    flipped.
    """
    box = suspicious.box
    top, left = max(box[0] - _MARGIN, 0), max(box[1] - _MARGIN, 0)
    crop = values[top : box[2] + _MARGIN, left : box[3] + _MARGIN]
    pictures = (picture_of(crop), ink_of(crop, suspicious.ink))
    found = [one for picture in pictures for one in _along(picture, lying=suspicious.lying)]
    if any(_is_line(one.box) for one in found) and not any(one.is_text for one in found):
        found += [one for picture in pictures for one in _mirrored(picture, lying=suspicious.lying)]
    return [_moved(one, top, left) for one in found]


def _is_line(box: Box) -> bool:
    """Is it twice as long as high, without the room round it?"""
    short, long = sorted((box[2] - box[0] - 2 * _PAD, box[3] - box[1] - 2 * _PAD))
    return long >= 2 * short


def _along(picture: NDArray[np.uint8], *, lying: bool) -> list[Read]:
    return _read_upright(picture) if lying else _read_turned(picture)


def _mirrored(picture: NDArray[np.uint8], *, lying: bool) -> list[Read]:
    """What the mirror image along the line says, with the boxes where it stands here."""
    height, width = picture.shape
    found = []
    for one in _along(np.ascontiguousarray(picture[:, ::-1] if lying else picture[::-1]), lying=lying):
        top, left, bottom, right = one.box
        box = (top, width - right, bottom, width - left) if lying else (height - bottom, left, height - top, right)
        found.append(Read(box, one.text, one.sure))
    return found


def _moved(one: Read, down: int, over: int) -> Read:
    top, left, bottom, right = one.box
    return Read((top + down, left + over, bottom + down, right + over), one.text, one.sure)


def in_box(values: Grey, box: Box) -> list[Read]:
    """What the OCR reads in a part of a picture, along its longer side."""
    top, left = max(box[0], 0), max(box[1], 0)
    crop = values[top : box[2], left : box[3]]
    if min(crop.shape) < 1:
        return []
    found = _along(picture_of(crop), lying=crop.shape[1] >= crop.shape[0])
    return [_moved(one, top, left) for one in found]


def wider(box: Box) -> Box:
    """A box with room for the rest of its line, and for the lines beside it."""
    high, wide = box[2] - box[0], box[3] - box[1]
    short, more = min(high, wide, 60), min(6 * min(high, wide), 240)
    down, over = (short, more) if wide >= high else (more, short)
    return box[0] - down, box[1] - over, box[2] + down, box[3] + over


def hull(boxes: list[Box]) -> Box:
    """The smallest box round all of them."""
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)
