"""What comes in over either wire goes out bit for bit: synthetic scans always, the real data where it is (A14)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from django.test import Client

from cast import ALICE, BY, ISSUER, PLACE, chest_of
from rooms.intake.house import RELATED, body
from rooms.intake.raw import store
from scanward.archive.identities import instance_identity
from scanward.archive.models import Instance
from scanward.archive.place import vault
from scanward.dicom.errors import Refused
from scanward.dicom.read import inspect
from scanward.intake.dimse import classes
from scanward.intake.dimse.server import Server
from scanward.intake.keys import make_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_vault")]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The listener inside this process."""
    spool, clock = tmp_path / "spool", partial(datetime.now, UTC)
    server = Server(tmp_path / "dicom.toml", port=0, spool=spool, issuer=ISSUER, clock=clock)
    [(_listener, found)] = server.open()
    server.start()
    yield found
    server.stop()


def synthetic() -> list[bytes]:
    return [bytes(file.data) for file in chest_of(ALICE, seed=91).files]


def real(folder: Path) -> list[bytes]:
    """Of each kind of file a few: those that the listener takes."""
    found = []
    for place in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        for path in sorted(place.iterdir())[:3] if place.name != "compressed" else sorted(place.iterdir()):
            data = path.read_bytes() if path.is_file() else b""
            try:
                seen = inspect(data)
            except Refused:
                continue
            if seen.sop_class_uid in classes.STORAGE and data[132:134] == b"\x02\x00":
                found.append(data)
    return found


def kept(uid: str) -> bytes:
    """The object as it is given out."""
    row = Instance.objects.select_related("series__study").get(sop_instance_uid=uid)
    with vault().open(row.locator, row.series.study.key_id, instance_identity(row, row.series.study)) as stream:
        return bytes(stream.read())


def over_dicom(port: int, files: list[bytes]) -> None:
    for data in files:
        seen = inspect(data)
        sent = data[seen.dataset_offset :]
        uid, syntax = seen.sop_instance_uid, seen.transfer_syntax_uid
        assert store(port, sent, syntax=syntax, uid=uid, sop_class=seen.sop_class_uid) == 0


def stays_the_same_over_dicom(port: int, files: list[bytes]) -> None:
    """Every byte of the data set; the header of the file is the receiver's (PS3.7)."""
    over_dicom(port, files)
    over_dicom(port, files[:1])
    # An answer says that the object is safe; its row in the index comes a moment later.
    until = time.monotonic() + 240
    while Instance.objects.count() < len(files):
        assert time.monotonic() < until
        time.sleep(0.05)
    for data in files:
        seen = inspect(data)
        out = kept(seen.sop_instance_uid)
        assert out[inspect(out).dataset_offset :] == data[seen.dataset_offset :]
    assert Instance.objects.count() == len(files)


def stays_the_same_over_the_web(files: list[bytes]) -> None:
    """Every byte of the file."""
    _row, key = make_key("scanner", issuer=ISSUER, actor=BY, place=PLACE, now=datetime.now(UTC))
    told = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    answer = Client().generic("POST", "/dicom-web/studies", body(*files), content_type=RELATED, **told)
    assert answer.status_code == 200
    assert all(kept(inspect(data).sop_instance_uid) == data for data in files)


def test_synthetic_scans_over_dicom(port):
    """A14."""
    stays_the_same_over_dicom(port, synthetic())


def test_synthetic_scans_over_the_web():
    """A14."""
    stays_the_same_over_the_web(synthetic())


@pytest.mark.real
def test_real_scans_over_dicom(port, real_data):
    """A14: three vendors, and every compressed transfer syntax of the set."""
    stays_the_same_over_dicom(port, real(real_data / "ct"))


@pytest.mark.real
def test_real_scans_over_the_web(real_data):
    """A14."""
    stays_the_same_over_the_web(real(real_data / "ct"))
