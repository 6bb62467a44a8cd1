"""What somebody could see is taken back while it is open: the real web server, the real clock, a copy on its way.

In-process, page by page, the same is in tests/rooms/access/test_revoked.py.
"""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from browser.hospital import Hospital, running
from faults.test_cascade import REST_SECONDS, WITHIN_SECONDS, read

CHILD = Path(__file__).with_name("taking_back.py")


@dataclass(frozen=True)
class House:
    """The running hospital, the process that takes back, and who has what open."""

    hospital: Hospital
    child: "subprocess.Popen[str]"
    people: dict[str, dict[str, str]]

    def take_back(self, what: str) -> None:
        """Take it back."""
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(f"{what}\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "taken back\n"

    def shows(self, what: str, address: str) -> bool:
        """Whether the page is shown to its reader now."""
        headers = {"Cookie": self.people[what]["cookies"]}
        answer = requests.get(self.hospital.address + address, headers=headers, timeout=240, allow_redirects=False)
        assert answer.status_code in (200, 302, 404, 410)
        return answer.status_code == 200


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One hospital for all four."""
    folder = tmp_path_factory.mktemp("taking-back")
    with running(folder / "house") as hospital, (folder / "child.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(folder / "house")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            assert child.stdout
            line = child.stdout.readline()
            assert line, (folder / "child.log").read_text()[-2000:]
            yield House(hospital, child, json.loads(line))
        finally:
            child.kill()
            child.wait(240)


@pytest.fixture(autouse=True)
def no_database(django_db_blocker: object) -> None:
    """Everything here is in processes of its own."""


@pytest.mark.parametrize("what", ["role", "relation", "session", "representation"])
def test_page_and_running_download_end_within_five_seconds(house: House, what: str) -> None:
    """K1, A3, A4, I10, D9, fault C14: over HTTP, by the clock of the reader."""
    page, copy = house.people[what]["page"], house.people[what]["copy"]
    assert house.shows(what, page)
    port = int(house.hospital.address.rsplit(":", 1)[1])
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        slow.settimeout(240)
        slow.connect(("127.0.0.1", port))
        cookies = house.people[what]["cookies"]
        slow.sendall(f"GET {copy} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookies}\r\n\r\n".encode())
        head = slow.recv(65536)
        assert b" 200 " in head.splitlines()[0], head[:300]
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        got, taken, rested = len(head), False, 0.0
        while piece := read(slow):
            got += len(piece)
            time.sleep(REST_SECONDS)
            rested += REST_SECONDS if taken else 0
            if not taken and got > 4 << 20:
                house.take_back(what)
                taken = True
                assert not house.shows(what, page)
    assert taken
    print(f"{what}: cut after {rested:.1f} s, {got} of {length} bytes")
    assert rested < WITHIN_SECONDS
    assert got < length
    assert not house.shows(what, copy)
