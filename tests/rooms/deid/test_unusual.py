"""S5, S6: one person written in unusual ways into unusual places, and nothing of her left in what is written.

Written apart from the other corpora: the search decodes what it finds (base64, hex, percent, entities,
UTF-16, zlib) and folds it, so that a value that only changed its clothes counts as left.
"""

import base64
import codecs
import gzip
import html
import io
import os
import random
import re
import struct
import unicodedata
import urllib.parse
import zipfile
import zlib

import pytest

from scanward.deid.held import Held
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE, Option, with_options
from scanward.deid.rewrite import Deidentifier
from scanward.dicom.errors import Refused

from .handmade import BIG, DEFLATED, EXPLICIT, IMPLICIT, encapsulated, file

PROJECT = Project("unusual", b"u" * 32)
CT = "1.2.840.10008.5.1.4.1.1.2"
PIXELS = bytes(range(256)) * 2
CLEANING = {Option.PATIENT_CHARACTERISTICS, Option.MODIFIED_DATES, Option.DESCRIPTORS}
CLEANING |= {Option.STRUCTURED_CONTENT, Option.GRAPHICS, Option.SAFE_PRIVATE}
PROFILES = {name: READY_MADE[name] for name in ("research", "basic", "safe-harbor", "limited-data-set")}
PROFILES["all clean options"] = with_options(READY_MADE["basic"], frozenset(CLEANING))

