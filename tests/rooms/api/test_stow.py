"""Objects come in over STOW-RS, and the answer says what became of each."""

import io
import itertools
import tracemalloc
from datetime import timedelta

import pydicom
import pytest
import requests
from dicomweb_client import DICOMwebClient
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from cast import ALICE, BY, CHARLIE, ISSUER, NOW, PLACE, abdomen_of, chest_of
from scanward.archive.models import HeldObject, Instance
from scanward.audit.kinds import Channel
from scanward.audit.models import Entry
from scanward.intake.keys import end_key, make_key
from scanward.web.multipart import BadMultipart, boundary_of, parts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_vault")]
BOUNDARY = "a-boundary"
RELATED = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


@pytest.fixture
def key() -> str:
    return make_key("pacs", issuer=ISSUER, actor=BY, place=PLACE, now=NOW)[1]


def body(*objects: bytes, kind: str = "application/dicom") -> bytes:
    found = b"".join(
        b"--%s\r\nContent-Type: %s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), kind.encode(), each) for each in objects
    )
    return found + b"--%s--\r\n" % BOUNDARY.encode()


def post(key: str, content: bytes, *, to: str = "/dicom-web/studies", kind: str = RELATED, **headers: str):
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}", **headers}
    return Client().generic("POST", to, content, content_type=kind, **headers)


def chest() -> list[bytes]:
    return [file.data for file in chest_of(ALICE).files]


def test_a_study_is_stored_and_each_object_is_named(key):
    """L2: the ledger has the service by its key, and that it came over DICOMweb."""
    answer = post(key, body(*chest()))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/dicom+json"
    told = {row["00081155"]["Value"][0] for row in answer.json()["00081199"]["Value"]}
    assert told == set(Instance.objects.values_list("sop_instance_uid", flat=True))
    assert len(told) == len(chest())
    entries = Entry.objects.filter(kind="objects_stored", actor_id__startswith="service:")
    assert {entry.place.channel for entry in entries} == {Channel.DICOMWEB}


def test_what_can_not_be_read_is_told_apart_and_the_rest_is_kept(key):
    answer = post(key, body(chest()[0], b"no scan", chest()[1][:-10]))
    assert answer.status_code == 202
    assert len(answer.json()["00081199"]["Value"]) == 1
    assert [row["00081197"]["Value"] for row in answer.json()["0008119A"]["Value"]] == [[0xC000], [0xC000]]
    assert Instance.objects.count() == 1


def test_nothing_kept_is_a_conflict(key):
    assert post(key, body(b"no scan")).status_code == 409


def test_only_the_study_of_the_address_is_taken(key):
    """C20: exactly what was kept is listed."""
    uid = chest_of(ALICE).study_instance_uid
    other = abdomen_of(CHARLIE).files[0].data
    answer = post(key, body(chest()[0], other), to=f"/dicom-web/studies/{uid}")
    assert answer.status_code == 202
    [failed] = answer.json()["00081198"]["Value"]
    assert failed["00081197"]["Value"] == [0xA900]
    assert Instance.objects.count() == 1


def test_the_same_again_is_stored_once_and_other_content_is_kept_apart(key):
    """Faults B10, B11."""
    first = chest()[0]
    changed = first[:-2] + b"\x07\x01"
    assert post(key, body(first, first)).status_code == 200
    assert post(key, body(changed)).status_code == 200
    assert (Instance.objects.count(), HeldObject.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "header", [{}, {"HTTP_AUTHORIZATION": "Bearer scanward-store-guess"}, {"HTTP_AUTHORIZATION": "x"}]
)
def test_without_a_key_nothing_is_read(header):
    answer = Client().generic("POST", "/dicom-web/studies", body(*chest()), content_type=RELATED, **header)
    assert (answer.status_code, Instance.objects.count()) == (401, 0)
    assert "Bearer" in answer["WWW-Authenticate"]


def test_a_wrong_key_is_told_to_the_ledger(key):
    post(key + "x", body())
    assert Entry.objects.filter(kind="security_alert", body__contains="unknown key").exists()


