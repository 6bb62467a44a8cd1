"""Servers that start in a moment: each is forked from one process that has loaded everything and has opened nothing.

What is killed is the real `scanward listen` or `scanward serve`, with its recovery at the start; only the seconds in
which Python reads the code are spent once. So hundreds of kills fit into a run.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from rooms.intake.listening import START_SECONDS, environment


@dataclass
class Nursery:
    """The process that forks the others, one after another."""

    place: Path
    process: subprocess.Popen[str]

    def start(self, command: str, port: int = 0) -> psutil.Process:
        """Fork a server; what it prints is in `printed`."""
        self._say(f"{command} {port}")
        return psutil.Process(int(self._hear()))

    def ended(self) -> int:
        """Wait for the end of the one that was started; its code as `Popen` has it."""
        return int(self._hear())

    def printed(self, lines: int) -> list[str]:
        """The first lines that it prints; waits for them."""
        until = time.monotonic() + START_SECONDS
        while len(found := (self.place / "printed").read_text().splitlines()) < lines:
            assert time.monotonic() < until, (self.place / "log").read_text()[-2000:]
            time.sleep(0.01)
        return found

    def _say(self, words: str) -> None:
        assert self.process.stdin
        print(words, file=self.process.stdin, flush=True)

    def _hear(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


@contextmanager
def nursery(place: Path) -> Iterator[Nursery]:
    """Load everything once, for servers of this place."""
    tests = str(Path(__file__).parents[2])
    settings = {**environment(place), "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "rooms.intake.nursery", str(place)]
    process = subprocess.Popen(command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        yield Nursery(place, process)
        process.stdin.close()


def main(place: Path) -> None:
    """Fork what is asked for, say its number, wait for its end, say how it ended."""
    from django.urls import get_resolver

    from scanward.cli import COMMANDS, Commands

    cli = Commands()
    for name in ("listen", "serve"):
        assert name in COMMANDS
        cli.get_command(None, name)
    import scanward.wsgi

    assert scanward.wsgi.application
    get_resolver().url_patterns  # noqa: B018  loads the pages
    for line in sys.stdin:
        name, port = line.split()
        (place / "printed").write_text("")
        child = os.fork()
        if not child:
            become(cli, place, name, int(port))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(cli, place: Path, name: str, port: int) -> None:
    """Be that server, in the child, with files of its own."""
    from django.conf import settings

    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(place / "printed", os.O_WRONLY | os.O_APPEND), 1)
    os.dup2(os.open(place / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    if name == "serve":
        settings.PORT = port
    cli.main([name], prog_name="scanward")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
