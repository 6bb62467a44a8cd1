"""Where a file's data set begins and how it is encoded, also without preamble or header."""

import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scanward.dicom import preamble, walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import Limits

_SYNTAX: Final = 0x00020010
_META: Final = b"\x02\x00"
_IMPLICIT_SANE: Final = 1 << 16  # the first element of a data set is a short one


@contextmanager
def opened(source: walk.Buffer | Path, limits: Limits) -> Iterator[walk.Buffer]:
    """The bytes, without copying them: a file is mapped.

    Raises: Refused for what is empty, too large, or no regular file. OSError when it can't be opened.
    """
    if not isinstance(source, Path):
        if len(source) > limits.max_file:
            raise Refused(RefusalReason.TOO_LARGE)
        yield source.cast("B") if isinstance(source, memoryview) and source.format != "B" else source
        return
    with open(source, "rb", buffering=0, opener=_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Refused(RefusalReason.NOT_DICOM)
        if status.st_size == 0:
            raise Refused(RefusalReason.EMPTY)
        if status.st_size > limits.max_file:
            raise Refused(RefusalReason.TOO_LARGE)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with mapped:
        yield mapped


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe that someone laid among the files."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def head(data: walk.Buffer, limits: Limits) -> walk.Head:
    """Preamble, file meta information and the encoding of the data set.

    Raises: Refused; NOT_DICOM for whatever shows no sign of being DICOM.
    """
    if len(data) == 0:
        raise Refused(RefusalReason.EMPTY)
    marked = preamble.classify(data) is not preamble.PreambleKind.ABSENT
    if marked and bytes(data[132:134]) == _META:
        return walk.head(data)
    at = 132 if marked else 4 if bytes(data[:4]) == b"DICM" else 0
    first = bytes(data[:128]) if marked else b""
    if bytes(data[at : at + 2]) == _META:
        return _bare_meta(data, first, at, limits)
    encoding, syntax = _guess(bytes(data[at : at + 8]), len(data) - at)
    return walk.Head(first, {}, {}, syntax, encoding, at)


def _bare_meta(data: walk.Buffer, first: bytes, at: int, limits: Limits) -> walk.Head:
    """File meta information that stands where a preamble should be."""
    if not bytes(data[at + 4 : at + 6]).isupper():
        raise Refused(RefusalReason.NOT_DICOM)
    meta: dict[int, bytes] = {}
    vrs: dict[int, bytes] = {}
    for element in walk.walk(data, at, len(data), walk.EXPLICIT, limits=limits):
        if element.tag >> 16 != 2 or element.end < 0:
            break
        if element.end - element.value > limits.max_json_text:
            raise Refused(RefusalReason.BAD_LENGTH, walk.name(element.tag))
        meta[element.tag] = bytes(data[element.value : element.end])
        vrs[element.tag], at = element.vr, element.end
    syntax = meta.get(_SYNTAX, b"").rstrip(b"\0 ").decode("latin-1")
    if not syntax:
        raise Refused(RefusalReason.MISSING_ELEMENT, "(0002,0010) TransferSyntaxUID")
    return walk.Head(first, meta, vrs, syntax, walk.encoding_of(syntax), at)


def _guess(first: bytes, size: int) -> tuple[walk.Encoding, str]:
    """The encoding of a bare data set, which begins with group 0008.

    Raises: Refused as NOT_DICOM when the first element is none of group 0008.
    """
    group, vr = first[:2], first[4:6]
    if group == b"\x08\x00" and vr.isalpha() and vr.isupper():
        return walk.EXPLICIT, walk.EXPLICIT_LITTLE
    if group == b"\x00\x08" and vr.isalpha() and vr.isupper():
        return walk.BIG, walk.EXPLICIT_BIG
    length = int.from_bytes(first[4:8], "little")
    if group == b"\x08\x00" and length <= min(_IMPLICIT_SANE, size - 8):
        return walk.IMPLICIT, walk.IMPLICIT_LITTLE
    raise Refused(RefusalReason.NOT_DICOM)
