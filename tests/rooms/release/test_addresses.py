"""Addresses that come from outside are never called (fault C9): with real sockets, and real listeners as traps."""

import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from pydicom.uid import generate_uid

from cast import BY, NOW, PLACE, Cast
from rooms.release.test_exchange import certificate as certificate  # noqa: PLC0414  a fixture
from rooms.release.test_faults_of_links import browser
from scanward.intake.keys import make_key
from scanward.intake.pull import web
from scanward.intake.pull.pacs import Pacs, Unreached
from scanward.release import wires
from scanward.release.peers import Peer

pytestmark = pytest.mark.django_db
METADATA = "http://169.254.169.254/latest/meta-data/"
FIELDS = (
    "url",
    "uri",
    "next",
    "iss",
    "launch",
    "source",
    "server",
    "callback",
    "endpoint",
    "peer",
    "StudyInstanceUIDs",
)
# What Python says of itself when anything in it looks a name up or opens a connection; it can't be switched off.
_CALLS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
_watching: list[list[str]] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _watching and event in _CALLS:
        _watching[-1].append(f"{event} {args[1:] if event == 'socket.connect' else args}")


sys.addaudithook(_hook)


@contextmanager
def calls() -> Iterator[list[str]]:
    """Every name that was looked up, and every connection that was opened, meanwhile."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


class Trap:
    """A service of the inside that listens: whoever comes, has come."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._listening = socket.create_server((host, 0))
        self._listening.setblocking(False)
        self.port = int(self._listening.getsockname()[1])

    def visitors(self) -> int:
        """How many came since the last look; the system takes a connection in before anybody accepts it."""
        count = 0
        while True:
            try:
                self._listening.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    """A trap that has been seen to work."""
    made = Trap()
    socket.create_connection(("127.0.0.1", made.port)).close()
    assert made.visitors() == 1
    yield made
    made.close()


@pytest.fixture
def answering() -> Iterator[Callable[..., tuple[int, list[str]]]]:
    """Start a web service of the house's own list, which answers everything with one thing."""
    started: list[HTTPServer] = []

    def start(
        status: int, headers: dict[str, str], body: bytes = b"", tls: ssl.SSLContext | None = None
    ) -> tuple[int, list[str]]:
        asked: list[str] = []

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Answer)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        started.append(server)
        return server.server_port, asked

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def item() -> wires.Item:
    return wires.Item("1.2.840.10008.5.1.4.1.1.2", generate_uid(), "1.2.840.10008.1.2.1", lambda: b"bytes")


def test_no_address_in_a_request_is_ever_called_or_led_to(cast: Cast, trap: Trap) -> None:
    """Fault C9: every page x a dozen names for an address, by GET and POST, as patient, clerk and administrator.

    The addresses are of a service that listens on this machine, in four spellings, and of a cloud's metadata.
    """
    spelled = [f"http://{host}:{trap.port}/" for host in ("127.0.0.1", "localhost", "2130706433", "127.1")] + [METADATA]
    fillings = {"IntConverter": 1, "UUIDConverter": cast.chest.pk, "StringConverter": "1.2.3"}
    table = get_resolver().reverse_dict
    pages = set()
    for name in (name for name in table if isinstance(name, str)):
        for ways, _regex, _defaults, converters in table.getlist(name):
            text, parameters = ways[0]
            pages.add("/" + text % {key: fillings.get(type(converters.get(key)).__name__, "1") for key in parameters})
    with calls() as called:
        for who in (cast.alice, cast.hal, cast.sam):
            client = browser(who)
            for number, page in enumerate(sorted(pages - {"/accounts/logout/"})):
                sent = {name: spelled[(number + place) % len(spelled)] for place, name in enumerate(FIELDS)}
                for answer in (client.get(page, sent), client.post(page, sent)):
                    assert not answer.headers.get("Location", "").startswith(tuple(spelled)), page
    assert called == []
    assert trap.visitors() == 0


