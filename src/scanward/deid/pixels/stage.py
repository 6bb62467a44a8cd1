"""A study's pixels before its headers: faces planned once for each frame of reference, text read, doubts held."""

import os
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scanward.deid.clearance import Clearance
from scanward.deid.field import Field
from scanward.deid.held import IMAGE_TYPE, HeldReason, burned_in_likely, is_scout, shows_head
from scanward.deid.pixels import gate, hardware, narrow, store
from scanward.deid.pixels.cut import Cut
from scanward.deid.pixels.detectors import Missing
from scanward.deid.pixels.face import carry_out, plan
from scanward.deid.pixels.geometry import Plane, Stack, Unusable, stack_of
from scanward.deid.pixels.keep import keep
from scanward.deid.pixels.keep import shown as shown_as
from scanward.deid.pixels.others import is_ct, is_projection, is_shape, is_upright
from scanward.deid.pixels.plans import one_for_all
from scanward.deid.pixels.render import Picture
from scanward.deid.pixels.shows import shown
from scanward.deid.pixels.writing import texts
from scanward.deid.profiles import Option
from scanward.deid.sources import Source
from scanward.deid.stages import Busy, Stage
from scanward.dicom.errors import Refused
from scanward.dicom.frames import Frame, frame_of
from scanward.dicom.read import Inspected, Opened, open_

if TYPE_CHECKING:
    from scanward.deid.run import Result, Worker

_VOLUMES: Final = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128")
_PHOTOGRAPHS: Final = "1.2.840.10008.5.1.4.1.1.77.1."
_FEWEST: Final = 4
_SLICES: Final = 12  # shown of a volume that can't be drawn
# So many blocks of 16 by 16 pixels, each with so many greys, are a picture: a face is known by 32 by 32 pixels.
_BLOCKS: Final = 4
_GREYS: Final = 24


@dataclass(eq=False)
class Item:
    """One file of a study, on its way."""

    source: Source
    data: bytes
    opened: Opened
    new: dict[int, NDArray[Any]] = field(default_factory=dict)  # changed frames, as stored values
    clearance: Clearance = field(default_factory=Clearance)
    reasons: list[HeldReason] = field(default_factory=list)  # why it is held, the first one first
    pictures: list[tuple[str, Picture]] = field(default_factory=list)  # for a reviewer only
    boxes: list[tuple[int, int, int, int, int]] = field(default_factory=list)  # frame and box, painted over
    left: list[tuple[int, int, int, int, int]] = field(default_factory=list)  # where text is read still
    emptied: set[int] = field(default_factory=set)  # frames whose unused bits were cleared

    def hold(self, reason: HeldReason) -> None:
        """Hold it for one more reason."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    @property
    def changed(self) -> bool:
        """Are its pixels no longer those of its source?"""
        return bool(self.new) or self.clearance.narrowed

    @property
    def held_as(self) -> HeldReason:
        """The reason that its copy is kept under."""
        return self.reasons[0]

    @property
    def seen(self) -> Inspected:
        """What the guard says of it."""
        return self.opened.inspected

    def text(self, tag: int) -> str:
        """An attribute's values as text."""
        values = self.seen.dicom_json.get(f"{tag:08X}", {}).get("Value", [])
        return "\\".join(str(v) for v in values)

    def texts(self) -> dict[int, str]:
        """The attributes by which an object is judged."""
        tags = (IMAGE_TYPE, 0x00080064, 0x00280301, 0x00180015, 0x0008103E, 0x00081030, 0x00181030)
        return {tag: text for tag in tags if (text := self.text(tag))}

    def frame(self, index: int) -> Frame:
        """A frame as it now is."""
        found = frame_of(self.seen, self.opened.data, index)
        return replace(found, pixels=self.new[index]) if index in self.new else found


@dataclass(eq=False)
class Piece:
    """Parallel slices of one series: which frames of which files."""

    series: str
    reference: str
    frames: list[tuple[Item, int, Frame]]
    stack: Stack
    figure: dict[str, Any] = field(default_factory=dict)  # of its face, if it was cut

    def leaving(self) -> list[tuple[Item, int, Plane]]:
        """The frames that are not held, each with its place."""
        placed = zip(self.frames, self.stack.planes, strict=True)
        return [(item, index, plane) for (item, index, _), plane in placed if not item.reasons]


def through(worker: "Worker", sources: list[Source]) -> "Result":
    """De-identify a study with its pixels. What is not proven clean is held."""
    try:
        return _through(worker, sources)
    finally:
        worker.busy.over()


