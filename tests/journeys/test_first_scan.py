"""Alice sees, reads and keeps her scan, and finds it all in her list; nobody else gets near it."""

import hashlib
import io
import json
import zipfile

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import ALICE, NORA, abdomen_of, bring, chest_of, link, patient
from scanward.archive.models import Instance
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.bundles.manifest import MANIFEST, SIGNATURE
from scanward.bundles.verify import files_in_zip, verify
from scanward.people.models import Representation
from scanward.release.models import Package
from scanward.release.packages import manifest_key

pytestmark = pytest.mark.django_db


def browser(account):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def addresses(cast):
    """Every address of Alice's study."""
    study, image = cast.chest, Instance.objects.filter(series__study=cast.chest, frames__gt=0).first()
    return [
        reverse("study", args=[study.id]),
        reverse("report-pdf", args=[study.id]),
        reverse("download", args=[study.id]),
        reverse("viewer-data", args=[study.id]),
        reverse("frame", args=[study.id, image.id, 0]),
    ]


def copy(client, cast):
    """Ask for a copy, and follow to the file."""
    answer = client.post(reverse("download", args=[cast.chest.id]))
    assert answer.status_code == 302
    return answer["Location"]


def body(answer):
    return b"".join(answer.streaming_content)


def test_alice_sees_her_scans_on_a_timeline(cast):
    """I16, F8."""
    page = browser(cast.alice).get(reverse("scans")).content.decode()
    assert "CT of the chest" in page
    assert "Final report" in page
    assert "abdomen" not in page


def test_what_is_kept_under_two_numbers_is_one_timeline(cast):
    """I16: hospitals keep one person under several numbers; to her it is one life."""
    bring(abdomen_of(NORA, seed=37))
    link(cast.alice, patient(NORA))
    page = browser(cast.alice).get(reverse("scans")).content.decode()
    assert page.count("<h1") == 1
    assert "CT of the chest" in page
    assert "CT of the abdomen" in page


def test_alice_reads_the_report_in_its_sections(cast):
    """H1, H2."""
    page = browser(cast.alice).get(reverse("study", args=[cast.chest.id])).content.decode()
    assert "What the radiologist saw" in page
    assert "nodule" in page
    assert "What is this part?" in page


@pytest.mark.parametrize("who", ["charlie", "hal", "bo", "priya", "ravi", "sam"])
def test_for_everybody_else_there_is_nothing(cast, who):
    """Fault C1: 404, and the refusal is in the ledger."""
    client = browser(cast.everybody()[who])
    for number, address in enumerate(addresses(cast), 1):
        answer = client.get(address)
        if (who in ("hal", "bo")) and address in (addresses(cast)[0], addresses(cast)[2]):
            continue
        assert answer.status_code == 404, address
        assert b"Rivera" not in answer.content
        assert Entry.objects.filter(kind=EventKind.DECISION_REFUSED).count() <= number
    assert Entry.objects.filter(kind=EventKind.DECISION_REFUSED, patient_id=str(cast.alices.id)).exists()


def test_a_stranger_who_is_not_signed_in_is_asked_to(cast):
    for address in addresses(cast):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))


def test_a_foreign_instance_in_an_own_study_is_not_found(cast):
    """Fault C2."""
    foreign = Instance.objects.filter(series__study=cast.abdomen, frames__gt=0).first()
    answer = browser(cast.alice).get(reverse("frame", args=[cast.chest.id, foreign.id, 0]))
    assert answer.status_code == 404


def test_ruth_sees_what_she_may_until_her_authority_ends(cast):
    """A3, fault C14."""
    ruth = browser(cast.ruth)
    assert ruth.get(addresses(cast)[0]).status_code == 200
    Representation.objects.update(valid_until=timezone.now())
    assert [ruth.get(address).status_code for address in addresses(cast)] == [404] * 5
    assert "CT of the chest" not in ruth.get(reverse("scans")).content.decode()


