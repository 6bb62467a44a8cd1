"""Collects the texts of pages and code for translation, and compiles the translations, without gettext programs.

`python tools/messages.py` brings the catalogues up to date and compiles them; `--compile` only compiles.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from scanward import __version__

sys.path.insert(0, str(Path(__file__).resolve().parent))
from sentences import sentences

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "scanward"
LANGUAGES = ("es",)
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def sources() -> Iterator[tuple[str, bytes]]:
    """Yield each file that may hold texts, as Python source."""
    if not settings.configured:
        settings.configure()
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield str(path.relative_to(ROOT)), path.read_bytes()
    for path in sorted(path for ending in ("html", "txt") for path in PACKAGE.rglob(f"templates/**/*.{ending}")):
        name = str(path.relative_to(ROOT))
        lines = templatize(path.read_text("utf-8"), origin=name).splitlines()
        # Python reads an indent as a block, and a page means nothing by it.
        yield name, "\n".join(line.lstrip() for line in lines).encode()


def collected() -> Catalog:
    """Return all texts, each with the files that it stands in."""
    catalog = Catalog(project="Scanward", fuzzy=False)
    for name, source in sources():
        for _line, message, _comments, context in extract("python", io.BytesIO(source), keywords=KEYWORDS):
            catalog.add(message, locations=[(name, 0)], context=context)
    for name, sentence in sentences(PACKAGE):
        catalog.add(sentence, locations=[(name, 0)])
    return catalog


def po_path(language: str) -> Path:
    """Return where a language's translations are."""
    return PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"


def translations(language: str) -> Catalog:
    """Return a language's translations as they are."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def with_header(catalog: Catalog) -> None:
    """Say whose texts these are, and promise no mail address that nobody reads."""
    catalog.project, catalog.version = "Scanward", __version__
    catalog.header_comment = f"# Scanward's texts in {catalog.locale_identifier}, Apache-2.0."
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = "Scanward"
    catalog.revision_date = catalog.creation_date
    catalog.fuzzy = False


def update(language: str) -> None:
    """Add new texts to the translations, and drop those that nothing says any more."""
    found = translations(language)
    found.update(collected(), no_fuzzy_matching=True, update_creation_date=False)
    found.obsolete.clear()
    with_header(found)
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    with po_path(language).open("wb") as file:
        write_po(file, found, width=110, no_location=True, omit_header=False, sort_output=True)


def compile_(language: str) -> None:
    """Write the form that Django reads, unless it is newer than the translations."""
    source, target = po_path(language), po_path(language).with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    with target.open("wb") as file:
        write_mo(file, translations(language))


def main() -> None:
    """Do it for each language."""
    for language in LANGUAGES:
        if "--compile" not in sys.argv:
            update(language)
        compile_(language)


if __name__ == "__main__":
    main()
