"""Writes docs/conformance/requirements.md: which test names which line of the catalogue, and which lines are open.

The lines' names are facts of the catalogue (`A1` to `S17`); what they say stands there.

    python tools/requirements_map.py          writes the page
    python tools/requirements_map.py --check  says whether it is up to date
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "conformance" / "requirements.md"
# How many lines each group of the catalogue has.
GROUPS = {
    "A": 18,
    "B": 21,
    "C": 7,
    "D": 15,
    "E": 9,
    "F": 10,
    "G": 19,
    "H": 11,
    "I": 20,
    "J": 8,
    "K": 10,
    "L": 7,
    "M": 9,
    "N": 10,
    "O": 6,
    "P": 4,
    "Q": 6,
    "R": 8,
    "S": 17,
}
TRAPS = 13
_NAMED = re.compile(r"\b([A-S])(\d{1,2})(?:\s+to\s+([A-S])(\d{1,2}))?\b")
_FAULTS = re.compile(r"[Ff]aults?\s+[A-E]\d+(?:(?:,| and| to)\s*[A-E]\d+)*")
_TRAP = re.compile(r"\bT(\d{1,2})\b")


def lines() -> list[str]:
    """Every line of the catalogue, by name."""
    return [f"{group}{number}" for group, count in GROUPS.items() for number in range(1, count + 1)]


def tests() -> Iterator[tuple[str, str]]:
    """Every test with its docstring, and its name as file::function."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(ROOT).as_posix()}::{node.name}", ast.get_docstring(node) or ""


def named_in(docstring: str) -> set[str]:
    """The lines that a docstring names; "J1 to J7" names seven. Rows of the fault table are left out."""
    found: set[str] = set()
    known = set(lines())
    for group, first, until, last in _NAMED.findall(_FAULTS.sub("", docstring)):
        numbers = range(int(first), int(last) + 1) if until == group else [int(first)]
        found |= {f"{group}{number}" for number in numbers}
    found |= {f"T{number}" for number in _TRAP.findall(docstring)}
    return found & (known | {f"T{number}" for number in range(1, TRAPS + 1)})


def page() -> str:
    """The page."""
    proofs: dict[str, list[str]] = {}
    for name, docstring in tests():
        for line in named_in(docstring):
            proofs.setdefault(line, []).append(name)
    everything = lines()
    open_lines = [line for line in everything if line not in proofs]
    rows = [_row(line, proofs.get(line, [])) for line in everything + [f"T{number}" for number in range(1, TRAPS + 1)]]
    return "\n".join(
        [
            "# Requirements and the tests that name them",
            "",
            "Made from the docstrings of the tests by `python tools/requirements_map.py`; don't edit it. A line is"
            " *open* when no test names it: it may be unbuilt, or built and unproven.",
            "",
            f"{len(everything) - len(open_lines)} of {len(everything)} lines are named by a test;"
            f" {len(open_lines)} are open: {', '.join(open_lines) or 'none'}.",
            "",
            "| line | tests |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _row(line: str, found: list[str]) -> str:
    shown = "<br>".join(f"`{name}`" for name in sorted(found)[:4])
    more = f"<br>and {len(found) - 4} more" if len(found) > 4 else ""
    return f"| {line} | {shown + more if found else '**open**'} |"


def main() -> int:
    """Write the page, or with --check say whether it is up to date."""
    made = page()
    if "--check" in sys.argv:
        return 0 if PAGE.read_text("utf-8") == made else 1
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
