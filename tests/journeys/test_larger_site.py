"""A larger site: the same code on an S3 server, by settings alone."""

import pytest
from django.test import Client
from django.urls import reverse

from cast import ALICE, NOW, assemble, chest_of
from rooms.vault.conftest import s3_server
from scanward.archive.models import Instance
from scanward.archive.place import vault
from scanward.archive.rebuild import recover

__all__ = ["s3_server"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def on_s3(s3_server, own_vault, settings, tmp_path):
    """The vault in a bucket of a real S3 server."""
    (tmp_path / "access").write_text("scanward verysecret\n")
    settings.STORAGE, settings.S3_ENDPOINT = "s3://scans/house", s3_server
    settings.S3_ACCESS_KEY_FILE = str(tmp_path / "access")
    vault.cache_clear()
    yield
    vault().close()
    vault.cache_clear()


def test_alice_sees_and_keeps_her_scan_from_s3(on_s3):
    """M2: encrypted in the bucket, whole in her hands."""
    cast = assemble()
    client = Client()
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    image = Instance.objects.filter(series__study=cast.chest, series__description="AXIAL SOFT TISSUE").first()
    sent = client.get(reverse("frame", args=[cast.chest.id, image.id, 0])).content
    assert sent in {file.data[-64 * 64 * 2 :] for file in chest_of(ALICE).of("soft")}
    answer = client.get(client.post(reverse("download", args=[cast.chest.id]))["Location"])
    assert len(b"".join(answer.streaming_content)) == int(answer["Content-Length"])


def test_a_lost_index_comes_back_from_s3(on_s3):
    """Fault D7."""
    cast = assemble()
    Instance.objects.filter(series__study=cast.chest).delete()
    assert recover(now=NOW, whole=True).instances == len(chest_of(ALICE).files)
