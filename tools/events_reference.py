"""Writes docs/reference/events.md from the catalogue of events: `python tools/events_reference.py`."""

import os
from pathlib import Path

import django

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "events.md"
HEAD = """# Events of the ledger

<!-- Made by tools/events_reference.py from src/scanward/audit/catalogue.py. Do not edit. -->

Every entry of the ledger is one of these. The name is what is stored. DICOM is the event id of PS3.15 A.5, which is
also `AuditEvent.type` in FHIR; subtype and action are those of FHIR. "Patient" says whether the patient finds it in
"Who has seen my scans".

| Name | What happened | DICOM | Subtype | Action | Kept | Patient |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the page's text."""
    from django.utils import translation  # noqa: PLC0415  Django is set up only when the page is made

    from scanward.audit.catalogue import CATALOGUE  # noqa: PLC0415
    from scanward.audit.kinds import Retention  # noqa: PLC0415

    with translation.override("en"):
        rows = [
            f"| `{kind.value}` | {meaning.sentence} | {meaning.dicom.value} {meaning.dicom.display} "
            f"| {meaning.subtype.code} {meaning.subtype.display} | {meaning.action.value} | {meaning.retention.value} "
            f"| {'yes' if meaning.patient_sees else ''} |"
            for kind, meaning in CATALOGUE.items()
        ]
    classes = [f"- `{retention.value}`: {retention.rule}." for retention in Retention]
    kept = "\n## How long an entry is kept at least\n\n" + "\n".join(classes) + "\n\nThe ledger itself drops nothing.\n"
    return HEAD + "\n".join(rows) + "\n" + kept


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scanward.settings")
    django.setup()
    TARGET.write_text(page(), "utf-8")
