"""A house with both doors for machines open: `scanward listen` and `scanward serve` on one data folder."""

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pydicom
import requests

from ports import free_port
from rooms.intake.listening import START_SECONDS, Listening, environment, listen

BOUNDARY = "a-boundary"
RELATED = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def body(*objects: bytes, kind: str = "application/dicom") -> bytes:
    """A multipart body of these objects."""
    head = b"--%s\r\nContent-Type: %s\r\n\r\n" % (BOUNDARY.encode(), kind.encode())
    return b"".join(head + each + b"\r\n" for each in objects) + b"--%s--\r\n" % BOUNDARY.encode()


@dataclass
class House:
    """Where it answers, and how a machine stores there."""

    listener: Listening
    address: str
    key: str
    server: psutil.Process

    def stow(self, content: bytes, *, kind: str = RELATED, **headers: str) -> requests.Response:
        """Store over the web."""
        return stow(self.address, self.key, content, kind=kind, **headers)

    def processes(self) -> list[psutil.Process]:
        """Both servers, and all that they started."""
        return [*self.listener.processes(), self.server, *self.server.children(recursive=True)]

    def memory(self) -> int:
        """What both servers and all that they started hold."""
        return sum(each.memory_info().rss for each in self.processes())


def stow(address: str, key: str, content: bytes, *, kind: str = RELATED, **headers: str) -> requests.Response:
    """Store over the web, as the machine that has the key."""
    told = {"Authorization": f"Bearer {key}", "Content-Type": kind, **headers}
    return requests.post(f"{address}/dicom-web/studies", data=content, headers=told, timeout=240)


def file_of(one: pydicom.Dataset) -> bytes:
    """An object as a file."""
    out = io.BytesIO()
    one.save_as(out)
    return out.getvalue()


def command(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the house."""
    line = [sys.executable, "-m", "scanward.cli", *words]
    return subprocess.run(line, env=environment(place), check=True, capture_output=True, text=True, timeout=240)


@contextmanager
def web(place: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The web server of a place; its address."""
    port = free_port()
    settings = {**environment(place), "SCANWARD_PORT": str(port)}
    with (place / "log").open("ab") as log:
        line = [sys.executable, "-m", "scanward.cli", "serve"]
        server = subprocess.Popen(line, env=settings, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        until_answers(f"{address}/account/login/", psutil.Process(server.pid))
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(240)


def new_key(place: Path) -> str:
    """A key for a machine that stores over the web."""
    return command(place, "key", "add", "scanner", "--issuer", "LAKESIDE").stdout.strip()


@contextmanager
def house(place: Path, toml: str = "") -> Iterator[House]:
    """Open it."""
    listener = listen(place, toml)
    try:
        with web(place) as (address, server):
            yield House(listener, address, new_key(place), server)
    finally:
        listener.stop()


def until_answers(address: str, server: psutil.Process) -> None:
    """Wait until a web server answers at an address."""
    until = time.monotonic() + START_SECONDS
    while not _answers(address):
        assert server.is_running(), "the web server has ended"
        assert server.status() != psutil.STATUS_ZOMBIE, "the web server has ended"
        assert time.monotonic() < until
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        requests.get(address, timeout=600)
    except (requests.ConnectionError, requests.Timeout):
        return False
    return True
