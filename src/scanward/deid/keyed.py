"""Everything that replaces an identifier: keyed by the project, so consistent inside it and unlinkable outside.

HMAC-SHA-256 throughout: without the project's key nobody can test a guess against a UID, a pseudonym or an
offset (45 CFR 164.514(c)). The same key gives the same answers on every machine, in every worker, on every
run.
"""

import base64
import hmac
import os
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_NEAREST_DAYS: Final = 30
_FURTHEST_DAYS: Final = 3650


class KeyRefused(Exception):
    """A project key file that can't be trusted or read."""


@dataclass(frozen=True)
class Project:
    """A research project: its name and the secret from which all its replacements come."""

    name: str
    key: bytes = field(repr=False)
    _uids: dict[bytes, str] = field(default_factory=dict, repr=False, compare=False)

    def derive(self, label: str) -> bytes:
        """A key for one use only."""
        return hmac.digest(self.key, b"scanward.deid/" + label.encode(), "sha256")

    def __post_init__(self) -> None:
        if len(self.key) < 32:
            raise KeyRefused("A project key has 32 bytes. Make one with `scanward deid key`.")
        object.__setattr__(self, "_uid_key", self.derive("uid"))
        object.__setattr__(self, "_pseudonym_key", self.derive("pseudonym"))
        object.__setattr__(self, "_date_key", self.derive("dates"))

    def uid(self, original: bytes) -> str:
        """The new UID of a UID: 2.25 with 128 bits (PS3.5 B.2)."""
        known = self._uids.get(original)
        if known is None:
            if len(self._uids) > 20_000:
                self._uids.clear()
            digest = hmac.digest(self._uid_key, original, "sha256")  # type: ignore[attr-defined]
            known = self._uids[original] = f"2.25.{int.from_bytes(digest[:16], 'big')}"
        return known

    def pseudonym(self, original: str, *, kind: str = "patient") -> str:
        """A token for an identifier: 16 letters and digits, legal in every text VR."""
        text = f"{kind}/{' '.join(original.split()).casefold()}"
        digest = hmac.digest(self._pseudonym_key, text.encode(), "sha256")  # type: ignore[attr-defined]
        return "SW" + base64.b32encode(digest[:10]).decode()[:14]

    def days(self, patient: str, *, whole_weeks: bool = False) -> int:
        """By how many days this patient's dates move: 30 days to ten years into the past, whole weeks on
        request.
        """
        text = " ".join(patient.split()).casefold()
        digest = hmac.digest(self._date_key, text.encode(), "sha256")  # type: ignore[attr-defined]
        span = _FURTHEST_DAYS - _NEAREST_DAYS + 1
        back = _NEAREST_DAYS + int.from_bytes(digest[:8], "big") % span
        return -(back - back % 7 + 7) if whole_weeks else -back


def new_project(name: str) -> Project:
    """A project with a fresh key."""
    return Project(name, os.urandom(32))


def write_key(path: Path, project: Project) -> None:
    """Write the key file, readable by its owner only; an existing one is never overwritten."""
    text = (
        "# The key of a de-identification project. Whoever has it can test guesses against the exported data:\n"
        "# keep it apart from them. Without it no further export will match the earlier ones.\n"
        f'name = "{project.name}"\nkey = "{base64.b64encode(project.key).decode()}"\n'
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)


def read_key(path: Path) -> Project:
    """Read a key file.

    Raises: KeyRefused when it is missing, when others may read it, or when it is not a key.
    """
    if not path.is_file():
        raise KeyRefused(f"There is no key {path.name}. Make one: scanward deid key --name NAME {path.name}")
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyRefused(f"Others may read {path.name}. Make it yours alone: chmod 600 {path.name}")
    try:
        data = tomllib.loads(path.read_text())
        return Project(str(data["name"]), base64.b64decode(data["key"], validate=True))
    except (KeyError, ValueError) as wrong:
        raise KeyRefused(f"{path.name} is not a project key. Make one with `scanward deid key`.") from wrong
