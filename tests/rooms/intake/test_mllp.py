"""Reports over a real socket: taken and answered, plain and with TLS; whoever misbehaves holds nobody up."""

import contextlib
import random
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hl7
import pytest
from django.test import Client

from cast import ALICE, Cast
from rooms.intake.listening import Listening, copy_of, listen, rest_of
from rooms.intake.senders import send, slice_of
from rooms.intake.test_peers import Authority, client
from rooms.reporting.messages import oru
from scanward.intake.dimse.keeper import Keeper
from scanward.intake.dimse.peers import BadSettings
from scanward.intake.mllp.partners import load
from scanward.intake.mllp.server import ReportServer

# The images that the listener's tests send are of this person.
THEIRS = {"number": "LH-1", "name": "Liddell^Alice"}


class Engine:
    """An interface engine: sends messages and reads their answers."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(240)
        self.sock, self.file = sock, sock.makefile("rb")

    def send(self, message: bytes) -> hl7.Message:
        self.sock.sendall(b"\x0b" + message + b"\x1c\r")
        return self.answer()

    def answer(self) -> hl7.Message:
        found = b""
        while not found.endswith(b"\x1c\r"):
            piece = self.file.read(1)
            assert piece, found
            found += piece
        return hl7.parse(found[1:-2].decode())

    def close(self) -> None:
        self.file.close()
        self.sock.close()


@pytest.fixture(scope="module")
def running(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    place = copy_of(template, tmp_path_factory.mktemp("reports") / "place")
    found = listen(place, listeners=2)
    image = slice_of(study="1.2.3.500")
    image.AccessionNumber, image.IssuerOfPatientID = "A-1", "LAKESIDE"
    assert send(found.ports[0], image) == [0]
    yield found
    assert found.stop() == 0


@pytest.fixture
def engine(running: Listening) -> Iterator[Engine]:
    found = Engine(socket.create_connection(("127.0.0.1", running.ports[1]), timeout=240))
    yield found
    found.close()


def code(answer: hl7.Message) -> str:
    return str(answer["MSA"][0][1])


def versions(running: Listening) -> int:
    return running.ask("SELECT count(*) FROM archive_report")[0][0]


def test_a_report_is_durable_indexed_and_told_when_it_is_acknowledged(running, engine):
    """F8, L2."""
    before = versions(running)
    answer = engine.send(oru(accession="A-1", control="durable", **THEIRS))
    assert (code(answer), str(answer["MSA"][0][2])) == ("AA", "durable")
    assert versions(running) == before + 1
    assert running.told("report_stored", '"channel":"hl7"')


def test_a_duplicate_is_acknowledged_and_kept_once(running, engine):
    message = oru("FINDINGS: twice", accession="A-1", control="twice", **THEIRS)
    assert code(engine.send(message)) == "AA"
    before = versions(running)
    assert code(engine.send(message)) == "AA"
    assert versions(running) == before


def test_many_messages_on_one_connection_and_two_at_once(running, engine):
    messages = [oru(f"FINDINGS: number {n}", accession="A-1", control=f"n{n}", **THEIRS) for n in range(5)]
    engine.sock.sendall(b"".join(b"\x0b" + message + b"\x1c\r\r\n" for message in messages))
    assert [str(engine.answer()["MSA"][0][2]) for _ in messages] == [f"n{n}" for n in range(5)]


def test_a_report_of_nobody_known_is_kept_apart_and_acknowledged(running, engine):
    assert code(engine.send(oru(accession="B-9", number="LH-77", control="apart"))) == "AA"
    assert running.ask("SELECT count(*) FROM archive_heldobject WHERE form = 'hl7'")[0][0] >= 1
    assert running.told("conflict_opened", "study_unknown")


@pytest.fixture
def reported(running: Listening, engine: Engine) -> str:
    """The accession number of an examination of its own, with a final report."""
    number = f"W-{random.getrandbits(32)}"
    image = slice_of(study=f"1.2.3.{random.getrandbits(40)}")
    image.AccessionNumber, image.IssuerOfPatientID = number, "LAKESIDE"
    assert send(running.ports[0], image) == [0]
    assert code(engine.send(oru(accession=number, control="final", **THEIRS))) == "AA"
    return number


def states(running: Listening, accession: str) -> list[str]:
    sql = "SELECT r.status FROM archive_report r JOIN archive_study s ON s.id = r.study_id WHERE s.accession_number = ?"
    return [row[0] for row in running.ask(f"{sql} ORDER BY r.version", accession)]


TAKES_BACK = {
    "posted by mistake": {"lines": ["OBX|1|TX|||wrong person||||||W"]},
    "every line deleted": {"status": "C", "lines": ["OBX|1|TX|||a||||||D", "OBX|2|TX|||b||||||D"]},
    "can't be obtained": {"lines": ["OBX|1|TX|||||||||X"]},
    "order cancelled": {"status": "X", "lines": []},
}


@pytest.mark.parametrize("how", TAKES_BACK)
def test_a_report_is_taken_back_over_the_wire_and_does_not_come_back_by_itself(running, engine, reported, how):
    """F8: acknowledged, a version of its own, in the ledger; a late copy of the old report is answered no."""
    back = oru(accession=reported, control="back", **TAKES_BACK[how], **THEIRS)
    back = back.replace(b"20260312120000-0600", b"20260312121500-0600")
    for _ in range(2):
        assert code(engine.send(back)) == "AA"
    assert states(running, reported) == ["final", "entered-in-error"]
    assert running.told("report_taken_back")
    for status in "PFC":
        answer = engine.send(oru(accession=reported, status=status, control="late", **THEIRS))
        assert (code(answer), str(answer["ERR"][0][2])) == ("AE", "OBR^1^25")
    assert states(running, reported) == ["final", "entered-in-error"]


def test_a_report_that_is_signed_anew_takes_the_place_of_the_withdrawal(running, engine, reported):
    back = oru(accession=reported, control="back", **TAKES_BACK["posted by mistake"], **THEIRS)
    assert code(engine.send(back)) == "AA"
    anew = oru("FINDINGS: right", accession=reported, control="new", **THEIRS)
    assert code(engine.send(anew.replace(b"20260312120000-0600", b"20260312123000-0600"))) == "AA"
    assert states(running, reported) == ["final", "entered-in-error", "amended"]


def test_a_cancelled_order_without_any_line_is_taken(running, engine, reported):
    """ORC-1 alone says it: OBR-25 is still what it was."""
    data = oru(accession=reported, lines=[], control="orc", **THEIRS).replace(b"OBR|", b"ORC|OC\rOBR|")
    assert code(engine.send(data)) == "AA"
    assert states(running, reported) == ["final", "entered-in-error"]


@pytest.mark.parametrize(
    "message, wanted, place",
    [
        (oru(header={9: "ADT^A01"}), "AR", "MSH^1^9"),
        (oru(header={11: "T"}), "AR", "MSH^1^11"),
        (oru().replace(b"PID|", b"PIX|"), "AE", "PID"),
        (b"MSH|^~\\&|\xff\xfe", "AE", "MSH^1^18"),
        (b"hello", "AE", "MSH"),
        (b"", "AE", "MSH"),
    ],
)
def test_what_is_wrong_gets_a_clear_answer_and_is_told(running, engine, message, wanted, place):
    answer = engine.send(message)
    assert (code(answer), str(answer["ERR"][0][2])) == (wanted, place)
    assert "LH-" not in str(answer)
    assert running.told("object_refused", "message refused")


def test_browsers_and_noise_get_nothing(running):
    with socket.create_connection(("127.0.0.1", running.ports[1]), timeout=240) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert rest_of(sock) == b""
    assert running.told("connection_refused", "not MLLP")


def test_a_message_without_end_is_cut_within_bounds(running, engine):
    """A good sender is served meanwhile, and memory stays within 64 MB."""
    before = running.memory()
    endless = socket.create_connection(("127.0.0.1", running.ports[1]), timeout=240)
    with endless:
        endless.sendall(b"\x0b" + b"MSH|^~\\&|" + b"|" * (7 << 20))
        assert code(engine.send(oru(accession="A-1", control="meanwhile", **THEIRS))) == "AA"
        with contextlib.suppress(OSError):
            endless.sendall(b"|" * (4 << 20))
        said = rest_of(endless)
    assert not said or b"MSA|AR" in said
    assert running.memory() - before < 64 << 20


def test_silent_connections_lock_nobody_out(running):
    silent = [socket.create_connection(("127.0.0.1", running.ports[1]), timeout=240) for _ in range(100)]
    late = Engine(socket.create_connection(("127.0.0.1", running.ports[1]), timeout=240))
    assert code(late.send(oru(accession="A-1", control="late", **THEIRS))) == "AA"
    late.close()
    for sock in silent:
        sock.close()


def test_seeded_changes_of_a_message_always_get_an_answer(running):
    """Any bytes: an answer or a refusal, and the listener lives on."""
    dice, good = random.Random(7), oru("FINDINGS: ñ", accession="A-1", **THEIRS)
    for _ in range(150):
        data = bytearray(good)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(data))
            data[at : at + dice.randint(0, 3)] = bytes(dice.choices(range(0x20, 256), k=dice.randint(0, 3)))
        data = data.replace(b"\x1c", b"").replace(b"\x0b", b"")
        # Whose header can't be read is answered, and the connection ends.
        with contextlib.closing(
            Engine(socket.create_connection(("127.0.0.1", running.ports[1]), timeout=240))
        ) as engine:
            said = code(engine.send(bytes(data)))
        assert said in ("AA", "AE", "AR")
    assert "Traceback" not in (running.place / "log").read_text()


@pytest.fixture(scope="module")
def guarded(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Listening, Authority]]:
    """A listener with mutual TLS that knows one sender."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder, "hospital")
    certificate, key = authority.issue("server")
    authority.issue("ris")
    place = copy_of(template, folder / "place")
    (place / "hl7.toml").write_text(f"""
        [[listener]]
        address = "127.0.0.1"
        port = 0
        certificate = "{certificate}"
        key = "{key}"
        client_ca = "{authority.file}"

        [[sender]]
        application = "RIS"
        facility = "RADIOLOGY"
        addresses = ["127.0.0.1"]
        issuer = "LAKESIDE"
    """)
    found = listen(place, listeners=2)
    yield found, authority
    assert found.stop() == 0


