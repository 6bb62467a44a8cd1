"""Runs the whole suite: once on the embedded database, then what uses a database once more on PostgreSQL.

What could not run because a program is missing is listed at the end. `-k`, `-x` and other words go to pytest.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATABASE_TESTS = "django_db and not browser and not embedded"
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] [^:]+(?::\d+)?: (.*)$", re.MULTILINE)
FAILED = re.compile(r"^(?:FAILED|ERROR) .*$", re.MULTILINE)
NO_TESTS = 5
MINUTES = float(os.environ.get("SCANWARD_TEST_MINUTES") or (600 if os.environ.get("SCANWARD_TEST_LONG") else 60))


def run(title: str, *words: str, database: str = "") -> tuple[int, str]:
    """Run pytest once, showing its output as it comes; return its exit code and what it said."""
    print(f"\n=== {title} ===", flush=True)
    processes = os.environ.get("SCANWARD_TEST_PROCESSES", "2")
    # In the order of tests/conftest.py: pytest-xdist would begin with the files that have the most tests.
    shared = ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", *shared, "--durations", "15", "-q", *words]
    with tempfile.TemporaryDirectory(prefix="scanward-running-") as running:
        env = {**os.environ, "SCANWARD_TEST_DATABASE": database, "SCANWARD_TEST_RUNNING": running}
        # A file and not a pipe: a child that outlives a crashed test would keep a pipe open, and us waiting.
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                said = _show(process, output.fileno(), Path(running))
            finally:
                _end(process)
    return (0 if process.returncode == NO_TESTS and database else process.returncode), said


def _show(process: "subprocess.Popen[bytes]", output: int, running: Path) -> str:
    """Show what pytest writes until it ends, at most so long; say which tests ran when it did not end."""
    said, shown, deadline = b"", 0, time.monotonic() + MINUTES * 60
    while True:
        ended = process.poll() is not None
        said += os.pread(output, 1 << 24, len(said))
        until = len(said) if ended else said.rfind(b"\n") + 1
        for line in said[shown:until].decode(errors="replace").splitlines():
            if not line.startswith("SKIPPED"):
                print(line, flush=True)
        shown = max(shown, until)
        if ended:
            return said.decode(errors="replace")
        if time.monotonic() > deadline:
            names = ", ".join(sorted(place.read_text() for place in running.iterdir()))
            print(f"\nNot done after {MINUTES:g} minutes. Then running: {names or 'no test'}", flush=True)
            return said.decode(errors="replace")
        time.sleep(0.2)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End pytest and all that it started and left behind."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, sign)
            process.wait(timeout=20)
            time.sleep(0.5)


def left_out(said: str) -> dict[str, int]:
    """What was skipped, by reason, but for the long suites, which have a command of their own."""
    counts: dict[str, int] = {}
    for count, reason in SKIPPED.findall(said):
        if not reason.startswith("long"):
            counts[reason] = counts.get(reason, 0) + int(count)
    return counts


def main() -> int:
    """Run both, and say what was left out."""
    words = sys.argv[1:]
    first, said = run("On the embedded database (encrypted SQLite)", *words)
    second, said_again = run("On PostgreSQL", "-m", DATABASE_TESTS, *words, database="postgresql")
    reasons = left_out(said + said_again)
    print("\nNot run, because something is missing here:" if reasons else "\nNothing was left out but the long suites.")
    for reason, count in sorted(reasons.items()):
        print(f"  {count} x {reason}")
    for line in FAILED.findall(said + said_again):
        print(line[:300])
    return first or second


if __name__ == "__main__":
    raise SystemExit(main())
