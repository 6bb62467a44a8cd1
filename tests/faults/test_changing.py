"""A record changes while copies of it are on their way: the real web server, two readers that take their time."""

import io
import re
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from browser.hospital import Hospital, running
from faults.test_cascade import opened, read

CHILD = Path(__file__).with_name("changing.py")
Change = Callable[[str], None]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Hospital, Change, str, str]]:
    """The running hospital, what changes the record, the secret of a link, and the study."""
    with running(tmp_path / "house") as hospital, (tmp_path / "child.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(hospital.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        assert child.stdin
        assert child.stdout
        try:
            secret, study = child.stdout.readline().split()

            def change(how: str) -> None:
                child.stdin.write(f"{how}\n")
                child.stdin.flush()
                assert child.stdout.readline() == "done\n"

            yield hospital, change, secret, study
        finally:
            child.kill()
            child.wait(240)


class Copy:
    """A copy that somebody takes, piece by piece."""

    def __init__(self, hospital: Hospital, session: requests.Session, study: str) -> None:
        port = int(hospital.address.rsplit(":", 1)[1])
        self._wire = socket.socket()
        self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self._wire.settimeout(240)
        self._wire.connect(("127.0.0.1", port))
        cookies = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
        self._wire.sendall(
            f"GET /shared/scans/{study}/ct-scan.zip HTTP/1.1\r\nHost: localhost:{port}\r\n"
            f"Cookie: {cookies}\r\nConnection: close\r\n\r\n".encode()
        )
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._wire.recv(65536)
        head, _, self.body = got.partition(b"\r\n\r\n")
        assert b" 200 " in head.splitlines()[0]
        self.length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])

    def take(self, most: int) -> bool:
        """Take more of it, up to so many bytes in all; say whether it goes on."""
        pieces, size = [self.body], len(self.body)
        while size < most and (piece := read(self._wire)):
            pieces.append(piece)
            size += len(piece)
            time.sleep(0.005)
        self.body = b"".join(pieces)
        return size >= most

    def ended(self) -> str:
        """It is whole, and every file in it is what its list says; or it is visibly cut. Nothing else."""
        self.take(1 << 40)
        self._wire.close()
        if len(self.body) < self.length:
            return "cut"
        with zipfile.ZipFile(io.BytesIO(self.body)) as package:
            assert package.testzip() is None
        return "whole"


@pytest.mark.parametrize(("how", "answer"), [("move", 404), ("erase", 410)])
def test_two_copies_while_the_study_is_given_to_another_patient_or_erased(
    house: tuple[Hospital, Change, str, str], how: str, answer: int
) -> None:
    """Fault D15: one copy has just begun, one is under way; both are whole or visibly cut; then there is none.

    What was erased is gone (410); what is another patient's now looks as if it had never been there (404, fault C1).
    """
    hospital, change, secret, study = house
    session = opened(hospital, secret)
    early, late = (Copy(hospital, session, study) for _turn in range(2))
    assert early.take(1 << 20)
    assert late.take(8 << 20)
    change(how)
    assert early.ended() == "cut"
    assert late.ended() in ("whole", "cut")
    found = session.get(f"{hospital.address}/shared/scans/{study}/ct-scan.zip", timeout=240)
    assert (found.status_code, b"PK" in found.content[:4]) == (answer, False)


@pytest.fixture(autouse=True)
def no_database(django_db_blocker: object) -> None:
    """Everything here is in processes of its own."""
