"""Who may connect: title, address and certificate have to agree, and each listener has its own rules."""

import datetime
import ipaddress
import socket
import ssl
import subprocess
from pathlib import Path

import pydicom
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rooms.dicom.making import IMPLICIT
from rooms.intake.listening import associate, listen, pdu, program, rest_of
from rooms.intake.senders import FIND, association, send, served_meanwhile, slice_of
from scanward.intake.dimse.peers import BadSettings, load

CALLING_REJECTED = pdu(3, bytes((0, 1, 1, 3)))
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """Signs certificates."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.ca.pem"
        certificate = self.sign(self.name, self.key.public_key(), ca=True)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def sign(self, subject: x509.Name, key, *, ca: bool = False, until: datetime.timedelta = DAY) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(NOW - 9 * DAY)
        builder = builder.not_valid_after(NOW + until).add_extension(x509.BasicConstraints(ca, None), critical=True)
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return builder.add_extension(here, critical=False).sign(self.key, hashes.SHA256())

    def issue(self, name: str, **more) -> tuple[Path, Path]:
        """A certificate and its key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate, file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        signed = self.sign(subject, key.public_key(), **more)
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        file.write_bytes(key.private_bytes(pem, form, plain))
        return certificate, file


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), "hospital")


@pytest.fixture(scope="module")
def guarded(template, tmp_path_factory, authority):
    """Two listeners: a plain one for CT1 and an address that is not ours, and one with mutual TLS for CT2."""
    from rooms.intake.listening import copy_of

    certificate, key = authority.issue("server")
    mine, _ = authority.issue("ct2")
    fingerprint = x509.load_pem_x509_certificate(mine.read_bytes()).fingerprint(hashes.SHA256()).hex()
    toml = f"""
        [[listener]]
        name = "plain"
        port = 0
        ae_title = "SCANWARD"
        [[listener]]
        name = "safe"
        port = 0
        certificate = "{certificate}"
        key = "{key}"
        client_ca = "{authority.file}"
        [[peer]]
        ae_title = "CT1"
        addresses = ["127.0.0.0/8"]
        [[peer]]
        ae_title = "CT3"
        addresses = ["127.0.0.0/8"]
        [[peer]]
        ae_title = "ELSEWHERE"
        addresses = ["192.0.2.0/24"]
        [[peer]]
        ae_title = "CT2"
        addresses = ["127.0.0.1"]
        certificate_sha256 = "{fingerprint}"
        listeners = ["safe"]
        [[peer]]
        ae_title = "ASKS"
        addresses = ["127.0.0.1"]
        may_store = false
    """
    running = listen(copy_of(template, tmp_path_factory.mktemp("guarded") / "place"), toml, listeners=2)
    yield running
    assert running.stop() == 0


@pytest.fixture
def ct1_meanwhile(guarded):
    """CT1 sends good slices all the while."""
    with served_meanwhile(guarded, title="CT1", ae_title="SCANWARD"):
        yield


def answer_to(running, **who) -> bytes:
    with running.connect() as sock:
        sock.sendall(associate(**who))
        return sock.recv(65536)


