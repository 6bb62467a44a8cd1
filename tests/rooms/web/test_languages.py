"""English and Spanish from the first string on."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import messages  # noqa: E402  (it lies in the tools folder)

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|%s")


@pytest.fixture(scope="module")
def wanted():
    return {(message.context, message.id) for message in messages.collected() if message.id}


@pytest.fixture(scope="module")
def spanish():
    return {(message.context, message.id): message.string for message in messages.translations("es") if message.id}


def forms(string):
    return string if isinstance(string, tuple | list) else (string,)


def test_nothing_is_left_untranslated(wanted, spanish):
    missing = sorted(str(key[1]) for key in wanted if not all(forms(spanish.get(key, ""))))
    assert missing == []


def test_nothing_is_translated_that_nobody_says(wanted, spanish):
    assert sorted(str(key[1]) for key in spanish if key not in wanted) == []


def test_translations_keep_their_placeholders(spanish):
    wrong = [
        key[1]
        for key, string in spanish.items()
        if any(
            set(PLACEHOLDER.findall(form)) - {name for text in forms(key[1]) for name in PLACEHOLDER.findall(text)}
            for form in forms(string)
        )
    ]
    assert wrong == []


def is_marked(node):
    """Return whether this is a text that is given to gettext as it stands."""
    marked = isinstance(node, ast.Call) and getattr(node.func, "id", "") in messages.KEYWORDS
    return marked and isinstance(node.args[0], ast.Constant)


def texts_inside_f_strings():
    """Yield where a text is marked inside an f-string, in which the collector can't see it."""
    for path in messages.PACKAGE.rglob("*.py"):
        strings = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr))
        yield from (f"{path.name}:{node.lineno}" for text in strings for node in ast.walk(text) if is_marked(node))


def test_no_text_hides_from_the_collector():
    assert list(texts_inside_f_strings()) == []