def _through(worker: "Worker", sources: list[Source]) -> "Result":
    worker.busy(Stage.READING)
    items, rest = read_all(sources)
    figures, left_out = list[dict[str, Any]](), 0
    try:
        if worker.job.wanted.asked:
            left_out = _narrow(worker, items)
        figures += looked_at(worker, items)
    except Missing:
        for item in items:
            if item.seen.image:
                item.reasons = [HeldReason.NO_ENGINE]
    if worker.job.wanted.asked:
        figures = _narrowed(items, worker.job.wanted) + figures
    worker.busy(Stage.WRITING)
    with tempfile.TemporaryDirectory(prefix=".scanward-", dir=os.path.dirname(worker.destination) or None) as place:
        ready = [written(item, place, n) for n, item in enumerate(items) if not item.reasons]
        result = worker.headers([one for one in ready if one is not None])
        result.add(worker.headers(rest, blind=HeldReason.UNSEEN))
    keep(worker, items, figures)
    for item in items:
        if item.reasons:
            worker.hold(result, item.source, item.held_as)
    result.left_out += left_out
    _count(worker, items, figures, {one.source for one in result.written})
    result.pixels += [_kept(figure, result) for figure in told(worker, figures)]
    return result


def _count(worker: "Worker", items: list[Item], figures: list[dict[str, Any]], tokens: set[str]) -> None:
    """Of what was read, the evidence counts the pictures that were written: `verify` counts them again."""
    frames: dict[str, int] = defaultdict(int)
    for item in items:
        frames[item.seen.series_instance_uid] += item.seen.frames * (worker.token(item.source) in tokens)
    for figure in figures:
        if figure["what"] == "text":
            figure["frames"] = frames[figure["series"]] * figure["passed"]


def _kept(figure: dict[str, Any], result: "Result") -> dict[str, Any]:
    """A figure as it can be computed again: one of a series that is held altogether has passed nothing."""
    written = any(one.path.split("/")[2] == figure["series"] for one in result.written)
    return figure if written else figure | {"passed": False}


def _narrow(worker: "Worker", items: list[Item]) -> int:
    """Crop and reduce what can be, hold the rest; how many files are left out."""
    worker.busy(Stage.NARROWING)
    field, before = worker.job.wanted, len(items)
    pieces, loose = pieces_of([item for item in items if item.seen.image], fewest=1)
    fields, gone = _fields(pieces, field), set[int]()
    for piece in pieces:
        try:
            gone |= {id(item) for item in narrow.narrow(piece, fields[piece.reference])}
        except narrow.FAILURES:
            narrow.hold(piece)
    for item in items:
        shows = item in loose and (is_scout(item.texts()) or shows_anatomy(item))
        if shows or is_shape(item.seen.sop_class_uid) or narrow.uncroppable(item):
            item.hold(HeldReason.FIELD)
        elif item.clearance.narrowed and Option.UIDS in worker.job.profile.options:
            item.hold(HeldReason.SAME_UID)
    items[:] = [item for item in items if id(item) not in gone]
    return before - len(items)


def _narrowed(items: list[Item], field: Field) -> list[dict[str, Any]]:
    """What is left of each series: in what leaves, and in what is held for another reason."""
    images = [item for item in items if item.seen.image and HeldReason.FIELD not in item.reasons]
    figures = []
    for passed in (True, False):
        pieces, _ = pieces_of([item for item in images if passed is not bool(item.reasons)], fewest=1)
        told = [{"series": piece.series, "what": "field", **narrow.figures(piece)} for piece in pieces]
        figures += [one | {"asked": field.told(), "passed": passed} for one in told]
    return figures


def _fields(pieces: list[Piece], field: Field) -> dict[str, Field]:
    """The field in each frame of reference; none where nothing tells how high a face begins."""
    if not field.below_face:
        return dict.fromkeys((piece.reference for piece in pieces), field)
    found: dict[str, Field] = {}
    for piece in pieces:
        if _can_be_cut(piece) and len(piece.frames) >= _FEWEST:
            found[piece.reference] = narrow.below_face(piece, found.get(piece.reference, field))
    return found


