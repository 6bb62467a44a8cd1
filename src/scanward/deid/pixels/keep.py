"""What is held, with its pictures, laid out for a reviewer beside the copies of the originals."""

import hashlib
import os
import shutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanward.deid.cases import BY_BOXES, DECIDED, FOLDER, Case, File, Picture, name_of, sealed, write
from scanward.deid.held import HeldReason
from scanward.deid.keyed import Project
from scanward.deid.pixels import store
from scanward.deid.pixels.planes import planes
from scanward.deid.pixels.text import picture_of
from scanward.dicom import frames
from scanward.dicom.errors import Refused
from scanward.dicom.frames import Frame

if TYPE_CHECKING:
    from scanward.deid.pixels.stage import Item
    from scanward.deid.run import Worker

_MOST: Final = 120  # pictures of frames in one case
_SHOWN: Final = BY_BOXES | {HeldReason.FIELD}


def keep(worker: "Worker", items: "list[Item]", figures: list[dict[str, Any]]) -> None:
    """Make a case of every held series whose pictures a person can judge. Needs a folder for what is held."""
    if not worker.job.held:
        return
    groups: dict[tuple[str, tuple[str, ...]], list[Item]] = defaultdict(list)
    drawn: dict[str, list[tuple[str, NDArray[np.uint8]]]] = defaultdict(list)
    for item in items:
        if item.reasons and item.seen.image and set(item.reasons) <= DECIDED:
            groups[item.seen.series_instance_uid, tuple(sorted(item.reasons))].append(item)
            drawn[item.seen.series_instance_uid] += item.pictures
            item.pictures = []
    for (series, reasons), members in groups.items():
        # What was drawn of a whole series is shown with each of its cases.
        members[0].pictures = drawn[series]
        own = [figure for figure in figures if figure["series"] == series]
        _case(worker, series, reasons, members, own)


def _case(
    worker: "Worker", series: str, reasons: tuple[str, ...], members: "list[Item]", figures: list[dict[str, Any]]
) -> None:
    held, project = Path(worker.job.held), worker.job.project
    root = held / FOLDER
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = root / f".{os.getpid():x}{project.pseudonym(series + ''.join(reasons), kind='part')}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    try:
        files = [_file(worker, item, partial) for item in members]
    except Refused:  # pixels that can't be written in any way: the copy of the original is all there is
        shutil.rmtree(partial)
        return
    name = name_of(project, series, reasons, files)
    if (root / name).exists():
        shutil.rmtree(partial)
        return
    files = [File(one.token, one.path.replace(partial.name, name), one.sha256, one.marks) for one in files]
    pictures, whole = _pictures(project, members, partial, frames=bool(set(reasons) & _SHOWN))
    told = project.uid(series.encode())
    own = [figure | {"series": told} for figure in figures]
    write(sealed(Case(name, told, reasons, tuple(files), tuple(pictures), whole, own), project), partial)
    partial.rename(root / name)


def _file(worker: "Worker", item: "Item", partial: Path) -> File:
    """The object as it would leave: the copy of its original when its pixels are the same."""
    token = worker.token(item.source)
    marks = tuple(key for key, true in vars(item.clearance).items() if true)
    data, path = item.data, f"{item.held_as.value}/{token}.dcm"
    if item.changed:
        data, path = store.replace(item.data, item.new), f"{FOLDER}/{partial.name}/{token}.dcm"
        (partial / f"{token}.dcm").write_bytes(data)
    return File(token, path, hashlib.sha256(data).hexdigest(), marks)


def _pictures(project: Project, members: "list[Item]", partial: Path, *, frames: bool) -> tuple[list[Picture], bool]:
    found: list[Picture] = []
    for item in members:
        for title, picture in item.pictures:
            found.append(_saved(partial, len(found), title, picture))
    if not frames:
        return found, False
    total = sum(item.seen.frames for item in members)
    left = _MOST
    for number, item in enumerate(members):
        token = project.pseudonym(item.source.name, kind="source")
        for index in range(min(item.seen.frames, left)):
            title = f"image {number + 1}" + (f", frame {index + 1}" if item.seen.frames > 1 else "")
            boxes = tuple(box[1:] for box in (*item.boxes, *item.left) if box[0] == index)
            one = _saved(partial, len(found), title, shown(item.frame(index)))
            found.append(Picture(one.name, title, token, index, one.size, boxes))
            left -= 1
    return found, total <= _MOST


def shown(frame: Frame) -> NDArray[np.uint8]:
    """A frame as a reviewer sees it: its colours, or all of its greys."""
    if not frame.photometric.startswith("MONOCHROME"):
        return np.asarray(frames.picture(frame)[:, :, ::-1])
    grey = picture_of(planes(frame)[0])
    return 255 - grey if frame.photometric == "MONOCHROME1" else grey


def _saved(partial: Path, number: int, title: str, picture: NDArray[np.uint8]) -> Picture:
    name = f"{number:03}.png"
    cv2.imwrite(str(partial / name), picture)
    return Picture(name, title, size=(picture.shape[0], picture.shape[1]))
