"""The same canary goes out by every other way: to a hospital, on a stick, on paper, by link; and is denied once."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from cast import BY, BY_PHOTO_ID, NOW, PLACE, person
from faults.test_pages import SECRETS, canary, log  # noqa: F401  fixtures
from faults.test_release_canary import NAME, SMALL, House, Watching, house, mails  # noqa: F401
from scanward.archive.models import Instance
from scanward.law.bases import Basis
from scanward.law.denials import Ground
from scanward.people import actions as people
from scanward.people.actions import choose_mails
from scanward.people.kinds import MailKind, Role
from scanward.release.actions import exchanging
from scanward.release.models import Custody, ReleaseRequest, Share, Transfer

pytestmark = pytest.mark.django_db
BORN = ("1961-04-17", "19610417", "April 17, 1961", "17 de abril de 1961")
TO = {
    "for": "other", "recipient_name": "Dr. Okoye", "recipient_organization": "Riverside", "recipient_kind": "provider",
    "recipient_address": "1 River Road", "recipient_state": "DC", "images": "1", "report": "1",
}  # fmt: skip


def told(text: str | bytes) -> list[str]:
    """Return which secrets a text holds, the date of birth among them."""
    whole = (text.decode("latin-1") if isinstance(text, bytes) else text).lower()
    return [secret for secret in (*SECRETS, *BORN) if secret.lower() in whole]


def ask(house: House, **form: str) -> ReleaseRequest:  # noqa: F811
    """The patient looks at the price, then agrees to it."""
    page = house.patient.post(reverse("request-new"), {**SMALL, "study": str(house.kept.pk), "go": "check", **form})
    found = re.search(r'name="fee" value="([\d.]+)"', page.content.decode())
    return house.ask(**form, **({"fee": found[1]} if found else {}))


def rows_of_tasks() -> str:
    """Everything that the queue keeps of what it did and has to do."""
    return str(list(DBTaskResult.objects.values()))


def work() -> None:
    """Do what waits, as the worker does it."""
    worker = Worker(
        queue_names=["*"], interval=0, batch=True, backend_name="default", startup_delay=False, max_tasks=None,
        worker_id="test", excluded_queue_names=[],
    )  # fmt: skip
    for task in DBTaskResult.objects.ready():
        worker.run_task(task)


def tells_nothing(house: House, log: StringIO) -> None:  # noqa: F811
    """Look through all that is seen beside the pages themselves."""
    assert told(mails()) == []
    assert [line for line in house.seen() if told(line)] == []
    assert told(log.getvalue()) == []
    assert told(rows_of_tasks()) == []


class Rude(BaseHTTPRequestHandler):
    """A hospital that stores nothing, and repeats in its answer whatever it was sent."""

    asked: list[str] = []

    def do_POST(self) -> None:
        """Refuse, at length."""
        self.asked.append(f"{self.path} {self.headers}")
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(409, " ".join(SECRETS))
        self.end_headers()
        self.wfile.write(" ".join(SECRETS).encode())

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def over_the_web() -> Iterator[tuple[dict[str, object], list[str]]]:
    """A rude hospital that is reached by DICOMweb, and what it was asked."""
    Rude.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Rude)
    Thread(target=server.serve_forever, daemon=True).start()
    yield {"kind": "dicomweb", "url": f"http://127.0.0.1:{server.server_port}/dicom-web"}, Rude.asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def over_dicom() -> Iterator[tuple[dict[str, object], list[str]]]:
    """A rude hospital that is reached by C-STORE, and what it was asked."""
    asked: list[str] = []

    def refuse(event: Any) -> Dataset:
        asked.append(f"{event.assoc.requestor.ae_title} {event.assoc.requestor.implementation_version_name}")
        status = Dataset()
        status.Status, status.ErrorComment = 0xA900, f"{SECRETS[0]} {SECRETS[2]}"
        return status

    entity = AE(ae_title="RIVERSIDE")
    for uid in set(Instance.objects.values_list("sop_class_uid", flat=True)) | {"1.2.840.10008.5.1.4.1.1.104.1"}:
        entity.add_supported_context(uid, sorted(set(Instance.objects.values_list("transfer_syntax_uid", flat=True))))
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, refuse)])
    yield {"kind": "dicom", "host": "127.0.0.1", "port": server.socket.getsockname()[1], "ae_title": "RIVERSIDE"}, asked
    server.shutdown()


@pytest.fixture
def for_riverside(
    house: House,  # noqa: F811
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[dict[str, object]], ReleaseRequest]:
    """Queue the canary's scan for a hospital that is reached like this."""
    monkeypatch.setattr(exchanging, "PAUSE_SECONDS", 0.0)

    def queued(way: dict[str, object]) -> ReleaseRequest:
        settings.PEERS_FILE = tmp_path / "peers.toml"
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in {"name": "Riverside", **way}.items())
        settings.PEERS_FILE.write_text(f"[[peer]]\n{lines}\n")
        request = ask(house, **TO, delivery="exchange", medium="dicom", recipient_peer="Riverside")
        back = {"name": "Dr. Okoye", "organization": "Riverside", "address": "1 River Road", "peer": "Riverside"}
        house.step(request, "claim")
        house.step(request, "verify", **BY_PHOTO_ID)
        house.step(request, "confirm_recipient", **{f"back_{name}": value for name, value in back.items()})
        house.step(request, "approve", basis=Basis.DIRECTIVE.value)
        house.step(request, "build")
        house.step(request, "check_passed", by=house.second)
        house.step(request, "send")
        return request

    return queued


