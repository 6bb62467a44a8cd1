"""What is put into the watched folder comes in, and goes from there only when it is safe."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from cast import ALICE, NOW, Cast, abdomen_of, sender
from rooms.intake.listening import Listening, environment
from scanward.archive.errors import VaultError
from scanward.archive.models import HeldObject, Instance
from scanward.audit.models import Entry
from scanward.intake import watch, watched
from scanward.intake.bring import Summary
from scanward.intake.models import WatchedDay
from scanward.intake.receive import Outcome

pytestmark = pytest.mark.django_db
MADE = abdomen_of(ALICE, seed=81)
LATER = 3600.0


@pytest.fixture
def folder(tmp_path: Path, own_vault: Path) -> Path:
    there = tmp_path / "inbox"
    there.mkdir()
    return there


def fill(folder: Path, count: int = len(MADE.files)) -> None:
    for number, file in enumerate(MADE.files[:count]):
        (folder / f"{number}.dcm").write_bytes(file.data)


def look(folder: Path, after: float = LATER) -> dict[str, int]:
    return dict(watch.look(folder, sender=sender(), now=NOW, clock=time.time() + after).counts)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_what_is_whole_is_kept_and_goes(folder: Path) -> None:
    (folder / "deep").mkdir()
    fill(folder / "deep")
    assert look(folder) == {Outcome.KEPT: len(MADE.files)}
    assert left(folder) == []
    assert Instance.objects.count() == len(MADE.files)
    summary = Entry.objects.get(kind="import_finished").detail
    assert summary == {"from": "watched folder", "kept": len(MADE.files), "duplicate": 0, "conflict": 0, "refused": 0}


def desk_page(cast: Cast, language: str = "en") -> str:
    hal = Client()
    hal.force_login(cast.hal)
    return hal.get("/desk/cases/", headers={"Accept-Language": language}).content.decode()


def test_the_desk_sees_what_came_of_the_folder(cast: Cast, folder: Path) -> None:
    """A14: kept, waiting, refused and why, added up over the day; no name of a file, which may be a person's."""
    assert "The watched folder" not in desk_page(cast)
    for _ in range(2):
        (folder / "Rivera Alice 1961.txt").write_bytes(b"a letter, no image at all")
        fill(folder, 2)
        look(folder)
    page, spanish = desk_page(cast), desk_page(cast, "es")
    assert "Kept: 2 · Here already: 2 · Not taken: 2" in page
    assert "2 × This is not a DICOM file" in page
    assert "La carpeta vigilada" in spanish
    assert "This is not" not in spanish
    assert "Rivera Alice" not in page + str(WatchedDay.objects.values_list())


@pytest.mark.parametrize("age, silent", [(timedelta(0), False), (timedelta(hours=1), True)])
def test_the_desk_sees_whether_anybody_looks(cast: Cast, folder: Path, age: timedelta, silent: bool) -> None:
    watch.look(folder, sender=sender(), now=timezone.now() - age, clock=time.time())
    assert ("Nobody has looked into it since" in desk_page(cast)) is silent


def test_the_desk_sees_that_a_look_broke_off_until_one_went_well(cast: Cast, folder: Path) -> None:
    watched.note(Summary(), now=timezone.now(), problem="VaultError")
    assert "broke off" in desk_page(cast)
    watch.look(folder, sender=sender(), now=timezone.now(), clock=time.time())
    assert "broke off" not in desk_page(cast)


def test_the_same_again_is_kept_once_and_goes(folder: Path) -> None:
    fill(folder, 2)
    look(folder)
    fill(folder, 2)
    assert look(folder) == {Outcome.DUPLICATE: 2}
    assert left(folder) == []


def test_other_content_under_the_same_uid_waits_for_a_decision(folder: Path) -> None:
    fill(folder, 1)
    look(folder)
    other = bytearray(MADE.files[0].data)
    other[-1] ^= 1
    (folder / "other.dcm").write_bytes(other)
    assert look(folder) == {Outcome.CONFLICT: 1}
    assert (left(folder), HeldObject.objects.count()) == ([], 1)


def test_what_is_refused_stands_apart_with_a_reason_that_names_nobody(folder: Path) -> None:
    (folder / "a.dcm").write_bytes(bytes(MADE.files[0].data)[:-500])
    (folder / "notes.txt").write_text("Rivera^Alice came today")
    assert look(folder) == {Outcome.REFUSED: 2}
    assert left(folder) == [f"refused/{name}" for name in
                            ("a.dcm", "a.dcm.reason.txt", "notes.txt", "notes.txt.reason.txt")]  # fmt: skip
    reasons = (folder / "refused" / "a.dcm.reason.txt").read_text()
    assert reasons
    assert "Rivera" not in reasons
    assert look(folder) == {}


