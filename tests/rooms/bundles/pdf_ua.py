"""What a machine can check of PDF/UA-1 (ISO 14289-1, after the Matterhorn protocol), with a reader that is not ours.

The numbers are the protocol's checkpoints. Whether an order makes sense and a word describes a picture, people check.
"""

import io
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

PAINTS = frozenset({"Tj", "TJ", "'", '"', "f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "Do", "sh", "INLINE IMAGE"})
HEADINGS = {f"/H{level}": level for level in range(1, 7)}
STANDARD = frozenset(
    """Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl
    LBody Table TR TH TD THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Figure Formula Form
    """.split()  # noqa: SIM905  a list of words
)


def problems(content: bytes) -> list[str]:
    """Return what is wrong, each with the number of its checkpoint."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [*_document(pdf), *_pages(pdf), *_structure(pdf), *_fonts(pdf)]


def _document(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    if not root.get("/MarkInfo", Dictionary()).get("/Marked", False):
        yield "06: not marked as tagged"
    if root.get("/MarkInfo", Dictionary()).get("/Suspects", False):
        yield "02: the tagging is suspect"
    if not str(root.get("/Lang", "")):
        yield "11-006: no language"
    if not root.get("/ViewerPreferences", Dictionary()).get("/DisplayDocTitle", False):
        yield "07-001: the title is not shown"
    with pdf.open_metadata() as meta:
        if str(meta.get("pdfuaid:part")) != "1":
            yield "06-002: it does not say that it is PDF/UA-1"
        if not meta.get("dc:title"):
            yield "06-003: no title"
    if "/StructTreeRoot" not in root:
        yield "01-005: no structure"
    if pdf.is_encrypted or "/XFA" in root.get("/AcroForm", Dictionary()):
        yield "25, 26: locked against readers, or a form of another kind"


def _pages(pdf: pikepdf.Pdf) -> Iterator[str]:
    for number, page in enumerate(pdf.pages, 1):
        yield from (f"page {number}: {problem}" for problem in _painted(page))
        if page.get("/Annots") and page.get("/Tabs") != Name.S:
            yield f"28-009: page {number} is walked through in another order than it is read"
        for row in page.get("/Annots", []):
            yield from _annotation(row)


def _painted(page: Any) -> Iterator[str]:
    """Whether all that is painted is either content with a number, or decoration, and not both."""
    open_: list[str] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in ("BMC", "BDC"):
            open_.append("artifact" if operands[0] == Name.Artifact else _kind(operands))
            if {"artifact", "content"} <= set(open_):
                yield "01-003, 01-004: content in decoration, or decoration in content"
        elif name == "EMC":
            open_.pop()
        elif name in PAINTS and not {"artifact", "content"} & set(open_):
            yield f"01-005: {name} paints what is neither content nor decoration"


def _kind(operands: Any) -> str:
    listed = len(operands) > 1 and isinstance(operands[1], Dictionary) and "/MCID" in operands[1]
    return "content" if listed else "plain"


def _annotation(row: Any) -> Iterator[str]:
    if "/StructParent" not in row:
        yield "28-002: a field or link outside the structure"
    if row.Subtype == Name.Widget and not str(row.get("/TU", "")):
        yield "28-005: a field that nothing names"
    if row.Subtype == Name.Link and not str(row.get("/Contents", "")):
        yield "28-012: a link that says nothing"


def _structure(pdf: pikepdf.Pdf) -> Iterator[str]:
    if "/StructTreeRoot" not in pdf.Root:
        return
    root = pdf.Root.StructTreeRoot
    roles = {str(name): str(means) for name, means in root.get("/RoleMap", Dictionary()).items()}
    elements = list(_below(root.get("/K", Array())))
    kinds = [roles.get(str(each.S), str(each.S)) for each in elements if "/S" in each]
    yield from (f"02-001: {kind} is no kind of element" for kind in kinds if kind[1:] not in STANDARD)
    levels = [HEADINGS[kind] for kind in kinds if kind in HEADINGS]
    if levels and levels[0] != 1:
        yield "14-002: the first heading is not of level 1"
    if any(after > before + 1 for before, after in pairwise(levels)):
        yield "14-003: a level of headings is left out"
    for each in elements:
        kind = roles.get(str(each.get("/S")), str(each.get("/S")))
        if kind in ("/Figure", "/Formula") and not str(each.get("/Alt", each.get("/ActualText", ""))):
            yield f"13-004, 17-002: {kind} without words in its place"
        if kind == "/TH" and not _scope(each):
            yield "15-003: a head of a table that does not say of what"
        if kind == "/TR" and {str(cell.S) for cell in _children(each)} - {"/TH", "/TD"}:
            yield "09-004: a row of a table holds something else than cells"
    numbered = {int(row.MCID) for row in elements if "/MCID" in row} | set(_numbers(elements))
    if not numbered:
        yield "01-006: the structure holds no content"


def _scope(head: Any) -> bool:
    found = head.get("/A", Array())
    return any(
        "/Scope" in row for row in (found if isinstance(found, Array) else [found]) if isinstance(row, Dictionary)
    )


def _children(element: Any) -> list[Any]:
    held = element.get("/K", Array())
    rows = list(held) if isinstance(held, Array) else [held]
    return [row for row in rows if isinstance(row, Dictionary) and "/S" in row]


def _below(held: Any) -> Iterator[Any]:
    for part in held if isinstance(held, Array) else [held]:
        if isinstance(part, Dictionary):
            yield part
            yield from _below(part.get("/K", Array()))


def _numbers(elements: list[Any]) -> Iterator[int]:
    for each in elements:
        held = each.get("/K", Array())
        yield from (int(part) for part in (held if isinstance(held, Array) else [held]) if isinstance(part, int))


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for page in pdf.pages:
        for name, font in page.get("/Resources", Dictionary()).get("/Font", Dictionary()).items():
            if "/ToUnicode" not in font:
                yield f"10-001: nobody can tell which letters {name} shows"
            inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
            described = inner.get("/FontDescriptor", Dictionary())
            if font.Subtype != Name.Type3 and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(described.keys()):
                yield f"31-009: {name} is not embedded"
