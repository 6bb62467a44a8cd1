"""A patient's scans are found at a PACS and fetched: nobody else's are shown, and nothing of them is missing."""

import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from cast import ALICE, CHARLIE, NOW, PLACE, Cast, abdomen_of, actor, chest_of
from rooms.intake.talking_pacs import Pacs, write_file
from rooms.intake.test_peers import Authority
from scanward.access.actions import AccessRefused
from scanward.archive.models import Instance, Study
from scanward.audit.models import Entry
from scanward.intake.models import Retrieval, RetrievalState
from scanward.intake.pull import fetching, pacs
from scanward.intake.pull.finding import Found, look
from scanward.people.actions import NotAllowed
from scanward.people.models import RoleAssignment
from scanward.people.staff import end_role

pytestmark = pytest.mark.django_db
HERS, HIS = abdomen_of(ALICE, seed=71), chest_of(CHARLIE, seed=72)
ALL = len(HERS.files)
Started = Callable[..., Pacs]


@pytest.fixture
def started(tmp_path: Path, settings: Any) -> Iterator[Started]:
    """Start a PACS that has a study of Alice and one of Charlie, and write it into the house's file."""
    running: list[Pacs] = []

    def start(*, tls: ssl.SSLContext | None = None, row: dict[str, object] | None = None, **faults: Any) -> Pacs:
        one = Pacs(**faults)
        one.hold(*(bytes(file.data) for made in (HERS, HIS) for file in made.files))
        values = {"kind": "dicom", "host": "127.0.0.1", "port": one.start(tls), "ae_title": "PACS", **(row or {})}
        settings.PACS_FILE = write_file(tmp_path / "pacs.toml", **values)
        running.append(one)
        return one

    yield start
    for one in running:
        one.stop()


def ask(cast: Cast, who: str = "hal", accession: str = "") -> Found:
    [one] = pacs.load()
    who_asks = actor(getattr(cast, who))
    return look(one, cast.alices, actor=who_asks, place=PLACE, now=NOW, accession=accession)


def fetch(cast: Cast, uid: str = HERS.study_instance_uid) -> Retrieval:
    [one] = pacs.load()
    return fetching.start(one, cast.alices, uid, by=cast.hal, place=PLACE, now=NOW)


def here(uid: str = HERS.study_instance_uid) -> int:
    return Instance.objects.filter(series__study__study_instance_uid=uid).count()


def told(kind: str) -> list[dict[str, Any]]:
    return [entry.detail for entry in Entry.objects.filter(kind=kind).order_by("pk")]


def test_the_question_names_the_patient_and_the_answer_is_hers(cast: Cast, started: Started) -> None:
    """Issue, Pull: what it takes to recognise a study, and no more."""
    pacs = started()
    found = ask(cast)
    [study] = found.studies
    assert (study.uid, study.objects, study.here) == (HERS.study_instance_uid, len(HERS.files), 0)
    assert found.dropped == 0
    assert pacs.asked[0].PatientID == ALICE.patient_id
    assert told("pacs_asked") == [{"pacs": "Archive", "found": 1, "dropped": 0}]


def test_what_a_talkative_pacs_says_about_others_is_dropped_and_counted(cast: Cast, started: Started) -> None:
    """Fault A10 from the other side: Charlie's study comes in the answer, and is shown to nobody."""
    started(leaks=True)
    found = ask(cast)
    assert [study.uid for study in found.studies] == [HERS.study_instance_uid]
    assert found.dropped == 1
    assert told("pacs_asked")[0]["dropped"] == 1


@pytest.mark.parametrize(("element", "value"), [("PatientName", "Rivera^Maria"), ("PatientBirthDate", "19610418")])
def test_another_person_under_her_number_is_not_shown(cast: Cast, started: Started, element: str, value: str) -> None:
    pacs = started()
    for one in pacs.objects:
        setattr(one, element, value)
    assert ask(cast) == Found((), 1)


@pytest.mark.parametrize("number", ["*", "LH-1?0482", "LH-100482\\LH-100733"])
def test_a_number_that_would_ask_for_many_is_not_asked(cast: Cast, started: Started, number: str) -> None:
    """Fault A9 from the other side."""
    pacs = started()
    cast.alices.identifiers.update(value=number)
    with pytest.raises(NotAllowed, match="no number that this PACS knows"):
        ask(cast)
    assert pacs.asked == []


@pytest.mark.parametrize("leaks", [False, True])
def test_by_its_accession_number_one_examination_is_found(cast: Cast, started: Started, leaks: bool) -> None:
    """Always together with the patient's number; a PACS that doesn't look at the number changes nothing."""
    pacs = started(leaks=leaks)
    assert [one.uid for one in ask(cast, accession=HERS.accession_number).studies] == [HERS.study_instance_uid]
    assert (pacs.asked[0].PatientID, pacs.asked[0].AccessionNumber) == (ALICE.patient_id, HERS.accession_number)
    for number in ("A-0", HIS.accession_number):
        assert ask(cast, accession=number).studies == ()