def test_a_key_that_has_ended_opens_nothing(key):
    from scanward.intake.models import ServiceKey

    end_key(ServiceKey.objects.get(), actor=BY, place=PLACE, now=NOW + timedelta(seconds=1))
    assert post(key, body(*chest())).status_code == 401


def test_the_key_itself_is_not_kept(key):
    from scanward.intake.models import ServiceKey

    assert key not in str(list(ServiceKey.objects.values())) + str(list(Entry.objects.values("body")))


@pytest.mark.parametrize(
    ("kind", "headers", "status"),
    [
        (RELATED, {"HTTP_CONTENT_ENCODING": "gzip"}, 415),
        (RELATED, {"HTTP_CONTENT_ENCODING": "br"}, 415),
        ("application/dicom", {}, 415),
        ("multipart/form-data; boundary=x", {}, 415),
        ('multipart/related; type="application/dicom"', {}, 415),
        ('multipart/related; type="application/dicom+json"; boundary=x', {}, 415),
    ],
)
def test_other_kinds_of_body_are_not_begun_to_be_read(key, kind, headers, status):
    """Fault B15."""
    answer = post(key, body(*chest()), kind=kind, **headers)
    assert (answer.status_code, answer.wsgi_request._read_started) == (status, False)
    assert not Instance.objects.exists()


