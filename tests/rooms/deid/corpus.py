"""A seeded corpus that plants a globally unique token wherever something identifying can hide.

`cases(seed)` yields `Case(name, data, tokens)`; a token is the exact bytes that may not be found in any output.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from scanward.deid.table import ROWS
from scanward.dicom.dictionary import ELEMENTS

from .handmade import BIG, DEFLATED, EXPLICIT, IMPLICIT, Coder, encapsulated, file

CT, ENHANCED, SR, GSPS, PDF, SEG, RTSTRUCT, KOS = (
    "1.2.840.10008.5.1.4.1.1." + tail for tail in ("2", "2.1", "88.22", "11.1", "104.1", "66.4", "481.3", "88.59")
)
ROWS_N, COLUMNS = 64, 64
PIXELS = np.random.default_rng(7).integers(0, 4096, (ROWS_N, COLUMNS), dtype=np.uint16)
# What research needs and must find again, at the top level of every CT of the corpus.
KEPT = [
    (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
    (0x00080060, "CS", "CT"),
    (0x00080070, "LO", "SIEMENS"),
    (0x00081090, "LO", "SOMATOM Definition Flash"),
    (0x00180015, "CS", "CHEST"),
    (0x00180022, "CS", "HELICAL MODE"),
    (0x00180050, "DS", "1.25"),
    (0x00180060, "DS", "120"),
    (0x00180088, "DS", "1.25"),
    (0x00180090, "DS", "500"),
    (0x00181040, "LO", "IV"),
    (0x00181100, "DS", "360"),
    (0x00181110, "DS", "1085.6"),
    (0x00181120, "DS", "0"),
    (0x00181130, "DS", "152.5"),
    (0x00181150, "IS", "500"),
    (0x00181151, "IS", "210"),
    (0x00181152, "IS", "105"),
    (0x00181160, "SH", "FLAT"),
    (0x00181190, "DS", "1.2"),
    (0x00181210, "SH", "B30f"),
    (0x00185100, "CS", "HFS"),
    (0x00189305, "FD", 0.5),
    (0x00189311, "FD", 1.375),
    (0x00189345, "FD", 8.25),
    (0x00200011, "IS", "3"),
    (0x00200012, "IS", "1"),
    (0x00200013, "IS", "17"),
    (0x00200032, "DS", "-180\\-180\\-412.5"),
    (0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
    (0x00201041, "DS", "-412.5"),
    (0x00280002, "US", 1),
    (0x00280004, "CS", "MONOCHROME2"),
    (0x00280010, "US", ROWS_N),
    (0x00280011, "US", COLUMNS),
    (0x00280030, "DS", "0.703125\\0.703125"),
    (0x00280100, "US", 16),
    (0x00280101, "US", 12),
    (0x00280102, "US", 11),
    (0x00280103, "US", 0),
    (0x00281050, "DS", "40"),
    (0x00281051, "DS", "400"),
    (0x00281052, "DS", "-1024"),
    (0x00281053, "DS", "1"),
    (0x00281054, "LO", "HU"),
]
# Rows whose value a chosen option keeps on purpose; a token there would be the option's doing.
OPTION_KEEPS = {0x00101010, 0x00101020, 0x00101030, 0x001021C0, 0x0072005F}


IDENTITY = {0x00080018, 0x0020000D, 0x0020000E}


@dataclass
class Case:
    """One file and what may not be found in its output."""

    name: str
    data: bytes
    tokens: set[bytes] = field(default_factory=set)


class Mint:
    """Unique tokens that are legal in their VR, so that nothing weeds them out for their form."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.tokens: set[bytes] = set()

    def word(self) -> str:
        letters = "".join(self.random.choices("BCDFGHJKLMNPQRSTVWXZ", k=7))
        return self._new(f"{letters}{self.random.randrange(10_000):04d}")

    def number(self) -> str:
        return self._new(str(self.random.randrange(10**9, 10**10)))

    def uid(self) -> str:
        return self._new(f"1.2.826.0.1.{self.random.randrange(10**12, 10**13)}.{self.random.randrange(10**9)}")

    def date(self) -> str:
        while True:
            year, month, day = (self.random.randrange(*r) for r in ((1100, 1899), (1, 13), (1, 29)))
            text = f"{year}{month:02d}{day:02d}"
            if text.encode() not in self.tokens:
                return self._new(text)

    def time(self) -> str:
        """Times of day stay under shifted dates, so they are no tokens."""
        return f"{self.random.randrange(24):02d}{self.random.randrange(60):02d}{self.random.randrange(60):02d}"

    def _new(self, text: str) -> str:
        self.tokens.add(text.encode())
        return text

    def value(self, vr: str):
        """A token in this VR, or a plain value where none fits."""
        if vr in ("DS", "IS"):
            return self.number()
        if vr in ("DA", "DT"):
            return self.date() + (self.time() if vr == "DT" else "")
        if vr == "UI":
            return self.uid()
        if vr == "SQ":
            return [[(0x00100010, "PN", f"{self.word()}^{self.word()}"), (0x00080104, "LO", self.word())]]
        if vr == "PN":
            return f"{self.word()}^{self.word()}=" + self.word()
        plain = {"TM": self.time(), "AS": "044Y", "US": 7, "SS": -7, "UL": 7, "SL": 7, "FL": 7.0, "FD": 7.0}
        if vr in plain or vr == "AT":
            return plain.get(vr, 0x00100010)
        return self.word()


