"""Orthanc as the PACS that sends to us."""

import io
import json
import subprocess
import time

import psutil
import pytest
import requests

from ports import free_port
from rooms.dicom.making import CT
from rooms.intake.house import until_answers
from rooms.intake.listening import listen, program
from rooms.intake.real_pacs import secured
from rooms.intake.senders import slice_of

pytestmark = pytest.mark.skipif(program("Orthanc") is None, reason="needs Orthanc")


@pytest.fixture(params=["plain", "mutual TLS"])
def house(request, own_place, tmp_path):
    """A listener and an Orthanc that know each other; the listener, and the address of Orthanc's web services."""
    web, port = free_port(), free_port()
    ours, theirs = secured(tmp_path) if request.param == "mutual TLS" else ({}, {})
    doors = "\n".join(f'{name} = "{file}"' for name, file in ours.items()).replace("ca =", "client_ca =")
    toml = f"""
        [[listener]]
        port = 0
        {doors}
        [[peer]]
        ae_title = "ORTHANC"
        addresses = ["127.0.0.1"]
        host = "127.0.0.1"
        port = {port}
    """
    listener = listen(own_place, toml)
    us = {"AET": "SCANWARD", "Host": "127.0.0.1", "Port": listener.port, "UseDicomTls": bool(theirs)}
    settings = {
        "StorageDirectory": str(tmp_path / "orthanc"),
        "IndexDirectory": str(tmp_path / "orthanc"),
        "HttpPort": web,
        "DicomPort": port,
        "DicomAet": "ORTHANC",
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "Plugins": [],
        "DicomModalities": {"scanward": us},
        **theirs,
    }
    (tmp_path / "o.json").write_text(json.dumps(settings))
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(["Orthanc", str(tmp_path / "o.json")], stdout=log, stderr=log)
    log.close()
    address = f"http://127.0.0.1:{web}"
    until_answers(f"{address}/system", psutil.Process(process.pid))
    yield listener, address
    process.terminate()
    process.wait(240)
    assert listener.stop() == 0


def commitment(orthanc, *named):
    """Have Orthanc ask for storage commitment, and wait for the report that it is brought."""
    asked = {"DicomInstances": [{"SOPClassUID": CT, "SOPInstanceUID": uid} for uid in named], "Timeout": 30}
    started = requests.post(f"{orthanc}/modalities/scanward/storage-commitment", json=asked, timeout=240).json()
    until = time.monotonic() + 240
    while (report := requests.get(f"{orthanc}{started['Path']}", timeout=240).json())["Status"] == "Pending":
        assert time.monotonic() < until
        time.sleep(0.1)
    return report


def test_orthanc_echoes_sends_a_study_and_is_given_commitment(house):
    """Fault A17: the report comes over an association of our own, and names what was never stored."""
    listener, orthanc = house
    made = [slice_of(study="1.2.3.4.808") for _ in range(3)]
    for one in made:
        stream = io.BytesIO()
        one.save_as(stream)
        assert requests.post(f"{orthanc}/instances", data=stream.getvalue(), timeout=240).ok
    [study] = requests.get(f"{orthanc}/studies", timeout=240).json()
    assert requests.post(f"{orthanc}/modalities/scanward/echo", data="{}", timeout=240).ok
    sent = requests.post(f"{orthanc}/modalities/scanward/store", data=study, timeout=240).json()
    assert sent["FailedInstancesCount"] == 0
    assert [listener.count("instance", one.SOPInstanceUID) for one in made] == [1, 1, 1]
    kept = [str(one.SOPInstanceUID) for one in made]
    report = commitment(orthanc, *kept)
    assert (report["Status"], len(report["Success"]), report["Failures"]) == ("Success", 3, [])
    report = commitment(orthanc, kept[0], "1.2.3.4.404")
    assert report["Status"] == "Failure"
    assert [row["SOPInstanceUID"] for row in report["Failures"]] == ["1.2.3.4.404"]
