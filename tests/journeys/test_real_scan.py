"""Scans that Scanward did not make: brought in, linked, seen and kept, pixel for pixel."""

import hashlib
import io
import zipfile

import numpy as np
import pydicom
import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, link, person, sender
from scanward.archive.models import Instance, Study
from scanward.dicom.preamble import PreambleKind
from scanward.intake.bring import bring

pytestmark = [pytest.mark.django_db, pytest.mark.real, pytest.mark.usefixtures("own_vault")]

FOLDERS = ["ge-head", "philips-phantom", "compressed"]


@pytest.fixture(params=FOLDERS)
def owned(request, real_data):
    """A real study, and a signed-in account for each patient in it."""
    folder = real_data / "ct" / request.param
    bring(folder, sender=sender(), now=NOW)
    client = Client()
    account = person("owner")
    for patient in {study.patient for study in Study.objects.select_related("patient")}:
        link(account, patient)
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return folder, client


def originals(folder):
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in folder.rglob("*") if path.is_file()}


def test_it_is_on_the_timeline_and_opens(owned):
    _folder, client = owned
    assert client.get(reverse("scans")).status_code == 200
    for study in Study.objects.all():
        assert client.get(reverse("study", args=[study.id])).status_code == 200
        data = client.get(reverse("viewer-data", args=[study.id])).json()
        assert (
            sum(len(series["frames"]) for series in data["series"])
            == Instance.objects.filter(series__study=study, frames__gt=0).count()
        )


def test_every_picture_is_what_another_decoder_makes_of_it(owned):
    """Identical to pydicom's own decoders, compressed ones included."""
    folder, client = owned
    files = originals(folder)
    for instance in Instance.objects.select_related("series")[::5]:
        answer = client.get(reverse("frame", args=[instance.series.study_id, instance.id, 0]))
        assert answer.status_code == 200, instance.transfer_syntax_uid
        dataset = pydicom.dcmread(files[instance.sha256], force=True)
        expected = dataset.pixel_array
        assert answer.content == np.ascontiguousarray(expected).tobytes()


def test_the_copy_holds_every_file_as_it_came(owned):
    """A14: bit by bit; where a preamble is more than nothing, it is put to zero and the rest is the same."""
    folder, client = owned
    files = originals(folder)
    for study in Study.objects.all():
        answer = client.get(client.post(reverse("download", args=[study.id]))["Location"])
        with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as package:
            sent = {
                hashlib.sha256(package.read(name)[128:]).hexdigest() for name in package.namelist() if ".dcm" in name
            }
        kept = Instance.objects.filter(series__study=study)
        assert sent == {hashlib.sha256(files[item.sha256].read_bytes()[128:]).hexdigest() for item in kept}
        plain = [item for item in kept if item.preamble == PreambleKind.EMPTY]
        assert len(plain) + kept.exclude(preamble=PreambleKind.EMPTY).count() == len(sent)