def base(mint: Mint, sop_class: str = CT) -> list:
    return [
        (0x00080016, "UI", sop_class),
        (0x00080018, "UI", mint.uid()),
        (0x0020000D, "UI", mint.uid()),
        (0x0020000E, "UI", mint.uid()),
        (0x00200052, "UI", mint.uid()),
        (0x00080020, "DA", mint.date()),
        (0x00080030, "TM", "101112"),
        (0x00080090, "PN", mint.word()),
        (0x00080050, "SH", mint.word()),
        (0x00100010, "PN", f"{mint.word()}^{mint.word()}"),
        (0x00100020, "LO", mint.word()),
        (0x00100030, "DA", mint.date()),
        (0x00100040, "CS", "F"),
        (0x00200010, "SH", mint.word()),
    ]


def ct(mint: Mint, extra=(), *, pixels: bool = True) -> list:
    elements = {e[0]: e for e in [*base(mint), *KEPT]}
    elements |= {e[0]: e for e in extra if e[0] not in {k[0] for k in KEPT} | {0x00080016}}
    if pixels:
        elements[0x7FE00010] = (0x7FE00010, "OW", PIXELS.tobytes())
    return list(elements.values())


def rows(mint: Mint, kept: set[int] = OPTION_KEEPS) -> list:
    """Every row of the table with a token."""
    return [
        (tag, ELEMENTS[tag][0].split(" ")[0], mint.value(ELEMENTS[tag][0].split(" ")[0]))
        for tag in ROWS
        if tag in ELEMENTS and tag not in kept and tag >> 16 > 7 and tag != 0x00080016 and tag != 0x00080005
    ]


def unlisted_text(mint: Mint) -> list:
    """Every text attribute of the dictionary that the table doesn't list."""
    from scanward.deid.actions import OURS

    vrs = ["LO", "SH", "ST", "LT", "UT", "UC", "UR", "PN", "AE", "CS", "DA", "DT", "UI", "OB", "OW", "UN", "DS", "IS"]
    skip = {k[0] for k in KEPT} | OURS | {0x00080005, 0x00080016, 0x7FE00010, 0x00280008, 0x00280301, 0x00080064}
    return [
        (tag, vr.split(" ")[0], mint.value(vr.split(" ")[0]))
        for tag, (vr, _) in ELEMENTS.items()
        if tag not in ROWS
        and tag >> 16 > 7
        and vr.split(" ")[0] in vrs
        and tag not in skip
        and tag >> 16 != 0xFFFE
        and vr.split(" ")[0] not in ("DS", "IS")
    ]


def cases(seed: int = 1) -> Iterator[Case]:
    """The whole corpus."""
    number = seed * 1000
    for maker in MAKERS:
        for name, build in maker():
            number += 1
            mint = Mint(number)
            data = build(mint)
            yield Case(name, data, mint.tokens)


def _every_row():
    for label, syntax in (("explicit", EXPLICIT), ("implicit", IMPLICIT), ("big", BIG), ("deflated", DEFLATED)):
        for undefined in (False, True):
            yield f"rows {label} {undefined}", lambda m, s=syntax, u=undefined: _fit(m, rows(m), s, u)
            yield f"depth 2 {label} {undefined}", lambda m, s=syntax, u=undefined: _inside(m, rows(m), s, u, 2)
        yield f"text {label} False", lambda m, s=syntax: _fit(m, unlisted_text(m), s, False)
        yield f"depth 1 {label} False", lambda m, s=syntax: _inside(m, rows(m), s, False, 1)
        yield f"text inside {label} True", lambda m, s=syntax: _inside(m, unlisted_text(m), s, True, 2)