def over_tls(guarded: tuple[Listening, Authority], context: ssl.SSLContext, message: bytes) -> hl7.Message:
    plain = socket.create_connection(("127.0.0.1", guarded[0].ports[1]), timeout=240)
    found = Engine(context.wrap_socket(plain, server_hostname="127.0.0.1"))
    try:
        return found.send(message)
    finally:
        found.close()


def test_with_mutual_tls_the_sender_is_served_and_another_name_is_not(guarded):
    authority = guarded[1]
    context = client(authority, certificate=(authority.folder / "ris.pem", authority.folder / "ris.key"))
    assert code(over_tls(guarded, context, oru())) == "AA"
    answer = over_tls(guarded, context, oru(header={3: "EVIL"}))
    assert (code(answer), str(answer["ERR"][0][2])) == ("AE", "MSH^1^3")
    assert guarded[0].told("security_alert", "unknown peer")


def test_without_a_certificate_and_without_tls_there_is_no_answer(guarded):
    with pytest.raises((OSError, AssertionError)):
        over_tls(guarded, client(guarded[1]), oru())
    with socket.create_connection(("127.0.0.1", guarded[0].ports[1]), timeout=240) as sock:
        sock.sendall(b"\x0b" + oru() + b"\x1c\r")
        assert b"MSA" not in rest_of(sock)
    assert guarded[0].told("security_alert", "TLS handshake refused")


