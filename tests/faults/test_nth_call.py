"""The Nth call to the disk or the database fails while scans come in and are read: nothing acknowledged is lost."""

import errno
import hashlib
import os
import random
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from django.db import DatabaseError, OperationalError, connection, connections

from cast import ALICE, NOW, PLACE, assemble, items, sender
from rooms.vault.faulty import CALLS
from scanward.access.actions import authorize
from scanward.access.actors import actor_of
from scanward.access.kinds import Action, RecordFacts
from scanward.archive import keeping, reading
from scanward.archive.errors import VaultError
from scanward.archive.models import Instance, ReportStatus, Study
from scanward.archive.rebuild import recover
from scanward.archive.reports import Section, SectionKind, read_report, store_report
from scanward.dicom.synthetic import study as synthetic
from scanward.intake.receive import receive
from scanward.law.purpose import PurposeOfUse
from scanward.vault.files import Files

LONG = os.environ.get("SCANWARD_TEST_LONG")
SEED = int(os.environ.get("SCANWARD_TEST_FAULT_SEED", "4"))
SAID = {errno.ENOSPC: "database or disk is full", errno.EIO: "disk I/O error"}
FAILURES = (VaultError, DatabaseError, OSError)


@dataclass
class Nth:
    """Counts the calls of the vault's files, the database's statements and its commits; fails one, or all from it."""

    left: int = 0
    code: int = errno.EIO
    lasting: bool = False
    calls: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def due(self, name: str) -> bool:
        self.calls.append(name)
        if not self.left:
            return False
        self.left -= 1
        if self.left:
            return False
        self.left = 1 if self.lasting else 0
        self.failed.append(name)
        return True

    def file(self, name, real):
        """Wrap a call of the vault; a write that fails leaves half of its bytes."""

        def call(files, *arguments):
            if not self.due(name):
                return real(files, *arguments)
            if name == "write":
                descriptor, buffers, offset = arguments
                os.pwrite(descriptor, bytes(buffers[0])[: len(buffers[0]) // 2], offset)
            raise OSError(self.code, os.strerror(self.code))

        return call

    def statement(self, execute, sql, params, many, context):
        """Wrap a statement."""
        if self.due("statement"):
            raise OperationalError(SAID[self.code])
        return execute(sql, params, many, context)

    def commit(self, real):
        """Wrap a commit: what fails is not durable."""

        def call(database):
            if self.due("commit"):
                raise OperationalError(SAID[self.code])
            return real(database)

        return call


@contextmanager
def failing(nth, monkeypatch):
    """Let the calls inside be counted, and one of them fail."""
    with monkeypatch.context() as patched:
        for name in CALLS:
            patched.setattr(Files, name, nth.file(name, getattr(Files, name)))
        patched.setattr(type(connections["default"]), "_commit", nth.commit(_commit()))
        with connection.execute_wrapper(nth.statement):
            yield nth


def _commit():
    return type(connections["default"])._commit


@dataclass
class Kept:
    """What was acknowledged: images by id, with the SHA-256 of what was sent, and reports."""

    images: dict = field(default_factory=dict)
    reports: list = field(default_factory=list)


def granted(alice, study, action):
    facts = RecordFacts(study.patient_id, study.id)
    who = actor_of(alice, now=NOW)
    return authorize(who, action, facts, PurposeOfUse.PATIENT_REQUEST, now=NOW, place=PLACE, told=True)


def read(alice, image):
    """Open an image as Alice does, to its end."""
    with reading.open(granted(alice, image.series.study, Action.VIEW_IMAGES), image, now=NOW) as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def bring(made, kept):
    """Import a study, then its report; what returns is acknowledged."""
    sent = {item.name: hashlib.sha256(item.data).hexdigest() for item in items(made)}
    for received in receive(items(made), sender=sender(), now=NOW):
        kept.images[received.instance_id] = sent[received.name]
    study = Study.objects.get(study_instance_uid=made.study_instance_uid)
    sections = [Section(SectionKind.IMPRESSION, "Nothing new.")]
    kept.reports.append(
        store_report(study, sections, status=ReportStatus.FINAL, finalized_at=NOW, sender=sender(), now=NOW)
    )


def scenario(alice, made, kept):
    """Import, report, and read all of it."""
    bring(made, kept)
    for image in Instance.objects.filter(series__study__study_instance_uid=made.study_instance_uid):
        assert read(alice, image) == kept.images[image.id]
    report = kept.reports[-1]
    assert read_report(granted(alice, report.study, Action.VIEW_REPORT), report, now=NOW)


def judge(alice, made, kept):
    """Everything acknowledged is here, everything that shows is whole."""
    rows = Instance.objects.filter(series__study__study_instance_uid=made.study_instance_uid)
    shown = {image.id: read(alice, image) for image in rows.select_related("series__study")}
    assert kept.images.items() <= shown.items()
    sent = {hashlib.sha256(item.data).hexdigest() for item in items(made)}
    assert set(shown.values()) <= sent
    for report in kept.reports:
        assert read_report(granted(alice, report.study, Action.VIEW_REPORT), report, now=NOW)


def a_few(calls):
    """Number one call of each kind."""
    chance = random.Random(SEED)
    kinds = sorted(set(calls))
    return [chance.choice([at for at, name in enumerate(calls, 1) if name == kind]) for kind in kinds]


def study(number):
    return synthetic("chest", seed=1000 + number, patient=ALICE, matrix=16, slices=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("code", "lasting"), [(errno.ENOSPC, True), (errno.EIO, False)])
def test_the_nth_call_fails_on_the_way_in_or_out(own_vault, monkeypatch, code, lasting):
    """fault D4: a seeded few of the calls, all of them with SCANWARD_TEST_LONG=1; the next try needs no restart."""
    monkeypatch.setattr("scanward.intake.receive.BATCH", 2)
    alice = assemble().alice
    with failing(Nth(), monkeypatch) as counted:
        scenario(alice, study(0), Kept())
    assert {"statement", "commit", "write", "sync_data", "rename", "read"} <= set(counted.calls)
    numbers = range(1, len(counted.calls) + 1) if LONG else a_few(counted.calls)
    for number in numbers:
        made, kept = study(number), Kept()
        with failing(Nth(number, code, lasting), monkeypatch) as nth, suppress(*FAILURES):
            scenario(alice, made, kept)
        assert nth.failed, number
        judge(alice, made, kept)
        scenario(alice, made, kept)
        judge(alice, made, kept)
    assert keeping.scrub(now=NOW)[1] == []
    before = Instance.objects.count()
    recover(now=NOW, whole=True)
    assert Instance.objects.count() == before