def client(authority: Authority, *, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def over_tls(running, context: ssl.SSLContext, calling: str) -> bytes:
    plain = socket.create_connection(("127.0.0.1", running.ports[-1]), 20)
    with plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
        sock.sendall(associate(calling=calling))
        return sock.recv(65536)


def test_a_known_title_at_its_address_may_come(guarded):
    """M5."""
    assert answer_to(guarded, calling="CT1")[0] == 2


@pytest.mark.parametrize("calling", ["NOBODY", "ELSEWHERE", "CT2", "ct1"])
def test_unknown_titles_wrong_addresses_and_missing_certificates_are_rejected(guarded, ct1_meanwhile, calling):
    """M5, M9. Fault A7."""
    assert answer_to(guarded, calling=calling) == CALLING_REJECTED
    assert guarded.told("security_alert", "unknown peer")


def test_a_listener_with_a_title_answers_to_it_only(guarded):
    with guarded.connect() as sock:
        sock.sendall(associate(calling="CT1").replace(b"SCANWARD", b"SOMEBODY"))
        assert sock.recv(100) == pdu(3, bytes((0, 1, 1, 7)))


def test_a_peer_that_may_not_store_is_told_so(guarded):
    one = slice_of()
    assert send(guarded.port, one, title="ASKS", ae_title="SCANWARD") == [0x0124]
    assert guarded.count("instance", one.SOPInstanceUID) == 0


def test_with_its_certificate_the_peer_may_come(guarded, authority):
    """M1, M9."""
    ours = authority.folder / "ct2.pem", authority.folder / "ct2.key"
    assert over_tls(guarded, client(authority, certificate=ours), "CT2")[0] == 2


def test_a_title_with_another_machines_certificate_is_rejected(guarded, ct1_meanwhile, authority):
    """Fault A7."""
    other = authority.issue("ct9")
    assert over_tls(guarded, client(authority, certificate=other), "CT2") == CALLING_REJECTED


def test_tls_1_3_is_preferred_and_1_2_is_taken(guarded, authority):
    """M1."""
    ours = authority.folder / "ct2.pem", authority.folder / "ct2.key"
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = client(authority, certificate=ours)
        context.maximum_version = version
        assert over_tls(guarded, context, "CT2")[0] == 2


def refused(running, context: ssl.SSLContext) -> bool:
    try:
        return over_tls(running, context, "CT2") == b""
    except (ssl.SSLError, ConnectionError):
        return True


@pytest.mark.skipif(program("openssl") is None, reason="needs openssl")
def test_renegotiation_is_refused_and_told(own_place, authority):
    """Fault A8: TLS 1.2 lets a client ask for new keys at any time; it gets none, and the next sender is served.

    A listener of its own: of one address only the first few refused handshakes are told one by one.
    """
    (certificate, key), (theirs, secret) = authority.issue("asks-again"), authority.issue("server-too")
    toml = f'''
        [[listener]]
        port = 0
        certificate = "{theirs}"
        key = "{secret}"
        client_ca = "{authority.file}"
        [[peer]]
        ae_title = "CT2"
        addresses = ["127.0.0.1"]
    '''
    running = listen(own_place, toml)
    tls = ["-tls1_2", "-cert", certificate, "-key", key, "-CAfile", authority.file]
    command = ["openssl", "s_client", *tls, "-connect", f"127.0.0.1:{running.port}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as asking:
        assert asking.stdin
        assert asking.stdout
        said, line = b"", b"..."
        while line and b"Verify return code: 0" not in said:
            line = asking.stdout.readline()
            said += line
        asking.stdin.write(b"R\n")
        asking.stdin.flush()
        assert b"no renegotiation" in asking.stdout.read()
    assert running.told("security_alert", "ALERT_HANDSHAKE_FAILURE")
    assert over_tls(running, client(authority, certificate=(certificate, key)), "CT2")[0] == 2
    assert running.stop() == 0


def test_no_certificate_an_expired_one_and_a_strangers_are_refused(guarded, ct1_meanwhile, authority, tmp_path):
    """Fault A8."""
    assert refused(guarded, client(authority))
    assert refused(guarded, client(authority, certificate=authority.issue("old", until=-DAY)))
    assert refused(guarded, client(authority, certificate=Authority(tmp_path, "stranger").issue("ct2")))
    assert guarded.told("security_alert", "TLS handshake refused")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "ciphers"), [("TLSv1", "ALL"), ("TLSv1_1", "ALL"), ("TLSv1_2", "NULL"), ("TLSv1_2", "AES128-SHA")]
)
def test_old_tls_and_weak_ciphers_are_refused(guarded, ct1_meanwhile, authority, version, ciphers):
    """M1. Fault A8."""
    context = client(authority, certificate=(authority.folder / "ct2.pem", authority.folder / "ct2.key"))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    assert refused(guarded, context)


def test_plain_dicom_to_the_tls_port_gets_nothing(guarded, ct1_meanwhile):
    """Fault A8."""
    with socket.create_connection(("127.0.0.1", guarded.ports[1]), 20) as sock:
        sock.sendall(associate(calling="CT2"))
        answer = rest_of(sock)
    assert answer[:1] in (b"", b"\x15")
    assert guarded.told("security_alert", "TLS handshake refused")


