"""What was done, signed: one JSON file that a program checks and one page that a person reads.

It holds no original value and no unkeyed hash of one. Sources are named by keyed tokens.
"""

import base64
import hashlib
import html
import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from scanward import __version__
from scanward.deid.check import Finding
from scanward.deid.field import WARNING
from scanward.deid.keyed import Project
from scanward.deid.profiles import OPTION_NAMES, Profile
from scanward.deid.run import Job, Result
from scanward.deid.table import EDITION, METHODS

_FORMAT: Final = 1
CONDITIONS: Final = (
    "Sharing a head CT whose face was not removed onward is prohibited without the patient's authorization. The series "
    "that reviewers released stand under decisions."
)

_LOOKED: Final = {"off": "not at all", "auto": "where there can be some", "on": "everywhere"}


class EvidenceRefused(Exception):
    """Evidence that is not readable, or whose signature does not hold."""


def signer(project: Project) -> Ed25519PrivateKey:
    """The key that signs a project's evidence."""
    return Ed25519PrivateKey.from_private_bytes(project.derive("evidence"))


def fingerprint(project: Project) -> str:
    """What tells two keys apart without telling anything else of them."""
    return hashlib.sha256(signer(project).public_key().public_bytes_raw()).hexdigest()[:16]


def profile_of(profile: Profile) -> dict[str, Any]:
    """A profile as the evidence names it."""
    names = {option: name for name, option in OPTION_NAMES.items()}
    return {
        "name": profile.name,
        "pathway": profile.pathway.value,
        "options": sorted(names[option] for option in profile.options),
        "dates": profile.dates.value,
        "remove": [f"{tag:08X}" for tag in sorted(profile.remove)],
        "keep": {f"{tag:08X}": why for tag, why in sorted(profile.keep.items())},
        "justification": profile.justification,
    }


def gather(job: Job, result: Result, findings: list[Finding], *, searched: bool, now: datetime) -> dict[str, Any]:
    """The evidence of one export, unsigned."""
    profile = job.profile
    return {
        "format": _FORMAT,
        "software": f"Scanward {__version__}",
        "made": now.isoformat(timespec="seconds"),
        "project": job.project.name,
        "key_fingerprint": fingerprint(job.project),
        "profile": profile_of(profile),
        "looked": job.looked() | {"field": job.wanted.told()},
        "permissions": {key: why for key, why in vars(job.permissions).items() if why},
        "edition": EDITION,
        "methods": [{"value": code, "scheme": "DCM", "meaning": METHODS[code]} for code in profile.codes],
        "counts": {
            "written": len(result.written),
            "held": sum(one.held for one in result.not_written),
            "refused": sum(not one.held for one in result.not_written),
            **({"left_out": result.left_out} if job.wanted.asked else {}),
        },
        "actions": dict(sorted(result.actions.items())),
        "not_written": [
            {
                "source": one.source,
                "held": one.held,
                "reason": one.reason,
                "sentence": one.sentence,
                "element": one.element,
            }
            for one in result.not_written
        ],
        "residual_search": {
            "done": searched,
            "reader": "pydicom" if searched else "",
            "values_searched": sum(len(values) for values in result.originals),
            "findings": [vars(finding) for finding in findings],
        },
        "pixels": result.pixels,
        "decisions": [],  # of reviewers, who release or reject what was held
        "residual_risk": _risk(job),
        "conditions": CONDITIONS + f" {WARNING}" * job.wanted.asked,
        "outputs": [
            {"path": one.path, "size": one.size, "sha256": one.sha256, "source_sha256": one.source_sha256}
            for one in sorted(result.written, key=lambda one: one.path)
        ],
    }


def _risk(job: Job) -> str:
    """What remains, by what was done to the pixels; nothing is claimed that did not run."""
    faces = (
        "faces were removed from heads and looked for again by two detectors, which a better attack may still defeat"
        if job.deface
        else "faces are held back unless a permission is named"
    )
    text = (
        "text in pixels was read and blanked, and what could not be read for certain is held"
        if job.text
        else "text in pixels is judged by the kind of image, not read"
    )
    return (
        f"What remains: images themselves can be recognised by who has the same images; {faces}; {text}; rare findings "
        "and dates that were kept or shifted can single out a person who is known to be in the data."
    )