def test_a_body_that_is_too_large_is_refused_before_it_is_read(key, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    answer = post(key, body(*chest()))
    assert (answer.status_code, answer.wsgi_request._read_started) == (413, False)


def test_a_body_without_a_length_is_refused(key):
    assert post(key, b"", CONTENT_TYPE=RELATED).status_code == 411


@pytest.mark.parametrize("uid", ["x", "1.2.3'; DROP", "9" * 65])
def test_a_study_that_is_no_uid_is_refused(key, uid):
    """Fault B9."""
    assert post(key, body(), to=f"/dicom-web/studies/{uid}").status_code == 400


@pytest.mark.parametrize("content", [b"junk", b"--a-boundary\r\n", b"--a-boundaryX\r\n\r\n", bytes(200_000)])
def test_a_broken_body_says_what_is_wrong(key, content):
    answer = post(key, content)
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")


def test_a_body_that_ends_early_keeps_what_came_whole_and_says_that_more_was_lost(key):
    whole = body(*chest()[:3])
    answer = post(key, whole[: -len(chest()[2]) // 2])
    assert answer.status_code in (202, 400)
    told = len(answer.json()["00081199"]["Value"]) if answer.status_code == 202 else 0
    assert Instance.objects.count() == told


def thousand() -> list[bytes]:
    """A thousand small objects of one series; each hundredth can't be read."""
    made = pydicom.dcmread(io.BytesIO(chest()[0]))
    found = []
    for number in range(1000):
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"2.25.{7_000_000 + number}"
        made.InstanceNumber = number
        out = io.BytesIO()
        made.save_as(out)
        found.append(out.getvalue() if number % 100 else b"no scan")
    return found


def listed(answer) -> set[str]:
    """Which objects an answer says are kept."""
    return {row["00081155"]["Value"][0] for row in answer.json().get("00081199", {"Value": []})["Value"]}


def kept() -> set[str]:
    return set(Instance.objects.values_list("sop_instance_uid", flat=True))


def test_of_a_thousand_whose_sender_is_cut_off_exactly_the_kept_ones_are_listed(key):
    """Fault C20: in the middle of the 650th the connection ends; each hundredth is no scan."""
    objects = thousand()
    whole = body(*objects)
    cut = len(body(*objects[:649])) + len(objects[649]) // 2
    answer = post(key, whole[:cut])
    assert answer.status_code == 202
    assert listed(answer) == kept()
    # What came whole and in whole batches of 32; of the last batch nothing was acknowledged.
    assert kept() == {f"2.25.{7_000_000 + n}" for n in range(640) if n % 100}


def test_of_a_thousand_on_a_disk_that_fills_up_exactly_the_kept_ones_are_listed(key, monkeypatch):
    """Fault C20: from the 13th batch on nothing fits; what was stored is listed, every other one is named."""
    from scanward.intake import receive
    from scanward.vault.errors import Reason, VaultError

    stored, turns = receive.store, itertools.count(1)

    def filling(*args, **kwargs):
        if next(turns) > 12:
            raise VaultError(Reason.FULL, "The vault's disk is full.")
        return stored(*args, **kwargs)

    monkeypatch.setattr(receive, "store", filling)
    answer = post(key, body(*thousand()))
    assert answer.status_code in (202, 507)
    assert listed(answer) == kept()
    told = answer.json()
    failed = len(told["00081198"]["Value"]) + len(told.get("0008119A", {"Value": []})["Value"])
    assert len(kept()) + failed == 1000
    assert len(kept()) == 12 * 32 - 4


def test_a_full_disk_says_507_and_keeps_nothing_by_halves(key, monkeypatch):
    """Fault D3."""
    from scanward.intake import receive
    from scanward.vault.errors import Reason, VaultError

    def full(*_args, **_kwargs):
        raise VaultError(Reason.FULL, "The vault's disk is full.")

    monkeypatch.setattr(receive, "store", full)
    answer = post(key, body(*chest()))
    assert answer.status_code == 507
    assert {row["00081197"]["Value"][0] for row in answer.json()["00081198"]["Value"]} == {0xA700}


class InProcess(BaseAdapter):
    """Carries what `requests` sends to the pages, without a network."""

    def send(self, request, **_):
        names = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
        content = request.body if isinstance(request.body, bytes) else b"".join(request.body or [])
        kind = names.pop("HTTP_CONTENT_TYPE")
        answer = Client().generic(request.method, request.path_url, content, content_type=kind, **names)
        found = requests.Response()
        found.status_code, found.raw, found.request = answer.status_code, io.BytesIO(answer.content), request
        found.headers.update(answer.headers)
        return found

    def close(self):
        pass


def test_dicomweb_client_stores(key):
    session = requests.Session()
    session.mount("http://", InProcess())
    session.headers["Authorization"] = f"Bearer {key}"
    client = DICOMwebClient("http://testserver/dicom-web", session=session)
    answer = client.store_instances([pydicom.dcmread(io.BytesIO(data)) for data in chest()])
    assert len(answer.ReferencedSOPSequence) == Instance.objects.count() == len(chest())


# The parser by itself ----------------------------------------------------------------------------------------------


def read_parts(content: bytes, step: int) -> list[bytes]:
    source = io.BytesIO(content)
    found = parts(lambda size: source.read(min(size, step)), BOUNDARY.encode())
    return [b"".join(part.chunks) for part in found]


@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(1, 400))
def test_what_was_put_in_comes_out_in_whatever_pieces_it_arrives(objects, step):
    whole = [each for each in objects if f"\r\n--{BOUNDARY}".encode() not in each]
    assert read_parts(b"--a-boundary--" if not whole else body(*whole), step) == whole


@given(st.binary(max_size=500), st.integers(1, 50))
def test_any_bytes_are_parts_or_refused(content, step):
    try:
        read_parts(b"--a-boundary\r\n" + content, step)
    except BadMultipart as error:
        assert str(error)


def test_the_memory_does_not_grow_with_the_body():
    """A part of 64 MB passes through in pieces."""
    head, total = b"--a-boundary\r\nContent-Type: application/dicom\r\n\r\n", 64 << 20
    sent = [0]

    def read(size: int) -> bytes:
        if not sent[0]:
            sent[0] = 1
            return head
        if sent[0] < total:
            sent[0] += size
            return bytes(size)
        sent[0] += 1
        return b"\r\n--a-boundary--" if sent[0] < total * 2 else b""

    tracemalloc.start()
    size = sum(len(chunk) for part in parts(read, BOUNDARY.encode()) for chunk in part.chunks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size >= total - 1
    assert peak < 4 << 20


@pytest.mark.parametrize("header", ["", "multipart/related", "multipart/related; boundary=" + "x" * 71, "\0"])
def test_a_type_without_a_good_boundary_has_none(header):
    assert boundary_of(header)[2] == b""