NAME, NUMBER, BORN, PHONE = "Quillfeather Zebedee", "73920184", "19480317", "617-555-0142"
WORDS = ("quillfeather", "zebedee", "larkspur", "ossington", "wrenfield", "73920184", "5590217", "6175550142")
DATES = ("17 de marzo de 1948", "17 mars 1948", "march 17, 1948", "17-mar-48", "3/17/48", "17.03.1948", "1948-03-17")
WORDS += (*DATES, "rehtaefllliuq", "rehtaeflliuq", "アキラ", "山田")
KEPT = [
    (0x00180060, "DS", "120"),
    (0x00181210, "SH", "B30f"),
    (0x00180010, "LO", "Iodine"),
    (0x00281052, "DS", "-1024"),
    (0x00281053, "DS", "1"),
    (0x00200032, "DS", "-125.5\\-130.25\\88.75"),
    (0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
    (0x00280030, "DS", "0.703125\\0.703125"),
    (0x00180050, "DS", "1.25"),
]
BASE = [
    (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
    (0x00080016, "UI", CT),
    (0x00080018, "UI", "1.2.3.4.5.73920184.1"),
    (0x00080020, "DA", "20230514"),
    (0x00080050, "SH", "QX-5590217"),
    (0x00080060, "CS", "CT"),
    (0x00080080, "LO", "Wrenfield Infirmary"),
    (0x00080090, "PN", "Ossington^Briony"),
    (0x00100010, "PN", "Quillfeather^Zebedee=山田^アキラ"),
    (0x00100020, "LO", NUMBER),
    (0x00100030, "DA", BORN),
    (0x00101040, "LO", "47 Larkspur Crescent"),
    (0x00102154, "SH", PHONE),
    (0x00180015, "CS", "ABDOMEN"),
    (0x0020000D, "UI", "1.2.3.4.5.2"),
    (0x0020000E, "UI", "1.2.3.4.5.3"),
    (0x00080005, "CS", "ISO_IR 192"),
    *KEPT,
    (0x00280002, "US", 1),
    (0x00280004, "CS", "MONOCHROME2"),
    (0x00280010, "US", 16),
    (0x00280011, "US", 16),
    (0x00280100, "US", 16),
    (0x00280101, "US", 16),
    (0x00280102, "US", 15),
    (0x00280103, "US", 1),
    (0x7FE00010, "OW", PIXELS),
]


def zipped(text: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("note.txt", text)
    return out.getvalue()


PLAIN = f"{NAME} {NUMBER}".encode()
CLOTHES = {
    "plain": PLAIN,
    "upper": PLAIN.upper(),
    "base64": base64.b64encode(PLAIN),
    "base64 of UTF-16": base64.b64encode(NAME.encode("utf-16-le")),
    "hex": PLAIN.hex().encode(),
    "HEX": PLAIN.hex().upper().encode(),
    "percent": urllib.parse.quote("Quillfeather, Zebedee").encode(),
    "all percent": "".join(f"%{byte:02X}" for byte in PLAIN).encode(),
    "entities": "".join(f"&#{byte};" for byte in PLAIN).encode(),
    "UTF-16": NAME.encode("utf-16-le"),
    "UTF-16 BE": NAME.encode("utf-16-be"),
    "UTF-32": NAME.encode("utf-32-le"),
    "zlib": zlib.compress(PLAIN * 3),
    "gzip": gzip.compress(PLAIN * 3),
    "zip": zipped(PLAIN),
    "zlib of a letter": zlib.compress(
        b"The liver of " + PLAIN + bytes(random.Random(3).choices(range(97, 123), k=600))
    ),
    "gzip of zlib": gzip.compress(zlib.compress(PLAIN)),
    "rot13": codecs.encode(NAME, "rot13").encode(),
    "reversed": NAME[::-1].encode(),
    "no space": b"zebedeequillfeather",
    "decomposed": unicodedata.normalize("NFD", "Qúillfeather Zébedee").encode(),
    "full width": "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in NAME).encode(),
    "letters apart": " ".join("Quillfeather").encode(),
    "escape": b"\x1b$B;3ED\x1b(B Quillfeather",
    "phone": b"617.555.0142",
    "phone spaces": b"(617) 555 0142",
    "number grouped": b"73 920 184",
    "number dashed": b"7392-0184",
    **{date: date.encode() for date in DATES},
}
TEXTS = {  # places in which a text may stay when it is clean
    "SeriesDescription": (0x0008103E, "LO"),
    "StudyDescription": (0x00081030, "LO"),
    "ProtocolName": (0x00181030, "LO"),
    "ImageComments": (0x00204000, "LT"),
    "DerivationDescription": (0x00082111, "ST"),
    "ConvolutionKernel": (0x00181210, "SH"),
    "WindowCenterWidthExplanation": (0x00281055, "LO"),
    "LUTExplanation": (0x00283003, "LO"),
    "Manufacturer": (0x00080070, "LO"),
    "SoftwareVersions": (0x00181020, "LO"),
    "SequenceName": (0x00180024, "SH"),
    "PositionReferenceIndicator": (0x00201040, "LO"),
    "RescaleType": (0x00281054, "LO"),
    "SegmentDescription": (0x00620006, "ST"),
    "RetrieveURL": (0x00081190, "UR"),
    "RetrieveURI": (0x0040E010, "UR"),
    "HL7InstanceIdentifier": (0x0040E001, "ST"),
    "TextValue": (0x0040A160, "UT"),
    "TrackingID": (0x00620020, "UT"),
    "ContrastBolusAgent": (0x00180010, "LO"),
    "MACAlgorithm": (0x04000015, "CS"),
    "BodyPartExamined": (0x00180015, "CS"),
    "ReferencedFileID": (0x00041500, "CS"),
    "PatientOrientation": (0x00200020, "CS"),
    "PatientComments": (0x00104000, "LT"),
    "EthnicGroup": (0x00102160, "SH"),
    "AdditionalPatientHistory": (0x001021B0, "LT"),
    "Allergies": (0x00102110, "LO"),
}
BYTES = {  # places in which bytes may stay
    "ICCProfile": (0x00282000, "OB"),
    "LUTData": (0x00283006, "OW"),
    "RedPalette": (0x00281201, "OW"),
    "WaveformData": (0x54001010, "OW"),
    "SpectroscopyData": (0x56000020, "OF"),
    "EncapsulatedDocument": (0x00420011, "OB"),
    "MAC": (0x04000020, "OB"),
    "CertificateOfSigner": (0x04000115, "OB"),
    "EncryptedContent": (0x04000520, "OB"),
    "CurveData": (0x50003000, "OW"),
    "VectorGridData": (0x00640009, "OF"),
    "PointCoordinates": (0x00660016, "OF"),
    "SmallestPixelInSeries as UN": (0x00280108, "UN"),
    "RT image plane as UN": (0x3002000E, "UN"),
    "unknown even": (0x00189FFF, "UN"),
    "private": (0x00191008, "UN"),
    "DataSetTrailingPadding": (0xFFFCFFFC, "OB"),
    "PixelPaddingValue as OB": (0x00280120, "OB"),
    "GridFrameOffsetVector as UN": (0x3004000C, "UN"),
    "TemplateIdentifier": (0x0040DB00, "CS"),
}


def expansions(data: bytes, depth: int = 2):
    """The bytes, and what hides in them."""
    yield data
    if not depth:
        return
    for order in ("utf-16-le", "utf-16-be", "utf-32-le"):
        for start in (0, 1):
            yield data[start:].decode(order, "ignore").encode("utf-8", "ignore")
    found = [base64.b64decode(m[: len(m) // 4 * 4]) for m in re.findall(rb"[A-Za-z0-9+/]{16,}", data)]
    found += [bytes.fromhex(m.decode()[: len(m) // 2 * 2]) for m in re.findall(rb"(?:[0-9a-fA-F]{2}){6,}", data)]
    if b"%" in data:
        found += [urllib.parse.unquote_to_bytes(m) for m in re.findall(rb"(?:[\w ,.]*%[0-9a-fA-F]{2}[\w ,.]*)+", data)]
    found += [html.unescape(m.decode()).encode() for m in re.findall(rb"(?:&#\d+;)+", data)]
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04", data):
        at, wide = match.start(), 47
        if data[at : at + 2] == b"PK":
            at += 30 + sum(struct.unpack_from("<HH", data[at : at + 30].ljust(30, b"\0"), 26))
            wide = -15
        try:
            found.append(zlib.decompressobj(wide).decompress(data[at:]))
        except zlib.error:
            continue
    for one in found:
        if len(one) > 5:
            yield from expansions(one, depth - 1)


def left(output: bytes) -> set[str]:
    """What of the person can still be read in an output."""
    read = set()
    for one in expansions(output):
        text = one.decode("utf-8", "ignore").casefold()
        flat = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        bare = re.sub(r"(?<=\d)[ .\-()/]+(?=\d)", "", flat)
        apart = re.sub(r"(?<=\b\w) (?=\w\b)", "", flat)
        read |= {word for word in WORDS for seen in (text, flat, bare, apart) if word in seen}
        if codecs.encode("quillfeather", "rot13") in flat:
            read.add("rot13")
    return read


def with_extra(extra, syntax: str = EXPLICIT, **more) -> bytes:
    return file(list({e[0]: e for e in [*BASE, *extra]}.values()), syntax, **more)


def outcome(engine: Deidentifier, data: bytes) -> bytes | None:
    """The output, or None for what is held or refused with a reason."""
    try:
        return engine.clean(data).assemble(data)
    except (Held, Refused):
        return None


def whole(data: bytes) -> bytes:
    """The file with its deflated data set inflated."""
    start = 144 + int.from_bytes(data[140:144], "little")
    return data[:start] + zlib.decompress(data[start:], -15) if b"1.2.840.10008.1.2.1.99" in data[:start] else data


def leaks(profile, cases) -> dict[str, set[str]]:
    engine, found = Deidentifier(profile, PROJECT), {}
    for name, data in cases:
        output = outcome(engine, data)
        if output is not None and (words := left(whole(output))):
            found[name] = words
    return found


def fitting(vr: str, value: bytes) -> bytes:
    return value + b"\0" * (-len(value) % {"OF": 4, "OW": 2}.get(vr, 1))


def dressed(places):
    pairs = [(place, clothes) for place in places for clothes in CLOTHES]
    if not os.environ.get("SCANWARD_TEST_LONG"):
        pairs = random.Random(41).sample(pairs, 60)
    for place, clothes in pairs:
        tag, vr = places[place]
        yield f"{clothes} in {place}", with_extra([(tag, vr, fitting(vr, CLOTHES[clothes]))])


def code(tag: int, meaning: str, value: str = "T-D4000", scheme: str = "SRT"):
    return (tag, "SQ", [[(0x00080100, "SH", value), (0x00080102, "SH", scheme), (0x00080104, "LO", meaning)]])


def structures():
    """Places that are more than one value."""
    odd = "1.2.840.10008.73920184.1"
    yield "UID below the standard's root", with_extra([(0x00200052, "UI", odd), (0x00080019, "UI", odd)])
    yield "class below the standard's root", with_extra([(0x00080016, "UI", CT + ".73920184")])
    for tag in (0x00081150, 0x0008010C, 0x0008010D, 0x00080118, 0x00080117, 0x00020102):
        yield f"UID {tag:08x}", with_extra([(0x00081140, "SQ", [[(tag, "UI", odd)]]), (tag, "UI", odd)])
    yield "syntax", with_extra([], "1.2.840.10008.1.2.1.73920184")
    yield "UID with a birth date", with_extra([(0x00200052, "UI", f"1.2.826.0.1.{BORN}.{NUMBER}")])
    yield (
        "name in two values",
        with_extra([(0x0008103E, "LO", "Quill\\feather"), (0x00181020, "LO", "Quillfeather\\1")]),
    )
    yield "other names", with_extra([(0x00101001, "PN", "A^B=山田^アキラ=やまだ^アキラ")])
    yield "ideographs in a text", with_extra([(0x0008103E, "LO", "CT 山田 アキラ"), (0x00204000, "LT", "アキラ")])
    yield "group length", with_extra([(0x00080000, "UL", b"7392"), (0x00180000, "LO", NUMBER)])
    yield (
        "preamble, meta and tail",
        with_extra(
            [], preamble=PLAIN.ljust(128, b"\0"), meta=[(0x00020016, "AE", "QUILLFEATHER"), (0x00020100, "UI", "1.2")]
        ),
    )
    yield "tail", with_extra([], tail=PLAIN * 2)
    yield (
        "private creator",
        with_extra([(0x00190010, "LO", NAME), (0x00191001, "LO", NAME), (0x00191002, "DS", NUMBER)]),
    )
    yield "private sequence", with_extra([(0x00290010, "LO", "X"), (0x00291001, "SQ", [[(0x00100010, "PN", NAME)]])])
    for tag in (0x00409096, 0x0040A730, 0x00082218, 0x00540220, 0x00081032, 0x00082112, 0x04000561, 0xFFFAFFFA):
        yield f"code {tag:08x}", with_extra([code(tag, NAME, NUMBER, "99WRENFIELD")])
        yield (
            f"name in {tag:08x}",
            with_extra([(tag, "SQ", [[(0x00409210, "SH", "Quillfeather"), (0x00100010, "PN", NAME)]])]),
        )
    for vr, tag in (("DS", 0x00180090), ("IS", 0x00200013), ("DS", 0x00280030), ("IS", 0x00201002), ("DS", 0x00281050)):
        for value in (NUMBER, f"+{NUMBER}", f"{NUMBER}.0", "7392.0184", f"1\\{NUMBER}", "7.3920184e7", "7392018.4E1"):
            yield f"{value} in {tag:08x}", with_extra([(tag, vr, value)])
    yield "times", with_extra([(0x00080030, "TM", NUMBER), (0x0008002A, "DT", f"{BORN}.{NUMBER}")])
    yield "timezone", with_extra([(0x00080201, "SH", NUMBER)])
    text = NAME.encode()
    doubles = text.ljust(24, b" ")
    yield "letters as FD", with_extra([(0x00189073, "FD", doubles[:8]), (0x00189310, "FD", doubles[:16])])
    yield "letters as US", with_extra([(0x00280106, "US", text), (0x00283002, "US", text), (0x00286022, "US", text)])
    yield "letters as AT", with_extra([(0x00280009, "AT", text), (0x00209165, "AT", text)])
    yield "number as UL", with_extra([(0x00189805, "UL", int(NUMBER)), (0x00089459, "FL", doubles[:8])])
    groups = [(0x00209113, "SQ", [[(0x00200032, "DS", "0\\0\\0"), (0x00209056, "SH", "Quillfeath")]])]
    yield "functional groups", with_extra([(0x52009230, "SQ", [groups] * 3), (0x52009229, "SQ", [groups])])
    yield "empty item and then a name", with_extra([(0x00081140, "SQ", [[], [(0x00080018, "LO", NAME)], []])])
    deep = [(0x00104000, "LT", NAME), (0x0008103E, "LO", NAME)]
    for _ in range(6):
        deep = [(0x00081115, "SQ", [deep])]
    yield "deep", with_extra(deep)
    yield "long text", with_extra([(0x00204000, "LT", ("normal liver. " * 700) + NAME)])
    yield "signatures", with_extra([(0xFFFAFFFA, "SQ", [[(0x04000115, "OB", PLAIN), (0x04000120, "OB", PLAIN)]])])
    yield "ages", with_extra([(0x00101010, "AS", "073Y"), (0x00181020, "LO", f"born {BORN}")])
    jpeg = b"\xff\xd8\xff\xe1" + struct.pack(">H", 2 + len(PLAIN)) + PLAIN + b"\xff\xd9"
    for syntax in ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"):
        elements = [e for e in BASE if e[0] != 0x7FE00010]
        yield f"frame in {syntax}", file([*elements, encapsulated([jpeg])], syntax)
        yield f"frame and PLAIN in {syntax}", file([*elements, encapsulated([PLAIN], PLAIN[:4])], syntax)
    for syntax in (IMPLICIT, BIG, DEFLATED):
        extra = [(0x0008103E, "LO", NAME), (0x00204000, "LT", NAME[::-1]), (0x00282000, "OB", CLOTHES["zlib"])]
        yield f"syntax {syntax}", with_extra(extra, syntax, undefined=True)


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_left_in_texts(profile):
    assert not leaks(PROFILES[profile], dressed(TEXTS))


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_left_in_bytes(profile):
    assert not leaks(PROFILES[profile], dressed(BYTES))


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_left_in_structures(profile):
    assert not leaks(PROFILES[profile], structures())


@pytest.mark.parametrize("profile", PROFILES)
def test_what_the_image_needs_is_kept(profile):
    data = with_extra([])
    output = outcome(Deidentifier(PROFILES[profile], PROJECT), data)
    assert output is not None
    assert output.endswith(PIXELS)
    expected = [e[2].encode() for e in KEPT if e[0] != 0x00180010 or profile in ("research", "all clean options")]
    assert [value for value in expected if value not in output] == []


def test_the_search_finds_each_way_of_writing():
    """The search itself is tried on what it is for."""
    ways = {name: value for name, value in CLOTHES.items() if not left(b"some\n\n\n\n" + value)}
    assert ways == {}
