"""From hospital to hospital: real receivers (pynetdicom over TLS, Orthanc's DICOMweb), queue, retries, proof."""

import datetime
import ipaddress
import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydicom.uid import EncapsulatedPDFStorage
from pynetdicom import AE, evt

from cast import NOW, PLACE, Cast
from ports import free_port
from rooms.release.helping import in_review
from scanward.archive.models import Instance
from scanward.audit.models import Entry
from scanward.law.bases import Basis, RecipientKind
from scanward.law.errors import Unlawful
from scanward.law.tracks import Track
from scanward.people.models import Account
from scanward.release import actions, peers, wires
from scanward.release.actions import exchanging
from scanward.release.models import Disclosure, Recipient, ReleaseRequest, Transfer, TransferState
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db
# Images and report for a doctor whose hospital is on the house's list.
TO_RIVERSIDE: dict[str, Any] = {
    "track": Track.DIRECTIVE,
    "delivery": Arrival.EXCHANGE,
    "signature": "Alice Rivera",
    "recipient": actions.RecipientDetails(
        kind=RecipientKind.PROVIDER,
        name="Dr. Okoye",
        organization="Riverside Hospital",
        address="1 River Road",
        state="DC",
    ),
}
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of this machine that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    there, secret = tmp_path / "peer.pem", tmp_path / "peer.key"
    there.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return there, secret


@pytest.fixture
def listening(certificate: tuple[Path, Path]) -> Iterator[Callable[..., tuple[int, list[Any]]]]:
    """Start a receiver over TLS; it refuses as many objects first as it is told to."""
    started = []

    def start(*, refuse: int = 0, then: Callable[[], None] = lambda: None) -> tuple[int, list[Any]]:
        received: list[Any] = []
        left = [refuse]

        def store(event: Any) -> int:
            if left[0] > 0:
                left[0] -= 1
                return 0xA700
            received.append(event.dataset)
            then()
            return 0x0000

        entity = AE(ae_title="RIVERSIDE")
        for uid in {*Instance.objects.values_list("sop_class_uid", flat=True), EncapsulatedPDFStorage}:
            entity.add_supported_context(
                uid, sorted(set(Instance.objects.values_list("transfer_syntax_uid", flat=True)))
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        does = [(evt.EVT_C_STORE, store)]
        started.append(entity.start_server(("127.0.0.1", 0), block=False, ssl_context=context, evt_handlers=does))
        return started[-1].server_address[1], received

    yield start
    for server in started:
        server.shutdown()


@pytest.fixture
def known(tmp_path: Path, settings: Any) -> Callable[..., None]:
    """Write the house's file of hospitals."""

    def written(**values: object) -> None:
        settings.PEERS_FILE = tmp_path / "peers.toml"
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in {"name": "Riverside", **values}.items())
        settings.PEERS_FILE.write_text(f"[[peer]]\n{lines}\n")

    return written


