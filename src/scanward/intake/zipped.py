"""Reads a ZIP that somebody sent, without believing anything it says (fault B14).

Names are only ever shown, never used as paths. Sizes are counted while unpacking, not taken from the directory.
A ZIP inside a ZIP is not opened.
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from django.utils.translation import gettext as _

from scanward.intake.collecting import CHUNK, collect, harmless
from scanward.intake.receive import Item, Outcome, Received

MAGIC = b"PK\x03\x04"
# What zipfile raises on a damaged, encrypted (RuntimeError) or unknown (NotImplementedError) entry: listed as refused.
DAMAGED = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


class _Bomb(Exception):
    """A member unpacks to far more than it should."""


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """How much is unpacked before the rest is refused."""

    entries: int = 50_000
    directory_bytes: int = 16 * 1024 * 1024
    member_bytes: int = 2 * 1024**3
    total_bytes: int = 50 * 1024**3
    ratio: int = 200
    # Small members may compress well; the ratio counts only beyond this.
    ratio_floor: int = 16 * 1024 * 1024


def is_zip(data: bytes | memoryview | None) -> bool:
    """Return whether the bytes begin as a ZIP with at least one member does, and are no DICOM file (fault B8)."""
    return data is not None and bytes(data[:4]) == MAGIC and bytes(data[128:132]) != b"DICM"


def members(file: BinaryIO, name: str, limits: ZipLimits = ZipLimits()) -> Iterator[Item | Received]:
    """Yield each member as an item, or the reason why it is left out."""
    try:
        _check_directory(file, limits)
        with zipfile.ZipFile(file) as archive:
            yield from _walk(archive, name, limits)
    except DAMAGED as error:
        yield Received(name, Outcome.REFUSED, _explain(error), "bad-zip")


def _walk(archive: zipfile.ZipFile, name: str, limits: ZipLimits) -> Iterator[Item | Received]:
    """Yield the members, until the total is too much."""
    total = 0
    seen: set[str] = set()
    for member in archive.infolist():
        if member.is_dir():
            continue
        shown = f"{name} > {harmless(member.filename)}"
        reason = _objection(member, seen)
        seen.add(member.filename)
        if reason:
            yield Received(shown, Outcome.REFUSED, *reason)
            continue
        data = _unpack(archive, member, min(limits.member_bytes, limits.total_bytes - total), limits)
        if data is None:
            reason_text = _("It unpacks to far more than it should, so it was left out.")
            yield Received(shown, Outcome.REFUSED, reason_text, "inflates-too-far")
            continue
        total += len(data)
        yield Item(shown, data)


def _check_directory(file: BinaryIO, limits: ZipLimits) -> None:
    """Look at the end of the file, before the library reads the whole directory into memory.

    Raises:
        ValueError: there are too many entries.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise zipfile.BadZipFile
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    zip64 = tail.rfind(b"PK\x06\x06", 0, at)
    if zip64 >= 0:
        entries = int.from_bytes(tail[zip64 + 32 : zip64 + 40], "little")
        directory = int.from_bytes(tail[zip64 + 40 : zip64 + 48], "little")
    if entries > limits.entries or directory > limits.directory_bytes or directory > size:
        raise ValueError


def _objection(member: zipfile.ZipInfo, seen: set[str]) -> tuple[str, str] | None:
    """Return why a member is left out without looking inside: the sentence and the code."""
    parts = member.filename.replace("\\", "/").split("/")
    unix_kind = (member.external_attr >> 28) & 0xF
    if member.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        return _("Its name points outside the ZIP, so it was left out."), "bad-name"
    if member.filename in seen:
        return _("A file of this name was in the ZIP before, so it was left out."), "double-name"
    if unix_kind not in (0, 8):
        return _("It is a link or a device, not a file, so it was left out."), "not-a-file"
    if member.flag_bits & 0x1:
        return _("It is locked with a password. Unpack it first, then send the files."), "encrypted"
    return None


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: int, limits: ZipLimits) -> memoryview | None:
    """Unpack one member, counting; None if it is too much."""
    try:
        with archive.open(member) as stream:
            return collect(_counted(stream, member, limits), room)
    except _Bomb:
        return None


def _counted(stream: IO[bytes], member: zipfile.ZipInfo, limits: ZipLimits) -> Iterator[bytes]:
    """Yield the member's bytes while they are in proportion.

    Raises:
        _Bomb: they are not.
    """
    taken = 0
    while chunk := stream.read(CHUNK):
        taken += len(chunk)
        if taken > limits.ratio_floor and taken > limits.ratio * max(1, member.compress_size):
            raise _Bomb
        yield chunk


def _explain(error: Exception) -> str:
    """Say what is wrong with the ZIP, without its content."""
    if isinstance(error, ValueError):
        return _("The ZIP has more files in it than we take at once. Send it in parts.")
    return _("The ZIP is damaged. Make it again and send it once more.")
