"""Orthanc as the PACS that sends to us."""

import io
import json
import socket
import subprocess
import time

import pytest
import requests

from rooms.intake.listening import program
from rooms.intake.senders import slice_of

pytestmark = pytest.mark.skipif(program("Orthanc") is None, reason="needs Orthanc")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
def orthanc(listener, tmp_path):
    """An Orthanc that knows us as a modality."""
    web = free_port()
    settings = {
        "StorageDirectory": str(tmp_path / "orthanc"),
        "IndexDirectory": str(tmp_path / "orthanc"),
        "HttpPort": web,
        "DicomPort": free_port(),
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "Plugins": [],
        "DicomModalities": {"scanward": ["SCANWARD", "127.0.0.1", listener.port]},
    }
    (tmp_path / "o.json").write_text(json.dumps(settings))
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(["Orthanc", str(tmp_path / "o.json")], stdout=log, stderr=log)
    log.close()
    address = f"http://127.0.0.1:{web}"
    for _ in range(300):
        try:
            requests.get(f"{address}/system", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(30)


def test_orthanc_echoes_and_sends_a_study(listener, orthanc):
    made = [slice_of(study="1.2.3.4.808") for _ in range(3)]
    for one in made:
        stream = io.BytesIO()
        one.save_as(stream)
        assert requests.post(f"{orthanc}/instances", data=stream.getvalue(), timeout=20).ok
    [study] = requests.get(f"{orthanc}/studies", timeout=20).json()
    assert requests.post(f"{orthanc}/modalities/scanward/echo", data="{}", timeout=20).ok
    sent = requests.post(f"{orthanc}/modalities/scanward/store", data=study, timeout=60).json()
    assert sent["FailedInstancesCount"] == 0
    assert [listener.count("instance", one.SOPInstanceUID) for one in made] == [1, 1, 1]
