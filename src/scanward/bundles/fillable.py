"""Makes a typeset form one to type into (AcroForm), and keeps it tagged (PDF/UA-1 7.18.4).

A template marks each place with a link to `field|<kind>|<name>|<question>`. So the typesetter places it, puts it into
the reading order and gives it its element in the structure; here it only becomes a field in place of a link.
"""

from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, String

MARK = "field|"
# Grows with the place; a viewer's own letters, for what somebody types is in no font that we embed.
_LOOK = "/Helv 0 Tf 0 g"


def fillable(document: bytes) -> bytes:
    """Turn every marked place into a field; same document, same bytes."""
    out = BytesIO()
    with pikepdf.open(BytesIO(document)) as pdf:
        letters = pdf.make_indirect(
            Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
        )
        fonts = Dictionary(Font=Dictionary(Helv=letters))
        places = [link for page in pdf.pages for link in page.get("/Annots", Array()) if _mark(link)]
        fields = [_field(pdf, place, fonts) for place in places]
        for element in _elements(pdf.Root.StructTreeRoot):
            if element.get("/S") == Name.Link and _holds_a_field(element):
                element.S = Name.Form
        pdf.Root.AcroForm = Dictionary(Fields=Array(fields), DR=fonts, DA=String(_LOOK), NeedAppearances=True)
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _mark(annotation: pikepdf.Object) -> str:
    """What a template says of the place, if it is one."""
    uri = str(annotation.get("/A", Dictionary()).get("/URI", ""))
    return uri if uri.startswith(MARK) else ""


def _field(pdf: pikepdf.Pdf, place: pikepdf.Object, fonts: pikepdf.Dictionary) -> pikepdf.Object:
    """Make a place a field; what it asks is what a screen reader says of it."""
    _word, kind, name, question = _mark(place).split("|", 3)
    left, bottom, right, top = (float(edge) for edge in place.Rect)
    width, height = right - left, top - bottom
    place.Subtype, place.T, place.TU = Name.Widget, String(name), String(question)
    for key in ("/A", "/Border", "/Contents"):
        del place[key]
    place.F = 4
    if kind == "box":
        place.FT, place.V, place.AS = Name.Btn, Name.Off, Name.Off
        cross = f"0 g 1.2 w 2 2 m {width - 2:.2f} {height - 2:.2f} l 2 {height - 2:.2f} m {width - 2:.2f} 2 l S"
        shown = Dictionary(Yes=_drawn(pdf, width, height, cross), Off=_drawn(pdf, width, height, ""))
        place.AP = Dictionary(N=shown)
    else:
        place.FT, place.V, place.DA = Name.Tx, String(""), String(_LOOK)
        place.AP = Dictionary(N=_drawn(pdf, width, height, "/Tx BMC EMC"))
        place.AP.N.Resources = fonts
    return place


def _drawn(pdf: pikepdf.Pdf, width: float, height: float, what: str) -> pikepdf.Object:
    """How a field looks."""
    look = pdf.make_stream(what.encode())
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, round(width, 2), round(height, 2)])
    return look


def _elements(node: pikepdf.Object) -> list[pikepdf.Object]:
    """Every element of the structure below this one."""
    found: list[pikepdf.Object] = []
    waiting: list[pikepdf.Object] = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Array):
            waiting.extend(here)
        elif isinstance(here, Dictionary):
            found.append(here)
            waiting.extend([here.K] if "/K" in here else [])
    return found


def _holds_a_field(element: pikepdf.Object) -> bool:
    """Whether what the element stands for has become a field."""
    return any(part.get("/Obj", Dictionary()).get("/Subtype") == Name.Widget for part in _elements(element.K))