def test_the_viewer_gets_the_pixels_that_the_scanner_made(cast):
    """I5: identical, frame by frame."""
    client = browser(cast.alice)
    data = client.get(reverse("viewer-data", args=[cast.chest.id])).json()
    soft = next(series for series in data["series"] if "SOFT" in series["label"])
    sent = {client.get(soft["base"] + name).content for name in soft["frames"]}
    made = {file.data[-64 * 64 * 2 :] for file in chest_of(ALICE).of("soft")}
    assert sent == made


def test_alice_keeps_a_copy_that_anyone_can_check(cast):
    """I3, A14, G1, G2: the ZIP is complete, unaltered and signed."""
    client = browser(cast.alice)
    answer = client.get(copy(client, cast))
    raw = body(answer)
    assert len(raw) == int(answer["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        assert package.testzip() is None
        verdict = verify(
            package.read(MANIFEST), package.read(SIGNATURE), manifest_key().public_key(), files_in_zip(package)
        )
        assert verdict.intact
        sent = {hashlib.sha256(package.read(name)).hexdigest() for name in package.namelist() if name.endswith(".dcm")}
        assert package.read("report/report.pdf")[:5] == b"%PDF-"
    assert sent == {hashlib.sha256(file.data).hexdigest() for file in chest_of(ALICE).files}


def test_names_in_the_copy_say_nothing_about_the_person(cast):
    client = browser(cast.alice)
    with zipfile.ZipFile(io.BytesIO(body(client.get(copy(client, cast))))) as package:
        names = " ".join(package.namelist()).lower()
        manifest = json.loads(package.read(MANIFEST))
    for telling in ("rivera", "alice", "100482", "1961"):
        assert telling not in names
        assert telling not in json.dumps(manifest).lower()


def test_a_broken_download_goes_on_where_it_stopped(cast):
    client = browser(cast.alice)
    address = copy(client, cast)
    whole = client.get(address)
    raw, tag = body(whole), whole["ETag"]
    rest = client.get(address, headers={"range": "bytes=1000-", "if-range": tag})
    assert rest.status_code == 206
    assert body(rest) == raw[1000:]
    assert rest["Content-Range"] == f"bytes 1000-{len(raw) - 1}/{len(raw)}"


@pytest.mark.parametrize(
    ("asked", "status"), [("bytes=0-9", 206), ("bytes=-7", 206), ("bytes=999999999-", 416), ("lines=1-2", 200)]
)
def test_ranges_are_answered_as_http_says(cast, asked, status):
    client = browser(cast.alice)
    assert client.get(copy(client, cast), headers={"range": asked}).status_code == status


def test_another_persons_copy_is_not_found(cast):
    address = copy(browser(cast.alice), cast)
    assert browser(cast.charlie).get(address).status_code == 404
    assert browser(cast.ruth).get(address).status_code == 404


def test_an_old_copy_has_ended(cast):
    client = browser(cast.alice)
    address = copy(client, cast)
    Package.objects.update(expires_at=timezone.now())
    assert client.get(address).status_code == 410


def test_a_right_that_ends_cuts_a_running_download(cast, monkeypatch):
    """Fault C6, D9: the stream stops, whatever was promised at its beginning."""
    monkeypatch.setattr("scanward.release.contents.ASK_AGAIN_SECONDS", 0.0)
    from scanward.access.actions import AccessRefused

    client = browser(cast.ruth)
    answer = client.get(copy(client, cast))
    chunks = iter(answer.streaming_content)
    next(chunks)
    Representation.objects.update(ended_at=timezone.now())
    with pytest.raises(AccessRefused):
        list(chunks)


def test_alice_finds_her_own_view_and_download(cast):
    """L5: with time, place and purpose."""
    client = browser(cast.alice)
    client.get(addresses(cast)[0])
    client.get(addresses(cast)[4])
    body(client.get(copy(client, cast)))
    page = client.get(reverse("access-log")).content.decode()
    for words in ("Read the report.", "Looked through the images.", "Downloaded a copy.", "127.0.0.1", "You"):
        assert words in page, words


def test_pages_are_not_kept_by_the_browser(cast):
    """Faults C7, C11: no-store, no referrer, strict policy, on every answer."""
    client = browser(cast.alice)
    for address in [*addresses(cast), reverse("scans"), reverse("access-log"), "/nowhere/"]:
        answer = client.get(address)
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "unsafe-inline" not in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
