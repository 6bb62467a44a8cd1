"""Kinds of objects and of values that the other corpora lack, with tokens in many shapes.

A token that is drawn by lot falls apart into short words, numbers and codes, each of which alone would be allowed; so
every attribute of the dictionary gets tokens of each shape.
"""

import base64
import os
import random
import string
import struct
import uuid
import zlib

from scanward.dicom.dictionary import ELEMENTS

from .corpus import OPTION_KEEPS
from .handmade import BIG, DEFLATED, EXPLICIT, IMPLICIT, Coder, file

ROOT = "1.2.840.10008.5.1.4.1.1."
PIXELS = struct.pack("<256H", *range(256))
LETTERS, ALL = string.ascii_uppercase, string.ascii_uppercase + string.digits
CONSONANTS = "bcdfghjklmnpqrstvwxz"
SHAPES = {
    "hex": lambda r: f"{r.getrandbits(32):08x}",
    "HEX": lambda r: f"{r.getrandbits(48):012X}",
    "base 36": lambda r: "".join(r.choices(ALL, k=9)),
    "base 62": lambda r: "".join(r.choices(ALL + string.ascii_lowercase, k=10)),
    "station": lambda r: (
        "".join(r.choices(LETTERS, k=4)) + f"{r.randrange(10_000):04d}" + "".join(r.choices(LETTERS, k=3))
    ),
    "record": lambda r: f"{''.join(r.choices(LETTERS, k=2))}-{r.randrange(10**7):07d}-{r.choice(LETTERS)}",
    "social": lambda r: f"{r.randrange(100, 1000)}-{r.randrange(10, 100)}-{r.randrange(1000, 10_000)}",
    "grouped": lambda r: f"{r.randrange(100, 1000)} {r.randrange(100, 1000)} {r.randrange(100, 1000)}",
    "dotted": lambda r: f"{r.randrange(100, 1000)}.{r.randrange(100, 1000)}.{r.randrange(1000, 10_000)}",
    "check digit": lambda r: f"{r.randrange(10**6, 10**7)}-{r.randrange(10)}",
    "name": lambda r: "".join(r.choices(CONSONANTS, k=3)).title() + "ovar" + "".join(r.choices(CONSONANTS, k=3)),
    "uuid": lambda r: str(uuid.UUID(int=r.getrandbits(128))),
    "account": lambda r: f"{''.join(r.choices(CONSONANTS, k=2))}_{''.join(r.choices(CONSONANTS, k=6))}",
    "snake": lambda r: "_".join("".join(r.choices(ALL, k=2)) for _ in range(5)),
    "mail": lambda r: "".join(r.choices(CONSONANTS, k=5)) + "@example.org",
}


class Mint:
    """Tokens, each only once."""

    def __init__(self, seed: int, shape: str | None = None) -> None:
        self.random, self.shape = random.Random(seed), shape
        self.tokens: set[str] = set()

    def __call__(self, shape: str | None = None) -> str:
        token = SHAPES[shape or self.shape or self.random.choice(list(SHAPES))](self.random)
        self.tokens.add(token)
        return token

    def uid(self) -> str:
        token = f"1.2.826.0.1.{self.random.randrange(10**12, 10**13)}.{self.random.randrange(10**9)}"
        self.tokens.add(token)
        return token


def base(m: Mint, tail: str, modality: str) -> list:
    return [
        (0x00080005, "CS", "ISO_IR 192"),
        (0x00080016, "UI", ROOT + tail),
        (0x00080018, "UI", m.uid()),
        (0x00080020, "DA", "20230514"),
        (0x00080050, "SH", m("record")),
        (0x00080060, "CS", modality),
        (0x00080090, "PN", m("name")),
        (0x00100010, "PN", f"{m('name')}^{m('name')}"),
        (0x00100020, "LO", m("record")),
        (0x00100030, "DA", "19480317"),
        (0x0020000D, "UI", m.uid()),
        (0x0020000E, "UI", m.uid()),
        (0x00200010, "SH", m("record")),
    ]