def looked_at(worker: "Worker", items: list[Item]) -> list[dict[str, Any]]:
    """The figures of a study's faces and texts; its items are changed, or held.

    Raises: Missing
    """
    job, figures = worker.job, list[dict[str, Any]]()
    pieces, loose = pieces_of([item for item in items if item.seen.image])
    if job.deface and not job.permissions.faces:
        figures += _faces(items, pieces, loose, worker.busy, everything=job.thorough_faces)
    elif not job.permissions.faces:
        _without_faces(items)
    if job.permissions.scouts:
        for item in items:
            item.reasons = [reason for reason in item.reasons if reason is not HeldReason.SCOUT]
    if not job.permissions.features:
        figures += _features(items, pieces)
    if job.text:
        figures += texts(items, worker.engine.also_known, worker.busy, thorough=job.thorough_text)
        _look_once_more(pieces)
    return figures


def _look_once_more(pieces: list[Piece]) -> None:
    """A head of which text was painted over, or slices are held, is no longer the one that was looked at."""
    for piece in pieces:
        left = piece.leaving()
        same = len(left) == len(piece.frames) and not any(item.boxes for item, _, _ in left)
        if not piece.figure.get("passed") or not left or same:
            continue
        piece.figure["passed"] = False
        if len(left) >= _FEWEST:
            stack = stack_of([plane for _, _, plane in left], [_hu(item.frame(index)) for item, index, _ in left])
            looked = gate.look(stack)
            piece.figure.update(looked.figures(), passed=looked.clean)
            left[0][0].pictures += [] if looked.clean else looked.pictures
        if not piece.figure["passed"]:
            _hold(piece, HeldReason.FACE)


def _without_faces(items: list[Item]) -> None:
    """Where faces aren't looked for, scouts and captures are still held, with their pictures."""
    for item in items:
        if item.seen.image and is_scout(item.texts()):
            item.hold(HeldReason.SCOUT)
        elif item.seen.image and not item.seen.sop_class_uid.startswith(_VOLUMES) and shows_anatomy(item):
            item.hold(HeldReason.CAPTURE)


