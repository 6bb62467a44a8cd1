"""A permission is taken back while a copy is on its way: the real web server, a reader that takes its time, a clock."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from browser.hospital import Hospital, running

WITHIN_SECONDS = 5.0
# The reader rests so long after each piece. Its rests are the clock: one that stands still while the machine is busy
# with something else, as the server does.
REST_SECONDS = 0.005
CHILD = Path(__file__).with_name("revoking.py")


@contextmanager
def house(folder: Path) -> Iterator[tuple[Hospital, "subprocess.Popen[str]"]]:
    """The running hospital, and the process that holds the permission."""
    with running(folder) as hospital, (folder.parent / "child.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            yield hospital, child
        finally:
            child.kill()
            child.wait(240)


def opened(hospital: Hospital, secret: str) -> requests.Session:
    """Open the link as its holder does."""
    session = requests.Session()
    session.trust_env = False
    page = session.get(f"{hospital.address}/shared/", timeout=240).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"code": secret, "visitor": "L. Lawson", "csrfmiddlewaretoken": token[1]}
    headers = {"Origin": hospital.address, "Sec-Fetch-Site": "same-origin"}
    answer = session.post(f"{hospital.address}/shared/", form, headers=headers, timeout=240, allow_redirects=False)
    session.headers["X-Answer"] = str(answer.status_code)
    return session


def test_a_revocation_cuts_the_running_download_within_five_seconds(tmp_path: Path) -> None:
    """Requirements D8, D9; fault C6: link, package and running download end; what went out stays written."""
    with house(tmp_path / "house") as (hospital, child):
        assert child.stdin
        assert child.stdout
        secret, study = child.stdout.readline().split()
        session = opened(hospital, secret)
        assert session.headers["X-Answer"] == "302"
        port = int(hospital.address.rsplit(":", 1)[1])
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            slow.settimeout(240)
            slow.connect(("127.0.0.1", port))
            cookies = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
            slow.sendall(
                f"GET /shared/scans/{study}/ct-scan.zip HTTP/1.1\r\nHost: localhost:{port}\r\n"
                f"Cookie: {cookies}\r\n\r\n".encode()
            )
            head = slow.recv(65536)
            assert b" 200 " in head.splitlines()[0]
            length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
            got, revoked, rested = len(head), False, 0.0
            while piece := read(slow):
                got += len(piece)
                time.sleep(REST_SECONDS)
                rested += REST_SECONDS if revoked else 0
                if not revoked and got > 4 << 20:
                    child.stdin.write("\n")
                    child.stdin.flush()
                    assert child.stdout.readline() == "revoked\n"
                    revoked = True
        assert revoked
        print(f"cut after {rested:.1f} s, {got} of {length} bytes")
        assert rested < WITHIN_SECONDS
        assert got < length
        # One disclosure at delivery, one at the opening; no package and no link is left.
        assert child.stdout.readline().split() == ["2", "0", "0"]
        assert opened(hospital, secret).headers["X-Answer"] == "403"
        assert session.get(f"{hospital.address}/shared/scans/", timeout=240).status_code == 410


def read(slow: socket.socket) -> bytes:
    """What comes next; nothing when the other side has ended it."""
    try:
        return slow.recv(1 << 16)
    except ConnectionError:
        return b""


@pytest.fixture(autouse=True)
def no_database(django_db_blocker: object) -> None:
    """Everything here is in processes of its own."""
