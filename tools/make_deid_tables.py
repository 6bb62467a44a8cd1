"""Make the generated tables of de-identification from the data files in tools/standard/.

`python tools/make_deid_tables.py` writes them, `--check` only says whether they are what it would write.
The data files hold facts of the DICOM standard: PS3.15 Table E.1-1 (edition 2024e) with all options, the
rows that 2025b adds, CID 7050, and the attribute types of PS3.3 for what may have to be emptied.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tools" / "standard"
SOURCE = ROOT / "src" / "scanward"
EDITION = "DICOM PS3.15 2024e, Table E.1-1, with the rows that 2025b adds"
MADE = "# Made by tools/make_deid_tables.py: change the data in tools/standard and run it again.\n"

# One letter for each option column, in the order of the standard's table.
OPTIONS = {
    "retain_safe_private": "P",
    "retain_uids": "U",
    "retain_device_ident": "D",
    "retain_institution_ident": "I",
    "retain_patient_chars": "C",
    "retain_long_full_dates": "F",
    "retain_long_modif_dates": "M",
    "clean_desc": "T",
    "clean_struct_cont": "S",
    "clean_graph": "G",
}


# A few lines of text are parsed faster than thousands of lines of Python are compiled.
DICTIONARY_PARSER = """

def _parse(line: str) -> tuple[int, tuple[str, str]]:
    tag, vr, keyword = line.split(" ")
    return int(tag, 16), (vr.replace("/", " or "), keyword)


ELEMENTS: Final[dict[int, tuple[str, str]]] = dict(map(_parse, _LINES.splitlines()))"""
IOD_PARSER = """

def _top(line: str) -> tuple[int, tuple[int, int]]:
    tag, one, two = line.split(" ")
    return int(tag, 16), (int(one, 16), int(two, 16))


def _parents(text: str) -> frozenset[int]:
    return frozenset() if text == "-" else frozenset(int(tag, 16) for tag in text.split(","))


def _nested(line: str) -> tuple[int, tuple[frozenset[int], frozenset[int]]]:
    tag, one, two = line.split(" ")
    return int(tag, 16), (_parents(one), _parents(two))


TOP: Final[dict[int, tuple[int, int]]] = dict(map(_top, TOP_LINES.splitlines()))
NESTED: Final[dict[int, tuple[frozenset[int], frozenset[int]]]] = dict(map(_nested, NESTED_LINES.splitlines()))"""


def number(tag: str) -> int:
    """`(0010,0020)` as an integer."""
    return int(tag[1:5] + tag[6:10], 16)


def rows() -> Iterator[tuple[int, str, str, str]]:
    """Tag, basic action, option letters in pairs (option, action) and name, without the four pattern rows."""
    table: list[dict[str, Any]] = json.loads((DATA / "ps315_e1_1.json").read_text())
    table += json.loads((DATA / "ps315_additions.json").read_text())["rows"]
    for row in table:
        if not row.get("pattern"):
            options = "".join(letter + row[key] for key, letter in OPTIONS.items() if row.get(key))
            yield number(row["tag"]), row["basic"], options, " ".join(row["name"].split())


def table_source() -> str:
    """deid/table.py."""
    lines = [
        f'{MADE}"""The rows of {EDITION}: tag -> (basic profile, options).',
        "",
        "Options come as pairs of letters, (column, action): P safe private, U UIDs, D device,",
        "I institution, C patient characteristics, F full dates, M modified dates, T descriptors,",
        "S structured content, G graphics.",
        '"""',
        "",
        "from typing import Final",
        "",
        f'EDITION: Final = "{EDITION}"',
        "",
        "ROWS: Final[dict[int, tuple[str, str]]] = {",
    ]
    lines += [f'    0x{tag:08X}: ("{b}", "{o}"),  # {name}' for tag, b, o, name in sorted(rows())]
    codes = json.loads((DATA / "cid7050.json").read_text())["codes"]
    lines += ["}", "", "METHODS: Final[dict[str, str]] = {  # CID 7050"]
    lines += [f'    "{c["value"]}": "{c["meaning"]}",' for c in codes]
    return "\n".join([*lines, "}", ""])


def iod_source() -> str:
    """deid/iod.py."""
    data = json.loads((DATA / "iod_types.json").read_text())
    iods = sorted({*data["sop"].values(), *(i for found in data["top"].values() for i in found)})
    at = {name: index for index, name in enumerate(iods)}
    lines = [
        f'{MADE}"""What PS3.3 requires: type 1 needs a value, type 2 may be empty, anything else may go."""',
        "",
        "from typing import Final",
        "",
        "IOD_OF_CLASS: Final[dict[str, int]] = {",
    ]
    lines += [f'    "{uid}": {at[name]},  # {name}' for uid, name in sorted(data["sop"].items())]
    lines += ["}", "", "# tag, the IODs (bit set) in which it is of type 1, and of type 2", 'TOP_LINES: Final = """\\']
    for tag, found in sorted(data["top"].items()):
        masks = [sum(1 << at[name] for name, kind in found.items() if kind == want) for want in "12"]
        lines.append(f"{tag} {masks[0]:X} {masks[1]:X}")
    lines += ['"""', "", "# tag, the sequences in whose items it is of type 1, and of type 2 (- for none)"]
    lines.append('NESTED_LINES: Final = """\\')
    for tag, found in sorted(data["nested"].items()):
        sets = [",".join(p for p, kind in sorted(found.items()) if kind == want) or "-" for want in "12"]
        lines.append(f"{tag} {sets[0]} {sets[1]}")
    lines += ['"""', IOD_PARSER]
    return "\n".join([*lines, ""])


def dictionary_source() -> str:
    """dicom/dictionary.py."""
    lines = [
        f'{MADE}"""The data dictionary of PS3.6: tag -> (VR, keyword); light: pydicom costs 90 MB."""',
        "",
        "from typing import Final",
        "",
        '_LINES: Final = """\\',
    ]
    for tag, (vr, _vm, _name, _retired, keyword) in sorted(DicomDictionary.items()):
        lines.append(f"{tag:08X} {vr.replace(' or ', '/')} {keyword}")
    return "\n".join([*lines, '"""', DICTIONARY_PARSER, ""])


def uids_source() -> str:
    """dicom/standard_uids.py."""
    lines = [
        f'{MADE}"""Every UID of the standard: uid -> (name, kind). All others belong to somebody."""',
        "",
        "from typing import Final",
        "",
        "STANDARD_UIDS: Final[dict[str, tuple[str, str]]] = {",
    ]
    for uid, (name, kind, *_rest) in sorted(UID_dictionary.items()):
        lines.append(f'    "{uid}": ({json.dumps(name, ensure_ascii=False)}, "{kind}"),')
    return "\n".join([*lines, "}", ""])


FILES = {
    SOURCE / "deid" / "table.py": table_source,
    SOURCE / "deid" / "iod.py": iod_source,
    SOURCE / "dicom" / "dictionary.py": dictionary_source,
    SOURCE / "dicom" / "standard_uids.py": uids_source,
}


def main() -> int:
    """Write the tables, or with --check compare them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    check = arguments.parse_args().check
    stale = []
    for path, source in FILES.items():
        text = source().replace(MADE, MADE.rstrip() + "\n# ruff: noqa: E501, RUF100\n# fmt: off\n")
        if check and path.read_text() != text:
            stale.append(path.name)
        elif not check:
            path.write_text(text)
    if stale:
        print("Not what the data files say:", ", ".join(stale), file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