@pytest.mark.parametrize("number", ["*", "A?", "A-1\\A-2", "A" * 17])
def test_an_accession_number_that_would_ask_for_many_is_not_asked(cast: Cast, started: Started, number: str) -> None:
    """Fault A9 from the other side."""
    pacs = started()
    with pytest.raises(NotAllowed, match="no accession number"):
        ask(cast, accession=number)
    assert pacs.asked == []


def test_who_may_not_bring_records_in_may_not_ask(cast: Cast, started: Started) -> None:
    pacs = started()
    for who in ("dana", "bo", "ravi", "sam", "alice", "charlie"):
        with pytest.raises(AccessRefused):
            ask(cast, who)
    assert pacs.asked == []


def test_a_study_is_fetched_whole_and_counted(cast: Cast, started: Started) -> None:
    """Counted against C-FIND's number, in the ledger from start to end."""
    started()
    row = fetch(cast)
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.here, row.expected, row.missing) == (RetrievalState.DONE, ALL, ALL, [])
    study = Study.objects.get(study_instance_uid=HERS.study_instance_uid)
    assert study.patient == cast.alices
    assert told("import_started")[-1] == {"pacs": "Archive", "expected": ALL, "here": 0}
    assert told("import_finished")[-1] == {"pacs": "Archive", "expected": ALL, "here": ALL}


def test_the_page_can_tell_how_far_it_is_while_one_question_is_answered(
    cast: Cast, started: Started, monkeypatch: Any
) -> None:
    started()
    monkeypatch.setattr(fetching, "SHOWN_EVERY", 0.0)
    shown: list[int] = []
    settle = fetching.receive.settle

    def watched(*items: Any, **more: Any) -> Any:
        shown.append(Retrieval.objects.get().here)
        return settle(*items, **more)

    monkeypatch.setattr(fetching.receive, "settle", watched)
    row = fetch(cast)
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert shown == list(range(ALL))
    assert (row.state, row.here, row.missing) == (RetrievalState.DONE, ALL, [])


def test_over_mutual_tls_a_study_comes_and_a_stranger_is_not_asked(
    cast: Cast, started: Started, tmp_path: Path
) -> None:
    """M1: the PACS shows a certificate of the house's authority, and sees ours; with another's it gets no question."""
    authority = Authority(tmp_path, "hospital")
    theirs, ours = (
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file)),
        authority.issue("us"),
    )
    theirs.load_cert_chain(*authority.issue("pacs"))
    theirs.verify_flags &= ~ssl.VERIFY_X509_STRICT
    theirs.verify_mode = ssl.CERT_REQUIRED
    row = {"ca": str(authority.file), "certificate": str(ours[0]), "key": str(ours[1])}
    started(tls=theirs, row=row)
    found = fetch(cast)
    fetching.work(found, now=NOW)
    found.refresh_from_db()
    assert (found.state, found.here) == (RetrievalState.DONE, ALL)
    (tmp_path / "elsewhere").mkdir()
    stranger = started(tls=theirs, row={**row, "ca": str(Authority(tmp_path / "elsewhere", "stranger").file)})
    with pytest.raises(NotAllowed, match="not reached"):
        ask(cast)
    assert stranger.asked == []


def test_what_a_talkative_pacs_lists_of_others_is_not_waited_for(cast: Cast, started: Started) -> None:
    started(leaks=True)
    row = fetch(cast)
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.here, row.expected) == (RetrievalState.DONE, ALL, ALL)


def test_what_did_not_come_is_named_and_asked_for_again(cast: Cast, started: Started) -> None:
    """Only what is missing is asked for the second time."""
    lost = HERS.files[2].sop_instance_uid
    pacs = started(withheld={lost: 1})
    row = fetch(cast)
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.problem, row.here, row.missing) == ("waiting", "missing", ALL - 1, [lost])
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.here, row.missing) == ("done", ALL, [])
    assert sorted(pacs.sent) == sorted(file.sop_instance_uid for file in HERS.files)


def test_after_many_tries_a_person_is_told_what_is_missing(cast: Cast, started: Started) -> None:
    lost = HERS.files[2].sop_instance_uid
    started(withheld={lost: 100})
    row = fetch(cast)
    for _ in range(fetching.MOST_TRIES):
        fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.problem, row.tries, row.missing) == ("ended", "missing", fetching.MOST_TRIES, [lost])
    assert told("import_finished")[-1]["missing"] == 1


def test_a_pacs_that_is_down_is_tried_again_later(cast: Cast, started: Started) -> None:
    pacs = started()
    row = fetch(cast)
    pacs.stop()
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.problem) == ("waiting", "unreached")


def test_what_a_killed_worker_left_is_taken_up_again(cast: Cast, started: Started) -> None:
    started()
    row = fetch(cast)
    Retrieval.objects.update(state=RetrievalState.WORKING, touched_at=NOW)
    fetching.sweep(now=NOW + timedelta(minutes=5))
    assert Retrieval.objects.get().state == RetrievalState.WORKING
    fetching.sweep(now=NOW + timedelta(minutes=11))
    row.refresh_from_db()
    fetching.work(row, now=NOW)
    assert here() == ALL


