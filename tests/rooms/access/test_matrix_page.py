"""The page of the matrix says what the matrix says."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_reference_page_is_made_from_the_matrix():
    spec = importlib.util.spec_from_file_location("matrix_reference", ROOT / "tools" / "matrix_reference.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.TARGET.read_text("utf-8") == tool.page(), "run tools/matrix_reference.py"