@pytest.mark.parametrize(
    "toml, said",
    [
        ('[[listener]]\naddress = "10.0.0.5"', "no TLS"),
        ('[[sender]]\naddresses = ["10.0.0.5"]', "application is missing"),
        ('[[sender]]\napplication = "RIS"', "addresses is missing"),
        ('[[sender]]\napplication = "RIS"\naddresses = ["10.0.0.5"]\ncharacter_set = "EBCDIC"', "character_set"),
        ('[[sender]]\napplication = "RIS"\naddresses = ["10.0.0.5"]\nae_title = "X"', "means nothing here"),
        ("[[peer]]", "only, not peer"),
    ],
)
def test_settings_that_can_t_be_are_named(tmp_path, toml, said):
    path = tmp_path / "hl7.toml"
    path.write_text(toml)
    with pytest.raises(BadSettings, match=said):
        load(path, port=2575)


@pytest.fixture
def in_process(tmp_path: Path) -> Iterator[Engine]:
    """A connection to a listener that shares the test's database."""
    keeper = Keeper(clock=lambda: datetime.now(UTC))
    keeper.start()
    server = ReportServer(
        tmp_path / "hl7.toml", keeper, port=0, issuer=ALICE.issuer, facility="Lakeside", clock=lambda: datetime.now(UTC)
    )
    [(_listener, port)] = server.open()
    server.start()
    found = Engine(socket.create_connection(("127.0.0.1", port), timeout=240))
    yield found
    found.close()
    server.stop()
    keeper.stop()


def page_of(cast: Cast, language: str = "en") -> str:
    alice = Client()
    alice.force_login(cast.alice)
    return alice.get(f"/scans/{cast.chest.id}/", headers={"Accept-Language": language}).content.decode()


@pytest.mark.django_db(transaction=True)
def test_from_the_socket_to_the_patients_page(cast, in_process):
    """F8: a report is on the patient's page as soon as its sender has the acknowledgement."""
    assert code(in_process.send(oru("FINDINGS: <b>Sent</b> \u202eby wire\nIMPRESSION: Fine."))) == "AA"
    page = page_of(cast)
    assert "&lt;b&gt;Sent&lt;/b&gt; by wire" in page
    assert "Corrected report" in page
    assert "\u202e" not in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "language, words", [("en", "The hospital took this report back"), ("es", "retiró este informe")]
)
def test_the_patients_page_says_in_plain_words_that_a_report_was_taken_back(cast, in_process, language, words):
    """F8: the words that may be another person's are gone, on the page and as a file."""
    assert code(in_process.send(oru(lines=["OBX|1|TX|||Words of another.||||||W"]))) == "AA"
    page = page_of(cast, language)
    assert words in page
    gone = ("Words of another", "report.pdf", "not here yet", "todavía no", "The report above", "El informe de arriba")
    assert not any(words in page for words in gone)
    alice = Client()
    alice.force_login(cast.alice)
    assert alice.get(f"/scans/{cast.chest.id}/report.pdf").status_code == 410


def test_the_end_of_the_listener_ends_open_connections(template, tmp_path):
    found = listen(copy_of(template, tmp_path / "place"), listeners=2)
    open_one = Engine(socket.create_connection(("127.0.0.1", found.ports[1]), timeout=240))
    assert found.stop() == 0
    assert rest_of(open_one.sock) == b""
    open_one.close()
