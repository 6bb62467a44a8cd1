"""Collects the bytes of one member of a ZIP or a disc: in memory while it is small, in a nameless file if not."""

from collections.abc import Iterable

from django.conf import settings

from scanward.intake.dimse.incoming import Incoming, TooLarge

CHUNK = 1024 * 1024


class NoRoom(Exception):
    """The disk is full, so nothing more can be unpacked now."""


def collect(chunks: Iterable[bytes], limit: int) -> memoryview | None:
    """Return all bytes, or None if there are more than `limit`.

    Raises:
        NoRoom: the disk is full.
    """
    # What is returned outlives the closing: it holds the memory, or a map of the nameless file.
    with Incoming(limit, settings.DATA / "spool") as taken:
        for chunk in chunks:
            try:
                taken.write(memoryview(chunk))
            except TooLarge:
                return None
            except OSError as error:
                raise NoRoom("The disk is full. Free space and try again.") from error
        return taken.bytes()


def harmless(name: str) -> str:
    """Return a member's name as it may be shown on a terminal or page."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:200]
