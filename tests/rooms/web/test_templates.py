"""Every template can be read: a page that is seldom seen does not fail when it is needed."""

from pathlib import Path

import pytest
from django.template.loader import get_template

SOURCES = Path(__file__).resolve().parents[3] / "src" / "scanward"
FOLDERS = [SOURCES / "web" / "templates", SOURCES / "portal" / "templates", SOURCES / "desk" / "templates"]
NAMES = [
    path.relative_to(folder).as_posix()
    for folder in FOLDERS
    for path in folder.rglob("*")
    if path.suffix in {".html", ".txt"}
]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_it_can_be_read(name):
    assert get_template(name).template.nodelist is not None