IMAGE = [
    (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
    (0x00180060, "DS", "120"),
    (0x00181210, "SH", "B30f"),
    (0x00180010, "LO", "Omnipaque 350"),
    (0x00181150, "IS", "500"),
    (0x00200032, "DS", "-125.5\\-130.25\\88.75"),
    (0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
    (0x00280002, "US", 1),
    (0x00280004, "CS", "MONOCHROME2"),
    (0x00280010, "US", 16),
    (0x00280011, "US", 16),
    (0x00280030, "DS", "0.703125\\0.703125"),
    (0x00280100, "US", 16),
    (0x00280101, "US", 16),
    (0x00280102, "US", 15),
    (0x00280103, "US", 1),
    (0x00281050, "DS", "40"),
    (0x00281051, "DS", "400"),
    (0x00281052, "DS", "-1024"),
    (0x00281053, "DS", "1"),
]
STAYS = [e for e in IMAGE if isinstance(e[2], str) and e[0] != 0x00180010]


def image(m: Mint, extra=(), syntax=EXPLICIT, tail="2", modality="CT", **how) -> bytes:
    elements = {e[0]: e for e in [*base(m, tail, modality), *IMAGE]}
    fixed = {e[0] for e in IMAGE if e[0] >> 16 == 0x28} | {0x00080016, 0x00080005}
    elements |= {e[0]: e for e in extra if e[0] not in fixed}
    pixels = PIXELS if syntax != BIG else b"".join(PIXELS[n : n + 2][::-1] for n in range(0, len(PIXELS), 2))
    return file([*elements.values(), (0x7FE00010, "OW", pixels)], syntax, **how)


def other(m: Mint, tail: str, modality: str, extra, **how) -> bytes:
    return file(list({e[0]: e for e in [*base(m, tail, modality), *extra]}.values()), **how)


def code(m: Mint, value=None, scheme=None, meaning=None) -> list:
    return [
        (0x00080100, "SH", (value or m())[:16]),
        (0x00080102, "SH", scheme or "99" + m("hex")),
        (0x00080104, "LO", meaning or m()),
    ]


def anything(m: Mint, vr: str):
    """A token in this VR, legal or nearly so."""
    if vr == "SQ":
        return [
            [(0x00080100, "SH", m()[:16]), (0x00080104, "LO", m()), (0x0040A123, "PN", m()), (0x0040A160, "UT", m())]
        ]
    if vr == "UI":
        return m.uid()
    if vr == "CS":
        return m().upper().replace("-", "_")[:16]
    if vr == "PN":
        return f"{m()}^{m()}=" + m()
    if vr in ("US", "SS", "UL", "SL", "FL", "FD", "AT", "OF", "OD", "OL", "OV", "SV", "UV", "OB", "OW", "UN"):
        return m("name")[:8].encode().ljust(8)
    return m()


def every_attribute(shape: str, syntax: str, *, depth: int):
    """Every attribute of the dictionary with a token of one shape."""

    def build(m: Mint) -> bytes:
        m.shape = shape
        skip = (
            {e[0] for e in IMAGE}
            | OPTION_KEEPS
            | {0x00080005, 0x00080016, 0x7FE00010, 0x00280008, 0x00280301, 0x00080064}
        )
        extra = []
        for tag, (vrs, _) in ELEMENTS.items():
            vr = vrs.split(" ")[0]
            if 7 < tag >> 16 < 0x5000 and tag not in skip and vr not in ("DA", "DT", "TM", "DS", "IS", "AS", "UI"):
                extra.append((tag, vr, anything(m, vr)))
        for _ in range(depth):
            extra = [(0x00089215, "SQ", [extra])]
        return image(m, extra, syntax, undefined=depth == 1)

    return build


def content(kind: str, *fields, relation="CONTAINS", children=()) -> list:
    concept = (
        0x0040A043,
        "SQ",
        [[(0x00080100, "SH", "121071"), (0x00080102, "SH", "DCM"), (0x00080104, "LO", "Finding")]],
    )
    found = [(0x0040A010, "CS", relation), (0x0040A040, "CS", kind), concept, *fields]
    return [*found, (0x0040A730, "SQ", list(children))] if children else found


def report(m: Mint) -> bytes:
    """TID 1002 to 1020: who observed, whom, on which device; items by reference; persons in nested containers."""
    persons = [content("PNAME", (0x0040A123, "PN", f"{m()}^{m()}"), relation="HAS OBS CONTEXT") for _ in range(3)]
    device = [
        content("UIDREF", (0x0040A124, "UI", m.uid()), relation="HAS OBS CONTEXT"),
        content("TEXT", (0x0040A160, "UT", m("station")), relation="HAS OBS CONTEXT"),
        content("DATE", (0x0040A121, "DA", "19480317"), relation="HAS OBS CONTEXT"),
    ]
    number = content(
        "NUM",
        (0x0040A300, "SQ", [[(0x0040A30A, "DS", "12.5"), (0x004008EA, "SQ", [code(m, "mm", "UCUM", m())])]]),
        (0x0040A301, "SQ", [code(m)]),
        children=[
            content("CODE", (0x0040A168, "SQ", [code(m, m("station"), "DCM", "Lung")])),
            [(0x0040A010, "CS", "INFERRED FROM"), (0x0040DB73, "UL", [1, 2, 1])],
        ],
    )
    place = content(
        "SCOORD3D", (0x0070031A, "UI", m.uid()), (0x00700022, "FL", [1.0, 2.0, 3.0]), (0x30060024, "UI", m.uid())
    )
    wave = content(
        "WAVEFORM",
        (
            0x00081199,
            "SQ",
            [[(0x00081150, "UI", ROOT + "9.1.1"), (0x00081155, "UI", m.uid()), (0x0040A0B0, "US", [1, 1])]],
        ),
    )
    deep = content("CONTAINER", (0x0040A050, "CS", "SEPARATE"), children=[*persons, number])
    for _ in range(5):
        deep = content(
            "CONTAINER",
            (0x0040A050, "CS", "CONTINUOUS"),
            children=[deep, content("TEXT", (0x0040A160, "UT", f"seen by {m()}"))],
        )
    person = [
        (0x0040A084, "CS", "PSN"),
        (0x0040A075, "PN", m()),
        (0x0040A027, "LO", m()),
        (0x00401101, "SQ", [code(m)]),
    ]
    tree = [*persons, *device, place, wave, deep]
    return other(
        m,
        "88.34",
        "SR",
        [
            (0x0040A040, "CS", "CONTAINER"),
            (0x0040A050, "CS", "SEPARATE"),
            (0x0040A491, "CS", "PARTIAL"),
            (0x0040A493, "CS", "VERIFIED"),
            (0x0040A492, "LO", m()),
            (0x0040A043, "SQ", [code(m, "18748-4", "LN", m())]),
            (0x0040A073, "SQ", [[*person, (0x0040A030, "DT", "20230514"), (0x0040A088, "SQ", [code(m)])]]),
            (0x0040A078, "SQ", [person]),
            (0x0040A07A, "SQ", [[*person, (0x0040A080, "CS", "ENT")]]),
            (0x0040A07C, "SQ", [[(0x00080080, "LO", m()), (0x00080082, "SQ", [code(m)])]]),
            (0x0040A390, "SQ", [[(0x0040E001, "ST", m()), (0x0040E010, "UR", f"https://{m('mail')}/x")]]),
            (
                0x0040A360,
                "SQ",
                [
                    [
                        (0x0020000D, "UI", m.uid()),
                        (
                            0x00081115,
                            "SQ",
                            [[(0x0020000E, "UI", m.uid()), (0x00080054, "AE", m()[:16]), (0x00880130, "SH", m()[:16])]],
                        ),
                    ]
                ],
            ),
            (0x0040A504, "SQ", [[(0x00080105, "CS", "DCMR"), (0x0040DB00, "CS", "2000"), (0x00080118, "UI", m.uid())]]),
            (0x0040A730, "SQ", tree),
        ],
    )


def presentation(m: Mint, tail: str) -> bytes:
    text = [
        (0x00700006, "ST", m()),
        (0x00700014, "FL", [1.0, 1.0]),
        (0x00700231, "SQ", [[(0x00700227, "LO", m()), (0x00700229, "LO", m())]]),
    ]
    compound = [
        (0x00700226, "UL", 1),
        (0x00700294, "CS", "RULER"),
        (0x00700273, "ST", m()),
        (0x00700261, "CS", "N"),
        (0x00700287, "SQ", [[(0x00700288, "FL", 1.0), (0x00700289, "SH", m()[:16])]]),
    ]
    drawn = [
        (0x00700002, "CS", "LAYER1"),
        (0x00700008, "SQ", [text]),
        (0x00700209, "SQ", [compound]),
        (0x00700009, "SQ", [[(0x00700023, "CS", "POLYLINE"), (0x00700022, "FL", [1.0, 1.0]), (0x00620020, "UT", m())]]),
    ]
    return other(
        m,
        tail,
        "PR",
        [
            (0x00700001, "SQ", [drawn]),
            (0x00700060, "SQ", [[(0x00700002, "CS", "LAYER1"), (0x00700068, "LO", m())]]),
            (0x00700080, "CS", m()[:16].upper()),
            (0x00700081, "LO", m()),
            (0x00700084, "PN", m()),
            (0x00700086, "SQ", [code(m)]),
            (0x00700234, "SQ", [[(0x00700295, "UL", 1), (0x00700207, "LO", m()), (0x00700208, "ST", m())]]),
            (0x00283110, "SQ", [[(0x00281050, "DS", "40"), (0x00281051, "DS", "400"), (0x00281055, "LO", m())]]),
            (
                0x00283010,
                "SQ",
                [
                    [
                        (0x00283002, "US", [4, 0, 8]),
                        (0x00283003, "LO", m()),
                        (0x00283006, "OW", m("name").encode().ljust(12)[:12]),
                    ]
                ],
            ),
            (
                0x00081115,
                "SQ",
                [
                    [
                        (0x0020000E, "UI", m.uid()),
                        (0x00081140, "SQ", [[(0x00081150, "UI", ROOT + "2"), (0x00081155, "UI", m.uid())]]),
                    ]
                ],
            ),
        ],
    )


def mapping(m: Mint) -> bytes:
    one = [
        (0x00283003, "LO", m()),
        (0x00409210, "SH", m()[:16]),
        (0x00409211, "US", 255),
        (0x00409216, "US", 0),
        (0x00409224, "FD", 0.0),
        (0x00409225, "FD", 1.0),
        (0x004008EA, "SQ", [code(m, "Bq/ml", "UCUM", m())]),
        (0x00409212, "FD", (m("name")[:8] * 4).encode()),
        (0x00409220, "SQ", [content("CODE", (0x0040A168, "SQ", [code(m)])), content("TEXT", (0x0040A160, "UT", m()))]),
    ]
    return other(
        m,
        "67",
        "RWV",
        [
            (0x00700080, "CS", m()[:16].upper()),
            (0x00700081, "LO", m()),
            (0x00700084, "PN", m()),
            (
                0x00409094,
                "SQ",
                [
                    [
                        (0x00081140, "SQ", [[(0x00081150, "UI", ROOT + "128"), (0x00081155, "UI", m.uid())]]),
                        (0x00409096, "SQ", [one]),
                    ]
                ],
            ),
        ],
    )


def structures(m: Mint) -> bytes:
    regions = [
        [
            (0x30060022, "IS", str(n)),
            (0x30060024, "UI", m.uid()),
            (0x30060026, "LO", m()),
            (0x30060028, "ST", m()),
            (0x30060036, "CS", "MANUAL"),
            (0x30060038, "LO", m()),
        ]
        for n in range(4)
    ]
    seen = [
        [
            (0x30060082, "IS", "1"),
            (0x30060085, "SH", m()[:16]),
            (0x30060088, "ST", m()),
            (0x300600A4, "CS", "ORGAN"),
            (0x300600A6, "PN", m()),
            (0x300600E1, "SH", m()[:16]),
            (0x30060086, "SQ", [code(m)]),
        ]
    ]
    return other(
        m,
        "481.3",
        "RTSTRUCT",
        [
            (0x30060002, "SH", m()[:16]),
            (0x30060004, "LO", m()),
            (0x30060006, "ST", m()),
            (0x30060020, "SQ", regions),
            (0x30060080, "SQ", seen),
            (0x300E0002, "CS", "APPROVED"),
            (0x300E0004, "DA", "20230514"),
            (0x300E0008, "PN", m()),
        ],
    )


def plan(m: Mint) -> bytes:
    beam = [
        (0x300A00B2, "SH", m()[:16]),
        (0x300A00C2, "LO", m()),
        (0x300A00C3, "ST", m()),
        (0x00080080, "LO", m()),
        (0x00181000, "LO", m()),
        (0x300A00CC, "LO", m()),
    ]
    return other(
        m,
        "481.5",
        "RTPLAN",
        [
            (0x300A0002, "SH", m()[:16]),
            (0x300A0003, "LO", m()),
            (0x300A0004, "ST", m()),
            (0x300A0009, "LO", m()),
            (0x300A000B, "LO", m()),
            (0x300A000E, "ST", m()),
            (0x300A00B0, "SQ", [beam]),
            (0x300A0010, "SQ", [[(0x300A0016, "LO", m()), (0x300A0013, "UI", m.uid())]]),
            (0x300A0180, "SQ", [[(0x300A0183, "LO", m()), (0x300A01B2, "ST", m())]]),
        ],
    )


def segments(m: Mint) -> bytes:
    one = [
        (0x00620004, "US", 1),
        (0x00620005, "LO", m()),
        (0x00620006, "ST", m()),
        (0x00620008, "CS", "AUTOMATIC"),
        (0x00620009, "LO", m()),
        (0x00620020, "UT", m()),
        (0x00620021, "UI", m.uid()),
        (0x00620003, "SQ", [code(m)]),
        (0x0062000F, "SQ", [code(m)]),
        (
            0x00620007,
            "SQ",
            [
                [
                    (0x00660036, "LO", m()),
                    (0x00660031, "LO", m()),
                    (0x00660032, "LT", m()),
                    (0x0066002F, "SQ", [code(m)]),
                ]
            ],
        ),
    ]
    return image(
        m,
        [
            (0x00620002, "SQ", [one]),
            (0x00700080, "CS", m()[:16].upper()),
            (0x00700081, "LO", m()),
            (0x00700084, "PN", m()),
            (0x00204000, "LT", m()),
        ],
        tail="66.4",
        modality="SEG",
    )


def registration(m: Mint) -> bytes:
    moved = [
        (0x00200052, "UI", m.uid()),
        (0x0070030D, "SQ", [code(m)]),
        (0x00700309, "SQ", [[(0x0070030A, "SQ", [[(0x0070030C, "CS", "RIGID"), (0x300600C6, "DS", "1\\0\\0\\0")]])]]),
    ]
    marks = [
        [(0x0070031E, "SQ", [[(0x00700310, "SH", m()[:16]), (0x0070030F, "ST", m()), (0x0070031A, "UI", m.uid())]])]
    ]
    return other(
        m,
        "66.1",
        "REG",
        [
            (0x00700308, "SQ", [moved]),
            (0x0070031C, "SQ", marks),
            (0x00700080, "CS", m()[:16].upper()),
            (0x00700081, "LO", m()),
            (0x00700084, "PN", m()),
        ],
    )


def equipment(m: Mint) -> bytes:
    device = [
        (0x00080070, "LO", m()),
        (0x00080080, "LO", m()),
        (0x00080081, "ST", m()),
        (0x00081010, "SH", m()[:16]),
        (0x00081040, "LO", m()),
        (0x00081050, "PN", m()),
        (0x00081070, "PN", m()),
        (0x00081090, "LO", m()),
        (0x00181000, "LO", m()),
        (0x00181003, "LO", m()),
        (0x00181005, "LO", m()),
        (0x00181007, "LO", m()),
        (0x00181020, "LO", m()),
        (0x0018A003, "ST", m()),
        (0x0040A170, "SQ", [code(m)]),
        (0x00181002, "UI", m.uid()),
    ]
    udi = [(0x00181009, "UT", f"(01)0{m('record')}(21){m()}"), (0x00500020, "LO", m())]
    old = [
        (0x04000564, "LO", m()),
        (0x04000563, "LO", m()),
        (0x04000565, "CS", "COERCE"),
        (0x04000550, "SQ", [[(0x00100010, "PN", m()), (0x00100020, "LO", m()), (0x00091001, "LO", m())]]),
        (0x04000551, "SQ", [[(0x00100010, "PN", m()), (0x04000552, "UI", m.uid()), (0x04000553, "LT", m())]]),
    ]
    signed = [
        (0x04000005, "US", 1),
        (0x04000100, "UI", m.uid()),
        (0x04000110, "CS", "X509_1993_SIG"),
        (0x04000115, "OB", m().encode() * 8),
        (0x04000120, "OB", m().encode() * 4),
        (0x04000305, "CS", "CMS_TSP"),
        (0x04000310, "OB", m().encode() * 3),
        (0x04000401, "SQ", [code(m)]),
        (0x04000404, "OB", m().encode()),
    ]
    return image(
        m,
        [
            (0x00080055, "AE", m()[:16]),
            (0x00081190, "UR", f"https://{m('mail')}/studies/{m.uid()}"),
            (0x00080054, "AE", m()[:16]),
            (0x0018A001, "SQ", [device] * 2),
            (0x0018100A, "SQ", [udi]),
            (0x04000561, "SQ", [old]),
            (0xFFFAFFFA, "SQ", [signed]),
            (0x04000500, "SQ", [[(0x04000510, "UI", m.uid()), (0x04000520, "OB", zlib.compress(m().encode() * 3))]]),
            (0x04000600, "CS", m()[:16].upper()),
            (0x00181008, "LO", m()),
            (0x00181004, "LO", m()),
            (0x00181010, "LO", m()),
            (0x00400241, "AE", m()[:16]),
            (0x00400242, "SH", m()[:16]),
            (0x00400280, "ST", m()),
            (0x00402400, "LT", m()),
            (
                0x00400275,
                "SQ",
                [
                    [
                        (0x00401001, "SH", m()[:16]),
                        (0x00400007, "LO", m()),
                        (0x00400008, "SQ", [code(m)]),
                        (0x00321060, "LO", m()),
                        (0x00402016, "LO", m()),
                    ]
                ],
            ),
            (
                0x00101002,
                "SQ",
                [
                    [
                        (0x00100020, "LO", m()),
                        (0x00100021, "LO", m()),
                        (
                            0x00100024,
                            "SQ",
                            [[(0x00400031, "UT", m()), (0x00400032, "UT", m.uid()), (0x00400039, "SQ", [code(m)])]],
                        ),
                    ]
                ],
            ),
            (0x00180012, "SQ", [[*code(m), (0x00180010, "LO", m()), (0x00181040, "LO", m())]]),
            (0x00180010, "LO", m()),
            (0x00181040, "LO", m()),
            (0x00181030, "LO", m()),
            (0x00189424, "LT", m()),
            (
                0x00080115 - 0x15 + 0x10,
                "SQ",
                [
                    [
                        (0x00080102, "SH", m()[:16]),
                        (0x00080112, "LO", m()),
                        (0x00080115, "ST", m()),
                        (0x00080116, "ST", m()),
                        (0x0008010E, "UR", f"urn:{m()}"),
                    ]
                ],
            ),
            (0x00120010, "LO", m()),
            (0x00120020, "LO", m()),
            (0x00120030, "LO", m()),
            (0x00120040, "LO", m()),
            (0x00120071, "LO", m()),
            (0x00120060, "LO", m()),
            (0x00120085, "LO", m()),
        ],
    )


def lookups(m: Mint) -> bytes:
    """Long codes, codes of known schemes that none of them has, and units that are names."""
    items = [
        code(m, m("station"), "SCT", m()),
        code(m, m("check digit"), "LN", m()),
        code(m, "ABCD123", "99" + m(), m()),
        code(m, m("hex"), "DCM", m()),
        code(m, m("name"), "UCUM", m()),
    ]
    items += [
        [(0x00080119, "UC", m()), (0x00080102, "SH", "DCM"), (0x00080104, "LO", "Lung")],
        [(0x00080120, "UR", f"urn:oid:{m.uid()}"), (0x00080104, "LO", "Lung")],
    ]
    items += [
        [
            *code(m),
            (0x0008010B, "CS", "Y"),
            (0x0008010F, "CS", "1"),
            (0x0008010D, "UI", m.uid()),
            (0x00080105, "CS", m()[:16].upper()),
            (0x00080122, "LO", m()),
            (0x00080103, "SH", m()[:16]),
        ]
    ]
    return image(
        m,
        [
            (0x00082218, "SQ", items),
            (0x00081032, "SQ", items),
            (0x00540220, "SQ", items),
            (0x00409096, "SQ", [[(0x004008EA, "SQ", items)]]),
        ],
    )


def private_safe(m: Mint) -> bytes:
    """Private attributes that the standard calls safe, with what is not."""
    letters = lambda: "".join(m.random.choices("BCDFGHJKLMNPQRSTVWXZ", k=10))  # noqa: E731
    words = [letters() for _ in range(4)]
    m.tokens |= set(words)
    m.tokens |= {word[:8] for word in words}
    return image(
        m,
        [
            (0x00190010, "LO", "SIEMENS MR HEADER"),
            (0x0019100D, "CS", words[0]),
            (0x0019100E, "FD", words[1][:8].encode()),
            (0x00191027, "FD", words[2][:8].encode()),
            (0x0019100C, "IS", m("dotted")),
            (0x01E10010, "LO", "ELSCINT1"),
            (0x01E11026, "CS", words[3]),
            (0x00E10010, "LO", "ELSCINT1"),
            (0x00E11021, "DS", m("social")),
            (0x00290010, "LO", m()),
            (0x002910FF, "UN", m().encode()),
            (0x00290011, "LO", "SIEMENS MR HEADER"),
            (0x00291108, "CS", m()[:16]),
            (0x000900FF, "LO", m()),
            (0x0009FF01, "UT", m()),
            (0x001900FF, "LO", "GEMS_ACQU_01"),
            (0x0019FF23, "LO", m()),
        ],
    )


def encodings(m: Mint, term: str, codec: str, name: str) -> bytes:
    """A name written in one encoding where another one is declared, or none."""
    written = name.encode(codec, "ignore")
    m.tokens.add(name)
    extra = [
        (0x00080005, "CS", term),
        (0x00100010, "PN", written),
        (0x0008103E, "LO", b"CT " + written),
        (0x00204000, "LT", written),
        (0x00104000, "LT", written),
        (0x00181030, "LO", written),
        (
            0x00283010,
            "SQ",
            [
                [
                    (0x00283002, "US", [99, 0, 8]),
                    (0x00283006, "OW", bytes(100) + written + b"\xff" * (100 + len(written) % 2)),
                ]
            ],
        ),
    ]
    elements = {e[0]: e for e in [*base(m, "2", "CT"), *IMAGE, *extra]}
    return file([*elements.values(), (0x7FE00010, "OW", PIXELS)])


NAMES = [
    ("", "utf-8", "Þórhallsdóttir"),
    ("ISO_IR 100", "utf-8", "Krzyżanowska"),
    ("ISO_IR 192", "latin-1", "Böttcher-Lüdenscheid"),
    ("ISO_IR 192", "shift_jis", "長谷川真由美"),
    ("ISO_IR 13", "iso2022_jp", "長谷川真由美"),
    ("\\ISO 2022 IR 87", "euc_jp", "長谷川真由美"),
    ("\\ISO 2022 IR 149", "utf-8", "남궁현숙희"),
    ("ISO_IR 100", "cp1251", "Воскресенская"),
    ("GB18030", "gb18030", "欧阳修远明"),
    ("\\ISO 2022 IR 58", "gb18030", "欧阳修远明"),
    ("ISO_IR 100", "big5", "歐陽修遠明"),
    ("ISO_IR 192", "utf-16-le", "Воскресенская"),
]


def shuffled(m: Mint) -> bytes:
    """Elements twice, out of order, group lengths, undefined lengths in odd places, sequences of VR UN."""
    little, implicit = Coder(EXPLICIT, undefined=True), Coder(IMPLICIT)
    content = implicit.item([(0x00100010, "PN", m()), (0x0040A160, "UT", m()), (0x00081155, "UI", m.uid())])
    unknown = b"".join(
        struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"UN", 0, len(content)) + content
        for tag in (0x00081115, 0x00400275, 0x00291001)
    )
    late = b"".join(
        Coder().element(tag, vr, m())
        for tag, vr in (
            (0x00100010, "PN"),
            (0x0008103E, "LO"),
            (0x00080000, "LO"),
            (0x00180000, "LO"),
            (0x00081030, "LO"),
            (0x00281055, "LO"),
        )
    )
    late += little.element(0x00081140, "SQ", [[], [(0x00080018, "LO", m()), (0x00204000, "LT", m())], []])
    elements = {e[0]: e for e in [*base(m, "2", "CT"), *IMAGE]}
    meta = [
        (0x00020102, "OB", m().encode() * 3),
        (0x00020100, "UI", m.uid()),
        (0x00020016, "AE", m()[:16]),
        (0x00020026, "UR", m()),
        (0x00020027, "UR", m()),
        (0x00020013, "SH", m()[:16]),
    ]
    return file(
        [*elements.values(), late, unknown, Coder().element(0x7FE00010, "OW", PIXELS), m().encode()],
        meta=meta,
        preamble=m().encode().ljust(128, b"\0"),
    )


def unknown_big(m: Mint) -> bytes:
    """The same sequence of VR UN in a big endian file, with its content in big and in little endian."""
    parts = b""
    for tag, coder in ((0x00081115, Coder(IMPLICIT)), (0x00400275, Coder(BIG))):
        inside = coder.item([(0x00100010, "PN", m()), (0x0040A160, "UT", m())])
        parts += struct.pack(">HH2sHI", tag >> 16, tag & 0xFFFF, b"UN", 0, len(inside)) + inside
    elements = {e[0]: e for e in [*base(m, "2", "CT"), *IMAGE]}
    return file([*elements.values(), parts, Coder(BIG).element(0x7FE00010, "OW", PIXELS)], BIG)


def dressed(m: Mint) -> bytes:
    """Own numbers and names in longer values, in other bases, folded and apart, in each description."""
    name, surname = m("name"), m("name")
    number = "00" + str(m.random.randrange(10**6, 10**7))
    m.tokens |= {number.lstrip("0")}
    ways = [
        f"{name[0]}. {surname}",
        f"{surname}-{name}",
        f"{surname}{name}",
        f"{name[:1]}{surname}".lower(),
        f"X{number}Y",
        number.lstrip("0"),
        f"{number[:4]}-{number[4:]}",
        f"{int(number):x}",
        base64.b64encode(f"{name} {number}".encode()).decode(),
        base64.urlsafe_b64encode(surname.encode()).decode(),
        base64.b32encode(surname.encode()).decode(),
        surname.encode().hex(" "),
        f"{surname}\u0301",
        surname.translate({ord(c): chr(ord(c) + 0x1D400 - 65) for c in LETTERS}),
        "\u200b".join(surname),
        "-".join(surname),
        " ".join(number),
        ".".join(number),
    ]
    tags = [
        (0x0008103E, "LO"),
        (0x00081030, "LO"),
        (0x00181030, "LO"),
        (0x00204000, "LT"),
        (0x00082111, "ST"),
        (0x00181210, "SH"),
        (0x00080070, "LO"),
        (0x00181020, "LO"),
        (0x00283003, "LO"),
        (0x00180010, "LO"),
        (0x00409210, "SH"),
    ]
    inner = [[(tag, vr, way[: 16 if vr == "SH" else 64]) for tag, vr in tags] for way in ways]
    own = [(0x00100010, "PN", f"{surname}^{name}"), (0x00100020, "LO", number)]
    m.tokens |= {surname.encode().hex(), f"{int(number):x}"}
    return image(m, [*own, (0x00089215, "SQ", inner), (0x0008103E, "LO", "\\".join(ways[:4]))])


def builders():
    yield from (
        ("report", report),
        ("mapping", mapping),
        ("structures", structures),
        ("plan", plan),
        ("segments", segments),
        ("registration", registration),
        ("equipment", equipment),
        ("codes", lookups),
        ("safe private", private_safe),
        ("shuffled", shuffled),
        ("unknown in big endian", unknown_big),
        ("dressed", dressed),
    )
    for tail in ("11.1", "11.2", "11.3", "11.4", "11.5", "11.8"):
        yield f"presentation {tail}", lambda m, t=tail: presentation(m, t)
    for term, codec, name in NAMES:
        yield f"{name} in {codec} as {term}", lambda m, a=term, b=codec, c=name: encodings(m, a, b, c)


def sweeps(seed: int):
    shapes = list(SHAPES) if os.environ.get("SCANWARD_TEST_LONG") else random.Random(seed).sample(list(SHAPES), 3)
    for shape in shapes:
        yield f"every attribute, {shape}", every_attribute(shape, EXPLICIT, depth=0)
        if os.environ.get("SCANWARD_TEST_LONG"):
            for syntax in (IMPLICIT, BIG, DEFLATED, EXPLICIT):
                yield f"every attribute, {shape} {syntax}", every_attribute(shape, syntax, depth=1 + (syntax == BIG))
