"""mypy refuses an unlawful fee line before anything runs."""

import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[3] / "src"

LAWFUL = """
from datetime import date
from decimal import Decimal
from scanward.law.fee_lines import *
from scanward.law.fees import *

disc = Supplies(Medium.CD, 1, Decimal("0.75"))
order = Order(delivery=Delivery.MAILED, method=Actual((CopyingLabour(5, Decimal(30)), disc)))
quote(order, quoted_on=date(2026, 6, 15))
"""

# One per line; each must be an error of its own.
UNLAWFUL = """
SearchFee(Decimal(25))
Supplies("search", 1, Decimal(25))
Supplies(Medium.PAGE, 40, Decimal(1))
Postage("handling", Decimal(5))
CopyingLabour(5, 30.0)
CopyingLabour(minutes=5, hourly_rate=Decimal(30), retrieval=Decimal(25))
Actual(({"kind": "search", "amount": 25},))
Actual((Decimal(25),))
Average({Part.IMAGES: Decimal(5)}, frozenset(), (CopyingLabour(5, Decimal(30)),))
Average({"pages": Decimal(1)}, frozenset())
Flat("6.50")
class Retrieval(CopyingLabour): ...
"""


def mypy(snippet: Path, cache: Path) -> str:
    options = ["--strict", "--config-file=", f"--cache-dir={cache}", "--no-error-summary"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(snippet)],
        capture_output=True,
        text=True,
        check=False,
        env={"MYPYPATH": str(SRC), "PATH": ""},
    )
    return done.stdout + done.stderr


@pytest.mark.long
def test_mypy_accepts_the_lawful_lines_and_refuses_each_unlawful_one(tmp_path: Path) -> None:
    """E2, E3."""
    snippet = tmp_path / "fees_snippet.py"
    snippet.write_text(LAWFUL)
    assert mypy(snippet, tmp_path / "cache") == ""
    snippet.write_text(LAWFUL + UNLAWFUL)
    first = LAWFUL.count("\n") + 2
    expected = set(range(first, first + len(UNLAWFUL.strip().splitlines())))
    errors = mypy(snippet, tmp_path / "cache").splitlines()
    assert {int(line.split(":")[1]) for line in errors if ": error:" in line} == expected
