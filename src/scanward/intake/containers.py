"""Finds out what a file is: a ZIP, the image of a disc, something that must be unpacked first, or an object."""

from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from scanward.dicom.limits import DEFAULT
from scanward.intake import iso, zipped
from scanward.intake.collecting import CHUNK, collect
from scanward.intake.receive import Item, Outcome, Received

# What else people pack scans into; none of it is opened here.
PACKED = {b"Rar!": "rar", b"7z\xbc\xaf": "7z", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zX": "xz"}
IMAGES = (".iso", ".img", ".bin", ".nrg", ".mdf", ".dmg", ".cue", ".toast")
HEAD = 132


def opened(file: BinaryIO, name: str) -> Iterator[Item | Received] | None:
    """Return what a packed file holds; None if it is not packed."""
    file.seek(0)
    head = file.read(HEAD)
    if zipped.is_zip(head):
        return zipped.members(file, name)
    if head[128:132] == b"DICM":
        return None
    if iso.is_iso(file):
        return iso.members(file, name)
    if iso.is_udf(file) or name.lower().endswith(IMAGES):
        sentence = _("This kind of disc image can't be read here. Copy the disc's files to a folder and send that.")
        return iter([Received(name, Outcome.REFUSED, sentence, "disc-image")])
    if any(head.startswith(magic) for magic in PACKED):
        sentence = _("This kind of archive is not opened here. Unpack it first, then send the files, or a ZIP.")
        return iter([Received(name, Outcome.REFUSED, sentence, "packed")])
    return None


def items(file: BinaryIO, name: str) -> Iterator[Item | Received]:
    """Yield what a file holds: itself, or its members."""
    found = opened(file, name)
    if found is not None:
        yield from found
        return
    file.seek(0)
    data = collect(iter(lambda: file.read(CHUNK), b""), DEFAULT.max_file)
    if data is None:
        yield Received(name, Outcome.REFUSED, _("It is larger than we take at once."), "too-large")
    else:
        yield Item(name, data)
