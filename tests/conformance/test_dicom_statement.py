"""The conformance statement says what the code does."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "make_conformance.py"


def test_the_statement_is_made_from_the_code_as_it_is():
    subprocess.run([sys.executable, str(TOOL), "--check"], check=True, timeout=600)
