"""The guard in front of every library: says within bounds what an untrusted file is, or refuses it."""

import io
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pydicom

from scanward.dicom import codestream, image, json_model, pixels, source, tags, uids, walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.image import Image
from scanward.dicom.json_model import Json, Memo, Span
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.preamble import PreambleKind, classify

_MEDIA_CLASS, _MEDIA_INSTANCE, _SYNTAX = 0x00020002, 0x00020003, 0x00020010
_SOP_CLASS, _SOP_INSTANCE = 0x00080016, 0x00080018
_STUDY, _SERIES, _MODALITY = 0x0020000D, 0x0020000E, 0x00080060
_DIRECTORY_RECORDS: Final = "00041220"
_PAIRS: Final = ((_MEDIA_CLASS, _SOP_CLASS), (_MEDIA_INSTANCE, _SOP_INSTANCE))
_CODE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ")
_STEP: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file is, every part of it checked. Offsets are in the file, or in its inflated data set."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    modality: str
    rows: int  # 0, like all of these, for an object without pixels
    columns: int
    frames: int
    bits_allocated: int
    samples_per_pixel: int
    preamble: PreambleKind
    size: int  # of the file
    dataset_offset: int
    pixel: Span | None
    image: Image | None
    fragments: pixels.Frames  # of each frame; empty for uncompressed pixels
    undecodable: str  # why a compressed image will not be shown, although it is kept
    pixel_vr: str
    tables: dict[int, Span]  # palettes and offset tables by tag
    dicom_json: Json
    # The same as text, where a memo had most of it.
    text: str = field(default="", compare=False, repr=False)

    @property
    def deflated(self) -> bool:
        """True when offsets count from the beginning of the inflated data set."""
        return self.transfer_syntax_uid == uids.DEFLATED


class Opened(NamedTuple):
    """An inspected file together with the bytes that its offsets are in."""

    inspected: Inspected
    data: walk.Buffer


def inspect(data: walk.Buffer | Path, *, limits: Limits = DEFAULT, memo: Memo | None = None) -> Inspected:
    """Read a file within bounds: what it is, who it belongs to, where its pixels are.

    Never copies the pixels (unless the data set is deflated). With a memo, what a sender's files share is read once.
    Raises: Refused, and nothing else, whatever the bytes. OSError when the file can't be opened.
    """
    with source.opened(data, limits) as buffer:
        return open_(buffer, limits, memo).inspected


def open_(
    buffer: walk.Buffer, limits: Limits = DEFAULT, memo: Memo | None = None, *, forgiving: bool = False
) -> Opened:
    """Inspect bytes that are at hand, and keep the inflated ones.

    `forgiving` lets pass what de-identification leaves out anyway: other names in the file meta information, bytes
    behind the last element, pixels behind the declared ones.
    """
    head = source.head(buffer, limits)
    marked = bool(head.meta)
    _check_head(head)
    start, content = head.start, buffer
    if head.deflated:
        with memoryview(buffer) as whole, whole[head.start :] as rest:
            start, content = 0, walk.inflate(rest, limits)
    try:
        built = json_model.build(content, start, head.encoding, limits, memo)
    except Refused as refused:
        # Without a header, bytes that don't even read as a data set were no DICOM to begin with.
        raise refused if marked else Refused(RefusalReason.NOT_DICOM) from refused
    if not marked and f"{_SOP_INSTANCE:08X}" not in built.json:
        raise Refused(RefusalReason.NOT_DICOM)
    if not forgiving:
        _check_rest(content, built.end)
        _check_names(head, built.json)
    return Opened(_inspected(buffer, content, head, built, limits, forgiving=forgiving), content)


def _check_head(head: walk.Head) -> None:
    """The transfer syntax is one that is read here, and the object is no directory.

    Raises: Refused.
    """
    if _meta_uid(head, _MEDIA_CLASS) == uids.DICOMDIR_CLASS:
        raise Refused(RefusalReason.DICOMDIR)
    element = tags.label(_SYNTAX)
    syntax = uids.checked(head.transfer_syntax, element)
    if syntax not in walk.UNCOMPRESSED and syntax not in codestream.KINDS:
        raise Refused(RefusalReason.UNSUPPORTED_SYNTAX, element)


def _check_rest(content: walk.Buffer, end: int) -> None:
    """After the last element there may be zeros, which tapes and discs leave; anything else hides something.

    Raises: Refused.
    """
    for at in range(end, len(content), _STEP):
        if bytes(content[at : at + _STEP]).strip(b"\0"):
            raise Refused(RefusalReason.MALFORMED, detail="there are bytes after the last element")