def _fit(mint: Mint, extra, syntax: str, undefined: bool) -> bytes:
    big = PIXELS.byteswap().tobytes() if syntax == BIG else PIXELS.tobytes()
    elements = [e for e in ct(mint, extra, pixels=False)]
    return file([*elements, (0x7FE00010, "OW", big)], syntax, undefined=undefined)


def _inside(mint: Mint, extra, syntax: str, undefined: bool, depth: int) -> bytes:
    inner = [e for e in extra]
    if depth == 2:
        inner = [(0x00089215, "SQ", [inner])]
    return _fit(mint, [(0x00189301, "SQ", [inner, inner[:5]])], syntax, undefined)


def _structure():
    yield "private", _private
    yield (
        "unknown VR",
        lambda m: _fit(m, [(t, "UN", _flat(m, v)) for t, _, v in rows(m) if t not in IDENTITY], EXPLICIT, False),
    )
    yield "UN sequences", _un_sequences
    yield "odd groups", _odd_groups
    yield "overlays, curves, icons", _overlays
    yield "wrong VR", _wrong_vr
    for vr in ("LO", "UT", "OB", "UN", "CS", "UI", "PN", "DS"):
        yield (
            f"all rows as {vr}",
            lambda m, v=vr: _fit(
                m, [(t, v, m.word()) for t in ROWS if t >> 16 > 7 and t not in IDENTITY], EXPLICIT, False
            ),
        )
    yield "meta and preamble", _meta
    yield "trailing", lambda m: file(ct(m), tail=m.word().encode() + b"\0" + m.word().encode())
    yield "trailing element", lambda m: file([*ct(m), (0xFFFCFFFC, "OB", m.word())])
    yield (
        "pixel padding",
        lambda m: (
            _fit(m, [], EXPLICIT, False)[: -len(PIXELS.tobytes()) - 4]
            + ((len(PIXELS.tobytes()) + 12).to_bytes(4, "little") + PIXELS.tobytes() + m.word().encode() + b"\0")
        ),
    )
    yield "binary text", lambda m: _fit(m, [(0x00281201, "OW", m.word().encode() + b"\0")], EXPLICIT, False)
    yield (
        "unordered",
        lambda m: file([*ct(m, pixels=False), _tail_elements(m), Coder().element(0x7FE00010, "OW", PIXELS.tobytes())]),
    )


def _tail_elements(m: Mint) -> bytes:
    return b"".join(
        Coder().element(*e) for e in reversed(rows(m)) if e[0] not in (0x00080018, 0x0020000D, 0x0020000E, 0x00100020)
    )


def _flat(mint: Mint, value):
    return value if isinstance(value, (str, bytes)) else mint.word()


def _private(m: Mint) -> bytes:
    inner = [(0x00100010, "PN", m.word()), (0x00091002, "LO", m.word())]
    extra = [
        (0x00090010, "LO", m.word()),
        (0x00091001, "LO", m.word()),
        (0x00091002, "UN", m.word()),
        (0x00091003, "SQ", [inner]),
        (0x00290010, "LO", "SIEMENS CSA HEADER"),
        (0x00291010, "OB", m.word().encode() * 9),
        (0x00190010, "LO", "GEMS_ACQU_01"),
        (0x00191023, "DS", m.word()),
        (0x00189301, "SQ", [[(0x00090010, "LO", m.word()), (0x00091001, "UT", m.word())]]),
        (0x7FE10010, "LO", m.word()),
        (0x7FE11010, "OB", m.word()),
    ]
    return _fit(m, extra, EXPLICIT, False)


