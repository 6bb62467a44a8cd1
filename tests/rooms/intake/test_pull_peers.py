"""A study is found at a real PACS and fetched until nothing of it is missing; nobody else's is shown or taken."""

import shutil
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from cast import ALICE, CHARLIE, ISSUER, NOW, PLACE, Cast, abdomen_of, actor
from rooms.intake import real_pacs as real
from scanward.access.actions import authorize
from scanward.access.kinds import Action, RecordFacts
from scanward.archive import reading
from scanward.archive.models import Instance
from scanward.audit.models import Entry
from scanward.dicom.synthetic import SyntheticPatient, study
from scanward.intake.models import Retrieval, RetrievalState
from scanward.intake.pull import fetching, finding
from scanward.intake.pull.pacs import Pacs, load
from scanward.law.purpose import PurposeOfUse
from scanward.people.actions import NotAllowed

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not (shutil.which("Orthanc") and shutil.which("dcmqrscp")), reason="needs Orthanc and dcmtk"),
]
NEW = study("abdomen", seed=71, patient=ALICE, matrix=64, slices=5)
# The same number at the PACS, and another person.
STRANGER = SyntheticPatient("Riviera^Alba", ALICE.patient_id, ALICE.birth_date, "F", ISSUER)
STRANGERS = study("chest", seed=72, patient=STRANGER, matrix=32, slices=3)


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    """An Orthanc, one that wants mutual TLS, and a dcmqrscp for all tests of this file."""
    first, second, third = (tmp_path_factory.mktemp(name) for name in ("orthanc", "qr", "safe"))
    ours, theirs = real.secured(third)
    with (
        real.orthanc(first, NEW, STRANGERS, abdomen_of(CHARLIE)) as (port, web),
        real.dcmqrscp(second, NEW) as qr,
        real.orthanc(third, NEW, abdomen_of(CHARLIE), **theirs) as (safe, _),
    ):
        yield {"orthanc": port, "web": web, "qr": qr, "safe": safe, "ours": ours}


@pytest.fixture(params=["orthanc", "qr", "safe", "web"])
def pacs(request, peers, settings, tmp_path) -> Pacs:
    """Each of them in turn, written into the house's file."""
    if request.param == "web":
        words = f'kind = "dicomweb"\nurl = "{peers["web"]}/dicom-web"'
    else:
        title = "QR" if request.param == "qr" else "ORTHANC"
        words = f'kind = "dicom"\nhost = "127.0.0.1"\nport = {peers[request.param]}\nae_title = "{title}"'
    if request.param == "safe":
        words += "".join(f'\n{name} = "{file}"' for name, file in peers["ours"].items())
    return configured(settings, tmp_path, f'[[pacs]]\nname = "Main"\nissuer = "{ISSUER}"\n{words}\n')


def configured(settings, place: Path, text: str) -> Pacs:
    settings.PACS_FILE = place / "pacs.toml"
    settings.PACS_FILE.write_text(text)
    [one] = load()
    return one


def look(pacs: Pacs, cast: Cast, **kwargs):
    return finding.look(pacs, cast.alices, actor=actor(cast.hal), place=PLACE, now=NOW, **kwargs)


def fetch(pacs: Pacs, cast: Cast) -> Retrieval:
    row = fetching.start(pacs, cast.alices, NEW.study_instance_uid, by=cast.hal, place=PLACE, now=NOW)
    fetching.work(row, now=timezone.now())
    row.refresh_from_db()
    return row


def kept() -> dict[str, str]:
    rows = Instance.objects.filter(series__study__study_instance_uid=NEW.study_instance_uid)
    return dict(rows.values_list("sop_instance_uid", "sha256"))


def content(uid: str, cast: Cast) -> bytes:
    """The data set of an object as it is given out."""
    found = Instance.objects.select_related("series").get(sop_instance_uid=uid)
    facts, purpose = RecordFacts(cast.alices.id, found.series.study_id), PurposeOfUse.PATIENT_REQUEST
    grant = authorize(actor(cast.alice), Action.VIEW_IMAGES, facts, purpose, now=NOW, place=PLACE)
    with reading.open(grant, found, now=NOW) as stream:
        return dataset(stream.read())


def dataset(file: bytes) -> bytes:
    """What follows the file meta information, which every storer writes anew."""
    return file[144 + int.from_bytes(file[140:144], "little") :]


def test_only_the_patients_own_studies_are_shown(cast, pacs):
    """And what the PACS says about others is counted, in the answer and in the ledger."""
    found = look(pacs, cast)
    assert [one.uid for one in found.studies] == [NEW.study_instance_uid]
    assert found.studies[0].objects in (0, len(NEW.files))
    entry = Entry.objects.filter(kind="pacs_asked").latest("seq")
    assert f'"dropped":{found.dropped}' in entry.body
    assert "Riviera" not in entry.body


def test_somebody_else_under_the_same_number_is_dropped(cast, peers, settings, tmp_path):
    text = f'[[pacs]]\nname = "Main"\nissuer = "{ISSUER}"\nkind = "dicomweb"\nurl = "{peers["web"]}/dicom-web"\n'
    found = look(configured(settings, tmp_path, text), cast)
    assert found.dropped == 1
    [pacs] = load()
    with pytest.raises(NotAllowed, match="no such study"):
        fetching.start(pacs, cast.alices, STRANGERS.study_instance_uid, by=cast.hal, place=PLACE, now=NOW)


def test_a_study_is_fetched_whole_and_again_changes_nothing(cast, pacs):
    row = fetch(pacs, cast)
    assert (row.state, row.problem, row.here) == (RetrievalState.DONE, "", len(NEW.files))
    before = kept()
    assert len(before) == len(NEW.files)
    assert Instance.objects.filter(series__study__patient=cast.alices).count() >= len(NEW.files)
    assert fetch(pacs, cast).state == RetrievalState.DONE
    assert kept() == before
    for file in NEW.files:
        assert content(file.sop_instance_uid, cast) == dataset(bytes(file.data))


def test_what_is_missing_is_fetched_and_nothing_else(cast, pacs):
    """A fetch that was cut short goes on where it was."""
    fetch(pacs, cast)
    gone = sorted(kept())[:2]
    Instance.objects.filter(sop_instance_uid__in=gone).delete()
    row = fetch(pacs, cast)
    assert row.state == RetrievalState.DONE
    assert set(gone) <= set(kept())


def test_the_page_names_no_address_and_takes_none(cast, pacs):
    """Fault C9: only those of the house's file are asked."""
    client = Client()
    client.force_login(cast.hal, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = f"/desk/patients/{cast.alices.id}/pacs/"
    assert "Ask Main" in client.get(address).content.decode()
    assert client.post(address, {"step": "look", "pacs": "http://169.254.169.254/"}).status_code == 404
    page = client.post(address, {"step": "look", "pacs": "Main"}).content.decode()
    assert "Fetch it" in page
    assert "127.0.0.1" not in page