def _canonical(evidence: dict[str, Any]) -> bytes:
    unsigned = {key: value for key, value in evidence.items() if key != "signature"}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def sign(evidence: dict[str, Any], job: Job) -> dict[str, Any]:
    """The evidence with the project's Ed25519 signature over its canonical JSON."""
    key = signer(job.project)
    signed = evidence | {"public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode()}
    signed["signature"] = base64.b64encode(key.sign(_canonical(signed))).decode()
    return signed


def write(evidence: dict[str, Any], path: Path) -> None:
    """Write the JSON and, beside it, the page."""
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(json.dumps(evidence, indent=1))
    partial.replace(path)
    path.with_suffix(".html").write_text(page(evidence))


def read(path: Path) -> dict[str, Any]:
    """Read evidence and check its signature against the public key it carries.

    Raises: EvidenceRefused
    """
    try:
        evidence: dict[str, Any] = json.loads(path.read_text())
        public = base64.b64decode(evidence["public_key"], validate=True)
        signature = base64.b64decode(evidence["signature"], validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _canonical(evidence))
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise EvidenceRefused("This is not an evidence file of Scanward.") from broken
    except InvalidSignature:
        raise EvidenceRefused("The evidence was changed after it was signed.") from None
    if hashlib.sha256(public).hexdigest()[:16] != evidence["key_fingerprint"]:
        raise EvidenceRefused("The evidence names another key than the one that signed it.")
    return evidence


def page(evidence: dict[str, Any]) -> str:
    """The evidence for a person."""
    say = html.escape
    looked = {word: _LOOKED[how] for word in ("faces", "text") if (how := evidence.get("looked", {}).get(word))}
    looks = f"Faces were looked for {looked['faces']}, text {looked['text']}." if looked else ""
    counts, profile, search = evidence["counts"], evidence["profile"], evidence["residual_search"]
    actions = "".join(f"<tr><td>{say(k)}<td>{v:,}" for k, v in evidence["actions"].items())
    methods = "".join(f"<li>{say(m['value'])} {say(m['meaning'])}" for m in evidence["methods"])
    held = "".join(
        f"<tr><td>{say(n['source'])}<td>{'held' if n['held'] else 'refused'}<td>{say(n['element'])}"
        f"<td>{say(n['sentence'])}"
        for n in evidence["not_written"]
    )
    decided = "".join(
        f"<tr><td>{say(d['series'])}<td>{say(d['decision'])}<td>{say(', '.join(d['reasons']))}<td>{say(d['by'])}"
        f"<td>{say(d['when'])}<td>{say(d['why'])}"
        for d in evidence.get("decisions", [])
    )
    left_out = f"<table><tr><th>Source (token)<th><th>Element<th>Why{held}</table>" if held else "<p>Nothing.</p>"
    reviewed = (
        f"<table><tr><th>Series<th>Decision<th>Held for<th>By<th>When<th>Why{decided}</table>"
        if decided
        else "<p>Nothing.</p>"
    )
    searched = (
        f"Each output was read again by {say(search['reader'])} and searched for {search['values_searched']:,} "
        f"original values: {len(search['findings'])} found."
        if search["done"]
        else "The outputs were not searched for original values."
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>De-identification evidence</title>
<style>body{{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}td,th{{text-align:left;
padding:.2em 1em .2em 0;vertical-align:top}}</style>
<h1>De-identification of project {say(evidence["project"])}</h1>
<p>{say(evidence["made"])}, {say(evidence["software"])}. Profile <b>{say(profile["name"])}</b>:
{say(profile["pathway"])}. Dates {say(profile["dates"])}. {say(evidence["edition"])}.
{looks}</p>
<p><b>{counts["written"]:,} written, {counts["held"]:,} held, {counts["refused"]:,} refused.</b> {searched}</p>
<h2>Methods (CID 7050)</h2><ul>{methods}</ul>
<h2>What was done with the elements</h2><table>{actions}</table>
<h2>Not written</h2>{left_out}
<h2>Decided by reviewers</h2>{reviewed}
<h2>Residual risk</h2><p>{say(evidence["residual_risk"])}</p><p>{say(evidence["conditions"])}</p>
<p>Key fingerprint {say(evidence["key_fingerprint"])}. Check with:
<code>scanward deid verify FOLDER --evidence FILE</code></p></html>
"""
