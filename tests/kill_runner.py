"""A seeded `kill -9` runner: a child works and reports, is killed, and the parent judges what is left.

Used for the vault and for the archive's import. The child is a Python program of its own (`module` with its
arguments) that prints one line for each thing it acknowledges, and works until it is killed. A point is
replayed with its seed alone.
"""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent


@dataclass(frozen=True)
class Killed:
    """What the child had acknowledged when it was killed."""

    seed: int
    acknowledged: list[str]


def points(default: int) -> int:
    """How many points to kill at; more on demand: SCANWARD_TEST_KILL_POINTS=1000."""
    return int(os.environ.get("SCANWARD_TEST_KILL_POINTS", str(default)))


def first_seed() -> int:
    """Where the seeds begin; SCANWARD_TEST_KILL_SEED=n with SCANWARD_TEST_KILL_POINTS=1 replays one point."""
    return int(os.environ.get("SCANWARD_TEST_KILL_SEED", "1"))


def kill_once(command: Sequence[str], seed: int, *, most_lines: int = 30, linger: float = 0.01) -> Killed:
    """Start the child, let it acknowledge a random number of things and work a while more, kill -9 it.

    The last line counts only if it is whole: what comes after `kill` may be cut in the middle.
    """
    chance = random.Random(seed)
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "KILL_SEED": str(seed)}
    child = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, env=environment)
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(chance.randint(0, most_lines))]
    try:
        child.wait(chance.uniform(0, linger))
    except subprocess.TimeoutExpired:
        child.kill()
    rest, _ = child.communicate()
    assert child.returncode in {-9, 137}, f"seed {seed}: the child ended by itself with {child.returncode}"
    whole = [line for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith(b"\n")]
    return Killed(seed, [line.decode().rstrip("\n") for line in whole])


def kill_many(
    command: Callable[[int], Sequence[str]], judge: Callable[[Killed], None], count: int, *, together: int = 1
) -> int:
    """Kill at `count` points, several children at a time if asked; judge each; count the acknowledged."""
    seeds = range(first_seed(), first_seed() + count)
    judged = 0
    with ThreadPoolExecutor(together) as pool:
        for killed in pool.map(lambda seed: kill_once(command(seed), seed), seeds):
            judge(killed)
            judged += len(killed.acknowledged)
    return judged
