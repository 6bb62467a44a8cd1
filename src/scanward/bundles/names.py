"""Names inside a package: safe on every system that may unpack it."""

import re
from collections.abc import Iterable
from unicodedata import normalize

_BAD_CHARACTER = re.compile(
    r"""[\x00-\x1f\x7f-\x9f\\:*?"<>|]"""  # controls, and what Windows refuses
    r"""|[\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"""  # what changes the direction of reading
)
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)  # of Windows
_LONGEST_PART = 200
_LONGEST_NAME = 1000


class NameRefused(ValueError):
    """A file can't be packed under this name.

    The message gives the position of the file, never the name: it may be PHI.
    """


def fault_of(name: str) -> str | None:
    """Say what is wrong with a name, in one phrase, or None when it is safe on Linux, macOS and Windows."""
    parts = name.split("/")
    if not name or len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        return "is empty or too long"
    if _BAD_CHARACTER.search(name):
        return "has a character that some systems refuse"
    if any(part in {"", ".", ".."} for part in parts):
        return "is absolute or has an empty or dotted part"
    if any(part != part.rstrip(". ") or len(part.encode()) > _LONGEST_PART for part in parts):
        return "has a part that is too long or ends in a dot or a space"
    if any(_DEVICE.fullmatch(part) for part in parts):
        return "is the name of a Windows device"
    return None


def check_names(names: Iterable[str]) -> None:
    """Check all names of one package together.

    Raises: NameRefused, also for two that some system would take for one.
    """
    files: set[str] = set()
    folders: set[str] = set()
    for position, name in enumerate(names, 1):
        fault = fault_of(name)
        same = _as_compared(name)
        if fault is None and (same in files or same in folders or folders_of(same) & files):
            fault = "collides with an earlier one"
        if fault:
            raise NameRefused(f"The name of file {position} {fault}. Rename it before packing.")
        files.add(same)
        folders |= folders_of(same)


def _as_compared(name: str) -> str:
    return normalize("NFC", normalize("NFC", name).casefold())


def folders_of(name: str) -> set[str]:
    """Name every folder above a file: `a/b/c.dcm` lies in `a` and `a/b`."""
    parts = name.split("/")[:-1]
    return {"/".join(parts[: n + 1]) for n in range(len(parts))}