def _un_sequences(m: Mint) -> bytes:
    implicit = Coder(IMPLICIT, undefined=True)
    content = b"".join(implicit.item([(0x00100010, "PN", m.word()), (0x00081030, "LO", m.word())]) for _ in range(2))
    delimited = b"\x40\x00\x75\x02UN\0\0\xff\xff\xff\xff" + content + b"\xfe\xff\xdd\xe0\0\0\0\0"
    defined = Coder(IMPLICIT).item([(0x00100020, "LO", m.word()), (0x00081155, "UI", m.uid())])
    known = b"\x18\x00\x01\x93UN\0\0" + len(defined).to_bytes(4, "little") + defined
    private = b"\x33\x00\x01\x10UN\0\0\xff\xff\xff\xff" + content + b"\xfe\xff\xdd\xe0\0\0\0\0"
    pixels = Coder().element(0x7FE00010, "OW", PIXELS.tobytes())
    low = [e for e in ct(m, pixels=False) if e[0] < 0x00180000]
    middle = [e for e in ct(m, pixels=False) if e[0] > 0x00189301]
    return file([*low, *[e for e in KEPT if e[0] < 0x00189301 and e[0] >= 0x00180000], known, private])[:0] + file(
        [
            *low,
            known
            + Coder().data_set(e for e in KEPT if 0x00180000 <= e[0] < 0x00200000)
            + Coder().data_set(e for e in middle if e[0] >= 0x00200000)
            + private
            + delimited
            + pixels,
        ]
    )


def _odd_groups(m: Mint) -> bytes:
    extra = [
        (group << 16 | element, vr, m.word())
        for group in (0x1, 0x3, 0x5, 0x7, 0x9, 0x4, 0x6, 0xFFFD)
        for element, vr in ((0x0001, "LO"), (0x0010, "LO"), (0x1010, "UT"))
    ]
    extra += [(0x00089ABC, "LO", m.word()), (0x00109999, "PN", m.word()), (0x00229998, "UT", m.word())]
    extra += [(0x10100001, "LO", m.word()), (0x10000010, "UN", m.word()), (0x00203101, "CS", m.word())]
    extra += [(0x00280402, "LO", m.word()), (0x7F000010, "OW", m.word()), (0x7F020010, "OB", m.word())]
    return _fit(m, extra, EXPLICIT, False)


def _overlays(m: Mint) -> bytes:
    extra = []
    for group in (0x6000, 0x6002, 0x601E):
        extra += [(group << 16 | 0x0010, "US", 8), (group << 16 | 0x0011, "US", 8), (group << 16 | 0x0040, "CS", "G")]
        extra += [(group << 16 | 0x3000, "OW", m.word()), (group << 16 | 0x4000, "LT", m.word())]
        extra += [(group << 16 | 0x0022, "LO", m.word()), (group << 16 | 0x1500, "LO", m.word())]
        extra += [(group << 16 | 0x0100, "US", 1), (group << 16 | 0x0102, "US", 0)]
    for group in (0x5000, 0x5002, 0x50FE):
        extra += [(group << 16 | 0x3000, "OW", m.word()), (group << 16 | 0x0022, "LO", m.word())]
        extra += [(group << 16 | 0x200E, "LT", m.word()), (group << 16 | 0x200C, "OB", m.word())]
    icon = [(0x00280010, "US", 4), (0x00280011, "US", 4), (0x7FE00010, "OB", m.word()), (0x00090010, "LO", m.word())]
    return _fit(m, [*extra, (0x00880200, "SQ", [icon]), (0x00282000, "OB", m.word())], EXPLICIT, False)


def _wrong_vr(m: Mint) -> bytes:
    technical = [0x00180050, 0x00181114, 0x00189306, 0x00189323, 0x00200100, 0x00280106, 0x00281101, 0x00189073]
    extra = [
        (tag, vr, m.word()) for tag, vr in zip(technical, ["LO", "ST", "UT", "PN", "LO", "LO", "SH", "OB"], strict=True)
    ]
    extra += [(0x00080090, "LO", m.word()), (0x00100010, "CS", m.word()), (0x00100030, "LO", m.word())]
    extra += [(0x00081140, "LO", m.word()), (0x00189346, "OB", m.word()), (0x00400275, "UT", m.word())]
    extra += [
        (0x0018115E, "DS", m.word()),
        (0x00189324, "CS", m.word()),
        (0x00081030, "SQ", [[(0x00100010, "PN", m.word())]]),
    ]
    return _fit(m, extra, EXPLICIT, False)


def _meta(m: Mint) -> bytes:
    meta = [
        (0x00020003, "UI", m.uid()),
        (0x00020012, "UI", m.uid()),
        (0x00020013, "SH", m.word()),
        (0x00020016, "AE", m.word()),
        (0x00020017, "AE", m.word()),
        (0x00020018, "AE", m.word()),
        (0x00020026, "UR", m.word()),
        (0x00020100, "UI", m.uid()),
        (0x00020102, "OB", m.word()),
        (0x00020035, "AE", m.word()),
    ]
    return file(ct(m), meta=meta, preamble=(m.word() + " " + m.word()).encode().ljust(128, b"\0"))