def test_a_study_of_somebody_else_is_not_fetched(cast: Cast, started: Started) -> None:
    """The study's number comes from a form, and proves nothing."""
    pacs = started(leaks=True)
    for uid in (HIS.study_instance_uid, "", "1.2.3", "*"):
        with pytest.raises(NotAllowed, match="no such study"):
            fetch(cast, uid)
    assert pacs.sent == []


def test_a_slice_of_somebody_else_in_her_study_waits_for_a_decision(cast: Cast, started: Started) -> None:
    pacs = started()
    stray = next(one for one in pacs.objects if one.SOPInstanceUID == HERS.files[0].sop_instance_uid)
    row = fetch(cast)
    stray.PatientID, stray.PatientName, stray.PatientBirthDate = CHARLIE.patient_id, "Novak^Charlie", "19741102"
    fetching.work(row, now=NOW)
    assert here() == ALL - 1
    assert not Instance.objects.filter(sop_instance_uid=stray.SOPInstanceUID).exists()


def test_a_slice_that_cannot_be_read_is_told_and_not_asked_for_again(cast: Cast, started: Started) -> None:
    pacs = started()
    pacs.objects[0].Rows = 9999
    row = fetch(cast)
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.problem, row.here) == ("ended", "unreadable", ALL - 1)
    assert row.refused == [pacs.objects[0].SOPInstanceUID]


def test_a_pacs_is_told_why_an_object_is_not_taken(cast: Cast, started: Started) -> None:
    """PS3.4 B.2.3: it can't be read, or it is not of the study that was asked for."""
    pacs = started(leaks=True)
    pacs.objects[0].Rows = 9999
    fetching.work(fetch(cast), now=NOW)
    said = {uid: pacs.answered[uid] for uid in pacs.sent}
    assert said.pop(pacs.objects[0].SOPInstanceUID) == 0xC000
    assert {uid for uid, status in said.items() if status == 0} == {file.sop_instance_uid for file in HERS.files[1:]}
    assert {status for uid, status in said.items() if uid in {file.sop_instance_uid for file in HIS.files}} == {0xA900}


def test_where_nothing_of_a_study_can_be_read_the_pacs_is_not_said_to_be_silent(cast: Cast, started: Started) -> None:
    """All of its sub-operations fail, so that it answers "refused" at the end."""
    pacs = started()
    del pacs.objects[1:]
    pacs.objects[0].Rows = 9999
    row = fetch(cast)
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.problem, row.refused) == ("ended", "unreadable", [pacs.objects[0].SOPInstanceUID])


def test_only_where_there_is_no_room_a_pacs_is_told_so(cast: Cast, started: Started, monkeypatch: Any) -> None:
    """PS3.4 B.2.3: nothing is wrong with the object; it may be sent again."""
    pacs = started()
    row = fetch(cast)

    def full(*_: Any, **__: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(fetching.receive, "settle", full)
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert set(pacs.answered.values()) == {0xA700}
    assert (row.state, row.problem) == ("waiting", "stopped")


def test_who_lost_the_role_since_brings_nothing(cast: Cast, started: Started) -> None:
    pacs = started()
    row = fetch(cast)
    end_role(RoleAssignment.objects.get(account=cast.hal), by=cast.sam, place=PLACE, now=NOW)
    fetching.work(row, now=NOW + timedelta(minutes=1))
    row.refresh_from_db()
    assert (row.state, row.problem, pacs.sent) == ("ended", "not-allowed", [])


def test_asking_twice_fetches_once(cast: Cast, started: Started) -> None:
    started()
    assert fetch(cast) == fetch(cast)
    assert Retrieval.objects.count() == 1


def test_only_a_pacs_of_the_houses_file_is_called(cast: Cast, started: Started) -> None:
    """Fault C9: a name that is an address is nobody's; what left the file is not called any more."""
    pacs_running = started()
    for name in ("http://169.254.169.254/", "127.0.0.1", "", "archive"):
        assert pacs.find(name) is None
    row = fetch(cast)
    Path(fetching.configured.settings.PACS_FILE).write_text("")
    fetching.work(row, now=NOW)
    row.refresh_from_db()
    assert (row.problem, pacs_running.sent) == ("no-pacs", [])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"kind": "dicom", "host": "10.0.0.9", "port": 104, "ae_title": "X"}, "without ca there is no TLS"),
        ({"kind": "dicom", "host": "10.0.0.9", "port": 104, "ae_title": "X", "ca": "c", "retrieve": "fax"}, "get or"),
        ({"kind": "dicom", "host": "", "port": 104, "ae_title": "X"}, "needs host"),
        ({"kind": "dicomweb", "url": "http://pacs.example.org/dicom-web"}, "begins with https"),
        ({"kind": "dicomweb", "url": "file:///etc/passwd"}, "begins with https"),
        ({"kind": "fax"}, "kind is dicom or dicomweb"),
        ({"kind": "dicom", "hots": "x"}, "hots means nothing"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, settings: Any, wrong: dict[str, Any], why: str) -> None:
    """Fault C9: TLS or a written reason, except on this machine itself."""
    settings.PACS_FILE = write_file(tmp_path / "pacs.toml", **wrong)
    with pytest.raises(pacs.BadPacs, match=why):
        pacs.load()