def test_one_department_learns_nothing_of_another(guarded, ct1_meanwhile):
    """Fault A10: each may only store; a question about the other's scans, or its own, has no row in its answer."""
    for mine, others in (("CT1", "1.2.3.4.10.2"), ("CT3", "1.2.3.4.10.1")):
        study = "1.2.3.4.10.1" if mine == "CT1" else "1.2.3.4.10.2"
        assert send(guarded.port, slice_of(study=study), title=mine, ae_title="SCANWARD") == [0]
        for wanted in (others, study):
            asked = pydicom.Dataset()
            asked.QueryRetrieveLevel, asked.PatientID, asked.StudyInstanceUID = "STUDY", "", wanted
            with association(guarded.port, (FIND, [IMPLICIT]), title=mine, ae_title="SCANWARD") as found:
                answers = list(found.send_c_find(asked, FIND))
            assert [(status.Status & 0xF000, row) for status, row in answers] == [(0xA000, None)]
        assert guarded.told("security_alert", f'"display":"{mine}"')


@pytest.mark.dcmtk
def test_dcmtk_echoes_and_stores_over_mutual_tls(guarded, authority, tmp_path):
    """Fault A9: and it is told nothing when it asks."""
    one = slice_of()
    one.save_as(tmp_path / "one.dcm")
    certificate, key = authority.folder / "ct2.pem", authority.folder / "ct2.key"
    tls = ["--enable-tls", str(key), str(certificate), "--add-cert-file", str(authority.file)]
    port = str(guarded.ports[1])
    subprocess.run(["echoscu", *tls, "-aet", "CT2", "127.0.0.1", port], check=True, timeout=240)
    subprocess.run(
        ["storescu", *tls, "-aet", "CT2", "127.0.0.1", port, str(tmp_path / "one.dcm")], check=True, timeout=240
    )
    assert guarded.count("instance", one.SOPInstanceUID) == 1
    question = ["findscu", *tls, "-v", "-S", "-aet", "CT2", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName="]
    asked = subprocess.run([*question, "127.0.0.1", port], capture_output=True, text=True, check=False, timeout=240)
    assert "Refused" in asked.stdout + asked.stderr
    assert "Liddell" not in asked.stdout + asked.stderr


def test_pynetdicom_stores_over_mutual_tls(guarded, authority):
    one = slice_of()
    context = client(authority, certificate=(authority.folder / "ct2.pem", authority.folder / "ct2.key"))
    with association(guarded.ports[1], title="CT2", tls_args=(context, "127.0.0.1")) as found:
        assert found.send_c_store(one).Status == 0


def test_the_list_of_peers_is_read_again_when_it_changes(own_place):
    running = listen(own_place, '[[listener]]\nport = 0\n[[peer]]\nae_title = "CT1"\naddresses = ["127.0.0.1"]\n')
    assert answer_to(running, calling="CT7") == CALLING_REJECTED
    with (own_place / "dicom.toml").open("a") as file:
        file.write('[[peer]]\nae_title = "CT7"\naddresses = ["127.0.0.1"]\n')
    assert answer_to(running, calling="CT7")[0] == 2
    assert running.stop() == 0


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ('[[listener]]\naddress = "0.0.0.0"', "there is no TLS"),
        ('[[listener]]\ncertificate = "a"', "all three"),
        ('[[listener]]\naddress = "pacs.local"', "must be an IP address"),
        ('[[listener]]\nport = "x"', "below 65536"),
        ("[[peer]]\nae_title = 'CT1'", "addresses is missing"),
        ("[[peer]]\nae_title = 'CT1'\naddresses = ['10.0.0.1/8']", "list of IP addresses"),
        ("[[peer]]\nae_title = 'MORE-THAN-16-LETTERS'\naddresses = ['10.0.0.1']", "1 to 16 letters"),
        ("[[peer]]\nae_title = 'A'\naddresses = ['10.0.0.1']\nadresses = []", "means nothing"),
        ("[[peers]]\n", "may have [[listener]] and [[peer]] only"),
        ("[[peer", "is not TOML"),
    ],
)
def test_a_settings_file_that_is_wrong_says_what_to_change(tmp_path, toml, sentence):
    path = tmp_path / "dicom.toml"
    path.write_text(toml)
    with pytest.raises(BadSettings) as error:
        load(path, port=0)
    assert sentence in str(error.value)


def test_a_written_reason_allows_plain_dicom_beyond_this_machine(tmp_path):
    """M5, M6: without it the default holds, and nothing plain leaves this machine."""
    path = tmp_path / "dicom.toml"
    path.write_text('[[listener]]\naddress = "10.1.0.5"\nwithout_tls_because = "Scanner of 2009 behind its own VLAN"')
    assert load(path, port=0).listeners[0].tls is None
