"""Finds the sentences that the lower storeys say in English, so that they can be translated like all others.

The law and the dicom reader know no Django, and a verb says why not before any page knows who reads it. Pages hand such
a sentence to `scanward.web.wording.said`; this tool finds what those sentences can be.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

# Which argument of a call is a sentence.
CALLS = {"Unlawful": 0, "NotAllowed": 0, "NotNow": 0, "refused": 1}
# Where the sentences are the values of an enum or a table, or stand in its rows.
TABLES = {
    "access/matrix.py": {"RULES"},
    "dicom/errors.py": {"RefusalReason"},
    "law/bases.py": {"Basis", "NeverABasis", "RecipientKind"},
    "law/defects.py": {"Defect"},
    "law/denials.py": {"Fact", "Ground", "NeverAGround"},
    "law/identity.py": {"How", "Proof"},
    "law/wishes.py": {"AmendmentGround"},
    "law/documents.py": {"Document"},
    "law/fee_lines.py": {"Carrier", "LABELS", "Medium"},
    "law/prompts.py": {"Prompt"},
    "law/purpose.py": {"_SENTENCES"},
    "release/kinds.py": {"Need"},
}


def sentences(package: Path) -> Iterator[tuple[str, str]]:
    """Yield each sentence with the file it stands in."""
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        yield from ((name, text) for text in _said_in_calls(tree))
        tables = (node for node in tree.body if _name(node) in TABLES.get(name, ()))
        yield from ((name, text) for table in tables for text in _said_in(table))


def _said_in_calls(tree: ast.AST) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        place = CALLS.get(name, len(call.args))
        if place < len(call.args):
            yield from _text(call.args[place])


def _said_in(table: ast.stmt) -> Iterator[str]:
    """Yield the values of an enum, the values of a dictionary, or the full sentences of rows."""
    if isinstance(table, ast.ClassDef):
        rows = [row.value for row in table.body if isinstance(row, ast.Assign)]
        # A member's value may be a code and its sentence.
        values: list[ast.AST] = [row.elts[-1] if isinstance(row, ast.Tuple) else row for row in rows]
    elif isinstance(table, ast.Assign | ast.AnnAssign) and isinstance(table.value, ast.Dict):
        values = list(table.value.values)
    else:
        values = [node for node in ast.walk(table) if any(text.endswith(".") for text in _text(node))]
    for value in values:
        yield from _text(value)


def _text(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.ClassDef):
        return node.name
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""