def _check_names(head: walk.Head, json: Json) -> None:
    """The file meta information names the object that is in the file.

    Raises: Refused.
    """
    for meta, tag in _PAIRS:
        if (outside := _meta_uid(head, meta)) and outside != _uid(json, tag):
            raise Refused(RefusalReason.META_MISMATCH, tags.label(meta))


def _meta_uid(head: walk.Head, tag: int) -> str:
    return head.meta.get(tag, b"").decode("latin-1").rstrip("\0 ")


def _uid(json: Json, tag: int) -> str:
    """A UID that every instance must have.

    Raises: Refused when it is missing, empty, several, or no UID.
    """
    element = tags.label(tag)
    entry = json.get(f"{tag:08X}")
    if entry is None:
        raise Refused(RefusalReason.MISSING_ELEMENT, element)
    found = entry.get("Value", [""])
    if len(found) != 1 or not isinstance(found[0], str):
        raise Refused(RefusalReason.BAD_UID, element)
    return uids.checked(found[0], element)


def _inspected(
    buffer: walk.Buffer,
    content: walk.Buffer,
    head: walk.Head,
    built: json_model.Built,
    limits: Limits,
    *,
    forgiving: bool,
) -> Inspected:
    json, found = built.json, built.pixels
    if _DIRECTORY_RECORDS in json:
        raise Refused(RefusalReason.DICOMDIR)
    named = {tag: _uid(json, tag) for tag in (_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES)}
    shape = _shape(json, found, named[_SOP_CLASS], limits)
    frames = _frames(content, found, shape, head.transfer_syntax, limits, longer=forgiving)
    return Inspected(
        sop_class_uid=named[_SOP_CLASS],
        sop_instance_uid=named[_SOP_INSTANCE],
        study_instance_uid=named[_STUDY],
        series_instance_uid=named[_SERIES],
        transfer_syntax_uid=head.transfer_syntax,
        modality=_modality(json),
        rows=shape.rows if shape else 0,
        columns=shape.columns if shape else 0,
        frames=shape.frames if shape else 0,
        bits_allocated=shape.bits_allocated if shape else 0,
        samples_per_pixel=shape.samples if shape else 0,
        preamble=classify(buffer),
        size=len(buffer),
        dataset_offset=head.start,
        pixel=found.span if shape else None,
        image=shape,
        fragments=frames,
        undecodable=pixels.undecodable(content, frames, shape, head.transfer_syntax) if shape else "",
        pixel_vr=found.vr,
        tables=found.tables,
        dicom_json=json,
        text=built.text,
    )


def _modality(json: Json) -> str:
    """The modality if it is a code string, else OT (other): it is used in queries and file names."""
    modality = image.text(json, _MODALITY)
    return modality if 0 < len(modality) <= 16 and set(modality) <= _CODE else "OT"


def _shape(json: Json, found: json_model.Pixels, sop_class: str, limits: Limits) -> Image | None:
    """The declared image; None for objects that have none.

    Raises: Refused when an image has no pixels, or its attributes make no sense.
    """
    if found.tag:
        return image.declared(json, found.tag, limits)
    if sop_class in uids.IMAGE_CLASSES or {"00280010", "00280011"} <= json.keys():
        raise Refused(RefusalReason.PIXELS_MISSING, tags.label(walk.PIXEL_DATA))
    return None


def _frames(
    content: walk.Buffer, found: json_model.Pixels, shape: Image | None, syntax: str, limits: Limits, *, longer: bool
) -> pixels.Frames:
    if shape is None:
        return ()
    if syntax in codestream.KINDS:
        return pixels.encapsulated_frames(content, found, shape, syntax, limits)
    pixels.check_native(found, shape, longer=longer)
    return ()


def dataset(data: walk.Buffer | Path, *, limits: Limits = DEFAULT) -> pydicom.Dataset:
    """pydicom's object of a file, made only after the guard let it pass.

    Raises: Refused, also for what pydicom stumbles over later.
    """
    with source.opened(data, limits) as buffer:
        open_(buffer, limits)
        return _parsed(bytes(buffer))


def _parsed(plain: bytes) -> pydicom.Dataset:
    """pydicom's object of bytes that were inspected.

    Raises: Refused for what pydicom stumbles over.
    """
    bare: dict[str, Any] = {} if plain[128:132] == b"DICM" else {"force": True}
    try:
        return pydicom.dcmread(io.BytesIO(plain), **bare)  # noqa: TID251  (this is the guard it asks for)
    # Each has been seen from pydicom on bad bytes; its message may hold a value, so only the refusal goes on.
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as stumbled:
        raise Refused(RefusalReason.MALFORMED) from stumbled
    except (EOFError, struct.error, zlib.error, OSError, RecursionError, OverflowError) as stumbled:
        raise Refused(RefusalReason.MALFORMED) from stumbled
