"""Which PACS may be asked: one TOML file that the house keeps. No page and no request names an address (fault C9)."""

import ipaddress
import ssl
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings

Header = Mapping[str, Any]
LEAST_REASON = 10


class BadPacs(ValueError):
    """The file says something that can't be; the sentence says what to change."""


class Unreached(Exception):
    """The PACS could not be reached, refused, or broke off. What was kept by then stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacs:
    """One PACS, and how it is reached."""

    name: str
    # dicom or dicomweb.
    kind: str
    # Whose patient numbers it knows; only patients with a number of this issuer can be asked for.
    issuer: str = ""
    # DICOM: where it listens, the titles, and how the images come (get: the same way; move: to our listener).
    host: str = ""
    port: int = 0
    ae_title: str = ""
    our_ae_title: str = "SCANWARD"
    retrieve: str = "get"
    ca: str = ""
    certificate: str = ""
    key: str = ""
    without_tls_because: str = ""
    # DICOMweb: the root of its services, and the file with its bearer token.
    url: str = ""
    token_file: str = ""

    @property
    def issued_by(self) -> str:
        """Return whose patient numbers it means."""
        return self.issuer or str(settings.FACILITY_ISSUER)

    def tls(self) -> ssl.SSLContext:
        """Return TLS 1.2 or newer, with their certificate checked, and ours shown where there is one."""
        context = ssl.create_default_context(cafile=self.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key)
        return context


class Taken(Enum):
    """What became of one object that a PACS sent; it is told so."""

    SAFE = "safe"
    # Nothing is wrong with it: it may be sent again.
    NOT_NOW = "not now"
    # It is not what was asked for, or not what it says that it is.
    MISMATCH = "mismatch"
    UNREADABLE = "unreadable"


# Keeps one object, named by its UID.
Take = Callable[[str, bytes], Taken]


class Wire(Protocol):
    """An open way to a PACS. Raises: Unreached, from every call."""

    def studies(self, number: str, study_uid: str, accession: str) -> list[Header]:
        """Return the header of each study of the patient number, or of those of it that are named."""

    def instances(self, study_uid: str) -> dict[str, str]:
        """Return the series of each object that the PACS has of the study, by the object's UID."""

    def bring(self, study_uid: str, series_uid: str, uids: Sequence[str], take: Take) -> None:
        """Have objects of a series sent, and hand each on; what comes by C-MOVE comes to our listener instead."""


Opened = AbstractContextManager[Wire]


def load() -> tuple[Pacs, ...]:
    """Read the file; without it there is nobody to ask.

    Raises:
        BadPacs: with what is wrong.
    """
    path = Path(settings.PACS_FILE)
    if not path.is_file():
        return ()
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPacs(f"{path.name} is not TOML: {error}") from None
    return tuple(_checked(row, f"[[pacs]] number {number}") for number, row in enumerate(content.get("pacs", []), 1))


def any_configured() -> bool:
    """Return whether there is a file of PACS that may be asked."""
    return Path(settings.PACS_FILE).is_file()


def find(name: str) -> Pacs | None:
    """Return the PACS of that name."""
    return next((one for one in load() if one.name == name), None)


def _checked(row: Mapping[str, Any], where: str) -> Pacs:
    unknown = row.keys() - {field.name for field in fields(Pacs)}
    if unknown:
        raise BadPacs(f"{where}: {', '.join(sorted(unknown))} means nothing here.")
    try:
        one = Pacs(**row)
    except TypeError:
        raise BadPacs(f"{where}: name and kind are needed.") from None
    if one.kind == "dicom":
        _check_dicom(one, where)
    elif one.kind == "dicomweb":
        _check_web(one, where)
    else:
        raise BadPacs(f"{where}: kind is dicom or dicomweb.")
    return one


def _check_dicom(one: Pacs, where: str) -> None:
    if not (one.host and 0 < one.port < 65536 and 0 < len(one.ae_title) <= 16):
        raise BadPacs(f"{where}: DICOM needs host, port and ae_title.")
    if one.retrieve not in ("get", "move"):
        raise BadPacs(f"{where}: retrieve is get or move.")
    if not one.ca and not _here(one.host) and len(one.without_tls_because) < LEAST_REASON:
        raise BadPacs(f"{where}: without ca there is no TLS. Give it, or the reason in without_tls_because.")


def _check_web(one: Pacs, where: str) -> None:
    parts = urlsplit(one.url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _here(parts.hostname or ""))
    if not safe and not (parts.scheme == "http" and len(one.without_tls_because) >= LEAST_REASON):
        raise BadPacs(f"{where}: url begins with https://, or without_tls_because says why not.")


def _here(host: str) -> bool:
    """Return whether it is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
