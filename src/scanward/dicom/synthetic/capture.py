"""The dose page that a scanner stores as a picture: patient's name and number burned into 8-bit pixels."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from scanward.dicom.synthetic.dose import Exposure
from scanward.dicom.synthetic.model import SyntheticFile
from scanward.dicom.synthetic.objects import CAPTURE, Order, SeriesHead, base, clock, day, finish, pixels

# Five columns of seven dots per letter, lowest bit at the top, as on character displays.
_GLYPHS = {
    " ": "0000000000", "%": "2313086462", "(": "001C224100", ")": "0041221C00", "+": "08083E0808", ",": "0050300000",
    "-": "0808080808", ".": "0060600000", "/": "2010080402", ":": "0036360000", "=": "1414141414", "^": "0402010204",
    "0": "3E5149453E", "1": "00427F4000", "2": "4261514946", "3": "2141454B31", "4": "1814127F10", "5": "2745454539",
    "6": "3C4A494930", "7": "0171090503", "8": "3649494936", "9": "064949291E",
    "A": "7E1111117E", "B": "7F49494936", "C": "3E41414122", "D": "7F4141221C", "E": "7F49494941", "F": "7F09090901",
    "G": "3E4149497A", "H": "7F0808087F", "I": "00417F4100", "J": "2040413F01", "K": "7F08142241", "L": "7F40404040",
    "M": "7F020C027F", "N": "7F0408107F", "O": "3E4141413E", "P": "7F09090906", "Q": "3E4151215E", "R": "7F09192946",
    "S": "4649494931", "T": "01017F0101", "U": "3F4040403F", "V": "1F2040201F", "W": "3F4038403F", "X": "6314081463",
    "Y": "0708700807", "Z": "6151494543",
    "a": "2054545478", "b": "7F48444438", "c": "3844444420", "d": "384444487F", "e": "3854545418", "f": "087E090102",
    "g": "0C5252523E", "h": "7F08040478", "i": "00447D4000", "j": "2040443D00", "k": "7F10284400", "l": "00417F4000",
    "m": "7C04180478", "n": "7C08040478", "o": "3844444438", "p": "7C14141408", "q": "081414187C", "r": "7C08040408",
    "s": "4854545420", "t": "043F444020", "u": "3C4040207C", "v": "1C2040201C", "w": "3C4030403C", "x": "4428102844",
    "y": "0C5050503C", "z": "4464544C44",
}  # fmt: skip


def letters(text: str) -> str:
    """The text in letters that the page can draw: accents dropped, anything else a full stop."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c if c in _GLYPHS else "." for c in plain if not unicodedata.combining(c))


def draw(image: NDArray[np.uint8], text: str, row: int, column: int, *, scale: int = 2, shade: int = 235) -> None:
    """Write a line of text into an image, in place; what does not fit is cut."""
    for n, letter in enumerate(letters(text)):
        dots = np.frombuffer(bytes.fromhex(_GLYPHS[letter]), dtype=np.uint8)
        lit = (dots[None, :] >> np.arange(8, dtype=np.uint8)[:, None]) & 1
        large = lit.repeat(scale, axis=0).repeat(scale, axis=1).astype(bool)
        left = column + n * 6 * scale
        room = image[row : row + large.shape[0], left : left + large.shape[1]]
        room[large[: room.shape[0], : room.shape[1]]] = shade


def page(order: Order, spent: Exposure) -> list[str]:
    """The lines of the dose page."""
    person = order.patient
    family, _, given = person.name.replace("=", "^").partition("^")
    return [
        f"{family}, {given.replace('^', ' ').strip()}",
        f"ID: {person.patient_id}",
        f"DOB: {_plain(person.birth_date)}  {person.sex}",
        f"Exam: {_plain(order.performed)} {order.performed:%H:%M}",
        f"Acc: {order.accession}",
        "",
        f"Total mAs 1890  DLP {spent.dlp:.0f} mGy cm",
        "",
        "Scan      KV  mAs  CTDIvol    DLP",
        f"Topogram 120   35     0.14    4.6 {spent.phantom[0]}",
        f"Spiral   120  105   {spent.ctdi:6.2f} {spent.dlp:6.0f} {spent.phantom[0]}",
    ]


def _plain(moment: date) -> str:
    return f"{moment:%d-%b-%Y}"


def render(lines: Sequence[str], size: int = 512) -> NDArray[np.uint8]:
    """A black page with a heading and the lines."""
    image = np.zeros((size, size), dtype=np.uint8)
    image[44:46, 16 : size - 16] = 110
    draw(image, "Patient Protocol", 14, 16, scale=3, shade=255)
    for n, line in enumerate(lines):
        draw(image, line, 60 + n * 26, 16)
    draw(image, "Synthetic General Hospital", size - 30, 16, shade=180)
    return image


def dose_screen(order: Order, head: SeriesHead, spent: Exposure) -> SyntheticFile:
    """The page as Secondary Capture."""
    lines = page(order, spent)
    ds = base(order, head, CAPTURE)
    ds.ImageType = ["DERIVED", "SECONDARY", "SCREEN SAVE"]
    ds.ConversionType = "WSD"
    ds.PatientOrientation = ""
    ds.ContentDate, ds.ContentTime = day(order.performed), clock(order.performed)
    ds.BurnedInAnnotation = "YES"
    pixels(ds, render(lines), 8)
    return replace(finish(ds, order, head, 1), burned_in=tuple(letters(line) for line in lines if line))
