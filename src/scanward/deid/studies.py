"""Batches of whole studies, for the pixel engines: one face is cut by one plan in all its series."""

from collections import defaultdict
from collections.abc import Iterator

from scanward.deid.sources import Source
from scanward.dicom.errors import Refused
from scanward.dicom.walk import head, walk

_STUDY = 0x0020000D
_LOOK = 1 << 16


def by_study(batches: list[list[Source]]) -> list[list[Source]]:
    """The same sources, those of a study together; what can't be read stays where it was."""
    found: dict[str, list[Source]] = defaultdict(list)
    for number, batch in enumerate(batches):
        for source in batch:
            found[_study(source) or f"batch {number}"].append(source)
    return list(found.values())


def _study(source: Source) -> str:
    """The study's UID, from the beginning of a file."""
    try:
        data = source.read_entry() if source.entry else _beginning(source)
        about = head(data)
        if about.deflated:
            data = source.read_entry() if source.entry else _whole(source)
            from scanward.dicom.read import inspect  # noqa: PLC0415  (only for deflated files)

            return inspect(data).study_instance_uid
        return next(_uids(data, about), "")
    except (Refused, OSError, ValueError, IndexError):
        return ""


def _uids(data: bytes, about: object) -> Iterator[str]:
    start, encoding = about.start, about.encoding  # type: ignore[attr-defined]
    for element in walk(data, start, len(data), encoding):
        if element.tag == _STUDY:
            yield data[element.value : element.end].decode("latin-1").strip(" \0")
        if element.tag > _STUDY and element.tag >> 16 > 0x0020:
            return


def _beginning(source: Source) -> bytes:
    with open(source.path, "rb") as file:
        return file.read(_LOOK)


def _whole(source: Source) -> bytes:
    with open(source.path, "rb") as file:
        return file.read()