def test_a_second_refused_file_of_the_same_name_hides_no_first(folder: Path) -> None:
    for _ in range(2):
        (folder / "a.txt").write_text("nothing")
        look(folder)
    assert left(folder / "refused") == ["a-2.txt", "a-2.txt.reason.txt", "a.txt", "a.txt.reason.txt"]


def test_what_is_not_whole_yet_is_left_alone(folder: Path) -> None:
    """Quiet for a while, not open to write, and not called unfinished."""
    fill(folder, 3)
    assert look(folder, after=0) == {}
    for number, name in ((0, "0.dcm.part"), (1, ".1.dcm")):
        (folder / f"{number}.dcm").rename(folder / name)
    with (folder / "2.dcm").open("ab"):
        assert look(folder) == {}
    assert look(folder) == {Outcome.KEPT: 1}
    assert left(folder) == [".1.dcm", "0.dcm.part"]


def test_links_and_pipes_are_refused_and_never_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    fill(outside, 1)
    (folder / "file").symlink_to(outside / "0.dcm")
    (folder / "folder").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    assert look(folder) == {Outcome.REFUSED: 3}
    assert left(outside) == ["0.dcm"]
    assert Instance.objects.count() == 0


def test_a_zip_comes_in_and_what_it_should_not_hold_is_named(folder: Path) -> None:
    with zipfile.ZipFile(folder / "disc.zip", "w") as archive:
        for file in MADE.files:
            archive.writestr(file.name, bytes(file.data))
        archive.writestr("VIEWER.EXE", b"MZ")
    assert look(folder) == {Outcome.KEPT: len(MADE.files), Outcome.REFUSED: 1}
    assert left(folder) == ["refused/disc.zip", "refused/disc.zip.reason.txt"]


def test_without_room_everything_stays_and_comes_in_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(folder)

    def full(*_args: object, **_kwargs: object) -> None:
        raise VaultError("full", "There is no room.")

    with monkeypatch.context() as patched:
        patched.setattr(watch, "settle", full)
        with pytest.raises(VaultError):
            look(folder)
    assert len(left(folder)) == len(MADE.files)
    assert look(folder) == {Outcome.KEPT: len(MADE.files)}


def test_a_large_folder_is_worked_through_look_by_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_FILES", 2)
    fill(folder, 5)
    assert [look(folder).get(Outcome.KEPT, 0) for _ in range(4)] == [2, 2, 1, 0]


KILLED = """
import os, signal, sys
from pathlib import Path
from scanward.cli import set_up_django
set_up_django()
from scanward.intake import watch, watched
from scanward.intake.bring import Summary
from scanward.intake.models import WatchedDay
from scanward.cli.watch import command
place, name, before, count = sys.argv[1], sys.argv[2], sys.argv[3] == "before", int(sys.argv[4])
owner = watch if place == "watch" else Path
real = getattr(owner, name)
def deadly(*args, **kwargs):
    global count
    count -= 1
    if count == 0 and before:
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **kwargs)
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(owner, name, deadly)
command(["--once"])
"""


def test_killed_at_any_moment_it_loses_and_doubles_nothing(own_place: Path) -> None:
    """kill -9 before and after the archive has answered, between two files that go, and at the end nothing is left."""
    inbox = own_place / "inbox"
    inbox.mkdir()
    fill(inbox)
    (inbox / "notes.txt").write_text("nothing")
    settings = {**environment(own_place), "SCANWARD_WATCH_FOLDER": str(inbox), "SCANWARD_WATCH_QUIET_SECONDS": "0"}
    moments = ("watch settle before 1", "watch settle after 1", "Path unlink after 3", "Path rename before 1", "")
    for moment in moments:
        words = ["-c", KILLED, *moment.split()] if moment else ["-m", "scanward.cli", "watch", "--once"]
        ended = subprocess.run([sys.executable, *words], env=settings, check=False, timeout=240)
        assert ended.returncode == (-signal.SIGKILL if moment else 0), moment
    rows = "SELECT count(*), count(DISTINCT sop_instance_uid) FROM archive_instance"
    assert Listening(own_place, ended, []).ask(rows) == [(len(MADE.files), len(MADE.files))]  # type: ignore[arg-type]
    assert left(inbox) == ["refused/notes.txt", "refused/notes.txt.reason.txt"]