def told(worker: "Worker", figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures under the series' new UIDs."""
    if Option.UIDS in worker.job.profile.options:
        return figures
    return [figure | {"series": worker.job.project.uid(figure["series"].encode())} for figure in figures]


def read_all(sources: list[Source]) -> tuple[list[Item], list[Source]]:
    """The images and other objects that can be read, and the files that can't: no image among those may pass."""
    items, rest = [], []
    for source in sources:
        try:
            if source.entry:
                data = source.read_entry()
            else:
                with open(source.path, "rb") as file:
                    data = file.read()
            items.append(Item(source, data, open_(data, forgiving=True)))
        except (Refused, OSError):
            rest.append(source)
    return items, rest


def written(item: Item, place: str, number: int) -> Source | None:
    """The source as the header engine gets it: with new pixels and what was proven of them.

    They are decoded once more from what was written; where that is not the same, the item is held.
    """
    if not item.changed:
        return replace(item.source, cleared=item.clearance)
    try:
        data = store.replace(item.data, item.new)
        again = open_(data, forgiving=True)
        same = all(np.array_equal(frame_of(again.inspected, again.data, n).pixels, item.new[n]) for n in item.new)
    except Refused:
        same = False
    if not same:
        item.hold(HeldReason.INVALID)
        return None
    path = os.path.join(place, f"{number}.dcm")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(data)
    return replace(item.source, entry=False, elsewhere=path, size=len(data), cleared=item.clearance)


def _features(items: list[Item], pieces: list[Piece]) -> list[dict[str, Any]]:
    """Raise what no engine takes out: metal with its shape, photographs with what they show of a person."""
    figures = []
    for piece in pieces:
        metal = hardware.metal_ml(piece.stack)
        if metal >= hardware.RAISED:
            piece.frames[0][0].pictures += hardware.shadows(piece.stack)
            _hold(piece, HeldReason.FEATURES)
            figures.append({"series": piece.series, "what": "metal", "metal_ml": metal, "passed": False})
    for item in items:
        if item.seen.image and item.seen.sop_class_uid.startswith(_PHOTOGRAPHS):
            item.hold(HeldReason.CAPTURE)
    return figures


def _faces(
    items: list[Item], pieces: list[Piece], loose: list[Item], busy: Busy, *, everything: bool = False
) -> list[dict[str, Any]]:
    """Find the heads of a study, cut them, prove it. `everything` takes each volume for a head."""
    busy(Stage.FACES)
    facial, unsure = heads(pieces, everything=everything)
    plans = _plans(facial)
    figures = []
    for done, piece in enumerate(pieces):
        if plans:
            busy(Stage.CUTTING, done, len(pieces))
        suspected = piece in facial or piece in unsure
        if piece.reference in plans and _can_be_cut(piece):
            figures.append(_cut(piece, plans[piece.reference], suspected=suspected))
        elif suspected or piece.reference in plans:
            _hold_face(piece)
        else:
            _clear(piece)
    few, nowhere = pieces_of(loose, fewest=1)
    for piece in few:
        _judge_few(piece)
    for item in loose:
        _judge_loose(item, bool(facial) or item in nowhere)
    if facial:
        for item in items:
            if is_shape(item.seen.sop_class_uid):
                item.hold(HeldReason.FACE)
    return figures


def _plans(facial: list[Piece]) -> dict[str, Cut]:
    """One plan for each frame of reference that has a head which can be cut."""
    found: dict[str, list[Cut]] = defaultdict(list)
    for piece in facial:
        if _can_be_cut(piece):
            with suppress(Unusable):
                cut = plan(piece.stack)[1]
                found[piece.reference].append(cut)
    return {reference: one_for_all(cuts) for reference, cuts in found.items()}


def heads(pieces: list[Piece], *, everything: bool) -> tuple[list[Piece], list[Piece]]:
    """The pieces that show a head by their tags or pixels, and those of which it can't be told.

    Pixels tell nothing where they are not Hounsfield units; a tag that says it is no head excuses nothing.
    """
    facial, unsure = [], []
    for piece in pieces:
        item = piece.frames[0][0]
        seen = shown(piece.stack)
        if everything or seen.face or shows_head(item.seen.sop_class_uid, item.texts()):
            facial.append(piece)
        elif seen.doubtful or not is_ct(item.seen.sop_class_uid):
            unsure.append(piece)
    return facial, unsure


def _judge_few(piece: Piece) -> None:
    """Too few slices for a volume that could be cut: held where they can be a head's."""
    facial, unsure = heads([piece], everything=False)
    if facial or unsure:
        _hold_face(piece)


def _hold_face(piece: Piece) -> None:
    """Hold a piece with its renders, or some of its slices where it has no surface to draw."""
    item, _, _ = piece.frames[0]
    if is_ct(item.seen.sop_class_uid) and len(piece.frames) >= _FEWEST:
        item.pictures += gate.drawn(piece.stack)
    else:
        some = range(0, len(piece.frames), max(1, len(piece.frames) // _SLICES))
        item.pictures += [(f"image {n + 1}", shown_as(piece.frames[n][2])) for n in some]
    _hold(piece, HeldReason.FACE)


def _can_be_cut(piece: Piece) -> bool:
    """Slices of CT, of which each shows what lies at its own place."""
    item = piece.frames[0][0]
    return is_ct(item.seen.sop_class_uid) and not is_projection(item.text(IMAGE_TYPE))


def _cut(piece: Piece, cut: Cut, *, suspected: bool) -> dict[str, Any]:
    seed = piece.series.encode()
    after = carry_out(cut, piece.stack, seed)
    changed = int(np.count_nonzero(after.hu != piece.stack.hu))
    inside = gate.intracranial_changes(piece.stack, after, cut)
    looked = gate.look(after)
    figure = {"series": piece.series, "what": "face", "changed": changed, "intracranial_changed": inside}
    figure |= looked.figures() | {"depth_mm": cut.depth, "uncovered": round(cut.uncovered, 4)}
    figure["skull_ml"] = round(float(np.count_nonzero(cut.inside)) * cut.grid.step**3 / 1000)
    if not looked.clean or inside or cut.uncovered > gate.UNCOVERED or (suspected and not changed):
        piece.frames[0][0].pictures += looked.pictures
        _hold(piece, HeldReason.FACE)
    passed = HeldReason.FACE not in piece.frames[0][0].reasons
    for (item, index, frame), old, new in zip(piece.frames, piece.stack.hu, after.hu, strict=True):
        where = old != new
        item.clearance = replace(item.clearance, face=passed)
        if where.any():
            item.new[index] = _stored(frame, new, where, item.seen)
            item.clearance = replace(item.clearance, defaced=True)
    piece.figure = figure | {"passed": passed}
    return piece.figure


def _stored(frame: Frame, hu: NDArray[Any], where: NDArray[np.bool_], seen: Inspected) -> NDArray[Any]:
    """Stored values with Hounsfield units put where the cut went."""
    geometry, image = frame.geometry, seen.image
    assert image is not None
    low = -(1 << (image.bits_stored - 1)) if image.signed else 0
    high = low + (1 << image.bits_stored) - 1
    values = np.rint((hu[where].astype(np.float64) - geometry.intercept) / geometry.slope)
    out = frame.pixels.copy()
    out[where] = np.clip(values, low, high).astype(out.dtype)
    return out


def pieces_of(images: list[Item], *, fewest: int = _FEWEST) -> tuple[list[Piece], list[Item]]:
    """Stacks of at least a few parallel slices, and what is not part of any."""
    groups: dict[tuple[Any, ...], list[tuple[Item, int, Frame, Plane]]] = defaultdict(list)
    loose = []
    for item in images:
        placed = _placed(item)
        if not placed:
            loose.append(item)
        for index, frame, plane in placed:
            direction = tuple(np.round([*plane.along_row, *plane.along_column], 3))
            key = (item.seen.series_instance_uid, item.text(0x00200052), direction, plane.shape, plane.spacing)
            groups[key].append((item, index, frame, plane))
    pieces = []
    for key, members in groups.items():
        if len(members) < fewest:
            loose += [item for item, index, _, _ in members if index == 0]
            continue
        stack = stack_of([m[3] for m in members], [_hu(m[2]) for m in members])
        frames = [members[n][:3] for n in stack.order]
        pieces.append(Piece(key[0], key[1] or item_study(members[0][0]), frames, stack))
    return pieces, loose


def item_study(item: Item) -> str:
    """Without a frame of reference a series stands for itself."""
    return item.seen.series_instance_uid


def _hu(frame: Frame) -> NDArray[np.int16]:
    values = frame.pixels.astype(np.float32) * frame.geometry.slope + frame.geometry.intercept
    return np.asarray(np.clip(np.rint(values), -32768, 32767), np.int16)


def _placed(item: Item) -> list[tuple[int, Frame, Plane]]:
    """The frames that lie somewhere in the patient and can be reconstructed from; none for a scout or a capture."""
    seen = item.seen
    usable = seen.sop_class_uid.startswith(_VOLUMES) and seen.samples_per_pixel == 1 and seen.bits_allocated > 8
    if not usable or is_scout(item.texts()) or burned_in_likely({IMAGE_TYPE: item.text(IMAGE_TYPE)}):
        return []
    found = []
    for index in range(seen.frames):
        try:
            frame = item.frame(index)
        except Refused:
            return []
        g = frame.geometry
        if g.position is None or g.orientation is None or g.spacing is None or not g.slope:
            return []
        o = g.orientation
        shape = (frame.pixels.shape[0], frame.pixels.shape[1])
        found.append((index, frame, Plane(g.position, (o[0], o[1], o[2]), (o[3], o[4], o[5]), g.spacing, shape)))
    return found


def _judge_loose(item: Item, with_head: bool) -> None:
    """Scouts, captures, single slices, renders: left out beside a head; a screen of words goes on to the text."""
    if is_scout(item.texts()) or (is_ct(item.seen.sop_class_uid) and is_upright(item.text(0x00200037))):
        item.hold(HeldReason.SCOUT)
    elif shows_anatomy(item):
        head = with_head or shows_head(item.seen.sop_class_uid, item.texts())
        capture = not item.seen.sop_class_uid.startswith(_VOLUMES) or item.seen.bits_allocated <= 8
        if capture or head:
            item.hold(HeldReason.CAPTURE if capture else HeldReason.FACE)


def shows_anatomy(item: Item) -> bool:
    """Is there a picture in it, in any frame and however small: an area in many greys, which words don't have."""
    for index in range(item.seen.frames):
        try:
            pixels = item.frame(index).pixels
        except Refused:
            return True
        grey = pixels.astype(np.float32)
        grey = grey.mean(axis=2) if grey.ndim == 3 else grey
        high, wide = (n // 16 * 16 for n in grey.shape)
        blocks = grey[:high, :wide].reshape(high // 16, 16, wide // 16, 16).transpose(0, 2, 1, 3).reshape(-1, 256)
        ordered = np.sort(blocks, axis=1)
        greys = (np.diff(ordered, axis=1) != 0).sum(axis=1) + 1
        if np.count_nonzero(greys > _GREYS) >= _BLOCKS:
            return True
    return False


def _hold(piece: Piece, reason: HeldReason) -> None:
    for item, _, _ in piece.frames:
        item.hold(reason)


def _clear(piece: Piece) -> None:
    for item, _, _ in piece.frames:
        item.clearance = replace(item.clearance, face=True)