@pytest.fixture
def ready(cast: Cast, lena: Account, ask: Any, known: Any, monkeypatch: pytest.MonkeyPatch) -> ReleaseRequest:
    """Alice's request to send her chest CT to Riverside, approved, built and checked."""
    monkeypatch.setattr(exchanging, "PAUSE_SECONDS", 0.01)
    request: ReleaseRequest = ask(**TO_RIVERSIDE)
    in_review(request, cast.hal)
    known(kind="dicomweb", url="https://riverside.example.org/dicom-web")
    back = {"name": "Dr. Okoye", "organization": "Riverside Hospital", "address": "1 River Road", "peer": "Riverside"}
    actions.confirm_recipient(request, back, by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis=Basis.DIRECTIVE, now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    request.refresh_from_db()
    return request


def carried(request: ReleaseRequest, by: Account) -> Transfer:
    """Queue a transfer and let a worker carry it."""
    transfer = actions.send_to_peer(request, by=by, now=NOW, place=PLACE)
    exchanging.carry(transfer, now=NOW)
    transfer.refresh_from_db()
    request.refresh_from_db()
    return transfer


def test_images_go_to_another_hospital_over_tls_and_each_is_acknowledged(
    cast: Cast, ready: ReleaseRequest, listening: Any, known: Any, certificate: Any
) -> None:
    """Requirements G1, G2, G12, G19, J3: DICOM over TLS, the report as an encapsulated PDF, row and hash."""
    port, received = listening()
    known(kind="dicom", host="127.0.0.1", port=port, ae_title="RIVERSIDE", ca=str(certificate[0]))
    sent = carried(ready, cast.hal)
    uids = set(Instance.objects.filter(series__study=cast.chest).values_list("sop_instance_uid", flat=True))
    [report] = [each for each in received if each.SOPInstanceUID not in uids]
    assert len(received) == len(uids) + 1 == sent.total
    assert (report.StudyInstanceUID, report.PatientID) == (cast.chest.study_instance_uid, "LH-100482")
    assert bytes(report.EncapsulatedDocument).startswith(b"%PDF")
    row = Disclosure.objects.get(request=ready)
    assert (row.channel, row.manifest_sha256) == ("exchange", sent.package.manifest_sha256)
    assert (sent.state, ready.state) == (TransferState.DONE, "delivered")
    assert Entry.objects.filter(kind="delivered").count() == 1


def test_what_was_refused_is_sent_again_and_nothing_twice(
    cast: Cast, ready: ReleaseRequest, listening: Any, known: Any, certificate: Any
) -> None:
    port, received = listening(refuse=3)
    known(kind="dicom", host="127.0.0.1", port=port, ae_title="RIVERSIDE", ca=str(certificate[0]))
    carried(ready, cast.hal)
    uids = [each.SOPInstanceUID for each in received]
    assert len(uids) == len(set(uids)) == Instance.objects.filter(series__study=cast.chest).count() + 1


def test_nobody_there_delivers_nothing_and_says_so(
    cast: Cast, ready: ReleaseRequest, known: Any, certificate: Any
) -> None:
    known(kind="dicom", host="127.0.0.1", port=free_port(), ae_title="RIVERSIDE", ca=str(certificate[0]))
    transfer = carried(ready, cast.hal)
    assert (transfer.state, ready.state) == (TransferState.FAILED, "ready")
    assert (transfer.sent, transfer.problem) == (0, exchanging.NOT_REACHED)
    assert not Disclosure.objects.exists()
    assert Entry.objects.filter(kind="delivery_failed").count() == 1


def test_a_permission_that_ends_stops_what_is_being_sent(
    cast: Cast, ready: ReleaseRequest, listening: Any, known: Any, certificate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirements D9, D11; fault C14: the rest stays here; what had arrived by then is in the register."""
    monkeypatch.setattr(exchanging, "ASK_AGAIN_SECONDS", 0.0)
    port, received = listening()
    known(kind="dicom", host="127.0.0.1", port=port, ae_title="RIVERSIDE", ca=str(certificate[0]))
    plain = wires.send

    def ended_after_two(peer: peers.Peer, items: Any) -> Iterator[str]:
        for number, uid in enumerate(plain(peer, items)):
            yield uid
            if number == 1:
                actions.block(ready, by=exchanging.reference(actor), now=NOW, place=PLACE)

    actor = __import__("cast").actor(cast.hal)
    monkeypatch.setattr(wires, "send", ended_after_two)
    transfer = carried(ready, cast.hal)
    assert transfer.state == TransferState.STOPPED
    assert "permission ended" in transfer.problem
    assert len(received) == 2
    assert Disclosure.objects.get(request=ready).description.startswith("2 of")


def test_a_transfer_that_broke_off_goes_on_where_it_was(
    cast: Cast, ready: ReleaseRequest, listening: Any, known: Any, certificate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement G12; fault D8: started again it sends the rest only, and each image is disclosed once."""
    monkeypatch.setattr(exchanging, "TRIES", 1)
    port, received = listening()
    known(kind="dicom", host="127.0.0.1", port=port, ae_title="RIVERSIDE", ca=str(certificate[0]))
    plain = wires.send

    def cut_after_two(peer: peers.Peer, items: Any) -> Iterator[str]:
        for number, uid in enumerate(plain(peer, items)):
            yield uid
            if number == 1:
                raise wires.NotReached

    with monkeypatch.context() as cut:
        cut.setattr(wires, "send", cut_after_two)
        assert carried(ready, cast.hal).sent == 2
    again = carried(ready, cast.hal)
    uids = [each.SOPInstanceUID for each in received]
    assert (again.state, len(uids)) == (TransferState.DONE, again.total)
    assert len(uids) == len(set(uids))


def test_a_worker_that_was_killed_is_noticed_and_only_one_transfer_runs(
    cast: Cast, ready: ReleaseRequest, known: Any
) -> None:
    """Fault D8: it goes back into the queue; two at the same time are refused by the database."""
    known(kind="dicomweb", url="https://riverside.example.org/dicom-web")
    transfer = actions.send_to_peer(ready, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="under way"):
        actions.send_to_peer(ready, by=cast.hal, now=NOW, place=PLACE)
    Transfer.objects.update(state=TransferState.RUNNING, touched_at=NOW - exchanging.STILL_AFTER * 2)
    assert exchanging.resume_broken(now=NOW) == 1
    transfer.refresh_from_db()
    assert transfer.state == TransferState.WAITING


@pytest.mark.skipif(not (shutil.which("Orthanc") and PLUGIN.exists()), reason="needs Orthanc and its DICOMweb plugin")
def test_images_go_to_another_hospital_over_dicomweb(
    cast: Cast, ready: ReleaseRequest, known: Any, tmp_path: Path
) -> None:
    """Requirement G12: STOW-RS into Orthanc; it holds every object afterwards."""
    port = free_port()
    (tmp_path / "o.json").write_text(
        json.dumps(
            {
                "StorageDirectory": str(tmp_path / "o"), "IndexDirectory": str(tmp_path / "o"), "HttpPort": port,
                "DicomServerEnabled": False, "AuthenticationEnabled": False, "Plugins": [str(PLUGIN)],
            }
        )
    )  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(["Orthanc", str(tmp_path / "o.json")], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and server.poll() is None:
            try:
                requests.get(f"http://127.0.0.1:{port}/system", timeout=240)
                break
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.1)
        known(kind="dicomweb", url=f"http://127.0.0.1:{port}/dicom-web")
        carried(ready, cast.hal)
        held = requests.get(f"http://127.0.0.1:{port}/statistics", timeout=240).json()["CountInstances"]
        assert held == Instance.objects.filter(series__study=cast.chest).count() + 1
    finally:
        server.kill()
        server.wait(240)


def test_only_hospitals_of_the_houses_own_list_are_ever_called(cast: Cast, ready: ReleaseRequest, known: Any) -> None:
    """Fault C9: no address comes from a request; an address as a name is nobody."""
    known(kind="dicomweb", url="https://riverside.example.org/dicom-web")
    assert ready.recipient
    for name in ("http://169.254.169.254/latest/meta-data", "127.0.0.1", "", "riverside"):
        Recipient.objects.filter(pk=ready.recipient.pk).update(peer=name)
        with pytest.raises(Unlawful, match="not connected"):
            actions.send_to_peer(ready, by=cast.hal, now=NOW, place=PLACE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "dicom", "host": "10.0.0.9", "port": 104, "ae_title": "X"},
        {"kind": "dicomweb", "url": "http://riverside.example.org/dicom-web"},
        {"kind": "dicomweb", "url": "file:///etc/passwd"},
        {"kind": "fax"},
        {"kind": "dicom", "hots": "x"},
    ],
)
def test_a_list_that_would_send_in_the_clear_is_refused(known: Any, wrong: dict[str, Any]) -> None:
    """Requirement J3; fault C9: TLS or nothing, except on this machine itself."""
    known(**wrong)
    with pytest.raises(peers.BadPeers):
        peers.load()


def test_who_is_not_approved_sends_nothing(cast: Cast, ask: Any, known: Any) -> None:
    known(kind="dicomweb", url="https://riverside.example.org/dicom-web")
    request = ask(**TO_RIVERSIDE)
    with pytest.raises(Unlawful, match="not connected"):
        actions.send_to_peer(request, by=cast.hal, now=NOW, place=PLACE)