def _character_sets():
    sets = {
        "ISO_IR 192": "Müller^Жанна 山田 ",
        "ISO_IR 100": "Müller^José ",
        "ISO_IR 144": "Люкceмбypг ",
        "ISO_IR 126": "Διονυσιος ",
        "GB18030": "王^小东 ",
        "ISO_IR 166": "นามสกุล ",
        "ISO_IR 13": "ﾔﾏﾀﾞ^ﾀﾛｳ ",
        "\\ISO 2022 IR 87": "山田^太郎 ",
        "\\ISO 2022 IR 149": "김희중 ",
        "ISO 2022 IR 13\\ISO 2022 IR 87": "山田 ",
    }
    from scanward.deid.text import codec_of

    for term, name in sets.items():

        def build(m: Mint, term=term, name=name) -> bytes:
            codec = codec_of(term.encode())
            foreign = name.encode(codec, "ignore")
            m.tokens.add(foreign.strip(b" ")[:6])
            extra = [(0x00080005, "CS", term)]
            for tag, vr in (
                (0x00100010, "PN"),
                (0x00081030, "LO"),
                (0x0008103E, "LO"),
                (0x00104000, "LT"),
                (0x00080080, "LO"),
                (0x00181030, "LO"),
                (0x00204000, "LT"),
                (0x00081040, "LO"),
                (0x00189424, "LT"),
                (0x00081090, "LO"),
            ):
                extra.append((tag, vr, foreign + m.word().encode()))
            elements = {e[0]: e for e in ct(m, extra)} | {e[0]: e for e in extra}
            return file(list(elements.values()))

        yield f"character set {term}", build


def _documents():
    yield "SR", _sr
    yield "GSPS", _gsps
    yield "PDF", _pdf
    yield "enhanced", lambda m: _enhanced(m, undefined=False)
    yield "enhanced undefined", lambda m: _enhanced(m, undefined=True)
    yield "KOS", _kos


def _code(value: str, scheme: str, meaning: str) -> list:
    return [(0x00080100, "SH", value), (0x00080102, "SH", scheme), (0x00080104, "LO", meaning)]


def _sr(m: Mint) -> bytes:
    def content(kind: str, **fields) -> list:
        return [
            (0x0040A010, "CS", "CONTAINS"),
            (0x0040A040, "CS", kind),
            (0x0040A043, "SQ", [_code("121071", "DCM", "Finding")]),
            *fields.get("with_", []),
        ]

    person = content("PNAME", with_=[(0x0040A123, "PN", m.word())])
    text = content("TEXT", with_=[(0x0040A160, "UT", f"{m.word()} seen by {m.word()}")])
    local = content("CODE", with_=[(0x0040A168, "SQ", [_code(m.word(), "99" + m.word()[:8], m.word())])])
    uid = content("UIDREF", with_=[(0x0040A124, "UI", m.uid())])
    day = content("DATE", with_=[(0x0040A121, "DA", m.date())])
    image = content("IMAGE", with_=[(0x00081199, "SQ", [[(0x00081150, "UI", CT), (0x00081155, "UI", m.uid())]])])
    nested = content("CONTAINER", with_=[(0x0040A730, "SQ", [text, person]), (0x0040A050, "CS", "SEPARATE")])
    observer = [
        (0x0040A075, "PN", m.word()),
        (0x0040A027, "LO", m.word()),
        (0x0040A030, "DT", m.date() + "101010"),
        (0x0040A088, "SQ", [_code(m.word(), "99LOCAL", m.word())]),
    ]
    extra = [
        (0x00080060, "CS", "SR"),
        (0x0040A040, "CS", "CONTAINER"),
        (0x0040A050, "CS", "SEPARATE"),
        (0x0040A043, "SQ", [_code("18748-4", "LN", "Diagnostic Imaging Report")]),
        (0x0040A491, "CS", "COMPLETE"),
        (0x0040A493, "CS", "VERIFIED"),
        (0x0040A073, "SQ", [observer]),
        (0x0040A730, "SQ", [text, person, local, uid, day, image, nested]),
        (0x00080064, "CS", ""),
    ][:-1]
    tail = m.word().encode() + m.word().encode()
    return file([*base(m, SR), *extra], tail=b"\0\0" + tail + b"\0" * (len(tail) & 1))


