"""The page of the matrix says what the matrix says."""

import importlib.util
from pathlib import Path

from scanward.access.kinds import Action
from scanward.access.matrix import doers
from scanward.people.kinds import Role

ROOT = Path(__file__).resolve().parents[3]


def test_the_reference_page_is_made_from_the_matrix():
    spec = importlib.util.spec_from_file_location("matrix_reference", ROOT / "tools" / "matrix_reference.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.TARGET.read_text("utf-8") == tool.page(), "run tools/matrix_reference.py"


def test_whose_work_something_is_can_be_told_to_a_colleague() -> None:
    """K1: with records of people whom one does not treat; what only patients do is nobody's."""
    assert doers(Action.SUSPEND_ACCOUNTING) == {Role.PRIVACY_OFFICER}
    assert doers(Action.QUALITY_CHECK) >= {Role.HIM_CLERK, Role.HIM_LEAD}
    assert doers(Action.ASK_RIGHTS) == frozenset()
