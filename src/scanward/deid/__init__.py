"""De-identification: DICOM in; clean DICOM, what had to be held, and evidence out. No Django.

The engine is loaded when it is first used: the independent reader is a module of this package too and needs none.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

    from scanward.deid.keyed import Project
    from scanward.deid.profiles import Profile, profile
    from scanward.deid.rewrite import Deidentifier, Permissions

__all__ = ["Deidentifier", "Permissions", "Profile", "Project", "deidentify", "deidentify_dataset", "profile"]
_HOMES: Final = {
    "Deidentifier": "rewrite",
    "Permissions": "rewrite",
    "Profile": "profiles",
    "Project": "keyed",
    "profile": "profiles",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def deidentify(
    source: "bytes | Path",
    *,
    profile: "str | Profile" = "basic",
    project: "Project",
    permissions: "Permissions | None" = None,
) -> bytes:
    """The de-identified file of a DICOM file, as bytes.

    Raises: scanward.dicom.errors.Refused for what is broken, scanward.deid.held.Held for what a person must
    see.
    """
    from scanward.deid import profiles, rewrite  # noqa: PLC0415  (the engine is loaded when it is first used)

    data = source.read_bytes() if isinstance(source, Path) else source
    chosen = profile if isinstance(profile, profiles.Profile) else profiles.profile(profile)
    return rewrite.Deidentifier(chosen, project, permissions=permissions).clean(data).assemble(data)


def deidentify_dataset(dataset: "FileDataset", **how: Any) -> "FileDataset":
    """The same for a pydicom dataset that has its file meta information; `how` as for `deidentify`."""
    from scanward.deid.datasets import through_bytes  # noqa: PLC0415  (pydicom costs 90 MB; only its users pay)

    return through_bytes(dataset, lambda data: deidentify(data, **how))