@pytest.mark.parametrize("wire", ["over_the_web", "over_dicom"])
def test_a_hospital_that_repeats_what_it_was_sent_fills_no_log_and_no_row(
    house: House,  # noqa: F811
    log: StringIO,  # noqa: F811
    for_riverside: Callable[[dict[str, object]], ReleaseRequest],
    request: pytest.FixtureRequest,
    wire: str,
) -> None:
    """Fault C23, requirement G12: neither our addresses and headers nor what is kept of its answer names her."""
    way, asked = request.getfixturevalue(wire)
    for_riverside(way)
    work()
    transfer = Transfer.objects.get()
    assert (transfer.state, transfer.sent) == ("failed", 0)
    assert asked
    assert told("".join(asked)) == []
    assert told(f"{transfer.problem} {transfer.place}") == []
    tells_nothing(house, log)


def test_a_worker_that_breaks_keeps_no_word_of_what_it_carried(
    house: House,  # noqa: F811
    log: StringIO,  # noqa: F811
    for_riverside: Callable[[dict[str, object]], ReleaseRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fault C23: the queue keeps the trace of an error in its row, and an error may say anything."""

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ValueError(f"can't send {' '.join(SECRETS)}")

    monkeypatch.setattr("scanward.release.wires.send", broken)
    for_riverside({"kind": "dicom", "host": "127.0.0.1", "port": 9, "ae_title": "RIVERSIDE"})
    work()
    kept = DBTaskResult.objects.get()
    assert (kept.status, kept.exception_class_path) == ("FAILED", "builtins.ValueError")
    assert "exchanging.py" in kept.traceback
    tells_nothing(house, log)


@pytest.mark.parametrize(("delivery", "medium"), [("mail", "dicom"), ("pickup", "dicom"), ("mail", "paper")])
def test_what_leaves_on_a_stick_or_on_paper_names_her_on_no_label(
    house: House,  # noqa: F811
    log: StringIO,  # noqa: F811
    delivery: str,
    medium: str,
) -> None:
    """Fault C23, requirements G9 to G11, G15: labels, chain of custody, file names, headers of prints and letters."""
    both = {} if medium == "paper" else {"images": "1"}
    request = ask(house, delivery=delivery, medium=medium, contact=f"{NAME}\n1 Main Street", **both)
    for do in ("claim", "verify"):
        house.step(request, do)
    house.step(request, "approve", basis="access")
    house.step(request, "build")
    house.step(request, "check_passed", by=house.second)
    house.clerk.get(reverse("desk-print", args=[request.pk]))
    house.step(
        request, "deliver", tracking="1Z 999", serial="S-1", identified_by="photo ID", signature=NAME,
        passphrase_by="phone",
    )  # fmt: skip
    request.refresh_from_db()
    assert request.state == "delivered"
    for letter in request.letters.all():
        for who, door in ((house.patient, "letter"), (house.clerk, "desk-letter")):
            assert who.get(reverse(door, args=[letter.pk])).status_code == 200
    if medium != "paper":
        assert told(" ".join(Custody.objects.values_list("label", flat=True))) == []
        assert told(" ".join(Custody.objects.values_list("serial", flat=True))) == []
    house.step(request, "mail_returned", text=f"{NAME} moved")
    tells_nothing(house, log)


def test_a_denial_and_its_review_name_her_to_nobody_else(
    house: House,  # noqa: F811
    log: StringIO,  # noqa: F811
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Fault C23, requirement A12: the letters, the mails about them, the desk's and the officer's pages."""
    choose_mails(house.account, set(MailKind), place=PLACE, now=NOW)
    judge, officer = person("dana"), person("priya")
    people.assign_role(judge, Role.TREATING_CLINICIAN, by=None, actor=BY, place=PLACE, now=NOW)
    people.assign_role(officer, Role.PRIVACY_OFFICER, by=None, actor=BY, place=PLACE, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        request = house.ask(delivery="portal", medium="dicom", images="1")
        for do, fields in (("claim", {}), ("verify", {})):
            house.step(request, do, by=house.second, **fields)
        house.step(
            request, "deny", by=house.second, judge=str(judge.pk), ground=Ground.ENDANGERS_LIFE.value,
            withheld="report", text=f"{NAME} said canarytumour",
        )  # fmt: skip
        request.refresh_from_db()
        assert request.denials.count() == 1
        house.patient.post(reverse("request-act", args=[request.pk]), {"do": "review", "text": f"{NAME} asks"})
        other = Watching(officer)
        for name in ("desk-requests", "backlog", "wishes"):
            other.get(reverse(name))
        for letter in request.letters.all():
            house.patient.get(reverse("letter", args=[letter.pk]))
    assert len(mail.outbox) > 1
    assert [line for line in other.seen if told(line)] == []
    tells_nothing(house, log)


def test_a_health_link_names_her_before_its_key_and_after_its_end_to_nobody(
    house: House,  # noqa: F811
    log: StringIO,  # noqa: F811
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Faults C7, C23: the link itself, its manifest, the places of its files, the mails, the refusals."""
    choose_mails(house.account, set(MailKind), place=PLACE, now=NOW)
    end = (NOW + timedelta(days=5)).date().isoformat()
    to = {
        "name": "Dr. Okoye", "images": "1", "report": "1", "last_day": end, "uses": "9", "kind": "health",
        "passcode": "blue-heron-7",
    }  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        shown = house.patient.post(reverse("share-new", args=[house.kept.pk]), to).content.decode()
        held = re.search(r"shlink:/([\w-]+)", shown)[1]  # type: ignore[index]
        payload = json.loads(base64.urlsafe_b64decode(held + "=" * (-len(held) % 4)))
        door = payload["url"].removeprefix("http://testserver")
        bodies: list[Any] = [
            house.doctor.post(door, {"recipient": "Dr. Okoye", **more}, content_type="application/json")
            for more in ({"passcode": "wrong-heron"}, {"passcode": "blue-heron-7", "embeddedLengthMax": 0})
        ]
        where = bodies[1].json()["files"][0]["location"].removeprefix("http://testserver")
        bodies.append(house.doctor.get(where))
        house.patient.post(reverse("share-revoke", args=[Share.objects.get().pk]))
        bodies += [house.doctor.get(where), house.doctor.get(door)]
    assert [answer.status_code for answer in bodies] == [401, 200, 200, 404, 400]
    assert told(json.dumps(payload)) == []
    assert [body.content for body in bodies if told(body.content)] == []
    assert "blue-heron-7" not in mails() + log.getvalue() + "".join(house.seen())
    assert payload["key"] not in mails() + log.getvalue() + "".join(house.seen())
    # The address of a health link holds the link's secret, as the specification wants; the log never has an address.
    assert door.rsplit("/", 1)[1] not in mails() + log.getvalue()
    tells_nothing(house, log)


def test_a_scanned_paper_never_lies_in_a_temporary_file(
    house: House,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fault C23: a scan of some megabytes is kept in memory until it is sealed; one that is too long is refused."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made: list[str] = []
    monkeypatch.setattr("tempfile._mkstemp_inner", lambda *args: made.append(str(args)) or pytest.fail("a file"))
    request = house.ask(delivery="portal", medium="dicom", images="1")
    for size, kept in ((3 << 20, 1), (9 << 20, 1), (8 << 20, 2)):
        content = b"%PDF-1.4 CANARYMRN7731".ljust(size, b".")
        scan = SimpleUploadedFile(f"scan.{SECRETS[0]}", content, "application/pdf")
        house.clerk.post(reverse("desk-papers", args=[request.pk]), {"kind": "form", "paper": scan})
        assert request.papers.count() == kept, size
    assert made == []
    assert max(request.papers.values_list("size", flat=True)) == 8 << 20