def _gsps(m: Mint) -> bytes:
    texts = [[(0x00700006, "ST", m.word()), (0x00700014, "FL", [1.0, 1.0]), (0x00700015, "CS", "N")]]
    layer = m.word()[:16]
    graphic = [(0x00700002, "CS", layer), (0x00700008, "SQ", texts)]
    extra = [
        (0x00080060, "CS", "PR"),
        (0x00700001, "SQ", [graphic]),
        (0x00700080, "CS", m.word()),
        (0x00700081, "LO", m.word()),
        (0x00700082, "DA", m.date()),
        (0x00700083, "TM", "101010"),
        (0x00700084, "PN", m.word()),
        (0x00700060, "SQ", [[(0x00700002, "CS", layer), (0x00700062, "IS", "1"), (0x00700068, "LO", m.word())]]),
        (
            0x00081115,
            "SQ",
            [
                [
                    (0x0020000E, "UI", m.uid()),
                    (0x00081140, "SQ", [[(0x00081150, "UI", CT), (0x00081155, "UI", m.uid())]]),
                ]
            ],
        ),
        (0x00200013, "IS", "1"),
    ]
    return file([*base(m, GSPS), *extra])


def _pdf(m: Mint) -> bytes:
    return file(
        [
            *base(m, PDF),
            (0x00080060, "CS", "DOC"),
            (0x00420010, "ST", m.word()),
            (0x00420012, "LO", "application/pdf"),
            (0x00280301, "CS", "YES"),
            (0x00420011, "OB", b"%PDF-1.4 (" + m.word().encode() + b") %%EOF"),
        ]
    )


def _enhanced(m: Mint, undefined: bool) -> bytes:
    frames = []
    for n in range(3):
        content = [
            (0x00189151, "DT", m.date() + "101010"),
            (0x00209157, "UL", [1, n + 1]),
            (0x00209158, "LT", m.word()),
            (0x00189074, "DT", m.date()),
        ]
        frames.append(
            [
                (0x00209111, "SQ", [content]),
                (0x00209113, "SQ", [[(0x00200032, "DS", f"0\\0\\{n}")]]),
                (0x00091003, "SQ", [[(0x00100010, "PN", m.word())]]),
                (
                    0x00089124,
                    "SQ",
                    [
                        [
                            (
                                0x00082112,
                                "SQ",
                                [[(0x00081155, "UI", m.uid()), (0x0040A170, "SQ", [_code("121322", "DCM", m.word())])]],
                            )
                        ]
                    ],
                ),
            ]
        )
    shared = [
        [
            (0x00289110, "SQ", [[(0x00180050, "DS", "1.0"), (0x00280030, "DS", "0.5\\0.5")]]),
            (0x00189314, "SQ", [[(0x00181210, "SH", "B30f"), (0x00189316, "CS", "GENERAL")]]),
            (0x00400275, "SQ", [[(0x00400007, "LO", m.word()), (0x00401001, "SH", m.word())]]),
        ]
    ]
    extra = [(0x00280008, "IS", "3"), (0x52009229, "SQ", shared), (0x52009230, "SQ", frames)]
    elements = {e[0]: e for e in [*base(m, ENHANCED), *KEPT, *extra]}
    return file([*elements.values(), (0x7FE00010, "OW", PIXELS.tobytes() * 3)], undefined=undefined)


def _kos(m: Mint) -> bytes:
    content = [
        (0x0040A010, "CS", "CONTAINS"),
        (0x0040A040, "CS", "TEXT"),
        (0x0040A043, "SQ", [_code("113012", "DCM", "Key Object Description")]),
        (0x0040A160, "UT", m.word()),
    ]
    return file(
        [
            *base(m, KOS),
            (0x00080060, "CS", "KO"),
            (0x0040A040, "CS", "CONTAINER"),
            (0x0040A730, "SQ", [content]),
            (
                0x0040A375,
                "SQ",
                [
                    [
                        (0x0020000D, "UI", m.uid()),
                        (0x00081115, "SQ", [[(0x0020000E, "UI", m.uid()), (0x00080054, "AE", m.word())]]),
                    ]
                ],
            ),
        ]
    )


def _codestreams():
    from .coded import CODED

    for name, syntax, coded in CODED():

        def build(m: Mint, syntax=syntax, coded=coded) -> bytes:
            fragments = coded(PIXELS, lambda: m.word().encode())
            return file([*ct(m, pixels=False), encapsulated(fragments)], syntax)

        yield f"coded {name}", build


MAKERS = [_every_row, _structure, _character_sets, _documents, _codestreams]
