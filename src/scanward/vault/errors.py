"""What can go wrong in the vault, in words that tell people what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum


class Reason(StrEnum):
    """Why the vault said no; callers map these to a wire's own codes."""

    FULL = "full"
    READ_ONLY = "read-only"
    UNAVAILABLE = "unavailable"
    DAMAGED = "damaged"
    NOT_FOUND = "not-found"
    ERASED = "erased"
    KEY = "key"
    MASTER = "master"
    LOCATOR = "locator"
    TOO_LARGE = "too-large"


class VaultError(Exception):
    """The vault refused or failed; what was acknowledged before is untouched. Never carries an identity."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def explain(error: OSError) -> VaultError:
    """Turn an error of the operating system into one that says what to do about it."""
    code = errno.errorcode.get(error.errno or 0, "unknown")
    if error.errno in _FULL:
        return VaultError(Reason.FULL, f"The vault's disk is full ({code}). Free space and try again.")
    if error.errno in _READ_ONLY:
        text = f"The vault's folder can't be written ({code}). Mount it read-write and give it to the service."
        return VaultError(Reason.READ_ONLY, text)
    if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
        return VaultError(
            Reason.UNAVAILABLE,
            f"The machine is out of files or memory ({code}). Try again when it is less busy.",
        )
    if error.errno == errno.ENOENT:
        return VaultError(Reason.NOT_FOUND, "The vault holds no such object.")
    return VaultError(
        Reason.UNAVAILABLE,
        f"The vault's disk failed ({code}). Check the disk; what was acknowledged is kept.",
    )


@contextmanager
def explained() -> Iterator[None]:
    """Let only VaultError out of a block that talks to the operating system."""
    try:
        yield
    except OSError as error:
        raise explain(error) from error
