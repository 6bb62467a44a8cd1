"""Write docs/conformance/law.md: each clause, the function that keeps it, the tests that prove it.

The clauses are read from the `Law:` part of the docstrings of `scanward.law`, the tests from the code of
tests/rooms/law: a test proves a function when it, or a helper of its own file that it uses, calls it.

    python tools/law_map.py          writes the page
    python tools/law_map.py --check  says whether it is up to date
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scanward.law.bases import Basis
from scanward.law.defects import CITATIONS, Defect
from scanward.law.denials import GROUND_CITATIONS, REVIEWABLE, Ground
from scanward.law.documents import BASIS_ROWS
from scanward.law.rows import ROWS

ROOT = Path(__file__).resolve().parents[1]
LAW = ROOT / "src/scanward/law"
TESTS = ROOT / "tests/rooms/law"
PAGE = ROOT / "docs/conformance/law.md"
SHOWN = 3
_REQUIREMENT = re.compile(r"\b([A-T]\d{1,2})\b")

Name = tuple[str, str]


@dataclass
class Function:
    """A public function of the law room."""

    module: str
    name: str
    clauses: tuple[str, ...]
    tests: list[str] = field(default_factory=list)
    requirements: set[str] = field(default_factory=set)


def clauses(docstring: str) -> tuple[str, ...]:
    """The clauses in the `Law:` part of a docstring."""
    _, _, law = docstring.partition("Law:")
    return tuple(" ".join(clause.split()) for clause in law.split(";") if clause.strip())


def functions() -> dict[Name, Function]:
    """Every public function of the room, by module and name."""
    found = {}
    for path in sorted(LAW.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                text = ast.get_docstring(node) or ""
                found[path.stem, node.name] = Function(path.stem, node.name, clauses(text))
    return found


def _imported(tree: ast.Module) -> dict[str, Name]:
    """What a test file calls each function of the room."""
    return {
        alias.asname or alias.name: (node.module.rsplit(".", 1)[-1], alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("scanward.law.")
        for alias in node.names
    }


def _defined(tree: ast.Module) -> dict[str, set[str]]:
    """The names that each function or constant of a test file uses."""
    uses = {}
    for node in tree.body:
        names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        if isinstance(node, ast.FunctionDef):
            uses[node.name] = names
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            uses |= {target.id: names for target in targets if isinstance(target, ast.Name)}
    return uses


def _reached(name: str, uses: dict[str, set[str]]) -> set[str]:
    """Every name that a test reaches through helpers of its own file."""
    seen: set[str] = set()
    open_names = {name}
    while open_names:
        current = open_names.pop()
        fresh = uses.get(current, set()) - seen
        seen |= fresh
        open_names |= fresh
    return seen


def _tests(path: Path) -> Iterator[tuple[ast.FunctionDef, set[Name]]]:
    """Each test of a file with the functions of the room that it reaches."""
    tree = ast.parse(path.read_text())
    imported, uses = _imported(tree), _defined(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node, {imported[name] for name in _reached(node.name, uses) if name in imported}


def prove(found: dict[Name, Function]) -> None:
    """Attach to every function the tests that reach it and the requirement lines they name."""
    for path in sorted(TESTS.glob("test_*.py")):
        for test, reached in _tests(path):
            for name in reached & found.keys():
                found[name].tests.append(f"{path.stem}.{test.name}")
                found[name].requirements |= set(_REQUIREMENT.findall(ast.get_docstring(test) or ""))


def _in_order(requirements: Iterable[str]) -> str:
    return ", ".join(sorted(requirements, key=lambda line: (line[0], int(line[1:]))))


def _shown(tests: list[str]) -> str:
    """A few tests by name, and how many more there are."""
    more = len(tests) - SHOWN
    names = "<br>".join(f"`{test}`" for test in tests[:SHOWN])
    return f"{names}<br>and {more} more" if more > 0 else names


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def _clause_rows(found: dict[Name, Function]) -> list[tuple[str, ...]]:
    pairs = sorted((clause, f.module, f.name) for f in found.values() for clause in f.clauses)
    return [
        (
            clause,
            f"`{module}.{name}`",
            _shown(found[module, name].tests),
            _in_order(found[module, name].requirements),
        )
        for clause, module, name in pairs
    ]


def _rule_rows() -> list[tuple[str, ...]]:
    return [
        (
            row.code,
            row.jurisdiction,
            row.duty.value,
            f"{row.amount} {row.unit.value}" + (f" + {row.extension_days}" if row.extension_days else ""),
            row.trigger.value,
            f"{row.effective_from} to {row.effective_to or 'further notice'}",
            row.citation + ("" if row.binding else " (a promise of the house)"),
        )
        for row in ROWS
    ]


def _basis_rows() -> list[tuple[str, ...]]:
    return [
        (
            basis.value,
            BASIS_ROWS[basis].citation,
            "; ".join(" or ".join(sorted(options)) for options in BASIS_ROWS[basis].needs),
            BASIS_ROWS[basis].purpose.value,
        )
        for basis in Basis
    ]


def _ground_rows() -> list[tuple[str, ...]]:
    return [(g.value, GROUND_CITATIONS[g], "yes" if g in REVIEWABLE else "no") for g in Ground]


def page() -> str:
    """The whole page."""
    found = functions()
    prove(found)
    lines = [
        "<!-- Generated by tools/law_map.py; do not edit. -->",
        "# The law, the functions that keep it, the tests that prove it",
        "",
        "Facts in our own words with their citation; not legal advice. Counsel corrects a row, not the code.",
        "",
        "## Clause, function, test",
        *_table(("Clause", "Function", "Tests", "Requirements"), _clause_rows(found)),
        "## Rules in force",
        *_table(("Code", "Where", "Duty", "Time", "From", "In force", "Citation"), _rule_rows()),
        "## Legal bases and their documents",
        *_table(("Basis", "Clause", "Documents", "Purpose of use"), _basis_rows()),
        "## Defects of an authorization",
        *_table(("Defect", "Clause"), [(d.value, CITATIONS[d]) for d in Defect]),
        "## Grounds of a denial",
        *_table(("Ground", "Clause", "Reviewable"), _ground_rows()),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it; 1 when it is out of date."""
    fresh = page()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text() == fresh
        print("docs/conformance/law.md is up to date." if current else "Run: python tools/law_map.py")
        return 0 if current else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