def test_what_is_called_is_seen(trap: Trap) -> None:
    """The watch of the test above sees a connection, and a name that is looked up."""
    with calls() as called:
        socket.create_connection(("localhost", trap.port)).close()
    assert [one.split()[0] for one in called[:2]] == ["socket.getaddrinfo", "socket.connect"]


def test_a_bulk_data_address_in_a_record_is_not_fetched(cast: Cast, trap: Trap) -> None:
    """Fault C9: STOW of metadata that names an address for its pixels is not taken at all."""
    body = json.dumps([{"7FE00010": {"vr": "OW", "BulkDataURI": f"http://127.0.0.1:{trap.port}/"}}])
    key = make_key("pacs", issuer="LAKESIDE", actor=BY, place=PLACE, now=NOW)[1]
    parts = f"--x\r\nContent-Type: application/dicom+json\r\n\r\n{body}\r\n--x--\r\n".encode()
    with calls() as called:
        answer = Client().generic(
            "POST", "/dicom-web/studies", parts,
            content_type='multipart/related; type="application/dicom+json"; boundary=x',
            HTTP_AUTHORIZATION=f"Bearer {key}",
        )  # fmt: skip
    assert answer.status_code == 415
    assert (called, trap.visitors()) == ([], 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_hospital_that_sends_us_elsewhere_is_not_followed(answering: Any, trap: Trap, status: int) -> None:
    """Fault C9: a redirect of the other side, to a service of the inside, gets neither images nor a question."""
    port, asked = answering(status, {"Location": f"http://127.0.0.1:{trap.port}/latest/meta-data/"})
    address = f"http://127.0.0.1:{port}/dicom-web"
    assert list(wires.send(Peer(name="Riverside", kind="dicomweb", url=address), [item()])) == []
    with web.opened(Pacs(name="Archive", kind="dicomweb", url=address)) as wire, pytest.raises(Unreached):
        wire.studies("LH-100482", "", "")
    assert asked[0] == "/dicom-web/studies"
    assert len(asked) == 2
    assert trap.visitors() == 0


def test_addresses_in_an_answer_of_a_pacs_are_not_fetched(answering: Any, trap: Trap) -> None:
    """Fault C9: where a PACS says that its objects and pixels are, we do not look."""
    elsewhere = f"http://127.0.0.1:{trap.port}/"
    study, series, uid = generate_uid(), generate_uid(), generate_uid()
    row = {
        "0020000D": {"vr": "UI", "Value": [study]},
        "0020000E": {"vr": "UI", "Value": [series]},
        "00080018": {"vr": "UI", "Value": [uid]},
        "00081190": {"vr": "UR", "Value": [elsewhere]},
        "7FE00010": {"vr": "OW", "BulkDataURI": elsewhere},
    }
    port, asked = answering(200, {"Content-Type": "application/dicom+json"}, json.dumps([row]).encode())
    with web.opened(Pacs(name="Archive", kind="dicomweb", url=f"http://127.0.0.1:{port}")) as wire:
        assert wire.instances(study) == {uid: series}
    assert len(asked) == 1
    assert trap.visitors() == 0


def test_a_name_that_leads_inside_gets_no_byte_of_a_record(answering: Any, certificate: Any) -> None:
    """Fault C9: DNS may answer with any address; who is there has to prove the name before anything is said.

    `localhost` stands for the name of a hospital that the system's resolver leads to this machine; the certificate
    there is trusted, and is another one's.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    port, asked = answering(200, {}, tls=tls)
    named = Peer(name="Riverside", kind="dicomweb", url=f"https://localhost:{port}/dicom-web", ca=str(certificate[0]))
    with pytest.raises(wires.NotReached):
        list(wires.send(named, [item()]))
    archive = Pacs(name="Archive", kind="dicomweb", url=named.url, ca=str(certificate[0]))
    with web.opened(archive) as wire, pytest.raises(Unreached):
        wire.studies("LH-100482", "", "")
    assert asked == []
