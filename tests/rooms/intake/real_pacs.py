"""Real PACS for the tests: Orthanc (DICOM and DICOMweb) and dcmtk's dcmqrscp, each in a folder of its own."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from ports import free_port
from rooms.intake.test_peers import Authority
from scanward.dicom.synthetic import SyntheticStudy

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
PATIENCE = 240.0


def answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _running(words: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE
    while not answers(port):
        assert process.poll() is None, words
        assert time.monotonic() < until, words
        time.sleep(0.1)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=240)


def secured(folder: Path) -> tuple[dict[str, str], dict[str, object]]:
    """Certificates of one authority for both sides of mutual TLS: our files, and what Orthanc's settings say."""
    authority = Authority(folder, "hospital")
    ours, theirs = authority.issue("us"), authority.issue("orthanc")
    return {"ca": str(authority.file), "certificate": str(ours[0]), "key": str(ours[1])}, {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(theirs[0]),
        "DicomTlsPrivateKey": str(theirs[1]),
        "DicomTlsTrustedCertificates": str(authority.file),
        "DicomTlsRemoteCertificateRequired": True,
    }


@contextmanager
def orthanc(folder: Path, *studies: SyntheticStudy, **more: object) -> Iterator[tuple[int, str]]:
    """An Orthanc that has these studies; yields its DICOM port and the address of its web services."""
    web, port = free_port(), free_port()
    settings = {
        "StorageDirectory": str(folder / "orthanc"),
        "IndexDirectory": str(folder / "orthanc"),
        "HttpPort": web,
        "DicomPort": port,
        "DicomAet": "ORTHANC",
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "Plugins": [str(PLUGIN)] if PLUGIN.is_file() else [],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        **more,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with _running(["Orthanc", str(folder / "orthanc.json")], web):
        address = f"http://127.0.0.1:{web}"
        for study in studies:
            for file in study.files:
                requests.post(f"{address}/instances", data=bytes(file.data), timeout=240).raise_for_status()
        yield port, address


@contextmanager
def dcmqrscp(folder: Path, *studies: SyntheticStudy, listener: int = 0) -> Iterator[int]:
    """A dcmqrscp that has these studies and may send to our listener; yields its port."""
    port = free_port()
    (folder / "database").mkdir()
    (folder / "qr.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nus = (SCANWARD, 127.0.0.1, {listener})\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQR {folder / 'database'} RW (100, 1024mb) ANY\nAETable END\n"
    )
    with _running(["dcmqrscp", "-c", str(folder / "qr.cfg")], port):
        for study in studies:
            send(folder, study, port)
        yield port


def send(folder: Path, study: SyntheticStudy, port: int) -> None:
    """Send a study's files with dcmtk's storescu."""
    there = folder / "sent"
    there.mkdir(exist_ok=True)
    for number, file in enumerate(study.files):
        (there / f"{number}.dcm").write_bytes(file.data)
    words = ["storescu", "-R", "-aec", "QR", "127.0.0.1", str(port), "+sd", str(there)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
