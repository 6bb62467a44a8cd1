"""Make docs/conformance/deid.md: what each row of PS3.15 Table E.1-1 meets under each ready-made profile.

`python tools/make_deid_conformance.py` writes it, `--check` only says whether it is what it would write.
"""

import argparse
import sys
from pathlib import Path

from scanward.deid.actions import Action, action
from scanward.deid.held import HeldReason
from scanward.deid.profiles import READY_MADE
from scanward.deid.table import EDITION, METHODS, ROWS
from scanward.dicom.dictionary import ELEMENTS

TARGET = Path(__file__).resolve().parent.parent / "docs" / "conformance" / "deid.md"
SHORT = {
    Action.KEEP: "keep",
    Action.CHECK: "keep if legal",
    Action.CLEAN: "clean",
    Action.TECHNICAL: "clean",
    Action.CODE: "check code",
    Action.ENTER: "enter",
    Action.ENTER_STRICTLY: "enter, text replaced",
    Action.UID: "new UID",
    Action.DATE: "date rule",
    Action.AGE: "age, 90+ together",
    Action.PSEUDONYM: "pseudonym",
    Action.ADDRESS: "ZIP only",
    Action.WITHDRAW: "X, or Z/D by type",
    Action.EMPTY: "Z",
    Action.DUMMY: "D",
    Action.REMOVE: "X",
}


def page() -> str:
    """The whole page."""
    profiles = list(READY_MADE.values())
    lines = [
        "# De-identification: conformance",
        "",
        "Made by `tools/make_deid_conformance.py` from the table that the code runs. Edition: " + EDITION + ".",
        "",
        "X removed, Z emptied, D replaced by a dummy. Where the table leaves a choice (X/Z/D), and wherever an",
        "attribute would be removed that its object requires, the attribute's type in the object's IOD decides: type 1",
        "gets a dummy, type 2 is emptied, anything else goes. *date rule*: what the profile does with dates.",
        "*clean*: only words of the vocabulary stay, and nothing that is known of this patient.",
        "",
        "| profile | pathway | dates | CID 7050 |",
        "|---|---|---|---|",
    ]
    lines += [f"| {p.name} | {p.pathway.value} | {p.dates.value} | {', '.join(p.codes)} |" for p in profiles]
    lines += ["", "Methods: " + "; ".join(f"{code} {meaning}" for code, meaning in METHODS.items()) + ".", ""]
    lines += ["113101 and 113102 (pixel data, recognizable visual features) are not claimed by this engine.", ""]
    lines += ["## What is held", ""] + [f"- `{reason.value}`: {reason.sentence}" for reason in HeldReason]
    lines += ["", "## Rows", "", "| tag | attribute | VR | table | " + " | ".join(p.name for p in profiles) + " |"]
    lines.append("|---|---|---|---|" + "---|" * len(profiles))
    for tag, (basic, _) in ROWS.items():
        vr, keyword = ELEMENTS.get(tag, ("", ""))
        done = " | ".join(SHORT[action(tag, profile)] for profile in profiles)
        lines.append(f"| ({tag >> 16:04X},{tag & 0xFFFF:04X}) | {keyword} | {vr} | {basic} | {done} |")
    patterns = ("(50xx,xxxx) curves", "(60xx,xxxx) overlays", "odd groups (private)", "group lengths")
    lines += [f"| {pattern} | | | X |" + " X |" * len(profiles) for pattern in patterns]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or with --check compare it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    if arguments.parse_args().check:
        return int(TARGET.read_text() != page())
    TARGET.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
