"""One export from beginning to end: de-identify, check independently, hold what fails, sign the evidence."""

import base64
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanward.deid import evidence as evidence_file
from scanward.deid.check import Finding, check_all, rules_of
from scanward.deid.held import HeldReason
from scanward.deid.run import Job, NotWritten, Result


@dataclass
class Progress:
    """How far an export is, for whoever watches."""

    files: int = 0
    bytes_in: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def collect(results: Iterator[Result], watch: Callable[[Progress], None]) -> Result:
    """Gather the batches' results while telling how far it is."""
    total, progress = Result(), Progress()
    for result in results:
        total.add(result)
        progress.files = len(total.written) + len(total.not_written)
        progress.bytes_in = total.bytes_in
        watch(progress)
    return total


def check(job: Job, result: Result) -> list[Finding]:
    """Read every output again with the other parser; what fails is taken out and held."""
    root, findings, failed = Path(job.destination), list[Finding](), dict[str, Finding]()
    files = sorted(result.written, key=lambda one: one.group)
    watched = ((one.path, result.originals[one.group] if one.group >= 0 else ()) for one in files)
    for found in check_all(root, watched, rules_of(job.profile)):
        findings.append(found)
        failed.setdefault(found.path, found)
    for one in result.written:
        if (first := failed.get(one.path)) is None:
            continue
        reason = HeldReason.INVALID if "read again" in first.what else HeldReason.RESIDUAL
        result.not_written.append(NotWritten(one.source, "", reason.value, reason.sentence, first.element, held=True))
        _take_out(root / one.path, job.held, reason)
    result.written = [one for one in result.written if one.path not in failed]
    return findings


def _take_out(path: Path, held: str, reason: HeldReason) -> None:
    if not held:
        path.unlink()
        return
    folder = Path(held) / reason.value
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(path, folder / path.name)


def certify(
    job: Job, result: Result, findings: list[Finding], path: Path, *, searched: bool, now: datetime
) -> dict[str, Any]:
    """Write the signed evidence and its page."""
    signed = evidence_file.sign(evidence_file.gather(job, result, findings, searched=searched, now=now), job)
    evidence_file.write(signed, path)
    return signed


def write_links(path: Path, key_path: Path, result: Result) -> None:
    """The linking table: pseudonym -> identity, AES-256-GCM under a key of its own that is made when missing.

    Kept apart from the data and from its key. Deleting either makes the export irreversible.
    """
    if not key_path.exists():
        handle = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(AESGCM.generate_key(256)))
    known = read_links(path, key_path) if path.exists() else {}
    nonce = os.urandom(12)
    sealed = AESGCM(_link_key(key_path)).encrypt(nonce, json.dumps(known | result.links).encode(), b"links")
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(nonce + sealed)
    partial.chmod(0o600)
    partial.replace(path)


def read_links(path: Path, key_path: Path) -> dict[str, str]:
    """Open a linking table."""
    data = path.read_bytes()
    links: dict[str, str] = json.loads(AESGCM(_link_key(key_path)).decrypt(data[:12], data[12:], b"links"))
    return links


def _link_key(path: Path) -> bytes:
    return base64.b64decode(path.read_bytes(), validate=True)
